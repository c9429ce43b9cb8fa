"""What runs while a thread is lifted: code that was not known before, and calls out of the model.

While modelled code runs, Python reports every function that is called. So it need not be guessed
which code there is: what a function names is looked at when it first runs. And whoever asks a
clock, random numbers, files or the settings of the process gets an answer that is no function of
the results that the thread was given, or leaves something behind that is in no cell: such a call
is noted with its line.

Bound    Nothing is noted while racer itself is profiled. What has a state of its own in a C
         extension that is not part of Python is known where it is an object that is reached.
         Where such an object is used without calling a method of it by its name (`with`, `[]`),
         that is not seen.
"""

from __future__ import annotations

import random
import sys
import types
from typing import Any, Final, NamedTuple

from racer.errors import Location
from racer.lang.whose import is_a_users, is_pythons_own, line_of, module_of

# By the module that a function written in C is of: what it uses, and those that may be called.
_OUTSIDE: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "time": ("a clock", frozenset({"struct_time"})),
    "posix": ("the process or its files", frozenset({"fspath", "_path_normpath"})),
    "nt": ("the process or its files", frozenset({"fspath", "_path_normpath"})),
    "io": ("a file", frozenset({"text_encoding", "StringIO", "BytesIO"})),
    "_io": ("a file", frozenset({"text_encoding", "StringIO", "BytesIO"})),
    "gc": ("the garbage collector", frozenset({"collect"})),
    "_thread": (
        "threads of the operating system",
        frozenset({"allocate_lock", "RLock", "get_ident"}),
    ),
    "_locale": ("the locale", frozenset()),
    "_signal": ("signals", frozenset({"raise_signal"})),  # it gives nothing; a handler is followed
    "_socket": ("the network", frozenset()),
    "select": ("the network", frozenset()),
    "_contextvars": ("context variables", frozenset()),
}
# Single functions of modules that are harmless otherwise.
_SINGLE: Final[dict[tuple[str, str], str]] = {
    ("builtins", "input"): "its user",
    **{
        (module, name): "the context of decimals"
        for module in ("decimal", "_decimal")  # as CPython up to 3.12 has it, and from 3.13 on
        for name in ("getcontext", "setcontext")
    },
    **{
        ("sys", f"{verb}{what}"): "a setting of the process"
        for verb in ("get", "set")
        for what in ("recursionlimit", "switchinterval", "_int_max_str_digits", "trace", "profile")
    },
}
# By the type of the object that a method written in C is of.
_OBJECTS: Final[dict[str, str]] = {
    "ContextVar": "a context variable",
    "Context": "context variables",
    "FileIO": "a file",
    "TextIOWrapper": "a file",
    "BufferedReader": "a file",
    "BufferedWriter": "a file",
    "BufferedRandom": "a file",
    "socket": "the network",
}
_CLOCKS: Final = frozenset({"now", "today", "utcnow"})  # of the classes of datetime
# What runs below these tells the outside something, or looks up code, and gives nothing back.
_QUIET: Final = frozenset(
    {
        *("logging", "warnings", "traceback", "linecache"),
        *("importlib._bootstrap", "importlib._bootstrap_external"),
    }
)


class Call(NamedTuple):
    """A call out of the model: of which function, what that uses, at which line of the user's."""

    name: str
    uses: str
    where: Location | None


