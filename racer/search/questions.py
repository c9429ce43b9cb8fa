"""What can be said of all schedules of a program: searches over its states, for one label.

Every question is a depth-first search that stops at the first schedule which answers it, over
all moves. States are taken up to symmetry of the copies that a question does not name.

Bound    So many visited (state, progress) pairs, in all questions of one Questions together.
         A model that fails in a state that is met makes the question unanswerable, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from racer.errors import ModelError
from racer.lang.outcomes import DEADLOCK, Blocked
from racer.machine.interface import Broken, Successors, System
from racer.machine.layout import State
from racer.machine.moves import Move, agent_of, thread_of
from racer.search.edges import Edges
from racer.search.fairness import fair_schedule
from racer.search.limits import Budget, Unanswered
from racer.search.preemptions import Remembering
from racer.search.symmetry import Symmetric, groups_of
from racer.search.walk import DepthFirst, along, reachable

STATES: Final = 100_000  # mostly far fewer, and less than a second; at worst some ten seconds
OPEN_STATES: Final = 5_000  # where new edges of the automata have to be found by running threads


class Point(NamedTuple):
    """A step by its thread's position and its number within the thread, from 1."""

    thread: int
    step: int


class Before(NamedTuple):
    """`first` happens, and `then` does not happen before it."""

    first: Point
    then: Point


_Node = tuple[State, int]  # a state, and how far the threads have come


