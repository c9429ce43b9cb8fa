"""Memory: the cells and locks of one Program, and the watches over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from racer.errors import ProgramError
from racer.lang.cells import Cell, Handle, Lock
from racer.lang.declared import Allowed, Declared, Fits, Limited
from racer.lang.pools import Pool, leaked, no_leak
from racer.lang.refcounts import LEAK, Refcount
from racer.lang.specs.linearizable import Linearizable, linearizable
from racer.lang.sync.making import Making
from racer.lang.values import describe, require_hashable
from racer.lang.watches import State, Watch

T = TypeVar("T")


class Memory(Making):
    """The cells and locks that the threads of one Program share, and the watches over them.

    All of them are made before the Program is; each has a name of its own. Threads share nothing
    else: a list or a global that one changes and another reads is refused.

    Shape    `initial` maps each name to its initial value, in the order of creation; a lock
             starts free (False). `handles` maps names to all that is made, `watches` to the
             watches, `locks` has the names that are locks; `declared` has the values of those cells
             that declare them.
    """

    def __init__(self) -> None:
        self.initial: dict[str, object] = {}
        self.handles: dict[str, Handle] = {}
        self.locks: set[str] = set()
        self.declared: dict[str, Allowed] = {}
        self.watches: dict[str, Watch] = {}
        self._sealed = False
        self._own_ends: dict[str, Callable[[State, Mapping[str, object]], object]] = {}

    def cell(self, name: str, initial: T, *, values: Iterable[T] | None = None) -> Cell[T]:
        """Make a cell that holds `initial` before the first step.

        values   all that it may ever hold; a step that would leave another one is a ModelError with
                 the schedule. A cell that counts has few values then, and not all that a thread
                 could count up to, were nothing else there.

        Errors   ProgramError when the name is taken or empty, when a value is not hashable, when
                 `initial` is none of `values`, or when the Program has been made.
        """
        cell = Cell(name, initial)
        self._take_in(cell, "cell", values)
        return cell

    def refcount(self, name: str, initial: int = 1, *, most: int) -> Refcount:
        """Make a reference count that holds 0 to `most`, and `initial` before the first step.

        Errors   ProgramError as of cell().
        """
        if not isinstance(most, int) or isinstance(most, bool) or most < 1:
            raise ProgramError(f"refcount {name!r}: most={most!r} is no number from 1 on.")
        count = Refcount(name, initial)
        self._take_in(count, "cell", range(most + 1))
        return count

    def _take_in(self, handle: Any, kind: str, values: Iterable[object] | None = None) -> None:
        name = handle.name
        try:
            require_hashable(handle.initial, f"the initial value of {kind} {name!r}")
        except TypeError as error:
            raise ProgramError(str(error)) from None
        self._check_name(kind, name)
        if values is not None:
            declared = Declared(name, values)
            if handle.initial not in declared:
                raise ProgramError(
                    f"{kind} {name!r} is {describe(handle.initial)} at the start, which is none of "
                    f"the values that it declares."
                )
            self.declared[name] = declared
        self.initial[name] = handle.initial
        self.handles[name] = handle

    def _take_part(self, part: Handle) -> None:
        self._check_name("field", part.name)
        self.handles[part.name] = part

    def lock(self, name: str, *, atomic: bool = False) -> Lock:
        """Make a lock that is free before the first step.

        atomic  while a thread has it, it is in an atomic region: it is not preempted (see atomic())

        Errors   ProgramError when the name is taken or empty, or when the Program has been made.
        """
        self._check_name("lock", name)
        self.initial[name] = False
        self.locks.add(name)
        lock = Lock(name, atomic)
        self.handles[name] = lock
        return lock

    def linearizable(self, name: str, specification: Callable[[], object]) -> Linearizable:
        """Make an object whose calls, marked in the threads, are to be linearizable.

        specification  a plain class, whose methods are the operations (see Linearizable), or a
                       function that makes an instance of one: its first state

        Errors   ProgramError for one that is none, and as of cell().
        """
        made = linearizable(name, specification)
        self._take_in(made, "linearizable")
        return made

    def watch(
        self, name: str, predicate: Callable[[State], object], cells: Iterable[Handle]
    ) -> Watch:
        """Make a watch: a named predicate that threads observe in windows (see Watch).

        predicate  a plain, pure function of one argument, a State; it returns a truth value
        cells      all cells and locks that the predicate reads; it may read no other

        Errors   ProgramError when `cells` is empty or one of them belongs to another Memory, when
                 the name is taken, or when the Program has been made.
        """
        if self._sealed:
            raise ProgramError(
                f"watch {name!r} is made after its Program: threads cannot make watches. Create "
                f"all of them before Program(...)."
            )
        handles = tuple(cells)
        names = tuple(cell.name for cell in handles)
        if not names:
            raise ProgramError(f"watch {name!r} names no cells: it could never change.")
        for handle in handles:
            if self.handles.get(handle.name) is not handle:
                raise ProgramError(f"watch {name!r}: {handle!r} is not a cell of this Memory.")
        if name in self.watches:
            raise ProgramError(
                f"there is a watch {name!r} already: every watch needs its own name."
            )
        self.watches[name] = Watch(name, predicate, names)
        return self.watches[name]

    def finally_(self) -> dict[str, Callable[[State, Mapping[str, object]], object]]:
        """What has to hold at the end of an interleaving because of what the memory holds."""
        if not self._own_ends and any(isinstance(each, Pool) for each in self.handles.values()):
            self._own_ends[LEAK] = no_leak(self.handles)
        return self._own_ends

    def told_at_end(self, label: str, state: State, came_to: Mapping[str, object]) -> str | None:
        """What is wrong at an end with a label of the memory's own, as a predicate of it."""
        if label != LEAK or label not in self.finally_():
            return None
        return f"{' and '.join(leaked(self.handles, state, came_to))} is live, and nobody has it"

    def seal(self, threads: int) -> None:
        """Called by Program, which has so many threads: from here on the set of cells is fixed."""
        self._sealed = True
        for name, handle in self.handles.items():
            if isinstance(handle, Fits):
                self.declared[name] = Limited(name, handle, threads)

    def _check_name(self, kind: str, name: str) -> None:
        if self._sealed:
            raise ProgramError(
                f"{kind} {name!r} is made after its Program: threads cannot make cells. Create "
                f"all of them before Program(...)."
            )
        if not isinstance(name, str) or not name:
            raise ProgramError(f"a {kind}'s name must be a non-empty text, not {name!r}.")
        if name in self.handles:
            raise ProgramError(f"the name {name!r} is taken: every cell and lock needs its own.")
