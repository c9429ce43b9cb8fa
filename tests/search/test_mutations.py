"""Each clause of the dependence relation and of the stubborn-set rule is needed, and tested.

A mutation breaks one clause. Some program of the corpus, or one written for it, must then come
out differently from the search without reduction; where it does not, the suite would not notice
if the clause were lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from racer import Cell, Memory, Program, Thread
from racer.automata.lifting import Lifted, lift
from racer.lang.operations import (
    Acquire,
    CompareExchange,
    Facts,
    FetchAdd,
    Load,
    Release,
    Store,
    Swap,
    TryAcquire,
    Update,
    UpdateWhen,
    WaitUntil,
)
from racer.lang.pending import AboutTo
from racer.machine import dependence
from racer.machine.dependence import Footprint, Places
from racer.machine.interface import Future
from racer.machine.sc import SequentialConsistency
from racer.search import graph, stubborn
from racer.search.graph import search
from racer.search.limits import Budget
from racer.search.shown import Examiner, Goal
from racer.search.stubborn import StubbornSets
from tests.corpus import lifted_corpus
from tests.native.pure import in_python
from tests.samples import loop_beside_a_violation, rule_one
from tests.search.test_reduction import disagreements

Answers = tuple[frozenset[Goal], frozenset[str]]


def answers(lifted: Lifted, *, reduce: bool) -> Answers:
    """What a reduction has to keep: labels and outcomes, and the `sometimes` that are reached."""
    system = SequentialConsistency(lifted)
    choose = StubbornSets(system) if reduce else None
    searched = search(system, tuple(lifted.program.sometimes), Budget(), choose)
    shown = Examiner(system, system.names).shown(searched)
    return frozenset(shown.first), frozenset(searched.reached)


@dataclass(frozen=True)
class Mutation:
    """`attribute` of `owner` becomes `broken`."""

    name: str
    owner: Any
    attribute: str
    broken: object


def touching_nothing(*kinds: type) -> Callable[..., Footprint]:
    """The footprint of a node, but operations of some kinds seem to touch no cell."""

    def broken(lifted: Lifted, automaton: Any, node: int, places: Places) -> Footprint:
        pending = automaton.nodes[node]
        if isinstance(pending, AboutTo) and isinstance(pending.operation, kinds):
            return places.of_access(Facts(), edges_of_windows(automaton, node))
        return of_node(lifted, automaton, node, places)

    return broken


def writing_nothing(*kinds: type) -> Callable[..., Footprint]:
    """The footprint of a node, but operations of some kinds seem only to read."""

    def broken(lifted: Lifted, automaton: Any, node: int, places: Places) -> Footprint:
        pending = automaton.nodes[node]
        if isinstance(pending, AboutTo) and isinstance(pending.operation, kinds):
            facts = pending.operation.facts._replace(stores=False)
            return places.of_access(facts, edges_of_windows(automaton, node))
        return of_node(lifted, automaton, node, places)

    return broken


def no_watches(places: Places, *args: Any, **options: Any) -> None:
    """A store to a watched cell writes nothing but the cell and what whole states depend on."""
    make_places(places, *args, **options)
    watches = sum(places._watches.values())
    places._written = {name: bits & ~watches for name, bits in places._written.items()}


def no_edges(automaton: object, node: int) -> set[str]:
    return set()


def only_opening_edges(automaton: Any, node: int) -> set[str]:
    return {window.watch.name for window in automaton.nodes[node].opens}


def only_closing_edges(automaton: Any, node: int) -> set[str]:
    return edges_of_windows(automaton, node) - only_opening_edges(automaton, node)


edges_of_windows = dependence._edges_of_windows
of_node = dependence._of_node
make_places = Places.__init__


def without_predicates(places: Places, *args: Any, **options: Any) -> None:
    """Invariants and `sometimes` are not watched."""
    make_places(places, *args, **{**options, "whole_states": False})


def no_write_after_read(own: Future, other: Future) -> bool:
    """Lost: a store conflicts with later loads of others."""
    return bool(other.future.writes & (own.next.writes | own.next.reads))


def no_write_after_write(own: Future, other: Future) -> bool:
    """Lost: a store conflicts with later stores of others."""
    reads = own.next.reads & ~own.next.writes
    return bool(own.next.writes & other.future.reads or reads & other.future.writes)


def no_read_after_write(own: Future, other: Future) -> bool:
    """Lost: a load conflicts with later stores of others."""
    return bool(own.next.writes & (other.future.reads | other.future.writes))


def only_next_steps(own: Future, other: Future) -> bool:
    """Lost: what another thread may do later counts, not only its next step."""
    return own.next.conflicts(other.next)


def one_round(seed: int, kinds: stubborn.Kinds) -> frozenset[int]:
    """Lost: the closure goes on until nothing is added."""
    own, conflict = kinds.of[seed], kinds.relation.may_conflict
    return frozenset(o for o, kind in enumerate(kinds.of) if o == seed or conflict(own, kind))


def ignoring_nothing(self: object) -> list[int]:
    return []


REDUCTION = [
    Mutation("loads touch nothing", dependence, "_of_node", touching_nothing(Load)),
    Mutation("waits touch nothing", dependence, "_of_node", touching_nothing(WaitUntil)),
    Mutation("stores touch nothing", dependence, "_of_node", touching_nothing(Store)),
    Mutation("stores write nothing", dependence, "_of_node", writing_nothing(Store)),
    Mutation("swaps write nothing", dependence, "_of_node", writing_nothing(Swap)),
    Mutation("exchanges write nothing", dependence, "_of_node", writing_nothing(CompareExchange)),
    Mutation("additions write nothing", dependence, "_of_node", writing_nothing(FetchAdd)),
    Mutation("updates write nothing", dependence, "_of_node", writing_nothing(Update)),
    Mutation("acquiring touches nothing", dependence, "_of_node", touching_nothing(Acquire)),
    Mutation("acquiring writes nothing", dependence, "_of_node", writing_nothing(Acquire)),
    Mutation("trying a lock touches nothing", dependence, "_of_node", touching_nothing(TryAcquire)),
    Mutation("trying a lock writes nothing", dependence, "_of_node", writing_nothing(TryAcquire)),
    Mutation("waiting updates touch nothing", dependence, "_of_node", touching_nothing(UpdateWhen)),
    Mutation("waiting updates write nothing", dependence, "_of_node", writing_nothing(UpdateWhen)),
    Mutation("releasing touches nothing", dependence, "_of_node", touching_nothing(Release)),
    Mutation("stores to watched cells commute", Places, "__init__", no_watches),
    Mutation("window edges watch nothing", dependence, "_edges_of_windows", no_edges),
    Mutation("closing watches nothing", dependence, "_edges_of_windows", only_opening_edges),
    Mutation("opening watches nothing", dependence, "_edges_of_windows", only_closing_edges),
    Mutation("predicates are not watched", Places, "__init__", without_predicates),
    Mutation("all loads ignore", dependence, "_goes_on_alike", lambda *args: True),
    Mutation("no write after read", stubborn, "may_conflict", no_write_after_read),
    Mutation("no write after write", stubborn, "may_conflict", no_write_after_write),
    Mutation("no read after write", stubborn, "may_conflict", no_read_after_write),
    Mutation("only next steps", stubborn, "may_conflict", only_next_steps),
    Mutation("closure of one round", stubborn, "_closure", one_round),
    Mutation("ignoring is allowed", graph._Exploration, "_ignoring", ignoring_nothing),
]


@dataclass(frozen=True)
class Modulo:
    """A number modulo 3: additions to it converge, so that they can be reduced at all."""

    number: int

    def __add__(self, other: int) -> Modulo:
        return Modulo((self.number + other) % 3)


def two_additions() -> Program:
    """fetch_add alone: the corpus adds integers, and their values do not converge."""
    mem = Memory()
    x: Cell[Any] = mem.cell("x", Modulo(0))

    async def add() -> object:
        return await x.fetch_add(1)

    return Program(mem, {"A": Thread(add), "B": Thread(add)})


def two_critical_sections() -> Program:
    """Who is first shows in what the sections do, not in taking the lock."""
    mem = Memory()
    x, lock = mem.cell("x", 0), mem.lock("lock")

    async def section() -> int:
        async with lock:
            return await x.swap(1)

    return Program(mem, {"A": Thread(section), "B": Thread(section)})


def two_tries() -> Program:
    """Who is first gets the lock, and keeps it: no release tells the two apart."""
    mem = Memory()
    lock = mem.lock("lock")

    async def once() -> bool:
        return await lock.try_acquire()

    return Program(mem, {"A": Thread(once), "B": Thread(once)})


def freed_by_a_third() -> Program:
    """B's store to y is behind a lock that only C's release opens; A's load may come after it."""
    mem = Memory()
    y, flag, lock = mem.cell("y", 0), mem.cell("flag", 0), mem.lock("lock")

    async def reader() -> int:
        return await y.load()

    async def waiter() -> None:
        await flag.wait_until(lambda value: value == 1)
        async with lock:
            await y.store(1)

    async def holder() -> None:
        async with lock:
            await flag.store(1)

    return Program(mem, {"A": Thread(reader), "B": Thread(waiter), "C": Thread(holder)})


