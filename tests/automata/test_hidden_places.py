"""State beside cells is refused before anything is searched, by what it is in and by its line."""

from __future__ import annotations

import builtins
import contextlib
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import itertools
import linecache
import logging
import math
import os
import pathlib
import random
import re
import secrets
import sys
import time
import typing
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from racer import Memory, ModelError, Program, Thread, explore
from tests.automata import hidden_places as places

# Nothing that code names leads there; what a run does tells them, to the net under this check.
NOT_NAMED = (places.module_by_another_name, places.iterator, places.builtin_name)
_PUTS = re.compile(r"value|open\(|chdir|given = yield")


@pytest.mark.usefixtures("process_as_it_was")
@pytest.mark.parametrize("place", [each for each in places.PLACES if each not in NOT_NAMED])
def test_a_thread_that_keeps_something_there_is_refused_with_the_line(
    place: Callable[[], places.Place],
) -> None:
    """The line is one that puts something there."""
    with pytest.raises(ModelError, match=r"thread 'A' (changes|calls) ") as caught:
        explore(places.remembering(place()))
    found = re.search(r"\(([^()]*\.py):(\d+)\), which", str(caught.value))
    assert found is not None, str(caught.value)
    assert _PUTS.search(linecache.getline(found[1], int(found[2])))
    assert caught.value.thread == "A"


def one_that(computes: Callable[[], object]) -> Program:
    """A thread that computes something between two steps."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def run() -> None:
        await x.load()
        computes()
        await x.load()

    return Program(mem, {"T": Thread(run)})


OUTSIDE: dict[str, Callable[[], object]] = {
    "time.time()": lambda: time.time(),
    "time.monotonic()": lambda: time.monotonic(),
    "datetime.now()": lambda: datetime.datetime.now(),
    "date.today()": lambda: datetime.date.today(),
    "random.random()": lambda: random.random(),
    "random.getrandbits()": lambda: random.randrange(10),
    "os.urandom()": lambda: secrets.randbelow(10),
    "os.stat()": lambda: pathlib.Path("/").exists(),
    "os.getcwd()": lambda: os.getcwd(),
    "io.open()": lambda: open("/dev/null"),  # noqa: SIM115  # it is to be refused
    "sys.getrecursionlimit()": lambda: sys.getrecursionlimit(),
}


@pytest.mark.parametrize("call", OUTSIDE)
def test_a_call_out_of_the_model_is_refused_by_name(call: str) -> None:
    """Be it made by a function of Python's own that the thread calls."""
    with pytest.raises(ModelError, match=re.escape(f"calls {call} (")) as caught:
        explore(one_that(OUTSIDE[call]))
    assert "test_hidden_places.py:" in str(caught.value)


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Pair:
    left: int
    right: int = 0


class Point(typing.NamedTuple):
    x: int


POINT = Point(1)


@functools.lru_cache
def doubled(value: int) -> int:
    return 2 * value


def raises_and_catches() -> None:
    with contextlib.suppress(ZeroDivisionError):
        1 / 0  # noqa: B018  # it is to fail


INNOCENT: dict[str, Callable[[], object]] = {
    "print": lambda: print("seen"),
    "stdout": lambda: sys.stdout.write("seen"),
    "log": lambda: logging.getLogger("racer.tests").info("seen"),
    "cache": lambda: doubled(3),
    "enum": lambda: Colour(1).name,
    "replaced dataclass": lambda: dataclasses.replace(Pair(1), right=2),
    "repr": lambda: repr(Pair(1)),
    "named tuple": lambda: POINT._replace(x=2).x + POINT.x,
    "decimal": lambda: decimal.Decimal("1.5") / 3,
    "fraction": lambda: fractions.Fraction(1, 3) + 1,
    "date": lambda: datetime.date(2026, 1, 1) + datetime.timedelta(days=1),
    "pattern": lambda: re.match("a+", "aaa"),
    "text in memory": lambda: io.StringIO().write("seen"),
    "generator of its own": lambda: random.Random(7).random(),
    "iterator of its own": lambda: next(itertools.count()),
    "copy": lambda: copy.deepcopy([1, [2]]),
    "numbers": lambda: math.sqrt(2) + max(1, 2),
    "name from a text": lambda: uuid.uuid5(uuid.NAMESPACE_DNS, "racer"),
    "path": lambda: pathlib.PurePath("a") / "b",
    "exception": raises_and_catches,
    "import": lambda: __import__("colorsys"),
}


@pytest.mark.parametrize("what", INNOCENT)
def test_what_leaves_nothing_and_asks_nobody_is_not_accused(what: str) -> None:
    assert explore(one_that(INNOCENT[what])).verdict == "pass"


def test_a_namespace_of_exec_leads_to_all_builtins_which_stay_where_they_are() -> None:
    """What was changed is put back to find the line: also there, and nothing runs without them."""
    space: dict[str, Any] = {}
    exec("seen = 0\ndef put(value):\n    global seen\n    seen = value", space)
    place = places.Place(space["put"], lambda: space["seen"])
    known = dict(vars(builtins))
    with pytest.raises(ModelError, match=r"changes the global 'seen' \(<string>:4\)"):
        explore(places.remembering(place))
    assert vars(builtins) == known
