"""Which locals of a suspended frame may still be looked at: the others are no part of a node.

A local is dead if on every way on, also by exceptions, it is stored before it is loaded. That is
read off the bytecode, backwards, to a fixpoint. An instruction that names a local and is not known
to store it counts as one that loads it, so one that a later CPython adds makes locals live. Of a
variable that functions capture it is said whether this frame looks at it: who holds such a function
may, too. One of an enclosing function is always live.

The code is decoded here, since `dis` takes ten times as long; a test holds the two against each
other.

Source   Aho, Lam, Sethi, Ullman, "Compilers", 2nd ed., 9.2.5; CPython Python/bytecodes.c 3.11-3.13.
Bound    frames can be looked into from outside: see habits.py.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

# After these no way leads to the next instruction.
_LEAVE: Final = frozenset(
    dis.opmap[name]
    for name in (
        *("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "INTERPRETER_EXIT"),
        *("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"),
    )
    if name in dis.opmap
)
# Where a frame is suspended, before its first line or at a wait: at these, or past them (3.13).
_WAITING: Final = frozenset(
    dis.opmap[name] for name in ("RETURN_GENERATOR", "YIELD_VALUE", "RESUME", "SEND")
)
# Of instructions that name locals, by opcode: what they do with each of them, in order.
_STORES: Final = {"STORE_FAST": (True,), "STORE_DEREF": (True,), "MAKE_CELL": ()}
_PAIRS: Final = {"STORE_FAST_STORE_FAST": (True, True), "STORE_FAST_LOAD_FAST": (True, False)}
_USES: Final[Mapping[int, tuple[bool, ...]]] = {
    opcode: {**_STORES, **_PAIRS}.get(name, (False,) * max(1, name.count("_FAST")))
    for name, opcode in dis.opmap.items()
    if opcode in (*dis.haslocal, *dis.hasfree)
}
# Jumps, all of which are relative, by opcode: which way.
_JUMPS: Final[Mapping[int, int]] = {
    opcode: -1 if "BACKWARD" in name else 1
    for name, opcode in dis.opmap.items()
    if opcode in dis.hasjrel
}
_CACHE: Final = dis.opmap.get("CACHE", 0)
_EXTENDED: Final = dis.EXTENDED_ARG


class Decoded(NamedTuple):
    """An instruction: where it is, where the next one is, and its argument."""

    offset: int
    following: int
    opcode: int
    argument: int

    @property
    def target(self) -> int | None:
        """Where it may jump to."""
        way = _JUMPS.get(self.opcode)
        return None if way is None else self.following + 2 * way * self.argument


def decoded(code: types.CodeType) -> Iterator[Decoded]:
    """The instructions of a code, in order; what extends an argument is one that does nothing."""
    raw = code.co_code
    extended = offset = 0
    while offset < len(raw):
        opcode, argument = raw[offset], raw[offset + 1] | extended
        following = offset + 2
        while following < len(raw) and raw[following] == _CACHE:
            following += 2
        yield Decoded(offset, following, opcode, argument)
        extended = argument << 8 if opcode == _EXTENDED else 0
        offset = following


def locals_of(code: types.CodeType) -> tuple[str, ...]:
    """The names of all locals, in the order of their numbers: one that is captured has one."""
    return tuple(dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)))


@functools.lru_cache(maxsize=4096)
def live_locals(code: types.CodeType) -> Mapping[int, frozenset[str]]:
    """By the offset where a frame of that code may wait: the locals that may be loaded after it."""
    instructions = list(decoded(code))
    # `before[offset]` has a bit for each local that is live before the instruction there.
    before: dict[int, int] = {each.offset: 0 for each in instructions}
    rows = [_row(each, handlers) for handlers in [_handlers(code)] for each in instructions[::-1]]
    changed = True
    while changed:
        changed = False
        for offset, ways, caught, loads, stores in rows:  # mostly a way on is a later one
            live = 0
            for way in ways:
                live |= before.get(way, 0)
            live = live & ~stores | loads
            for way in caught:  # an instruction that raises has not stored
                live |= before[way]
            if live != before[offset]:
                before[offset] = live
                changed = True
    names = locals_of(code)
    return {
        each.offset: frozenset(
            [name for at, name in enumerate(names) if before[each.offset] >> at & 1]
        ).union(code.co_freevars)
        for each in instructions
        if each.opcode in _WAITING
    }


_Row = tuple[int, list[int], list[int], int, int]


def _row(each: Decoded, handlers: list[tuple[int, int, int]]) -> _Row:
    """Of an instruction: where it is, where it goes on, also if it raises, and the locals that it
    loads, before it stores any, and those that it stores, as bits."""
    ways = [] if each.opcode in _LEAVE else [each.following]
    target = each.target
    if target is not None:
        ways.append(target)
    caught = [target for start, end, target in handlers if start <= each.offset < end]
    uses = _USES.get(each.opcode, ())
    numbers = [each.argument] if len(uses) < 2 else [each.argument >> 4, each.argument & 15]
    loads = stores = 0
    for number, store in zip(numbers, uses, strict=False):
        if store:
            stores |= 1 << number
        else:
            loads |= 1 << number & ~stores
    return each.offset, ways, caught, loads, stores


def _handlers(code: types.CodeType) -> list[tuple[int, int, int]]:
    """Where code that may raise begins and ends, and where it goes on then, by offset.

    Source   CPython Objects/exception_handling_notes.txt: numbers in pieces of six bits, of which
             the seventh says that another one follows.
    """
    numbers: list[int] = []
    going_on = False
    for byte in code.co_exceptiontable:
        if going_on:
            numbers[-1] = numbers[-1] << 6 | byte & 63
        else:
            numbers.append(byte & 63)
        going_on = bool(byte & 64)
    rows = zip(numbers[::4], numbers[1::4], numbers[2::4], strict=True)
    return [(2 * start, 2 * (start + length), 2 * target) for start, length, target in rows]


def stored_at(code: types.CodeType, name: str) -> int | None:
    """The first line that stores a local of that name; of an argument, that of the `def`."""
    count = code.co_argcount + code.co_kwonlyargcount
    starred = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)  # CO_VARARGS, CO_VARKEYWORDS
    if name in code.co_varnames[: count + starred]:
        return code.co_firstlineno
    for each in dis.get_instructions(code):
        named = each.argval if isinstance(each.argval, tuple) else (each.argval,)
        if "STORE" in each.opname and name in named and each.positions is not None:
            return each.positions.lineno
    return None