def stores_that_only_an_invariant_sees() -> Program:
    """The stores touch different cells, and the first thread's going first breaks nothing."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def store_x() -> None:
        await x.store(1)

    async def store_y() -> None:
        await y.store(1)

    return Program(
        mem,
        {"X": Thread(store_x), "Y": Thread(store_y)},
        invariants={"x first": lambda s: not (s[y] == 1 and s[x] == 0)},
    )


def store_within_a_window() -> Program:
    """The store may come between the edges of the window, which are edges of two steps."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    watch = mem.watch("x", lambda s: s[x] == 1, cells=[x])

    async def look() -> tuple[bool, bool]:
        async with watch.window() as seen:
            await y.load()
            await y.load()
        return seen.always, seen.at_end

    async def store() -> None:
        await x.store(1)

    return Program(mem, {"L": Thread(look), "S": Thread(store)})


def swap_and_load() -> Program:
    """Whether the load comes first shows in its value alone."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def swap() -> None:
        await x.swap(1)

    async def load() -> int:
        return await x.load()

    return Program(mem, {"L": Thread(load), "S": Thread(swap)})


def exchange_and_load() -> Program:
    """Whether the load comes first shows in its value alone; the exchange always succeeds."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def exchange() -> None:
        await x.compare_exchange(0, 1)

    async def load() -> int:
        return await x.load()

    return Program(mem, {"E": Thread(exchange), "L": Thread(load)})


