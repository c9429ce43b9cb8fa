"""The files of a command as it names them: on stdout what is there, on stderr what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from racer.artefacts.naming import replay_command, shell_word
from racer.artefacts.writing import Stale, Written, WrittenPage
from racer.catalogue.discovery import Found, is_below_here
from racer.cli.guard import complain, emit
from racer.errors import UsageError


def named_by_user(name: str, option: str) -> Path:
    """A file or directory as it is named on the command line. Errors: UsageError for no name."""
    if not name:
        raise UsageError(f"{option} is empty: it must name a file or directory.")
    return Path(name)


def to_be_named(found: Found) -> str | None:
    """The reference of a scenario that a replay runs only if it is named, or None."""
    if "::" not in found.reference or is_below_here(found.reference):
        return None
    return found.reference


def complain_of(files: Iterable[Written | WrittenPage | Stale]) -> bool:
    """Say what could not be written, has another name or is gone; whether anything failed."""
    files = list(files)
    for note in sorted({note for each in files for note in each.notes}):
        complain(note)
    failures = sorted({each.failure for each in files if each.failure})
    for failure in failures:
        complain(f"error: {failure}")
    return bool(failures)


def complain_paths(paths: Iterable[str]) -> None:
    """Name files that were asked for where stdout is to be pasted somewhere."""
    for path in paths:
        complain(f"written: {path}")


def emit_files(
    written: dict[str, Written], elsewhere: str | None, more: Iterable[WrittenPage] = ()
) -> None:
    """More files and the pictures that were written; last, the command that replays the first
    witness.

    `elsewhere` is the scenario's reference, where a witness that names it is not enough.
    """
    lines = [each.path for each in more if each.path]
    lines += [picture for each in written.values() for picture in each.pictures]
    witnesses = [each.witness for each in written.values() if each.witness]
    named = "" if elsewhere is None else f" {shell_word(elsewhere)}"
    commands = [replay_command(witness) + named for witness in witnesses]
    text = "\n".join([*lines, *commands[1:], *commands[:1]])
    if text:
        emit(f"\n{text}")


def complain_of_late(written: Mapping[str, Written], timeout: float | None) -> None:
    """Name the labels that there was no time to tell, or to draw."""
    late = [label for label, each in written.items() if each.late]
    if late:
        witness = next((written[each].witness for each in late if written[each].witness), None)
        tell = f"; racer explain {shell_word(witness)} tells" if witness else ""
        complain(
            f"note: the timeout of {timeout or 0:g} s was over before all was told and drawn of "
            f"{', '.join(map(repr, late))}{tell}"
        )
