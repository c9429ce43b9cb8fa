"""The body of a thread in C becomes instructions, from left to right.

Differs   from C: only what herd7 reads. No loops, structures, arrays, or calls but the macros'.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Final

from racer.axiomatic.events import Value
from racer.axiomatic.expressions import (
    Expression,
    Fault,
    arithmetic,
    computed,
    constant,
    number,
    register,
)
from racer.axiomatic.instructions import Fence, If, Leave, Load, Put, Rmw, Store
from racer.axiomatic.litmus.c_calls import (
    ATOMICS,
    FENCES,
    LOADS,
    LOCKING,
    NOT_MODELLED,
    STORES,
    AtomicCall,
)
from racer.axiomatic.litmus.text import (
    Token,
    Tokens,
    as_number,
    is_name,
)
from racer.axiomatic.threads import Instruction

_TYPES: Final = frozenset(
    [
        *("int", "long", "short", "char", "unsigned", "signed", "void", "bool", "_Bool", "struct"),
        *("volatile", "const", "intptr_t", "uintptr_t", "size_t", "atomic_t", "spinlock_t"),
        *(f"{sign}{bits}" for sign in "us" for bits in (8, 16, 32, 64)),
        *(f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    ]
)
_UNSUPPORTED: Final = frozenset(
    ["while", "for", "do", "switch", "goto", "return", "break", "continue", "case"]
)


def _divided(left: int, right: int) -> int:
    if right == 0:
        raise Fault("divides by 0")
    return int(left / right) if abs(left) < 2**50 else left // right


def _order(function: Callable[[int, int], bool]) -> Callable[[Value, Value], Value]:
    return lambda left, right: int(function(number(left), number(right)))


# Binary operators, from what binds least.
_BINARY: Final[tuple[Mapping[str, Callable[[Value, Value], Value]], ...]] = (
    {"||": lambda left, right: int(bool(left) or bool(right))},
    {"&&": lambda left, right: int(bool(left) and bool(right))},
    {"|": arithmetic(operator.or_)},
    {"^": arithmetic(operator.xor)},
    {"&": arithmetic(operator.and_)},
    {"==": lambda left, right: int(left == right), "!=": lambda left, right: int(left != right)},
    {
        "<": _order(operator.lt),
        ">": _order(operator.gt),
        "<=": _order(operator.le),
        ">=": _order(operator.ge),
    },
    {"<<": arithmetic(operator.lshift), ">>": arithmetic(operator.rshift)},
    {"+": arithmetic(operator.add), "-": arithmetic(operator.sub)},
    {"*": arithmetic(operator.mul), "/": arithmetic(_divided)},
)


class Body:
    """One thread's body, translated from left to right."""

    def __init__(self, tokens: Tokens, parameters: Mapping[str, None]) -> None:
        self._tokens: Final = tokens
        self._parameters: Final = parameters
        self._code: Final[list[Instruction]] = []
        self._hidden = 0  # registers of its own
        self.locks: Final[dict[str, int]] = {}  # parameters used as spin locks, and where
        self.data: Final[dict[str, int]] = {}  # those used otherwise
        self._uses = self.data  # which of the two what comes now is

    def translated(self) -> list[Instruction]:
        """The instructions. Errors: Unreadable."""
        while self._tokens.next.text:
            self._statement()
        return self._code

    def _line(self, token: Token) -> int:
        return self._tokens.source.line(token.at)

    def _statement(self) -> None:
        tokens = self._tokens
        first = tokens.next
        if tokens.took(";"):
            return
        if tokens.took("{"):
            while not tokens.took("}"):
                if not tokens.next.text:
                    raise tokens.error("a block has no end: '}' was to come")
                self._statement()
            return
        if first.text == "if":
            self._if()
            return
        if first.text in _UNSUPPORTED:
            raise tokens.error(f"{first.text} is not supported in a litmus test")
        if self._declares():
            self._declaration()
        elif first.text == "*":
            tokens.take()
            address = self._primary()
            self._plain_store(first, address)
        elif is_name(first.text) and tokens.ahead(1) == "(":
            self._call(tokens.take(), None)
        elif is_name(first.text):
            self._assignment()
        elif first.text == "(":
            self._expression()  # (void) before a call
        else:
            raise tokens.unexpected("a thread")
        tokens.need(";")

    def _declares(self) -> bool:
        first, second = self._tokens.next.text, self._tokens.ahead(1)
        return first in _TYPES or (is_name(first) and is_name(second))

    def _declaration(self) -> None:
        tokens = self._tokens
        while tokens.next.text == "*" or (is_name(tokens.ahead(1)) or tokens.ahead(1) == "*"):
            tokens.take()
        while True:
            while tokens.took("*"):
                pass
            name = tokens.word("the name of a local variable")
            if name.text in self._parameters:
                raise tokens.error(f"{name.text} is a location and a local variable", name)
            if tokens.next.text == "[":
                raise tokens.error(f"arrays are not supported: {name.text}[...]")
            if tokens.took("="):
                self._put(name)
            if not tokens.took(","):
                return

    def _assignment(self) -> None:
        tokens = self._tokens
        name = tokens.take()
        if tokens.next.text != "=":
            raise tokens.unexpected(f"a statement, after {name.text}")
        if name.text in self._parameters:
            raise tokens.error(
                f"{name.text} is a location: write *{name.text} = ..., or WRITE_ONCE()", name
            )
        tokens.take()
        self._put(name)

    def _put(self, name: Token) -> None:
        """What follows is put into a register."""
        value = self._expression()
        self._code.append(Put(name.text, value, self._line(name)))

    def _plain_store(self, first: Token, address: Expression) -> None:
        self._tokens.need("=")
        value = self._expression()
        self._code.append(Store(address, value, "plain", self._line(first)))

    def _if(self) -> None:
        tokens = self._tokens
        first = tokens.take()
        tokens.need("(")
        condition = self._expression()
        tokens.need(")")
        begin = len(self._code)
        line = self._line(first)
        self._code.append(If(condition, 0, line))
        self._statement()
        end_of_then = len(self._code)
        self._code.append(Leave(0, line))
        otherwise = len(self._code)
        if tokens.took("else"):
            self._statement()
        end = len(self._code) + 1
        self._code.append(Leave(end, line))
        self._code[begin] = If(condition, otherwise, line)
        self._code[end_of_then] = Leave(end, line)

    def _expression(self, level: int = 0) -> Expression:
        if level == len(_BINARY):
            return self._unary()
        left = self._expression(level + 1)
        while (sign := self._tokens.next).text in _BINARY[level]:
            self._tokens.take()
            before = len(self._code)
            right = self._expression(level + 1)
            if sign.text in ("&&", "||") and len(self._code) > before:
                raise self._tokens.error(
                    f"what is right of {sign.text} accesses memory only sometimes: that is not "
                    "supported",
                    sign,
                )
            left = computed(_BINARY[level][sign.text], left, right)
        return left

    def _unary(self) -> Expression:
        tokens = self._tokens
        first = tokens.next
        if tokens.took("!"):
            return computed(lambda value: int(not value), self._unary())
        if tokens.took("-"):
            return computed(lambda value: -number(value), self._unary())
        if tokens.took("+"):
            return self._unary()
        if tokens.took("~"):
            return computed(lambda value: ~number(value), self._unary())
        if tokens.took("*"):
            return self._load(first, self._unary(), "plain")
        if tokens.took("&"):
            tokens.took("(")
            tokens.need("*")
            return self._unary()
        if first.text == "(" and self._is_cast():
            while not tokens.took(")"):
                tokens.take()
            return self._unary()
        return self._primary()

    def _is_cast(self) -> bool:
        tokens, at = self._tokens, 1
        name = tokens.ahead(at)
        while is_name(tokens.ahead(at)):
            at += 1
        stars = at
        while tokens.ahead(at) == "*":
            at += 1
        return tokens.ahead(at) == ")" and (name in _TYPES or at > stars) and is_name(name)

    def _primary(self) -> Expression:
        tokens = self._tokens
        token = tokens.take()
        if token.text == "(":
            inner = self._expression()
            tokens.need(")")
            return inner
        value = as_number(token.text)
        if value is not None:
            return constant(value)
        if not is_name(token.text):
            raise tokens.error(f"{token.text or 'the end'!r} cannot stand in an expression", token)
        follows = tokens.next.text
        if follows == "(":
            self._hidden += 1
            name = f"%{self._hidden}"
            self._call(token, name)
            return register(name)
        if follows in ("->", ".", "[", "++", "--"):
            raise tokens.unexpected("an expression: structures, arrays and ++ are not supported")
        if token.text in self._parameters:
            self._uses.setdefault(token.text, token.at)
            return constant(token.text)
        if token.text in ("NULL", "true", "false"):
            return constant(int(token.text == "true"))
        return register(token.text)

    def _load(self, token: Token, address: Expression, order: str) -> Expression:
        self._hidden += 1
        name = f"%{self._hidden}"
        self._code.append(Load(name, address, order, self._line(token)))
        return register(name)

    def _address(self, *, location: bool) -> Expression:
        """An argument that is a location, `*x`, or the address of one, `x`."""
        tokens = self._tokens
        if not location:
            return self._expression()
        first = tokens.next
        if tokens.took("("):
            inner = self._address(location=True)
            tokens.need(")")
            return inner
        if tokens.took("*"):
            return self._unary()
        raise tokens.error(f"*{first.text} was to come, a location, and {first.text!r} does", first)

    def _call(self, name: Token, into: str | None) -> None:
        """A macro; its value goes into a register, if it has one and that is asked for."""
        tokens = self._tokens
        tokens.need("(")
        line = self._line(name)
        self._uses = self.locks if name.text in LOCKING else self.data
        gives = True
        if name.text in FENCES:
            tokens.need(")")
            self._code.append(Fence(FENCES[name.text], line))
            gives = False
        elif name.text in LOADS:
            order, location = LOADS[name.text]
            address = self._address(location=location)
            tokens.need(")")
            self._code.append(Load(into or "%", address, order, line))
            gives = True
        elif name.text in STORES:
            order, location, fence = STORES[name.text]
            address = self._address(location=location)
            tokens.need(",")
            value = self._expression()
            tokens.need(")")
            self._code.append(Store(address, value, order, line))
            if fence:
                self._code.append(Fence(fence, line))
            gives = False
        elif name.text == "spin_unlock":
            address = self._address(location=False)
            tokens.need(")")
            self._code.append(Store(address, constant(0), "unlock", line))
            gives = False
        elif name.text in ATOMICS:
            call = ATOMICS[name.text]
            self._atomic(call, name, into if call.gives else None)
            gives = call.gives
        else:
            raise self._unknown(name)
        self._uses = self.data
        if into is not None and not gives:
            raise tokens.error(f"{name.text}() gives no value", name)

    def _atomic(self, call: AtomicCall, name: Token, into: str | None) -> None:
        tokens = self._tokens
        arguments: list[Expression] = []
        while len(arguments) < call.arguments:
            if arguments:
                tokens.need(",")
            arguments.append(self._expression())
        tokens.need(")")
        address = arguments.pop(call.address)
        if call.constant is not None:
            arguments.append(constant(call.constant))
        self._code.append(
            Rmw(
                into,
                address,
                tuple(arguments),
                call.update,
                reads=call.reads,
                writes=call.writes,
                fails=call.fails,
                fence=call.fence,
                line=self._line(name),
            )
        )

    def _unknown(self, name: Token) -> Exception:
        from difflib import get_close_matches  # only on the way to an error

        why = NOT_MODELLED.get(name.text)
        if why is not None:
            return self._tokens.error(f"{name.text}(): {why}", name)
        known = [*FENCES, *LOADS, *STORES, *ATOMICS, "spin_unlock"]
        near = get_close_matches(name.text, known, n=1)  # to name all would take a page
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return self._tokens.error(f"{name.text}() is not supported{hint}", name)
