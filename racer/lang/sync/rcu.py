"""RCU: read sections, and grace periods that wait for those that have begun.

Read sections that begin with no grace period in between are a group; a grace period waits for all
groups that were there when it began. So it is known by the number of the last of these, and no
reader by its name.

Source   Documentation/RCU/whatisRCU.rst and Documentation/RCU/Design/Requirements/Requirements.rst
         of linux 6.12: "synchronize_rcu() waits for all pre-existing readers".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from racer.errors import ProgramError
from racer.lang.asking import operation, perform_on, refuse, thread_run
from racer.lang.blocks import Block
from racer.lang.cells import Handle
from racer.lang.effects import Effect
from racer.lang.operations import Show
from racer.lang.outcomes import Violation
from racer.lang.pools import DOUBLE_FREE, Address, Pool
from racer.lang.sync.act import Act

_NESTED = 2  # so many read sections a thread may be in at the same time


@dataclass(frozen=True, slots=True)
class Sections:
    """Read sections that began with no grace period in between; `ending` wait for them and for
    earlier ones, and so do those addresses `to_free`."""

    ticket: int
    readers: int = 0
    ending: int = 0
    to_free: tuple[Address, ...] = ()

    def __repr__(self) -> str:
        told = [f"{self.readers} reading"]
        if self.ending:
            told.append(f"{self.ending} synchronizing")
        told += [f"{address!r} to free" for address in self.to_free]
        return f"#{self.ticket}: {', '.join(told)}"


@dataclass(frozen=True, slots=True)
class Readers:
    """All read sections and grace periods, the oldest first."""

    groups: tuple[Sections, ...] = ()

    def __repr__(self) -> str:
        return f"<{'; '.join(map(repr, self.groups)) or 'nobody reads'}>"

    @property
    def reading(self) -> int:
        """How many read sections there are."""
        return sum(group.readers for group in self.groups)

    def enter(self) -> tuple[int, Readers]:
        """One more read section, and the number of its group."""
        last = self.groups[-1] if self.groups else None
        if last is not None and not last.ending and not last.to_free:
            return last.ticket, self._with(replace(last, readers=last.readers + 1))
        ticket = self._free_ticket()
        return ticket, Readers((*self.groups, Sections(ticket, readers=1)))

    def leave(self, ticket: int) -> Readers | None:
        """A read section of that group ends; None: it has none."""
        group = self._group(ticket)
        if group is None or not group.readers:
            return None
        return self._with(replace(group, readers=group.readers - 1))

    def begin(self) -> tuple[int | None, Readers]:
        """A grace period begins: the number of the last group it waits for; None: nobody reads."""
        if not self.reading:
            return None, self
        last = self.groups[-1]
        return last.ticket, self._with(replace(last, ending=last.ending + 1))

    def end(self, ticket: int) -> Readers | None:
        """A grace period ends that waited for that group; None: it has not, or there is none."""
        group = self._group(ticket)
        if group is None or not group.ending or self._is_read_up_to(ticket):
            return None
        return self._with(replace(group, ending=group.ending - 1))

    def free_later(self, address: Address) -> Readers:
        """The object is to be freed when all sections are over that have begun."""
        last = self.groups[-1] if self.groups else Sections(0)
        return self._with(replace(last, to_free=(*last.to_free, address)))

    def next_to_free(self) -> tuple[Address, Readers] | None:
        """The first address that is to be freed and may be; None: there is none."""
        for group in self.groups:
            if group.readers:
                return None
            if group.to_free:
                first, *rest = group.to_free
                return first, self._with(replace(group, to_free=tuple(rest)))
        return None

    def pending(self) -> tuple[Address, ...]:
        """All that is to be freed."""
        return tuple(address for group in self.groups for address in group.to_free)

    def _group(self, ticket: int) -> Sections | None:
        return next((group for group in self.groups if group.ticket == ticket), None)

    def _free_ticket(self) -> int:
        taken = {group.ticket for group in self.groups}
        return next(n for n in range(len(taken) + 1) if n not in taken)

    def _is_read_up_to(self, ticket: int) -> bool:
        for group in self.groups:
            if group.readers:
                return True
            if group.ticket == ticket:
                return False
        return False

    def _with(self, changed: Sections) -> Readers:
        """With another group of that number; groups that nobody has anything to do with go."""
        groups = [changed if each.ticket == changed.ticket else each for each in self.groups]
        if changed.ticket not in {each.ticket for each in self.groups}:
            groups.append(changed)
        return Readers(tuple(_in_use(groups)))


def _in_use(groups: list[Sections]) -> Iterator[Sections]:
    return (each for each in groups if each.readers or each.ending or each.to_free)


# --- operations ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadLock(Act):
    cell: str

    verb: ClassVar = "rcu_read_lock"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Readers)
        return Effect(*before.enter())


@dataclass(frozen=True, slots=True)
class ReadUnlock(Act):
    cell: str
    ticket: int

    verb: ClassVar = "rcu_read_unlock"
    blocks: ClassVar = True  # never: but what a thread does elsewhere is tried on all values

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Readers)
        after = before.leave(self.ticket)
        return None if after is None else Effect(None, after)


@dataclass(frozen=True, slots=True)
class Synchronize(Act):
    """Begins a grace period: gives what it waits for, or None where nobody reads."""

    cell: str

    verb: ClassVar = "synchronize_rcu"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Readers)
        return Effect(*before.begin())


@dataclass(frozen=True, slots=True)
class GracePeriod(Act):
    """Blocks until the read sections are over that had begun before."""

    cell: str
    ticket: int

    verb: ClassVar = "end of grace period"
    blocks: ClassVar = True

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Readers)
        after = before.end(self.ticket)
        return None if after is None else Effect(None, after)

    def obstacle(self, value: str) -> str:
        return f"waits for a grace period of {self.cell}, which has {value}"


@dataclass(frozen=True, slots=True)
class FreeLater(Act):
    """Errors: Violation where it is to be freed already."""

    cell: str
    address: Address

    verb: ClassVar = "kfree_rcu"
    gives: ClassVar = "the value before"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Readers)
        if self.address in before.pending():
            raise Violation(DOUBLE_FREE, f"kfree_rcu of {self.address!r}, which is to be freed")
        return Effect(before, before.free_later(self.address))

    def _arguments(self, show: Show) -> str:
        return f" {show(self.address)}"


@dataclass(frozen=True, slots=True)
class NextToFree(Act):
    """Blocks until something may be freed; gives its address."""

    cell: str

    verb: ClassVar = "callback of"
    blocks: ClassVar = True
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Readers)
        found = before.next_to_free()
        return None if found is None else Effect(*found)

    def obstacle(self, value: str) -> str:
        return f"waits for a callback of {self.cell}, which has {value}"


# --- handles -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class ReadSide(Block, Handle):
    """`async with rcu.read:` is a read section, from rcu_read_lock() to rcu_read_unlock()."""

    rcu: Rcu

    def __repr__(self) -> str:
        return f"{self.rcu!r}.read"

    @operation
    async def lock(self) -> None:
        """Begin a read section; they nest. One step, which never waits."""
        await self._take()

    @operation
    async def unlock(self) -> None:
        """End the read section that this thread began last. One step."""
        await self._give()

    async def _take(self) -> None:
        name = self.rcu.name
        ticket: int = await perform_on(self.rcu, ReadLock(name))
        thread_run(name).keep(name, (*thread_run(name).kept(name), ticket))

    async def _give(self) -> None:
        name = self.rcu.name
        tickets = thread_run(name).kept(name)
        if not tickets:
            refuse(ProgramError(f"rcu_read_unlock {name}: this thread is in no read section."))
        await perform_on(self.rcu, ReadUnlock(name, tickets[-1]))
        thread_run(name).keep(name, tickets[:-1])


@dataclass(frozen=True, eq=False, slots=True)
class Rcu(Handle):
    """Read-copy-update, made by Memory.rcu().

    In a predicate, `state[rcu].reading` is how many read sections there are.

    Blocks   synchronize() does, until all read sections are over that began before it; a reader
             that begins later is not waited for, and never waits itself.
    Errors   To end a read section that this thread has not begun is a ModelError. kfree() of what
             is to be freed already is a Violation "double free".
    Bound    That rcu_read_lock() orders nothing is not modelled, so only "sc" takes programs with
             it. A grace period ends as soon as it may, or any time later: nothing takes time. A
             thread may be in two read sections at the same time. What kfree() was given is freed
             by a thread of the Program: `"rcu": Thread(rcu.callbacks, daemon=True)`.
    """

    refers: ClassVar[bool] = False  # what is to be freed is in use no more
    at_once: ClassVar[bool] = True

    name: str
    read: ReadSide = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", ReadSide(self))

    def __repr__(self) -> str:
        return f"Rcu({self.name!r})"

    @property
    def initial(self) -> Readers:
        """Nobody reads before the first step."""
        return Readers()

    def fits(self, value: object, threads: int) -> bool:
        """Whether it may hold that value in a program of so many threads."""
        if not isinstance(value, Readers):
            return False
        ending = sum(group.ending for group in value.groups)
        return value.reading <= _NESTED * threads and ending <= threads

    @operation
    async def synchronize(self) -> None:
        """Wait for a grace period, as synchronize_rcu() does.

        One step where nobody reads, else two: it begins, and it is over.
        """
        ticket = await perform_on(self, Synchronize(self.name))
        if ticket is not None:
            await perform_on(self, GracePeriod(self.name, ticket))

    @operation
    async def kfree(self, address: Address) -> None:
        """Let the object be freed after a grace period, as kfree_rcu() does. One step."""
        if not isinstance(address, Address):
            refuse(ProgramError(f"kfree_rcu {self.name}: {address!r} is no address of a pool."))
        await perform_on(self, FreeLater(self.name, address))

    async def callbacks(self) -> None:
        """Free what kfree() was given, when it may be: what a daemon of the Program does."""
        while True:
            address: Address = await perform_on(self, NextToFree(self.name))
            pool = thread_run(self.name).handles[address.pool]
            assert isinstance(pool, Pool)
            await pool.free(address)
