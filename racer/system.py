"""Systems: automata x memory model x monitors, over states that are single integers.

Explorers see a `System` and nothing else; which memory model is behind it they cannot tell.
This file has what every model shares: how a state is packed, and the monitors (windows and
invariants) that make a label part of the state, so that paths to it can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from racer.errors import InternalError, ModelError
from racer.events import Blocked, OutcomeKey, OutcomeValue
from racer.lift import Lifted
from racer.lift.automaton import CellStep, ValueTable
from racer.operations import Operation, describe_operation
from racer.program import Predicate
from racer.steps import AboutTo, Closing, OpenWindow, Raised, Returned, Violated, Violation
from racer.watches import OBSERVATIONS, Observation, Watch, evaluate, inconsistent

State = int
Move = int  # thread position * CHOICES + option, so that moves sort by thread, then option
CHOICES: Final = 1 << 16

# Field widths where the automata are open and no maximum is known beforehand.
_OPEN_WIDTH: Final = 24
_OPEN_SLOTS: Final = 4


@dataclass(frozen=True, slots=True)
class Field:
    """Where a component lies in a packed state: `(state >> shift) & mask`."""

    shift: int
    mask: int

    def get(self, state: State) -> int:
        return (state >> self.shift) & self.mask

    def delta(self, before: int, after: int) -> int:
        """What to add to a state whose component is `before` to make it `after`."""
        if not 0 <= after <= self.mask:
            raise InternalError(f"a state component outgrew its {self.mask.bit_length()} bits")
        return (after - before) << self.shift


class ThreadFuture(NamedTuple):
    """What a thread may read and write, as bit masks over places (cells, watches).

    `next_*` with its next step, whether that is enabled or not; `future_*` with that or any
    later one. A thread that has ended touches nothing.
    """

    next_reads: int
    next_writes: int
    future_reads: int
    future_writes: int


class System(Protocol):
    """What an explorer may ask."""

    names: tuple[str, ...]  # threads, in the order of Program.instances()
    groups: tuple[str, ...]  # by thread: threads of one group are interchangeable
    locals: tuple[Field, ...]  # by thread: the bits of a state that are its own alone

    def initial(self) -> State:
        """The state before any step."""

    def successors(self, state: State) -> Sequence[tuple[Move, State]]:
        """Every move that can be made, in the order of moves, with the state it leads to.

        Errors   Broken where the model itself fails with that move.
        """

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        """What a move does in `state`: the operation, and the result its thread gets."""

    def dependent(self, state: State, a: Move, b: Move) -> bool:
        """Whether the order of two enabled moves of different threads may matter in `state`."""

    def control(self, state: State) -> int:
        """The part of the state that decides what `futures` gives."""

    def futures(self, state: State) -> tuple[ThreadFuture, ...] | None:
        """By thread, what it may touch from here on; None where no bound is known."""

    def labels(self, state: State) -> tuple[str, ...]:
        """The violations on the way to this state, sorted; deadlock is not among them."""

    def outcome(self, state: State) -> OutcomeKey:
        """What each thread has come to; Blocked for those that have not ended."""

    def ended(self, state: State) -> bool:
        """Whether every thread has ended."""

    def reached(self, state: State, predicate: str) -> bool:
        """Whether the `sometimes` predicate of that name holds."""


class Broken(Exception):
    """The model fails with this move; the explorer, which knows the schedule, reports it."""

    def __init__(self, thread: int | None, move: Move | None, text: str) -> None:
        super().__init__(text)
        self.thread = thread
        self.move = move
        self.text = text


class Layout:
    """The packing of one program's states.

    Shape    from the lowest bits up: for each thread its node and its window monitors, which
             together are its `locals`; then the cells; then a bit for each broken invariant.
             The copies of a thread lie side by side, with equal widths.
    """

    def __init__(self, lifted: Lifted) -> None:
        self._bits = 0
        nodes, windows, local = [], [], []
        for automaton in lifted.automata:
            start = self._bits
            nodes.append(self._field(_node_width(automaton)))
            windows.append(tuple(self._field(2) for _ in range(_slots_of(automaton))))
            local.append(Field(start, (1 << (self._bits - start)) - 1))
        self.nodes, self.windows, self.locals = tuple(nodes), tuple(windows), tuple(local)
        self.node_mask = sum(field.mask << field.shift for field in self.nodes)
        self.cells = {
            name: self._field(_width(len(table.values)) if lifted.closed else _OPEN_WIDTH)
            for name, table in lifted.tables.items()
        }
        self.broken = {name: self._field(1) for name in sorted(lifted.program.invariants)}

    def _field(self, width: int) -> Field:
        field = Field(self._bits, (1 << width) - 1)
        self._bits += width
        return field


def _width(count: int) -> int:
    return max(1, (count - 1).bit_length())


def _node_width(automaton: object) -> int:
    nodes = getattr(automaton, "nodes", None)  # a closed automaton knows how many it has
    return _OPEN_WIDTH if nodes is None else _width(len(nodes))


def _slots_of(automaton: object) -> int:
    slots = getattr(automaton, "slots", None)
    if slots is None:
        return _OPEN_SLOTS
    return max((slot + 1 for pairs in slots for slot, _ in pairs), default=0)


class Cells(Mapping[str, object]):
    """The cell values of a packed state, decoded on demand; it notes which were read."""

    def __init__(
        self, state: State, fields: Mapping[str, Field], tables: Mapping[str, ValueTable]
    ) -> None:
        self._state = state
        self._fields = fields
        self._tables = tables
        self.read_mask = 0

    def __getitem__(self, name: str) -> object:
        field = self._fields[name]
        self.read_mask |= field.mask << field.shift
        return self._tables[name].values[field.get(self._state)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:  # asking for a name is not reading the cell
        return name in self._fields


class Truth:
    """A predicate's truth, evaluated once for each combination of the cells it reads.

    A pure predicate that read some cells and gave an answer gives it again wherever those
    cells hold the same values; so answers are kept under the packed values of the cells read.
    """

    def __init__(
        self,
        owner: str,
        predicate: Predicate,
        layout: Layout,
        tables: Mapping[str, ValueTable],
        allowed: frozenset[str] | None = None,
    ) -> None:
        self._owner = owner
        self._predicate = predicate
        self._fields = layout.cells
        self._tables = tables
        self._allowed = allowed
        self._known: dict[int, dict[int, bool]] = {}  # by the mask of the cells read
        self.reads = 0  # the union of these masks: no other cell has ever been looked at

    def __call__(self, state: State) -> bool:
        for mask, answers in self._known.items():
            known = answers.get(state & mask)
            if known is not None:
                return known
        cells = Cells(state, self._fields, self._tables)
        answer = evaluate(self._owner, self._predicate, cells, self._allowed)
        self._known.setdefault(cells.read_mask, {})[state & cells.read_mask] = answer
        self.reads |= cells.read_mask
        return answer

    def values_read(self, state: State) -> dict[str, object]:
        """What the predicate looks at in this state, by cell."""
        cells = Cells(state, self._fields, self._tables)
        evaluate(self._owner, self._predicate, cells, self._allowed)
        read = [name for name, f in self._fields.items() if cells.read_mask & f.mask << f.shift]
        return {name: cells[name] for name in read}


_EVER_TRUE, _EVER_FALSE = 1, 2  # the two bits of a window monitor; both 0: not open


@dataclass(frozen=True, slots=True)
class Step:
    """One thread's step, as the monitors see it."""

    thread: int
    opens: tuple[OpenWindow, ...]
    node: int
    target: int
    changes: str | None  # the cell that gets another value with this step


