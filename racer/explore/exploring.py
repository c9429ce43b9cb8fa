"""explore(): from a Program to a Result whose every violation has been replayed."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from racer.errors import InternalError, ReplayDiverged, UsageError
from racer.events import Move as NamedMove
from racer.events import OutcomeKey, Schedule, Trace
from racer.explore.counting import looping_moves, schedules_to
from racer.explore.graph import Limits, StateGraph, search
from racer.explore.preemptions import CheapestPath, cheapest_paths
from racer.lift import Lifted, lift
from racer.models import check_model, system_of
from racer.operations import describe_operation
from racer.patience import patience
from racer.program import Program
from racer.replay import replay
from racer.result import DEADLOCK, Finding, Interrupted, Outcome, Result, Verdict, Witness
from racer.system import CHOICES, System
from racer.values import describe


def explore(
    program: Program,
    *,
    memory: str = "sc",
    reduce: bool = True,
    count: bool | None = None,
    max_states: int | None = None,
    timeout: float | None = None,
) -> Result:
    """Search every interleaving of `program` and say what can happen.

    memory       the memory model: "sc"
    reduce       allow reductions that keep every verdict, count and label (there is none yet)
    count        count interleavings: True always, False never, None while it is affordable
    max_states   stop after so many states
    timeout      stop after so many seconds; either limit gives the verdict "bound"

    Errors   ModelError when the model fails in a state that can be reached; Interrupted, with
             what was found so far, on Ctrl-C; UsageError for a memory model racer lacks.
    """
    check_model(memory)
    _check_limits(max_states, timeout)
    deadline = None if timeout is None else time.monotonic() + timeout
    limits = Limits(max_states, timeout, deadline)
    with patience():
        lifted = lift(program)
        system = system_of(lifted, memory)
        try:
            graph = search(system, tuple(sorted(program.sometimes)), limits)
        finally:
            lifted.finish()
    result = _Report(program, lifted, system, graph, memory, count is not False).result()
    if graph.interrupted:
        raise Interrupted(result)
    return result


def _check_limits(max_states: int | None, timeout: float | None) -> None:
    if max_states is not None and max_states < 1:
        raise UsageError(f"max_states={max_states} would search nothing: it must be 1 or more.")
    if timeout is not None and not timeout > 0:
        raise UsageError(f"timeout={timeout} would search nothing: it must be above 0 seconds.")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a state shows: an outcome (it ends an interleaving) or a violation's label."""

    label: str | None
    outcome: OutcomeKey | None


