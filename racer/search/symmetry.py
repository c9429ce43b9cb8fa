"""Symmetry: copies of a thread are interchangeable, so states that permute them are one.

`Symmetric` is a System over canonical states: within each group of copies, the copies' own
parts of the state (node and window monitors) are sorted. Everything else is untouched: cells
cannot tell copies apart, since copies get the same arguments and take part by their results
alone, and locks do not record their holder.

Moves keep their threads, and two copies in the same situation keep a move each, leading to the
same state. So the number of paths to a canonical state is the number of schedules to all the
states it stands for, and exact counts need no correction factor.

Source   Ip, Dill, "Better verification through symmetry", Formal Methods in System Design 9,
         1996; Clarke, Enders, Filkorn, Jha, "Exploiting symmetry in temporal logic model
         checking", same volume.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import groupby

from racer.lang.operations import Operation
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.lang.values import describe, value_key
from racer.machine.flat import FlatTables
from racer.machine.interface import Future, Numbered, Successors, System
from racer.machine.layout import Field, State
from racer.machine.moves import Move


class Group:
    """The copies of one thread: `threads` in order, each with its own bits of the state."""

    def __init__(self, threads: Sequence[int], fields: Sequence[Field]) -> None:
        self.threads = tuple(threads)
        self.fields = tuple(fields)
        first, last = fields[0], fields[-1]
        width = last.shift - first.shift + last.mask.bit_length()
        self.block = Field(first.shift, (1 << width) - 1)
        self._all = (1 << len(self.threads)) - 1
        self._alike: dict[tuple[int, bool, int], frozenset[int]] = {}
        # Blocks seen, and what to add to them; with the marks of the copies, before and after.
        self._sorted: dict[tuple[int, int, int], tuple[int, int]] = {}

    def parts(self, state: State) -> list[int]:
        return [(state >> field.shift) & field.mask for field in self.fields]

    def sorting(self, state: State) -> int:
        """What to add to `state` to sort this group's parts."""
        return self.sorting_behind(state, -1, 0)[0]

    def sorting_behind(self, state: State, position: int, marks: int) -> tuple[int, int]:
        """The same, but the copy at `position` (if not -1) comes first, and the rest sorted.

        `marks` is a set of threads, as a number with a bit for each; copies with the same part are
        sorted by them. They move with their copies: what becomes of them is given, too.
        """
        block = (state >> self.block.shift) & self.block.mask
        mine = marks >> self.threads[0] & self._all
        found = self._sorted.get((block, position, mine))
        if found is None:
            parts = self.parts(state)
            rest = [at for at in range(len(parts)) if at != position]
            rest.sort(key=lambda at: (parts[at], mine >> at & 1))
            order = [position, *rest] if position >= 0 else rest
            delta = self.moved(parts, [parts[at] for at in order])
            after = sum((mine >> at & 1) << place for place, at in enumerate(order))
            found = self._sorted[block, position, mine] = delta, (after ^ mine) << self.threads[0]
        return found[0], marks ^ found[1]

    def alike(self, state: State, last: int, marks: int) -> frozenset[int]:
        """The copies that are as one before them, in part and mark, the `last` thread apart.

        `state` and `marks` are sorted, behind `last` if that is one of these copies.
        """
        block = (state >> self.block.shift) & self.block.mask
        mine = marks >> self.threads[0] & self._all
        key = (block, last == self.threads[0], mine)
        found = self._alike.get(key)
        if found is None:
            own = [(part, mine >> at & 1) for at, part in enumerate(self.parts(state))]
            first = 2 if key[1] else 1
            repeats = [at for at in range(first, len(own)) if own[at] == own[at - 1]]
            found = self._alike[key] = frozenset(self.threads[at] for at in repeats)
        return found

    def moved(self, before: Sequence[int], after: Sequence[int]) -> int:
        """What to add to a state to put the parts `after` in place of `before`."""
        delta = 0
        for field, old, new in zip(self.fields, before, after, strict=True):
            if old != new:  # both fit, since copies have fields of one width
                delta += (new - old) << field.shift
        return delta


def groups_of(system: System, groups: Sequence[str]) -> tuple[Group, ...]:
    """The groups with more than one copy; `groups` names each thread's."""
    found = []
    for _, threads in groupby(range(len(groups)), key=lambda thread: groups[thread]):
        members = list(threads)
        if len(members) > 1:
            found.append(Group(members, [system.locals[thread] for thread in members]))
    return tuple(found)


