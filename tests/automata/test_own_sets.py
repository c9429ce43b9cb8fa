"""Sets that a thread makes itself, or takes for constant: in which order it iterates over them
differs with the hash seed of the process, and nothing else of its behaviour may."""

from __future__ import annotations

import functools
import itertools
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from racer import Cell, Memory, ModelError, Program, Thread, explore
from tests.hash_seeds import under_seeds

Cells = Mapping[str, Cell[int]]
Does = Callable[[Cells], Awaitable[object]]

NAMES = frozenset({"a", "b", "c"})


def program(does: Does) -> Program:
    mem = Memory()
    cells = {name: mem.cell(name, 0) for name in "abc"}

    async def reader() -> tuple[int, int]:
        return await cells["a"].load(), await cells["b"].load()

    return Program(mem, {"T": Thread(does, cells), "R": Thread(reader)})


# --- what depends on it ---------------------------------------------------------------------


async def store_to(cells: Cells, names: Iterable[str]) -> None:
    for name in names:
        await cells[name].store(1)


async def written_out(cells: Cells) -> None:
    for name in {"a", "b", "c"}:
        await cells[name].store(1)


async def made_bit_by_bit(cells: Cells) -> None:
    names = set()
    for name in "abc":
        names.add(name)
    for name in names:
        await cells[name].store(1)


async def a_constant(cells: Cells) -> None:
    for name in NAMES:
        await cells[name].store(1)


async def in_a_helper(cells: Cells) -> None:
    await store_to(cells, NAMES)


async def comprehended(cells: Cells) -> None:
    for name in [each for each in {each for each in "abc"}]:  # noqa: C416
        await cells[name].store(1)


async def of_views(cells: Cells) -> None:
    for name in cells.keys() & {"a", "b"}:
        await cells[name].store(1)


async def of_views_alone(cells: Cells) -> None:
    for name in cells.keys() - cells.items():
        await cells[name].store(1)


async def as_a_list(cells: Cells) -> None:
    await store_to(cells, list(set("abc")))


async def unpacked(cells: Cells) -> None:
    first, *_ = {"a", "b"}
    await cells[first].store(1)


async def starred(cells: Cells) -> None:
    await store_to(cells, (*{"a", "b"},))


async def first_of_all(cells: Cells) -> None:
    await cells[next(iter({"a", "b"}))].store(1)


async def popped(cells: Cells) -> None:
    names = set("ab")
    while names:
        await cells[names.pop()].store(1)


async def joined(cells: Cells) -> None:
    await cells["".join({"a", "b"})[0]].store(1)


async def the_largest_of_equals(cells: Cells) -> None:
    await cells[max({"a", "b"}, key=len)].store(1)


async def sorted_by_what_is_equal(cells: Cells) -> None:
    await cells[sorted({"a", "b"}, key=len)[0]].store(1)


async def shown(cells: Cells) -> None:
    await cells[f"{ {'a', 'b'} }"[2]].store(1)


async def extended(cells: Cells) -> None:
    names = ["c"]
    names += {"a", "b"}
    await cells[names[1]].store(1)


async def by_the_standard_library(cells: Cells) -> None:
    names = deque(itertools.chain({"a", "b"}))
    await cells[functools.reduce(lambda first, _: first, names)].store(1)


async def counted(cells: Cells) -> None:
    await store_to(cells, Counter({"a", "b"}))


async def by_hash(cells: Cells) -> None:
    await cells["abc"[hash("a") % 3]].store(1)


async def in_an_update(cells: Cells) -> None:
    await cells["a"].update(lambda before: before + ord(next(iter({"a", "b"}))))


async def in_what_it_returns(cells: Cells) -> str:
    await cells["a"].load()
    return next(iter({"a", "b"}))


def names_of_a_closure() -> Does:
    names = {"a", "b", "c"}

    async def run(cells: Cells) -> None:
        for name in names:
            await cells[name].store(1)

    return run


async def names_given(names: frozenset[str], cells: Cells) -> None:
    for name in names:
        await cells[name].store(1)


class Worker:
    async def run(self, cells: Cells) -> None:
        for name in {"a", "b"}:
            await cells[name].store(1)


