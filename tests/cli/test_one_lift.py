"""A command lifts a program once, whatever it asks of it, and closes automata where it must.

It must for the fingerprint of a witness, and to draw a thread; not where all states are few.
"""

from __future__ import annotations

import json

import pytest

from racer.automata import lifting
from racer.machine import loaded
from tests.command_line import Run

pytest_plugins = ["tests.command_line"]


class Lifts:
    """The programs of which automata grow, and of which they are closed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.grown: list[object] = []
        self.closed: list[object] = []
        grow, lift = lifting.grow, lifting.lift

        def growing(program):  # type: ignore[no-untyped-def]
            self.grown.append(program)
            return grow(program)

        def closing(program, **options):  # type: ignore[no-untyped-def]
            self.closed.append(program)
            return lift(program, **options)

        monkeypatch.setattr(loaded, "grow", growing)
        monkeypatch.setattr(loaded, "lift", closing)


@pytest.fixture
def lifts(monkeypatch: pytest.MonkeyPatch) -> Lifts:
    return Lifts(monkeypatch)


@pytest.mark.parametrize(
    ("words", "grown", "closed"),
    [
        (("explore", "models.py::reads", "--html"), 1, 1),
        (("explore", "models.py::reads", "--json"), 1, 1),
        (("explain", "racer-out/reads.torn.json"), 1, 1),
        (("explain", "racer-out/reads.torn.json", "--mail", "--html", "page.html"), 1, 1),
        (("replay", "racer-out/reads.torn.json"), 1, 1),
        (("graph", "models.py::reads"), 1, 0),
        (("graph", "models.py::reads", "--thread", "R"), 1, 1),
        (("diff", "models.py::reads", "torn", "once"), 2, 1),  # of two programs
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_lifts_each_program_once(
    racer: Run, lifts: Lifts, words: tuple[str, ...], grown: int, closed: int
) -> None:
    racer("explore", "models.py::reads")  # leaves the witness
    lifts.grown.clear()
    lifts.closed.clear()
    racer(*words)
    assert (len(lifts.grown), len(lifts.closed)) == (grown, closed)


def test_a_claim_lifts_each_case_once(lifts: Lifts, racer: Run) -> None:
    status, out, _ = racer("claims", "C12", "C1", "--jobs", "1", "--json")
    assert status == 0
    assert len(lifts.grown) == len({id(program) for program in lifts.grown})
    cases = [
        point
        for claim in json.loads(out)["claims"]
        for ask in claim["asks"]
        for point in ask["points"]
        if point["refused"] is None
    ]
    assert (len(lifts.grown), len(lifts.closed)) == (len(cases), 0)
