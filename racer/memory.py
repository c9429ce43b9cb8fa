"""What a modelled thread holds in its hands: cells, locks, fences, choices, watches.

Every method that touches memory is awaited, and each await is one step. A call that is not
awaited takes none, and a thread that comes to its end with such a call is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from racer.errors import ProgramError
from racer.operations import (
    Acquire,
    Choose,
    CompareExchange,
    Fence,
    FenceKind,
    FetchAdd,
    Load,
    LoadOrder,
    Release,
    RmwOrder,
    Store,
    StoreOrder,
    Swap,
    Update,
    WaitUntil,
)
from racer.steps import operation, perform, perform_on
from racer.values import require_hashable
from racer.watches import State, Watch

T = TypeVar("T")


@dataclass(frozen=True, eq=False, slots=True)
class Cell(Generic[T]):
    """One memory location. Its values are immutable and hashable."""

    name: str
    initial: T

    def __repr__(self) -> str:
        return f"Cell({self.name!r})"

    @operation
    async def load(self, order: LoadOrder = "once") -> T:
        """The value now. One step."""
        _check_order(self.name, "load", order, ("plain", "once", "acquire"))
        value: T = await perform_on(self, Load(self.name, order))
        return value

    @operation
    async def store(self, value: T, order: StoreOrder = "once") -> None:
        """Make `value` the cell's value. One step."""
        _check_order(self.name, "store", order, ("plain", "once", "release"))
        require_hashable(value, f"the value stored to {self.name!r}")
        await perform_on(self, Store(self.name, value, order))

    @operation
    async def swap(self, value: T, order: RmwOrder = "full") -> T:
        """Exchange atomically; the value before. One step."""
        _check_order(self.name, "swap", order, _RMW_ORDERS)
        require_hashable(value, f"the value swapped into {self.name!r}")
        before: T = await perform_on(self, Swap(self.name, value, order))
        return before

    @operation
    async def compare_exchange(self, old: T, new: T, order: RmwOrder = "full") -> T:
        """Make it `new` if it equals `old`, atomically; the value before, as cmpxchg gives.

        It succeeded exactly when the value before equals `old`. One step.
        """
        _check_order(self.name, "compare_exchange", order, _RMW_ORDERS)
        require_hashable(new, f"the value exchanged into {self.name!r}")
        before: T = await perform_on(self, CompareExchange(self.name, old, new, order))
        return before

    @operation
    async def fetch_add(self, addend: T, order: RmwOrder = "full") -> T:
        """Add atomically; the value before. One step."""
        _check_order(self.name, "fetch_add", order, _RMW_ORDERS)
        before: T = await perform_on(self, FetchAdd(self.name, addend, order))
        return before

    @operation
    async def update(self, function: Callable[[T], T], order: RmwOrder = "full") -> T:
        """Replace the value by `function(value)`, atomically; the value before. One step.

        `function` is pure: it may be called any number of times.
        """
        _check_order(self.name, "update", order, _RMW_ORDERS)
        erased = cast(Callable[[object], object], function)
        before: T = await perform_on(self, Update(self.name, erased, order))
        return before

    @operation
    async def wait_until(self, predicate: Callable[[T], object]) -> T:
        """Block until the pure `predicate` holds of the value; that value. One step."""
        erased = cast(Callable[[object], object], predicate)
        value: T = await perform_on(self, WaitUntil(self.name, erased))
        return value


@dataclass(frozen=True, eq=False, slots=True)
class Lock:
    """A spin lock: `async with lock:` takes one step to acquire and one to release.

    It is not reentrant: a thread that acquires it twice blocks, and racer reports a deadlock.
    """

    name: str

    def __repr__(self) -> str:
        return f"Lock({self.name!r})"

    async def __aenter__(self) -> None:
        await perform_on(self, Acquire(self.name))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not GeneratorExit:  # an abandoned run takes no further step
            await perform_on(self, Release(self.name))


class Memory:
    """The cells and locks that the threads of one Program share.

    `initial` maps each name to its initial value, in the order of creation; a lock starts
    free (False). `handles` maps names to the cells and locks, `watches` to the watches.
    """

    def __init__(self) -> None:
        self.initial: dict[str, object] = {}
        self.handles: dict[str, Cell[Any] | Lock] = {}
        self.locks: set[str] = set()
        self.watches: dict[str, Watch] = {}
        self._sealed = False

    def cell(self, name: str, initial: T) -> Cell[T]:
        """A new cell. Errors: ProgramError when the name is taken or the value not hashable."""
        try:
            require_hashable(initial, f"the initial value of cell {name!r}")
        except TypeError as error:
            raise ProgramError(str(error)) from None
        self._check_name("cell", name)
        self.initial[name] = initial
        cell = self.handles[name] = Cell(name, initial)
        return cell

    def lock(self, name: str) -> Lock:
        """A new lock, free. Errors: ProgramError when the name is taken."""
        self._check_name("lock", name)
        self.initial[name] = False
        self.locks.add(name)
        lock = self.handles[name] = Lock(name)
        return lock

    def watch(
        self, name: str, predicate: Callable[[State], object], cells: Iterable[Cell[Any] | Lock]
    ) -> Watch:
        """A named predicate over `cells`, to be observed in windows.

        Errors   ProgramError when `cells` is empty or one of them belongs to another Memory.
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

    def seal(self) -> None:
        """Called by Program: from here on the set of cells is fixed."""
        self._sealed = True

    def _check_name(self, kind: str, name: str) -> None:
        if self._sealed:
            raise ProgramError(
                f"{kind} {name!r} is made after its Program: threads cannot make cells. Create "
                f"all of them before Program(...)."
            )
        if not isinstance(name, str) or not name:
            raise ProgramError(f"a {kind}'s name must be a non-empty text, not {name!r}.")
        if name in self.initial:
            raise ProgramError(f"the name {name!r} is taken: every cell and lock needs its own.")


_MOST_OPTIONS = 1 << 16  # moves are numbered by thread and option
_RMW_ORDERS = ("full", "relaxed", "acquire", "release")


def _check_order(cell: str, what: str, order: str, known: tuple[str, ...]) -> None:
    if order not in known:
        raise ProgramError(
            f"{what} of {cell!r}: there is no order {order!r} for it; known: {', '.join(known)}."
        )


@operation
async def fence(kind: FenceKind) -> None:
    """A memory barrier: smp_mb, smp_rmb or smp_wmb. One step, also where it orders nothing."""
    if kind not in ("mb", "rmb", "wmb"):
        raise ProgramError(f"there is no fence {kind!r}; known: mb, rmb, wmb.")
    await perform(Fence(kind))


@operation
async def choose(*options: T) -> T:
    """Every option, each in its own interleavings. One step.

    Errors   ProgramError without an option, or with the same one twice (it would count its
             interleavings twice).
    """
    if not options:
        raise ProgramError("choose() needs at least one option.")
    if len(options) > _MOST_OPTIONS:
        raise ProgramError(f"choose() with {len(options):,} options: at most {_MOST_OPTIONS:,}.")
    for option in options:
        require_hashable(option, "an option of choose()")
    if len(set(options)) != len(options):
        raise ProgramError(f"choose{options!r} has an option twice: each would count its own.")
    chosen: T = await perform(Choose(options))
    return chosen
