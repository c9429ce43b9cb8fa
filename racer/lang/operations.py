"""Operations: what a thread is about to do, with all that anyone else may ask of one.

One operation is one step. A new one is a class here and a primitive in `cells.py`, and nothing
else: everyone asks its `facts`, executes it, or has it put into words, and nobody its class.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, NamedTuple

from racer.lang.effects import Effect, Misuse, called
from racer.lang.values import describe, truth_of

Order = Literal["plain", "once", "acquire", "release", "full", "relaxed"]
LoadOrder = Literal["plain", "once", "acquire"]
StoreOrder = Literal["plain", "once", "release"]
RmwOrder = Literal["full", "relaxed", "acquire", "release"]
FenceKind = Literal["mb", "rmb", "wmb"]

Show = Callable[[object], str]  # how values are put into words


class Facts(NamedTuple):
    """What an operation is, for whoever must not care which one it is.

    cell       the one cell (or lock) that it touches; None: it touches none
    stores     it may store to that cell; whether it does may depend on what it finds there
    blocks     there may be values of the cell at which it cannot be executed
    blind      it stores what it would store whatever it found, as a plain store instruction does;
               any other that stores is a read-modify-write, whether it gives something or not
    mark       it is no instruction, but marks a place in the code; what it stores, all see at once
    lock       what it does to a lock where it stores: "takes" or "frees" it
    gives      its result: "nothing"; "a value", found in the cell, chosen, or made of that; or
               "the value before", as the kernel's read-modify-writes give it
    order      the memory order it is annotated with
    fence      the kind of fence it is
    functions  what it calls on the cell's value: the model's own, evaluated at every execution
    options    the results one of which is chosen, where it touches no cell
    yields     before it, a task of an event loop lets others go first
    watch      the watch that it waits for, where it touches no cell: it blocks while that is false

    Two operations of different threads conflict when they touch the same cell and one of them
    may store to it: then either may change the other's result, or whether it can go on. All
    others commute from every state, and neither enables or disables the other (Godefroid,
    "Partial-Order Methods", LNCS 1032, section 3.2); windows apart (`machine/dependence.py`).
    """

    cell: str | None = None
    stores: bool = False
    blocks: bool = False
    blind: bool = False
    mark: bool = False
    lock: Literal["takes", "frees"] | None = None
    gives: Literal["nothing", "a value", "the value before"] = "nothing"
    order: Order | None = None
    fence: FenceKind | None = None
    functions: tuple[Callable[[object], object], ...] = ()
    options: tuple[object, ...] = ()
    yields: bool = False
    watch: str | None = None


class Operation(ABC):
    """One step, as a thread asks for it. `verb` is its name in every report."""

    __slots__ = ()

    verb: ClassVar[str]
    usual: ClassVar[Order | None] = None  # the order that need not be named
    # Of one that blocks: who waits in vain may go away, and leaves nothing that others wait for.
    leaves_nothing: ClassVar[bool] = False

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What it is. The same operation always has the same facts."""

    def can_go(self, values: Mapping[str, object]) -> bool:
        """Whether it can be executed while cells hold these values. Of one that touches no cell."""
        return True

    def parts(self) -> tuple[object, ...]:
        """All that it was given: two of one class with equal parts are the same operation."""
        return tuple([getattr(self, name) for name in fields_of(type(self))])

    def obstacle(self, value: str) -> str:
        """How a thread stands that is blocked here, as a predicate; `value`, in words, is what its
        cell holds, if it has one."""
        return "is blocked"

    def text(self, show: Show = describe) -> str:
        """The operation as a report names it, its values as `show` puts them."""
        return f"{self._head()}{self._arguments(show)}{self._order()}"

    def access_text(self) -> str:
        """The same without values: `store H.page_type (plain)`."""
        return f"{self._head()}{self._order()}"

    def _head(self) -> str:
        cell = self.facts.cell
        return self.verb if cell is None else f"{self.verb} {cell}"

    def _arguments(self, show: Show) -> str:
        return ""

    def _order(self) -> str:
        """The order in brackets; the usual one is left out."""
        order = self.facts.order
        return "" if order == self.usual else f" ({order})"


