"""Reader-writer locks.

Source   The Open Group Base Specifications of pthread_rwlock_rdlock(), which leaves open whether a
         reader goes before a writer that waits; Courtois, Heymans, Parnas, "Concurrent control with
         'readers' and 'writers'", CACM 14(10), 1971, for the two preferences.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from racer.lang.asking import operation, perform_on
from racer.lang.blocks import Block
from racer.lang.cells import Handle
from racer.lang.effects import Effect, Misuse
from racer.lang.sync.act import Act, passes

Preference = Literal["readers", "writers"] | None
_NESTED = 2  # so often a thread may read at the same time


@dataclass(frozen=True, slots=True)
class Within:
    """Who is in a reader-writer lock, and how many of those who are preferred wait for it."""

    readers: int = 0
    writing: bool = False
    waiting: int = 0

    def __repr__(self) -> str:
        told = ["a writer"] if self.writing else []
        if self.readers:
            told.append(f"{self.readers} reader{'s' if self.readers > 1 else ''}")
        if self.waiting:
            told.append(f"{self.waiting} waiting")
        return f"<{', '.join(told) or 'nobody'}>"

    def admits(self, writes: bool, prefers: Preference) -> bool:
        """Whether one who has not begun to wait may enter."""
        theirs = prefers == ("readers" if writes else "writers")
        return self.is_free(writes) and not (theirs and self.waiting)

    def is_free(self, writes: bool) -> bool:
        """Whether nobody is in it who keeps one out."""
        return not self.writing and not (writes and self.readers)

    def entered(self, writes: bool) -> Within:
        """With one more in it."""
        if writes:
            return replace(self, writing=True)
        return replace(self, readers=self.readers + 1)


@dataclass(frozen=True, slots=True)
class Enter(Act):
    """Blocks until one may enter. `announced`: it waits already, and is among `waiting`."""

    cell: str
    writes: bool
    prefers: Preference
    announced: bool = False

    verb: ClassVar = "enter"
    blocks: ClassVar = True

    def execute(self, before: object) -> Effect | None:
        assert isinstance(before, Within)
        if self.announced:
            if not before.is_free(self.writes) or not before.waiting:
                return None
            here = replace(before, waiting=before.waiting - 1)
            return Effect(None, here.entered(self.writes))
        if not before.admits(self.writes, self.prefers):
            return None
        return Effect(None, before.entered(self.writes))

    def obstacle(self, value: str) -> str:
        return f"waits to {_side(self.writes)} {self.cell}, which has {value}"

    def _head(self) -> str:
        return f"{_side(self.writes)}-lock {self.cell}"


@dataclass(frozen=True, slots=True)
class TryEnter(Act):
    """Enters if one may; gives whether it has. `announces`: if it has not, it waits from now on."""

    cell: str
    writes: bool
    prefers: Preference
    announces: bool = False

    verb: ClassVar = "try_enter"
    gives: ClassVar = "a value"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Within)
        if before.admits(self.writes, self.prefers):
            return Effect(True, before.entered(self.writes))
        if self.announces:
            return Effect(False, replace(before, waiting=before.waiting + 1))
        return passes(before, False)

    def _head(self) -> str:
        what = "come to" if self.announces else "try to"
        return f"{what} {_side(self.writes)}-lock {self.cell}"


@dataclass(frozen=True, slots=True)
class Leave(Act):
    """Leaves, whoever entered. Errors: Misuse where nobody of that side is in it."""

    cell: str
    writes: bool

    verb: ClassVar = "unlock"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Within)
        if not (before.writing if self.writes else before.readers):
            raise Misuse(f"{self._head()}: no {'writer' if self.writes else 'reader'} has it")
        if self.writes:
            return Effect(None, replace(before, writing=False))
        return Effect(None, replace(before, readers=before.readers - 1))

    def _head(self) -> str:
        return f"{_side(self.writes)}-unlock {self.cell}"


def _side(writes: bool) -> str:
    return "write" if writes else "read"


@dataclass(frozen=True, eq=False, slots=True)
class RwLockSide(Block, Handle):
    """One of the two sides of a reader-writer lock: `async with lock.read:`."""

    lock: RwLock
    writes: bool

    def __repr__(self) -> str:
        return f"{self.lock!r}.{_side(self.writes)}"

    @operation
    async def acquire(self) -> None:
        """Block until one may enter, and enter.

        One step; two where this side is preferred and has to wait, since others see it wait.
        """
        await self._take()

    @operation
    async def try_acquire(self) -> bool:
        """Enter if one may, without waiting; return whether it has. One step."""
        lock = self.lock
        entered: bool = await perform_on(lock, TryEnter(lock.name, self.writes, lock.prefers))
        return entered

    @operation
    async def release(self) -> None:
        """Leave. One step. Errors: ModelError of the exploration where nobody of it has entered."""
        await self._give()

    async def _take(self) -> None:
        lock = self.lock
        announces = lock.prefers == ("writers" if self.writes else "readers")
        if announces:
            come = TryEnter(lock.name, self.writes, lock.prefers, announces)
            if await perform_on(lock, come):
                return
        await perform_on(lock, Enter(lock.name, self.writes, lock.prefers, announces))

    async def _give(self) -> None:
        await perform_on(self.lock, Leave(self.lock.name, self.writes))


@dataclass(frozen=True, eq=False, slots=True)
class RwLock(Handle):
    """A reader-writer lock, made by Memory.rwlock(): one writer alone, or any number of readers.

    `async with lock.read:` and `async with lock.write:`; each side has acquire(), try_acquire()
    and release(), too. In a predicate, `state[lock].readers` and `state[lock].writing` say who is
    in it. It does not record who that is.

    Blocks   A reader while a writer is in it, a writer while anybody is. With `prefers="writers"` a
             reader also waits while a writer does, and with "readers" a writer while a reader does;
             without, whoever comes may enter before those who wait, as POSIX allows.
    Errors   Who leaves what nobody of that side has entered is a ModelError of the exploration.
    Bound    A thread may read-lock it twice at the same time. With "writers" that can deadlock.
    """

    name: str
    prefers: Preference = None
    read: RwLockSide = field(init=False)
    write: RwLockSide = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", RwLockSide(self, writes=False))
        object.__setattr__(self, "write", RwLockSide(self, writes=True))

    def __repr__(self) -> str:
        return f"RwLock({self.name!r})"

    @property
    def initial(self) -> Within:
        """Nobody is in it before the first step."""
        return Within()

    def fits(self, value: object, threads: int) -> bool:
        """Whether it may hold that value in a program of so many threads."""
        most = _NESTED * threads
        return isinstance(value, Within) and value.readers <= most and value.waiting <= threads
