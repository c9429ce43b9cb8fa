"""Per-thread cells: each thread has one, which it alone writes, and anybody may look at all.

Cells that are numbered by thread would tell copies apart. Nobody who looks at all of them has to
know whose is which, so the state has their values in an order of their own, and what its own one
holds a thread knows by itself. So copies stay interchangeable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar, cast

from racer.lang.asking import operation, perform_on, require_fit, thread_run
from racer.lang.cells import Handle
from racer.lang.effects import Effect, Misuse, called
from racer.lang.operations import Facts, Show
from racer.lang.sync.act import Act, passes
from racer.lang.values import describe, truth_of, value_key

T = TypeVar("T")
Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class OwnStore(Act):
    """Stores to the thread's own one, which holds `old`; () where it is what it was at first."""

    cell: str
    old: Values
    new: Values

    verb: ClassVar = "store own"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, tuple)
        left = list(before)
        for old in self.old:
            known = [value_key(each) for each in left]
            if value_key(old) not in known:
                raise Misuse(f"{self.text()}: no thread's own {self.cell} is {describe(old)}")
            del left[known.index(value_key(old))]
        return Effect(None, tuple(sorted([*left, *self.new], key=describe)))

    def _head(self) -> str:
        return f"store own {self.cell}"

    def _arguments(self, show: Show) -> str:
        return f" = {show(self.new[0])}" if self.new else " as at first"


@dataclass(frozen=True, slots=True)
class OwnLoad(Act):
    """Gives what the thread's own one holds."""

    cell: str
    own: object

    verb: ClassVar = "load own"
    stores: ClassVar = False
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        return passes(before, self.own)


@dataclass(frozen=True, slots=True)
class LoadAll(Act):
    """Gives all that are not as they were at first, when that is as the predicate says."""

    cell: str
    predicate: Callable[[object], object] | None = None

    verb: ClassVar = "load all"
    stores: ClassVar = False
    gives: ClassVar = "a value"

    @property
    def facts(self) -> Facts:
        asks = () if self.predicate is None else (self.predicate,)
        blocks = self.predicate is not None
        return Facts(self.cell, blocks=blocks, gives="a value", functions=asks)

    def execute(self, before: object) -> Effect | None:
        if self.predicate is not None and not truth_of(called(self.predicate, before)):
            return None
        return passes(before, before)

    def _head(self) -> str:
        return f"{'load all' if self.predicate is None else 'wait until all'} {self.cell}"


@dataclass(frozen=True, eq=False, slots=True)
class PerThread(Handle, Generic[T]):
    """A cell for each thread, made by Memory.per_thread(): a flag, a hazard pointer, a count.

    A thread loads and stores its own. Whoever looks at all sees a tuple of the values of those that
    are not `first`, in the order of their texts and not of threads; in a predicate that is
    `state[cells]`. Copies of a thread stay interchangeable.

    Blocks   wait_until() does, while its predicate is false.
    Bound    A store is seen by all at once: memory models that have it seen later refuse programs
             with such cells. To look at all of them is one step. Where code looks at one after the
             other, and what happens in between matters, let each thread take an index,
             `await ids.fetch_add(1)`, and use a list of cells: copies stay interchangeable, too.
    Errors   as of a Cell.
    """

    at_once: ClassVar[bool] = True

    name: str
    first: T

    def __repr__(self) -> str:
        return f"PerThread({self.name!r})"

    @property
    def initial(self) -> Values:
        """Each is what it is at first, so that there is none to see."""
        return ()

    def fits(self, value: object, threads: int) -> bool:
        """Whether it may hold that value in a program of so many threads."""
        return isinstance(value, tuple) and len(value) <= threads

    @operation
    async def load(self) -> T:
        """Return what this thread's own one holds. One step."""
        own = self._own()
        held: T = await perform_on(self, OwnLoad(self.name, own[0] if own else self.first))
        return held

    @operation
    async def store(self, value: T) -> None:
        """Make `value` what this thread's own one holds. One step."""
        require_fit(value, f"the value stored to {self.name!r}")
        new = () if value_key(value) == value_key(self.first) else (value,)
        await perform_on(self, OwnStore(self.name, self._own(), new))
        thread_run(self.name).keep(self.name, new)

    @operation
    async def load_all(self) -> tuple[T, ...]:
        """Return the values of all that are not `first`. One step."""
        found: tuple[T, ...] = await perform_on(self, LoadAll(self.name))
        return found

    @operation
    async def wait_until(self, predicate: Callable[[tuple[T, ...]], object]) -> tuple[T, ...]:
        """Block until `predicate` is true of what load_all() would return; return that. One step.

        It is a plain, pure function of one argument.
        """
        erased = cast(Callable[[object], object], predicate)
        found: tuple[T, ...] = await perform_on(self, LoadAll(self.name, erased))
        return found

    def _own(self) -> Values:
        return thread_run(self.name).kept(self.name)
