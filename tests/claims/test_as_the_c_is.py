"""Claims about the C as it is: what-ifs are no answer, and the configuration is what one may
depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racer import Answer, Claim, Never, Same, Scenario, Shows, UsageError
from racer.catalogue.discovery import find
from racer.catalogue.parameters import Value, show_value
from racer.claims.answering import answer_as_the_c_is
from racer.claims.cases import Point
from racer.claims.data import Ask
from racer.claims.deciding import Decided, decide
from racer.scenarios.claims import CLAIMS
from racer.viz.claims import claims_table

pytest_plugins = ["tests.command_line"]

MARKED = '''
from typing import Annotated, Literal

from racer import Configured, Memory, Program, Thread, Violation, WhatIf, scenario


@scenario
def marked(
    *,
    update: Annotated[Literal["split", "atomic"], WhatIf("atomic")] = "split",
    checked: Annotated[bool, Configured()] = False,
    meanwhile: Literal["nothing", "store"] = "store",
) -> Program:
    """A and B add one to x; an update is a load and a store, or (what if) one step."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def add() -> None:
        if update == "atomic":
            await x.fetch_add(1)
        else:
            await x.store(await x.load() + 1)

    async def check() -> None:
        await add()
        if await x.load() == 1 and not checked and meanwhile == "store":
            raise Violation("lost")

    async def other() -> None:
        if meanwhile == "store":
            await add()
        else:
            await x.load()

    return Program(mem, {"A": Thread(check), "B": Thread(other)})
