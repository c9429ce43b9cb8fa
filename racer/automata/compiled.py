"""State that objects written in C keep: what they say of it, where they can be asked.

An object of a class written in C need not consist of attributes. Most say, to be copied, what they
consist of; of some others all that can change is answered by a question of their own. What is left
keeps something that nobody else can see.

Bound    A class that says less of its instances than they keep is believed.
"""

from __future__ import annotations

import _thread
import collections
import decimal
import functools
import mmap
import sys
import types
import warnings
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from racer.lang.values import slots_of

# Of values, which never change.
_VALUES: Final = ("_struct", "datetime", "decimal", "enum", "fractions", "pathlib", "re", "uuid")
_HARMLESS: Final = (
    *(weakref.ReferenceType, types.GenericAlias, types.UnionType),
    *(types.MethodWrapperType, types.BuiltinFunctionType, types.MethodType, types.ModuleType),
    *(staticmethod, classmethod, property, memoryview, tuple, frozenset),
)
_ASKED: Final[dict[type, Callable[[Any], object]]] = {
    _thread.LockType: lambda lock: lock.locked(),
    _thread.RLock: lambda lock: repr(lock),  # its owner and its count
    mmap.mmap: lambda mapped: mapped[:],
    memoryview: lambda view: view.tobytes(),
}


class Stated(NamedTuple):
    """What an object said: to be copied, or where that is None to a question; and it as text."""

    reduced: tuple[Any, ...] | None
    answer: object
    text: str

    def put_back(self, item: Any) -> None:
        """Make an object be so again, as far as that can be done."""
        with suppress(Exception):  # there is no way that all kinds have in common
            if isinstance(item, _thread.LockType):
                if item.locked():
                    item.release()
                if self.answer:
                    item.acquire()
            elif self.reduced is None:
                item[:] = self.answer
            else:
                make, arguments, *state = self.reduced
                if state and state[0] is not None and hasattr(item, "__setstate__"):
                    item.__setstate__(state[0])
                else:
                    item[:] = make(*arguments)


def state_of(item: object) -> Stated | None:
    """None where it says nothing, or never changes."""
    kind = type(item)
    if _is_value(item):
        return None
    try:
        if kind in _ASKED:
            answer = _ASKED[kind](item)
            return Stated(None, answer, repr(answer))
        if kind is _CALLING:  # what the function is about to give is in the function
            return None
        reduced = _reduced(item)
        return None if isinstance(reduced, str) else Stated(reduced, None, _text_of(reduced))
    except Exception:  # most refuse with TypeError; a class of the user's may do anything
        return None


_CALLING: Final = type(iter(int, 1))


def _reduced(item: object) -> Any:
    if type(item).__module__ != "itertools":
        return item.__reduce_ex__(2)
    with warnings.catch_warnings():  # they are about to lose what makes copies of them
        warnings.simplefilter("ignore", DeprecationWarning)
        return item.__reduce_ex__(2)


def _text_of(part: object) -> str:
    """As text, an iterator that another one goes through is an address: it is asked itself."""
    if type(part) is tuple:
        return f"({', '.join(map(_text_of, part))})"
    if not is_iterator_in_c(part):
        return repr(part)
    state = state_of(part)
    if state is None:
        raise TypeError(f"{type(part).__name__} says nothing of itself")
    return state.text


def is_iterator_in_c(item: object) -> bool:
    """Whether it is an iterator that is no generator, and not of a class written in Python."""
    kind = type(item)
    return hasattr(kind, "__next__") and keeps_more(kind) and not isinstance(item, _FRAMED)


_FRAMED: Final = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)


def _is_value(item: object) -> bool:
    return type(item).__module__ in _VALUES and not isinstance(item, decimal.Context)


def keeps_more(kind: type) -> bool:
    """Whether instances of a class have room for more than attributes and slots."""
    size = object.__basicsize__ + _POINTER * len(slots_of(kind))
    # From CPython 3.12 on, what is negative is in front of the object and not part of its size.
    size += _POINTER * ((kind.__dictoffset__ > 0) + (kind.__weakrefoffset__ > 0))
    return kind.__basicsize__ > size or kind.__itemsize__ != 0


_POINTER: Final = tuple.__itemsize__
_STREAMS: Final = ("stdout", "stderr", "__stdout__", "__stderr__")


def is_unseen(item: object) -> bool:
    """Whether an object may keep a state that cannot be compared with what it was before.

    One that is copied by its name says that there is one of it only, as functions in C do; a
    cache of results is asked how often it was.
    """
    kind = type(item)
    if not keeps_more(kind) or isinstance(item, (*_HARMLESS, *_FRAMED, type, BaseException)):
        return False
    if isinstance(item, types.FunctionType | functools.partial):
        return False
    if any(item is getattr(sys, name) for name in _STREAMS):  # which tell nothing back
        return False
    if isinstance(item, dict | list | set | collections.deque) or _is_value(item):
        return False
    if isinstance(item, functools._lru_cache_wrapper):
        return True
    try:
        return state_of(item) is None and not isinstance(_reduced(item), str)
    except Exception:  # as in state_of()
        return True
