"""A difference as one JSON document, schema "racer-diff/1".

What a thread came to, witnesses, events and counts are as in "racer-result/1". `only` is
"first" or "second" for what one of the two lacks, null for what both have. Nothing is proved of
what a side lacks whose `bound` is not null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from racer.catalogue.parameters import Value
from racer.difference.data import Absence, Aligned, Alignment, Difference, Share, Side
from racer.viz.documents.result import (
    dumped,
    event_fields,
    searched_fields,
    threads_fields,
    witness_fields,
)
from racer.words.outcomes import outcome_fields

SCHEMA = "racer-diff/1"


def difference_document(
    scenario: str,
    compared: str,
    parameters: tuple[dict[str, Value], dict[str, Value]],
    what_ifs: tuple[dict[str, Value], dict[str, Value]],
    found: Difference,
    files: Mapping[str, str],
) -> str:
    """The document, in one line; `what_ifs` are those of the parameters of each side that are not
    what the code under test does, `files` has the witness file of each label that has one."""
    return dumped(
        {
            "schema": SCHEMA,
            "scenario": scenario,
            "parameter": compared,
            "memory": found.first.result.memory,
            "complete": found.complete,
            "first": _side(found.first, parameters[0], what_ifs[0]),
            "second": _side(found.second, parameters[1], what_ifs[1]),
            "labels": [
                {"label": each.what, "only": each.only, **_shares(each.first, each.second)}
                for each in found.labels
            ],
            "outcomes": [
                {
                    "threads": threads_fields(each.what),
                    "only": each.only,
                    **_shares(each.first, each.second),
                }
                for each in found.outcomes
            ],
            "values": [
                {
                    "thread": each.what[0],
                    "value": outcome_fields(each.what[1]),
                    "only": each.only,
                    **_shares(each.first, each.second),
                }
                for each in found.values
            ],
            "alignments": [_alignment(each, files) for each in found.alignments],
            "unaligned": found.unaligned,
            "cut": found.cut,
        }
    )


def _side(side: Side, parameters: dict[str, Value], what_ifs: dict[str, Value]) -> dict[str, Any]:
    result = side.result
    return {
        "name": side.name,
        "parameters": parameters,
        "what_ifs": what_ifs,
        "verdict": result.verdict,
        **searched_fields(result),
        "vacuous": list(result.vacuous),
    }


def _shares(first: Share | None, second: Share | None) -> dict[str, Any]:
    return {"first": _share(first), "second": _share(second)}


def _share(share: Share | None) -> dict[str, Any] | None:
    if share is None:
        return None
    return {"interleavings": share.interleavings, **witness_fields(share.witness)}


def _alignment(each: Alignment, files: Mapping[str, str]) -> dict[str, Any]:
    """`parts` is the position in `rows` of the first that is not alike."""
    label = each.of if isinstance(each.of, str) else None
    escape = each.escape
    return {
        "label": label,
        "threads": None if isinstance(each.of, str) else threads_fields(each.of),
        "leader": each.leader,
        "parts": each.parts,
        "shown": each.shown,
        "escape": None if escape is None else {"rows": escape.rows, "unknown": escape.unknown},
        "unfinished": each.unfinished,
        "follower": {
            "threads": threads_fields(each.following.outcome),
            "labels": each.following.labels,
        },
        "rows": [_row(row) for row in each.rows],
        "witness_file": None if label is None else files.get(label),
    }


def _row(row: Aligned) -> dict[str, Any]:
    return {
        "leader": None if row.leader is None else event_fields(row.leader),
        "follower": None if row.follower is None else event_fields(row.follower),
        "absent": None if row.absent is None else _absence(row.absent),
        "alike": row.alike,
    }


def _absence(absent: Absence) -> dict[str, Any]:
    ended = absent.what == "has ended"
    return {
        "what": absent.what,
        "ended": outcome_fields(absent.ended) if ended else None,
        "operation": absent.operation,
    }
