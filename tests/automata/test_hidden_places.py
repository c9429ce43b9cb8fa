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
import gc
import io
import itertools
import linecache
import logging
import math
import operator
import os
import pathlib
import queue
import random
import re
import secrets
import struct
import sys
import threading
import time
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from racer import Memory, ModelError, Program, Thread, Violation, explain, explore
from racer.automata.namespaces import Namespaces
from tests.automata import hidden_places as places

_PUTS = re.compile(r"value|seek|next|open\(|chdir|given = yield")


@pytest.mark.usefixtures("process_as_it_was")
@pytest.mark.parametrize("place", places.PLACES)
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


@pytest.mark.usefixtures("process_as_it_was")
@pytest.mark.parametrize("place", places.PLACES)
def test_what_is_set_once_and_for_good_is_refused(place: Callable[[], places.Place]) -> None:
    """Lifting has set it when the other thread is lifted, and no run sees it unset."""
    with pytest.raises(ModelError, match=r"thread '[AB]' (changes|calls) "):
        explore(places.latching(place()))


@pytest.mark.parametrize("owner", ["an invariant", "a thread"])
def test_an_iterator_that_cannot_be_asked_is_refused(owner: str) -> None:
    """One over matches has its place in a scanner that nothing leads to."""
    mem = Memory()
    x = mem.cell("x", 0)
    found = re.finditer("a", "aaa")

    async def run() -> None:
        await x.load()
        if owner == "a thread":
            next(found)

    invariants = {"found": lambda _: next(found)} if owner == "an invariant" else {}
    with pytest.raises(ModelError, match="reaches the variable 'found', an iterator that nobody"):
        explore(Program(mem, {"T": Thread(run)}, invariants=invariants))


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
LAYOUT = struct.Struct("i")
FIRST = operator.itemgetter(0)
PATTERN = re.compile("a")
NAMES = ("a", "b")
LOCK = threading.Lock()


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
    "bytes in memory": lambda: io.BytesIO(b"1").read(),
    "lock of its own": lambda: threading.Lock().acquire(),
    "semaphore of its own": lambda: threading.Semaphore().acquire(),
    "queue of its own": lambda: queue.SimpleQueue().put(1),  # type: ignore[var-annotated]  # of any
    "view of its own": lambda: memoryview(bytearray(1)).__setitem__(0, 1),
    "matches of its own": lambda: next(re.finditer("a", "aa")),
    "attribute by its name": lambda: setattr(types.SimpleNamespace(), "seen", 1),
    "names of a module": lambda: globals()["POINT"].x + vars(math)["pi"] + len(sys.modules),
    "layout": lambda: LAYOUT.pack(1),
    "getter": lambda: FIRST((1, 2)),
    "compiled pattern": lambda: PATTERN.match("a"),
    "method of a constant": lambda: ", ".join(NAMES),
    "lock that is looked at": lambda: LOCK.locked(),
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


def test_what_the_host_sets_between_two_questions_is_its_own() -> None:
    """A script keeps a result in a global before it has that explained."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def check() -> None:
        if await x.load() == 1 and "POINT" in globals():
            raise Violation("saw 1")

    async def store() -> None:
        await x.store(1)

    result = explore(Program(mem, {"T": Thread(check), "W": Thread(store)}))
    globals()["kept_by_the_host"] = result
    try:
        assert explain(result, "saw 1").label == "saw 1"
    finally:
        del globals()["kept_by_the_host"]


def test_a_namespace_of_exec_leads_to_all_builtins_which_stay_where_they_are() -> None:
    """What was changed is put back to find the line: also there, and nothing runs without them."""
    space: dict[str, Any] = {}
    exec("seen = 0\ndef put(value):\n    global seen\n    seen = value", space)
    place = places.Place(space["put"], lambda: space["seen"])
    known = dict(vars(builtins))
    with pytest.raises(ModelError, match=r"changes the global 'seen' \(<string>:4\)"):
        explore(places.remembering(place))
    assert vars(builtins) == known


def test_what_is_noted_when_garbage_is_collected_is_not_the_threads() -> None:
    host: dict[str, Any] = {}
    exec("def note(phase, info):\n    global collected\n    collected = info\n", host)
    spaces = Namespaces()
    spaces.add("host", host)
    gc.callbacks.append(host["note"])
    try:
        gc.collect()
        assert "collected" in host
        assert spaces.changed([id(host)]) is None
        host["kept"] = 1
        assert spaces.changed([id(host)]) == "host.kept"
    finally:
        gc.callbacks.remove(host["note"])
    spaces.renew()
    host["collected"] = 2  # that name is nobody else's
    assert spaces.changed([id(host)]) == "host.collected"
