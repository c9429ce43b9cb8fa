"""The initial state of a litmus test, and the condition on its final states."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from racer.axiomatic.events import Value
from racer.axiomatic.litmus.text import (
    NO_QUANTIFIER,
    Source,
    Token,
    Tokens,
    as_number,
    end_of_condition,
    is_name,
)

Quantifier = Literal["exists", "~exists", "forall"]


class Place(NamedTuple):
    """What a final state has a value of: a register of a thread, or a location ("" of thread)."""

    thread: str
    name: str

    def __str__(self) -> str:
        return f"{self.thread}:{self.name}" if self.thread else self.name


# A final state gives the value of a place.
EndState = Callable[[Place], Value]
Proposition = Callable[[EndState], bool]
_Told = Callable[[EndState], Value]


@dataclass(slots=True)
class Initial:
    """Where a test begins: values of locations and registers."""

    memory: dict[str, Value] = field(default_factory=dict)
    registers: dict[tuple[str, str], Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of the final states.

    text        the quantifier and the proposition as they stand there, in one line
    observed    what a state of the answer shows, in order
    restricts   the filter: only executions that have it count
    """

    quantifier: Quantifier
    holds: Proposition
    text: str
    observed: tuple[Place, ...]
    named: Mapping[Place, int]  # every place that is named, and where
    restricts: Proposition | None = None


def read_initial(source: Source, begin: int, end: int) -> Initial:
    """`x=1; int y = 2; 0:r1=&x; int *z = y;` Errors: Unreadable."""
    tokens = Tokens(source, begin, end, code=False)
    found = Initial()
    while tokens.next.text:
        if not tokens.took(";"):
            _read_entry(tokens, found)
    return found


def _read_entry(tokens: Tokens, found: Initial) -> None:
    while True:  # types, and the stars of pointers
        if tokens.took("*"):
            continue
        follows = tokens.ahead(1)
        if is_name(tokens.next.text) and (is_name(follows) or follows == "*"):
            tokens.take()
            continue
        if is_name(tokens.next.text) and follows[:1].isdigit():  # int 0:r1
            tokens.take()
            continue
        break
    bracket = tokens.took("[")
    place = _place(tokens)
    if bracket:
        tokens.need("]")
    if tokens.next.text == "[":
        raise tokens.error(f"arrays are not supported: {place}[...]")
    value: Value = 0
    if tokens.took("="):
        value = _initial_value(tokens)
    if tokens.next.text not in (";", ""):
        raise tokens.unexpected("the initial state")
    if place.thread:
        found.registers[place.thread, place.name] = value
    else:
        found.memory[place.name] = value


def _initial_value(tokens: Tokens) -> Value:
    if tokens.took("{"):
        raise tokens.error("structures and arrays are not supported in the initial state")
    tokens.took("&")
    if tokens.took("("):
        value = _initial_value(tokens)
        tokens.need(")")
        return value
    if is_name(tokens.next.text):
        name = tokens.take()
        if name.text in ("ATOMIC_INIT", "ATOMIC64_INIT", "ATOMIC_LONG_INIT"):
            tokens.need("(")
            value = tokens.number()
            tokens.need(")")
            return value
        if tokens.next.text == "(":
            raise tokens.error(f"{name.text}(...) is not supported in the initial state", name)
        return name.text
    return tokens.number()


def _place(tokens: Tokens) -> Place:
    """`x`, `0:r1`, `P0:EAX`."""
    first = tokens.take()
    thread = first.text[1:] if first.text[:1] == "P" else first.text
    if thread.isdigit() and tokens.took(":"):
        return Place(str(int(thread)), tokens.word("a register").text)
    if not is_name(first.text):
        raise tokens.error(f"a location or register was to come, and {first.text!r} does", first)
    return Place("", first.text)


def read_condition(source: Source, begin: int) -> Condition:
    """`locations [...] filter (...) exists (...)`, from where that begins. Errors: Unreadable."""
    tokens = Tokens(source, begin, end_of_condition(source, begin), code=False)
    reader = _Reader(tokens)
    listed: list[Place] = []
    restricts: Proposition | None = None
    while True:
        token = tokens.take()
        if token.text == "locations":
            listed += _locations(tokens, reader)
        elif token.text == "filter":
            restricts = reader.proposition()
        elif token.text in ("exists", "forall", "~", "final"):
            if token.text == "~":
                tokens.need("exists")
            return _condition(reader, token, listed, restricts)
        elif token.text:
            raise tokens.error(f"{token.text!r} cannot stand between threads and condition", token)
        else:
            raise source.error(len(source.text.rstrip()), NO_QUANTIFIER)


def _condition(
    reader: _Reader, first: Token, listed: Sequence[Place], restricts: Proposition | None
) -> Condition:
    """The proposition, and what follows it: which quantifier `final` stands for by default."""
    tokens = reader.tokens
    begin = tokens.next.at
    holds = reader.proposition()
    text = "".join(map(reader.shown, tokens.since(begin)))
    tokens.took(";")
    quantifiers = _kinds(tokens) if tokens.took("with") else {}
    if tokens.next.text:
        raise tokens.unexpected("the condition")
    quantifier = _QUANTIFIERS.get(first.text) or quantifiers.get("default", "exists")
    observed = tuple(dict.fromkeys([*listed, *reader.named]))
    return Condition(quantifier, holds, f"{quantifier} {text}", observed, reader.named, restricts)


