"""Where a limit cuts a search on automata that stay open, the cell or thread that grows is named.

None of the numbers depends on time: lifting ends with the 129th value of a cell, or with so much
work, and searches of so many states are breadth first.
"""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from racer import Memory, Program, Thread, explore
from racer.automata.lifting import lift
from racer.exploration import searching
from racer.exploration.exploring import searched_and_told
from racer.exploration.wanted import Wanted
from racer.files import shown_path
from racer.lang import patience
from racer.lang.memory_use import MemoryLimit
from racer.machine.loaded import load_program
from tests.conftest import MemoryReadings
from tests.samples import message_passing

HERE = shown_path(__file__)
LIFTED = "what grew while threads were lifted"


def line(mark: str) -> str:
    """The line of this file that ends with that comment."""
    lines = Path(__file__).read_text().splitlines()
    [number] = [at for at, text in enumerate(lines, 1) if text.endswith(f"  # {mark}")]
    return f"{HERE}:{number}"


def counting_up() -> Program:
    """U counts x up for ever, beside L, which loads what is stored, and B, which has a flag."""
    mem = Memory()
    x, flag = mem.cell("x", 0), mem.cell("flag", False)

    async def up() -> None:
        while True:
            await x.update(lambda value: value + 1)  # counts up

    async def load() -> None:
        await x.load()

    async def set_flag() -> None:
        await flag.store(True)

    return Program(mem, {"U": Thread(up), "L": Thread(load), "B": Thread(set_flag)})


def counting_locally() -> Program:
    """C counts in a local, and stores whether that is odd."""
    mem = Memory()
    odd = mem.cell("odd", False)

    async def count() -> None:
        number, other = 0, "the same for ever"
        while other:
            number += 1
            await odd.store(number % 2 == 1)  # counts locally

    return Program(mem, {"C": Thread(count)})


def collecting() -> Program:
    """L keeps what it loads in a list: no two of its nodes can be shown to be one."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def collect() -> None:
        seen = []
        while True:
            seen.append(await x.load())  # collects

    return Program(mem, {"L": Thread(collect)})


def holding() -> Program:
    """H holds a file, of which not all can be seen, beside a list that never changes."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def hold() -> None:
        seen, file = [0], io.StringIO()  # holds
        while seen:
            file.write(str(await x.load()))

    return Program(mem, {"H": Thread(hold)})


def incrementing() -> Program:
    """I loads x and, after a step in between, stores one more."""
    mem = Memory()
    x, constant = mem.cell("x", 0), mem.cell("constant", 0)

    async def increment() -> None:
        while True:
            value = await x.load()
            await constant.load()
            await x.store(value + 1)  # increments

    return Program(mem, {"I": Thread(increment)})


def test_a_cell_is_named_with_who_stored_its_latest_value() -> None:
    """L and B have ended or not, so at most four of 2,000 states have the same value of x.

    How many values that are is read off the table, in which there are no others.
    """
    result = explore(counting_up(), max_states=2_000)
    assert result.loaded is not None
    values = len(result.loaded.lifted.tables["x"].values)
    assert values >= 500
    assert result.bound == (
        f"max_states=2000; what grew: cell 'x' to {values} values, the latest from thread 'U' at "
        f"{line('counts up')}"
    )
    assert result.uncounted == "the search was cut (max_states=2000)"


def test_before_the_search_comes_further_it_is_said_of_lifting() -> None:
    """The closure ends with the 129th value, and five states have no more than five."""
    result = explore(counting_up(), max_states=5)
    assert result.bound == (
        f"max_states=5; {LIFTED}: cell 'x' to 129 values, the latest from thread 'U' at "
        f"{line('counts up')}"
    )


@pytest.mark.parametrize(
    ("program", "name", "mark", "local"),
    [
        (counting_locally(), "C", "counts locally", "number"),
        (collecting(), "L", "collects", "seen"),
    ],
)
def test_a_thread_is_named_with_the_local_that_differs(
    program: Program, name: str, mark: str, local: str
) -> None:
    """Each step is a node of its own, and lifting was given up before so many.

    There is one node more than states, that of the step to the state for which there is no room.
    """
    states = len(lift(program).growing[0]) + 500
    result = explore(program, max_states=states)
    assert result.bound == (
        f"max_states={states}; what grew: thread {name!r} to {states + 1:,} situations, such as at "
        f"{line(mark)} with another value of its local {local}"
    )


