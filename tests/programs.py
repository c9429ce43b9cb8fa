"""Random small programs, as source text: what hypothesis generates, shrinks and prints.

A generated thread is real code, not an interpreter of a tree: code positions, value stacks
around an await, `for` iterators, helper coroutines and exceptions in flight are what lifting
has to get right. So a program is a tree of statements (`Sample`), rendered as Python, compiled
and run. Its repr is that source: a failing example can be pasted into a file.

Every thread's first statement takes a step, and so does the first one in every window: racer
refuses threads and windows without any. Values are small integers, registers start at 0.
"""

from __future__ import annotations

import hashlib
import linecache
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis.vendor.pretty import RepresentationPrinter

from racer.lang.program import Program

_PRELUDE = """\
from racer import Memory, Program, Thread, Violation, choose, fence
"""

_HELPERS = {
    "bump": "def bump(v):\n    return (v + 1) % 3",
    "mix": "def mix(x, y, k=1):\n    return (x + k * y) % 3",
    "twice": (
        "async def twice(cell, k):\n"
        "    first = await cell.load()\n"
        "    return (first + k * await cell.load()) % 3"
    ),
    "deep": (
        "async def deep(cell, k):\n"
        "    for step in range(k):\n"
        "        if await twice(cell, step):\n"
        "            return step\n"
        "    return k"
    ),
    "put": (
        "async def put(cell, value):\n"
        "    try:\n"
        "        await cell.store(value)\n"
        "    finally:\n"
        "        await fence('wmb')"
    ),
}
_USES = {"deep": ("twice",)}  # helpers that need others


# --- the tree -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A statement (it may span lines) that takes at most `steps` steps and makes `ways` choices."""

    text: str
    steps: int = 0
    ways: int = 1

    def render(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True)
class Block:
    """A compound statement: arms of a head and a body each, then plain lines.

    It takes at most `own` steps besides its bodies, which run at most `times` times.
    """

    arms: tuple[tuple[str, tuple[Statement, ...]], ...]
    after: tuple[str, ...] = ()
    own: int = 0
    times: int = 1

    @property
    def steps(self) -> int:
        return self.own + self.times * sum(s.steps for _, body in self.arms for s in body)

    @property
    def ways(self) -> int:
        once: int = math.prod(s.ways for _, body in self.arms for s in body)
        return int(once**self.times)

    def render(self) -> list[str]:
        lines = []
        for head, body in self.arms:
            lines += [*head.splitlines(), *_indented(body)]
        return [*lines, *self.after]


Statement = Line | Block


@dataclass(frozen=True)
class ThreadSample:
    """One thread function; `start` is the argument it gets as r0, None: it takes none."""

    body: tuple[Statement, ...]
    copies: int = 1
    start: int | None = None
    keeps_log: bool = False  # a mutable local, which tells of all that r0 was
    daemon: bool = False

    def render(self, name: str) -> list[str]:
        parameters, registers = ("", "r0 = r1 = 0") if self.start is None else ("r0", "r1 = 0")
        lines = [registers]
        if self.keeps_log:
            lines.append("log = []")
        for statement in self.body:
            lines += statement.render()
            if self.keeps_log:
                lines.append("log.append(r0)")
        lines.append("return r0, r1, *log" if self.keeps_log else "return r0, r1")
        return [f"async def {name}({parameters}):", *(f"    {line}" for line in lines)]


