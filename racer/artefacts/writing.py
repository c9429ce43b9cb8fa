"""What an exploration leaves on disk: for each label a witness file, an SVG and a DOT picture."""

from __future__ import annotations

import contextlib
import glob
import html
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from racer.artefacts.naming import digest, file_label, identity, shell_word
from racer.errors import RacerError, WitnessError
from racer.exploration.witness_file import SavedWitness
from racer.exploration.witness_file import load as load_schedule
from racer.exploration.witness_file import save as save_schedule
from racer.files import Kind, beginning, require_replaceable, shown_path, write_atomically
from racer.graph_witnesses.saved import SavedExecution, begins_as_execution
from racer.graph_witnesses.saved import load as load_execution
from racer.graph_witnesses.saved import save as save_execution

Saved = SavedWitness | SavedExecution

PLACED: Final = ("-Kneato", "-n2")  # every node has its place
_STALE: Final = "stale"
_ENDINGS: Final[Mapping[Kind, str]] = {"witness": "json", "svg": "svg", "dot": "dot", "png": "png"}


@dataclass(frozen=True, slots=True)
class Written:
    """The files of one label, as paths to show; `failure` says what could not be written.

    `stem` is their path without an ending, None where there is no witness. `svg` is the picture
    itself, None when it could not be drawn. `said` is that they have another name than usual, or
    that what was set aside is gone. `deleted` are pictures of another schedule that were there.
    `late`: time was over before it was told or drawn.
    """

    stem: Path | None
    witness: str | None = None
    pictures: tuple[str, ...] = ()
    failure: str | None = None
    svg: bytes | None = None
    said: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    late: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What stderr says, with the pictures that were deleted and have none in their place."""
        gone = ", ".join(each for each in self.deleted if each not in self.pictures)
        if not gone:
            return self.said
        why = "of another schedule than the witness that is there now"
        return (*self.said, f"note: deleted, as {why}: {gone}")


@dataclass(frozen=True, slots=True)
class Stale:
    """A witness that was set aside, or what kept it from that."""

    notes: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """The file of --html as a path to show, or what kept it from being written."""

    path: str | None
    failure: str | None
    notes: tuple[str, ...] = ()


def _load(path: Path) -> Saved:
    """Errors: WitnessError."""
    found = begins_as_execution(beginning(path))
    return load_execution(path) if found else load_schedule(path)


def _save(saved: Saved, path: Path) -> None:
    """Errors: OSError, RacerError."""
    if isinstance(saved, SavedExecution):
        save_execution(saved, path)
    else:
        save_schedule(saved, path)


def write_witness(directory: Path, name: str, saved: Saved) -> Written:
    """Write NAME.LABEL.json; with_pictures() adds the rest. NAME is a case_name().

    Pictures of another schedule go first, so that whenever this is killed, what is there is of one
    schedule; those of the same are kept. What was set aside of the label goes last, as it shows
    again. What is not racer's is never replaced. Where a witness of another scenario of
    that name is, or of other defaults, this gets a longer name.

    Errors   none: a failure is part of the answer, because the verdict must still be shown.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        stem, note = _stem(directory / f"{name}.{file_label(saved.label)}", saved)
        path = _ending(stem, "json")
        require_replaceable(path, "witness")
        deleted = () if _shows(path, saved) else _delete_pictures(stem)
        _save(saved, path)
        back = _delete_stale(stem, saved)
    except UnicodeEncodeError:
        why = f"cannot write the witness of {saved.label!r}: a name holds half of a surrogate pair"
        return Written(None, failure=why)
    except (OSError, RacerError) as error:
        return Written(None, failure=unwritten(error, directory))
    said = tuple(each for each in (note, back) if each)
    return Written(stem, shown_path(path), said=said, deleted=deleted)


def with_pictures(
    written: Written,
    dot: str,
    *,
    png: bool = False,
    deadline: float | None = None,
    layout: tuple[str, ...] = PLACED,
) -> Written:
    """Write the .dot, .svg and, if asked for, .png of a witness; whatever can be written is.

    `layout` is what places its nodes: nothing, for a diagram.

    Errors   none, as with the witness.
    """
    from racer.viz.diagram.drawing import NotDrawnInTime, render

    if written.stem is None:
        return written
    pictures: list[str] = []
    svg: bytes | None = None

    def write(kind: Literal["dot", "svg", "png"], content: bytes, place: int) -> None:
        path = _ending(stem, kind)
        write_atomically(path, content, kind)
        pictures.insert(place, shown_path(path))

    stem, failure, late = written.stem, None, False
    try:
        write("dot", dot.encode(errors="backslashreplace"), 0)
        svg = render(dot, "svg", layout, deadline=deadline)
        write("svg", svg, 0)
        if png:
            write("png", render(dot, "png", layout, deadline=deadline), 1)
    except NotDrawnInTime as error:
        late = deadline is not None
        failure = None if late else unwritten(error, stem.parent)
    except (OSError, RacerError) as error:
        failure = unwritten(error, stem.parent)
    return replace(written, pictures=tuple(pictures), failure=failure, svg=svg, late=late)


