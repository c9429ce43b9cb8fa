# ruff: noqa: F401  # what is imported, the lines use
"""What a thread of ordinary Python can hold while it awaits, each in a few lines.

In the lines, `await y.load()` is where the thread waits, and what they hold was made of `v`, which
is 0 or 1. After them `seen` is v, which they know by what was held alone.

    HELD    one node for each wait and each v, and if v is always 1 one for each wait: it repeats
    DEAD    as above, but what they hold is not looked at again: one node for each wait
    TRAPS   what looks as if it were not looked at again, or as if it were equal for every v
    DYING   what is not looked at again, but does something when it is not held any more
    UNLIKE  what is not compared, with the local that is to be named
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import decimal
import enum
import fractions
import functools
import io
import sys
import types
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple


class Pair(NamedTuple):
    first: int
    second: int


@dataclasses.dataclass(frozen=True)
class Frozen:
    value: int


@dataclasses.dataclass(frozen=True, eq=False)
class Address:
    value: int


@dataclasses.dataclass
class Mutable:
    value: int


class Hashed(Mutable):
    def __hash__(self) -> int:
        return self.value


class Colour(enum.Enum):
    RED = 0
    GREEN = 1


class Plain:
    def __init__(self, value: int) -> None:
        self.value = value

    async def run(self, y: Any) -> int:
        await y.load()
        return self.value


class Slotted:
    __slots__ = ("__hidden", "other")

    def __init__(self, value: int) -> None:
        self.__hidden = value

    def get(self) -> int:
        return self.__hidden


class Own(Exception):
    def __init__(self, value: int) -> None:
        super().__init__()
        self.value = value


class Closing:
    """Tells a list when it dies."""

    def __init__(self, log: list[int]) -> None:
        self._log = log

    def __del__(self) -> None:
        self._log.append(1)


class Manager:
    def __init__(self, value: int) -> None:
        self.value = value

    def __enter__(self) -> Manager:
        return self

    def __exit__(self, *error: object) -> None:
        self.value += 1


@contextlib.contextmanager
def generated(value: int) -> Iterator[int]:
    yield value


@contextlib.asynccontextmanager
async def generated_later(value: int) -> AsyncIterator[int]:
    yield value


def count_from(value: int) -> Iterator[int]:
    while True:
        yield value
        value += 1


def telling(log: list[int]) -> Iterator[int]:
    try:
        yield 0
    finally:
        log.append(1)


async def loading(y: Any, value: int) -> AsyncIterator[int]:
    while True:
        await y.load()
        yield value


def within() -> Iterator[object]:
    inner = io.BytesIO()
    yield None
    yield inner


async def waiting(y: Any) -> object:
    inner = io.BytesIO()
    await y.load()
    return inner


def fail(value: int) -> None:
    if value:
        raise ValueError
    raise ValueError


show = vars  # another name of what shows locals
constants = {0: 0, 1: 1}

HELD = {
    "nothing": "await y.load(); seen = v",
    "on the stack": "seen = v + (await y.load() and 0)",
    "star-unpacked": "first, *rest = (0, v); await y.load(); seen = rest[0]",
    "list": "held = [v, 2]; await y.load(); seen = held[0]",
    "list in a list": "held = [[v], []]; await y.load(); seen = held[0][0]",
    "order of a list": "held = [v, 1 - v]; await y.load(); seen = held[0]",
    "set": "held = {v + 5}; await y.load(); seen = 6 in held",
    "dict": "held = {1: v}; await y.load(); seen = held[1]",
    "key of a dict": "held = {v: 1}; await y.load(); seen = 1 in held",
    "order of a dict": "held = {v: 0, 1 - v: 0}; await y.load(); seen = next(iter(held))",
    "keys": "held = {v: 1}.keys(); await y.load(); seen = 1 in held",
    "values": "held = {0: v}.values(); await y.load(); seen = 1 in held",
    "items": "held = {0: v}.items(); await y.load(); seen = (0, 1) in held",
    "mapping proxy": "held = types.MappingProxyType({0: v}); await y.load(); seen = held[0]",
    "deque": "held = collections.deque([v], 3); await y.load(); seen = held[0]",
    "length of a deque": "held = collections.deque((), v); await y.load(); seen = held.maxlen",
    "defaultdict": "held = collections.defaultdict((str, int)[v]); await y.load()\n"
    "seen = type(held[0]) is int",
    "ordered dict": "held = collections.OrderedDict(a=v); await y.load(); seen = held['a']",
    "attribute of an ordered dict": "held = collections.OrderedDict(); held.other = v\n"
    "await y.load(); seen = held.other",
    "object as a key": "held = {Plain(0): v}; await y.load(); seen = [*held.values()][0]",
    "bytearray": "held = bytearray([v]); await y.load(); seen = held[0]",
    "range": "for i in range(v, 2):\n    await y.load()\n    seen = v\n    break",
    "tuple": "held = (v, 2); await y.load(); seen = held[0]",
    "for over a tuple": "for i in (v, 5):\n    await y.load()\n    seen = i\n    break",
    "for over a list": "for i in [v, 5]:\n    await y.load()\n    seen = i\n    break",
    "place in a list": "it = iter([0, 1, 2])\nfor _ in range(v): next(it)\n"
    "await y.load(); seen = next(it)",
    "enumerate": "for i, j in enumerate((v, 5)):\n    await y.load()\n    seen = j\n    break",
    "zip": "for i, j in zip((0, 1), (v, 5)):\n    await y.load()\n    seen = j\n    break",
    "reversed tuple": "it = reversed((1 + v, v, 0)); next(it); await y.load(); seen = next(it)",
    "reversed list": "it = reversed([v, 0]); next(it); await y.load(); seen = next(it)",
    "map": "held = map(abs, [-v]); await y.load(); seen = next(held)",
    "filter": "held = filter(None, [0, v, 2]); await y.load(); seen = next(held) == 1",
    "for over a dict": "for i in {v: 1}:\n    await y.load()\n    seen = i\n    break",
    "for over items": "for i, j in {0: v, 1: 5}.items():\n"
    "    await y.load()\n    seen = j\n    break",
    "place in a dict": "held = {0: 0, 1: 1, 2: 2}; it = iter(held)\n"
    "for _ in range(v): next(it)\nawait y.load(); seen = next(it)",
    "for over a frozenset": "for i in frozenset([v]):\n    await y.load()\n    seen = i",
    "for over a set": "for i in {v}:\n    await y.load()\n    seen = i",
    "place in a set": "it = iter({0, 1})\nfor _ in range(v): next(it)\n"
    "await y.load(); seen = next(it)",
    "generator expression": "it = (i + v for i in (0, 1)); await y.load(); seen = next(it)",
    "place in a generator": "it = count_from(0)\nfor _ in range(v): next(it)\n"
    "await y.load(); seen = next(it)",
    "local of a generator": "it = count_from(v); next(it); await y.load(); seen = next(it) - 1",
    "ended generator": "it = count_from(0)\nif v: it.close()\n"
    "await y.load(); seen = not list(zip(it, (0,)))",
    "async generator": "async for i in loading(y, v):\n    seen = i\n    break",
    "async generator at rest": "it = loading(z, v); await anext(it); await y.load()\n"
    "seen = await anext(it)",
    "sorted": "held = sorted((v, 5)); await y.load(); seen = held[0]",
    "list comprehension": "held = [i + v for i in (0, 1)]; await y.load(); seen = held[0]",
    "awaiting comprehension": "seen = [i + v for i in (0,) if not await y.load()][0]",
    "lambda": "held = lambda: v\nawait y.load(); seen = held()",
    "one of two lambdas": "held = (lambda: 0, lambda: 1)[v]; await y.load(); seen = held()",
    "default of a lambda": "held = lambda v=v: v\nawait y.load(); seen = held()",
    "keyword default": "def held(*, v=v): return v\nawait y.load(); seen = held()",
    "nested function": "async def held():\n    await y.load()\n    return v\nseen = await held()",
    "nonlocal": "n = 0\ndef up():\n    nonlocal n\n    n += 1\n"
    "if v: up()\nawait y.load(); seen = n",
    "named tuple": "held = Pair(v, 2); await y.load(); seen = held.first",
    "frozen dataclass": "held = Frozen(v); await y.load(); seen = held.value",
    "frozen dataclass with a list": "held = Frozen([v]); await y.load(); seen = held.value[0]",
    "frozen dataclass of its own": "held = Address(v); await y.load(); seen = held.value",
    "mutable dataclass": "held = Mutable(v); await y.load(); seen = held.value",
    "member of an enumeration": "held = Colour(v); await y.load(); seen = held.value",
    "Decimal": "held = decimal.Decimal(v); await y.load(); seen = int(held)",
    "digits of a Decimal": "held = decimal.Decimal(('1', '1.0')[v]); await y.load()\n"
    "seen = len(str(held)) - 1 > 0",
    "Fraction": "held = fractions.Fraction(v, 3); await y.load(); seen = held.numerator",
    "object": "held = Plain(v); await y.load(); seen = held.value",
    "self": "seen = await Plain(v).run(y)",
    "bound method": "held = [v].count; await y.load(); seen = held(1)",
    "attribute of an object": "held = Plain(0)\nif v: held.other = 1\nawait y.load()\n"
    "seen = hasattr(held, 'other')",
    "order of attributes": "held = Plain(0); held.__dict__.clear()\n"
    "for name in ('ab', 'ba')[v]: setattr(held, name, 0)\n"
    "await y.load(); seen = next(iter(held.__dict__)) == 'b'",
    "slots": "held = Slotted(v); await y.load(); seen = held.get()",
    "slot that is set": "held = Slotted(0)\nif v: held.other = 0\nawait y.load()\n"
    "seen = hasattr(held, 'other')",
    "partial": "held = functools.partial(max, v); await y.load(); seen = held(0)",
    "keywords of a partial": "held = functools.partial(int, v, **{}); held.keywords['x'] = v\n"
    "await y.load(); seen = held.keywords['x']",
    "simple except": "try:\n    raise KeyError(v)\nexcept KeyError as error:\n"
    "    await y.load()\n    seen = error.args[0]",
    "raise again": "try:\n    try:\n        raise KeyError(v)\n    except KeyError:\n"
    "        await y.load()\n        raise\nexcept KeyError as error:\n    seen = error.args[0]",
    "exception of its own": "try:\n    raise Own(v)\nexcept Own as error:\n"
    "    await y.load()\n    seen = error.value",
    "cause of an exception": "try:\n    raise KeyError from (None, KeyError())[v]\n"
    "except KeyError as error:\n    await y.load()\n    seen = error.__cause__ is not None",
    "exception of the system": "try:\n    raise BlockingIOError(v, 'text')\n"
    "except OSError as error:\n    await y.load()\n    seen = error.errno",
    "exception with a name": "try:\n    getattr(0, 'ab'[v])\nexcept AttributeError as error:\n"
    "    await y.load()\n    seen = error.name == 'b'",
    "line of an exception": "try: fail(v)\nexcept ValueError as error:\n    await y.load()\n"
    "    seen = error.__traceback__.tb_next.tb_lineno == fail.__code__.co_firstlineno + 2",
    "kind of an exception": "try:\n    raise (KeyError, IndexError)[v]\n"
    "except LookupError as error:\n    await y.load()\n    seen = type(error) is IndexError",
    "finally": "try:\n    await y.load()\nfinally:\n    seen = v",
    "with": "with Manager(v) as held:\n    await y.load()\n    seen = held.value",
    "with a suppress": "with contextlib.suppress(KeyError):\n    await y.load()\n    seen = v",
    "what is suppressed": "try:\n    with contextlib.suppress((KeyError, IndexError)[v]):\n"
    "        await y.load()\n        raise IndexError\n    seen = 1\n"
    "except IndexError:\n    seen = 0",
    "with a generator": "with generated(v) as held:\n    await y.load()\n    seen = held",
    "async with a generator": "async with generated_later(v) as held:\n"
    "    await y.load()\n    seen = held",
    "async with a lock": "async with lock:\n    seen = v",
    "match": "match [v]:\n    case [held]:\n        await y.load()\n        seen = held",
    "alias of a list": "held = [0]; other = held if v else [0]; await y.load()\n"
    "held.append(1); seen = len(other) - 1",
    "one of two lists": "one, two = [0], [0]; other = (one, two)[v]; await y.load()\n"
    "two.clear(); seen = len(one) == 1 and not other",
    "alias within a list": "held = [[0], [0]]\nif v: held[1] = held[0]\nawait y.load()\n"
    "held[0].append(1); seen = len(held[1]) - 1",
    "alias of attributes": "held = Plain(0); other = held.__dict__ if v else {'value': 0}\n"
    "await y.load(); held.value = 1; seen = other['value']",
    "variable of an earlier call": "async def helper(given, which):\n    n = 0\n"
    "    held = lambda: n\n    if given is None:\n        return held\n"
    "    held = (given, held)[which]\n    given = None\n    await y.load()\n"
    "    n = 1\n    return held()\nseen = await helper(await helper(None, 0), v)",
    "list within itself": "held = [0, None]; held[1] = held if v else [0, held]\n"
    "await y.load(); seen = held[1] is held",
    "list of a generator": "held = [0]; it = (i for i in (held if v else [0])); await y.load()\n"
    "held[0] = 1; seen = next(it)",
    "cell of a lambda": "n = 0\nfirst = lambda: n\n"
    "def make(n=0):\n    return lambda: n\n"
    "held = first if v else make()\nawait y.load(); n = 1; seen = held()",
    "place in what is constant": "it = iter(constants)\nif v: next(it)\n"
    "await y.load(); seen = next(it)",
    "lambda in an operation": "held = v + 2; await y.wait_until(lambda u: u < held)\n"
    "seen = held - 2",
    "any": "held = any(i for i in (v, 0)); await y.load(); seen = held",
}

DEAD = {
    "stored again": "held = v; await y.load(); held = 1; await y.load(); seen = held",
    "never looked at": "held = [v]; await y.load(); seen = 1",
    "deleted": "held = [v]; del held; await y.load(); seen = 1",
    "variable of a loop": "for held in (v,): pass\nawait y.load(); seen = 1",
    "object": "held = Plain(v); await y.load(); seen = 1",
    "captured": "n = v\nf = lambda: n\nf = None\nawait y.load(); n = 1; seen = (lambda: n)()",
    "of a helper": "async def helper(n):\n    await y.load()\nawait helper(v); seen = 1",
    "beside an exception": "held = [v]\ntry:\n    await y.load()\n"
    "except KeyError:\n    pass\nseen = 1",
    "string": "held = str(v) * 3; await y.load(); held = 1; seen = held",
}

TRAPS = {
    "unbound": "if v: held = 1\nawait y.load()\ntry:\n    held\n    seen = 1\n"
    "except UnboundLocalError:\n    seen = 0",
    "del": "if v: held = 1\nawait y.load()\ntry:\n    del held\n    seen = 1\n"
    "except UnboundLocalError:\n    seen = 0",
    "deleted variable of a lambda": "n = 1\nif not v: del n\nf = lambda: n\nawait y.load()\n"
    "try:\n    seen = f()\nexcept NameError:\n    seen = 0",
    "handler": "held = v\ntry:\n    await y.load()\n    held = int('x')\n"
    "except ValueError:\n    seen = held",
    "finally": "held = v\ntry:\n    await y.load()\n    held = int('x')\n"
    "except ValueError:\n    pass\nfinally:\n    seen = held",
    "locals": "held = v; await y.load(); seen = locals()['held']",
    "vars by another name": "held = v; await y.load(); seen = show()['held']",
    "dir": "if v: held = 1\nawait y.load(); seen = 'held' in dir()",
    "eval": "held = v; await y.load(); seen = eval('held')",
    "frame": "held = v; await y.load(); seen = sys._getframe().f_locals['held']",
    "identity": "held = tuple([2, 3]); other = held if v else tuple([2, 3])\n"
    "await y.load(); seen = held is other",
    "identity of a frozen object": "held = Frozen(2); other = held if v else Frozen(2)\n"
    "await y.load(); seen = held is other",
    "table of a set": "held = {0, 8} if v else {8}\nheld.discard(0); await y.load()\n"
    "held.add(16); seen = next(iter(held)) == 16",
    "what was taken out of a set": "held = {0, 1, 2}\nif v: held.add(held.pop())\n"
    "await y.load(); seen = held.pop()",
    "holes of a dict": "held = {9: 9, 0: 0, 1: 1, 2: 2, 3: 3} if v else {0: 0, 1: 1, 2: 2, 3: 3}\n"
    "held.pop(9, 0); it = iter(held); next(it); await y.load()\n"
    "held.pop(0); held[5] = 5\n"
    "try:\n    seen = len(list(it)) == 2\nexcept RuntimeError:\n    seen = 0",
    "holes by del": "held = {9: 9, 0: 0, 1: 1, 2: 2, 3: 3} if v else {0: 0, 1: 1, 2: 2, 3: 3}\n"
    "if v: del held[9]\nit = iter(held); next(it); await y.load()\n"
    "del held[0]; held[5] = 5\n"
    "try:\n    seen = len(list(it)) == 2\nexcept RuntimeError:\n    seen = 0",
    "1 and True": "held = [(1, True)[v]]; await y.load(); seen = held[0] is True",
    "stale hash": "held = Mutable(0) if v else Mutable(1)\n"
    "held.__class__ = Hashed; keys = {held: 0}; held.value = 1\n"
    "await y.load(); seen = held not in keys",
    "0.0 and -0.0": "held = [(0.0, -0.0)[v]]; await y.load(); seen = str(held[0]) == '-0.0'",
}

# Something happens when what they hold dies. When that is depends on the Python, and on who looks.
DYING = {
    "dying": "log = []; held = Closing(log) if v else None; await y.load()\n"
    "held = None; seen = len(log)",
    "dying within a list": "log = []; held = [[Closing(log)]] if v else None; await y.load()\n"
    "held = None; seen = len(log)",
    "dying with an exception": "log = []\ndef bad():\n    held = Closing(log) if v else None\n"
    "    raise KeyError\ntry:\n    bad()\nexcept KeyError:\n    await y.load()\nseen = len(log)",
    "generator left": "log = []; held = telling(log) if v else None\nif held: next(held)\n"
    "await y.load(); held = None; seen = len(log)",
    "weak reference": "log = []; held = Plain(0)\n"
    "if v: watch = weakref.ref(held, lambda _: log.append(1))\n"
    "await y.load(); held = None; seen = len(log)",
}

# The lines, the local that is named, and the kind of what it holds.
UNLIKE = {
    "strings in a set": ("held = {'a', 'b'}; await y.load(); len(held)", "held", "set"),
    "coroutine": ("held = y.load(); await y.load(); await held", "held", "coroutine"),
    "text file": ("held = io.StringIO(); await y.load(); held.write('1')", "held", "StringIO"),
    "class of its own": ("class Held: pass\nawait y.load(); Held()", "Held", "type"),
    "within a dict": ("held = {1: [io.BytesIO()]}; await y.load(); len(held)", "held", "dict"),
    "of a generator": (
        "held = within(); next(held); await y.load(); next(held)",
        "inner",
        "BytesIO",
    ),
    "of a helper": ("await waiting(y)", "inner", "BytesIO"),
}
# Where there is more than one wait.
WAITS = {"async with a lock": 2, "async generator at rest": 3, "stored again": 2}
