"""The litmus tests of a file or a directory, one after the other; one that is broken stops none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from racer.axiomatic.asking import Answers, ask
from racer.axiomatic.budget import TooMany
from racer.axiomatic.enumerating import LIMIT
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.litmus.reading import read_test
from racer.axiomatic.models.axioms import Model
from racer.errors import UsageError
from racer.files import readable, shown_path

_LARGEST: Final = 1_000_000  # bytes of a file


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one file.

    answers   what the models say; None where it cannot be read, or a limit cut it
    error     why it cannot be read; empty if it can
    bound     the limit that cut it; empty if none did
    refused   models that were asked for, and are not about tests in this assembly
    """

    path: str
    answers: Answers | None
    error: str = ""
    bound: str = ""
    refused: tuple[str, ...] = ()


def files_of(path: str) -> list[Path]:
    """The file, or all tests below the directory, by name. Errors: UsageError."""
    found = Path(path)
    if not found.is_dir():
        return [found]
    tests = sorted(found.rglob("*.litmus"))
    if not tests:
        raise UsageError(f"there is no litmus test below {shown_path(found)}: no file *.litmus")
    return tests


def ask_file(
    file: Path, models: Sequence[Model], limit: int = LIMIT, *, reasons: bool = False
) -> Asked:
    """What the models say of one; with `reasons`, why what never happens is forbidden."""
    name = shown_path(file)
    try:
        test = read_test(name, readable(file, _LARGEST).decode(errors="replace"))
        fitting = [model for model in models if test.architecture in model.architectures]
        refused = tuple(model.name for model in models if model not in fitting)
        if not fitting:
            told = ", ".join(refused)
            return Asked(name, None, error=_nothing_fits(name, test, told), refused=refused)
        return Asked(name, ask(test, fitting, limit, reasons=reasons), refused=refused)
    except UsageError as error:
        return Asked(name, None, error=str(error))
    except OSError as error:
        return Asked(name, None, error=f"cannot read {name}: {error.strerror}")
    except TooMany:
        told = f"{limit:,} histories, combinations and line-ups were looked at"
        return Asked(name, None, bound=told)


def _nothing_fits(name: str, test: LitmusTest, models: str) -> str:
    return (
        f"{name}:1: of a test in {test.architecture} none of these models says anything: {models}"
    )