def waiting_update_and_load() -> Program:
    """Whether the load comes first shows in its value alone; the update never has to wait."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def take() -> None:
        await x.update_when(lambda value: value == 0, lambda value: 1)

    async def load() -> int:
        return await x.load()

    return Program(mem, {"L": Thread(load), "T": Thread(take)})


WRITTEN = [
    rule_one,
    waiting_update_and_load,
    swap_and_load,
    exchange_and_load,
    two_additions,
    two_critical_sections,
    two_tries,
    freed_by_a_third,
    stores_that_only_an_invariant_sees,
    store_within_a_window,
    loop_beside_a_violation,
]


@pytest.fixture(scope="module")
def known() -> list[tuple[Lifted, Answers]]:
    """Programs whose automata are complete, with their answers without any reduction."""
    generated = (*lifted_corpus(150), *lifted_corpus(50, unbounded=True))
    lifted = [each for each in (*(lift(make()) for make in WRITTEN), *generated) if each.closed]
    return [(each, answers(each, reduce=False)) for each in lifted]


@pytest.mark.thorough
def test_without_a_mutation_nothing_is_lost(known: list[tuple[Lifted, Answers]]) -> None:
    for lifted, expected in known:
        assert answers(lifted, reduce=True) == expected
    assert not any(disagreements([lifted for lifted, _ in known]))


@pytest.fixture(autouse=True)
def mutated_search() -> Iterator[None]:
    """What is broken here is Python: the compiled search is held against it elsewhere."""
    with in_python():
        yield


@pytest.mark.thorough
@pytest.mark.parametrize("mutation", REDUCTION, ids=lambda mutation: mutation.name)
def test_a_broken_clause_is_noticed(
    mutation: Mutation, known: list[tuple[Lifted, Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an answer that is lost, or by independent neighbours that do not commute.

    Only the second can tell that acquiring writes: whoever acquires releases later, and that
    alone keeps two such threads in one stubborn set.
    """
    monkeypatch.setattr(mutation.owner, mutation.attribute, mutation.broken)
    lost = any(answers(lifted, reduce=True) != expected for lifted, expected in known)
    assert lost or any(disagreements([lifted for lifted, _ in known]))


def lost_reads(self: Footprint, other: Footprint) -> bool:
    return bool(self.writes & (other.reads | other.writes))


def lost_reads_of_the_other(self: Footprint, other: Footprint) -> bool:
    return bool(self.writes & other.writes or self.reads & other.writes)


def lost_writes(self: Footprint, other: Footprint) -> bool:
    only = self.reads & ~self.writes
    return bool(self.writes & other.reads & ~other.writes or only & other.writes)


@pytest.mark.thorough
@pytest.mark.parametrize("broken", [lost_reads, lost_reads_of_the_other, lost_writes])
def test_a_broken_clause_of_the_dependence_relation_is_noticed(
    broken: object, known: list[tuple[Lifted, Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Footprint, "conflicts", broken)
    assert any(disagreements([lifted for lifted, _ in known]))
