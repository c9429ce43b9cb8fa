"""Which writes need not come after a read: only those may be what that read takes.

A read that has got a value, with its write yet to come, is in a circle of po and rf. Every model
here forbids that where each step of it is ordered: from the read to a release, or past a full
fence, and from an acquire to what follows. So of each other thread it is found how far it may come
without an acquire that waits for something ordered so. Only what it may write by then is loose.

Bound    what dependencies order, or weaker fences, is taken for loose: too much, never too little
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from racer.executions.code import Code
from racer.lang.operations import CellOperation
from racer.lang.pending import AboutTo, Closing


class Edge(NamedTuple):
    """One step of a thread, with one answer.

    reads     the write that it reads, as bits: cell and value; 0 where it reads nothing
    acquires  what follows is ordered after that read
    pairs     it is a read-modify-write, so that it takes what no other has taken
    writes    what it writes, as bits
    released  what comes before is ordered before that write
    lock      it takes or frees a lock
    locked    whoever has written that did so under a lock that it holds, too
    full      what comes before is ordered before all that follows
    """

    answer: int
    goal: int
    reads: int
    acquires: bool
    pairs: bool
    writes: int
    released: bool
    lock: Literal["takes", "frees"] | None
    full: bool
    locked: bool = False


class Waiting(NamedTuple):
    """Where a thread is; whether it waits there for a write that is yet to come."""

    node: int
    waits: bool


class There(NamedTuple):
    """The writes that may still be read, as bits: by a load, and by a read-modify-write."""

    loads: int
    pairs: int


class Loose:
    """Finds loose writes."""

    def __init__(self, codes: Sequence[Code], plain: int) -> None:
        """`plain`: the writes whose reads order nothing, though they acquire."""
        self._codes = codes
        self._edges: dict[tuple[Code, int], tuple[Edge, ...]] = {}
        self._known: dict[tuple[object, ...], int] = {}
        self._plain = plain
        self._come = self._there = 0  # what can come at all, and what reads can get, just now
        # The locks that are held where a cell is read, and where a value is written.
        self._reads: dict[str, set[frozenset[str]]] = {}
        self._writes: dict[int, set[frozenset[str]]] = {}
        self._find_locked()

    def writes(
        self,
        thread: int,
        passed: int,
        nodes: Sequence[Waiting | None],
        there: There,
        same: int,
        value: int,
    ) -> int:
        """What other threads may write that need not come after a read of a thread.

        passed  what that thread has passed since
        nodes   where each thread is; None of one that has ended
        same    the writes of the cell that is read
        value   that which the read is to get; 0 of one that has it
        """
        key = (thread, passed, tuple(nodes), there, same, value)
        if key not in self._known:
            self._known[key] = self._of(thread, passed, nodes, there, same, value)
        return self._known[key]

    def passed(self, thread: int, steps: Sequence[tuple[int, int]]) -> int:
        """What a thread has passed from a read on, which is the first of these steps: its node,
        and the answer."""
        code, state = self._codes[thread], _START
        for node, answer in steps:
            edge = next(each for each in self._edges_of(code, node) if each.answer == answer)
            state = _after(state, edge)
        return state

    def _of(
        self,
        thread: int,
        passed: int,
        nodes: Sequence[Waiting | None],
        there: There,
        same: int,
        value: int,
    ) -> int:
        self._come = self._flow(thread, nodes, there, value)
        if not self._come & (value or same):
            return 0
        self._there = there.loads | self._come
        start = nodes[thread]
        own = 0 if start is None else self._own(self._codes[thread], start.node, passed)
        others = {
            other: 0
            for other, waiting in enumerate(nodes)
            if other != thread and waiting is not None
        }
        late = self._late(thread, nodes, same)
        changed = True
        while changed:
            changed = False
            for other in others:
                found = self._released(other, nodes, own, others, there)
                if other in late:
                    found &= ~same
                changed |= found != others[other]
                others[other] = found
        paying = 0
        for other in others:  # whoever took a later write of that cell comes too late for it
            if other not in late:
                paying |= self._released(other, nodes, own & ~same, others, there)
        return paying & same

    def _late(self, thread: int, nodes: Sequence[Waiting | None], same: int) -> set[int]:
        """Who waits for that cell too, and gets nothing there but what comes after a write of it by
        the thread: so all that these write to it comes too late to be read before that."""
        others = {
            other: waiting
            for other, waiting in enumerate(nodes)
            if other != thread and waiting is not None
        }
        late = {
            other
            for other, waiting in others.items()
            if waiting.waits and self._asks(other, waiting.node) & same
        }
        early = any(
            other not in late and self._codes[other].may_write(waiting.node) & same
            for other, waiting in others.items()
        )
        return set() if early else late

    def _asks(self, thread: int, node: int) -> int:
        """What may be read at a node, as bits."""
        found = 0
        for edge in self._edges_of(self._codes[thread], node):
            found |= edge.reads
        return found

    def _released(
        self,
        other: int,
        nodes: Sequence[Waiting | None],
        own: int,
        others: Mapping[int, int],
        there: There,
    ) -> int:
        """What another thread may write, if that of its own and of the rest is loose."""
        waiting, loose = nodes[other], own
        assert waiting is not None, "it has not ended"
        for each, writes in others.items():
            if each != other:
                loose |= writes
        return self._reached(self._codes[other], waiting, loose, there)

    def _flow(self, thread: int, nodes: Sequence[Waiting | None], there: There, value: int) -> int:
        """What can come at all, as bits, if the thread gets that value (0: it has it): reads get
        what is there or comes, and who waits what comes alone."""
        come = 0
        while True:
            more = come
            for each, waiting in enumerate(nodes):
                if waiting is None:
                    continue
                first = there.loads | come
                if waiting.waits:
                    first = value if each == thread and value else come
                code, seen, left = self._codes[each], {waiting.node}, [waiting.node]
                while left:
                    node = left.pop()
                    gets = first if node == waiting.node else there.loads | come
                    for edge in self._edges_of(code, node):
                        if edge.reads and not edge.reads & gets:
                            continue
                        more |= edge.writes
                        if edge.goal not in seen:
                            seen.add(edge.goal)
                            left.append(edge.goal)
            if more == come:
                return come
            come = more

    def _own(self, code: Code, start: int, passed: int) -> int:
        """What the thread itself may write that need not come after its read."""
        seen, left, found = {(start, passed)}, [(start, passed)], 0
        while left:
            node, state = left.pop()
            for edge in self._edges_of(code, node):
                if node != start and edge.reads and not edge.reads & self._there:
                    continue
                after = _after(state, edge)
                if not edge.released and state != _ORDERED:
                    found |= edge.writes
                place = edge.goal, after
                if after != _ORDERED and place not in seen:
                    seen.add(place)
                    left.append(place)
        return found

    def _reached(self, code: Code, waiting: Waiting, loose: int, there: There) -> int:
        """What a thread may write without having waited for what is ordered: only `loose` writes
        may come. What is there may be taken, but by what waits for something else."""
        seen, left, found = {waiting.node}, [waiting.node], 0
        while left:
            node = left.pop()
            for edge in self._edges_of(code, node):
                gets = self._come if node == waiting.node and waiting.waits else self._there
                if edge.reads and not edge.reads & gets:
                    continue
                old = there.pairs if edge.pairs else there.loads
                if node == waiting.node and waiting.waits:
                    old = 0
                more = 0 if edge.locked else loose | self._plain
                if edge.acquires and not edge.reads & (old | more):
                    continue
                found |= edge.writes
                if edge.goal not in seen:
                    seen.add(edge.goal)
                    left.append(edge.goal)
        return found

    def _find_locked(self) -> None:
        """Under which locks cells are written and read."""
        for code in self._codes:
            for node in code.fed:
                for edge in _edges(code, node):
                    pending = code.automaton.pending(node)
                    assert isinstance(pending, AboutTo | Closing), "it has not ended"
                    if isinstance(pending, Closing):
                        continue
                    cell = pending.operation.facts.cell
                    if cell is None:
                        continue
                    locks = code.held[node]
                    if edge.reads:
                        self._reads.setdefault(cell, set()).add(locks)
                    if edge.writes:
                        self._writes.setdefault(edge.writes, set()).add(locks)

    def _edges_of(self, code: Code, node: int) -> tuple[Edge, ...]:
        if (code, node) not in self._edges:
            self._edges[code, node] = tuple(
                self._locked(code, node, each) for each in _edges(code, node)
            )
        return self._edges[code, node]

    def _locked(self, code: Code, node: int, edge: Edge) -> Edge:
        """The edge, with what locks order: sections of one lock come one after the other, so a read
        in one acquires what was written in another, and that was released."""
        pending = code.automaton.pending(node)
        locks = code.held[node]
        if not locks or not isinstance(pending, AboutTo):
            return edge
        cell = pending.operation.facts.cell or ""
        acquires = all(locks & each for each in self._writes.get(edge.reads, ()))
        released = all(locks & each for each in self._reads.get(cell, ()))
        return edge._replace(
            acquires=edge.acquires or (bool(edge.reads) and acquires),
            locked=bool(edge.reads) and acquires,
            released=edge.released or (bool(edge.writes) and released),
        )


# What a thread has passed since a read: not even that; that alone; the release of a lock, which
# orders with the acquire of one; or what orders all that follows.
_START: Final = 0
_BEGUN: Final = 1
_FREED: Final = 2
_ORDERED: Final = 3


def _after(state: int, edge: Edge) -> int:
    """What is passed after one more step; of the read itself, what it orders."""
    if edge.full or (state == _START and edge.acquires and not edge.locked) or state == _ORDERED:
        return _ORDERED
    if edge.lock == "frees":
        return _FREED
    if state == _FREED:
        return _ORDERED if edge.lock == "takes" else _FREED
    return _BEGUN


def _edges(code: Code, node: int) -> Iterator[Edge]:
    pending = code.automaton.pending(node)
    for answer, goal in code.fed[node].items():
        if goal is None:
            continue
        operation = pending.operation if isinstance(pending, AboutTo) else None
        if not isinstance(operation, CellOperation):
            full = operation is not None and operation.facts.fence == "mb"
            yield Edge(answer, goal, 0, False, False, 0, False, None, full)
            continue
        facts = operation.facts
        reads = 0 if facts.blind else code.writes.bit(operation.cell, answer)
        written = code.written(operation, answer)
        stores, pairs = written != 0, facts.stores and not facts.blind
        full = facts.order == "full" and stores
        released = full or facts.lock == "frees" or (facts.order == "release" and stores)
        acquires = full or facts.lock == "takes" or (facts.order == "acquire" and bool(reads))
        if pairs and not stores:
            acquires = False
        lock = facts.lock if stores else None
        yield Edge(answer, goal, reads, acquires, pairs and stores, written, released, lock, full)