class Questions:
    """Questions about one label, over `states` states at most, and until `deadline`.

    Errors of all: Unanswered.
    """

    def __init__(
        self, system: System, label: str, states: int, deadline: float | None = None
    ) -> None:
        self.system = system
        self._label = label
        self._moves = Remembering(system)
        self._shows: dict[State, bool] = {}
        self._budget = Budget(states, deadline)
        self._canonical = Symmetric(system).canonical
        self._inevitable: set[State] = set()
        self._unending: set[State] = set()
        self._quotients: dict[frozenset[int], Callable[[State], State]] = {}

    def successors(self, state: State) -> Successors:
        try:
            return self._moves.successors(state)
        except (Broken, ModelError) as error:
            raise Unanswered("the model fails in some schedule") from error

    def states_along(self, moves: Iterable[Move]) -> list[State]:
        """The states of a schedule, the initial one included."""
        return list(along(self.system.initial(), moves, self.successors))

    def shows(self, state: State) -> bool:
        """Whether every continuation shows the label because it has been shown already."""
        known = self._shows.get(state)
        if known is None:
            known = self._shows[state] = self._label in self.system.labels(state)
        return known

    def shows_at_end(self, state: State) -> bool:
        """Whether a schedule that ends in this state shows the label."""
        if not self.system.ended(state):
            return self._label == DEADLOCK or self.shows(state)
        return self._label in self.system.unmet(state) or self.shows(state)

    def avoidable(self, state: State) -> bool:
        """Whether some continuation, to an end or for ever, never shows the label.

        The search stops at the first one, so that every state it has left before was searched
        in vain: those are remembered as inevitable.
        """
        start = self._canonical(state)
        if self.shows(start) or start in self._inevitable:
            return False
        walk = DepthFirst(start, self._continuations)
        for event, current in walk:
            if event == "met" and current in walk.place:
                return True  # round and round, without the label
            if event == "leave":
                if not self.successors(current) and not self.shows_at_end(current):
                    return True
                self._inevitable.add(current)
        return False

    def may_end(self, state: State) -> bool:
        """Whether an end can be reached, or a state in which all threads have ended that have to.

        The states from which none can are remembered.
        """

        def following(state: State) -> list[State]:
            self._budget.spend()
            after = [self._canonical(each) for _, each in self.successors(state)]
            return [each for each in after if each not in self._unending]

        start = self._canonical(state)
        seen = []
        if start in self._unending:
            return False
        for each in reachable(start, following):
            if self.system.settled(each) or not self.successors(each):
                return True
            seen.append(each)
        self._unending.update(seen)
        return False

    def may_change(self, state: State, threads: frozenset[int]) -> bool:
        """Whether one of the threads can change a cell, now or later."""
        canonical, memory = self._up_to(threads), self.system.memory

        def following(state: State) -> list[State]:
            self._budget.spend()
            return [canonical(after) for _, after in self.successors(state)]

        return any(
            self._is_of(move, threads) and memory(after) != memory(each)
            for each in reachable(canonical(state), following)
            for move, after in self.successors(each)
        )

    def _continuations(self, state: State) -> list[State]:
        """What may follow without the label, as far as it is not known to be inevitable then."""
        self._budget.spend()
        following = [self._canonical(after) for _, after in self.successors(state)]
        return [
            after for after in following if after not in self._inevitable and not self.shows(after)
        ]

    def counterexample(
        self, constraints: Sequence[Before], turns: int, *, kept_to: bool = False
    ) -> list[Move] | None:
        """A maximal schedule that satisfies all constraints and never shows the label.

        One that is infinite goes round a cycle for ever; it is given with `turns` turns of it.
        If the constraints are `kept_to`, each `then` waits for its `first`, and a schedule also
        counts that comes to where nothing moves but what waits so, or ends without a `first`, or
        goes on for ever without one although every thread goes on that can.
        """
        progress = _Progress(constraints)
        canonical = self._up_to(progress.threads)
        look = partial(self._allowed, progress=progress, canonical=canonical)
        start: _Node = (canonical(self.system.initial()), 0)
        if self.shows(start[0]):
            return None

        agents, after_step = self._moves.agents, progress.after

        def following(node: _Node) -> list[_Node]:
            self._budget.spend()
            state, done = node
            found = []
            for (_, after), agent in zip(self.successors(state), agents(state), strict=True):
                progressed = after_step(done, agent)
                if progressed is not None and not self.shows(after):
                    found.append((canonical(after), progressed))
            return found

        walk = DepthFirst(start, following)
        endless = False
        for event, node in walk:
            state, done = node
            if event == "met" and node in walk.place:
                endless = True
                if progress.complete(done):
                    place = walk.place[node]
                    cycle = [*walk.path[place + 1 :], node]
                    return self._concrete([*walk.path[: place + 1], *cycle * turns], look)
            if event == "leave":
                if self.successors(state):
                    ends = kept_to and not look(node)
                else:
                    complete = kept_to or progress.complete(done)
                    ends = complete and not self.shows_at_end(state)
                if ends:
                    return self._concrete(walk.path, look)
        return self._in_vain(progress, turns) if kept_to and endless else None

    def _in_vain(self, progress: _Progress, turns: int) -> list[Move] | None:
        """A fair schedule that goes on for ever without the label while some thread waits.

        Copies are told apart, because one of them may wait while another goes on.
        """
        start: _Node = (self.system.initial(), 0)
        numbers = {start: 0}
        nodes = [start]
        edges = Edges()
        able: list[frozenset[int]] = []
        for node in nodes:  # grows while it is read
            self._budget.spend()
            allowed = self._allowed(node, progress=progress, canonical=lambda state: state)
            able.append(frozenset(agent_of(move) for move, _, _ in allowed))
            row = []
            for move, state, after in allowed:
                if not self.shows(state):
                    if after not in numbers:
                        numbers[after] = len(nodes)
                        nodes.append(after)
                    row.append((move, numbers[after]))
            edges.add_state()
            edges.put(len(edges) - 1, row)
        schedule = fair_schedule(edges, able, turns)
        return None if schedule is None else [move for move, _ in schedule]

    def _allowed(
        self, node: _Node, *, progress: _Progress, canonical: Callable[[State], State]
    ) -> list[tuple[Move, State, _Node]]:
        """The moves that no constraint forbids, with the state and the node that they lead to."""
        state, done = node
        found = []
        for move, after in self.successors(state):
            progressed = progress.after(done, agent_of(move))
            if progressed is not None:
                found.append((move, after, (canonical(after), progressed)))
        return found

    def _concrete(
        self, path: list[_Node], look: Callable[[_Node], list[tuple[Move, State, _Node]]]
    ) -> list[Move]:
        """A schedule along the nodes of a path, by least moves."""
        state, done = self.system.initial(), 0
        moves = []
        for goal in path[1:]:
            move, state, _ = next(each for each in look((state, done)) if each[2] == goal)
            done = goal[1]
            moves.append(move)
        return moves

    def _up_to(self, named: frozenset[int]) -> Callable[[State], State]:
        """What makes states one that permute copies not among the named threads."""
        known = self._quotients.get(named)
        if known is None:
            names, groups = self.system.names, self.system.groups
            apart = [names[t] if t in named else f"{group}.*" for t, group in enumerate(groups)]
            copies = groups_of(self.system, apart)

            def canonical(state: State) -> State:
                for group in copies:
                    state += group.sorting(state)
                return state

            known = self._quotients[named] = canonical
        return known

    def fewest_threads(self) -> tuple[int, ...] | None:
        """The least set of threads whose steps alone show the label; None if none do.

        Sets are tried by size, then by group; of copies the first ones are taken.
        """
        names = self.system.names
        groups: dict[str, list[int]] = {}
        for thread, group in enumerate(self.system.groups):
            groups.setdefault(group, []).append(thread)
        for size in range(len(names) + 1):
            for numbers in _counts([len(copies) for copies in groups.values()], size):
                chosen = [
                    thread
                    for number, copies in zip(numbers, groups.values(), strict=True)
                    for thread in copies[:number]
                ]
                if self._shown_by(frozenset(chosen)):
                    return tuple(sorted(chosen))
        return None

    def _shown_by(self, threads: frozenset[int]) -> bool:
        def own(state: State) -> list[State]:
            self._budget.spend()
            return [after for move, after in self.successors(state) if self._is_of(move, threads)]

        for state in reachable(self.system.initial(), own):
            if self.shows(state):
                return True
            if self._label == DEADLOCK and self._stuck_for_ever(state, threads):
                return True
        return False

    def _stuck_for_ever(self, state: State, threads: frozenset[int]) -> bool:
        """Whether some of these threads are blocked, and none of them ever moves again."""
        came_to = dict(self.system.outcome(state))
        if not any(isinstance(came_to[self.system.names[t]], Blocked) for t in threads):
            return False

        def following(state: State) -> list[State]:
            self._budget.spend()
            return [after for _, after in self.successors(state)]

        return not any(
            self._is_of(move, threads)
            for each in reachable(state, following)
            for move, _ in self.successors(each)
        )

    def _is_of(self, move: Move, threads: frozenset[int]) -> bool:
        """Whether it is a move of one of the threads, or of what works for it."""
        return thread_of(move, self.system.agents) in threads


