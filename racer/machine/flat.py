"""What a machine's tables are in plain numbers, for a search that is not written in Python.

Threads of one kind do the same, so that tables are asked for by kind: how a copy's states differ
from those of another one is only where its fields lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from racer.automata.automaton import CellStep
from racer.automata.lifting import Lifted
from racer.errors import ModelError
from racer.lang.pending import AboutTo, Closing, Raised, Violated, is_atomic
from racer.lang.watches import OBSERVATIONS
from racer.machine.layout import WORD, Field, Layout, State
from racer.machine.monitors import Monitors
from racer.machine.moves import option_of
from racer.machine.predicates import Truth
from racer.machine.tables import STRIDE, Special, ThreadTable

# A predicate whose cells have more combinations of values than this is not put into a table: each
# has a number of one word.
MOST_TRUTHS: Final = 1 << 62

Pairs = tuple[tuple[int, int], ...]  # of slots of windows, and the numbers of their watches


class TooLarge(Exception):
    """A table would be larger than is sensible: such a program is searched without these."""


class FlatNode(NamedTuple):
    """What a thread is about to do, or has come to. `values`: so many has the cell by now;
    `answers`: the thread gets to see which it holds."""

    what: Literal["step", "ended", "closing", "raised"]
    cell: int = -1
    values: int = 1
    label: str | None = None
    slot: int = -1
    watch: int = -1
    opened: Pairs = ()
    atomic: bool = False
    answers: bool = False


class FlatSpecial(NamedTuple):
    """A step that windows or invariants may see, as racer/machine/tables.py has it."""

    fails: bool
    settles: bool
    waits: int
    changes: int
    opens: Pairs


class FlatEdge(NamedTuple):
    """A move: the next node, the cell's number of a value then (-1: no cell), and the option."""

    target: int
    after: int
    option: int
    special: FlatSpecial | None


FAILS: Final = FlatEdge(0, -1, 0, FlatSpecial(True, False, -1, -1, ()))


@dataclass(frozen=True, slots=True)
class FlatThread:
    """Where a thread's fields lie, and of which kind it is."""

    kind: int
    node: Field
    part: Field
    windows: Sequence[Field]


