"""The files of a command as it names them: on stdout what is there, on stderr what went wrong."""

from __future__ import annotations

from collections.abc import Iterable

from racer.catalogue.discovery import Found, is_below_here
from racer.cli.guard import complain, emit
from racer.cli.output import Stale, Written, WrittenPage, replay_command, shell_word


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
    written: dict[str, Written], elsewhere: str | None, page: WrittenPage | None = None
) -> None:
    """The page and pictures that were written; last, the command that replays the first witness.

    `elsewhere` is the scenario's reference, where a witness that names it is not enough.
    """
    lines = [page.path] if page and page.path else []
    lines += [picture for each in written.values() for picture in each.pictures]
    witnesses = [each.witness for each in written.values() if each.witness]
    named = "" if elsewhere is None else f" {shell_word(elsewhere)}"
    commands = [replay_command(witness) + named for witness in witnesses]
    text = "\n".join([*lines, *commands[1:], *commands[:1]])
    if text:
        emit(f"\n{text}")