def _counts(most: Sequence[int], total: int) -> Iterator[tuple[int, ...]]:
    """All ways to take `total` of groups of these sizes: how many of each."""
    if not most:
        yield ()
        return
    rest = sum(most[1:])
    for taken in range(max(0, total - rest), min(most[0], total) + 1):
        for others in _counts(most[1:], total - taken):
            yield (taken, *others)


class _Progress:
    """How far the threads have come, as far as constraints ask: packed counts of their steps.

    Shape    a field of bits for each thread that some constraint names, which counts its steps
             up to the largest that is named. `_of` has by thread where its field begins, that
             largest number, and by step the fields that must have come so far before.
    """

    def __init__(self, constraints: Sequence[Before]) -> None:
        most: dict[int, int] = {}
        for constraint in constraints:
            for thread, step in constraint:
                most[thread] = max(step, most.get(thread, 0))
        width = max(most.values(), default=0).bit_length()
        shift = {thread: n * width for n, thread in enumerate(sorted(most))}
        self._mask = (1 << width) - 1
        self._of: dict[int, tuple[int, int, dict[int, list[tuple[int, int]]]]] = {
            thread: (shift[thread], most[thread], {}) for thread in most
        }
        for first, then in constraints:
            needs = self._of[then.thread][2].setdefault(then.step, [])
            needs.append((shift[first.thread], first.step))
        self.threads = frozenset(most)
        self._firsts = sorted({(shift[first.thread], first.step) for first, _ in constraints})

    def after(self, done: int, thread: int) -> int | None:
        """With one more step of a thread; None where a constraint forbids it."""
        known = self._of.get(thread)
        if known is None:
            return done
        shift, most, needs = known
        step = ((done >> shift) & self._mask) + 1
        if step > most:
            return done
        for other, least in needs.get(step, ()):
            if (done >> other) & self._mask < least:
                return None
        return done + (1 << shift)

    def complete(self, done: int) -> bool:
        """Whether every step that has to happen has."""
        return all((done >> shift) & self._mask >= step for shift, step in self._firsts)
