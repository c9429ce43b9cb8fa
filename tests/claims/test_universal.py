"""Claims of all that could be written: a list of what was tried refutes one, and confirms none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from racer import Answer, Claim, Never, ProgramError, Scenario, Shows, Universal, explore
from racer.catalogue.discovery import find
from racer.claims.bearing import bearings
from racer.claims.data import Ask
from racer.claims.deciding import Decided, decide
from racer.viz.claims import claim_text, claims_table

pytest_plugins = ["tests.command_line"]

# `plain` loses an addition; `locked` and `atomic` do not; `locked` forgets its unlock at the end.
ADDING = '''
from typing import Literal

from racer import Memory, Program, Thread, UsageError, scenario


@scenario
def adding(
    *, way: Literal["plain", "locked", "atomic"] = "plain", adders: Literal[1, 2] = 2
) -> Program:
    """Threads add one to n."""
    mem = Memory()
    n, lock = mem.cell("n", 0), mem.lock("lock")

    async def add() -> None:
        match way:
            case "plain":
                await n.store(await n.load() + 1)
            case "locked":
                await lock.acquire()
                await n.store(await n.load() + 1)
                if await n.load() < 2:
                    await lock.release()
            case "atomic":
                await n.fetch_add(1)

    threads = {name: Thread(add) for name in ("A", "B")[:adders]}
    return Program(mem, threads, finally_={"lost": lambda state: state[n] == adders})


@scenario
def unlocking(*, way: Literal["plain", "locked", "atomic"] = "locked") -> Program:
    """One thread takes a lock a second time, if its way has one and forgets to free it."""
    if way == "plain":
        raise UsageError("plain has no lock to forget")
    mem = Memory()
    lock = mem.lock("lock")

    async def twice() -> None:
        await lock.acquire()
        if way == "atomic":
            await lock.release()
        await lock.acquire()

    return Program(mem, {"A": Thread(twice)})
'''


@pytest.fixture
def scenarios(here: Path) -> tuple[Scenario, Scenario]:
    path = here / "adding.py"
    path.write_text(ADDING)
    return find(f"{path}::adding").scenario, find(f"{path}::unlocking").scenario


def decided(*asks: Ask, but: tuple[str, ...] = (), **more: Any) -> Decided:
    claim = Claim(
        "U1",
        "there is no other way",
        made="here",
        asks=asks,
        expected=Answer("open"),
        universal=Universal("way", but=but),
    )
    return decide([claim], **more)[0]


def test_it_is_refuted_by_what_has_all_that_is_asked(
    scenarios: tuple[Scenario, Scenario],
) -> None:
    adding, unlocking = scenarios
    every = ("plain", "locked", "atomic")
    never_lost = Never("lost", adding, way=every, adders=(1, 2))
    assert decided(never_lost).answer == Answer("refuted", by="way=locked|atomic")
    assert decided(never_lost, but=("atomic",)).answer == Answer("refuted", by="way=locked")
    # of the two one forgets its unlock
    never_stuck = Never("deadlock", unlocking, way=every)
    assert decided(never_lost, never_stuck).answer == Answer("refuted", by="way=atomic")


def test_what_is_not_refuted_is_open_and_never_holds(scenarios: tuple[Scenario, Scenario]) -> None:
    adding, unlocking = scenarios
    asks = (
        Never("lost", adding, way=("plain", "locked", "atomic")),
        Never("deadlock", unlocking, way=("locked", "atomic")),
    )
    found = decided(*asks, but=("atomic",))
    assert found.answer == Answer("open")
    assert found.as_the_c_is == Answer("not asked")
    assert found.universal_text == (
        "not refuted by what is modelled: of way=plain|locked none has all that is asked"
    )


def test_what_some_ask_is_not_put_to_or_cannot_happen_there_refutes_nothing(
    scenarios: tuple[Scenario, Scenario],
) -> None:
    adding, unlocking = scenarios
    without = Never("deadlock", unlocking, way="locked")
    assert (
        decided(Never("lost", adding, way=("locked", "atomic")), without).answer.verdict == "open"
    )
    shows = Shows("lost", adding, way=("plain", "locked"))  # plain does, and cannot unlock
    refused = Never("deadlock", unlocking, way=("plain", "locked"))
    assert decided(shows, refused).answer == Answer("open")


def test_what_it_names_and_has_not_all_is_told(scenarios: tuple[Scenario, Scenario]) -> None:
    adding, unlocking = scenarios
    asks = (
        Never("lost", adding, way=("locked", "atomic")),
        Never("deadlock", unlocking, way=("locked", "atomic")),
    )
    found = decided(*asks, but=("locked",))
    text = "way=atomic has all that is asked; way=locked, which it names, has not"
    assert found.universal_text == text
    assert text in claim_text(found, "sc").replace("\n    ", " ")
    assert found.telling() is None  # nothing goes wrong in what refutes it
    assert "refuted by way=atomic" not in claims_table([found], "sc")  # said once


def test_a_search_that_was_cut_leaves_it_unknown_unless_something_else_refutes_it(
    scenarios: tuple[Scenario, Scenario],
) -> None:
    adding, _ = scenarios
    assert decided(Never("lost", adding, way="atomic"), max_states=1).answer == Answer("bound")
    of_one = len("AB")  # atomic, with one adder: before its step, and after it
    both = Never("lost", adding, way=("locked", "atomic"), adders=1)
    assert decided(both, max_states=of_one).answer == Answer("refuted", by="way=atomic")


def test_one_case_says_nothing_of_all_that_could_be_written(
    scenarios: tuple[Scenario, Scenario],
) -> None:
    adding, _ = scenarios
    claim = decided(Never("lost", adding, way=("plain", "atomic"))).claim
    assert bearings([claim], adding, {"way": "atomic"}, explore(adding.build(way="atomic"))) == ()


def test_what_it_is_universal_in_is_named_by_every_ask(
    scenarios: tuple[Scenario, Scenario],
) -> None:
    with pytest.raises(ProgramError, match="universal in 'way'"):
        decided(Never("lost", scenarios[0], adders=1))
    with pytest.raises(ProgramError, match="by="):
        Answer("open", by="way=atomic")