_QUANTIFIERS: Final[Mapping[str, Quantifier]] = {
    "exists": "exists",
    "~": "~exists",
    "forall": "forall",
}


def _kinds(tokens: Tokens) -> dict[str, Quantifier]:
    """`tso: ~exists; default: exists;` as tests have it that are about several models."""
    found = {}
    while tokens.next.text:
        model = tokens.word("the name of a model")
        tokens.need(":")
        sign = tokens.take()
        if sign.text not in _QUANTIFIERS:
            raise tokens.error(f"{sign.text or 'the end'!r} is no quantifier", sign)
        if sign.text == "~":
            tokens.need("exists")
        found[model.text] = _QUANTIFIERS[sign.text]
        if not tokens.took(";"):
            break
    return found


def _locations(tokens: Tokens, reader: _Reader) -> list[Place]:
    tokens.need("[")
    found = []
    while not tokens.took("]"):
        if tokens.took(";"):
            continue
        at = tokens.next.at
        bracket = tokens.took("[")
        tokens.took("*")
        place = _place(tokens)
        if bracket:
            tokens.need("]")
        reader.named.setdefault(place, at)
        found.append(place)
        if tokens.next.text not in (";", "]"):
            raise tokens.unexpected("a list of locations")
    return found


_SHOWN: Final = {
    **dict.fromkeys(("/\\", "&&"), " /\\ "),
    **dict.fromkeys(("\\/", "||"), " \\/ "),
    **dict.fromkeys(("~", "!", "not"), "not "),
    "=>": " => ",
    "==": "=",
}
_COMPARED: Final = ("=", "==", "!=")


class _Reader:
    """Propositions: `~`, then `/\\`, then `\\/`, then `=>`, from what binds tightest."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens: Final = tokens
        self.named: dict[Place, int] = {}
        self._bare: set[int] = set()  # where a location has no brackets around it
        self._stars: set[int] = set()

    def shown(self, token: Token) -> str:
        """A token as herd7 prints conditions: locations in brackets."""
        if token.at in self._stars:
            return ""
        if token.at in self._bare:
            return f"[{token.text}]"
        return _SHOWN.get(token.text, token.text)

    def proposition(self) -> Proposition:
        left = self._either()
        if not self.tokens.took("=>"):
            return left
        right = self.proposition()
        return lambda final: not left(final) or right(final)

    def _either(self) -> Proposition:
        parts = [self._both()]
        while self.tokens.took("\\/") or self.tokens.took("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda final: any(each(final) for each in parts)

    def _both(self) -> Proposition:
        parts = [self._one()]
        while self.tokens.took("/\\") or self.tokens.took("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda final: all(each(final) for each in parts)

    def _one(self) -> Proposition:
        tokens = self.tokens
        if tokens.took("~") or tokens.took("not") or tokens.took("!"):
            negated = self._one()
            return lambda final: not negated(final)
        if tokens.took("("):
            inner = self.proposition()
            tokens.need(")")
            return inner
        if tokens.next.text in ("true", "false") and tokens.ahead(1) not in _COMPARED:
            truth = tokens.take().text == "true"
            return lambda final: truth
        return self._atom()

    def _atom(self) -> Proposition:
        tokens = self.tokens
        place = self._named_place()
        sign = tokens.take()
        if sign.text not in _COMPARED:
            raise tokens.error(
                f"the condition is broken: after {place} an = was to come, "
                f"and {sign.text or 'the end'!r} does",
                sign,
            )
        other = self._value()
        if sign.text == "!=":
            return lambda final: final(place) != other(final)
        return lambda final: final(place) == other(final)

    def _named_place(self) -> Place:
        tokens = self.tokens
        token = tokens.next
        if not token.text or token.text in (")", "/\\", "\\/", ";"):
            raise tokens.error(
                f"the condition is broken: {token.text or 'the end'!r} stands where a location "
                "or register was to"
            )
        bracket, star = tokens.took("["), tokens.next.at
        if tokens.took("*"):
            self._stars.add(star)
        name = tokens.next.at
        place = _place(tokens)
        if bracket:
            tokens.need("]")
        elif tokens.next.text == "[":
            raise tokens.error(f"arrays are not supported: {place}[...]")
        elif not place.thread:
            self._bare.add(name)
        self.named.setdefault(place, token.at)
        return place

    def _value(self) -> _Told:
        tokens = self.tokens
        text = tokens.next.text
        if text in ("[", "*") or (text.lstrip("P").isdigit() and tokens.ahead(1) == ":"):
            place = self._named_place()
            return lambda final: final(place)
        tokens.took("&")
        value: Value
        if is_name(tokens.next.text):
            value = tokens.take().text
        elif as_number(tokens.next.text) is None and tokens.next.text != "-":
            raise tokens.error(
                f"the condition is broken: {tokens.next.text or 'the end'!r} stands where a value "
                "was to"
            )
        else:
            value = tokens.number()
        return lambda final: value
