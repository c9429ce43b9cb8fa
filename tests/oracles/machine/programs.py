"""Small programs as data: Python text for racer and, in the same walk, code for the machine."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

SEEN = ("always", "never", "sometimes", "at_end")


@dataclass
class Prog:
    """A small program. Predicates are conjunctions of (cell, "==" or "!=", value)."""

    cells: dict[str, int]
    locks: list[str]
    watches: dict[str, tuple]
    invariants: dict[str, tuple]  # broken where the predicate holds
    shows: dict[str, list[tuple[tuple, str]]]  # the first predicate that holds says it
    threads: dict[str, tuple[int, list]]  # name: copies, statements


def expr(e: Any) -> str:
    return e[1] if isinstance(e, tuple) else repr(e)


def condition(c: tuple) -> str:
    match c:
        case ("seen", window, what):
            return f"{window}.{what}"
        case ("not", inner):
            return f"not ({condition(inner)})"
        case (register, op, value):
            return f"{register} {op} {value}"
    raise AssertionError(c)


def predicate(p: tuple) -> str:
    return " and ".join(f"s[{c}] {op} {v}" for c, op, v in p) or "True"


def holds(p: tuple, cells: dict) -> bool:
    return all((cells[c] == v) == (op == "==") for c, op, v in p)


class Source:
    """`text` for racer, whose function build() makes the Program; `code` for the machine."""

    def __init__(self, prog: Prog) -> None:
        self.lines: list[str] = []
        self.code: dict[str, list] = {}
        put = self.put
        put(0, "from racer import Memory, Program, Thread, Violation, choose, fence")
        put(0, "def build() -> Program:")
        put(1, "m = Memory()")
        for c, v in prog.cells.items():
            put(1, f"{c} = m.cell({c!r}, {v})")
        for lock in prog.locks:
            put(1, f"{lock} = m.lock({lock!r})")
        for w, p in prog.watches.items():
            put(1, f"{w} = m.watch({w!r}, lambda s: {predicate(p)}, [{', '.join(prog.cells)}])")
        for name, (_, body) in prog.threads.items():
            put(1, f"async def {name}():")
            put(2, "a = b = c = 0")
            self.out: list = []
            self.walk(body, 2, [])
            self.out.append(("end", ("returned", None)))
            self.code[name] = self.out
        for name, choices in prog.shows.items():
            put(1, f"def {name}(s):")
            for p, text in choices:
                put(2, f"if {predicate(p)}: return {text!r}")
        threads = ", ".join(f"{n!r}: Thread({n}, copies={k})" for n, (k, _) in prog.threads.items())
        broken = ", ".join(
            f"{n!r}: lambda s: not ({predicate(p)})" for n, p in prog.invariants.items()
        )
        shows = ", ".join(f"{n!r}: {n}" for n in prog.shows)
        put(1, f"return Program(m, {{{threads}}}, invariants={{{broken}}}, shows={{{shows}}})")
        self.text = "\n".join(self.lines) + "\n"

    def build(self, file: str) -> Any:
        names: dict[str, Any] = {}
        exec(compile(self.text, file, "exec"), names)
        return names["build"]()

    def put(self, indent: int, text: str) -> int:
        self.lines.append("    " * indent + text)
        return len(self.lines)

    def walk(self, body: list, ind: int, scopes: list) -> None:
        """`scopes` are the locks and windows around: a way out leaves them, innermost first."""
        for s in body:
            match s:
                case ("lock", lock, inner):
                    line = self.put(ind, f"async with {lock}:")
                    self.out.append(("op", ("acquire", lock), line))
                    self.walk(inner, ind + 1, [*scopes, ("op", ("release", lock), line)])
                    self.out.append(("op", ("release", lock), line))
                case ("window", w, inner, name):
                    self.put(ind, f"async with {w}.window() as {name}:")
                    self.out.append(("open", w, name))
                    self.walk(inner, ind + 1, [*scopes, ("close", name)])
                    self.out.append(("close", name))
                case ("if", c, then):
                    self.put(ind, f"if {condition(c)}:")
                    at = len(self.out)
                    self.out.append(None)
                    self.walk(then, ind + 1, scopes)
                    self.out[at] = ("unless", c, len(self.out))
                case ("spin", c, v, r):
                    line = self.put(ind, f"while ({r} := await {c}.load()) != {v}: pass")
                    self.out += [
                        ("op", ("load", c, r), line),
                        ("unless", (r, "==", v), len(self.out)),
                    ]
                case ("raise", label):
                    self.put(ind, f"raise Violation({label!r})")
                    self.out += [*reversed(scopes), ("end", ("violation", label))]
                case ("return", e):
                    self.put(ind, f"return {expr(e)}")
                    self.out += [*reversed(scopes), ("end", ("returned", e))]
                case _:
                    self.out.append(("op", s, self.put(ind, self.operation(s))))

    @staticmethod
    def operation(s: tuple) -> str:
        match s:
            case ("load", c, r):
                return f"{r} = await {c}.load()"
            case ("store", c, e):
                return f"await {c}.store({expr(e)})"
            case ("swap", c, e, r):
                return f"{r} = await {c}.swap({expr(e)})"
            case ("cas", c, old, new, r):
                return f"{r} = await {c}.compare_exchange({old}, {new})"
            case ("add", c, n, r):
                return f"{r} = await {c}.fetch_add({n})"
            case ("wait", c, op, v):
                return f"await {c}.wait_until(lambda v: v {op} {v})"
            case ("fence", kind):
                return f"await fence({kind!r})"
            case ("choose", options, r):
                return f"{r} = await choose({', '.join(map(repr, options))})"
        raise AssertionError(s)


def random_program(seed: int) -> Prog:
    """Two or three threads of one to five steps over one to three cells."""
    g = random.Random(seed)
    cells = {c: g.choice([0, 0, 1]) for c in "xyz"[: g.randint(1, 3)]}
    locks = ["L", "M"][: g.choice([0, 0, 1, 2])]

    def value() -> int:
        return g.choice([0, 1, 1, 2])

    number = iter(range(1, 99))

    def pred() -> tuple:
        some = g.sample(list(cells), min(len(cells), g.choice([1, 1, 2])))
        return tuple((c, g.choice(["==", "==", "!="]), value()) for c in some)

    watches = {w: pred() for w in "wv"[: g.choice([0, 1, 1, 2])]}

    def operation() -> tuple:
        c, r = g.choice(list(cells)), g.choice("abc")
        stored = g.choice([value(), value(), ("reg", g.choice("abc"))])
        others = [
            ("swap", c, value(), r),
            ("cas", c, value(), value(), r),
            ("add", c, 1, r),
            ("wait", c, g.choice(["==", "!="]), value()),
            ("fence", "mb"),
            ("choose", tuple(g.sample([0, 1, 2], 2)), r),
        ]
        return g.choice([("load", c, r)] * 6 + [("store", c, stored)] * 6 + others)

    def condition(seen: list) -> tuple:
        if seen and g.random() < 0.6:
            return ("seen", g.choice(seen), g.choice(SEEN))
        c = (g.choice("abc"), g.choice(["==", "!="]), value())
        return ("not", c) if g.random() < 0.2 else c

    def ending(seen: list) -> list:
        return g.choice(
            [[("if", condition(seen), [("raise", g.choice(["bad", "worse"]))])]] * 3
            + [[("return", ("reg", g.choice("abc")))], []]
        )

    def body(n: int, seen: list, depth: int, held: list) -> list:
        out: list = []
        while n > 0:
            k, m = g.random(), g.randint(1, n)
            free = [lock for lock in locks if lock not in held]
            if k < 0.15 and watches and depth < 2:
                name = f"s{next(number)}"
                inner = [operation(), *body(m - 1, list(seen), depth + 1, held)]
                out.append(("window", g.choice(list(watches)), inner, name))
                seen.append(name)
                n -= m
            elif k < 0.35 and free and depth < 2:
                lock = g.choice(free)
                inner = body(min(m, 2), list(seen), depth + 1, [*held, lock])
                out.append(("lock", lock, inner + (ending(seen)[:1] if g.random() < 0.2 else [])))
                n -= m + 1
            elif k < 0.45 and depth < 2:
                out.append(("if", condition(seen), body(m, list(seen), depth + 1, held)))
                n -= m
            elif k < 0.48 and seed % 4 == 0:
                out.append(("spin", g.choice(list(cells)), value(), g.choice("abc")))
                n -= 1
            else:
                out.append(operation())
                n -= 1
        return out

    count = g.choice([2, 2, 3])
    names = g.sample(["A", "B", "C", "classify", "split"], count)
    copies = 2 if g.random() < 0.2 else 1
    threads = {}
    for name in names[: count - (copies - 1)]:
        seen: list = []
        both = copies == 2 and name == names[0]
        steps = body(g.randint(1, 3 if both or count == 3 else 5), seen, 0, [])
        threads[name] = (2 if both else 1, [operation(), *steps, *ending(seen)])
    return Prog(
        cells,
        locks,
        watches,
        {"inv": pred()} if g.random() < 0.25 else {},
        {"what": [(pred(), "one"), (pred(), "two"), ((), "three")]},
        threads,
    )
