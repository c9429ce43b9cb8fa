"""Objects with a lifetime: they are allocated and freed, and who uses them too late is told.

Each object is a cell of its own, which holds all its fields and whether it is live; so an access
and the question whether it may be are one step. The pool is one more cell: which addresses are
free. What is live at an end and cannot be found from any cell, nor from what threads came to, is a
leak, as LeakSanitizer has it.

Source   For the labels, KASAN's reports (mm/kasan/report.c: "slab-use-after-free",
         "double-free") and mm/kmemleak.c of linux 6.12.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Literal

from racer.errors import ProgramError
from racer.lang.asking import Part, operation, perform_on, refuse, require_fit
from racer.lang.cells import Cell, Handle
from racer.lang.effects import Effect, Misuse
from racer.lang.operations import CellOperation, Facts, Show
from racer.lang.outcomes import Violation
from racer.lang.refcounts import USE_AFTER_FREE
from racer.lang.sync.act import Act
from racer.lang.values import describe
from racer.lang.watches import State

DOUBLE_FREE: Final = "double free"
NULL: Final = "NULL dereference"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object of a pool is: a value, which cells may hold and threads may return.

    Two of one pool are equal if they have the same number, also where it was freed in between.
    """

    pool: str
    number: int

    def __repr__(self) -> str:
        return f"{self.pool}.{self.number}"


@dataclass(frozen=True, slots=True)
class Record:
    """What an object holds: the values of its fields, in the order of their names."""

    status: Literal["unused", "live", "freed"]
    names: tuple[str, ...]
    values: tuple[object, ...]

    def __repr__(self) -> str:
        if self.status != "live":
            return f"<{self.status}>"
        return f"<{', '.join(f'{n}={describe(self[n])}' for n in self.names) or 'live'}>"

    def __getitem__(self, field: str) -> object:
        return self.values[self.names.index(field)]

    def with_value(self, field: str, value: object) -> Record:
        """The same with another value in a field."""
        at = self.names.index(field)
        return replace(self, values=(*self.values[:at], value, *self.values[at + 1 :]))


# --- operations ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Access(CellOperation):
    """An operation on one field: what it does to a cell, it does to that."""

    cell: str
    field: str
    inner: CellOperation

    verb: ClassVar = "access"

    @property
    def facts(self) -> Facts:
        facts = self.inner.facts._replace(cell=self.cell, blind=False)  # it keeps the other fields
        # It may fail, so it tells what it found there: a store, too, which gives nothing.
        return facts._replace(gives="the value before") if facts.gives == "nothing" else facts

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Record)
        if before.status != "live":
            raise Violation(USE_AFTER_FREE, f"{self.inner.access_text()} of a freed object")
        found = before[self.field]
        done = self.inner.execute(found)
        if done is None:
            return None
        result = found if self.inner.facts.gives == "nothing" else done.result
        return Effect(result, before.with_value(self.field, done.after))

    def stores_on(self, before: object) -> bool:
        """`before` is what the object holds, or the field alone, which is its result."""
        if not isinstance(before, Record):
            return self.inner.stores_on(before)
        return before.status == "live" and self.inner.stores_on(before[self.field])

    def parts(self) -> tuple[object, ...]:
        return (self.cell, self.field, self.inner.verb, *self.inner.parts())

    def text(self, show: Show = describe) -> str:
        return self.inner.text(show)

    def access_text(self) -> str:
        return self.inner.access_text()

    def obstacle(self, value: str) -> str:
        return self.inner.obstacle(value)


@dataclass(frozen=True, slots=True)
class Allocate(Act):
    """Takes the first free address; gives its number. Errors: Misuse where none is left."""

    cell: str

    verb: ClassVar = "allocate"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, tuple)
        if not before:
            raise Misuse(
                f"{self.text()}: all its objects are in use, or were and are not reused. "
                f"Give the pool more of them"
            )
        return Effect(before[0], before[1:])


@dataclass(frozen=True, slots=True)
class GiveBack(Act):
    """An address is free again, and the next to be given out."""

    cell: str
    number: int

    verb: ClassVar = "give back to"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, tuple)
        return Effect(None, (self.number, *(each for each in before if each != self.number)))

    def _arguments(self, show: Show) -> str:
        return f" {self.cell}.{self.number}"


@dataclass(frozen=True, slots=True)
class Initialise(Act):
    """The object is live, with these values."""

    cell: str
    record: Record

    verb: ClassVar = "initialise"

    def execute(self, before: object) -> Effect:
        return Effect(None, self.record)

    def _arguments(self, show: Show) -> str:
        return f" {self.record!r}"


@dataclass(frozen=True, slots=True)
class Free(Act):
    """The object is live no more. Errors: Violation where it is not live."""

    cell: str

    verb: ClassVar = "free"
    gives: ClassVar = "the value before"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Record)
        if before.status != "live":
            raise Violation(DOUBLE_FREE, f"free of {self.cell}, which is not live")
        return Effect(before, replace(before, status="freed"))


# --- handles -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Field(Part, Cell[Any]):
    """A field of one object: it has all that a Cell has, and each step of it asks whether the
    object is live. A field that is used when it is not is a Violation "use after free"."""

    refers: ClassVar[bool] = False

    of: Object
    field: str

    def __repr__(self) -> str:
        return f"Field({self.name!r})"

    def whole(self, inner: CellOperation) -> CellOperation:
        """The operation on the object that does this to the field."""
        return Access(self.of.name, self.field, inner)


