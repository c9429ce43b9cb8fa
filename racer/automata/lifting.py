"""Lifting a Program: each thread becomes an automaton, once, outside of any interleaving.

`grow` gives automata that are open: whoever searches adds the edges that it needs. `lift` closes
them: every node is fed every value that its cell can ever hold, to a fixpoint over all threads.
It need not converge (threads that count up make ever new values); past a budget the automata stay
open. Both ways give the same verdicts, counts and labels: a node fed a value that never really
comes is simply not reached.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from racer.automata.automaton import (
    Automaton,
    CellStep,
    ClosedAutomaton,
    Stalled,
    ValueTable,
    execute,
)
from racer.automata.environment import Environment
from racer.automata.growing import GrowingAutomaton, describe_pending
from racer.automata.growth import Growth
from racer.automata.identity import Identifier
from racer.automata.minimising import minimise
from racer.automata.namespaces import Namespaces
from racer.automata.trials import confirm
from racer.lang.effects import Misuse
from racer.lang.memory_use import used_up
from racer.lang.operations import CellOperation, Operation
from racer.lang.pending import AboutTo, Closing, Raised, Returned, is_atomic
from racer.lang.program import Program, ThreadInstance
from racer.lang.sizes import parts_of
from racer.lang.values import describe, value_key
from racer.lang.watches import OBSERVATIONS, Hangs, evaluate

# Past these the closure is taken not to converge. A counter that two threads increment reaches
# the first at once, a value that doubles the second (a megabyte); the third, in steps that
# coroutines are run for, bounds the time (1-2 s).
VALUES_PER_CELL: Final = 128
PARTS_PER_CELL: Final = 100_000
WORK: Final = 40_000


@dataclass(frozen=True, slots=True)
class Lifted:
    """A Program with an automaton for each thread.

    `automata` is parallel to `instances`; copies share one. `closed` says that every automaton is
    complete: it has an edge for every answer that can come, and `tables` hold every value that
    its cell can.
    """

    program: Program
    instances: tuple[ThreadInstance, ...]
    automata: tuple[Automaton, ...]
    tables: Mapping[str, ValueTable]
    closed: bool
    environments: tuple[Environment, ...]
    growing: tuple[GrowingAutomaton, ...]  # they keep alive what the operations' functions see
    growth: Growth  # since it was lifted
    spaces: Namespaces  # what the environments share
    open_slots: int = 4  # how many windows a thread may have open at once, if that is not known

    @property
    def is_large(self) -> bool:
        """Whether some cell has come to more values, or larger ones, than the closure may have."""
        return any(
            len(table.values) > VALUES_PER_CELL
            or parts_of(table.values[-1], PARTS_PER_CELL) > PARTS_PER_CELL
            for table in self.tables.values()
        )

    def confirm(self) -> None:
        """Run to every end, and along every edge with doubles, once more, when none will be added.

        Errors   ModelError for a thread that then does something else.
        """
        for automaton in self.growing:
            automaton.close()
            automaton.confirm_endings()
            confirm(automaton, self.tables)

    def environment_of(self, owner: str) -> Environment:
        """What that thread or predicate can reach, by its name in errors."""
        return next(each for each in self.environments if each.owner == owner)

    def finish(self) -> None:
        """Abandon runs kept for edges to come, and refuse threads that changed what is no cell.

        Errors   ModelError naming the thread and the object.
        """
        for automaton in self.growing:
            automaton.close()
            confirm(automaton, self.tables)
        self.check()

    def check(self) -> None:
        """Refuse threads and predicates that changed what is no cell. Errors: as finish()."""
        for environment in self.environments:
            environment.check()


def grow(program: Program) -> Lifted:
    """Every thread as an automaton that has its first node, and grows as it is asked.

    Errors   ModelError for a thread without a step, or one that changes what is no cell.
    """
    identifier = Identifier()
    memory = program.memory
    spaces = Namespaces()
    environments = {
        instance.group: Environment(
            f"thread {instance.group!r}", instance.thread.constants(), spaces, thread=instance.name
        )
        for instance in _one_of_each(program)
    }
    tables = {
        name: ValueTable(first, identifier.trust, memory.declared.get(name))
        for name, first in memory.initial.items()
    }
    instances = program.instances()
    growing: dict[str, GrowingAutomaton] = {}
    for instance in _one_of_each(program):
        environment = environments[instance.group]
        growing[instance.group] = GrowingAutomaton(instance, identifier, environment)
    return Lifted(
        program,
        instances,
        tuple(growing[instance.group] for instance in instances),
        tables,
        False,
        (*environments.values(), *_of_predicates(program, spaces)),
        tuple(growing.values()),
        Growth(tuple(growing.values()), tables, None),
        spaces,
    )


def lift(
    program: Program,
    *,
    work: int = WORK,
    values: int = VALUES_PER_CELL,
    deadline: float | None = None,
) -> Lifted:
    """Lift every thread; `work` and `values` are the budget of the closure.

    Past `deadline`, a time.monotonic() value, or where memory is used up, it is given up.

    Errors   ModelError for a thread without a step, or one that is not a function of the
             results it gets.
    """
    lifted = grow(program)
    growing, tables = lifted.growing, lifted.tables
    closure = _Closure(list(growing), tables, work, values, deadline)
    if not closure.run():
        return replace(lifted, growth=Growth(growing, tables, closure.full))
    lifted.confirm()
    minimal = {each.instance.group: _minimal(each.closed(), tables) for each in growing}
    automata = tuple(minimal[instance.group] for instance in lifted.instances)
    closed = replace(lifted, automata=automata, closed=True)
    closed.finish()
    return closed


def close(lifted: Lifted, deadline: float | None = None) -> bool:
    """Feed growing automata every value that may come; whether there was an end of that within the
    budget of the closure, and before `deadline`, a time.monotonic() value."""
    growing = list(lifted.growing)
    return _Closure(growing, lifted.tables, WORK, VALUES_PER_CELL, deadline).run()


def _of_predicates(program: Program, spaces: Namespaces) -> list[Environment]:
    """An environment for each predicate; those that are asked of every state, of the first one."""
    memory = program.memory
    asked = {id(each) for each in (*program.invariants.values(), *program.consistency.values())}
    named = [(owner, predicate) for owner, _, predicate in program.functions()]
    named += [(f"watch {watch.name!r}", watch.predicate) for watch in memory.watches.values()]
    found = []
    for owner, predicate in named:
        environment = Environment(owner, [("its function", predicate)], spaces)
        if id(predicate) in asked:
            with environment.observed():
                try:
                    evaluate(owner, predicate, memory.initial)
                except Hangs:  # a search would find the same, and wait for it once more
                    raise
                except Exception:  # a search will tell it
                    pass
        found.append(environment)
    return found


def _one_of_each(program: Program) -> list[ThreadInstance]:
    """The first of each group of copies."""
    first: dict[str, ThreadInstance] = {}
    for instance in program.instances():
        first.setdefault(instance.group, instance)
    return list(first.values())


def digest_of(lifted: Lifted) -> str:
    """A fingerprint of what the program does, equal for programs that behave alike.

    Over the cells, the thread names and, where the closure converges, the minimal automata; else
    over the first operation of each thread only, however far open automata have grown since.
    """
    initial = lifted.program.memory.initial
    lines = [f"{name} = {describe(first)}" for name, first in initial.items()]
    if lifted.program.event_loop:
        lines.append("tasks of an event loop")
    if lifted.program.event_loop == "fifo":
        lines.append(f"first in, first out: {', '.join(lifted.program.threads)}")
    for instance, automaton in zip(lifted.instances, lifted.automata, strict=True):
        lines.append(f"thread {instance.name}{' (daemon)' if instance.daemon else ''}")
        if isinstance(automaton, ClosedAutomaton):
            for node, edges in zip(automaton.nodes, automaton.edges, strict=True):
                region = " in an atomic region" if is_atomic(node) else ""
                lines.append(f"{describe_pending(node)}{region} {sorted(edges.items())}")
        else:
            lines.append(describe_pending(automaton.pending(automaton.start)))
    return hashlib.sha256("\n".join(lines).encode(errors="surrogatepass")).hexdigest()[:16]


class _Closure:
    """Feeds every node every answer that can come, until nothing is new or a budget is spent."""

    def __init__(
        self,
        automata: list[GrowingAutomaton],
        tables: Mapping[str, ValueTable],
        work: int,
        values: int,
        deadline: float | None,
    ) -> None:
        self._deadline = deadline
        self._automata = automata
        self._tables = tables
        self._work_left = work - sum(automaton.work for automaton in automata)
        self._values = values
        self._stalled = False  # whether something hung, which takes longer than all of the work
        # Nodes by the cell they access, with how many of its values they have been fed.
        self._waiting: dict[str, list[tuple[GrowingAutomaton, int]]] = {n: [] for n in tables}
        self._queue: deque[tuple[GrowingAutomaton, int, int]] = deque()
        self._seen = {id(automaton): 0 for automaton in automata}
        self._fed = dict.fromkeys(tables, 1)
        self.full: str | None = None  # the cell that holds too much, which ended it
        self._parts = dict.fromkeys(tables, 0)  # how large the values are that came to a cell

    def run(self) -> bool:
        """Whether a fixpoint was reached within the budget."""
        for automaton in self._automata:
            self._enqueue_new(automaton)
        while self._queue:
            automaton, node, answer = self._queue.popleft()
            spent = automaton.work
            cell = self._feed(automaton, node, answer)
            self._work_left -= automaton.work - spent
            if self._work_left < 0 or self._stalled:
                return False
            if self._deadline is not None and time.monotonic() > self._deadline:
                return False
            if used_up() is not None:
                return False
            self._enqueue_new(automaton)
            if cell is not None and not self._enqueue_values(cell):
                self.full = cell
                return False
        return True

    def _feed(self, automaton: GrowingAutomaton, node: int, answer: int) -> str | None:
        """Give a node an answer; the cell that may hold a new value because of that."""
        pending = automaton.pending(node)
        if isinstance(pending, Closing):
            automaton.target(node, CellStep(answer, OBSERVATIONS[answer], 0))
        elif isinstance(pending, AboutTo):
            step = executed(automaton, pending.operation, answer, self._tables)
            if step is not None and not isinstance(step.error, Misuse):
                goal = automaton.pending(automaton.target(node, step))
                self._stalled |= isinstance(goal, Raised) and goal.stalled
            self._stalled |= step is not None and isinstance(step.error, Stalled)
            return pending.operation.facts.cell
        return None

    def _enqueue_new(self, automaton: GrowingAutomaton) -> None:
        for node in range(self._seen[id(automaton)], len(automaton)):
            pending = automaton.pending(node)
            answers = 0
            if isinstance(pending, Closing):
                answers = len(OBSERVATIONS)
            elif isinstance(pending, AboutTo):
                facts = pending.operation.facts
                if facts.cell is None:
                    answers = len(facts.options)
                else:
                    self._waiting[facts.cell].append((automaton, node))
                    answers = self._fed[facts.cell]
            self._queue.extend((automaton, node, answer) for answer in range(answers))
        self._seen[id(automaton)] = len(automaton)

    def _enqueue_values(self, cell: str) -> bool:
        """Feed what is new in a cell to all nodes that access it; False: it holds too much."""
        values = len(self._tables[cell].values)
        if values > self._values and self._tables[cell].declared is None:
            return False
        for value in range(self._fed[cell], values):
            self._parts[cell] += parts_of(self._tables[cell].values[value], PARTS_PER_CELL)
            if self._parts[cell] > PARTS_PER_CELL:
                return False
            for automaton, node in self._waiting[cell]:
                self._queue.append((automaton, node, value))
        self._fed[cell] = values
        return True


def step_of(operation: Operation, answer: int, tables: Mapping[str, ValueTable]) -> CellStep | None:
    """What an operation gives its thread: `answer` is the option, or the cell's value index."""
    if isinstance(operation, CellOperation):
        return execute(operation, answer, tables[operation.cell])
    return CellStep(answer, operation.facts.options[answer], 0)


