"""What a value of C is to a model: an integer of a width, an address, or no number at all.

Widths are those of LP64, and a plain char has a sign, as on x86. Signed integers wrap around as
unsigned ones do: the kernel is built with -fno-strict-overflow.

Source   C11, 6.3.1 (conversions), 6.4.4.1 (types of literals); x86-64 System V ABI, 3.1.2.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """`bits` is 0 for what is no integer: `name` says what it is."""

    name: str
    bits: int = 0
    signed: bool = False

    @property
    def is_number(self) -> bool:
        return self.bits > 0

    @property
    def least(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def most(self) -> int:
        return (1 << (self.bits - self.signed)) - 1

    def holds(self, other: Kind) -> bool:
        """Whether every value of the other is one of this."""
        return self.least <= other.least and other.most <= self.most


BOOL: Final = Kind("bool", 1)
INT: Final = Kind("int", 32, signed=True)
_UNSIGNED: Final = Kind("unsigned int", 32)
_LONG: Final = Kind("long", 64, signed=True)
_UNSIGNED_LONG: Final = Kind("unsigned long", 64)
ADDRESS: Final = Kind("an address")
NULL: Final = Kind("NULL")
SYMBOL: Final = Kind("no number")  # to the model; what a map does not say the type of
REFUSED: Final = Kind("refused")  # it was said already why

_WIDTHS: Final = {
    **{f"{sign}{bits}": (bits, sign == "s") for sign in "us" for bits in (8, 16, 32, 64)},
    **{f"__{sign}{bits}": (bits, sign == "s") for sign in "us" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}_t": (bits, False) for bits in (8, 16, 32, 64)},
    **{f"int{bits}_t": (bits, True) for bits in (8, 16, 32, 64)},
    "bool": (1, False),
    "_Bool": (1, False),
    "gfp_t": (32, False),
    "pgoff_t": (64, False),
    "size_t": (64, False),
    "ssize_t": (64, True),
    "uintptr_t": (64, False),
    "pgdat_flags_t": (64, False),
    "sector_t": (64, False),
    "loff_t": (64, True),
}
_WORDS: Final = frozenset(("char", "short", "int", "long", "signed", "unsigned"))
_QUALIFIERS: Final = frozenset(
    ("const", "volatile", "static", "register", "inline", "__always_inline", "__maybe_unused")
)


def kind_named(text: str) -> Kind:
    """That of a type in C; SYMBOL for a typedef that is not known, and whatever is no scalar."""
    if "*" in text:
        return ADDRESS
    words = [each for each in text.split() if each not in _QUALIFIERS]
    name = " ".join(words)
    if len(words) == 1 and name in _WIDTHS:
        bits, signed = _WIDTHS[name]
        return BOOL if bits == 1 else Kind(name, bits, signed)
    if not words or not _WORDS.issuperset(words):
        return SYMBOL
    bits = 8 if "char" in words else 16 if "short" in words else 64 if "long" in words else 32
    return Kind(name, bits, "unsigned" not in words)


def kind_of_literal(text: str, value: int) -> Kind:
    """The first of the types that C tries which holds it."""
    suffix = re.sub(r"^(0[xX][0-9a-fA-F']+|[0-9']+)", "", text).lower()
    tried = [INT, _UNSIGNED, _LONG, _UNSIGNED_LONG]
    if "u" in suffix:
        tried = [each for each in tried if not each.signed]
    elif not text.startswith("0"):
        tried = [each for each in tried if each.signed]
    if "l" in suffix:
        tried = [each for each in tried if each.bits == 64]
    return next((each for each in tried if value <= each.most), SYMBOL)


def promoted(kind: Kind) -> Kind:
    """An operand by itself: what is narrower than an int is one."""
    return INT if kind.bits < INT.bits else kind


def common(one: Kind, other: Kind) -> Kind:
    """What two operands are converted to."""
    one, other = promoted(one), promoted(other)
    if one.bits != other.bits:
        return one if one.bits > other.bits else other
    return other if one.signed else one


def narrow(value: int, bits: int, signed: bool) -> int:
    """An integer as so many bits hold it."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def converted(value: ast.expr, of: Kind, to: Kind) -> ast.expr:
    """An integer as another type holds it; `to` is no bool."""
    plain = constant_in(value)
    if plain is not None:
        kept = narrow(plain, to.bits, to.signed)
        return value if kept == plain else ast.Constant(kept)
    return value if to.holds(of) else narrowed(value, to)


def narrowed(value: ast.expr, to: Kind) -> ast.expr:
    """What Python has worked out exactly, as C keeps it."""
    plain = constant_in(value)
    if plain is not None:
        return ast.Constant(narrow(plain, to.bits, to.signed))
    arguments = [value, ast.Constant(to.bits), ast.Constant(to.signed)]
    return ast.Call(ast.Name("narrow", ast.Load()), arguments, [])


def constant_in(value: ast.expr) -> int | None:
    """The integer that an expression is as it stands."""
    match value:
        case ast.Constant(value=int() as found):
            return int(found)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as found)):
            return -int(found)
        case ast.BinOp(left=left, right=right, op=ast.Add() | ast.Sub() | ast.LShift() as op):
            one, other = constant_in(left), constant_in(right)
            if one is None or other is None or not 0 <= other < 64:
                return None
            if isinstance(op, ast.LShift):
                return one << other
            return one + other if isinstance(op, ast.Add) else one - other
    return None
