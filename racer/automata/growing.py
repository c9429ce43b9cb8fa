"""A thread's automaton while it grows: the coroutine is run once more for each new edge."""

from __future__ import annotations

from collections.abc import Coroutine, Hashable, Iterator, Mapping
from types import FunctionType
from typing import Any

from racer.automata import doubles
from racer.automata.automaton import CellStep, ClosedAutomaton, OpenSlots
from racer.automata.environment import Environment
from racer.automata.habits import Habits, habits_of
from racer.automata.identity import Identifier
from racer.automata.unlike import Unlike
from racer.errors import HIDDEN_STATE, Location, ModelError
from racer.lang.operations import Operation
from racer.lang.outcomes import Violation
from racer.lang.pending import AboutTo, Closing, Pending, Raised, Returned, Violated
from racer.lang.program import ThreadInstance
from racer.lang.run import Run
from racer.lang.values import describe, plainly_the_same, value_key

Path = list[tuple[int, CellStep]]

_KEY_WORK = 4  # taking a run's key costs about as much as so many of its steps


class GrowingAutomaton:
    """Nodes and edges of one thread, added on demand by `target`.

    A coroutine cannot be copied, so a new edge costs one run from the start along the node's
    history. Each such run is checked against the nodes on its way: a thread that answers the
    same history with another operation is not a function of its results, and is refused.
    """

    def __init__(
        self,
        instance: ThreadInstance,
        identifier: Identifier,
        environment: Environment,
    ) -> None:
        self.instance = instance
        self._identifier = identifier
        self.environment = environment
        self._pending: list[Pending] = []
        self._slots: list[OpenSlots] = []
        self._edges: list[dict[int, int]] = []
        # How each node was first reached: the node before it and the answer; None at the start.
        self._parents: list[tuple[int, CellStep] | None] = []
        self._numbers: dict[Hashable, int] = {}
        # Runs that stand at a node no edge leaves yet: its first edge needs no run from the start.
        self._parked: dict[int, Run] = {}
        # Runs whose operation has a function that captures something of the run. They are never
        # resumed nor closed: the function is evaluated later, and must see what it sees now.
        self.held: list[Run] = []
        # Edges that lead to a node which was there already, with the answer they stand for.
        self._returns: list[tuple[int, CellStep, int]] = []
        # By cell, the highest number of a value that was stored in it, and at which node.
        self._highest: dict[str, tuple[int, int]] = {}
        self.unlike: Unlike | None = None  # the first that could not be compared
        self._habits = Habits()  # of so many codes as were known:
        self._known_codes = 0
        self._confirmed = (0, 0)  # nodes and returns that doubles have been tried on
        self.work = 0  # what lifting has cost so far, in steps of the coroutine
        with environment.observed():
            run = instance.start()
        self.start = self._arrive(run, None, ())
        self._refuse_without_step()

    def __len__(self) -> int:
        return len(self._pending)

    def pending(self, node: int) -> Pending:
        return self._pending[node]

    def open_slots(self, node: int) -> OpenSlots:
        return self._slots[node]

    def known(self, node: int) -> Mapping[int, int]:
        """Where a node leads so far, by answer."""
        return self._edges[node]

    def target(self, node: int, step: CellStep) -> int:
        self._note_value(node, step)
        known = self._edges[node].get(step.answer)
        if known is not None:
            return known
        run = self._parked.pop(node, None) or self.run_to(node)
        with self.environment.observed():
            give(run, step)
        nodes = len(self._pending)
        goal = self._arrive(run, (node, step), self._slots_after(node))
        if goal < nodes:
            self._returns.append((node, step, goal))
        self._edges[node][step.answer] = goal
        return goal

    def take_for(self, same: Mapping[int, object]) -> None:
        """Take functions that are copies for those that they were copied from."""
        self._identifier.take_for(same)

    def locations(self, node: int) -> tuple[Location, ...]:
        """The user's lines that wait at a node, outermost first; none where it has ended."""
        run = self.run_to(node)
        found = run.locations()
        run.close()
        return found

    def position(self, node: int) -> Hashable:
        """Where in its code the thread waits at a node; the same for the same."""
        run = self.run_to(node)
        found = run.position()
        run.close()
        return found

    def _note_value(self, node: int, step: CellStep) -> None:
        pending = self._pending[node]
        facts = pending.operation.facts if isinstance(pending, AboutTo) else None
        if facts is None or facts.cell is None:
            return
        stored = facts.gives == "nothing" or step.after != step.answer
        if stored and step.after > self._highest.get(facts.cell, (0, 0))[0]:
            self._highest[facts.cell] = (step.after, node)

    def storing(self, cell: str, value: int) -> int | None:
        """The node that stored the value of that number, if it is the highest that any stored."""
        highest, node = self._highest.get(cell, (0, 0))
        return node if highest == value else None

    def closed(self) -> ClosedAutomaton:
        """All nodes and edges so far, as an automaton that does not grow."""
        edges = tuple(dict(each) for each in self._edges)
        return ClosedAutomaton(tuple(self._pending), tuple(self._slots), edges, self.start)

    def confirm_endings(self) -> None:
        """Run to every end once more: its value, too, must be a function of the history."""
        for node, pending in enumerate(self._pending):
            if isinstance(pending, Returned | Violated):
                self.run_to(node).close()

    def unconfirmed(self) -> Iterator[tuple[Path, int]]:
        """Histories along every node and edge that came since this was asked last: the nodes on
        the way, each with the step that is taken there, and the node that it leads to."""
        done, self._confirmed = self._confirmed, (len(self._pending), len(self._returns))
        if done == self._confirmed:
            return
        followed = {parent[0] for parent in self._parents if parent is not None}
        followed |= {before for before, _, _ in self._returns}  # with what leads to them
        for node in range(len(self._pending)):
            if node not in followed:
                yield self.path_to(node), node
        for before, step, goal in self._returns:
            yield [*self.path_to(before), (before, step)], goal

    def close(self) -> None:
        """Abandon the runs that are kept for edges to come."""
        for run in self._parked.values():
            run.close()
        self._parked.clear()

    def _repeat(self, parent: tuple[int, CellStep] | None) -> None:
        """Run once more to a node, and then take a step: to the start where there is none."""
        if parent is None:
            self.instance.start().close()
            return
        node, step = parent
        run = self.run_to(node)
        give(run, step)
        run.close()

    def path_to(self, node: int) -> Path:
        """The nodes before it, from the start, each with the step that is taken there."""
        path: Path = []
        parent = self._parents[node]
        while parent is not None:
            path.append(parent)
            parent = self._parents[parent[0]]
        return path[::-1]

    def run_to(self, node: int) -> Run:
        """A run that stands at the node; whoever asks for it closes it."""
        path = self.path_to(node)
        run = self.instance.start()
        for before, step in path:
            self._check(run, before)
            give(run, step)
        self.work += len(path)
        self._check(run, node)
        return run

    def _check(self, run: Run, node: int) -> None:
        expected = self._pending[node]
        if not self.same(run.pending, expected):
            found, steps = describe_pending(run.pending), run.steps
            where = run.locations()[-1:]
            made = self._made(run.pending)
            run.close()
            if made and found == describe_pending(expected):
                raise ModelError(
                    f"thread {run.name!r} makes {describe(made[0])} itself, and is about to {found}"
                    f"{f' (at {where[0]})' if where else ''}: it compares by identity, and every "
                    f"run of the thread makes another one.\n"
                    f"Try: make it before the Program, outside of the thread, or give its class an "
                    f"__eq__ by value (a frozen dataclass).",
                    thread=run.name,
                    step=steps + 1,
                )
            raise ModelError(
                f"thread {run.name!r} is not a function of the results it gets: after the same "
                f"{steps} steps it was about to {describe_pending(expected)}, and in another run "
                f"to {found}{f' (at {where[0]})' if where else ''}.\n" + HIDDEN_STATE,
                thread=run.name,
                step=steps + 1,
            )

    def _made(self, pending: Pending) -> list[object]:
        """The addresses in what a thread hands over, or has come to, that it may have made."""
        held: list[object] = []
        if isinstance(pending, Returned):
            held = [pending.value]
        elif isinstance(pending, AboutTo):
            operation = pending.operation
            functions = operation.facts.functions
            held = [
                part for part in operation.parts() if not any(part is each for each in functions)
            ]
        found = (each for part in held for each in doubles.addresses(part))
        return [each for each in found if not self._identifier.is_trusted(each)]

    def same(self, found: Pending, expected: Pending) -> bool:
        """Whether no thread can tell the two apart."""
        if isinstance(found, AboutTo) and isinstance(expected, AboutTo):
            if (found.opens, found.atomic) != (expected.opens, expected.atomic):
                return False
            return self._same_operation(found.operation, expected.operation)
        if isinstance(found, Returned) and isinstance(expected, Returned):
            return value_key(found.value) == value_key(expected.value)
        return found == expected

    def _same_operation(self, one: Operation, other: Operation) -> bool:
        """Whether no thread can tell what they do apart; a function may be a new lambda of the
        same code. Equality would not do: it fails for nan, and holds for 1 and True."""
        if type(one) is not type(other):
            return False
        for mine, its in zip(one.parts(), other.parts(), strict=True):
            if mine is its:
                continue
            if type(mine) is tuple and type(its) is tuple and plainly_the_same(mine, its):
                continue
            called = any(mine is function for function in one.facts.functions)
            key = self._identifier.function_key if called else value_key
            if key(mine) != key(its):
                return False
        return True

    def _arrive(self, run: Run, parent: tuple[int, CellStep] | None, slots: OpenSlots) -> int:
        """The node `run` stands at: a known one if that can be shown, else a new one."""
        self.environment.check(lambda: self._repeat(parent))  # the key takes it for constant
        self._refuse_foreign(run)
        key = self._key(run)
        self.work += _KEY_WORK
        known = self._numbers.get(key) if key is not None else None
        if known is not None:
            self._check(run, known)
            run.close()
            return known
        node = len(self._pending)
        if key is not None:
            self._numbers[key] = node
        self._pending.append(run.pending)
        self._slots.append(slots if isinstance(run.pending, AboutTo | Closing) else ())
        self._edges.append({})
        self._parents.append(parent)
        if isinstance(run.pending, AboutTo) and _captures(run.pending.operation):
            self.held.append(run)
        elif isinstance(run.pending, AboutTo | Closing):
            self._parked[node] = run
        if self._made(self._pending[node]):
            self.run_to(node).close()  # an object that was not made just now is the same again
        return node

    def _refuse_foreign(self, run: Run) -> None:
        """A watch of another Memory would be taken for this one's of the same name."""
        if isinstance(run.pending, AboutTo):
            for window in run.pending.opens:
                if self.instance.memory.watches.get(window.watch.name) is not window.watch:
                    raise ModelError(
                        f"thread {run.name!r} opens a window on {window.watch.name!r}, which is "
                        f"not a watch of its Program's Memory. Make it with that memory.watch().",
                        thread=run.name,
                    )

    def _key(self, run: Run) -> Hashable | None:
        match run.pending:
            case AboutTo() | Closing() as pending:
                key = run.key(self._coroutine_key)
                if key is None:
                    self.unlike = self.unlike or self._identifier.unlike
                    return None
                asked = pending.opens if isinstance(pending, AboutTo) else pending.slot
                return ("suspended", key, asked)
            case Returned(value=value):
                return ("returned", value_key(value))
            case ended:
                return ended

    def _coroutine_key(self, coroutine: Coroutine[Any, Any, object]) -> Hashable | None:
        self._look_around()
        return self._identifier.coroutine_key(coroutine, self._habits)

    def _look_around(self) -> None:
        """Take in what the thread can reach, and what its code may do, where more is known now."""
        codes = self.environment.codes()
        if self._known_codes != len(codes):
            self._known_codes = len(codes)
            for item in self.environment.trusted():
                self._identifier.trust(item)
            for item in self.environment.untrusted():
                self._identifier.leave(item)
            self._habits = habits_of(codes, self.environment.trusted())

    def _slots_after(self, node: int) -> OpenSlots:
        match self._pending[node]:
            case AboutTo(opens=opens):
                opened = tuple((window.slot, window.watch) for window in opens)
                return tuple(sorted((*self._slots[node], *opened), key=lambda pair: pair[0]))
            case Closing(slot=slot):
                return tuple(pair for pair in self._slots[node] if pair[0] != slot)
            case _:
                return ()

    def _refuse_without_step(self) -> None:
        pending = self._pending[self.start]
        name, function = self.instance.name, self.instance.thread.described()
        if isinstance(pending, Raised):
            raise ModelError(
                f"thread {name!r} ({function}) fails before its first step: {pending.text}",
                thread=name,
                step=1,
                schedule=(),
            )
        if isinstance(pending, Returned | Violated):
            raise ModelError(
                f"thread {name!r} ({function}) ends without a step: "
                f"it never awaits an operation.\n"
                f"Usual cause: an `await` is missing before cell.load() or the like.\n"
                f"Try: await each operation, or leave the thread out of the Program.",
                thread=name,
                step=1,
                schedule=(),
            )


def _captures(operation: Operation) -> bool:
    """Whether what the operation does may depend on objects that the thread can still change."""
    return any(_captures_something(function) for function in operation.facts.functions)


def _captures_something(function: object) -> bool:
    if not isinstance(function, FunctionType):
        return True
    own = (function.__closure__, function.__defaults__, function.__kwdefaults__)
    return any(part is not None for part in own)


def give(run: Run, step: CellStep) -> None:
    """Take a step: give the thread its result, or raise at it what the operation raised."""
    if step.error is not None:
        run.fail(step.error)
    else:
        run.resume(step.result)


def describe_pending(pending: Pending) -> str:
    """What a thread is about to do, as text for messages."""
    match pending:
        case AboutTo(operation=operation):
            return operation.text()
        case Closing():
            return "close a window"
        case Returned(value=value):
            return f"return {describe(value)}"
        case Violated(label=label, effect=effect):
            return f"raise {Violation(label, effect)!r}"
        case Raised(text=text):
            return f"fail: {text}"
