"""Threads with locals that can change, and that share and leave what they hold, against the oracle.

Lists, dicts, sets, iterators, generators, functions and objects come to hold each other in ways
that nobody chose. At the end a thread changes what is shared, and tells some of what it holds; the
rest is not looked at again. The oracle runs every interleaving from its start, and merges nothing.
"""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer import Memory, Program, Thread, choose
from tests.automata import constructs
from tests.generated.profiles import examples
from tests.generated.test_agreement import assert_agreement

STEPS = (
    "v = await x.load()",
    "v = await y.load()",
    "v = await x.swap(v)",
    "v = await choose(0, 1)",
    "await y.store(v)",
)
CHANGES = (
    *("a.append(v)", "a = [v]", "a = [a[-1], v]", "a, b = b, a", "del a[1:]"),
    *("b = a", "b = [*a]", "b[0] = v", "b = sorted(a)", "b = [[v], a]"),
    *("d[v] = a", "d = {v: b}", "d.pop(v, None)", "d = dict(reversed(d.items()))", "d[0] = v"),
    *("s.add(v + 8)", "s.discard(8)", "s = {v, 8}", "s = set(s)", "v = len(s) % 2"),
    *("it = iter(a)", "it = (i for i in b)", "it = count_from(v)", "it = iter({v: 0, 2: 1})"),
    *("v = next(it, 0) and 1", "it = zip(a, [0, 1])", "it = iter(s)", "it = map(bool, a)"),
    *("o.value = v", "o = Plain(a)", "o.other = b", "o = Mutable(v)", "vars(o).pop('other', 0)"),
    *("f = lambda: a", "f = (lambda n: lambda: n)(b)", "f = lambda n=a: n", "f = o.__eq__"),
    *("f = functools.partial(max, 0, v)", "v = 1 - v", "v = 0", "p = Pair(v, a)", "p = (a, p)[:1]"),
    "try:\n    raise Own(a)\nexcept Own as e:\n    v = await x.load()\n    b = e.value",
    "try:\n    [a, d][v].clear()\n    a[0]\nexcept LookupError:\n    a = [await y.load()]",
    "with Manager(v) as o:\n    v = await y.load()",
    "if v: del b\nv = await x.load()\ntry:\n    b = [*b, 5]\nexcept NameError:\n    b = [6]",
)
TOLD = {
    "a": "a",
    "b": "b",
    "d": "list(d.items())",
    "s": "[*s, s.pop() if s else 0]",
    "it": "[i for i, _ in zip(it, (0, 0))]",
    "o": "vars(o)",
    "f": "getattr(f, '__closure__', f) and f.__code__ and f()",
    "p": "p",
    "same": "[one is other for one in (a, b) for other in (*d.values(), o.value)]",
}
START = """\
v, a, d, s, o, p = 0, [0], {}, {0, 8}, Plain(0), ()
b, it, f = a, iter(()), lambda: 0"""


def text_of(lines: list[str], told: list[str]) -> str:
    """A thread of these lines, which then tells what these expressions show."""
    end = ["if isinstance(a, list): a.append(7)", "seen = []"]
    for name in told:
        end += ["try:", f"    seen.append(({name!r}, {TOLD[name]}))"]
        end += ["except Exception as error:", "    seen.append(type(error).__name__)"]
    body = textwrap.indent("\n".join([*lines, *end, "return repr(seen)"]), "    ")
    body = f"{START}\ntry:\n{body}\nexcept Exception as error:\n    return type(error).__name__"
    return f"async def run():\n{textwrap.indent(body, '    ')}\nreturn run"


def program_of(text: str) -> Program:
    """It runs beside a thread that stores 1 in each of its two cells."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    made: dict[str, Any] = {}
    maker = f"def make(x, y, choose):\n{textwrap.indent(text, '    ')}"
    exec(compile(maker, "generated", "exec"), dict(vars(constructs)), made)

    async def store() -> None:
        await x.store(1)
        await y.store(1)

    return Program(mem, {"T": Thread(made["make"](x, y, choose)), "S": Thread(store)})


@st.composite
def threads(draw: st.DrawFn) -> str:
    """Four steps with changes in between, the first and the last of which are loads."""
    lines = [STEPS[0]]
    for steps in (STEPS, STEPS, STEPS[:2]):
        lines += draw(st.lists(st.sampled_from(CHANGES), min_size=2, max_size=4))
        lines.append(draw(st.sampled_from(steps)))
    last = draw(st.sampled_from(CHANGES[:40]))
    told = draw(st.permutations(sorted(TOLD)))
    return text_of([*lines, last], told[: draw(st.integers(1, 4))])


@pytest.mark.thorough
@examples(200)
@given(threads())
def test_what_threads_hold_is_neither_lost_nor_mixed_up(text: str) -> None:
    assert_agreement(lambda: program_of(text))