class Monitors:
    """Windows and invariants: what they have seen is part of the state.

    Invariant  a window's two bits are non-zero exactly while it is open, and the bits of a
               slot that no window occupies are 0, so that equal situations are equal states.
    """

    def __init__(self, lifted: Lifted, layout: Layout) -> None:
        self._lifted = lifted
        self._layout = layout
        self._watches: dict[str, Truth] = {}
        self._invariants = [
            (layout.broken[name], Truth(f"invariant {name!r}", predicate, layout, lifted.tables))
            for name, predicate in sorted(lifted.program.invariants.items())
        ]
        self._consistency = [
            (name, Truth(f"consistency {name!r}", predicate, layout, lifted.tables))
            for name, predicate in sorted(lifted.program.consistency.items())
        ]
        self._examines = bool(self._invariants or self._consistency)
        self.watched = frozenset(
            cell for watch in lifted.program.memory.watches.values() for cell in watch.cells
        )

    def start(self, state: State) -> State:
        """The initial state with what holds of whole states examined."""
        return self._examine(state, -1)

    def concern(self, step: Step) -> bool:
        """Whether the monitors have anything to do at this step, whatever the state."""
        changes = step.changes is not None and (step.changes in self.watched or self._examines)
        return bool(step.opens) or changes or self._settles(step)

    def _settles(self, step: Step) -> bool:
        """Whether the thread learns what a window saw, or ends within one."""
        automaton = self._lifted.automata[step.thread]
        target = automaton.pending(step.target)
        ends_inside = not isinstance(target, AboutTo) and bool(automaton.open_slots(step.node))
        return isinstance(target, Closing) or ends_inside

    def after(self, before: State, state: State, step: Step) -> State:
        """`state`, which the step made of `before`, with the monitors brought up to date."""
        for window in step.opens:
            field = self._window_field(step.thread, window.slot)
            seen = _EVER_TRUE if self.truth(window.watch, before) else _EVER_FALSE
            state += field.delta(field.get(state), seen)
        if step.changes in self.watched:
            state = self._observe(before, state, step)
        if step.opens or self._settles(step):
            state = self._close(state, step)
        if step.changes is None or not self._examines:
            return state
        changed = self._layout.cells[step.changes]
        return self._examine(state, changed.mask << changed.shift)

    def truth(self, watch: Watch, state: State) -> bool:
        known = self._watches.get(watch.name)
        if known is None:
            cells = frozenset(watch.cells)
            known = self._watches[watch.name] = Truth(
                f"watch {watch.name!r}", watch.predicate, self._layout, self._lifted.tables, cells
            )
        return known(state)

    def _observe(self, before: State, state: State, step: Step) -> State:
        """Every open window on the changed cell sees the new state; for others none is new."""
        for thread, automaton in enumerate(self._lifted.automata):
            if not self._layout.windows[thread]:
                continue
            node = self._layout.nodes[thread].get(before)
            slots = automaton.open_slots(node)
            if thread == step.thread:
                slots += tuple((window.slot, window.watch) for window in step.opens)
            for slot, watch in slots:
                if step.changes not in watch.cells:
                    continue
                field = self._window_field(thread, slot)
                seen = field.get(state)
                now = seen | (_EVER_TRUE if self.truth(watch, state) else _EVER_FALSE)
                state += field.delta(seen, now)
        return state

    def _close(self, state: State, step: Step) -> State:
        """Answer the windows that close at this state, and clear those a thread ends within."""
        automaton = self._lifted.automata[step.thread]
        node_field = self._layout.nodes[step.thread]
        node = step.target
        pending = automaton.pending(node)
        while isinstance(pending, Closing):
            field = self._window_field(step.thread, pending.slot)
            watch = dict(automaton.open_slots(node))[pending.slot]
            seen = field.get(state)
            answer = OBSERVATIONS.index(
                Observation(
                    bool(seen & _EVER_TRUE), bool(seen & _EVER_FALSE), self.truth(watch, state)
                )
            )
            state += field.delta(seen, 0)
            target = automaton.target(node, CellStep(answer, OBSERVATIONS[answer], 0))
            state += node_field.delta(node, target)
            node, pending = target, automaton.pending(target)
        if not isinstance(pending, AboutTo):
            for field in self._layout.windows[step.thread]:
                state += field.delta(field.get(state), 0)
        return state

    def _examine(self, state: State, changed: int) -> State:
        """Note the invariants that are false; refuse a state that breaks the model's consistency.

        `changed` masks the cells that have another value than in the state examined before. A
        predicate that has never looked at them answers as it did there.
        """
        for name, holds in self._consistency:
            if (changed < 0 or holds.reads & changed) and not holds(state):
                raise inconsistent(name, holds.values_read(state))
        for field, holds in self._invariants:
            examine = changed < 0 or holds.reads & changed
            if examine and not field.get(state) and not holds(state):
                state += field.delta(0, 1)
        return state

    def _window_field(self, thread: int, slot: int) -> Field:
        try:
            return self._layout.windows[thread][slot]
        except IndexError:
            raise ModelError(
                f"thread {self._lifted.instances[thread].name!r} has more than {_OPEN_SLOTS} "
                f"windows open at once, while its values do not converge. Close some of them."
            ) from None