def unwritten(error: OSError | RacerError, directory: Path) -> str:
    """What could not be written, and why."""
    if isinstance(error, RacerError):
        return str(error)
    what = shown_path(error.filename) if isinstance(error.filename, str) else str(directory)
    return f"cannot write {what}: {error.strerror}"


def other_name(stem: Path, whole: str) -> tuple[Path, str]:
    """Another path without an ending for files of another case, and a note that says why.

    `whole` is all that tells them from files of something else.
    """
    other = stem.with_name(f"{stem.name}.{digest(whole)}")
    return other, f"note: {shown_path(stem)}.* is of another case, and is kept"


def _stem(usual: Path, saved: Saved) -> tuple[Path, str | None]:
    """The path of a label's files without an ending, and a note where it is not the usual one."""
    try:
        found = _load(_ending(usual, "json"))
    except WitnessError:  # there is none
        return usual, None
    if _identity(found) == _identity(saved):
        return usual, None
    return other_name(usual, _identity(saved))


def _identity(saved: Saved) -> str:
    return identity(saved.scenario, saved.parameters, saved.memory)


def set_aside(
    directory: Path, name: str, case: str, shown: Collection[str], page_of: str | None
) -> list[Stale]:
    """Rename what is there of this case's labels that it does not show any more.

    NAME.LABEL.* becomes NAME.LABEL.stale.*, in place of what was set aside before; with a label of
    its goes the page, NAME.html. `case` is an identity(), `shown` are the labels that it has.
    `page_of` is the reference by which the page says that it was explored; None: a page is written.

    Errors   none: a failure is part of the answer.
    """
    found = []
    for path in sorted(directory.glob(f"{glob.escape(name)}.*.json")):
        try:
            saved = _load(path)
        except WitnessError:
            continue  # not racer's, or of a later racer
        stem = f"{name}.{file_label(saved.label)}"  # a label may be called "stale", too
        aside = path.name.removeprefix(stem).endswith(f".{_STALE}.json")
        own = path.name.startswith(f"{stem}.") and not aside
        if own and _identity(saved) == case and saved.label not in shown:
            found.append(_set_aside(path.with_suffix(""), _ENDINGS))
    page = directory / f"{name}.html"
    if found and page_of is not None and page.is_file():
        explored = html.escape(f"racer explore {shell_word(page_of)}", quote=False)
        if explored in page.read_text(errors="replace"):
            found.append(_set_aside(page.with_suffix(""), {"page": "html"}))
    return found


def _set_aside(stem: Path, endings: Mapping[Kind, str]) -> Stale:
    goal = stem.with_name(f"{stem.name}.{_STALE}")
    try:
        for kind, ending in endings.items():  # the witness first: then the rest is of none
            require_replaceable(_ending(goal, ending), kind)
        for kind, ending in endings.items():
            path = _ending(stem, ending)
            with contextlib.suppress(RacerError, FileNotFoundError):  # the user's
                require_replaceable(path, kind)
                os.replace(path, _ending(goal, ending))
    except (OSError, RacerError) as error:
        return Stale(failure=unwritten(error, stem.parent))
    was, now = f"{shown_path(stem)}.*", f"{goal.name}.*"
    return Stale((f"note: {was} shows what this case does not show any more: now {now}",))


def _ending(stem: Path, ending: str) -> Path:
    return stem.with_name(f"{stem.name}.{ending}")


def _shows(path: Path, saved: Saved) -> bool:
    """Whether the witness file has the same schedule of the same program, step by step.

    Then what its pictures say of counts holds, too, though this run may not have counted.
    """
    try:
        found = _load(path)
    except WitnessError:  # there is none
        return False

    def shown(witness: Saved) -> tuple[object, ...]:
        if isinstance(witness, SavedExecution):
            return (_identity(witness), witness.label, witness.threads, witness.stores)
        steps = (witness.initial, witness.steps, witness.cycle)
        return (_identity(witness), witness.label, witness.digest, *steps)

    return shown(found) == shown(saved)


def _delete_pictures(stem: Path) -> tuple[str, ...]:
    """Delete those of racer's, the last that is drawn first; which there were, as paths to show."""
    kinds: tuple[Kind, ...] = ("png", "svg", "dot")
    return tuple(shown_path(_ending(stem, kind)) for kind in kinds if _removed(stem, kind))


def _delete_stale(stem: Path, saved: Saved) -> str | None:
    """Delete what was set aside of a label that shows again; a note where there was any."""
    stale = stem.with_name(f"{stem.name}.{_STALE}")
    try:
        found = _load(_ending(stale, _ENDINGS["witness"]))
    except WitnessError:  # there is none
        return None
    if _identity(found) != _identity(saved) or not _removed(stale, "witness"):
        return None
    _delete_pictures(stale)
    return f"note: deleted, as the case shows {stem.name} again: {shown_path(stale)}.*"


def _removed(stem: Path, kind: Kind) -> bool:
    path = _ending(stem, _ENDINGS[kind])
    try:
        require_replaceable(path, kind)
        path.unlink()
    except (RacerError, FileNotFoundError):  # it is not racer's: told when it would be lost
        return False
    return True
