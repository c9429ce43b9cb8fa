"""What objects consist of, as far as a thread that holds them may see it: by their kinds.

Nothing here runs code of the model: attributes are read from where instances keep them.
"""

from __future__ import annotations

import dataclasses
import functools
import gc
import sys
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from typing import Any, Final, Generic, NamedTuple, Protocol

from racer.lang.cells import Handle
from racer.lang.memory import Memory
from racer.lang.program import Program, Thread
from racer.lang.watches import Watch

ATOMS: Final = (int, bool, str, bytes, float, complex, types.NoneType, types.EllipsisType)
# Objects that are never changed once made, and compare by identity.
HANDLES: Final = (
    *(Handle, Memory, Watch, Thread, Program, types.ModuleType),
    *(types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType),
)
# Iterators whose __reduce__ gives all their state: (callable, arguments[, position]).
ITERATORS: Final[tuple[type, ...]] = (
    *(type(iter(range(0))), type(iter(range(1 << 70))), type(iter(())), type(iter(b""))),
    *(type(iter("")), type(iter("é")), type(iter([])), type(reversed([]))),
    *(reversed, enumerate, zip, map, filter),
)
DICTS: Final = (dict, OrderedDict, defaultdict)
VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()))
ITERATORS_OF_DICTS: Final[tuple[type, ...]] = (
    *(type(iter({}.keys())), type(iter({}.values())), type(iter({}.items()))),
)
# What holds nothing but what gc shows.
CONTAINERS: Final[tuple[type, ...]] = (
    *(tuple, list, deque, set, frozenset, range, slice, bytearray, functools.partial),
    *(*DICTS, *VIEWS, *ITERATORS, *ITERATORS_OF_DICTS, type(iter(set()))),
    *(types.CellType, types.MethodType, types.MappingProxyType),
)
MANY: Final = 1_000  # objects in a container that can change; past that it is not compared
# Values of Python's own, which say themselves what they consist of.
_VALUES: Final = frozenset(
    {
        *(("decimal", "Decimal"), ("fractions", "Fraction"), ("uuid", "UUID")),
        *(("datetime", name) for name in ("date", "datetime", "time", "timedelta")),
    }
)


def is_value(kind: type) -> bool:
    """Whether value_key() tells all that there is of its instances, and they never change."""
    return (kind.__module__, kind.__qualname__) in _VALUES


@functools.lru_cache(maxsize=4096)
def is_frozen(kind: type) -> bool:
    """Whether it is a dataclass whose instances have no state but fields that never change."""
    fields = dataclasses.is_dataclass(kind) and all(map(_only_holds_fields, kind.__mro__))
    return fields and not hasattr(kind, "__del__")


def _only_holds_fields(base: type) -> bool:
    """The same of one class in the MRO of a dataclass."""
    if base in (object, Generic, Protocol):
        return True
    own = vars(base)
    if own.get("__slots__") == ():  # an interface, such as that of operations
        return True
    parameters = own.get("__dataclass_params__")
    return parameters is not None and parameters.frozen


# --- instances of classes ---------------------------------------------------------------------

_HEAP_TYPE: Final = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a `class` statement, or by C like one


class Slot(NamedTuple):
    """A slot of a class: its name, and what reads it from an instance."""

    name: str
    read: Any


@functools.lru_cache(maxsize=4096)
def base_in_c(kind: type) -> type:
    """The first class in its MRO that no `class` statement made: itself, if none did."""
    return next(each for each in kind.__mro__ if not each.__flags__ & _HEAP_TYPE)


@functools.lru_cache(maxsize=4096)
def slots_if_plain(kind: type, base: type) -> tuple[Slot, ...] | None:
    """The slots of a class whose instances are nothing but an instance of its `base`, which is
    written in C, with these slots and perhaps a `__dict__`; None: there may be more to them.

    One with `__del__` is none of them: that an instance dies has an effect.
    """
    own = kind.__mro__[: kind.__mro__.index(base)] if base in kind.__mro__ else ()
    if not own or not all(each.__flags__ & _HEAP_TYPE or each in base.__mro__ for each in own):
        return None
    if any(each not in (*own, *base.__mro__) for each in kind.__mro__):
        return None
    found, names = [], []
    for each in own:
        content = vars(each)
        shown = content.get("__dict__")
        if "__del__" in content or not isinstance(shown, types.GetSetDescriptorType | None):
            return None
        for name, descriptor in content.items():
            if isinstance(descriptor, types.MemberDescriptorType):
                found.append(Slot(f"{each.__qualname__}.{name}", descriptor))
                names.append(name)
    # A class with as many slots that is known to have nothing else takes as much memory.
    more = [name for name, at in _more_of(kind) if at and not getattr(base, f"__{name}offset__")]
    slots = tuple([f"__{name}__" if name == "dict" else "__weakref__" for name in more])
    alike = type("", (base,), {"__slots__": (*(f"s{i}" for i in range(len(names))), *slots)})
    same = kind.__basicsize__ == alike.__basicsize__ and kind.__itemsize__ == alike.__itemsize__
    return tuple(found) if same else None