@dataclass(frozen=True, slots=True)
class _Report:
    """Turns a searched graph into a Result."""

    program: Program
    lifted: Lifted
    system: System
    graph: StateGraph
    memory: str
    count: bool

    def result(self) -> Result:
        shown = self._shown()
        counts = schedules_to(self.graph) if self.graph.complete else None
        uncounted = self._why_uncounted(counts)
        paths = cheapest_paths(self.graph, shown)
        totals = self._totals(shown, counts) if counts is not None and not uncounted else None
        outcomes, violations = self._entries(paths, totals)
        vacuous = tuple(sorted(set(self.program.sometimes) - self.graph.reached))
        return Result(
            verdict=self._verdict(violations, vacuous),
            memory=self.memory,
            interleavings=None if totals is None else totals[None],
            uncounted=uncounted,
            states=len(self.graph.states),
            transitions=self.graph.transitions,
            outcomes=outcomes,
            violations=violations,
            vacuous=vacuous if self.graph.complete else (),
            bound=self.graph.bound,
        )

    def _shown(self) -> dict[int, list[Hashable]]:
        """By state: outcomes where an interleaving ends, labels where one ends or, failing
        that (the search was cut, or the rest can only loop), wherever they are first seen."""
        shown: dict[int, list[Hashable]] = {}
        at_an_end: set[str] = set()
        for state in self.graph.terminal():
            packed = self.graph.states[state]
            labels = list(self.system.labels(packed))
            if not self.system.ended(packed):
                labels.append(DEADLOCK)
            at_an_end.update(labels)
            shown[state] = [_Shown(None, self.system.outcome(packed))]
            shown[state] += [_Shown(label, None) for label in labels]
        if not self._every_state_can_end():
            for state, packed in enumerate(self.graph.states):
                for label in self.system.labels(packed):
                    if label not in at_an_end:
                        shown.setdefault(state, []).append(_Shown(label, None))
        return shown

    def _every_state_can_end(self) -> bool:
        return self.graph.complete and schedules_to(self.graph) is not None

    def _why_uncounted(self, counts: list[int] | None) -> str | None:
        if not self.graph.complete:
            return f"the search was cut ({self.graph.bound})"
        if counts is None:
            looping = {self.system.names[move // CHOICES] for move in looping_moves(self.graph)}
            names = ", ".join(name for name in self.system.names if name in looping)
            return f"unbounded (loop in {names})"
        return None if self.count else "not asked for"

    def _totals(self, shown: dict[int, list[Hashable]], counts: list[int]) -> dict[Hashable, int]:
        """Interleavings by what they show; None: all of them."""
        totals: dict[Hashable, int] = {None: 0}
        for state, entries in shown.items():
            totals[None] += counts[state]
            for entry in entries:
                totals[entry] = totals.get(entry, 0) + counts[state]
        return totals

    def _entries(
        self, paths: dict[Hashable, CheapestPath], totals: dict[Hashable, int] | None
    ) -> tuple[dict[OutcomeKey, Outcome], dict[str, Finding]]:
        outcomes: dict[OutcomeKey, Outcome] = {}
        violations: dict[str, Finding] = {}
        for entry, path in sorted(paths.items(), key=lambda item: _sort_key(item[0])):
            assert isinstance(entry, _Shown)
            witness = Witness(self._named(path), path.preemptions, self.graph.complete)
            total = None if totals is None else totals[entry]
            if entry.label is not None:
                trace = self._confirmed(entry.label, witness, path)
                violations[entry.label] = Finding(total, witness, trace)
            elif entry.outcome is not None:
                outcomes[entry.outcome] = Outcome(total, witness)
        return outcomes, violations

    def _named(self, path: CheapestPath) -> Schedule:
        names = self.system.names
        return tuple(NamedMove(names[move // CHOICES], move % CHOICES) for move in path.moves)

    def _confirmed(self, label: str, witness: Witness, path: CheapestPath) -> Trace:
        """Replay a violation on trio and compare it with the automata, step by step."""
        trace = replay(self.program, witness)
        state = self.system.initial()
        for move, event in zip(path.moves, trace.events, strict=True):
            operation, result = self.system.event(state, move)
            expected = f"{describe_operation(operation)} -> {describe(result)}"
            found = f"{describe_operation(event.operation)} -> {describe(event.result)}"
            if expected != found:
                raise _impure(event.index + 1, event.thread, expected, found)
            state = dict(self.system.successors(state))[move]
        if label not in trace.labels:
            shown = ", ".join(trace.labels) or "no violation"
            raise _impure(
                len(trace.events),
                trace.events[-1].thread if trace.events else "-",
                f"violation {label!r}",
                shown,
            )
        if trace.maximal and trace.outcome != self.system.outcome(state):
            raise InternalError(
                f"replay ends in {describe(trace.outcome)}, the automata in "
                f"{describe(self.system.outcome(state))}"
            )
        return trace

    def _verdict(self, violations: dict[str, Finding], vacuous: Iterable[str]) -> Verdict:
        if not self.graph.complete:
            return "bound"
        return "fail" if violations or tuple(vacuous) else "pass"


def _sort_key(entry: Hashable) -> tuple[str, str]:
    assert isinstance(entry, _Shown)
    return (entry.label or "", describe(entry.outcome))


def _impure(step: int, thread: str, expected: str, found: str) -> ReplayDiverged:
    return ReplayDiverged(
        step=step,
        thread=thread,
        expected=expected,
        found=found,
        hint="The automata and the real coroutines disagree, so the violation is not reported.\n"
        "Usual cause: threads share something that is not a cell (a closure, a global, an\n"
        "object in their arguments), or use a clock or random numbers. Make it a cell.\n"
        "If they do not, this is a bug in racer: please report it.",
    )
