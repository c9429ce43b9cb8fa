"""What a suspended run consists of, as a hashable key: frames, and all objects that they hold.

What is immutable is compared by content. What a thread made itself and can change is numbered when
it is first met, so that two keys are equal only if objects are shared in the same places, too. What
others hold as well, such as what a closure names, is checked not to change, and is itself.

Bound    Which of two equal immutable objects a run holds counts only where its code asks for
         identity. Of two variables that a comprehension puts aside while it awaits (CPython 3.12
         on), it is not seen which one was unbound.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import itertools
import sys
import types
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final

from racer.automata import frames
from racer.automata.dying import dies_unnoticed
from racer.automata.habits import Habits
from racer.automata.known import Known
from racer.automata.liveness import stored_at
from racer.automata.objects import (
    ATOMS,
    DICTS,
    HANDLES,
    ITERATORS,
    ITERATORS_OF_DICTS,
    MANY,
    VIEWS,
    attributes_of,
    base_in_c,
    container_of,
    dict_of,
    has_dict,
    is_frozen,
    is_value,
    raised,
    slots_if_plain,
    table_of,
)
from racer.automata.rewriting import hashes_alike
from racer.automata.unlike import Unknown, Unlike
from racer.errors import Location
from racer.lang.asking import operation_of
from racer.lang.values import compares_by_identity, value_key
from racer.lang.watches import Window
from racer.lang.whose import is_a_users, module_of

# Of these every run has the same object.
_SINGLE: Final = (bool, types.NoneType, types.EllipsisType)
_SET_ITERATOR: Final[type] = type(iter(set()))


class Encoder:
    """Writes one object graph as a hashable key; `habits` are those of the thread's code.

    Errors   Unknown, frames.NotSeen, RecursionError: no key is known
    """

    def __init__(self, known: Known, habits: Habits) -> None:
        self._known = known
        self._trusted = known.trusted
        self._habits = habits
        self._numbers: dict[int, int] = {}
        self._alive: list[object] = []  # what has a number, lest another object gets its id
        self._numbered_met = 0  # how often an object that can change was met
        self._alone: set[int] = set()  # containers that nobody may hold but an iterator
        self._suspended: set[int] = set()  # frames of the run
        self._unread: list[object] = []  # cells of variables that their frame does not look at
        self._met: dict[int, tuple[int, object]] = {}  # where identity is asked for: all objects

    # --- frames -------------------------------------------------------------------------------

    def run(self, coroutine: Any) -> Hashable:
        """All that decides how a suspended coroutine goes on.

        A variable that is captured may be stored again by its frame. If a function holds it, that
        will see it: so it counts which of the cells that were met it is.
        """
        found = self.chain(coroutine)
        return (found, tuple([self._numbers.get(id(cell)) for cell in self._unread]))

    def chain(self, suspended: Any) -> Hashable:
        """A coroutine or generator, and each one that it awaits in turn."""
        found: list[Hashable] = []
        while suspended is not None:
            operation = operation_of(suspended)
            if operation is not None:  # nothing else is known to the frames that hand it over
                found.append(self.value(operation))
                break
            inner = frames.awaited_by(suspended)
            if frames.has_frame(suspended):
                found.append(self._frame(suspended, inner))
            suspended = inner
        return tuple(found)

    def _frame(self, suspended: Any, inner: Any) -> Hashable:
        frame = frames.frame_of(suspended)
        if frame is None:
            return "ended"
        self._suspended.add(id(frame))
        looked_at = self._habits.looks_at_frames
        code = self._known.code_of(frame)
        held = frames.held_by(suspended, frame, code.places, keep=looked_at)
        live = None if looked_at or held.names is None else code.live.get(frame.f_lasti)
        names, content = [], []
        of_locals = held.names or [None] * len(held.objects)
        for name, item in zip(of_locals, held.objects, strict=True):
            # What racer's own frames hold dies with the operation.
            counts = live is None or name in live
            if not counts and not (code.is_racers or type(item) in ATOMS):
                counts = not dies_unnoticed(item, self._trusted)
            if counts:
                names.append(name)
                content.append(self._held(item, inner, frame, name))
            elif type(item) is types.CellType:
                self._unread.append(item)
        bound = held.bound if held.names is None else tuple(names)
        stack = tuple([self._held(item, inner, frame, None) for item in held.stack])
        runs = (self._original(frame.f_code), self._original(frame.f_globals))
        return (*runs, frame.f_lasti, bound, tuple(content), stack)

    def _held(self, item: object, inner: object, frame: Any, name: str | None) -> Hashable:
        """What a frame holds. Errors: Unknown, with the innermost local of the model's."""
        if item is inner and item is not None:
            return "awaited"
        try:
            return self.value(item)
        except Unknown as error:
            users = is_a_users(module_of(frame))
            if error.unlike is None or (users and not error.users):
                code = frame.f_code
                line = (stored_at(code, name) if name else None) or frame.f_lineno
                where = Location(code.co_filename, line, code.co_name)
                error.unlike = Unlike(type(item).__name__, error.why, name, where)
                error.users = users
            raise

    # --- objects ------------------------------------------------------------------------------

    def value(self, item: Any) -> Hashable:
        """The key of one object, and of all that it holds."""
        kind = type(item)
        if self._habits.asks_identity:
            return self._itself(item, kind)
        if kind in ATOMS:
            return value_key(item)
        known = self._known.keys.get(id(item))
        return self._content(item, kind) if known is None else known

    def _values(self, items: Iterable[object]) -> Hashable:
        return tuple([self.value(item) for item in items])

    def _itself(self, item: Any, kind: type) -> Hashable:
        """Where code may ask for identity: it counts where else that very object is held."""
        if kind in _SINGLE or isinstance(item, (*HANDLES, type, enum.Enum)):
            return self._content(item, kind)
        if id(item) in self._trusted and kind is not types.FunctionType:
            return self._same(item)
        known = self._met.get(id(item))
        if known is not None and id(item) not in self._alone:
            return ("is", known[0])
        self._met[id(item)] = len(self._met), item
        return self._content(item, kind)

    def _content(self, item: Any, kind: type) -> Hashable:
        found = value_key(item) if kind in ATOMS else self._constant(item, kind)
        if found is not None:
            return found
        if id(item) in self._trusted and kind is not types.FunctionType:
            return self._same(item)
        if id(item) in self._known.left:
            raise Unknown("others may hold it as well")
        encode = self._changing(item, kind)
        if encode is None:
            raise Unknown
        return self._numbered(item, encode)

    def _constant(self, item: Any, kind: type) -> Hashable | None:
        """Of an object that never changes; None: it may."""
        if isinstance(item, HANDLES):
            return self._same(item)
        if kind is tuple:
            return ("tuple", self._values(item))
        if kind is frozenset:  # equal ones may be iterated in different orders
            return ("frozenset", self._values(item))
        if isinstance(item, tuple) and slots_if_plain(kind, tuple) == () and not has_dict(kind):
            return ("tuple", self._class(kind), self._values(tuple.__iter__(item)))
        if kind is range:  # empty ones are equal, whatever their start
            return ("range", item.start, item.stop, item.step)
        if kind is slice:
            return ("slice", self._values((item.start, item.stop, item.step)))
        if isinstance(item, type):
            return self._class(item)
        if kind is types.BuiltinFunctionType:
            return self._builtin(item)
        if isinstance(item, enum.Enum):
            return ("enum", self._same(kind), item.name, self.value(item.value))
        if kind is types.MethodType:
            return ("method", self.value(item.__func__), self.value(item.__self__))
        if is_value(kind):
            return ("value", self._same(kind), value_key(item))
        if is_frozen(kind) and (id(item) in self._trusted or not compares_by_identity(kind)):
            return self._dataclass(item)
        return None

    def _changing(self, item: Any, kind: type) -> Callable[[], Hashable] | None:
        """What encodes an object that can change, or compares by identity; None: nothing does."""
        if kind is Window:
            return lambda: self._window(item)
        if kind is types.FunctionType:
            return lambda: self._function(item)
        if kind is types.CellType:
            return lambda: self._cell(item)
        if kind in ITERATORS:
            return lambda: self._iterator(item)
        if kind in (list, deque):
            return lambda: (getattr(item, "maxlen", None), self._all(item))
        if kind in DICTS:
            return lambda: self._dict(item)
        if kind is set:
            return lambda: self._set(item)
        if kind is bytearray:
            return lambda: bytes(item)
        if kind in VIEWS or kind is types.MappingProxyType:
            return lambda: self.value(container_of(item))
        if kind in ITERATORS_OF_DICTS or kind is _SET_ITERATOR:
            return lambda: self._iterator_by_hash(item, kind)
        if kind is functools.partial:
            return lambda: self._values((item.func, item.args, item.keywords, vars(item) or None))
        if isinstance(item, types.GeneratorType):
            return lambda: self.chain(item)
        if isinstance(item, types.AsyncGeneratorType):
            return lambda: (item.ag_running, self.chain(item))
        if isinstance(item, BaseException):
            return self._exception(item, kind)
        return self._instance(item, kind)

    def _same(self, item: object) -> Hashable:
        """By identity: the object is kept alive, so that no other can take its id."""
        self._known.kept[id(item)] = item
        return id(item)

    def _original(self, item: object) -> Hashable:
        """By identity, of what it is a copy of."""
        return self._same(self._known.aliases.get(id(item), item))

    def _numbered(self, item: object, encode: Callable[[], Hashable]) -> Hashable:
        self._numbered_met += 1
        number = self._numbers.get(id(item))
        if id(item) in self._alone:
            raise Unknown("it is gone through, and held by others as well")
        if weakref.getweakrefcount(item) and id(item) not in self._trusted:
            raise Unknown("somebody will be told of its death")
        if number is not None:
            return ("again", number)
        self._numbers[id(item)] = len(self._numbers)
        self._alive.append(item)
        return (type(item).__name__, encode())

    def _all(self, items: Any) -> Hashable:
        """All of a container that can change, in order."""
        if len(items) > MANY:
            raise frames.NotSeen  # a list that grows would cost the square of its length
        return self._values(items)

    def _keys(self, items: Any) -> Hashable:
        """What is found by its hash: that of one that can change may be of what it was."""
        met = self._numbered_met
        found = self._all(items)
        if met != self._numbered_met and not all(map(compares_by_identity, map(type, items))):
            raise Unknown("what it is found by can change")
        return found

    def _dict(self, item: Any) -> Hashable:
        made = item.default_factory if isinstance(item, defaultdict) else None
        own = getattr(item, "__dict__", None) or None  # of an OrderedDict
        return (self._values((made, own)), self._keys(item), self._values(item.values()))

    def _set(self, item: set[Any]) -> Hashable:
        """With its table: what is added later finds a place that depends on it."""
        table = table_of(item)
        if table is None or not (len(item) < 2 or all(map(hashes_alike, item))):
            raise Unknown("the order of what is in it differs with the hash seed")
        return (table if item else None, self._keys(item))

    def _iterator_by_hash(self, iterator: Any, kind: type) -> Hashable:
        """Of a dict or set: how much is left says where it is, if nothing was taken out.

        That is so if nobody else holds what it goes through, or nobody takes out of dicts.
        """
        container = container_of(iterator)
        if container is None:
            return "ended"
        try:
            left = len(iterator.__reduce__()[1][0])
        except RuntimeError:
            raise Unknown("what it goes through has changed") from None
        shared = id(container) in self._trusted or type(container) is frozenset
        if not shared and (kind is _SET_ITERATOR or self._habits.takes_out):
            if id(container) in self._numbers:
                raise Unknown("others may take something out of what it goes through")
            encoded = self.value(container)
            self._alone.add(id(container))
            return (left, encoded)
        return (left, self.value(container))

    def _cell(self, cell: Any) -> Hashable:
        try:
            return self.value(cell.cell_contents)
        except ValueError:  # not bound yet
            return "empty"

    def _iterator(self, iterator: Any) -> Hashable:
        _, arguments, *position = iterator.__reduce__()
        return self._values((*arguments, *position))

    def _window(self, window: Any) -> Hashable:
        seen = window.observation
        flags = None if seen is None else (seen.ever_true, seen.ever_false, seen.at_end)
        # A closed window has given up its slot: what it saw is all that is left of it.
        return ("window", self._same(window.watch), flags, window.slot if seen is None else None)

    def _class(self, item: Any) -> Hashable:
        """A class that can be found in its module is constant; one made by the thread is not."""
        found: object = sys.modules.get(item.__module__)
        for name in item.__qualname__.split("."):
            found = getattr(found, name, None)
        if found is item or id(item) in self._trusted:
            return self._same(item)
        raise Unknown("the thread makes that class itself")

    def _builtin(self, item: Any) -> Hashable:
        """A function written in C; of a bound one, such as `log.append`, the object counts."""
        owner = item.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            return self._same(item)
        return ("builtin", item.__name__, self.value(owner))

    def _function(self, function: Any) -> Hashable:
        captured = self._values(function.__closure__ or ())
        defaults = self._values((function.__defaults__, function.__kwdefaults__))
        if set(function.__dict__) - {"__wrapped__"}:
            raise Unknown
        own = (self._original(function.__code__), self._original(function.__globals__))
        return (*own, captured, defaults, self.value(function.__dict__.get("__wrapped__")))

    def _exception(self, item: BaseException, kind: type) -> Callable[[], Hashable] | None:
        """By what it holds and the lines that it came through. Its frames are not looked into."""
        base = base_in_c(kind)
        slots = () if kind is base else slots_if_plain(kind, base)
        if slots is None:
            return None
        found = raised(item)
        if found is None or self._habits.looks_at_frames:
            return None
        for frame in found.frames:
            held = () if id(frame) in self._suspended else frame.f_locals.values()
            if not all(dies_unnoticed(each, self._trusted) for each in held):
                return None  # what it holds dies with the exception
        lines = tuple([(self._original(code), line) for code, line in found.lines])
        content = (*found.held, *itertools.chain.from_iterable(attributes_of(item, slots)))
        return lambda: (self._class(kind), lines, self._values(content))

    def _instance(self, item: Any, kind: type) -> Callable[[], Hashable] | None:
        """Of a class in Python: what stands in its slots and its `__dict__`."""
        base = base_in_c(kind)
        slots = slots_if_plain(kind, base) if base in (object, tuple) else None
        if slots is None:
            return None

        def encode() -> Hashable:
            held = itertools.chain.from_iterable(attributes_of(item, slots))
            content = tuple.__iter__(item) if base is tuple else ()
            return (self._class(kind), self._values((dict_of(item), *content, *held)))

        return encode

    def _dataclass(self, item: Any) -> Hashable | None:
        """Encoded once, if all that it holds is immutable, too. None: it has more than fields."""
        kind = type(item)
        fields = dataclasses.fields(item)
        if set(getattr(item, "__dict__", ())) - {field.name for field in fields}:
            return None  # a cached property, say
        met = self._numbered_met
        content = self._values(getattr(item, field.name, Unknown) for field in fields)
        own = self._same(item) if compares_by_identity(kind) else None
        key = ("dataclass", self._same(kind), own, content)
        if self._numbered_met == met and not self._habits.asks_identity:
            self._known.kept[id(item)] = item
            self._known.keys[id(item)] = key
        return key
