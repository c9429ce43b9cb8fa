"""Execution files: an execution that shows a violation, kept so that anyone can check it.

JSON, schema "racer-execution/1". Equal input gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from racer.catalogue.parameters import Value
from racer.errors import UsageError, WitnessError
from racer.executions.record import RecordedThread
from racer.exploration.result import Result, finding_of
from racer.exploration.witness_file import decoded, racer_version, unusable
from racer.files import readable, shown_path, write_atomically
from racer.lang.program import Program
from racer.lang.values import describe

SCHEMA: Final = "racer-execution/1"
_LARGEST: Final = 1 << 24  # bytes


class SavedExecution(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="schema",
    tag="racer-execution/1",
):
    """What an execution file holds: `racer explore` writes one where no schedule shows a violation.

    schema      the format, "racer-execution/1"
    racer       the version that wrote it
    scenario    a name or `path/to/file.py::name`, as `racer explore` takes it
    parameters  those of the scenario
    memory      the memory model that allows it
    label       the violation that it shows
    initial     the values of all cells at the start, as text
    threads     in the order of their names: their steps, and what they come to
    stores      by cell, the steps that store to it, in the order in which memory takes them in
    instants    where there are windows, an order of the steps that matter to them
    """

    racer: str
    scenario: str
    parameters: dict[str, Value]
    memory: str
    label: str
    initial: dict[str, str]
    threads: list[RecordedThread]
    stores: dict[str, list[str]]
    instants: list[list[str]]


def saved_execution(
    result: Result,
    program: Program,
    label: str,
    *,
    scenario: str,
    parameters: Mapping[str, Value],
) -> SavedExecution:
    """The execution of a violation that `result` has. Errors: UsageError where it has none."""
    record = finding_of(result, label).witness.record
    if record is None:
        raise UsageError(f"{label!r} has no execution: it is shown by a schedule.")
    return SavedExecution(
        racer=racer_version(),
        scenario=scenario,
        parameters=dict(parameters),
        memory=result.memory,
        label=label,
        initial={name: describe(value) for name, value in sorted(program.memory.initial.items())},
        threads=record.threads,
        stores=record.stores,
        instants=record.instants,
    )


def save(execution: SavedExecution, path: Path) -> None:
    """Write an execution file, whole or not at all.

    Errors   OSError; RacerError where there is something that is no witness.
    """
    text = msgspec.json.format(msgspec.json.encode(execution), indent=2) + b"\n"
    write_atomically(path, text, "witness")


def load(path: Path) -> SavedExecution:
    """Read an execution file. Errors: WitnessError saying what is wrong, where, what to try."""
    try:
        content = readable(path, _LARGEST)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise WitnessError(f"cannot read the witness {shown_path(path)}: {why}.") from error
    schema = decoded(path, content, dict[str, Any]).get("schema")
    if schema != SCHEMA:
        raise unusable(path, f"it has the schema {schema!r}, and this racer reads {SCHEMA!r}.")
    execution: SavedExecution = decoded(path, content, SavedExecution)
    return execution


def begins_as_execution(content: bytes) -> bool:
    """Whether a file is one of these, be it whole or not."""
    return content.lstrip().startswith(b'{\n  "schema": "racer-execution/')