DEPENDS: dict[str, Does] = {
    each.__name__: each
    for each in (
        *(written_out, made_bit_by_bit, a_constant, in_a_helper, comprehended, of_views),
        *(of_views_alone, as_a_list, unpacked, starred, first_of_all, popped, joined),
        *(the_largest_of_equals, sorted_by_what_is_equal, shown, extended, counted),
        *(by_the_standard_library, by_hash, in_an_update, in_what_it_returns),
    )
} | {
    "names_of_a_closure": names_of_a_closure(),
    "names_given": functools.partial(names_given, NAMES),
    "a_method": Worker().run,
}


@pytest.mark.parametrize("name", DEPENDS)
def test_who_depends_on_the_order_of_a_set_is_refused_with_its_line(name: str) -> None:
    with pytest.raises(ModelError) as refused:
        explore(program(DEPENDS[name]))
    text = str(refused.value)
    assert text.startswith("thread 'T' depends on ")
    what = "what hash() gives" if name == "by_hash" else "the order in which it iterates over a set"
    assert f"{what} (" in text and "test_own_sets.py:" in text
    assert "differs with the hash seed" in text


# --- what does not --------------------------------------------------------------------------


async def in_order(cells: Cells) -> None:
    for name in sorted({"a", "b", "c"}):
        await cells[name].store(1)


async def only_asked(cells: Cells) -> None:
    names = {"a", "b"}
    if "a" in names and len(names) == 2 and names <= NAMES:
        await cells["a"].store(1)


async def added_up(cells: Cells) -> None:
    await cells["a"].store(sum(len(name) for name in {"a", "bb"}))


async def the_same_to_each(cells: Cells) -> None:
    for _ in {"a", "b"}:
        await cells["a"].load()


async def of_one(cells: Cells) -> None:
    for name in {"a"}:
        await cells[name].store(1)


async def of_numbers(cells: Cells) -> None:
    for number in {0, 1, 2}:
        await cells["abc"[number]].store(1)


async def hash_of_a_number(cells: Cells) -> None:
    await cells["abc"[hash((1, 2.5)) % 3]].store(1)


async def in_a_list(cells: Cells) -> None:
    seen: list[set[str]] = []
    names = {"a"}
    seen.append(names)
    names.add("b")
    await cells["a"].store(len(seen[0]))


async def in_an_update_in_order(cells: Cells) -> None:
    await cells["a"].update(lambda before: before + ord(min({"a", "b"})))


@pytest.mark.parametrize(
    "does",
    [
        *(in_order, only_asked, added_up, the_same_to_each, of_one, of_numbers),
        *(hash_of_a_number, in_a_list, in_an_update_in_order),
    ],
)
def test_who_does_the_same_in_any_order_is_not(does: Does) -> None:
    assert explore(program(does)).verdict == "pass"


def test_functions_are_not_changed_for_others_that_run_them_at_the_same_time() -> None:
    codes = the_same_to_each.__code__, in_order.__code__
    alone = explore(program(in_order)).interleavings
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(explore, program(in_order)) for _ in range(16)]
        assert {each.result().interleavings for each in found} == {alone}
    assert (the_same_to_each.__code__, in_order.__code__) == codes


@pytest.mark.parametrize("name", ["written_out", "popped", "by_hash"])
def test_what_is_said_is_the_same_for_every_hash_seed(name: str) -> None:
    script = (
        f"from tests.automata.test_own_sets import *\n"
        f"try: explore(program(DEPENDS[{name!r}]))\n"
        f"except ModelError as error: print(str(error).partition(': ')[0])\n"
    )
    told = set(under_seeds(script))
    assert len(told) == 1 and "differs with the hash seed" in told.pop()


# --- predicates and functions of operations -------------------------------------------------