class CellOperation(Operation):
    """An operation on one cell, which it finds and leaves with a value."""

    __slots__ = ()

    cell: str

    @abstractmethod
    def execute(self, before: object) -> Effect | None:
        """Execute on a cell that holds `before`; None: it blocks there.

        Errors   whatever the model's own function raises, or its values do when added up: the
                 thread gets to see it. Misuse, which it does not.
        """

    def stores_on(self, before: object) -> bool:
        """Whether it stores to a cell that holds `before`, be it the value that is there."""
        return self.facts.stores

    def obstacle(self, value: str) -> str:
        return f"waits for cell {self.cell}, which is {value}"


@dataclass(frozen=True, slots=True)
class Load(CellOperation):
    cell: str
    order: LoadOrder = "once"

    verb: ClassVar = "load"
    usual: ClassVar[Order | None] = "once"

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, gives="a value", order=self.order)

    def execute(self, before: object) -> Effect:
        return Effect(before, before)


@dataclass(frozen=True, slots=True)
class Store(CellOperation):
    cell: str
    value: object
    order: StoreOrder = "once"

    verb: ClassVar = "store"
    usual: ClassVar[Order | None] = "once"

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, stores=True, blind=True, order=self.order)

    def execute(self, before: object) -> Effect:
        return Effect(None, self.value)

    def _arguments(self, show: Show) -> str:
        return f" = {show(self.value)}"


@dataclass(frozen=True, slots=True)
class Flush(Store):
    """A store arrives in memory, from where the memory model held it back."""

    verb: ClassVar = "flush"


def arrival(cell: str, value: object) -> CellOperation:
    """What happens to a cell when a store to it arrives from where a memory model held it back."""
    return Flush(cell, value)


