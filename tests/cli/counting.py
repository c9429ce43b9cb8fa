"""A model of two threads that count, and commands asked of it by what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Run

Said = Callable[..., str]

MODELS = """
from racer import Memory, Program, Thread, Violation, scenario


@scenario
def counter(*, atomic: bool = True, threads: int = 2) -> Program:
    mem = Memory()
    n = mem.cell("n", 0)

    async def add() -> None:
        if atomic:
            await n.fetch_add(1)
        else:
            await n.store(await n.load() + 1)

    return Program(mem, {"A": Thread(add, copies=threads)},
                   finally_={"none lost": lambda state: state[n] == threads})


@scenario
def other() -> Program:
    return counter()
"""


@pytest.fixture
def said(racer: Run) -> Callable[..., str]:
    """What a command says on both streams; its exit status is held against `status`."""

    def run(*words: str, status: int = 0) -> str:
        found, out, err = racer(*words)
        assert found == status, err
        return out + err

    return run


@pytest.fixture
def model(here: Path) -> str:
    (here / "models.py").write_text(MODELS)
    return "models.py::counter"