class Symmetric:
    """The quotient of a System by the permutations of its copies."""

    def __init__(self, system: System) -> None:
        self.agents = system.agents
        self.names = system.names
        self.groups = system.groups
        self.locals = system.locals
        self.system = system  # of the states before they are permuted
        self._copies = groups_of(system, system.groups)

    def canonical(self, state: State) -> State:
        """The state that stands for all that permute copies of it."""
        for group in self._copies:
            state += group.sorting(state)
        return state

    def arrangement(self, state: State) -> tuple[int, ...]:
        """By thread of a state: which one takes its part in the canonical state."""
        found = list(range(len(self.names)))
        for group in self._copies:
            parts = group.parts(state)
            ordered = sorted(range(len(parts)), key=parts.__getitem__)
            for position, copy in enumerate(ordered):
                found[group.threads[copy]] = group.threads[position]
        return tuple(found)

    def orbit(self, state: State) -> int:
        """How many states a canonical state stands for."""
        size = 1
        for group in self._copies:
            alike = Counter(group.parts(state)).values()
            size *= math.factorial(len(group.threads))
            for count in alike:
                size //= math.factorial(count)
        return size

    def initial(self) -> State:
        return self.canonical(self.system.initial())

    def successors(self, state: State) -> Successors:
        found = self.system.successors(state)
        if not self._copies:
            return found
        return [(move, self.canonical(after)) for move, after in found]

    def take_over(self, grown: System, nodes: Sequence[Mapping[int, int]]) -> None:
        self.system.take_over(grown, nodes)

    def numbered(self) -> Sequence[Numbered]:
        return self.system.numbered()

    def number_again(self, found: Sequence[Numbered]) -> None:
        self.system.number_again(found)

    def flat(self, sometimes: Sequence[str]) -> FlatTables | None:
        return self.system.flat(sometimes)

    @property
    def copies(self) -> tuple[Group, ...]:
        """What is sorted."""
        return self._copies

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        return self.system.event(state, move)

    def edge(self, before: State, move: Move, after: State) -> Hashable | None:
        return self.system.edge(before, move, after)

    def dependent(self, state: State, a: Move, b: Move) -> bool:
        return self.system.dependent(state, a, b)

    def control(self, state: State) -> int:
        return self.system.control(state)

    def futures(self, state: State) -> tuple[Future, ...] | None:
        return self.system.futures(state)

    def futures_by_node(self) -> tuple[Sequence[Future], ...] | None:
        return self.system.futures_by_node()

    def labels(self, state: State) -> tuple[str, ...]:
        return self.system.labels(state)

    def outcome(self, state: State) -> OutcomeKey:
        return self.system.outcome(state)

    def ended(self, state: State) -> bool:
        return self.system.ended(state)

    def settled(self, state: State) -> bool:
        return self.system.settled(state)

    def perpetual(self, state: State) -> tuple[int, ...]:
        return self.system.perpetual(state)

    def held(self, state: State) -> bool:
        return self.system.held(state)

    def atomic(self, state: State, thread: int) -> bool:
        return self.system.atomic(state, thread)

    def memory(self, state: State) -> int:
        return self.system.memory(state)

    def unmet(self, state: State) -> tuple[str, ...]:
        return self.system.unmet(state)

    def reached(self, state: State, predicate: str) -> bool:
        return self.system.reached(state, predicate)


def outcome_family(outcome: OutcomeKey, groups: Sequence[str]) -> Hashable:
    """Equal for two outcomes exactly when they permute the copies of each other."""
    family = []
    position = 0
    for _, members in groupby(groups):
        count = len(list(members))
        part = Counter(value_key(value) for _, value in outcome[position : position + count])
        family.append(frozenset(part.items()))
        position += count
    return tuple(family)


def outcome_orbit(outcome: OutcomeKey, groups: Sequence[str]) -> list[OutcomeKey]:
    """All outcomes that permute the copies of `outcome`, each once, in a fixed order."""
    expanded = [OutcomeKey()]
    position = 0
    for _, members in groupby(groups):
        count = len(list(members))
        part = outcome[position : position + count]
        names = [name for name, _ in part]
        expanded = [
            OutcomeKey((*head, *zip(names, values, strict=True)))
            for head in expanded
            for values in _arrangements([value for _, value in part])
        ]
        position += count
    return expanded


def _arrangements(values: list[OutcomeValue]) -> Iterator[tuple[OutcomeValue, ...]]:
    """The distinct orders of a list with repetitions, in lexicographic order of their texts."""
    kinds: dict[Hashable, list[OutcomeValue]] = {}
    for value in sorted(values, key=describe):
        kinds.setdefault(value_key(value), []).append(value)
    yield from _arrange([list(same) for same in kinds.values()], len(values))


def _arrange(kinds: list[list[OutcomeValue]], left: int) -> Iterator[tuple[OutcomeValue, ...]]:
    if left == 0:
        yield ()
        return
    for same in kinds:
        if same:
            value = same.pop()
            for rest in _arrange(kinds, left - 1):
                yield (value, *rest)
            same.append(value)