class Observer:
    """Notes what runs within its `with` block: `ran` and `called` grow, each entry once.

    `known` are codes that need not be noted. `unseen` has, by id, what the function reaches that
    keeps a state in C which cannot be compared, with words for it: calls of its methods are noted.
    """

    def __init__(self, known: set[types.CodeType]) -> None:
        self.ran: list[tuple[types.CodeType, dict[str, Any], object]] = []
        self.called: list[Call] = []
        self.unseen: dict[int, str] = {}
        self._known = known
        # By id, which costs less than to hash a code: the code, and whether nothing below counts.
        self._seen: dict[int, tuple[types.CodeType, bool]] = {}
        self._sites: set[tuple[int, int, str]] = set()
        # The frame below which nothing is noted, and the events that end that.
        self._quiet: types.FrameType | None = None
        self._until: tuple[str, ...] = ()

    def __enter__(self) -> None:
        self._quiet = None
        if sys.getprofile() is None:  # whoever profiles racer itself is left alone
            sys.setprofile(self._note)

    def __exit__(self, *raised: object) -> None:
        if sys.getprofile() == self._note:
            sys.setprofile(None)

    def _note(self, frame: types.FrameType, event: str, argument: Any) -> None:
        if event == "call":
            if self._quiet is None:
                code = frame.f_code
                known = self._seen.get(id(code))
                if known is None:
                    known = self._entered(frame, code)
                if known[1]:
                    self._quiet, self._until = frame, ("return",)
        elif event == "c_call":
            if self._quiet is None:
                site = (id(frame.f_code), frame.f_lasti, argument.__name__)
                if site not in self._sites:
                    self._sites.add(site)
                    self._calls(frame, argument)
                if self.unseen:
                    self._uses_unseen(frame, argument)
                if argument is print:
                    self._quiet, self._until = frame, ("c_return", "c_exception")
        elif frame is self._quiet and event in self._until:
            self._quiet = None

    def _entered(self, frame: types.FrameType, code: types.CodeType) -> tuple[types.CodeType, bool]:
        module = module_of(frame)
        found = self._seen[id(code)] = code, module in _QUIET or module.startswith("logging.")
        generated = code.co_qualname.startswith("__create_fn__.")  # by dataclasses
        if not generated and is_a_users(module) and code not in self._known:
            first = code.co_varnames[0] if code.co_argcount else None
            self.ran.append((code, frame.f_globals, frame.f_locals.get(first) if first else None))
        return found

    def _calls(self, frame: types.FrameType, function: Any) -> None:
        used = _used_by(function)
        if used is not None and _is_of_a_model(module_of(frame)):
            self.called.append(Call(_name_of(function), used, _users_line(frame)))

    def _uses_unseen(self, frame: types.FrameType, function: Any) -> None:
        path = self.unseen.get(id(function.__self__))
        if path is not None and not self.called and _is_of_a_model(module_of(frame)):
            used = f"a state of {path} that racer cannot see"
            self.called.append(Call(_name_of(function), used, _users_line(frame)))


def _is_of_a_model(module: str) -> bool:
    """Whether code that calls out may be at work for a model: it is a user's, or Python's own.

    An installed package may be called by the garbage collector at any time.
    """
    return is_a_users(module) or is_pythons_own(module)


def _used_by(function: Any) -> str | None:
    """What outside of the model a function written in C uses; None: nothing."""
    owner, name = function.__self__, function.__name__
    if owner is None or isinstance(owner, types.ModuleType):
        module = str(function.__module__)
        used, harmless = _OUTSIDE.get(module, (_SINGLE.get((module, name)), frozenset()))
        return None if name in harmless else used
    if owner is random._inst:  # which all functions of random are methods of
        return "random numbers that all threads share"
    if isinstance(owner, type):
        return "a clock" if name in _CLOCKS and owner.__module__ == "datetime" else None
    if owner is sys.stdout or owner is sys.stderr:
        return None
    kind = type(owner)
    return None if is_a_users(kind.__module__) else _OBJECTS.get(kind.__name__)


def _name_of(function: Any) -> str:
    owner = function.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        module = function.__module__
        return f"{_PUBLIC.get(module, module)}.{function.__name__}()".removeprefix("builtins.")
    if owner is random._inst:
        return f"random.{function.__name__}()"
    kind = owner if isinstance(owner, type) else type(owner)
    return f"{kind.__name__}.{function.__name__}()"


_PUBLIC: Final = {"posix": "os", "nt": "os", "_io": "io", "_thread": "threading"}


def _users_line(frame: types.FrameType | None) -> Location | None:
    """The line of the user's that is running."""
    while frame is not None:
        if is_a_users(module_of(frame)):
            return line_of(frame)
        frame = frame.f_back
    return None
