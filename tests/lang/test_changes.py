"""racer/lang/changes.py: threads with barriers put in, orders changed, and steps left out."""

from __future__ import annotations

import pytest

from racer import Cell, Memory, ModelError, Program, Thread, explore, fence, replay
from racer.lang.changes import Change, Notes, Site, with_changes

pytestmark = pytest.mark.quick


def reads_twice() -> Program:
    memory = Memory()
    x = memory.cell("x", 0)

    async def reader() -> tuple[int, int]:
        first = await x.load()
        await fence("rmb")
        return first, await x.load("acquire")

    async def writer() -> None:
        await x.store(1)

    return Program(memory, {"R": Thread(reader, copies=2), "W": Thread(writer)})


def noted(program: Program) -> dict[str, Notes]:
    notes: dict[str, Notes] = {}
    explore(with_changes(program, {}, notes))
    return notes


def sites(program: Program, thread: str) -> list[Site]:
    """In the order of the code."""
    return sorted(noted(program)[thread], key=lambda site: site.order)


def returned(program: Program) -> set[object]:
    """What the reader that is alone comes to."""
    return {
        value for outcome in explore(program).outcomes for name, value in outcome if name == "R"
    }


def test_every_site_is_noted_once_with_what_it_does() -> None:
    notes = noted(reads_twice())
    assert sorted(notes) == ["R", "W"]  # copies share theirs
    told = [
        (each.operation.text(), each.first, each.again)
        for _, each in sorted(notes["R"].items(), key=lambda pair: pair[0].order)
    ]
    assert told == [
        ("load x", True, False),
        ("fence rmb", False, False),
        ("load x (acquire)", False, True),
    ]


def test_a_program_without_changes_is_the_same() -> None:
    before, after = explore(reads_twice()), explore(with_changes(reads_twice(), {}))
    assert (before.interleavings, before.states) == (after.interleavings, after.states)
    assert before.outcomes.keys() == after.outcomes.keys()


def test_a_barrier_is_a_step_more_and_is_replayed() -> None:
    program = reads_twice()
    changed = with_changes(program, {"W": {sites(program, "W")[0]: Change(barrier="mb")}})
    # Each of the readers has 3 steps, the writer 1, then 2: 7!/(3! 3! 1!) and 8!/(3! 3! 2!).
    assert explore(program).interleavings == 140
    assert explore(changed).interleavings == 560
    [witness] = [each.witness for each in explore(changed).outcomes.values()][:1]
    trace = replay(changed, witness.schedule)
    assert [each.operation.text() for each in trace.events if each.thread == "W"] == [
        "fence mb",
        "store x = 1",
    ]


def one_reader(body: str) -> Program:
    memory = Memory()
    x = memory.cell("x", 0)

    async def twice() -> tuple[int, int]:
        first = await x.load()
        return first, await x.load()

    async def stores_between() -> tuple[int, int]:
        first = await x.load()
        await x.store(2)
        return first, await x.load()

    async def waits() -> int:
        await fence("mb")
        while await x.load() == 0:
            pass
        return 1

    async def writer(cell: Cell[int]) -> None:
        await cell.store(1)

    bodies = {"twice": twice, "stores_between": stores_between, "waits": waits}
    return Program(memory, {"R": Thread(bodies[body]), "W": Thread(writer, x)})


def without_last(program: Program) -> Program:
    return with_changes(program, {"R": {sites(program, "R")[-1]: Change(gone=True)}})


def test_a_load_that_is_left_out_gives_what_was_read_before() -> None:
    program = one_reader("twice")
    assert returned(program) == {(0, 0), (0, 1), (1, 1)}
    assert returned(without_last(program)) == {(0, 0), (1, 1)}


def test_what_the_thread_has_stored_itself_is_loaded_all_the_same() -> None:
    program = one_reader("stores_between")
    assert returned(program) == returned(without_last(program)) == {(0, 2), (0, 1), (1, 2)}


def test_a_loop_without_its_only_load_has_no_step() -> None:
    # The first load is one: nothing was read before. The second would be the first once more.
    program = one_reader("waits")
    with pytest.raises(ModelError, match="without load x a loop takes no step"):
        explore(without_last(program))


def test_a_fence_can_go_and_an_order_can_be_another() -> None:
    program = reads_twice()
    _, barrier, last = sites(program, "R")
    changed = with_changes(program, {"R": {barrier: Change(gone=True), last: Change(order="once")}})
    assert explore(changed).interleavings == 30  # 5!/(2! 2! 1!)
    [witness] = [each.witness for each in explore(changed).outcomes.values()][:1]
    texts = {each.operation.text() for each in replay(changed, witness.schedule).events}
    assert texts == {"load x", "store x = 1"}
