"""What a scenario declares beyond labels: effects of a violation, endless threads, consistency."""

from __future__ import annotations

import pytest

from racer import Expected, Memory, ModelError, Program, Thread, Violation, explore, replay
from racer.exploration.judgement import judge
from racer.exploration.result import Witness
from racer.viz.summary import summary
from tests.oracles.naive import enumerate_program


def torn(*, effects: bool) -> Program:
    """R loads x twice while W stores 1 and 2: wrong if they differ, and how wrong depends."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        first = await x.load()
        second = await x.load()
        if first != second:
            raise Violation("torn", effect=f"{first} then {second}" if effects else "")

    async def write() -> None:
        await x.store(1)
        await x.store(2)

    return Program(mem, {"R": Thread(read), "W": Thread(write)})


def test_effects_share_a_label_and_are_counted_apart() -> None:
    # Of the C(4, 2) = 6 interleavings RRWW, RWRW, RWWR, WRRW, WRWR, WWRR the loads differ in
    # RWRW (0, 1), RWWR (0, 2) and WRWR (1, 2).
    result = explore(torn(effects=True))
    assert result.violations["torn"].interleavings == 3
    assert result.effects("torn") == {"0 then 1": 1, "0 then 2": 1, "1 then 2": 1}
    assert explore(torn(effects=False)).effects("torn") == {"": 3}
    assert explore(torn(effects=True), count=False).effects("torn") == {
        "0 then 1": None,
        "0 then 2": None,
        "1 then 2": None,
    }


def test_naive_enumeration_agrees_on_effects() -> None:
    naive, result = enumerate_program(torn(effects=True)), explore(torn(effects=True))
    assert naive.outcomes == {key: each.interleavings for key, each in result.outcomes.items()}


def test_the_report_names_effects_and_the_trace_keeps_them() -> None:
    result = explore(torn(effects=True))
    text = summary(result, judge(result, None, None))
    assert "effect: 0 then 2 in 1 interleaving" in text
    assert "effect" not in summary(explore(torn(effects=False)), judge(result, None, None))
    assert dict(result.violations["torn"].trace.outcome)["R"] in [
        Violation("torn", "0 then 1"),
        Violation("torn", "0 then 2"),
        Violation("torn", "1 then 2"),
    ]


def test_two_effects_are_two_values() -> None:
    assert Violation("a", "x") != Violation("a", "y") != Violation("a")
    assert repr(Violation("a", "x")) == "Violation('a', effect='x')"


def endless(*, waits: bool) -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def flip() -> None:
        while True:
            await x.swap(1)
            await x.swap(0)

    async def reader() -> None:
        while waits and await x.load():
            pass
        await x.load()

    return Program(mem, {"F": Thread(flip, daemon=True), "R": Thread(reader)})


def test_threads_that_can_run_for_ever_are_named() -> None:
    assert explore(endless(waits=True)).loops == ("F", "R")
    assert explore(endless(waits=False)).loops == ("F",)
    assert explore(torn(effects=False)).loops == ()
    assert explore(torn(effects=False), count=False).loops is None


def test_a_declaration_of_loops_is_held_against_them() -> None:
    result = explore(endless(waits=False))
    assert judge(result, Expected("pass"), None).as_expected
    assert judge(result, Expected("pass", loops=("F",)), None).as_expected
    wrong = judge(result, Expected("pass", loops=("F", "R")), None)
    assert wrong.as_expected is False
    assert wrong.declaration == "pass, loops in F, R"


def inconsistent(*, at_start: bool = False) -> Program:
    mem = Memory()
    kind, lru = mem.cell("kind", "none"), mem.cell("lru", True)

    async def retype() -> None:
        await kind.load()
        await kind.store("slab")

    async def isolate() -> None:
        await lru.load()
        await lru.store(False)

    return Program(
        mem,
        {"A": Thread(retype), "B": Thread(isolate)},
        consistency={"typed page on the LRU": lambda s: not s[lru] or s[kind] == "none"}
        if not at_start
        else {"no LRU": lambda s: not s[lru]},
    )


def test_an_inconsistent_model_is_a_model_error_with_its_schedule() -> None:
    with pytest.raises(ModelError) as caught:
        explore(inconsistent())
    assert caught.value.schedule == ("A", "A")
    text = str(caught.value)
    assert "'typed page on the LRU'" in text and "kind='slab', lru=True" in text
    assert "schedule: A x2" in text and "last step: store kind = 'slab'" in text


def test_a_model_that_is_inconsistent_from_the_start_says_where() -> None:
    with pytest.raises(ModelError, match="'no LRU'"):
        explore(inconsistent(at_start=True))


@pytest.mark.parametrize("reduce", [True, False])
def test_every_search_notices_an_inconsistency(reduce: bool) -> None:
    with pytest.raises(ModelError):
        explore(inconsistent(), reduce=reduce, count=False)


def test_replay_refuses_an_inconsistent_state() -> None:
    schedule = explore(torn(effects=False)).violations["torn"].witness
    moves = tuple(move._replace(thread="A") for move in schedule.schedule[:2])
    with pytest.raises(ModelError, match="contradicts itself"):
        replay(inconsistent(), Witness(moves, 0, minimal=False))


def test_a_witness_that_is_not_minimised_is_one_all_the_same() -> None:
    quick, minimal = explore(torn(effects=True), minimise=False), explore(torn(effects=True))
    assert quick.violations["torn"].trace.labels == ("torn",)
    assert not quick.violations["torn"].witness.minimal
    assert minimal.violations["torn"].witness.minimal
    assert quick.effects("torn") == minimal.effects("torn")
    assert quick.interleavings == minimal.interleavings