def _more_of(kind: type) -> Iterator[tuple[str, int]]:
    """What instances may have beside slots, and where; 0: they do not."""
    yield "dict", kind.__dictoffset__
    yield "weakref", kind.__weakrefoffset__


def attributes_of(item: Any, slots: tuple[Slot, ...]) -> Iterator[tuple[str, object]]:
    """What an instance of a plain class holds in its slots, as far as they are set."""
    for slot in slots:
        try:
            yield slot.name, slot.read.__get__(item)
        except AttributeError:
            continue


def has_dict(kind: type) -> bool:
    """Whether instances have a `__dict__`."""
    return kind.__dictoffset__ != 0


def dict_of(item: object) -> dict[str, Any] | None:
    """The `__dict__` of an instance of a plain class, if it has one."""
    if not has_dict(type(item)):
        return None
    found: dict[str, Any] = object.__getattribute__(item, "__dict__")
    return found


def container_of(view: object) -> object:
    """What a view of a dict, or an iterator over a dict or set, goes through; None: it is over."""
    found = (each for each in gc.get_referents(view) if isinstance(each, _BY_HASH))
    return next(found, None)


_BY_HASH: Final = (dict, set, frozenset)


# --- sets -------------------------------------------------------------------------------------


class Table(NamedTuple):
    """The hash table of a set, which decides in which order it is gone through, now and later.

    mask      its size, less one
    finger    from where pop() looks
    places    of its elements, in the order in which they are gone through
    dead      places from which something was taken out
    """

    mask: int
    finger: int
    places: tuple[int, ...]
    dead: tuple[int, ...]


def table_of(item: set[Any]) -> Table | None:
    """The table of a set, read from memory; None where this Python keeps it in another way.

    Source   CPython Include/cpython/setobject.h (3.11-3.13).
    """
    return _read(item) if _tables_are_known() else None


def _read(item: set[Any]) -> Table:
    words = _words(id(item) + object.__basicsize__, 6)
    _, _, mask, table, _, finger = words
    entries = _words(table, 2 * (mask + 1))
    keys, hashes = entries[::2], entries[1::2]
    taken = [place for place, key in enumerate(keys) if key]
    places = tuple([place for place in taken if hashes[place] != -1])
    return Table(mask, finger, places, tuple([at for at in taken if hashes[at] == -1]))


def _words(address: int, count: int) -> list[int]:
    import ctypes  # only where a set is met

    return list((ctypes.c_ssize_t * count).from_address(address))


@functools.cache
def _tables_are_known() -> bool:
    """Checked on a set whose table is known: 1, 3 and 9, which comes to the place of 1 that was
    taken out, and so goes to the next one that is free."""
    known = {1, 3}
    known.discard(1)
    if sys.getsizeof(known) < object.__basicsize__ + 6 * 8 or sys.maxsize != 2**63 - 1:
        return False
    fill, used, mask, table, *_ = _words(id(known) + object.__basicsize__, 6)
    within = id(known) < table < id(known) + sys.getsizeof(known)  # small ones hold their table
    if (fill, used, mask) != (2, 1, 7) or not within:
        return False
    return _read(known) == Table(7, 0, (3,), (1,)) and _read({1, 3}) == Table(7, 0, (1, 3), ())


# --- exceptions -------------------------------------------------------------------------------


class Raised(NamedTuple):
    """What an exception holds besides slots of its class.

    lines     the code and the line of each frame that it came through, outermost first
    frames    these
    held      its arguments, its attributes, and the exceptions that it came from
    """

    lines: tuple[tuple[types.CodeType, int], ...]
    frames: tuple[types.FrameType, ...]
    held: tuple[object, ...]


_NOT_SEEN: Final = (UnicodeError, SyntaxError, BaseExceptionGroup)  # they keep more, in C


def raised(error: BaseException) -> Raised | None:
    """None for one of whose content not all can be seen."""
    if isinstance(error, _NOT_SEEN):
        return None
    held = [error.args, dict_of(error), error.__cause__, error.__context__]
    kind: type = type(error)
    for base in base_in_c(kind).__mro__:
        for name, descriptor in vars(base).items():
            if isinstance(descriptor, types.MemberDescriptorType) or name == "characters_written":
                try:
                    held.append(descriptor.__get__(error))
                except AttributeError:
                    held.append(None)
    lines, frames = [], []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        lines.append((traceback.tb_frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    return Raised(tuple(lines), tuple(frames), tuple(held))
