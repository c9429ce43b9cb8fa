"""Where the functions of C text are: found by brackets, so that a part of a file will do.

The text may be a file, or the run of lines that a patch shows of one. Comments, strings and
directives are passed over; of #if and #else each branch begins as deep as the first one did.
A function is what has a name with parentheses before a `{`, as the kernel writes it; of a macro
that makes one, such as SYSCALL_DEFINE1(sync, ...), the name is its first argument with that.

Differs  from a parser: nothing is said of what stands in a function. A parser needs the whole of
         it, and refuses what a patch shows of one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<comment>/\*.*?(?:\*/|\Z)|//(?:\\\n|[^\n])*)
      | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?(?:\*/|\Z)|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<mark>[^\s\w])""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_NO_FUNCTIONS: Final = frozenset(
    ("if", "else", "while", "for", "switch", "do", "return", "sizeof", "case", "typeof", "defined")
)
# Attributes that have arguments: with these they may look like the function that they belong to.
_ATTRIBUTES: Final = frozenset(
    (
        *("__attribute__", "__acquires", "__releases", "__must_hold", "__cond_acquires"),
        *("__cond_lock", "__printf", "__scanf", "__aligned", "__section", "__alloc_size"),
        *("__context__", "__no_sanitize", "__counted_by", "__alloc_align", "__declspec"),
        *("__guarded_by", "__releases_shared", "__acquires_shared", "__must_hold_shared"),
        *("__realloc_size", "__malloc", "__assume_aligned", "__diagnose_as", "__optimize"),
    )
)


@dataclass(frozen=True, slots=True)
class Extent:
    """A function in text: lines from `first` to `last`, counted from 1.

    whole  its last bracket is there; else the text ends before, at `last`
    """

    name: str
    first: int
    last: int
    whole: bool = True


def extents(text: str, *, from_the_start: bool = True) -> list[Extent]:
    """The functions that begin in the text, in their order.

    `from_the_start`: the text begins outside of any function. Where it does not, only what begins
    in the first column is taken for one, as what stands there may be the middle of one.
    """
    return list(_Scan(text, from_the_start).found())


def named_by(heading: str) -> str:
    """The function whose first line this is, such as behind the @@ of a hunk; empty for none."""
    head = _Head()
    for token in _TOKEN.finditer(heading):
        if token["mark"] in ("{", ";"):
            break
        if token["word"] or token["mark"]:
            head.take(token)
    return head.name() if not head.assigned else ""


def is_outside(text: str) -> int:
    """How many of the first lines may be of a function that began before the text.

    They end with the first `}` in the first column, if there is one.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("}"):
            return number
    return 0


def normalised(text: str) -> str:
    """C text without its comments, and with one blank for any white space between tokens.

    Equal for texts that only differ in these. What stands in strings is kept, and the ends of
    lines that directives have.
    """
    parts: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["comment"]:
            continue
        if token["directive"]:
            inner = token[0].replace("\\\n", " ").strip().removeprefix("#")
            parts.append(f"\n#{normalised(inner)}\n")
        else:
            parts.append(token[0])
    return " ".join(parts)


def line_starts(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(found.end() for found in re.finditer("\n", text))]


@dataclass(slots=True)
class _Group:
    """A name with parentheses, outside of all others: `f(int a)`."""

    name: str
    begin: int
    typed: bool  # a word, or a `*`, stands before it
    words: list[str] = field(default_factory=list)  # in it
    end: int = 0