@dataclass(frozen=True, repr=False)
class Sample:
    """A whole program; `repr` is its source."""

    cells: tuple[tuple[str, int], ...]
    locks: tuple[str, ...]
    watches: tuple[tuple[str, str, str], ...]  # name, predicate over s, its cells
    threads: tuple[ThreadSample, ...]
    invariants: tuple[tuple[str, str], ...]  # label, predicate over s
    sometimes: tuple[tuple[str, str], ...]
    finally_: tuple[tuple[str, str], ...] = ()  # name, and a predicate over s and came
    atomic: bool = False  # the locks are atomic regions
    made: tuple[str, ...] = ()  # lines that make what else the threads share

    def source(self) -> str:
        body = ["mem = Memory()"]
        body += [f"{name} = mem.cell({name!r}, {initial})" for name, initial in self.cells]
        atomic = ", atomic=True" if self.atomic else ""
        body += [f"{name} = mem.lock({name!r}{atomic})" for name in self.locks]
        body += [line for made in self.made for line in made.splitlines()]
        for name, predicate, cells in self.watches:
            body.append(f"{name} = mem.watch({name!r}, lambda s: {predicate}, [{cells}])")
        threads = []
        for name, thread in zip(_THREAD_NAMES, self.threads, strict=False):
            body += ["", *thread.render(name)]
            arguments = name if thread.start is None else f"{name}, {thread.start}"
            copies = f", copies={thread.copies}" if thread.copies > 1 else ""
            daemon = ", daemon=True" if thread.daemon else ""
            threads.append(f"{name!r}: Thread({arguments}{copies}{daemon})")
        body += ["", f"threads = {{{', '.join(threads)}}}"]
        for kind, predicates in (("invariants", self.invariants), ("sometimes", self.sometimes)):
            entries = ", ".join(f"{name!r}: lambda s: {text}" for name, text in predicates)
            body.append(f"{kind} = {{{entries}}}")
        if self.finally_:
            ends = ", ".join(f"{name!r}: lambda s, came: {text}" for name, text in self.finally_)
            body.append(f"finally_ = {{{ends}}}")
        ends = ", finally_" if self.finally_ else ""
        body.append(f"return Program(mem, threads, invariants, sometimes{ends})")
        text = "\n".join(["def program():", *(f"    {line}".rstrip() for line in body)])
        used = {name for name in _HELPERS if re.search(rf"\b{name}\b", text)}
        used |= {other for name in used for other in _USES.get(name, ())}
        helpers = [_HELPERS[name] for name in _HELPERS if name in used]
        prelude = _PRELUDE.rstrip()
        if "QueueClosed" in text:
            prelude += "\nfrom racer import QueueClosed"
        return "\n\n\n".join([prelude, *helpers, text]) + "\n"

    def __repr__(self) -> str:
        return f"\n{self.source()}"

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        printer.text(repr(self))

    def most_interleavings(self) -> int:
        """A bound on the number of interleavings, from each thread's most steps and choices.

        Extend every maximal schedule by the steps its threads could still have taken, thread
        after thread: since none is a prefix of another, the results are distinct words over
        the threads, each in the multinomial coefficient, times the choices made.
        """
        steps, ways = [], 1
        for thread in self.threads:
            steps += [sum(s.steps for s in thread.body)] * thread.copies
            ways *= math.prod(s.ways for s in thread.body) ** thread.copies
        orders: int = math.factorial(sum(steps)) // math.prod(map(math.factorial, steps))
        return ways * orders


_THREAD_NAMES = ("P", "Q", "R", "S")


def _indented(body: tuple[Statement, ...]) -> list[str]:
    return [f"    {line}" for statement in body for line in statement.render()]


def build(sample: Sample) -> Program:
    """Compile the sample's source and make its Program; its lines resolve through linecache."""
    return build_source(sample.source())


def build_source(source: str) -> Program:
    """Make the Program of source that defines `program()`."""
    filename = f"<sample {hashlib.sha256(source.encode()).hexdigest()[:12]}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Callable[[], Program]] = {"__name__": "sample"}  # type: ignore[dict-item]
    exec(compile(source, filename, "exec"), namespace)
    return namespace["program"]()


def fit(sample: Sample, size: int) -> Sample:
    """Drop statements, of the thread with the most steps, until `size` bounds the count.

    Each thread keeps its first statement, so it still takes a step. Where that is not enough,
    threads go. Two threads of one line each always stay: at most C(8, 4) * 3 * 3 = 630.
    """
    while sample.most_interleavings() > size:
        shorter = [
            (sum(s.steps for s in thread.body), i, body)
            for i, thread in enumerate(sample.threads)
            if (body := _shorter(thread.body)) is not None
        ]
        threads = list(sample.threads)
        if shorter:
            _, most, body = max(shorter, key=lambda found: found[:2])
            threads[most] = replace(threads[most], body=body)
        elif sum(thread.copies for thread in threads) == 2:
            break
        elif threads[-1].copies > 1:
            threads[-1] = replace(threads[-1], copies=1)
        else:
            threads.pop()
        sample = replace(sample, threads=tuple(threads))
    return sample


def _shorter(body: tuple[Statement, ...]) -> tuple[Statement, ...] | None:
    """The body with one statement less, taken where the steps are; None: it is a single line.

    First statements stay, since they are there to take a step. A block that stands first, with a
    single line in it, loses its head: it is a lock or a window, and the line needs neither.
    """
    for i in sorted(range(len(body)), key=lambda i: (-body[i].steps, -i)):
        statement = body[i]
        for arm in range(len(statement.arms)) if isinstance(statement, Block) else ():
            assert isinstance(statement, Block)
            head, inner = statement.arms[arm]
            if (less := _shorter(inner)) is not None:
                arms = (*statement.arms[:arm], (head, less), *statement.arms[arm + 1 :])
                return (*body[:i], replace(statement, arms=arms), *body[i + 1 :])
        if i:
            return (*body[:i], *body[i + 1 :])
    return body[0].arms[0][1] if isinstance(body[0], Block) else None