def test_a_local_that_is_not_compared_is_named_with_its_kind_and_where_it_is_stored() -> None:
    """The list is of no interest: that does not change, and can be compared."""
    lifted = lift(holding())
    nodes = len(lifted.growing[0])
    told = (
        f"thread 'H' to {nodes:,} situations, none of which repeats while it may look again at its "
        f"local 'file' (StringIO, {line('holds')}): not all of it can be seen; a tuple of what is "
        f"needed of it would be compared"
    )
    assert lifted.growth.of_unlike() == told
    assert explore(holding(), max_states=5).bound == f"max_states=5; {LIFTED}: {told}"


def test_where_all_is_compared_there_is_nothing_unlike() -> None:
    assert lift(counting_locally()).growth.of_unlike() is None


def test_a_cell_with_few_values_beside_many_nodes_is_not_what_grows() -> None:
    """The cell has two; lifting is given up for its work, with thousands of nodes."""
    bound = explore(counting_locally(), max_states=5).bound
    assert bound is not None
    assert bound.startswith(f"max_states=5; {LIFTED}: thread 'C' to ")


def test_a_thread_that_goes_along_with_a_cell_is_named_beside_it() -> None:
    """For each value there are two nodes: in one it is held, and one is to store the next.

    Lifting ends with 129 values; in so many states there are three for each, and so 200.
    """
    result = explore(incrementing(), max_states=600)
    assert result.bound is not None
    _, told = result.bound.split(": ")
    cell, thread = told.split("; ")
    assert cell.startswith("cell 'x' to ")
    assert cell.endswith(f" values, the latest from thread 'I' at {line('increments')}")
    assert thread.startswith("thread 'I' to ")
    assert thread.endswith(" with another value of its local value")


def test_what_is_large_is_said_to_be() -> None:
    mem = Memory()
    x, constant = mem.cell("x", (0,)), mem.cell("constant", 0)

    async def double() -> None:
        for _ in range(200):  # more nodes by far than the cell has values
            await constant.load()
        while True:
            await x.update(lambda value: value + value)  # doubles

    # 2 ** n items for n from 0 on: those up to n = 15 have 65,535 of them, and 16 values, in all;
    # with n = 16 these are more than the 100,000 parts that end the closure, so that is named.
    result = explore(Program(mem, {"D": Thread(double)}), max_states=2)
    assert result.bound == (
        f"max_states=2; {LIFTED}: cell 'x' to 17 values, the latest of more than 10,000 parts "
        f"from thread 'D' at {line('doubles')}"
    )


def test_only_who_stores_is_named_and_not_who_finds_it_there() -> None:
    lifted = lift(message_passing())
    storing = {each.instance.group: each.storing("flag", 1) for each in lifted.growing}
    assert storing["R"] is None
    assert storing["W"] is not None


def test_time_and_memory_name_it_too(
    monkeypatch: pytest.MonkeyPatch, memory_readings: MemoryReadings
) -> None:
    """Both are over as the search begins, which comes no further than lifting did.

    The search of all states is given no time, nor memory.
    """
    monkeypatch.setattr(searching, "FEW_STATES", 1)
    monkeypatch.setattr(patience, "GRACE", 60.0)  # so long it may take to tell
    told = f"{LIFTED}: cell 'x' to 129 values, the latest from thread 'U' at {line('counts up')}"
    program = counting_up()
    loaded = load_program(program)
    loaded.closed()
    past = Wanted(timeout=60, deadline=time.monotonic())
    result = searched_and_told(program, past, loaded)[1]
    assert result.bound == f"timeout of 60 s; {told}"
    memory_readings(lambda: 2**30, MemoryLimit(2**30, "machine"))
    result = searched_and_told(program, Wanted(), loaded)[1]
    assert result.bound is not None
    limit, growth = result.bound.rsplit("; ", 1)
    assert limit.startswith("out of memory: 1.0 GiB are used, and the limit is 768 MiB")
    assert growth == told


def test_where_nothing_grows_nothing_is_said() -> None:
    assert explore(message_passing(), max_states=2).bound == "max_states=2"
