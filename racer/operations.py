"""Operations: what a thread is about to do, what each does to its cell, which of them commute.

One operation is one step. A new operation does not type-check until `effect`, `access` and
`describe_operation` classify it: each is one exhaustive match.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, assert_never

from racer.values import describe, truth_of

Order = Literal["plain", "once", "acquire", "release", "full", "relaxed"]
LoadOrder = Literal["plain", "once", "acquire"]
StoreOrder = Literal["plain", "once", "release"]
RmwOrder = Literal["full", "relaxed", "acquire", "release"]
FenceKind = Literal["mb", "rmb", "wmb"]


@dataclass(frozen=True, slots=True)
class Load:
    cell: str
    order: LoadOrder = "once"


@dataclass(frozen=True, slots=True)
class Store:
    cell: str
    value: object
    order: StoreOrder = "once"


@dataclass(frozen=True, slots=True)
class Swap:
    cell: str
    value: object
    order: RmwOrder = "full"


@dataclass(frozen=True, slots=True)
class CompareExchange:
    cell: str
    old: object
    new: object
    order: RmwOrder = "full"


@dataclass(frozen=True, slots=True)
class FetchAdd:
    cell: str
    addend: object
    order: RmwOrder = "full"


@dataclass(frozen=True, slots=True)
class Update:
    """Any other atomic read-modify-write: the cell's value becomes `function(value)`."""

    cell: str
    function: Callable[[object], object]
    order: RmwOrder = "full"


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Blocks while the predicate is false; taking the step reads the cell."""

    cell: str
    predicate: Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Acquire:
    """Blocks while the lock is held. A lock is a cell: False is free, True is held."""

    cell: str


@dataclass(frozen=True, slots=True)
class Release:
    cell: str


@dataclass(frozen=True, slots=True)
class Fence:
    kind: FenceKind


@dataclass(frozen=True, slots=True)
class Choose:
    """A choice of the environment: one move for each option."""

    options: tuple[object, ...]


CellOperation = (
    Load | Store | Swap | CompareExchange | FetchAdd | Update | WaitUntil | Acquire | Release
)
Operation = CellOperation | Fence | Choose


@dataclass(frozen=True, slots=True)
class Effect:
    """What one execution of a cell operation does: the result it gives, the value it leaves."""

    result: object
    after: object


def effect(operation: CellOperation, before: object) -> Effect | None:
    """Execute on a cell that holds `before`, under sequential consistency; None: it blocks.

    Read-modify-writes give the value before, as the kernel's xchg, cmpxchg and fetch_add do.
    Errors   whatever an Update function or a predicate raises, and TypeError from FetchAdd.
    """
    match operation:
        case Load():
            return Effect(before, before)
        case Store(value=value):
            return Effect(None, value)
        case Swap(value=value):
            return Effect(before, value)
        case CompareExchange(old=old, new=new):
            return Effect(before, new if before == old else before)
        case FetchAdd(addend=addend):
            return Effect(before, before + addend)  # type: ignore[operator]  # checked by running
        case Update(function=function):
            return Effect(before, function(before))
        case WaitUntil(predicate=predicate):
            return Effect(before, before) if truth_of(predicate(before)) else None
        case Acquire():
            return None if before else Effect(None, True)
        case Release():
            return Effect(None, False)
        case _:
            assert_never(operation)


@dataclass(frozen=True, slots=True)
class Access:
    """What an operation may touch: at most one cell, and whether it may change it."""

    cell: str | None
    writes: bool


def access(operation: Operation) -> Access:
    """The cell an operation touches, and whether it may write it.

    Two operations of different threads conflict when they touch the same cell and one of them
    may write it: then either may change the other's result, or whether it can go on (WaitUntil,
    Acquire). All others commute from every state, and neither enables or disables the other
    (Godefroid, "Partial-Order Methods", LNCS 1032, section 3.2); windows apart. A fence orders
    its own thread only. A failed CompareExchange writes nothing, but whether it fails is known
    only in a state.
    """
    match operation:
        case Load(cell=cell) | WaitUntil(cell=cell):
            return Access(cell, writes=False)
        case Store(cell=cell) | Swap(cell=cell) | CompareExchange(cell=cell):
            return Access(cell, writes=True)
        case FetchAdd(cell=cell) | Update(cell=cell) | Acquire(cell=cell) | Release(cell=cell):
            return Access(cell, writes=True)
        case Fence() | Choose():
            return Access(None, writes=False)
        case _:
            assert_never(operation)


def describe_operation(operation: Operation) -> str:
    """The operation as a report names it; the default order is left out."""
    match operation:
        case Load(cell=cell, order=order):
            return f"load {cell}{_unless(order, 'once')}"
        case Store(cell=cell, value=value, order=order):
            return f"store {cell} = {describe(value)}{_unless(order, 'once')}"
        case Swap(cell=cell, value=value, order=order):
            return f"swap {cell} = {describe(value)}{_unless(order, 'full')}"
        case CompareExchange(cell=cell, old=old, new=new, order=order):
            text = f"compare_exchange {cell} {describe(old)} -> {describe(new)}"
            return f"{text}{_unless(order, 'full')}"
        case FetchAdd(cell=cell, addend=addend, order=order):
            return f"fetch_add {cell} {describe(addend)}{_unless(order, 'full')}"
        case Update(cell=cell, order=order):
            return f"update {cell}{_unless(order, 'full')}"
        case WaitUntil(cell=cell):
            return f"wait_until {cell}"
        case Acquire(cell=cell):
            return f"acquire {cell}"
        case Release(cell=cell):
            return f"release {cell}"
        case Fence(kind=kind):
            return f"fence {kind}"
        case Choose(options=options):
            return f"choose {', '.join(describe(option) for option in options)}"
        case _:
            assert_never(operation)


def describe_access(operation: Operation) -> str:
    """The same without values: `store H.page_type (plain)`."""
    match operation:
        case Load() | Update() | WaitUntil() | Acquire() | Release() | Fence():
            return describe_operation(operation)
        case Store(cell=cell, order=order):
            return f"store {cell}{_unless(order, 'once')}"
        case Swap(cell=cell, order=order):
            return f"swap {cell}{_unless(order, 'full')}"
        case CompareExchange(cell=cell, order=order):
            return f"compare_exchange {cell}{_unless(order, 'full')}"
        case FetchAdd(cell=cell, order=order):
            return f"fetch_add {cell}{_unless(order, 'full')}"
        case Choose():
            return "choose"
        case _:
            assert_never(operation)


def _unless(order: Order, default: Order) -> str:
    return "" if order == default else f" ({order})"