class FlatTables:
    """The tables of one System in which every store goes to memory at once.

    Shape    cells, threads and predicates are told by their positions in `cells`, `threads` and
             `predicates`; watches come first among these, then the invariants (`broken` has the bit
             and the name of each), what must be consistent, and what is wanted sometimes.
             Where automata grow as they are asked (`grows`), nothing may be asked that a search in
             Python would not come to just then, and what fails there fails here.
    """

    def __init__(
        self,
        lifted: Lifted,
        layout: Layout,
        monitors: Monitors,
        tables: Sequence[ThreadTable],
        sometimes: Sequence[Truth],
    ) -> None:
        self._lifted = lifted
        self._tables = tables
        self._settles = monitors.settles
        self.layout = layout
        self.grows = not lifted.closed
        self._first: list[int] = []  # by kind: a thread of it
        kinds: dict[str, int] = {}
        threads = []
        for thread, instance in enumerate(lifted.instances):
            if instance.group not in kinds:
                kinds[instance.group] = len(self._first)
                self._first.append(thread)
            fields = layout.nodes[thread], layout.locals[thread], layout.windows[thread]
            threads.append(FlatThread(kinds[instance.group], *fields))
        self.threads = tuple(threads)
        self.kinds = len(self._first)
        self.cells = tuple(layout.cells.values())
        self._cell = {name: at for at, name in enumerate(layout.cells)}
        self._names = tuple(layout.cells)
        watches = lifted.program.memory.watches
        self._watch = {name: at for at, name in enumerate(sorted(watches))}
        invariants, consistent = monitors.of_states
        truths = [monitors.of_watch(name) for name in self._watch]
        truths += [truth for _, truth in invariants]
        truths += [*consistent, *sometimes]
        self.predicates = tuple(truths)
        self.declared = tuple(
            tuple(self._cell[cell] for cell in watches[name].cells) for name in self._watch
        )
        self.broken = tuple(
            (field, name) for (field, _), name in zip(invariants, layout.broken, strict=True)
        )
        self.consistent = len(consistent)
        self.sometimes = len(sometimes)

    @property
    def fits(self) -> bool:
        """Whether the fields of every thread and cell lie in one word each."""
        return all(
            field.shift // WORD == (field.shift + field.mask.bit_length() - 1) // WORD
            for field in (*self.cells, *(thread.part for thread in self.threads))
        )

    def node(self, kind: int, node: int) -> FlatNode:
        """What the threads of a kind are about to do at a node."""
        automaton = self._lifted.automata[self._first[kind]]
        pending = automaton.pending(node)
        slots = automaton.open_slots(node)
        opened = tuple((slot, self._watch[watch.name]) for slot, watch in slots)
        match pending:
            case AboutTo(operation=operation):
                cell = operation.facts.cell
                atomic = is_atomic(pending)
                if cell is None:
                    return FlatNode("step", opened=opened, atomic=atomic)
                values = len(self._lifted.tables[cell].values)
                return FlatNode(
                    "step",
                    self._cell[cell],
                    values,
                    opened=opened,
                    atomic=atomic,
                    answers=operation.facts.gives != "nothing",
                )
            case Closing(slot=slot):
                watch = self._watch[dict(slots)[slot].name]
                return FlatNode("closing", slot=slot, watch=watch, opened=opened)
            case Violated(label=label):
                return FlatNode("ended", label=label, opened=opened)
            case Raised():
                return FlatNode("raised", opened=opened)
            case _:
                return FlatNode("ended", opened=opened)

    def row(self, kind: int, node: int, value: int) -> list[FlatEdge]:
        """The edges of a node while its cell holds that value.

        Where the model fails already as they are made, it is one that fails: what happens in a
        state, and whether it comes to that, is for the System itself to say.

        Errors   ModelError where automata grow.
        """
        table = self._tables[self._first[kind]]
        if node not in table.fields:
            table.fill_field(node)
        field = table.fields[node]
        assert field is not None, "only a thread that has not ended has edges"
        try:
            key = node * STRIDE + value
            edges = table.edges[key] if key in table.edges else table.fill_edges(node, value)
        except ModelError:
            if self.grows:
                raise
            return [FAILS]
        before = table.nodes.delta(0, node) + (field.delta(0, value) if field.mask else 0)
        found = []
        for edge in edges:
            after = before + edge.delta
            found.append(
                FlatEdge(
                    table.nodes.get(after),
                    field.get(after) if field.mask else -1,
                    option_of(edge.move),
                    None if edge.special is None else self._special(edge.special),
                )
            )
        return found

    def _special(self, special: Special) -> FlatSpecial:
        step, waits = special.step, special.waits
        return FlatSpecial(
            special.failure is not None,
            self._settles(step),
            -1 if waits is None else self._watch[waits.name],
            -1 if step.changes is None else self._cell[step.changes],
            tuple((window.slot, self._watch[window.watch.name]) for window in step.opens),
        )

    def target(self, kind: int, node: int, answer: int) -> int | None:
        """Where a window that closes leads to; None where the model fails with that."""
        automaton = self._lifted.automata[self._first[kind]]
        try:
            return automaton.target(node, CellStep(answer, OBSERVATIONS[answer], 0))
        except ModelError:
            if self.grows:
                raise
            return None

    def truth(self, predicate: int, state: State) -> bool | None:
        """The truth of a predicate in a state; None where it fails."""
        try:
            return self.predicates[predicate](state)
        except ModelError:
            return None

    def looks_at(self, predicate: int) -> tuple[list[int], list[int]]:
        """The cells that a predicate has looked at so far, and how many values each has.

        Errors   TooLarge.
        """
        reads = self.predicates[predicate].reads
        cells = [at for at, field in enumerate(self.cells) if reads & field.mask << field.shift]
        dims = [max(1, len(self._lifted.tables[self._names[cell]].values)) for cell in cells]
        size = 1
        for dim in dims:
            size *= dim
        if size > MOST_TRUTHS:
            raise TooLarge
        return cells, dims
