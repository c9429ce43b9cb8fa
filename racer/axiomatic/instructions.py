"""The instructions that all front ends of litmus tests translate to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from racer.axiomatic.events import Value
from racer.axiomatic.expressions import Expression, Fault
from racer.axiomatic.threads import Instruction, Run


class _Silent:
    """One that asks nothing."""

    __slots__ = ()

    def answer(self, run: Run, value: Value) -> None:
        raise AssertionError("it asked nothing")


def _place(address: Expression, run: Run) -> tuple[str, int]:
    place, mask = address.of(run.registers)
    if isinstance(place, str):
        return place, mask
    raise Fault(
        f"uses {place} as an address: that of no location, or of none that was ever initialised"
    )


@dataclass(frozen=True, slots=True)
class Put(_Silent):
    """A register gets a value."""

    register: str
    value: Expression
    line: int = 0

    def step(self, run: Run) -> None:
        run.registers[self.register] = self.value.of(run.registers)
        run.at += 1


@dataclass(frozen=True, slots=True)
class Load:
    """A register gets what is read. `exclusive`: a store-exclusive may follow."""

    register: str
    address: Expression
    order: str
    line: int = 0
    exclusive: bool = False

    def step(self, run: Run) -> None:
        run.asks, _ = _place(self.address, run)

    def answer(self, run: Run, value: Value) -> None:
        place, addr = _place(self.address, run)
        bit = run.happens("R", place, value, self.order, addr=addr, line=self.line)
        if self.exclusive:
            run.monitor = (place, len(run.events) - 1)
        run.registers[self.register] = (value, bit)
        run.at += 1


@dataclass(frozen=True, slots=True)
class Store(_Silent):
    """A value is written."""

    address: Expression
    value: Expression
    order: str
    line: int = 0

    def step(self, run: Run) -> None:
        place, addr = _place(self.address, run)
        value, data = self.value.of(run.registers)
        run.happens("W", place, value, self.order, addr=addr, data=data, line=self.line)
        run.at += 1


@dataclass(frozen=True, slots=True)
class Fence(_Silent):
    """A fence, by its kind."""

    order: str
    line: int = 0

    def step(self, run: Run) -> None:
        run.happens("F", "", 0, self.order, line=self.line)
        run.at += 1


@dataclass(frozen=True, slots=True)
class Update:
    """What an atomic operation makes of the value it reads.

    new        what is written for the old value and the operands; None where it fails
    result     what it gives for the old value and the new, which is None where it failed
    uses_old   whether what is written was computed from what was read
    gives_new  whether what it gives was computed from what is written, and not read alone
    compared   the operand that is only compared: nothing that is written is computed from it
    waits      whether it waits where it would fail, as a lock does
    """

    new: Callable[..., Value | None]
    result: Callable[[Value, Value | None], Value] = lambda old, new: old
    uses_old: bool = True
    gives_new: bool = False
    compared: int | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Rmw:
    """An atomic read-modify-write; one that fails is a bare read.

    reads, writes   how its halves are marked
    fails           how the read is marked where nothing is written
    fence           the fence before and after it, if it succeeds; empty for none
    """

    register: str | None
    address: Expression
    operands: tuple[Expression, ...]
    update: Update
    reads: str
    writes: str
    fails: str = "once"
    fence: str = ""
    line: int = 0

    def step(self, run: Run) -> None:
        run.asks, _ = _place(self.address, run)

    def answer(self, run: Run, value: Value) -> None:
        place, addr = _place(self.address, run)
        known = [each.of(run.registers) for each in self.operands]
        new = self.update.new(value, *(operand for operand, _ in known))
        if new is None and self.update.waits:
            run.blocked = True
            return
        if new is not None and self.fence:
            run.happens("F", "", 0, self.fence, line=self.line)
        order = self.fails if new is None else self.reads
        bit = run.happens("R", place, value, order, addr=addr, line=self.line)
        depends = bit
        if new is not None:
            at = len(run.events) - 1
            data = bit if self.update.uses_old else 0
            for operand, (_, mask) in enumerate(known):
                if operand != self.update.compared:
                    data |= mask
            if self.update.gives_new:
                depends |= data
            run.happens(
                *("W", place, new, self.writes),
                addr=addr,
                data=data,
                pair=at,
                line=self.line,
            )
            if self.fence:
                run.happens("F", "", 0, self.fence, line=self.line)
        if self.register is not None:
            run.registers[self.register] = (self.update.result(value, new), depends)
        run.at += 1


@dataclass(frozen=True, slots=True)
class StoreExclusive:
    """A store that succeeds only if nobody else has written since the exclusive load before it.

    It may fail without a reason. The status is 0 or 1, and depends on no read.
    """

    status: str
    address: Expression
    value: Expression
    order: str
    line: int = 0

    def step(self, run: Run) -> None:
        place, _ = _place(self.address, run)
        if run.monitor is not None and run.monitor[0] == place:
            run.choices = (0, 1)
        else:
            self._leave(run, 1)

    def answer(self, run: Run, value: Value) -> None:
        if value == 0 and run.monitor is not None:
            place, addr = _place(self.address, run)
            stored, data = self.value.of(run.registers)
            pair = run.monitor[1]
            run.happens(
                *("W", place, stored, self.order), addr=addr, data=data, pair=pair, line=self.line
            )
        self._leave(run, value)

    def _leave(self, run: Run, status: Value) -> None:
        run.registers[self.status] = (status, 0)
        run.monitor = None
        run.at += 1


@dataclass(frozen=True, slots=True)
class If(_Silent):
    """Of C: its arms, and they alone, depend on the condition. Each arm ends in a `Leave`."""

    condition: Expression
    otherwise: int
    line: int = 0

    def step(self, run: Run) -> None:
        value, mask = self.condition.of(run.registers)
        run.scopes = (*run.scopes, run.ctrl)
        run.ctrl |= mask
        run.at = run.at + 1 if value else self.otherwise


@dataclass(frozen=True, slots=True)
class Leave(_Silent):
    """The end of an arm of an `If`."""

    goal: int
    line: int = 0

    def step(self, run: Run) -> None:
        *outer, run.ctrl = run.scopes
        run.scopes = tuple(outer)
        run.at = self.goal


@dataclass(frozen=True, slots=True)
class Jump(_Silent):
    """Of an assembly: all that follows depends on the condition, taken or not.

    One that goes back is not followed: `retries_only` says which loops may be left out.
    """

    condition: Expression
    goal: int
    line: int = 0

    def step(self, run: Run) -> None:
        value, mask = self.condition.of(run.registers)
        run.ctrl |= mask
        if value and self.goal <= run.at:
            run.blocked = True
        run.at = self.goal if value else run.at + 1


def retries_only(body: Iterable[Instruction]) -> bool:
    """Whether rounds of this loop that go back may be left out.

    They may if they only read, and leave nothing behind: all registers that a later round looks at,
    it has written before. Then an execution with such rounds has the final state of one without
    them, which is allowed if it is: events were taken away, and none of them a write or a fence.
    """
    written: set[str] = set()
    looked_at: set[str] = set()
    for each in body:
        if isinstance(each, Load):
            looked_at |= each.address.names - written
            written.add(each.register)
        elif isinstance(each, StoreExclusive):
            looked_at |= (each.address.names | each.value.names) - written
            written.add(each.status)
        elif isinstance(each, Put):
            looked_at |= each.value.names - written
            written.add(each.register)
        elif isinstance(each, Jump):
            looked_at |= each.condition.names - written
        else:
            return False
    return not looked_at & written
