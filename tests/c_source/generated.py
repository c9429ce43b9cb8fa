"""Functions of C that are made up: ints, loops, switches, and jumps anywhere, that end; and
expressions over integers of all types.

Those with loops stay within what has the same value for any width of an int: `&` and `%` keep
values small, and `fuel` ends what goes round.
"""

from __future__ import annotations

import random

_VALUES = ("a", "b", "c", "1", "2", "3")


STRUCT = "struct s { int v, w; };\n"


def function_named(name: str, seed: int, *, shared: bool = False) -> str:
    """`int name(int a, int b)`; with `shared`, of a pointer to a struct s, `p`, and one to an int,
    `q`, besides, which it loads and stores."""
    return _Making(random.Random(seed), shared).function(name)


_TYPES = (
    *("bool", "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned"),
    *("long", "unsigned long", "long long", "unsigned long long", "s8", "u8", "u16", "u32", "s64"),
)
_LITERALS = ("0", "1", "5u", "-1", "255", "256", "127", "0x80000000", "2147483647", "1UL << 63")
TYPEDEFS = """#include <stdbool.h>
typedef signed char s8; typedef unsigned char u8; typedef unsigned short u16;
typedef unsigned int u32; typedef long long s64;
"""


def computing_function(name: str, seed: int) -> str:
    """`long name(long a, long b)`, which computes with locals of several types."""
    lot = random.Random(seed)
    pick = lot.choice
    names = ["a", "b"]

    def value(depth: int) -> str:
        if depth == 0 or lot.random() < 0.2:
            return pick((*names, *names, *(f"({each})" for each in _LITERALS)))
        one, other = value(depth - 1), value(depth - 1)
        match lot.randrange(9):
            case 0 | 1:
                return f"({one} {pick('+-*&|^')} {other})"
            case 2:
                return f"({one} {pick('/%')} (({other} & 7) + 1))"
            case 3:
                return f"({one} {pick(['<<', '>>'])} ({other} & 7))"
            case 4 | 5:
                return f"({one} {pick(['<', '<=', '==', '!=', '>', '>='])} {other})"
            case 6:
                return f"({pick(_TYPES)})({one})"
            case 7:
                return f"({pick('~-!+')}({one}))"
            case _:
                return f"({one} ? {other} : {value(depth - 1)})"

    lines = []
    for number in range(4):
        local = f"v{number}"
        lines.append(f"{pick(_TYPES)} {local} = {value(2)};")
        names.append(local)
    for _ in range(3):
        target = pick(names)
        change = pick(["+=", "-=", "*=", "|=", "^=", "="])
        lines.append(pick([f"{target} {change} {value(2)};", f"{target}++;", f"--{target};"]))
    lines += [f"switch ({value(1)}) {{ case 0: a++; break; case 255: b--; }}"]
    body = "\n\t".join([*lines, f"return {value(3)};"])
    return f"long {name}(long a, long b)\n{{\n\t{body}\n}}\n"


class _Making:
    def __init__(self, lot: random.Random, shared: bool) -> None:
        self._lot = lot
        self._shared = ("p->v", "p->w", "*q", "READ_ONCE(p->v)") if shared else ()
        self._labels = [f"l{number}" for number in range(lot.randint(1, 3))]
        self._open = list(self._labels)

    def function(self, name: str) -> str:
        body = [self._statement(3) for _ in range(self._lot.randint(4, 8))]
        body += [f"{label}: c ^= {number};" for number, label in enumerate(self._open)]
        lines = "\n\t".join(body)
        given = ", struct s *p, int *q" if self._shared else ""
        return (
            f"int {name}(int a, int b{given})\n{{\n\tint c = 0, fuel = 12;\n\t{lines}\n"
            f"\treturn a * 10000 + b * 100 + c;\n}}\n"
        )

    def _value(self, depth: int = 2) -> str:
        pick = self._lot.choice
        if depth == 0 or self._lot.random() < 0.3:
            return pick((*_VALUES, *self._shared))
        one, other = self._value(depth - 1), self._value(depth - 1)
        kind = self._lot.randrange(10)
        if kind < 4:
            return f"(({one} {pick('+-*&|^')} {other}) & 63)"
        if kind == 4:
            return f"(({one} - 30) {pick('/%')} (({other} & 7) + 1))"
        if kind == 5:
            return f"({one} {pick(['<', '<=', '==', '!=', '>', '>='])} {other})"
        if kind == 6:
            return f"({one} {pick(['&&', '||'])} {other})"
        if kind == 7:
            return f"({one} ? {other} : {pick(_VALUES)})"
        if kind == 8:
            return f"(!{one})"
        return f"({one}, {other})"

    def _target(self) -> str:
        return self._lot.choice((*"abc", *self._shared[:3]))

    def _statement(self, depth: int) -> str:
        pick, lot = self._lot.choice, self._lot
        kind = lot.randrange(13) if depth else lot.randrange(5)
        inner = [self._statement(depth - 1) for _ in range(lot.randint(1, 3))] if kind > 4 else []
        block = f"{{ {' '.join(inner)} }}"
        match kind:
            case 0 | 1:
                return f"{self._target()} = {self._value()};"
            case 2:
                return f"{self._target()} {pick(['+', '-', '^', '|', '&'])}= {self._value()};"
            case 3:
                name = self._target()
                return f"{pick([f'({name})++', f'--{name}', f'{self._other(name)} = ({name})++'])};"
            case 4:
                return f"if (fuel-- > 0 && {self._value()}) goto {pick(self._labels)};"
            case 5 | 6:
                other = f" else {self._statement(depth - 1)}" if lot.random() < 0.5 else ""
                return f"if ({self._value()}) {block}{other}"
            case 7:
                return f"while (fuel-- > 0 && {self._value()}) {block}"
            case 8:
                jump = pick(["break;", "continue;", ""])
                return f"do {{ if ({self._value()}) {jump or ';'} {block} }} while (fuel-- > 0);"
            case 9:
                step = pick(["a++", "b ^= 1", ""])
                jump = pick(["break;", "continue;"])
                inside = f"{{ {inner[0]} if ({self._value()}) {jump} {' '.join(inner[1:])} }}"
                return f"for (c = 0; fuel-- > 0; {step}) {inside}"
            case 10 | 11:
                return self._switch(depth, inner)
            case _:
                if self._open:
                    return f"{self._open.pop()}: {' '.join(inner)}"
                return block

    def _other(self, name: str) -> str:
        others = [each for each in (*"abc", *self._shared[:3]) if each != name]
        return self._lot.choice(others)

    def _switch(self, depth: int, inner: list[str]) -> str:
        cases = []
        values = self._lot.sample(range(4), len(inner))
        for value, statement in zip(values, inner, strict=True):
            head = "default" if value == 3 else f"case {value}"
            leaves = self._lot.choice(["break;", "break;", ""])
            cases.append(f"{head}: {statement} {leaves}")
        return f"switch (({self._value()}) & 3) {{ {' '.join(cases)} }}"
