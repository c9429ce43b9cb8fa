"""Reference counts, with the operations that the kernel has for them.

Source   include/linux/refcount.h and lib/refcount.c (refcount_t), include/linux/page_ref.h (of
         struct page: get_page_unless_zero(), put_page_testzero()), and for the orders
         Documentation/core-api/refcount-vs-atomic.rst, of linux 6.12.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from racer.lang.asking import operation, perform_on
from racer.lang.cells import Cell, check_rmw_order
from racer.lang.effects import Effect
from racer.lang.operations import Order, ReadModifyWrite, RmwOrder
from racer.lang.outcomes import Violation

USE_AFTER_FREE: Final = "use after free"
LEAK: Final = "leak"


class _Counting(ReadModifyWrite):
    """Adds `addend` to a count that is not 0."""

    __slots__ = ()

    usual: ClassVar[Order | None] = "relaxed"
    addend: ClassVar[int]

    def after(self, before: int) -> int:
        """The count it leaves. Errors: Violation where it is 0."""
        if before == 0:
            raise Violation(USE_AFTER_FREE, f"{self.verb} of a count of 0")
        return before + self.addend


@dataclass(frozen=True, slots=True)
class Increment(_Counting):
    cell: str
    order: RmwOrder = "relaxed"

    verb: ClassVar = "inc"
    addend: ClassVar = 1

    def execute(self, before: object) -> Effect:
        assert isinstance(before, int)
        return Effect(before, self.after(before))


@dataclass(frozen=True, slots=True)
class Decrement(_Counting):
    cell: str
    order: RmwOrder = "release"

    verb: ClassVar = "dec"
    usual: ClassVar[Order | None] = "release"
    addend: ClassVar = -1

    def execute(self, before: object) -> Effect:
        assert isinstance(before, int)
        if before == 1:
            raise Violation(LEAK, "dec to 0, and nobody is told to free")
        return Effect(before, self.after(before))


@dataclass(frozen=True, slots=True)
class IncrementNotZero(_Counting):
    """Gives whether it has taken a reference; where the count is 0 it is a load."""

    cell: str
    order: RmwOrder = "relaxed"

    verb: ClassVar = "inc_not_zero"
    addend: ClassVar = 1
    _gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, int)
        return Effect(before != 0, before and self.after(before))

    def stores_on(self, before: object) -> bool:
        return before != 0


@dataclass(frozen=True, slots=True)
class DecrementAndTest(_Counting):
    """Gives whether the count is 0 now: who is told so has the last reference given back."""

    cell: str
    order: RmwOrder = "release"

    verb: ClassVar = "dec_and_test"
    usual: ClassVar[Order | None] = "release"
    addend: ClassVar = -1
    _gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, int)
        after = self.after(before)
        return Effect(after == 0, after)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Refcount(Cell[int]):
    """A reference count, made by Memory.refcount(): a cell of which the operations are known.

    It holds 0 to `most`. To take a reference from 0, or to give one back there, is a Violation
    "use after free", as the kernel warns of it; it ends the thread. What goes beyond `most` is an
    error of the model: then `most` is too small.

    The orders are those of refcount_t; for the count of a struct page, whose operations are fully
    ordered, say order="full".
    """

    def __repr__(self) -> str:
        return f"Refcount({self.name!r})"

    @operation
    async def inc(self, order: RmwOrder = "relaxed") -> int:
        """Take one more reference, as refcount_inc() and get_page() do; it gives the value before.

        Whoever does has one already: a count of 0 is a Violation "use after free". One step.
        """
        check_rmw_order(self.name, "inc", order)
        before: int = await perform_on(self, Increment(self.name, order))
        return before

    @operation
    async def inc_not_zero(self, order: RmwOrder = "relaxed") -> bool:
        """Take a reference unless the count is 0, as refcount_inc_not_zero() does. One step.

        Returns whether it was taken. As refcount_inc_not_zero_acquire() with order="acquire".
        """
        check_rmw_order(self.name, "inc_not_zero", order)
        taken: bool = await perform_on(self, IncrementNotZero(self.name, order))
        return taken

    @operation
    async def get_unless_zero(self, order: RmwOrder = "full") -> bool:
        """The same with the order that get_page_unless_zero() has. One step."""
        check_rmw_order(self.name, "get_unless_zero", order)
        taken: bool = await perform_on(self, IncrementNotZero(self.name, order))
        return taken

    @operation
    async def dec(self, order: RmwOrder = "release") -> int:
        """Give a reference back that is not the last, as refcount_dec() does. One step.

        Returns the value before. The last one is a Violation "leak": nobody is told to free. A
        count of 0 is one "use after free".
        """
        check_rmw_order(self.name, "dec", order)
        before: int = await perform_on(self, Decrement(self.name, order))
        return before

    @operation
    async def dec_and_test(self, order: RmwOrder = "release") -> bool:
        """Give a reference back, as refcount_dec_and_test() and put_page_testzero() do. One step.

        Returns whether it was the last, and the object is to be freed. It is a release, and if it
        was the last an acquire as well. A count of 0 is a Violation "use after free".
        """
        check_rmw_order(self.name, "dec_and_test", order)
        last: bool = await perform_on(self, DecrementAndTest(self.name, order))
        return last