def executed(
    automaton: Automaton, operation: Operation, answer: int, tables: Mapping[str, ValueTable]
) -> CellStep | None:
    """The same, and while the automaton grows, what a function of the operation's runs is noted."""
    if operation.facts.functions and isinstance(automaton, GrowingAutomaton):
        with automaton.environment.observed():
            return step_of(operation, answer, tables)
    return step_of(operation, answer, tables)


def _minimal(automaton: ClosedAutomaton, tables: Mapping[str, ValueTable]) -> ClosedAutomaton:
    def label(node: int) -> Hashable:
        pending = automaton.nodes[node]
        slots = tuple((slot, watch.name) for slot, watch in automaton.slots[node])
        match pending:
            case AboutTo(operation=operation, opens=opens, atomic=atomic):
                opening = tuple((window.slot, window.watch.name) for window in opens)
                return ("step", behaviour(operation, tables), opening, slots, atomic)
            case Returned(value=value):
                return ("returned", value_key(value))
            case _:
                return (pending, slots)

    return minimise(automaton, label)


def behaviour(
    operation: Operation,
    tables: Mapping[str, ValueTable],
    values: Mapping[str, Sequence[int]] | None = None,
) -> Hashable:
    """What an operation does to each value its cell can hold: functions are compared by that.

    Of a cell that is among `values`, only to those of these numbers.
    And what it is called: an exchange that can never succeed does nothing, whatever it would
    store, but a report names it.
    """
    text = operation.text()
    if not isinstance(operation, CellOperation):
        return (text, value_key(operation.facts.options))
    table = tables[operation.cell]
    all_of_them = range(len(table.values))
    chosen = all_of_them if values is None else values[operation.cell]
    steps = [execute(operation, value, table) for value in chosen]
    effects = tuple(None if step is None else _effect(step) for step in steps)
    return (text, effects)


def _effect(step: CellStep) -> Hashable:
    return (step.answer, step.after, step.result if step.error is not None else None)