'''


@pytest.fixture
def marked(here: Path) -> Scenario:
    (here / "marked.py").write_text(MARKED)
    return find("marked.py::marked").scenario


def answered(*asks: Ask) -> Answer:
    claim = Claim("X1", "x", made="here", asks=asks, expected=Answer("holds"))
    return decide([claim])[0].answer


def as_the_c_is(*asks: Ask, **more: Any) -> Answer:
    claim = Claim("X1", "x", made="here", asks=asks, expected=Answer("holds"))
    return decide([claim], **more)[0].as_the_c_is


def test_of_the_c_as_it_is_everything_happens_that_can(marked: Scenario) -> None:
    """A sees 1 if B has not added yet, whatever an update is; checked, it does not say so. All of
    a grid that is no what-if counts; a configuration is what the answer may depend on."""
    both: dict[str, Any] = {"meanwhile": ("nothing", "store")}
    assert answered(Never("lost", marked, **both)) == Answer("holds only if", "meanwhile=nothing")
    assert as_the_c_is(Never("lost", marked, **both)) == Answer("refuted")
    assert as_the_c_is(Never("lost", marked, meanwhile="nothing")) == Answer("holds")
    grid: dict[str, Any] = {**both, "checked": (False, True), "update": ("split", "atomic")}
    never = Never("lost", marked, **grid)
    assert answered(never) == Answer("holds only if", "meanwhile=nothing or checked=true")
    assert as_the_c_is(never) == Answer("holds only if", "checked=true")
    assert as_the_c_is(Never("lost", marked, checked=True, **both)) == Answer("holds")


def test_a_what_if_is_no_answer_of_the_c_as_it_is(marked: Scenario) -> None:
    atomic = Never("lost", marked, update="atomic", checked=True)
    assert answered(atomic) == Answer("holds")
    assert as_the_c_is(atomic) == Answer("not asked")
    same = Same("B", marked, "update", ("split", "atomic"))
    assert as_the_c_is(same) == Answer("not asked")
    # A claim is all of what it asks: what is left out can be the part that is not so.
    assert as_the_c_is(atomic, Never("lost", marked, checked=True)) == Answer("not asked")
    assert as_the_c_is(atomic, Never("lost", marked)) == Answer("refuted")
    depends = Never("lost", marked, checked=(False, True))
    assert as_the_c_is(depends) == Answer("holds only if", "checked=true")
    assert as_the_c_is(atomic, depends) == Answer("not asked")
    assert as_the_c_is(Never("lost", marked, checked=True), max_states=2) == Answer("bound")


CHECKS: dict[str, Any] = {"checked": (False, True)}
VALUES: dict[str, tuple[Value, ...]] = {
    "update": ("split", "atomic"),
    "checked": (False, True),
    "meanwhile": ("nothing", "store"),
}


def test_asks_that_no_system_has_together_refute_a_claim(marked: Scenario) -> None:
    """Never lost wants checked=true, and that it shows lost wants checked=false."""
    asks = (Never("lost", marked, **CHECKS), Shows("lost", marked, **CHECKS))
    assert answered(*asks) == Answer("holds only if", "checked=true; checked=false")
    assert as_the_c_is(*asks) == Answer("refuted")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_answer_is_that_of_a_plain_look_at_every_point(
    marked: Scenario, data: st.DataObject
) -> None:
    """Points come out in any way: what is not a what-if is gone through by hand, configuration by
    configuration, and the claim is so in one if nothing in it is otherwise."""
    asks, points, by_hand = [], [], []
    for _ in range(data.draw(st.integers(1, 2))):
        names = data.draw(st.lists(st.sampled_from(list(VALUES)), unique=True))
        ask = Never("lost", marked, **{name: VALUES[name] for name in names})
        of_ask = []
        for at in ask.points():
            holds, refused = data.draw(st.sampled_from([(True, None), (False, None), (None, "no")]))
            of_ask.append(Point(at, (), holds, refused))
        asks.append(ask)
        points.append(of_ask)
        real = [p for p in of_ask if p.refused is None and p.parameters.get("update") != "atomic"]
        ways = {p.parameters.get("checked") for p in real}
        by_hand.append(
            {way: all(p.holds for p in real if p.parameters.get("checked") == way) for way in ways}
        )
    found = answer_as_the_c_is(asks, points)
    some = [ways for ways in by_hand if ways]
    systems = [all(ways.get(way, True) for ways in some) for way in (False, True)]
    if None in {way for ways in some for way in ways}:  # of the defaults, which are one of both
        systems = [all(ways.get(None, True) for ways in some) and each for each in systems]
    if any(not any(ways.values()) for ways in some) or not any(systems):
        assert found == Answer("refuted")
    elif len(some) < len(by_hand):
        assert found == Answer("not asked")
    elif all(all(ways.values()) for ways in some):
        assert found == Answer("holds")
    else:
        assert found.verdict == "holds only if"
        partly = [ways for ways in some if not all(ways.values())]
        met = {f"checked={show_value(way)}" for ways in partly for way in ways if ways[way]}
        assert set(found.condition.split("; ")) == met


def test_an_answer_of_the_c_as_it_is_that_was_declared_is_compared(marked: Scenario) -> None:
    def decided(declared: Answer | None) -> Decided:
        asks = (Never("lost", marked, checked=(False, True)),)
        expected = Answer("holds only if", "checked=true")
        claim = Claim("X1", "x", "here", asks, expected, as_the_c_is=declared)
        return decide([claim])[0]

    assert decided(None).as_expected
    assert decided(Answer("holds only if", "checked=true")).as_expected
    assert not decided(Answer("refuted")).as_expected
    table = claims_table([decided(Answer("refuted"))], "sc")
    assert "NOT as expected" in table


def test_the_schedule_that_tells_of_a_claim_is_one_of_the_c_as_it_is(marked: Scenario) -> None:
    def telling(*updates: str) -> dict[str, Value]:
        claim = Claim(
            "X1", "x", "here", (Never("lost", marked, update=updates),), Answer("refuted")
        )
        told = decide([claim])[0].telling()
        assert told is not None
        return dict(told[1].parameters)

    assert telling("atomic", "split") == {"update": "split"}
    assert telling("atomic") == {"update": "atomic"}


def test_every_claim_that_comes_with_racer_declares_what_it_comes_to_as_the_c_is() -> None:
    assert [each.name for each in CLAIMS if each.as_the_c_is is None] == []


def test_what_scenarios_declare_makes_the_same_answers_of_claims_about_labels() -> None:
    """A second way, without a search: the declared labels are derived by hand in the headers of the
    scenarios. Which answer follows from the points is held against a plain look above."""
    answers = {}
    for claim in CLAIMS:
        of_labels = all(isinstance(ask, Never | Shows) for ask in claim.asks)
        if claim.asks and claim.universal is None and of_labels:
            points = [[declared_point(ask, at) for at in ask.points()] for ask in claim.asks]
            answers[claim.name] = answer_as_the_c_is(claim.asks, points)
    assert answers == {each.name: each.as_the_c_is for each in CLAIMS if each.name in answers}
    assert set(answers) >= {"C1", "C7", "C8", "C10", "C12", "C13", "C17"}


def declared_point(ask: Ask, at: dict[str, Value]) -> Point:
    """What the scenario declares there; effects are not declared, and go with their label."""
    assert isinstance(ask, Never | Shows)
    try:
        ask.scenario.build(**at)
    except UsageError as error:
        return Point(at, (), None, refused=str(error))
    declared = ask.scenario.expected(**at)
    assert declared is not None
    return Point(at, (), (ask.label in declared.labels) is isinstance(ask, Shows), None)
