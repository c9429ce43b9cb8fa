"""Litmus tests in C, with the kernel's macros."""

from __future__ import annotations

import re
from typing import Final

from racer.axiomatic.events import Value
from racer.axiomatic.expressions import Known
from racer.axiomatic.litmus.c_bodies import Body
from racer.axiomatic.litmus.conditions import Initial, read_condition, read_initial
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.litmus.text import Sections, Source, Tokens, begin_of_condition, is_name
from racer.axiomatic.threads import LitmusThread

_HEAD: Final = re.compile(r"(?:static\s+|void\s+)*P([0-9]+)\s*\(")
_BETWEEN: Final = re.compile(r"(?:\s+|\(\*.*?\*\)|/\*.*?\*/|//[^\n]*)*", re.S)


def read_c(source: Source, found: Sections) -> LitmusTest:
    """The test that a file in C holds. Errors: Unreadable."""
    initial = read_initial(source, *found.initial)
    memory = dict(initial.memory)
    threads: list[LitmusThread] = []
    locks: dict[str, int] = {}
    data: dict[str, int] = {}
    at = found.rest
    while True:
        between = _BETWEEN.match(source.text, at)
        at = between.end() if between else at
        head = _HEAD.match(source.text, at)
        if head is None:
            break
        name, expected = head[1], len(threads)
        if name != str(expected):
            raise source.error(at, f"thread P{name} stands where P{expected} was to")
        begin, end, after = _body(source, head.end())
        parameters = _parameters(source, head.end(), begin)
        for parameter in parameters:
            memory.setdefault(parameter, 0)
        body = Body(Tokens(source, begin + 1, end, code=True), parameters)
        code = body.translated()
        for place, where in body.locks.items():
            locks.setdefault(place, where)
        for place, where in body.data.items():
            data.setdefault(place, where)
        registers: dict[str, Known] = {
            register: (value, 0)
            for (thread, register), value in initial.registers.items()
            if thread == name
        }
        threads.append(LitmusThread(name, tuple(code), registers))
        at = after
    if not threads:
        raise source.error(at, "there is no thread: P0(...) { was to come")
    for place in sorted(set(locks) & set(data)):
        raise source.error(
            data[place], f"{place} is used as a spin lock and as data; that is not modelled"
        )
    condition = read_condition(source, begin_of_condition(source, at))
    _addresses_exist(initial, memory)
    return LitmusTest(source, found.architecture, found.name, tuple(threads), memory, condition)


def _addresses_exist(initial: Initial, memory: dict[str, Value]) -> None:
    """What a pointer is given at the begin is a location, be it named nowhere else."""
    for value in [*initial.memory.values(), *initial.registers.values()]:
        if isinstance(value, str):
            memory.setdefault(value, 0)


def _body(source: Source, at: int) -> tuple[int, int, int]:
    """Where the braces of a thread are, and where it is over."""
    text = source.text
    begin = text.find("{", at)
    if begin < 0:
        raise source.error(at, "the thread has no body: '{' was to come")
    depth, skip = 0, re.compile(r"//[^\n]*|/\*.*?\*/|[{}]", re.S)
    for hit in skip.finditer(text, begin):
        depth += {"{": 1, "}": -1}.get(hit[0], 0)
        if depth == 0:
            return begin, hit.start(), hit.end()
    raise source.error(begin, "the thread has no end: '}' was to come")


def _parameters(source: Source, begin: int, end: int) -> dict[str, None]:
    """The names of a thread's parameters: the locations it knows."""
    tokens = Tokens(source, begin, end, code=True)
    found: dict[str, None] = {}
    last = ""
    while tokens.next.text:
        token = tokens.take()
        if token.text in (",", ")"):
            if last and last != "void":
                found[last] = None
            last = ""
        elif is_name(token.text):
            last = token.text
        elif token.text != "*":
            raise tokens.error(f"{token.text!r} cannot stand among parameters", token)
    return found
