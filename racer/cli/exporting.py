"""`racer export`: a scenario as a test that other tools read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.naming import named_by_user
from racer.cli.selecting import select
from racer.cli.statuses import OK
from racer.errors import UsageError
from racer.exporting.litmus import HELD_AGAINST, exported
from racer.files import shown_path
from racer.viz.wrapping import filled


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One `racer export`, as it was typed."""

    scenario: str
    variant: str | None
    settings: tuple[str, ...]
    litmus: bool
    label: str | None
    output: str | None
    max_states: int | None


def export_command(request: ExportRequest) -> int:
    """0 where there is a test; what it leaves out is told on stderr."""
    if not request.litmus:
        raise UsageError("say what to export as: --litmus is a litmus test in C.")
    if request.output is not None:
        named_by_user(request.output, "--output")
    with models_print_to_stderr():
        selection = select(request.scenario, request.variant, request.settings, HELD_AGAINST[0])
        name = selection.file_name(HELD_AGAINST[0])
        found = exported(selection.program, name, request.label, request.max_states)
    if request.output is None:
        emit(found.text.rstrip("\n"))
    else:
        try:
            Path(request.output).write_text(found.text)
        except OSError as error:
            raise UsageError(f"{request.output} cannot be written: {error.strerror}.") from None
        emit(shown_path(request.output))
    says = ", ".join(
        f"{memory} {'yes' if is_so else 'no'}" for memory, is_so in found.shown.items()
    )
    complain(filled(f"{found.label} is shown by the test under: {says}"))
    for note in found.notes:
        complain(filled(note))
    return OK
