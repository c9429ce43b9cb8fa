"""Which locals are looked at again, beside `dis`, and by hand where that is worth a look."""

from __future__ import annotations

import ast
import asyncio.base_events
import collections
import contextlib
import dataclasses
import dis
import inspect
import logging
import tarfile
import types
import typing
from collections.abc import Iterator

import pytest

import racer.automata.encoding
from racer.automata.liveness import decoded, live_locals, stored_at
from racer.automata.reaching import codes_in

# Modules with all that there is of Python: ten thousand lines of them.
MODULES = (
    *(ast, asyncio.base_events, collections, contextlib, dataclasses, inspect, logging, tarfile),
    *(typing, racer.automata.encoding),
)


def codes_of(module: types.ModuleType) -> Iterator[types.CodeType]:
    code = compile(inspect.getsource(module), "module", "exec")
    return iter(codes_in(code))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_code_is_decoded_as_dis_does(module: types.ModuleType) -> None:
    for code in codes_of(module):
        found = list(decoded(code))
        expected = list(dis.get_instructions(code))
        assert [each.offset for each in found] == [each.offset for each in expected]
        assert [each.opcode for each in found] == [each.opcode for each in expected]
        jumps = [each for each in expected if each.opcode in dis.hasjrel]
        assert [each.target for each in found if each.target is not None] == [
            each.argval for each in jumps
        ]
        assert not dis.hasjabs


def live_by_definition(code: types.CodeType) -> dict[int, set[str]]:
    """From each wait, along every way, as dis has them: what is loaded before it is stored.

    For each local by itself, forwards: the slow way, which follows from what is meant.
    """
    instructions = {each.offset: each for each in dis.get_instructions(code)}
    order = list(instructions)
    entries = dis.Bytecode(code).exception_entries
    found: dict[int, set[str]] = {}
    for start, waits in instructions.items():
        if waits.opname not in ("RETURN_GENERATOR", "YIELD_VALUE", "RESUME", "SEND"):
            continue
        live = found[start] = set(code.co_freevars)
        for name in (*code.co_varnames, *code.co_cellvars):
            met, todo = set(), [start]
            while todo:
                offset = todo.pop()
                if offset in met or offset not in instructions:
                    continue
                met.add(offset)
                each = instructions[offset]
                todo += [entry.target for entry in entries if entry.start <= offset < entry.end]
                named = each.argval if isinstance(each.argval, tuple) else (each.argval,)
                touches = each.opcode in (*dis.haslocal, *dis.hasfree) and name in named
                if touches and each.opname != "MAKE_CELL":
                    parts = each.opname.replace("_FAST", "").replace("_DEREF", "").split("_")
                    if parts[named.index(name) if len(named) > 1 else 0] != "STORE":
                        live.add(name)
                        break
                    continue
                if each.opcode in dis.hasjrel:
                    todo.append(each.argval)
                leaves = each.opname.startswith(("RETURN_V", "RETURN_C", "RAISE", "RERAISE"))
                if not leaves and not each.opname.startswith(("JUMP_F", "JUMP_B")):
                    todo += order[order.index(offset) + 1 :][:1]
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_live_is_what_some_way_on_loads_before_it_is_stored(module: types.ModuleType) -> None:
    waiting = [code for code in codes_of(module) if code.co_flags & 0x2A0]  # generators of any kind
    for code in waiting:
        assert live_locals(code) == live_by_definition(code)


def live_at_waits(function: typing.Any) -> list[list[str]]:
    """Of a coroutine function, at each place where it waits in turn."""
    waits = [
        each.offset
        for each in dis.get_instructions(function.__code__)
        if each.opname == "YIELD_VALUE"
    ]
    live = live_locals(function.__code__)
    return [sorted(live[offset]) for offset in waits]


def test_by_hand() -> None:
    async def straight(wait: typing.Any) -> object:
        first = await wait()
        second = await wait()  # it holds `first`, and no `second` yet; of `wait` there is one more
        third = await wait()
        return first, second, third

    async def handled(wait: typing.Any) -> object:
        first = 1
        try:
            await wait()
            first = int("x")  # raises before it stores
        except ValueError:
            return first
        return None

    async def stored(wait: typing.Any) -> object:
        first = await wait()
        await wait()
        first = 2
        return [first]

    assert live_at_waits(straight) == [["wait"], ["first", "wait"], ["first", "second"]]
    assert live_at_waits(handled) == [["first"]]
    assert live_at_waits(stored) == [["wait"], []]


def test_a_line_that_stores_is_the_first_one_or_that_of_the_def() -> None:
    async def some(argument: int, *more: int) -> None:
        local = argument
        local = 2  # noqa: F841

    code = some.__code__
    first = code.co_firstlineno
    lines = [stored_at(code, name) for name in ("argument", "more", "local", "unknown")]
    assert lines == [first, first, first + 1, None]
