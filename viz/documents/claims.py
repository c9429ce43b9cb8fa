"""Answered claims as one JSON document, schema "racer-claims/1"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from racer.claims.answering import what_ifs_of
from racer.claims.cases import Point
from racer.claims.data import Ask
from racer.claims.deciding import Decided
from racer.viz.claims import as_the_c_is_text
from racer.viz.documents.result import dumped

SCHEMA = "racer-claims/1"


def claims_document(decided: Sequence[Decided], memory: str) -> str:
    """Everything, in one line, schema "racer-claims/1"."""
    claims = [_claim_document(each) for each in decided]
    return dumped({"schema": SCHEMA, "memory": memory, "claims": claims})


def _claim_document(decided: Decided) -> dict[str, Any]:
    claim = decided.claim
    return {
        "claim": claim.name,
        "text": claim.text,
        "made": claim.made,
        "answer": str(decided.answer),
        "expected": str(claim.expected),
        "universal": decided.universal_text or None,
        "as_the_c_is": as_the_c_is_text(decided.as_the_c_is),
        "as_the_c_is_expected": (
            None if claim.as_the_c_is is None else as_the_c_is_text(claim.as_the_c_is)
        ),
        "as_expected": decided.as_expected,
        "because": claim.because,
        "asks": [
            {
                "scenario": ask.scenario.name,
                "asked": ask.text,
                "points": [_point_document(ask, point) for point in points],
            }
            for ask, points in decided.asked()
        ],
    }


def _point_document(ask: Ask, point: Point) -> dict[str, Any]:
    return {
        "parameters": dict(point.parameters),
        "what_ifs": what_ifs_of(ask, point),
        "holds": point.holds,
        "refused": point.refused,
        "cases": [
            {
                "interleavings": case.interleavings,
                "states": case.states,
                "labels": {
                    label: {"interleavings": found.interleavings, "effects": list(found.effects)}
                    for label, found in case.labels.items()
                },
                "returned": {thread: sorted(values) for thread, values in case.returned.items()},
                "loops": None if case.loops is None else list(case.loops),
                "bound": case.bound,
                "coverage": None if case.coverage is None else asdict(case.coverage),
                "vacuous": list(case.vacuous),
            }
            for case in point.cases
        ],
    }
