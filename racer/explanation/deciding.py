"""The decisive orderings, the point of no return, the threads needed: exact, for one witness.

The orderings are found by refutation, among the candidates of `candidates`. Begin with none of
them; while some schedule satisfies all that were chosen and does not show the label, choose the
most telling candidate that this schedule violates. If it violates none, no set of candidates
suffices. Then drop what can be dropped, the least telling first. Nothing is weakened after that: an
earlier `first`, a later `then`, or what two orderings imply together would suffice, too, but it is
of steps that have nothing to do with each other, be it a lock's acquire and a release after it.

That the steps happen at all is part of an ordering. Where it can fail, the orderings say nothing
of why it does not: a page may have to be freed for A29 to come, and only a lost flag lets it be.
So the enabling orderings are sought next, in the same way: with all of them kept to (each `then`
waits for its `first`), no schedule may come to where it waits in vain, either. Dropping one may
here make another one superfluous, so it is repeated.

Source   deletion and refutation as in Liffiton and Sakallah, "Algorithms for computing minimal
         unsatisfiable subsets of constraints", J. Automated Reasoning 40, 2008.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from racer.errors import InternalError
from racer.explanation.candidates import candidates, last_steps
from racer.explanation.data import NoReturn, NotComputed, Ordering, ThreadsNeeded
from racer.explanation.exact import Exact
from racer.explanation.scene import Scene
from racer.machine.dependence import Watches
from racer.machine.moves import Move, agent_of, packed
from racer.search.limits import Unanswered
from racer.search.questions import Before, Point, Questions


@dataclass(frozen=True, slots=True)
class Decided:
    """The exact parts of an explanation."""

    orderings: tuple[Ordering, ...] | NotComputed
    enabling: tuple[Ordering, ...] | NotComputed
    no_return: NoReturn | NotComputed
    threads_needed: ThreadsNeeded | NotComputed
    escapable: bool | None = None
    spent: tuple[str, ...] = ()


def decide(scene: Scene, exact: Exact | None) -> Decided:
    """All that can be computed; without a program, nothing."""
    absent = NotComputed("under this memory model" if scene.past.trace.agents else "")
    if exact is None:
        return Decided(absent, absent, absent, absent)
    if scene.label not in scene.past.trace.labels:
        absent = NotComputed("this schedule does not show it")
        return Decided(absent, absent, absent, absent)
    watches = {name: watch.cells for name, watch in exact.program.memory.watches.items()}

    def questions() -> Questions:
        """Each part has a budget of its own."""
        return Questions(exact.system, scene.label, exact.states, exact.deadline)

    moves = packed(scene.past.trace.schedule, exact.system.agents)
    if scene.past.trace.cycle:
        if scene.past.trace.kept <= scene.past.trace.perpetual | scene.past.trace.daemons:
            no_return, spent = _no_change(scene, questions(), moves)
            return Decided(absent, absent, no_return, absent, False if spent else None, spent)
        no_return, escapable = _no_end(scene, questions(), moves)
        return Decided(absent, absent, no_return, absent, escapable)
    no_return = _no_return(scene, questions(), moves)
    final = scene.label in exact.program.finally_  # of all threads' ends, so of no fewer threads
    threads_needed = absent if final else _threads_needed(scene, questions())
    orderings, enabling = _orderings(scene, questions(), watches)
    return Decided(
        orderings=orderings,
        enabling=enabling,
        no_return=no_return,
        threads_needed=threads_needed,
    )


# --- the point of no return -----------------------------------------------------------------


def _no_return(scene: Scene, questions: Questions, moves: Sequence[Move]) -> NoReturn | NotComputed:
    """Backwards from the last row: what is inevitable later is so on the way there, too."""
    try:
        states = questions.states_along(moves[: scene.end])
        for row in range(scene.end - 1, -1, -1):
            if questions.avoidable(states[row]):
                return NoReturn(row, scene.names[row], last=row == scene.end - 1)
    except Unanswered as unanswered:
        return NotComputed(str(unanswered))
    return NoReturn(None, None, last=False)


def _no_end(
    scene: Scene, questions: Questions, moves: Sequence[Move]
) -> tuple[NoReturn | NotComputed, bool | None]:
    """The first step after which no end can be reached, and whether one can all the same."""
    try:
        states = questions.states_along(moves[: scene.end])
        if questions.may_end(states[-1]):
            return NotComputed(""), True
        for row, state in enumerate(states):
            if not questions.may_end(state):
                name = scene.names[row - 1] if row else None
                return NoReturn(row - 1 if row else None, name, last=False), False
    except Unanswered as unanswered:
        return NotComputed(str(unanswered)), None
    raise InternalError("no end can be reached from the last of some states, and from each")


def _no_change(
    scene: Scene, questions: Questions, moves: Sequence[Move]
) -> tuple[NoReturn | NotComputed, tuple[str, ...]]:
    """The first step after which threads that need not end change no cell any more, and which."""
    kept = scene.past.trace.kept
    try:
        states = questions.states_along(moves[: scene.end])
        spent = frozenset(
            thread
            for thread, name in enumerate(scene.threads)
            if name in kept and not questions.may_change(states[-1], frozenset((thread,)))
        )
        if not spent:
            return NotComputed(""), ()
        row = next(i for i, state in enumerate(states) if not questions.may_change(state, spent))
    except Unanswered as unanswered:
        return NotComputed(str(unanswered)), ()
    name = scene.names[row - 1] if row else None
    threads = tuple(scene.threads[thread] for thread in sorted(spent))
    return NoReturn(row - 1 if row else None, name, last=False), threads


# --- threads --------------------------------------------------------------------------------


def _threads_needed(scene: Scene, questions: Questions) -> ThreadsNeeded | NotComputed:
    try:
        threads = questions.fewest_threads()
    except Unanswered as unanswered:
        return NotComputed(str(unanswered))
    if threads is None:
        return NotComputed("no schedule of the program shows it")
    return ThreadsNeeded(tuple(scene.threads[thread] for thread in threads))


# --- orderings ------------------------------------------------------------------------------


def _orderings(
    scene: Scene, questions: Questions, watches: Watches
) -> tuple[tuple[Ordering, ...] | NotComputed, tuple[Ordering, ...] | NotComputed]:
    """Those that decide, and those that enable them."""
    refutation = _Refutation(scene, questions, candidates(scene, watches))
    try:
        decisive = refutation.minimal()
    except Unanswered as unanswered:
        return NotComputed(str(unanswered)), NotComputed(str(unanswered))
    told = _told(scene, decisive, refutation.only_happening(decisive))
    try:
        return told, _told(scene, refutation.enabling(decisive))
    except Unanswered as unanswered:
        return told, NotComputed(str(unanswered))


def _told(
    scene: Scene, constraints: list[Before], happening: Collection[Before] = ()
) -> tuple[Ordering, ...]:
    return tuple(
        Ordering(
            scene.step_side(scene.threads[each.first.thread], each.first.step),
            scene.step_side(scene.threads[each.then.thread], each.then.step),
            happens=each in happening,
        )
        for each in sorted(constraints, key=lambda each: _place(scene, each))
    )


def _place(scene: Scene, constraint: Before) -> tuple[int, int, Before]:
    rows = [
        steps[step - 1]
        if step <= len(steps := scene.past.steps[scene.threads[thread]])
        else 1 << 60
        for thread, step in constraint
    ]
    return (rows[1], rows[0], constraint)


class _Refutation:
    """Finds orderings that no counterexample satisfies."""

    def __init__(self, scene: Scene, questions: Questions, candidates: list[Before]) -> None:
        self._scene = scene
        self._questions = questions
        self._candidates = candidates
        self._last = last_steps(scene)
        self._counterexamples: list[Mapping[Point, int]] = []

    def minimal(self) -> list[Before]:
        """Orderings that suffice, none of which can be dropped."""
        chosen: list[Before] = []
        while (refuted := self._counterexample(chosen)) is not None:
            violated = next((c for c in self._candidates if not _holds(c, refuted)), None)
            if violated is None:
                raise Unanswered(self._why_not())
            chosen.append(violated)
        return self._dropped(sorted(chosen, key=self._candidates.index))

    def only_happening(self, decisive: list[Before]) -> list[Before]:
        """Of those before a step that is not shown, the ones of which it is enough that `first`
        happens: they would say of a thread what does not matter."""
        steps = (self._scene.past.steps[thread] for thread in self._scene.threads)
        shown = [sum(row < self._scene.end for row in rows) for rows in steps]
        kept = list(decisive)
        found = []
        for i, (first, then) in enumerate(decisive):
            if then.step <= shown[then.thread]:
                continue
            happens = Before(first, Point(first.thread, first.step + 1))
            if self._suffices([*kept[:i], happens, *kept[i + 1 :]]):
                kept[i] = happens
                found.append(decisive[i])
        return found

    def enabling(self, decisive: list[Before]) -> list[Before]:
        """What has to be kept to besides, so that all of it can be; none can be dropped."""
        chosen: list[Before] = []
        while (refuted := self._stuck([*decisive, *chosen])) is not None:
            violated = next((c for c in self._candidates if not _kept_to(c, refuted)), None)
            if violated is None:
                raise Unanswered(self._why_not())
            chosen.append(violated)
        chosen.sort(key=self._candidates.index)
        before = None
        while chosen != before:
            before = list(chosen)
            for constraint in reversed(before):
                rest = [each for each in chosen if each != constraint]
                if self._stuck([*decisive, *rest]) is None:
                    chosen = rest
        return chosen

    def _stuck(self, constraints: list[Before]) -> Mapping[Point, int] | None:
        turns = max(self._last) + 1
        moves = self._questions.counterexample(constraints, turns, kept_to=True)
        return None if moves is None else self._places(moves)

    def _dropped(self, chosen: list[Before]) -> list[Before]:
        """Without what the others do not need; the last is tried first."""
        for constraint in reversed(chosen):
            rest = [each for each in chosen if each != constraint]
            if self._suffices(rest):
                chosen = rest
        return chosen

    def _why_not(self) -> str:
        if any(len(event.operation.facts.options) > 1 for event in self._scene.events):
            return "no order of steps suffices: it depends on the options of a choose, too"
        return "no order of the witness's steps was found that suffices"

    def _suffices(self, constraints: list[Before]) -> bool:
        for known in self._counterexamples:
            if all(_holds(constraint, known) for constraint in constraints):
                return False
        return self._counterexample(constraints) is None

    def _counterexample(self, constraints: list[Before]) -> Mapping[Point, int] | None:
        moves = self._questions.counterexample(constraints, max(self._last) + 1)
        if moves is None:
            return None
        places = self._places(moves)
        self._counterexamples.append(places)
        return places

    def _places(self, moves: Sequence[Move]) -> Mapping[Point, int]:
        """By step, where it comes. A move is a step: agents are threads, as Exact has it."""
        taken = [0] * len(self._last)
        places = {}
        for place, move in enumerate(moves):
            thread = agent_of(move)
            taken[thread] += 1
            places[Point(thread, taken[thread])] = place
        return places


def _holds(constraint: Before, places: Mapping[Point, int]) -> bool:
    first, then = places.get(constraint.first), places.get(constraint.then)
    return first is not None and (then is None or first < then)


def _kept_to(constraint: Before, places: Mapping[Point, int]) -> bool:
    return constraint.then not in places or _holds(constraint, places)
