"""`racer litmus FILE|DIR`: what memory models say of litmus tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from racer import interrupts
from racer.axiomatic.directories import Asked, ask_file, files_of
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS, models_named
from racer.cli.guard import complain, emit
from racer.cli.progress import shown_items
from racer.cli.statuses import BOUND, INTERRUPTED, OK, USAGE
from racer.files import shown_path
from racer.sharing.crew import Crew, Lost, done
from racer.viz.documents.litmus import litmus_document
from racer.viz.litmus import answers_table, answers_text

_BY_ITSELF: Final = 1.0  # seconds: of most directories that is all


def litmus_command(path: str, memory: str | None, crew: Crew, *, json: bool) -> int:
    """2 where a file cannot be read, else 3 where a limit cut one, else 0, whatever the answers.

    Ctrl-C ends a directory, and what is answered by then is printed.
    """
    models = list(MODELS.values()) if memory is None else models_named(memory)
    files = files_of(path)
    is_directory = Path(path).is_dir()
    asked, interrupted = _asked(files, models, crew, reasons=json or not is_directory)
    if json:
        emit(litmus_document(asked))
    elif is_directory:
        emit(answers_table(asked, [model.name for model in models], len(files)))
    else:
        for each in asked:
            if each.answers is not None:
                emit(answers_text(each))
    for each in asked:
        if each.error:
            complain(f"error: {each.error}")
        elif each.bound:
            complain(f"{each.path}: nothing is answered, since {each.bound}. Try: a smaller test.")
    if interrupted:
        interrupts.answered()
        complain(f"interrupted; {len(asked)} of {len(files)} tests were answered")
        return INTERRUPTED
    if any(each.error for each in asked):
        return USAGE
    return BOUND if any(each.bound for each in asked) else OK


def _asked(
    files: Sequence[Path], models: Sequence[Model], crew: Crew, *, reasons: bool
) -> tuple[list[Asked], bool]:
    """What came of each file, and whether Ctrl-C cut that."""
    if not crew.is_alone(len(files)):
        return _shared(files, models, crew, reasons=reasons)
    asked: list[Asked] = []
    with interrupts.deferred():
        for file in files:
            try:
                with interrupts.allowed():
                    found = ask_file(file, models, reasons=reasons)
            except KeyboardInterrupt:
                return asked, True
            asked.append(found)
    return asked, False


_Item = tuple[str, tuple[str, ...], bool]  # a file, the names of models, and whether with reasons


def _shared(
    files: Sequence[Path], models: Sequence[Model], crew: Crew, *, reasons: bool
) -> tuple[list[Asked], bool]:
    """The same, by others. The larger files come first: they are likely to have more accesses."""
    names = tuple(model.name for model in models)
    items: list[_Item] = [(str(file.absolute()), names, reasons) for file in files]
    came: dict[int, Asked] = {}
    interrupted = False
    try:
        with interrupts.allowed(), shown_items("asking about the tests") as tell:
            sizes = [_size(file) for file in files]
            answers = done(_answered, items, crew, sizes=sizes, by_itself=_BY_ITSELF)
            for number, each in answers:
                found: Asked | Lost = each.value()
                if isinstance(found, Lost):
                    name = shown_path(files[number])
                    found = Asked(name, None, error=f"{name}: {found.text}")
                came[number] = found
                tell(len(came), len(files))
    except KeyboardInterrupt:
        interrupts.answered()
        interrupted = True
    return [came[number] for number in sorted(came)], interrupted


def _answered(item: _Item) -> Asked:
    """Runs in whatever process does it."""
    file, names, reasons = item
    return ask_file(Path(file), [MODELS[name] for name in names], reasons=reasons)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # which is told when it is read
        return 0
