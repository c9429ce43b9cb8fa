"""What grows where automata stay open, by name: it is mostly why a search has no end."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from racer.automata.automaton import ValueTable
from racer.automata.growing import GrowingAutomaton
from racer.errors import Location
from racer.files import shown_path
from racer.lang.pending import AboutTo
from racer.lang.sizes import parts_of
from racer.lang.values import value_key

_SAMPLED: Final = 2_000  # steps to a node that is shown for those after it
_COMPARED: Final = 4  # nodes that one is compared with
_FAR_LESS: Final = 10  # so many times
_LARGE: Final = 10_000  # parts of a value that are worth a word


class Growth:
    """How far automata and cells were when lifting ended, and how far they have come since.

    full   the cell whose values ended the closure, as they were too many or too large
    """

    def __init__(
        self,
        automata: Sequence[GrowingAutomaton],
        tables: Mapping[str, ValueTable],
        full: str | None,
    ) -> None:
        self._automata = automata
        self._tables = tables
        self._full = full
        self._nodes = [len(automaton) for automaton in automata]
        self._values = {name: len(table.values) for name, table in tables.items()}

    def text(self) -> str:
        """What grew most, as a phrase: a cell, or a thread by the nodes of its automaton, or both.

        That is said of the search; where it did not come beyond what lifting met, of that.

        Errors   ModelError where the thread, run once more to find the line, does something else.
        """
        found = self._most(self._nodes, self._values)
        if found:
            return f"what grew: {'; '.join(found)}"
        found = self._most([0] * len(self._nodes), dict.fromkeys(self._values, 0))
        if self._full is not None:
            found = [self._of_cell(self._full)]
        return f"what grew while threads were lifted: {'; '.join(found)}"

    def of_unlike(self) -> str | None:
        """The threads that hold what cannot be compared, as a phrase: no thread is run for it."""
        found = [_of_unlike(each) for each in self._automata if each.unlike is not None]
        return "; ".join(found) or None

    def _most(self, nodes: Sequence[int], values: Mapping[str, int]) -> list[str]:
        """The cell and the thread that grew most since they were of these sizes.

        Mostly a thread grows with the values that it loads, or a cell is stored what the thread
        has come to. Where one grew by far less than the other, it is not what has no end.
        """
        by_thread = [len(each) - n for each, n in zip(self._automata, nodes, strict=True)]
        thread = max(range(len(by_thread)), key=by_thread.__getitem__)
        by_cell = {name: len(self._tables[name].values) - n for name, n in values.items()}
        cell = max(sorted(by_cell), key=by_cell.__getitem__, default=None)
        of_cell, of_thread = 0 if cell is None else by_cell[cell], by_thread[thread]
        found = []
        if cell is not None and of_cell * _FAR_LESS > of_thread:
            found.append(self._of_cell(cell))
        if of_thread > of_cell:
            found.append(self._of_thread(self._automata[thread]))
        return found

    def _of_cell(self, cell: str) -> str:
        """How many values it came to, and who stored the latest where."""
        values = self._tables[cell].values
        size = f" of more than {_LARGE:,} parts" if parts_of(values[-1], _LARGE) > _LARGE else ""
        text = f"cell {cell!r} to {len(values):,} values"
        for automaton in self._automata:
            node = automaton.storing(cell, len(values) - 1)
            if node is not None:
                where = _at(automaton.locations(node))
                return f"{text}, the latest{size} from thread {automaton.instance.group!r}{where}"
        return text

    def _of_thread(self, automaton: GrowingAutomaton) -> str:
        """How many nodes it came to, where one of the latest is, and what is new there; or what
        keeps it from coming to one that it has been at."""
        if automaton.unlike is not None:
            return _of_unlike(automaton)
        node = _sample(automaton)
        text = f"thread {automaton.instance.group!r} to {len(automaton):,} situations"
        where = _at(automaton.locations(node))
        if not where:
            return text
        names = _differing(automaton, node)
        local = f"local{'s' if len(names) > 1 else ''} {', '.join(names)}"
        return f"{text}, such as{where}{f' with another value of its {local}' if names else ''}"


def _of_unlike(automaton: GrowingAutomaton) -> str:
    """What is never found to be equal, and where it is held."""
    assert automaton.unlike is not None
    kind, why, local, at = automaton.unlike
    where = Location(shown_path(at.path), at.line)
    held = f"a {kind} at {where}" if local is None else f"its local {local!r} ({kind}, {where})"
    return (
        f"thread {automaton.instance.group!r} to {len(automaton):,} situations, none of which "
        f"repeats while it may look again at {held}: {why}; a tuple of what is needed of it would "
        f"be compared"
    )


def _at(locations: tuple[Location, ...]) -> str:
    """The innermost of the lines; empty where there is none."""
    if not locations:
        return ""
    return f" at {Location(shown_path(locations[-1].path), locations[-1].line)}"


def _sample(automaton: GrowingAutomaton) -> int:
    """The latest node, or if it takes long to run there, the last before it that does not."""
    node = len(automaton) - 1
    path = automaton.path_to(node)
    return node if len(path) <= _SAMPLED else path[_SAMPLED][0]


def _differing(automaton: GrowingAutomaton, node: int) -> tuple[str, ...]:
    """The locals by which a node differs from the one before it that waits at the same lines.

    Bound    such as can be compared, and of the few nodes before it that are to do alike.
    """
    alike = (each for each in range(node - 1, -1, -1) if _are_alike(automaton, each, node))
    run = automaton.run_to(node)
    here, now = run.locations(), dict(run.variables())
    found: tuple[str, ...] = ()
    for each in itertools.islice(alike, _COMPARED):
        other = automaton.run_to(each)
        if other.locations() == here:
            was = dict(other.variables())
            found = tuple(name for name in now if name in was and _differ(now[name], was[name]))
        other.close()
        if found:
            break
    run.close()
    return found


def _are_alike(automaton: GrowingAutomaton, one: int, other: int) -> bool:
    """Whether two nodes are to do the same kind of operation, with the same cell."""
    mine, its = automaton.pending(one), automaton.pending(other)
    if not isinstance(mine, AboutTo) or not isinstance(its, AboutTo):
        return False
    kinds = type(mine.operation), type(its.operation)
    return kinds[0] is kinds[1] and mine.operation.facts.cell == its.operation.facts.cell


def _differ(one: object, other: object) -> bool:
    """Whether two objects are known to be of different values; of containers, by their length."""
    if one is other:
        return False
    if type(one) is type(other) and isinstance(other, list | dict | set | bytearray | deque):
        return len(one) != len(other)  # type: ignore[arg-type]  # it is of the same type
    try:
        return value_key(one) != value_key(other)
    except Exception:  # it has no key, or what it is asked for fails
        return False