class Object(Handle):
    """One object of a pool, `pool[address]`: its fields are attributes, each a Field.

    In a predicate, `state[pool[address]]` has `status`, "unused", "live" or "freed", and the value
    of each field in brackets: `state[pool[address]]["next"]`.
    """

    refers: ClassVar[bool] = False

    initial: Record
    address: Address
    fields: Mapping[str, Field]

    def __init__(self, address: Address, fields: Mapping[str, object]) -> None:
        self.name = repr(address)
        self.address = address
        self.initial = Record("unused", tuple(fields), tuple(fields.values()))
        self.fields = {
            field: Field(f"{self.name}.{field}", value, self, field)
            for field, value in fields.items()
        }

    def __repr__(self) -> str:
        return f"Object({self.name!r})"

    def __getattr__(self, field: str) -> Field:
        found = vars(self).get("fields", {}).get(field)
        if found is None:
            raise AttributeError(f"{self!r} has no field {field!r}")
        return found  # type: ignore[no-any-return]  # vars() knows no types


class Pool(Handle):
    """Objects that are allocated and freed, made by Memory.pool().

    `pool[address]` is the object at an address, and `pool[address].next` a field of it, with the
    operations of a Cell: `await pool[address].next.load()`. In a predicate, `state[pool]` is a
    tuple of the numbers of free addresses.

    Blocks   nothing does.
    Errors   A field of an object that is not live is a Violation "use after free", free() of one
             "double free", and `pool[None]` "NULL dereference". What is live at an end, and in no
             cell, no field of what is found, and nothing that a thread came to, is one "leak".
    Bound    A store to a field is seen by all at once: memory models that have it seen later refuse
             programs with a pool. What a daemon holds in its locals where it waits at the end is
             not looked at. After a Violation nothing is called a leak: the thread has left work
             undone. With `reuse` the address that was freed last is given out first, as SLUB does.
    """

    refers: ClassVar[bool] = False
    at_once: ClassVar[bool] = True

    initial: tuple[int, ...]
    reuse: bool
    collected: bool
    objects: tuple[Object, ...]

    def __init__(
        self, name: str, count: int, fields: Mapping[str, object], reuse: bool, collected: bool
    ) -> None:
        self.name = name
        self.initial = tuple(range(count))
        self.reuse = reuse
        self.collected = collected
        self.objects = tuple(Object(Address(name, number), fields) for number in range(count))

    def __repr__(self) -> str:
        return f"Pool({self.name!r})"

    def __getitem__(self, address: Address | None) -> Object:
        if address is None:
            raise Violation(NULL, f"in place of an address of {self.name}")
        if not isinstance(address, Address) or address.pool != self.name:
            what = repr(address) if isinstance(address, Address) else type(address).__name__
            refuse(ProgramError(f"{self!r}[{what}]: that is no address of this pool."))
        return self.objects[address.number]

    @operation
    async def allocate(self, **values: object) -> Address:
        """Take an object, and return its address. `values` of fields other than the initial ones.

        Two steps: an address is taken from the pool, and its object becomes live with its values.
        Errors   ModelError of the exploration when the pool is exhausted: it needs more objects.
        """
        for field, value in values.items():
            if field not in self.objects[0].fields:
                refuse(ProgramError(f"allocate {self.name}: it has no field {field!r}."))
            require_fit(value, f"the value of field {field!r} of {self.name}")
        number: int = await perform_on(self, Allocate(self.name))
        made = self.objects[number]
        initial = made.initial
        given = tuple(values.get(name, initial[name]) for name in initial.names)
        await perform_on(made, Initialise(made.name, Record("live", initial.names, given)))
        return made.address

    @operation
    async def free(self, address: Address | None) -> None:
        """Free the object at that address; None is nothing to free, and takes no step.

        One step; two where addresses are reused: the object dies, and its address is free.
        """
        if address is None:
            return
        freed = self[address]
        await perform_on(freed, Free(freed.name))
        if self.reuse:
            await perform_on(self, GiveBack(self.name, address.number))


# --- leaks ---------------------------------------------------------------------------------------


def no_leak(handles: Mapping[str, Handle]) -> Callable[[State, Mapping[str, object]], bool]:
    """Whether all that is live at an end is found from some cell, or from what a thread came to."""
    return lambda state, came_to: not leaked(handles, state, came_to)


def leaked(
    handles: Mapping[str, Handle], state: State, came_to: Mapping[str, object]
) -> tuple[str, ...]:
    """The names of the objects that are not, in the order in which they were made."""
    pools = {name: each for name, each in handles.items() if isinstance(each, Pool)}
    ends = list(came_to.values())
    if any(_is_violation(each) for each in ends):
        return ()
    roots: list[Any] = [each for each in handles.values() if each.refers]
    waiting: list[object] = [*ends, *(state[each] for each in roots)]
    found: set[Address] = set()
    while waiting:
        for address in addresses_in(waiting.pop()):
            if address not in found and address.pool in pools:
                found.add(address)
                waiting += state[pools[address.pool][address]].values
    return tuple(
        each.name
        for pool in pools.values()
        if not pool.collected
        for each in pool.objects
        if state[each].status == "live" and each.address not in found
    )


def _is_violation(came: object) -> bool:
    return isinstance(came, Violation) or (
        isinstance(came, tuple) and any(map(_is_violation, came))
    )


def addresses_in(value: object) -> Iterator[Address]:
    """All addresses that a value holds."""
    if isinstance(value, Address):
        yield value
    elif isinstance(value, tuple | frozenset):
        for each in value:
            yield from addresses_in(each)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from addresses_in(getattr(value, field.name))
