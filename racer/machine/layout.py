"""How a program's state is packed into one integer, and read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from racer.automata.automaton import ValueTable
from racer.automata.lifting import Lifted
from racer.errors import InternalError

# Field widths where the automata are open and no maximum is known beforehand.
_OPEN_WIDTH: Final = 24

# What a state is cut into for those that have no integers of any size (racer/native/).
WORD: Final = 64

State = int  # a packed one


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


class Layout:
    """The packing of one program's states under one memory model.

    Shape    from the lowest bits up: for each thread its node, its window monitors and what the
             memory model keeps for it (`own`), which together are its `locals`; then the cells;
             then a bit for each broken invariant. The copies of a thread lie side by side, with
             equal widths. No thread's locals and no cell cross a multiple of WORD bits, as long as
             they are not wider.
    own      by name, how many bits the memory model wants for each thread: `more[name][thread]`
    """

    def __init__(self, lifted: Lifted, own: Mapping[str, int] | None = None) -> None:
        self._bits = 0
        nodes, windows, local = [], [], []
        more = sum((own or {}).values())
        self.more: dict[str, list[Field]] = {name: [] for name in own or {}}
        for automaton in lifted.automata:
            slots = _slots_of(automaton, lifted)
            self._make_room(_node_width(automaton) + 2 * slots + more)
            start = self._bits
            nodes.append(self._field(_node_width(automaton)))
            windows.append(tuple(self._field(2) for _ in range(slots)))
            for name, width in (own or {}).items():
                self.more[name].append(self._field(width))
            local.append(Field(start, (1 << (self._bits - start)) - 1))
        self.nodes, self.windows, self.locals = tuple(nodes), tuple(windows), tuple(local)
        self.node_mask = sum(field.mask << field.shift for field in self.nodes)
        self.cells = {
            name: self._field(_width(len(table.values)) if lifted.closed else _OPEN_WIDTH)
            for name, table in lifted.tables.items()
        }
        self.cell_mask = sum(field.mask << field.shift for field in self.cells.values())
        self.broken = {name: self._field(1) for name in sorted(lifted.program.invariants)}

    def _field(self, width: int) -> Field:
        self._make_room(width)
        field = Field(self._bits, (1 << width) - 1)
        self._bits += width
        return field

    def _make_room(self, width: int) -> None:
        """Go on to the next word where what is so wide would cross into it."""
        left = -self._bits % WORD
        if left < width <= WORD:
            self._bits += left

    @property
    def words(self) -> int:
        """How many words of WORD bits a state takes."""
        return -(-self._bits // WORD)


def _width(count: int) -> int:
    return max(1, (count - 1).bit_length())


def _node_width(automaton: object) -> int:
    nodes = getattr(automaton, "nodes", None)  # a closed automaton knows how many it has
    return _OPEN_WIDTH if nodes is None else _width(len(nodes))


def _slots_of(automaton: object, lifted: Lifted) -> int:
    slots = getattr(automaton, "slots", None)
    if slots is None:
        return lifted.open_slots
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
