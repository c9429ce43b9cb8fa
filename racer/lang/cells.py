"""What a modelled thread holds in its hands: cells, locks, fences, choices.

Every method that touches memory is awaited, and each await is one step. A call that is not
awaited takes none, and a thread that comes to its end with such a call is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar, cast

from racer.errors import ProgramError
from racer.lang.asking import operation, perform, perform_on, refuse, require_fit, thread_run
from racer.lang.blocks import Block
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
from racer.lang.values import plainly_the_same, value_key

T = TypeVar("T")


class Handle:
    """What threads share and hold in their hands. It is never changed, and compares by identity:
    what it stands for has a name, and its value is in the state."""

    __slots__ = ()

    name: str
    refers: ClassVar[bool] = True  # whether an address in its value keeps an object in use
    at_once: ClassVar[bool] = False  # plain stores to it are modelled as seen by all at once


@dataclass(frozen=True, eq=False, slots=True)
class Cell(Handle, Generic[T]):
    """One memory location that threads share, made by Memory.cell().

    In a thread, each method is awaited and is one atomic step. In a predicate, `state[cell]` is
    the cell's value.

    Shape    `name` as reports show it; `initial` is the value before the first step.
    Bound    values are immutable and hashable. How many there are is not limited, but a cell that
             counts up for ever makes the search endless: declare its values, or give explore() a
             limit.
    Errors   ProgramError for an order that the operation does not have; TypeError for a value
             that is not hashable. In a thread, either becomes the ModelError of the exploration.
    """

    name: str
    initial: T

    def __repr__(self) -> str:
        return f"Cell({self.name!r})"

    @operation
    async def load(self, order: LoadOrder = "once") -> T:
        """Read the cell and return its value. One step.

        order    "plain" (a C access that the compiler may tear or repeat), "once" (READ_ONCE, the
                 default) or "acquire" (smp_load_acquire)
        """
        _check_order(self.name, "load", order, ("plain", "once", "acquire"))
        value: T = await perform_on(self, Load(self.name, order))
        return value

    @operation
    async def store(self, value: T, order: StoreOrder = "once") -> None:
        """Make `value` the cell's value. One step.

        order    "plain", "once" (WRITE_ONCE, the default) or "release" (smp_store_release)
        """
        _check_order(self.name, "store", order, ("plain", "once", "release"))
        require_fit(value, f"the value stored to {self.name!r}")
        await perform_on(self, Store(self.name, value, order))

    @operation
    async def swap(self, value: T, order: RmwOrder = "full") -> T:
        """Make `value` the cell's value, atomically, and return the value before, as xchg() does.

        One step. The order of a read-modify-write is "full" (the default), "relaxed", "acquire"
        or "release".
        """
        check_rmw_order(self.name, "swap", order)
        require_fit(value, f"the value swapped into {self.name!r}")
        before: T = await perform_on(self, Swap(self.name, value, order))
        return before

    @operation
    async def compare_exchange(self, old: T, new: T, order: RmwOrder = "full") -> T:
        """Make `new` the cell's value if that equals `old`, atomically, as cmpxchg() does.

        Returns the value before; the exchange has happened exactly when it equals `old`, as `==`
        has it: 1 equals True, and nan nothing. One step, also where nothing is exchanged.
        """
        check_rmw_order(self.name, "compare_exchange", order)
        require_fit(old, f"the value that {self.name!r} is compared with")
        require_fit(new, f"the value exchanged into {self.name!r}")
        before: T = await perform_on(self, CompareExchange(self.name, old, new, order))
        return before

    @operation
    async def fetch_add(self, addend: T, order: RmwOrder = "full") -> T:
        """Add `addend` to the value, atomically, and return the value before. One step.

        The value after is `value + addend`, whatever `+` means for the cell's type.
        """
        check_rmw_order(self.name, "fetch_add", order)
        before: T = await perform_on(self, FetchAdd(self.name, addend, order))
        return before

    @operation
    async def update(self, function: Callable[[T], T], order: RmwOrder = "full") -> T:
        """Replace the value by `function(value)`, atomically, and return the value before.

        `function` is a plain, pure function of one argument: it may be called any number of
        times, with any value that the cell may ever hold. One step.
        """
        check_rmw_order(self.name, "update", order)
        erased = cast(Callable[[object], object], function)
        before: T = await perform_on(self, Update(self.name, erased, order))
        return before

    @operation
    async def wait_until(self, predicate: Callable[[T], object], order: LoadOrder = "once") -> T:
        """Block until `predicate(value)` is true, and return the value of which it is. One step.

        It is smp_cond_load_relaxed(), or with "acquire" smp_cond_load_acquire().

        `predicate` is a plain, pure function of one argument, the cell's value. While it is
        false the thread takes no step; if that stays so to the end, it is a "deadlock".
        """
        erased = cast(Callable[[object], object], predicate)
        value: T = await perform_on(self, WaitUntil(self.name, erased, order))
        return value

    @operation
    async def update_when(
        self,
        predicate: Callable[[T], object],
        function: Callable[[T], T],
        order: RmwOrder = "full",
    ) -> T:
        """Block until `predicate(value)` is true, and replace the value in the same step.

        Returns the value before, of which the predicate holds; the cell is left with
        `function(value)`. So nothing comes between seeing and taking: a semaphore is
        `await free.update_when(lambda n: n > 0, lambda n: n - 1)`. Both are plain, pure functions
        of one argument. One step.
        """
        check_rmw_order(self.name, "update_when", order)
        erased = cast(Callable[[object], object], predicate)
        taken = cast(Callable[[object], object], function)
        before: T = await perform_on(self, UpdateWhen(self.name, erased, taken, order))
        return before


@dataclass(frozen=True, eq=False, slots=True)
class Lock(Block, Handle):
    """A spin lock, made by Memory.lock(); free at first.

    `async with lock:` takes one step to acquire it, where the block begins, and one to release
    it, where the block is left, be it by `return` or by an exception. A thread that cannot get it
    takes no step.

    It is not reentrant: a thread that acquires it twice blocks, and racer reports a deadlock. It
    does not record its holder: any thread may release it, but not while it is free. In a
    predicate, `state[lock]` says whether it is held.

    One made with `atomic=True` is an atomic region while it is held, as atomic() is: its holder is
    not preempted, as that of a kernel's spin lock is not. It is released by who has got it.
    """

    name: str
    atomic: bool = False

    def __repr__(self) -> str:
        return f"Lock({self.name!r})"

    @property
    def initial(self) -> bool:
        """Whether it is held when the program starts: it never is."""
        return False

    @operation
    async def acquire(self) -> None:
        """Block until the lock is free, and take it, as spin_lock() does. One step."""
        await self._take()

    @operation
    async def try_acquire(self) -> bool:
        """Take the lock if it is free, without waiting, as spin_trylock() does. One step.

        Returns True if it was free and is now held by this thread, False if it was held.
        """
        taken: bool = await perform_on(self, TryAcquire(self.name))
        if taken and self.atomic:
            thread_run(self.name).take_lock(self.name)
        return taken

    @operation
    async def release(self) -> None:
        """Free the lock, as spin_unlock() does. One step.

        Errors   ModelError of the exploration, if the lock is free when that step is taken, or if
                 it is an atomic region and another thread has got it.
        """
        await self._give()

    async def _take(self) -> None:
        await perform_on(self, Acquire(self.name))
        if self.atomic:
            thread_run(self.name).take_lock(self.name)

    async def _give(self) -> None:
        if self.atomic and not thread_run(self.name).has_lock(self.name):
            refuse(
                ProgramError(
                    f"release {self.name}: this thread has not got it. A lock made with "
                    f"atomic=True is an atomic region of the thread that acquires it, so that one "
                    f"releases it."
                )
            )
        await perform_on(self, Release(self.name))
        if self.atomic:
            thread_run(self.name).give_lock(self.name)


def check_rmw_order(cell: str, what: str, order: str) -> None:
    """Refuse an order that a read-modify-write does not have. Errors: ProgramError."""
    _check_order(cell, what, order, ("full", "relaxed", "acquire", "release"))


_MOST_OPTIONS = 1 << 16  # moves are numbered by thread and option


def _check_order(cell: str, what: str, order: str, known: tuple[str, ...]) -> None:
    if order not in known:
        refuse(
            ProgramError(
                f"{what} of {cell!r}: there is no order {order!r} for it; known: "
                f"{', '.join(known)}."
            )
        )


@operation
async def fence(kind: FenceKind) -> None:
    """A memory barrier: "mb" is smp_mb(), "rmb" smp_rmb(), "wmb" smp_wmb(). One step.

    It is a step also where it orders nothing, as under sequential consistency.

    Errors   ProgramError for another kind.
    """
    if kind not in ("mb", "rmb", "wmb"):
        refuse(ProgramError(f"there is no fence {kind!r}; known: mb, rmb, wmb."))
    await perform(Fence(kind))


@operation
async def choose(*options: T) -> T:
    """Return one of the options; each of them is explored, in interleavings of its own. One step.

    For what the model leaves open: an input, a failing allocation, which of two branches.

    Bound    65,536 options; they are hashable.
    Errors   ProgramError without an option, or with the same one twice: it would count its
             interleavings twice.
    """
    if not options:
        refuse(ProgramError("choose() needs at least one option."))
    if len(options) > _MOST_OPTIONS:
        refuse(ProgramError(f"choose() with {len(options):,} options: at most {_MOST_OPTIONS:,}."))
    if not plainly_the_same(options, _fit.options):
        for option in options:
            require_fit(option, "an option of choose()")
        if len(set(map(value_key, options))) != len(options):
            refuse(
                ProgramError(f"choose{options!r} has an option twice: each would count its own.")
            )
        _fit.options = options
    chosen: T = await perform(Choose(options))
    return chosen


class _Fit:
    """The options that were looked at last. A thread is run once for each of them, and comes to the
    same ones; to look at each of them each time would take most of what lifting takes."""

    options: tuple[object, ...] = ()


_fit = _Fit()
