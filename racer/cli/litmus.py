"""`racer litmus FILE|DIR`: what memory models say of litmus tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from racer import interrupts
from racer.axiomatic.directories import Asked, ask_file, files_of
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS, models_named
from racer.cli.guard import complain, emit
from racer.cli.statuses import BOUND, INTERRUPTED, OK, USAGE
from racer.viz.documents.litmus import litmus_document
from racer.viz.litmus import answers_table, answers_text


def litmus_command(path: str, memory: str | None, *, json: bool) -> int:
    """2 where a file cannot be read, else 3 where a limit cut one, else 0, whatever the answers.

    Ctrl-C ends a directory, and what is answered by then is printed.
    """
    models = list(MODELS.values()) if memory is None else models_named(memory)
    files = files_of(path)
    is_directory = Path(path).is_dir()
    asked, interrupted = _asked(files, models, reasons=json or not is_directory)
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
    files: Sequence[Path], models: Sequence[Model], *, reasons: bool
) -> tuple[list[Asked], bool]:
    """What came of each file, and whether Ctrl-C cut that."""
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
