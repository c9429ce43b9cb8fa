"""The text of a litmus test: its sections, tokens with their lines, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from racer.errors import UsageError


class Unreadable(UsageError):
    """A litmus test that cannot be asked: what stands where, and why not."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text, and its name as it is shown."""

    name: str
    text: str

    def line(self, at: int) -> int:
        """The line of a position, from 1."""
        return self.text.count("\n", 0, at) + 1

    def error(self, at: int, what: str, remedy: str = "") -> Unreadable:
        """What cannot be read there."""
        return self.error_in(self.line(at), what, remedy)

    def error_in(self, line: int, what: str, remedy: str = "") -> Unreadable:
        """The same, by the line."""
        told = f"{self.name}:{line}: {what}"
        return Unreadable(f"{told}\n{remedy}" if remedy else told)


class Token(NamedTuple):
    """A word, number or sign, and where it stands; at the end an empty one."""

    text: str
    at: int


_SIGNS: Final = r"<=|>=|==|!=|&&|\|\||->|=>|/\\|\\/|<<|>>|\+\+|--|[-+*/%&|^~!<>=(){}\[\];:,.?$#@]"
_SKIPPED: Final = r"\s+|//[^\n]*|/\*.*?\*/"
_WORD: Final = r"[A-Za-z_][A-Za-z_0-9]*|[0-9][A-Za-z_0-9]*"
_IN_C: Final = re.compile(rf"(?P<skip>{_SKIPPED})|(?P<word>{_WORD}|{_SIGNS})", re.S)
_OUTSIDE: Final = re.compile(rf"(?P<skip>{_SKIPPED}|\(\*.*?\*\))|(?P<word>{_WORD}|{_SIGNS})", re.S)


class Tokens:
    """A stretch of the text, word after word.

    `(* *)` is a comment outside the bodies of threads alone: in C, `(*x, 1)` is code.
    """

    def __init__(self, source: Source, begin: int, end: int, *, code: bool) -> None:
        self.source: Final = source
        self._tokens: Final = _tokens(source, begin, end, _IN_C if code else _OUTSIDE)
        self._next = 0

    @property
    def next(self) -> Token:
        """The token that comes now."""
        return self._tokens[self._next]

    def ahead(self, count: int) -> str:
        """The text of the token that comes after so many; empty past the end."""
        return self._tokens[min(self._next + count, len(self._tokens) - 1)].text

    def since(self, at: int) -> Sequence[Token]:
        """The tokens from this position up to the one that comes now."""
        return [token for token in self._tokens[: self._next] if token.at >= at]

    def take(self) -> Token:
        """Go on by one."""
        found = self._tokens[self._next]
        if found.text:
            self._next += 1
        return found

    def took(self, text: str) -> bool:
        """Whether this comes; if so, go on."""
        if self._tokens[self._next].text != text:
            return False
        self._next += 1
        return True

    def need(self, text: str) -> Token:
        """This has to come."""
        found = self.take()
        if found.text != text:
            raise self.error(f"{text!r} was to come, and {_shown(found)} does", found)
        return found

    def word(self, what: str) -> Token:
        """A name has to come."""
        found = self.take()
        if not is_name(found.text):
            raise self.error(f"{what} was to come, and {_shown(found)} does", found)
        return found

    def number(self) -> int:
        """A number has to come, with its sign."""
        negative = self.took("-")
        found = self.take()
        value = as_number(found.text)
        if value is None:
            raise self.error(f"a number was to come, and {_shown(found)} does", found)
        return -value if negative else value

    def error(self, what: str, token: Token | None = None) -> Unreadable:
        """What is wrong with a token, or with the next one."""
        return self.source.error((token or self.next).at, what)

    def unexpected(self, where: str) -> Unreadable:
        """The next token cannot stand here."""
        return self.error(f"{_shown(self.next)} cannot stand in {where}")


def _shown(token: Token) -> str:
    return repr(token.text) if token.text else "the end"


def is_name(text: str) -> bool:
    """Whether it is an identifier."""
    return bool(text) and (text[0].isalpha() or text[0] == "_")


def as_number(text: str) -> int | None:
    """The number it is, in decimal or 0x...; None if it is none."""
    digits = text.rstrip("uUlL") or text
    try:
        return int(digits, 16 if digits[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None


def _tokens(source: Source, begin: int, end: int, pattern: re.Pattern[str]) -> Sequence[Token]:
    found, at = [], begin
    match, text = pattern.match, source.text
    while at < end:
        hit = match(text, at, end)
        if hit is None:
            raise source.error(at, f"{text[at]!r} cannot be read")
        if hit.lastgroup == "word":
            found.append(Token(hit[0], at))
        at = hit.end()
    found.append(Token("", end))
    return found


@dataclass(frozen=True, slots=True)
class Sections:
    """Where the parts of a test are: begin and end of each."""

    architecture: str
    name: str
    initial: tuple[int, int]
    rest: int  # where the threads begin


_COMMENT: Final = re.compile(r"\(\*.*?\*\)", re.S)
_FIRST: Final = re.compile(r"\s*([A-Za-z0-9_]+)[ \t]+([^\n]*)")
_BRACE: Final = re.compile(r"[{]")
_END_BRACE: Final = re.compile(r"[}]")
_DRAWN: Final = re.compile(r"<<")
_QUANTIFIER: Final = re.compile(r"~\s*exists\b|\b(?:exists|forall|final|locations|filter)\b")

NO_QUANTIFIER: Final = "there is no quantifier: exists, ~exists or forall, with a condition"


def sections(source: Source) -> Sections:
    """The first line, and where the initial state is. Errors: Unreadable."""
    first = _FIRST.match(source.text)
    if first is None:
        raise source.error(0, "a litmus test begins with its architecture and its name")
    begin = _outside_comments(source, _BRACE, first.end())
    if begin is None:
        raise source.error(len(source.text), "there is no initial state: '{' was to come")
    end = _outside_comments(source, _END_BRACE, begin)
    if end is None:
        raise source.error(begin, "the initial state has no end: '}' was to come")
    return Sections(first[1], first[2].strip(), (begin + 1, end), end + 1)


def begin_of_condition(source: Source, begin: int) -> int:
    """Where what follows the threads begins. Errors: Unreadable if nothing does."""
    found = _outside_comments(source, _QUANTIFIER, begin)
    if found is None:
        raise source.error(len(source.text.rstrip()), NO_QUANTIFIER)
    return found


def end_of_condition(source: Source, begin: int) -> int:
    """Where it is over: older tests go on with what pictures to make of them, in `<< >>`."""
    found = _outside_comments(source, _DRAWN, begin)
    return len(source.text) if found is None else found


def _outside_comments(source: Source, wanted: re.Pattern[str], begin: int) -> int | None:
    """Where this comes first, comments `(* *)` apart."""
    at = begin
    while (found := wanted.search(source.text, at)) is not None:
        comment = _COMMENT.search(source.text, at)
        if comment is None or found.start() < comment.start():
            return found.start()
        at = comment.end()
    return None
