"""A result as one JSON document, schema "racer-result/1".

Values of the model are text, as reports show them. An outcome says of each thread what it came
to: {"returned": "True"}, {"violation": "misclassified"}, with an "effect" if it has one,
{"blocked": "acquire lock"}, or of a daemon {"idle": "wait_until items"}. Counts are exact JSON
integers of any length; null where not counted, and `uncounted` says why.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from racer.catalogue.parameters import Value
from racer.exploration.judgement import Judgement
from racer.exploration.result import Finding, Outcome, Result, Witness
from racer.files import shown_path
from racer.lang.outcomes import OutcomeKey
from racer.lang.values import describe
from racer.replaying.trace import ClosedWindow, Event
from racer.words.outcomes import outcome_fields

SCHEMA = "racer-result/1"


def document(
    scenario: str,
    parameters: Mapping[str, Value],
    what_ifs: Mapping[str, Value],
    result: Result,
    judgement: Judgement,
    files: Mapping[str, str],
) -> str:
    """The document, in one line; see result_fields()."""
    return dumped(result_fields(scenario, parameters, what_ifs, result, judgement, files))


def result_fields(
    scenario: str,
    parameters: Mapping[str, Value],
    what_ifs: Mapping[str, Value],
    result: Result,
    judgement: Judgement,
    files: Mapping[str, str],
) -> dict[str, Any]:
    """The document as data; `what_ifs` are those of the parameters that are not what the code
    under test does, `files` has the witness file of each label that has one."""
    return {
        "schema": SCHEMA,
        "scenario": scenario,
        "parameters": dict(parameters),
        "what_ifs": dict(what_ifs),
        "memory": result.memory,
        "verdict": result.verdict,
        "expected": _expected(judgement),
        "as_expected": judgement.as_expected,
        **searched_fields(result),
        "outcomes": [_outcome(key, outcome) for key, outcome in result.outcomes.items()],
        "violations": {
            label: _violation(finding, files.get(label))
            for label, finding in result.violations.items()
        },
        "vacuous": list(result.vacuous),
        "searched": result.searched,
        "canonical": result.canonical,
    }


def dumped(content: dict[str, Any]) -> str:
    """JSON with integers of any length: the limit on digits is meant for untrusted input."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(content)
    finally:
        sys.set_int_max_str_digits(limit)


def searched_fields(result: Result) -> dict[str, Any]:
    """How much was searched, and what cut it."""
    return {
        "bound": result.bound,
        "interleavings": result.interleavings,
        "uncounted": result.uncounted,
        "loops": None if result.loops is None else list(result.loops),
        "unfair": None if result.unfair is None else list(result.unfair),
        "coverage": None if result.coverage is None else asdict(result.coverage),
        "states": result.states,
        "transitions": result.transitions,
    }


def _expected(judgement: Judgement) -> dict[str, Any] | None:
    """What was declared; --expect declares no labels."""
    if judgement.override is not None:
        return {"verdict": judgement.override, "labels": None, "because": "--expect"}
    if judgement.declared is None:
        return None
    return {
        "verdict": judgement.declared.verdict,
        "labels": list(judgement.declared.labels),
        "because": judgement.declared.because,
    }


def threads_fields(key: OutcomeKey) -> dict[str, Any]:
    """By thread, what it came to."""
    return {thread: outcome_fields(value) for thread, value in key}


def _outcome(key: OutcomeKey, outcome: Outcome) -> dict[str, Any]:
    return {
        "threads": threads_fields(key),
        "interleavings": outcome.interleavings,
        **witness_fields(outcome.witness),
    }


def _violation(finding: Finding, file: str | None) -> dict[str, Any]:
    return {
        "interleavings": finding.interleavings,
        **witness_fields(finding.witness),
        "cpus": finding.cpus,
        "events": [event_fields(event) for event in finding.trace.events],
        "witness_file": file,
    }


def witness_fields(witness: Witness) -> dict[str, Any]:
    """`schedule` is a list of [thread, choice]. Of its moves, `before` come before the violation;
    the last `cycle` are repeated for ever."""
    return {
        "preemptions": witness.preemptions,
        "minimal": witness.minimal,
        "steps": witness.steps,
        "before": witness.before,
        "cycle": witness.cycle,
        "schedule": [[move.thread, move.choice] for move in witness.schedule],
    }


def event_fields(event: Event) -> dict[str, Any]:
    cell = event.cell
    where = event.location
    return {
        "thread": event.thread,
        "step": event.step,
        "operation": event.operation.text(),
        "cell": cell,
        "result": describe(event.result),
        "before": None if cell is None else describe(event.before),
        "after": None if cell is None else describe(event.after),
        "source": None if where is None else f"{shown_path(where.path)}:{where.line}",
        "opened": list(event.opened),
        "closed": [_window(window) for window in event.closed],
        "watches": dict(event.truths),
        "broken": list(event.broken),
        "ended": None if event.ended is None else outcome_fields(event.ended.value),
    }


def _window(window: ClosedWindow) -> dict[str, Any]:
    return {
        "watch": window.watch,
        "opened_at": window.opened_at,
        "ever_true": window.seen.ever_true,
        "ever_false": window.seen.ever_false,
        "at_end": window.seen.at_end,
    }