class Reader:
    """What a packed state means: labels, outcomes, endings. Shared by all operational models."""

    def __init__(self, lifted: Lifted, layout: Layout) -> None:
        self._lifted = lifted
        self._layout = layout
        self._sometimes = {
            name: Truth(f"sometimes {name!r}", predicate, layout, lifted.tables)
            for name, predicate in lifted.program.sometimes.items()
        }

    def labels(self, state: State) -> tuple[str, ...]:
        found = {name for name, field in self._layout.broken.items() if field.get(state)}
        for automaton, field in zip(self._lifted.automata, self._layout.nodes, strict=True):
            pending = automaton.pending(field.get(state))
            if isinstance(pending, Violated):
                found.add(pending.label)
        return tuple(sorted(found))

    def outcome(self, state: State) -> OutcomeKey:
        return tuple(
            (instance.name, self._value(thread, state))
            for thread, instance in enumerate(self._lifted.instances)
        )

    def _value(self, thread: int, state: State) -> OutcomeValue:
        node = self._layout.nodes[thread].get(state)
        match self._lifted.automata[thread].pending(node):
            case Returned(value=value):
                return value
            case Violated(label=label, effect=effect):
                return Violation(label, effect)
            case AboutTo(operation=operation):
                return Blocked(describe_operation(operation))
            case Raised() | Closing() as pending:
                raise InternalError(f"a state in which a thread is at {pending!r}")

    def ended(self, state: State) -> bool:
        return not any(
            isinstance(automaton.pending(field.get(state)), AboutTo)
            for automaton, field in zip(self._lifted.automata, self._layout.nodes, strict=True)
        )

    def reached(self, state: State, predicate: str) -> bool:
        return self._sometimes[predicate](state)