def asked(kind: str) -> Program:
    """Two threads put a name each into a set; somebody looks at which comes first in it."""
    mem = Memory()
    found = mem.cell("found", frozenset[str]())

    def first(names: frozenset[str]) -> bool:
        return next(iter(names), "") == "p"

    watch = mem.watch("first", lambda state: first(state[found]), cells=[found])

    async def put(name: str) -> None:
        await found.update(lambda names: names | {name})

    async def look() -> object:
        if kind == "window":
            async with watch.window() as seen:
                await found.load()
            return seen.sometimes
        if kind == "wait":
            await found.wait_until(lambda names: len(names) > 1 and first(names))
        if kind == "update":
            return await found.update(lambda names: names - {"p"} if first(names) else names)
        return await found.load() == NAMES

    threads = {"P": Thread(put, "p"), "Q": Thread(put, "q"), "L": Thread(look)}
    predicate = {"first": lambda state: len(state[found]) < 2 or first(state[found])}
    reached = {"first": lambda state: len(state[found]) > 1 and first(state[found])}
    own = {"first": lambda state: len(state[found]) < 2 or next(iter({"p", "q"})) == "p"}
    hashed = {"first": lambda state: hash("p") % 3 == 0}
    return Program(
        mem,
        threads,
        invariants={"invariant": predicate, "own": own, "hash": hashed}.get(kind, {}),
        sometimes=reached if kind == "sometimes" else {},
        finally_=predicate if kind == "finally" else {},
    )


KINDS = ("window", "wait", "update", "invariant", "own", "hash", "sometimes", "finally")


@pytest.mark.parametrize("kind", KINDS)
def test_predicates_and_updates_that_depend_on_it_are_refused(kind: str) -> None:
    with pytest.raises(ModelError, match="which differs with the hash seed"):
        explore(asked(kind))


class Job:
    """An object of the model, of which only its address tells which it is."""


JOBS = (Job(), Job())


async def by_address(cells: Cells) -> None:
    await cells["abc"[id(JOBS[0]) // 16 % 3]].store(1)


async def the_lower_first(cells: Cells) -> None:
    first, _ = sorted(JOBS, key=id)
    await cells["a" if first is JOBS[0] else "b"].store(1)


async def sorted_in_place(cells: Cells) -> None:
    jobs = list(JOBS)
    jobs.sort(key=id)
    await cells["a" if jobs[0] is JOBS[0] else "b"].store(1)


async def compared(cells: Cells) -> None:
    await cells["a" if id(JOBS[0]) < id(JOBS[1]) else "b"].store(1)


@pytest.mark.parametrize("does", [by_address, the_lower_first, sorted_in_place, compared])
def test_who_depends_on_addresses_is_refused_with_its_line(does: Does) -> None:
    with pytest.raises(ModelError) as refused:
        explore(program(does))
    text = str(refused.value)
    assert "thread 'T' depends on what id() gives (" in text and "test_own_sets.py:" in text
    assert "differs from run to run" in text and "Try: give each object a number" in text


def test_a_predicate_that_depends_on_addresses_is_refused() -> None:
    mem = Memory()
    cell = mem.cell("a", 0)
    higher = {"higher": lambda state: id(JOBS[0]) > id(JOBS[1])}

    async def nothing() -> None:
        await cell.load()

    with pytest.raises(ModelError, match=r"what id\(\) gives"):
        explore(Program(mem, {"T": Thread(nothing)}, invariants=higher))


async def the_same_one(cells: Cells) -> None:
    known = {id(job): name for job, name in zip(JOBS, "ab", strict=True)}
    for job in JOBS:
        await cells[known[id(job)]].store(1)
    await cells["c"].store(int(id(JOBS[0]) == id(JOBS[1])))


def test_addresses_that_only_tell_who_is_who_are_no_dependence() -> None:
    # T's three stores and R's two loads: C(5, 2) orders
    assert explore(program(the_same_one)).interleavings == 10


def test_what_is_only_asked_for_what_it_holds_is_not() -> None:
    assert explore(asked("nothing")).verdict == "pass"


def test_predicates_are_refused_under_every_hash_seed() -> None:
    script = (
        "from tests.automata.test_own_sets import *\n"
        "for kind in KINDS:\n"
        "    try: explore(asked(kind)); print(kind, 'explored')\n"
        "    except ModelError as error: print(str(error).partition(': ')[0])\n"
    )
    told = set(under_seeds(script))
    assert len(told) == 1 and "explored" not in told.copy().pop()
