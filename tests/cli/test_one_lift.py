"""A command lifts a program once, whatever it then asks of it."""

from __future__ import annotations

import json

import pytest

from racer.automata import lifting
from racer.machine import loaded
from tests.command_line import Run

pytest_plugins = ["tests.command_line"]


@pytest.fixture
def lifts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The programs that are lifted."""
    seen: list[object] = []
    lift = lifting.lift

    def noted(program, **options):  # type: ignore[no-untyped-def]
        seen.append(program)
        return lift(program, **options)

    monkeypatch.setattr(loaded, "lift", noted)
    return seen


@pytest.mark.parametrize(
    ("words", "times"),
    [
        (("explore", "models.py::reads", "--html"), 1),
        (("explore", "models.py::reads", "--json"), 1),
        (("explain", "racer-out/reads.torn.json"), 1),
        (("explain", "racer-out/reads.torn.json", "--mail", "--html", "page.html"), 1),
        (("replay", "racer-out/reads.torn.json"), 1),
        (("graph", "models.py::reads"), 1),
        (("graph", "models.py::reads", "--thread", "R"), 1),
        (("diff", "models.py::reads", "torn", "once"), 2),  # of two programs
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_lifts_each_program_once(
    racer: Run, lifts: list[object], words: tuple[str, ...], times: int
) -> None:
    racer("explore", "models.py::reads")  # leaves the witness
    lifts.clear()
    racer(*words)
    assert len(lifts) == times


def test_a_claim_lifts_each_case_once(lifts: list[object], racer: Run) -> None:
    status, out, _ = racer("claims", "C12", "C1", "--jobs", "1", "--json")
    assert status == 0
    assert len(lifts) == len({id(program) for program in lifts})
    cases = [
        point
        for claim in json.loads(out)["claims"]
        for ask in claim["asks"]
        for point in ask["points"]
        if point["refused"] is None
    ]
    assert len(lifts) == len(cases)
