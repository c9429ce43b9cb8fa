"""What a modelled thread holds in its hands: cells, locks, fences, choices.

Every method that touches memory is awaited, and each await is one step. A call that is not
awaited takes none, and a thread that comes to its end with such a call is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar, cast

from racer.errors import ProgramError
from racer.lang.operations import (
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
    TryAcquire,
    Update,
    UpdateWhen,
    WaitUntil,
)
from racer.lang.run import operation, perform, perform_on
from racer.lang.values import require_hashable

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

    @operation
    async def update_when(
        self,
        predicate: Callable[[T], object],
        function: Callable[[T], T],
        order: RmwOrder = "full",
    ) -> T:
        """Block until the pure `predicate` holds, and replace the value in the same step.

        The value before, of which the predicate holds; the cell is left with `function(value)`.
        So nothing comes between seeing and taking, as with a semaphore. One step.
        """
        _check_order(self.name, "update_when", order, _RMW_ORDERS)
        erased = cast(Callable[[object], object], predicate)
        taken = cast(Callable[[object], object], function)
        before: T = await perform_on(self, UpdateWhen(self.name, erased, taken, order))
        return before


@dataclass(frozen=True, eq=False, slots=True)
class Lock:
    """A spin lock: `async with lock:` takes one step to acquire and one to release.

    It is not reentrant: a thread that acquires it twice blocks, and racer reports a deadlock. It
    does not record its holder: any thread may release it, but not while it is free.
    """

    name: str

    def __repr__(self) -> str:
        return f"Lock({self.name!r})"

    @property
    def initial(self) -> bool:
        """Whether it is held when the program starts: it never is."""
        return False

    @operation
    async def acquire(self) -> None:
        """Block until the lock is free, and take it. One step."""
        await perform_on(self, Acquire(self.name))

    @operation
    async def try_acquire(self) -> bool:
        """Take the lock if it is free; whether it was, as spin_trylock() gives. One step."""
        taken: bool = await perform_on(self, TryAcquire(self.name))
        return taken

    @operation
    async def release(self) -> None:
        """Free the lock. One step.

        Errors   a ModelError of the exploration where the lock is free: the model is broken there.
        """
        await perform_on(self, Release(self.name))

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
