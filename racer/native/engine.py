"""One compiled search of one program: it is given tables as it asks for them, and read at the end.

What is missing is asked for in batches: it goes on from where it stopped as soon as that is there.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Any, Final

from racer.errors import InternalError
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.machine.flat import FlatEdge, FlatSpecial, FlatTables, Pairs, TooLarge
from racer.machine.interface import Future
from racer.machine.layout import WORD, Field, State
from racer.machine.moves import Move
from racer.native.library import loaded
from racer.native.states import States

_MOST_WORDS: Final = 32  # of a state, as in source/kernel.h
_MOST_EDGES: Final = 10_000  # of automata, which are small
_MOST_FUTURES: Final = 5_000  # of which each pair has a byte
_WHAT: Final = {"step": 2, "ended": 3, "closing": 4, "raised": 5}
_FAILS: Final = 2  # of truths
_HANDED_OVER: Final = -2  # of targets: Python is asked


class Status(IntEnum):
    """Why a run has stopped."""

    DONE = 0
    SLICE = 1
    MISSED = 2
    HANDED = 3
    FULL = 4
    NO_MEMORY = 5
    BAD_GOAL = 6


class _Miss(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("what", "kind", "node", "value")),
        ("state", ctypes.c_uint64 * _MOST_WORDS),
    )


def _unasked(own: Future, other: Future) -> bool:
    raise InternalError("nothing is reduced, and it was asked what may conflict")


class Engine:
    """A search that has not begun. `groups` are the threads of each that are interchangeable.

    Errors   TooLarge for what does not fit; MemoryError.
    """

    def __init__(
        self,
        tables: FlatTables,
        groups: Sequence[Sequence[int]],
        initial: State,
        *,
        edges: bool = True,
    ) -> None:
        library = loaded().library
        self.words = max(1, tables.layout.words)
        if library is None or self.words > _MOST_WORDS or not tables.fits:
            raise TooLarge
        self._call: Any = library
        self._tables = tables
        self._groups = groups
        self._labels: dict[str, int] = {}
        self._reads = [0] * len(tables.predicates)
        self._futures: list[Future] = []
        self._may_conflict: Callable[[Future, Future], bool] = _unasked
        told = array("q", self._description(groups, edges=edges))
        self._here = ctypes.c_void_p(library.racer_new(longs(told)))
        if not self._here:
            raise MemoryError
        for predicate in range(len(tables.predicates)):
            self._look_at(predicate)
        self._need(library.racer_start(self._here, self._packed(initial)))

    def __del__(self) -> None:
        here = getattr(self, "_here", None)
        if here:
            self._call.racer_free(here)

    def _description(self, groups: Sequence[Sequence[int]], *, edges: bool) -> Iterable[int]:
        """As racer_new() in source/tables.c reads it."""
        tables = self._tables
        yield from (self.words, len(tables.threads), tables.kinds, len(tables.cells))
        yield from (len(tables.predicates), len(groups), len(tables.broken))
        yield from (tables.consistent, tables.sometimes, int(edges), int(tables.grows))
        for thread in tables.threads:
            yield thread.kind
            yield from (*_place(thread.node), *_place(thread.part), len(thread.windows))
            for window in thread.windows:
                yield from _place(window)
        for cell in tables.cells:
            yield from _place(cell)
        for predicate in range(len(tables.predicates)):
            watched = tables.declared[predicate] if predicate < len(tables.declared) else ()
            yield from (len(watched), *watched)
        for group in groups:
            yield from (len(group), *group)
        first = len(tables.declared)
        for at, (field, name) in enumerate(tables.broken):
            yield from (*_place(field), first + at, self._label(name))
        first += len(tables.broken)
        yield from range(first, len(tables.predicates))

    def _label(self, name: str | None) -> int:
        return -1 if name is None else self._labels.setdefault(name, len(self._labels))

    def _packed(self, state: State) -> Any:
        return (ctypes.c_uint64 * self.words).from_buffer_copy(
            state.to_bytes(self.words * WORD // 8, "little")
        )

    def _unpacked(self, words: Any) -> State:
        return int.from_bytes(bytes(words)[: self.words * WORD // 8], "little")

    def _need(self, status: int) -> None:
        if status == Status.NO_MEMORY:
            raise MemoryError(OUT_OF_MEMORY)

    def reduce(
        self, futures: Sequence[Sequence[Future]], may_conflict: Callable[[Future, Future], bool]
    ) -> None:
        """Explore stubborn sets only; by thread and node, what may be touched from there on.

        Errors   TooLarge.
        """
        numbers: dict[Future, int] = {}
        kinds: dict[int, list[int]] = {}
        for thread, own in zip(self._tables.threads, futures, strict=True):
            if thread.kind not in kinds:
                kinds[thread.kind] = [numbers.setdefault(each, len(numbers)) for each in own]
        if len(numbers) > _MOST_FUTURES:
            raise TooLarge
        told = array("q", (len(numbers),))
        for kind in range(self._tables.kinds):
            told.extend((len(kinds[kind]), *kinds[kind]))
        self._futures, self._may_conflict = list(numbers), may_conflict
        self._need(self._call.racer_reduce(self._here, longs(told)))

    def run(self, until: int, most: int | None) -> Status:
        """Expand states until so many are expanded, or something stops that."""
        limit = (1 << 63) if most is None else most
        while True:
            status = Status(self._call.racer_run(self._here, until, limit))
            if status is not Status.MISSED:
                return status
            self._fill()

    def _fill(self) -> None:
        """Give what is missing."""
        count = self._sizes()[4]
        missing = (_Miss * count).from_address(self._call.racer_array(self._here, 6))
        for miss in missing:
            match miss.what:
                case 0:
                    self._give_node(miss.kind, miss.node)
                case 1:
                    self._give_row(miss.kind, miss.node, miss.value)
                case 2:
                    target = self._tables.target(miss.kind, miss.node, miss.value)
                    goal = _HANDED_OVER if target is None else target
                    self._call.racer_target(self._here, miss.kind, miss.node, miss.value, goal)
                case 3:
                    self._give_truth(miss.kind, miss.state)
                case 5:
                    goal = self.goal_of_end(self._unpacked(miss.state))
                    self._call.racer_end(self._here, miss.node, goal)
                case _:
                    own, other = self._futures[miss.node], self._futures[miss.value]
                    truth = int(self._may_conflict(own, other))
                    self._call.racer_conflict(self._here, miss.node, miss.value, truth)
        if not count:
            raise MemoryError(OUT_OF_MEMORY)  # there was none to say what is missing

    def goal_of_end(self, state: State) -> int:
        """Which goal a state without moves shows; -1: none."""
        raise InternalError("no schedule is looked for, and it was asked what an end shows")

    def _give_node(self, kind: int, node: int) -> None:
        own = self._tables.node(kind, node)
        label = self._label(own.label)
        told = _ints(
            (
                _WHAT[own.what],
                own.cell,
                label,
                own.slot,
                own.watch,
                int(own.atomic),
                int(own.answers),
            )
        )
        pairs = _pairs(own.opened)
        self._need(
            self._call.racer_node(
                self._here, kind, node, told, len(own.opened), pairs, max(1, own.values)
            )
        )

    def _give_row(self, kind: int, node: int, value: int) -> None:
        told: list[int] = []
        edges: list[FlatEdge] = self._tables.row(kind, node, value)
        for edge in edges:
            special = -1 if edge.special is None else self._give_special(edge.special)
            told += (edge.target, edge.after, edge.option, special)
        self._need(self._call.racer_row(self._here, kind, node, value, len(edges), _ints(told)))

    def _give_special(self, special: FlatSpecial) -> int:
        number: int = self._call.racer_special(
            self._here,
            int(special.fails),
            int(special.settles),
            special.waits,
            special.changes,
            len(special.opens),
            _pairs(special.opens),
        )
        if number < 0:
            raise MemoryError(OUT_OF_MEMORY)
        return number

    def _give_truth(self, predicate: int, words: Any) -> None:
        state = self._unpacked(words)
        truth = self._tables.truth(predicate, state)
        self._look_at(predicate)
        known = _FAILS if truth is None else int(truth)
        self._call.racer_truth(self._here, predicate, words, known)

    def _look_at(self, predicate: int) -> None:
        """Make the table of a predicate anew if it looks at more than was known.

        Errors   TooLarge.
        """
        cells, dims = self._tables.looks_at(predicate)
        shape = hash((tuple(cells), tuple(dims)))
        if self._reads[predicate] != shape:
            self._reads[predicate] = shape
            self._need(
                self._call.racer_predicate(
                    self._here, predicate, len(cells), _ints(cells), _ints(dims)
                )
            )

    def given(self, state: int, found: Sequence[tuple[Move, State]], most: int | None) -> Status:
        """Take what Python has found a state to lead to."""
        for predicate in range(len(self._reads)):
            self._look_at(predicate)
        moves = (ctypes.c_int32 * len(found))(*(move for move, _ in found))
        states = array("Q")
        for _, after in found:
            states.frombytes(after.to_bytes(self.words * WORD // 8, "little"))
        limit = (1 << 63) if most is None else most
        status = Status(
            self._call.racer_given(self._here, state, len(found), moves, words_of(states), limit)
        )
        self._need(status)
        return status

    def _sizes(self) -> Any:
        sizes = (ctypes.c_uint64 * 7)()
        self._call.racer_sizes(self._here, sizes)
        return sizes

    @property
    def count(self) -> int:
        """How many states there are."""
        return int(self._sizes()[0])

    @property
    def expanded(self) -> int:
        return int(self._sizes()[1])

    @property
    def transitions(self) -> int:
        return int(self._sizes()[3])

    @property
    def examined(self) -> int:
        """The first state of which it is not known which `sometimes` predicates hold."""
        return int(self._sizes()[5])

    @property
    def bytes_of_states(self) -> int:
        """What the states take, without their moves."""
        return int(self._sizes()[6])

    def state(self, number: int) -> State:
        """The state of that number."""
        size = self.words * WORD // 8
        at = self._call.racer_array(self._here, 0) + number * size
        return int.from_bytes(ctypes.string_at(at, size), "little")

    def reached(self) -> list[bool]:
        """By `sometimes` predicate, whether some state was found in which it holds."""
        count = self._tables.sometimes
        return [
            bool(each) for each in ctypes.string_at(self._call.racer_array(self._here, 7), count)
        ]

    def full(self) -> bytes:
        """By expanded state, whether all of its moves are explored."""
        return ctypes.string_at(self._call.racer_array(self._here, 8), self.expanded)

    def finish(self) -> None:
        """Give back what only a search that goes on needs."""
        self._call.racer_forget_slots(self._here)

    def rows(self) -> None:
        """Make rows without moves for states that are not expanded."""
        self._call.racer_finish(self._here)

    def states(self) -> Sequence[State]:
        """All states, in the order in which they were found."""
        words = self.view(0, ctypes.c_uint64, self.count * self.words)
        return words if self.words == 1 else States(words, self.words)

    def parents(self) -> Any:
        """By state, the number of that which it was found from; of the first, -1."""
        return self.view(1, ctypes.c_int32, self.count)

    def edges(self) -> tuple[Any, Any, Any, Any]:
        """By state its first and its last edge; by edge its move, and where it leads."""
        sizes = self._sizes()
        count, edges = int(sizes[0]), int(sizes[2])
        return (
            self.view(2, ctypes.c_uint64, count),
            self.view(3, ctypes.c_uint64, count),
            self.view(4, ctypes.c_uint32, edges),
            self.view(5, ctypes.c_uint32, edges),
        )

    def view(self, which: int, kind: Any, count: int) -> Any:
        """An array of the library's, which lives as long as it is looked at. It may move as soon
        as the search goes on."""
        if count == 0:
            return memoryview(b"").cast(kind._type_)
        found = (kind * count).from_address(self._call.racer_array(self._here, which))
        found.owner = self
        return memoryview(found).cast("B").cast(kind._type_)

    def first_with_labels(self) -> dict[str, int]:
        """By label of a violation, the first state that shows it."""
        while True:
            first = (ctypes.c_uint64 * max(1, len(self._labels)))(*[NONE] * len(self._labels))
            status = self._call.racer_labels(self._here, first)
            if status == Status.DONE:
                break
            self._fill()
        return {name: first[at] for name, at in self._labels.items() if first[at] != NONE}

    def edges_taken(self, edges: array[int]) -> list[tuple[int, int]] | None:
        """Number the edges of automata that moves take, in `edges`; by number, the state and the
        position of the move that takes it first. None where that is for Python to say."""
        firsts = array("Q", bytes(16 * _MOST_EDGES))
        count = int(
            self._call.racer_edges(
                self._here, edges.buffer_info()[0], firsts.buffer_info()[0], _MOST_EDGES
            )
        )
        if count == NONE:
            return None
        return [(firsts[2 * at], firsts[2 * at + 1]) for at in range(count)]

    def orbits(self) -> tuple[int, int]:
        """How many states these stand for, and how many moves those have."""
        sums = (ctypes.c_uint64 * 4)()
        self._call.racer_orbits(self._here, sums)
        return sums[0] + (sums[1] << WORD), sums[2] + (sums[3] << WORD)


NONE: Final = (1 << WORD) - 1


def _place(field: Field) -> tuple[int, int]:
    return field.shift, field.mask.bit_length()


def _ints(values: Sequence[int]) -> Any:
    return (ctypes.c_int32 * max(1, len(values)))(*values)


def _pairs(pairs: Pairs) -> Any:
    return _ints([each for pair in pairs for each in pair])


def longs(values: array[int]) -> Any:
    """An array as the library takes it."""
    return (ctypes.c_int64 * len(values)).from_buffer(values)


def words_of(values: array[int]) -> Any:
    """Words as the library takes them."""
    if not values:
        return (ctypes.c_uint64 * 1)()
    return (ctypes.c_uint64 * len(values)).from_buffer(values)
