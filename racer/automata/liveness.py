"""Which locals of a suspended frame may still be looked at: the others are no part of a node.

A local is dead if on every way on, also by exceptions, it is stored before it is loaded. That is
read off the bytecode, backwards, to a fixpoint. An instruction that names a local and is not known
to store it counts as one that loads it, so one that a later CPython adds makes locals live.
Of a variable that functions capture it is said whether this frame looks at it: who holds such a
function may, too. One of an enclosing function is always live.

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
    {
        *("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "INTERPRETER_EXIT"),
        *("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"),
    }
)
_HAVE_LOCAL: Final = frozenset((*dis.haslocal, *dis.hasfree))
_JUMP: Final = frozenset((*dis.hasjrel, *dis.hasjabs))


class _Effect(NamedTuple):
    """What an instruction does to locals: `loads` are seen before it stores, `stores` are lost."""

    loads: frozenset[str]
    stores: frozenset[str]
    ways: tuple[int, ...]  # where it goes on, by offset
    caught: tuple[int, ...]  # where it goes on if it raises: with what was there before it


@functools.lru_cache(maxsize=4096)
def live_locals(code: types.CodeType) -> Mapping[int, frozenset[str]]:
    """By the offset of each instruction: the locals that may be loaded from it on.

    For a suspended frame that is the offset `f_lasti`: what it then stores comes from its stack.
    """
    effects = _effects(code)
    live: dict[int, frozenset[str]] = dict.fromkeys(effects, frozenset())
    changed = True
    while changed:
        changed = False
        for offset in reversed(effects):  # mostly a way on is a later one
            effect = effects[offset]
            after: frozenset[str] = frozenset().union(*(live[way] for way in effect.ways))
            caught = (live[way] for way in effect.caught)
            now = effect.loads.union(after - effect.stores, *caught)
            if now != live[offset]:
                live[offset] = now
                changed = True
    outer = frozenset(code.co_freevars)
    return {offset: names | outer for offset, names in live.items()}


def _effects(code: types.CodeType) -> dict[int, _Effect]:
    """Each instruction of a code, by its offset, in order."""
    instructions = list(dis.get_instructions(code))
    handlers = dis.Bytecode(code).exception_entries  # type: ignore[attr-defined]
    found = {}
    for at, each in enumerate(instructions):
        ways = [each.argval] if each.opcode in _JUMP else []
        if each.opname not in _LEAVE:
            ways += [following.offset for following in instructions[at + 1 : at + 2]]
        caught = [entry.target for entry in handlers if entry.start <= each.offset < entry.end]
        loads, stores = _touched(each)
        found[each.offset] = _Effect(loads, stores, tuple(ways), tuple(caught))
    return found


def _touched(instruction: dis.Instruction) -> tuple[frozenset[str], frozenset[str]]:
    """The locals that an instruction may load, and those that it stores whatever happens."""
    if instruction.opcode not in _HAVE_LOCAL or instruction.opname == "MAKE_CELL":
        return frozenset(), frozenset()
    named = instruction.argval
    names = named if isinstance(named, tuple) else (named,)
    loads, stores = [], []
    for kind, name in zip(_parts(instruction.opname, len(names)), names, strict=True):
        if kind == "store":
            stores.append(name)
        elif name not in stores:
            loads.append(name)
    return frozenset(loads), frozenset(stores)


def _parts(name: str, count: int) -> Iterator[str]:
    """What an instruction of that name does with each of the locals that it names, in order."""
    known = {
        "STORE_FAST": ("store",),
        "STORE_DEREF": ("store",),
        "STORE_FAST_STORE_FAST": ("store", "store"),
        "STORE_FAST_LOAD_FAST": ("store", "load"),
    }
    yield from known.get(name, ("load",) * count)


@functools.lru_cache(maxsize=4096)
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