@dataclass(slots=True)
class _Head:
    """What has been seen since the last declaration ended."""

    begin: int | None = None
    groups: list[_Group] = field(default_factory=list)
    assigned: bool = False
    depth: int = 0  # of parentheses
    _last: str = ""
    _last_begin: int = 0
    _before_last: str = ""

    def take(self, token: re.Match[str]) -> None:
        text = token[0]
        if self.begin is None:
            self.begin = token.start()
        if text == "(":
            if self.depth == 0 and (self._last[:1].isalpha() or self._last[:1] == "_"):
                before = self._before_last
                typed = before == "*" or before[:1].isalpha() or before[:1] == "_"
                self.groups.append(_Group(self._last, self._last_begin, typed))
            self.depth += 1
        elif text == ")":
            self.depth = max(self.depth - 1, 0)
            if self.depth == 0 and self.groups:
                self.groups[-1].end = token.end()
        elif self.depth and self.groups and token["word"]:
            self.groups[-1].words.append(text)
        elif text == "=" and not self.depth:
            self.assigned = True
        if not self.depth or text == "(":
            self._before_last, self._last, self._last_begin = self._last, text, token.start()

    def chosen(self) -> _Group | None:
        """The group that is the function: the last with a type before it, else the first."""
        own = [each for each in self.groups if each.name not in _ATTRIBUTES]
        if not own or own[0].name in _NO_FUNCTIONS:
            return None
        return next((each for each in reversed(own) if each.typed), own[0])

    def name(self) -> str:
        group = self.chosen()
        if group is None or group.name in _NO_FUNCTIONS:
            return ""
        if not group.typed and group.name.isupper() and group.words:
            return f"{group.name}({group.words[0]})"
        return group.name

    def start(self) -> int:
        """Where it begins: behind what ended without a `;`, such as module_init(f)."""
        group, begin = self.chosen(), self.begin or 0
        if group is not None:
            for each in self.groups:
                if each.end <= group.begin and not each.typed and each.name not in _ATTRIBUTES:
                    begin = max(begin, each.end)
        return begin

    def is_function(self) -> bool:
        """Whether a `{` now begins the body of a function."""
        if self.assigned or self.depth or not self.name():
            return False
        return self._last == ")" or self._last.startswith("__")


class _Scan:
    """One pass over the tokens of a text."""

    def __init__(self, text: str, from_the_start: bool) -> None:
        self._text = text
        self._from_the_start = from_the_start
        self._starts = line_starts(text)
        self._depth = 0
        self._branches: list[int] = []  # how deep the #ifs that are open began

    def _line(self, at: int) -> int:
        return bisect_right(self._starts, at)

    def _is_first_column(self, at: int) -> bool:
        return at == 0 or self._text[at - 1] == "\n"

    def found(self) -> Iterator[Extent]:
        head = _Head()
        name, first = "", 0  # of the function that the scan is in
        for token in _TOKEN.finditer(self._text):
            if token["directive"]:
                self._branch(token[0])
                if not self._depth and not head.groups:
                    head = _Head()
            elif token["mark"] == "{":
                if not self._depth and head.is_function():
                    start = self._begin_of(head)
                    if self._from_the_start or self._is_first_column(start):
                        name, first = head.name(), self._line(start)
                self._depth += 1
            elif token["mark"] == "}":
                self._depth = max(self._depth - 1, 0)
                if self._depth and name and self._is_first_column(token.start()):
                    self._depth = 0  # brackets of branches that do not match
                if not self._depth:
                    if name:
                        yield Extent(name, first, self._line(token.start()))
                    name, head = "", _Head()
            elif not self._depth and token["comment"] is None:
                if token["mark"] == ";" and not head.depth:
                    head = _Head()
                else:
                    head.take(token)
        if name:
            last = self._line(max(len(self._text) - 1, 0))
            yield Extent(name, first, last, whole=False)

    def _begin_of(self, head: _Head) -> int:
        start = head.start()
        while start < len(self._text) and self._text[start].isspace():
            start += 1
        return start

    def _branch(self, directive: str) -> None:
        word = directive.lstrip(" \t#").split(None, 1)[:1]
        kind = word[0] if word else ""
        if kind.startswith("if"):
            self._branches.append(self._depth)
        elif kind.startswith(("else", "elif")) and self._branches:
            self._depth = self._branches[-1]
        elif kind.startswith("endif") and self._branches:
            self._branches.pop()