class ReadModifyWrite(CellOperation):
    """Replaces the value atomically, and gives the value before.

    A subclass says in `_blocks`, `_gives` and `_functions` what its facts have besides.
    """

    __slots__ = ()

    order: RmwOrder

    usual: ClassVar[Order | None] = "full"
    _blocks: ClassVar = False
    _gives: ClassVar[Literal["a value", "the value before"]] = "the value before"

    @property
    def facts(self) -> Facts:
        return Facts(
            self.cell,
            stores=True,
            blocks=self._blocks,
            gives=self._gives,
            order=self.order,
            functions=self._functions(),
        )

    def _functions(self) -> tuple[Callable[[object], object], ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Swap(ReadModifyWrite):
    cell: str
    value: object
    order: RmwOrder = "full"

    verb: ClassVar = "swap"

    def execute(self, before: object) -> Effect:
        return Effect(before, self.value)

    def _arguments(self, show: Show) -> str:
        return f" = {show(self.value)}"


@dataclass(frozen=True, slots=True)
class CompareExchange(ReadModifyWrite):
    """Stores `new` where it finds `old`. A failing one is a load."""

    cell: str
    old: object
    new: object
    order: RmwOrder = "full"

    verb: ClassVar = "compare_exchange"

    def execute(self, before: object) -> Effect:
        return Effect(before, self.new if before == self.old else before)

    def stores_on(self, before: object) -> bool:
        return bool(before == self.old)

    def _arguments(self, show: Show) -> str:
        return f" {show(self.old)} -> {show(self.new)}"


@dataclass(frozen=True, slots=True)
class FetchAdd(ReadModifyWrite):
    cell: str
    addend: object
    order: RmwOrder = "full"

    verb: ClassVar = "fetch_add"

    def execute(self, before: object) -> Effect:
        return Effect(before, before + self.addend)  # type: ignore[operator]  # seen by running

    def _arguments(self, show: Show) -> str:
        return f" {show(self.addend)}"


@dataclass(frozen=True, slots=True)
class Update(ReadModifyWrite):
    """Any other atomic read-modify-write: the cell's value becomes `function(value)`."""

    cell: str
    function: Callable[[object], object]
    order: RmwOrder = "full"

    verb: ClassVar = "update"

    def _functions(self) -> tuple[Callable[[object], object], ...]:
        return (self.function,)

    def execute(self, before: object) -> Effect:
        return Effect(before, called(self.function, before))


@dataclass(frozen=True, slots=True)
class WaitUntil(CellOperation):
    """Blocks while the predicate is false; executing it reads the cell."""

    cell: str
    predicate: Callable[[object], object]
    order: LoadOrder = "once"

    verb: ClassVar = "wait_until"
    usual: ClassVar = "once"
    leaves_nothing: ClassVar = True

    @property
    def facts(self) -> Facts:
        functions, order = (self.predicate,), self.order
        return Facts(self.cell, blocks=True, gives="a value", order=order, functions=functions)

    def execute(self, before: object) -> Effect | None:
        return Effect(before, before) if truth_of(called(self.predicate, before)) else None


@dataclass(frozen=True, slots=True)
class UpdateWhen(ReadModifyWrite):
    """Blocks while the predicate is false; then replaces the value in the same step."""

    cell: str
    predicate: Callable[[object], object]
    function: Callable[[object], object]
    order: RmwOrder = "full"

    verb: ClassVar = "update_when"
    leaves_nothing: ClassVar = True
    _blocks: ClassVar = True

    def _functions(self) -> tuple[Callable[[object], object], ...]:
        return (self.predicate, self.function)

    def execute(self, before: object) -> Effect | None:
        if not truth_of(called(self.predicate, before)):
            return None
        return Effect(before, called(self.function, before))


@dataclass(frozen=True, slots=True)
class Acquire(CellOperation):
    """Blocks while the lock is held. A lock is a cell: False is free, True is held."""

    cell: str

    verb: ClassVar = "acquire"
    leaves_nothing: ClassVar = True

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, stores=True, blocks=True, lock="takes")

    def execute(self, before: object) -> Effect | None:
        return None if before else Effect(None, True)


@dataclass(frozen=True, slots=True)
class TryAcquire(CellOperation):
    """Takes a lock that is free and gives True; where it is held it gives False, and is a load."""

    cell: str

    verb: ClassVar = "try_acquire"

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, stores=True, lock="takes", gives="a value")

    def execute(self, before: object) -> Effect:
        return Effect(not before, True)

    def stores_on(self, before: object) -> bool:
        return not before


@dataclass(frozen=True, slots=True)
class Release(CellOperation):
    """Frees a lock, whoever holds it: a lock does not record its holder.

    Errors   Misuse where it is free already.
    """

    cell: str

    verb: ClassVar = "release"

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, stores=True, blind=True, lock="frees")

    def execute(self, before: object) -> Effect:
        if not before:
            raise Misuse(f"lock {self.cell!r} is released while it is free")
        return Effect(None, False)


@dataclass(frozen=True, slots=True)
class Fence(Operation):
    kind: FenceKind

    verb: ClassVar = "fence"

    @property
    def facts(self) -> Facts:
        return Facts(fence=self.kind, options=(None,))

    def _arguments(self, show: Show) -> str:
        return f" {self.kind}"

    def access_text(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class Choose(Operation):
    """A choice of the environment: one move for each option."""

    options: tuple[object, ...]

    verb: ClassVar = "choose"

    @property
    def facts(self) -> Facts:
        return Facts(gives="a value", options=self.options)

    def _arguments(self, show: Show) -> str:
        return f" {', '.join(show(option) for option in self.options)}"


@functools.cache
def fields_of(kind: type[Any]) -> tuple[str, ...]:
    """What an operation of that class consists of, by name."""
    return tuple(field.name for field in fields(kind))
