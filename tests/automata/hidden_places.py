"""Places beside cells in which a thread can keep what it saw: each as a pair, to put and to get.

`remembering` is the thread that all of them mislead: it keeps what it loaded from x, and looks at
it one step later. Run by itself, it is about to do the same whatever it loaded.
"""

from __future__ import annotations

import array
import builtins
import collections
import contextvars
import decimal
import functools
import gc
import io
import itertools
import mmap
import os
import queue
import random
import re
import string
import sys
import tempfile
import threading
import types
from collections.abc import Callable
from operator import length_hint
from typing import Any, NamedTuple

from racer import Memory, Program, Thread, Violation
from tests.automata import bank


class Place(NamedTuple):
    put: Callable[[int], object]
    get: Callable[[], object]


def remembering(place: Place) -> Program:
    """B's store before A's first step misleads A into a violation, and nothing else does."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    put, get = place

    async def a() -> None:
        put(await x.load())
        await y.load()
        if get() == 1:
            raise Violation("saw 1")

    async def b() -> None:
        await x.store(1)

    return Program(mem, {"A": Thread(a), "B": Thread(b)})


def attribute_of_a_module() -> Place:
    def put(value: int) -> None:
        bank.balance = value

    return Place(put, lambda: bank.balance)


def module_by_another_name() -> Place:
    def put(value: int) -> None:
        setattr(sys.modules["tests.automata.bank"], "bal" + "ance", value)

    return Place(put, lambda: getattr(sys.modules["tests.automata.bank"], "bal" + "ance"))


def global_behind_functions() -> Place:
    return Place(bank.write, bank.read)


def dictionary_in_a_module() -> Place:
    def put(value: int) -> None:
        bank.holder["balance"] = value

    return Place(put, lambda: bank.holder["balance"])


def class_in_a_module() -> Place:
    def put(value: int) -> None:
        bank.Account().put(value)

    return Place(put, lambda: bank.Account.total)


def closure_behind_a_method() -> Place:
    seen = [0]

    class Log:
        def note(self, value: int) -> None:
            seen[0] = value

        def last(self) -> int:
            return seen[0]

    log = Log()
    return Place(log.note, log.last)


def static_method() -> Place:
    seen = [0]

    class Log:
        @staticmethod
        def note(value: int) -> None:
            seen[0] = value

        @staticmethod
        def last() -> int:
            return seen[0]

    return Place(lambda value: Log.note(value), lambda: Log.last())


def class_method() -> Place:
    class Log:
        seen = 0

        @classmethod
        def note(cls, value: int) -> None:
            cls.seen = value

    return Place(lambda value: Log.note(value), lambda: Log.seen)


def property_of_a_local_object() -> Place:
    seen = [0]

    class Log:
        @property
        def last(self) -> int:
            return seen[0]

        @last.setter
        def last(self, value: int) -> None:
            seen[0] = value

    def put(value: int) -> None:
        Log().last = value

    return Place(put, lambda: Log().last)


def base_class() -> Place:
    class Base:
        seen = 0

    class Log(Base):
        def note(self, value: int) -> None:
            Base.seen = value

    return Place(lambda value: Log().note(value), lambda: Log().seen)


def class_of_a_local_object() -> Place:
    class Log:
        seen = 0

        def note(self, value: int) -> None:
            type(self).seen = value

    make = [Log]
    return Place(lambda value: make[0]().note(value), lambda: make[0]().seen)


def metaclass() -> Place:
    class Meta(type):
        seen = 0

    class Log(metaclass=Meta):
        pass

    def put(value: int) -> None:
        type(Log).seen = value  # type: ignore[misc]  # a metaclass, which mypy takes for type

    return Place(put, lambda: type(Log).seen)  # type: ignore[misc]  # the same


def attribute_of_a_list() -> Place:
    class Tagged(list):  # type: ignore[type-arg]  # whatever is in it
        tag = 0

    return _tag_of(Tagged())


def attribute_of_a_dict() -> Place:
    class Tagged(dict):  # type: ignore[type-arg]  # whatever is in it
        tag = 0

    return _tag_of(Tagged())


def _tag_of(tagged: Any) -> Place:
    def put(value: int) -> None:
        tagged.tag = value

    return Place(put, lambda: tagged.tag)


def attribute_of_a_function() -> Place:
    def put(value: int) -> None:
        put.seen = value  # type: ignore[attr-defined]  # on a function

    put(0)
    return Place(put, lambda: put.seen)  # type: ignore[attr-defined]  # on a function


def default_of_a_function() -> Place:
    def put(value: int, seen: list[int] = [0]) -> int:  # noqa: B006  # that is the place
        seen[0] = value if value >= 0 else seen[0]
        return seen[0]

    return Place(put, lambda: put(-1))


def keyword_of_a_partial() -> Place:
    def note(value: int, *, seen: list[int]) -> int:
        seen[0] = value if value >= 0 else seen[0]
        return seen[0]

    bound = functools.partial(note, seen=[0])
    return Place(bound, lambda: bound(-1))


def attribute_of_an_instance() -> Place:
    class Log:
        seen = 0

    log = Log()
    return Place(lambda value: setattr(log, "seen", value), lambda: log.seen)


def namespace() -> Place:
    space = types.SimpleNamespace(seen=0)
    return Place(lambda value: setattr(space, "seen", value), lambda: space.seen)


def ordered_dict() -> Place:
    kept: collections.OrderedDict[str, int] = collections.OrderedDict(seen=0)
    return Place(lambda value: kept.update(seen=value), lambda: kept["seen"])


def default_dict() -> Place:
    kept: collections.defaultdict[str, int] = collections.defaultdict(int)
    return Place(lambda value: kept.update(seen=value), lambda: kept["seen"])


def byte_array() -> Place:
    kept = bytearray(1)
    return Place(lambda value: kept.__setitem__(0, value), lambda: kept[0])


def typed_array() -> Place:
    kept = array.array("q", [0])
    return Place(lambda value: kept.__setitem__(0, value), lambda: kept[0])


def iterator() -> Place:
    steps = itertools.count()

    def get() -> int:
        return next(steps) % 2

    return Place(lambda value: [next(steps) for _ in range(value)], get)


def generator() -> Place:
    def run() -> Any:
        seen = 0
        while True:
            given = yield seen
            seen = seen if given is None else given

    running = run()
    next(running)
    return Place(lambda value: running.send(value), lambda: next(running))


def async_generator() -> Place:
    async def run() -> Any:
        seen = 0
        while True:
            given = yield seen
            seen = seen if given is None else given

    def sent(value: int | None) -> int:
        try:
            running.asend(value).send(None)
        except StopIteration as given:
            return int(given.value)
        raise AssertionError("it awaits nothing")

    running = run()
    sent(None)
    return Place(lambda value: sent(value), lambda: sent(None))


def place_in_a_list() -> Place:
    rest = iter([0] * 9)
    return Place(lambda value: [next(rest) for _ in range(value)], lambda: 9 - length_hint(rest))


def place_in_a_dict() -> Place:
    rest = iter(dict.fromkeys(range(9)))
    return Place(lambda value: [next(rest) for _ in range(value)], lambda: 9 - length_hint(rest))


def place_in_what_is_mapped() -> Place:
    rest = map((0, 1).__getitem__, [0, 1] * 9_999)
    return Place(lambda value: [next(rest) for _ in range(value)], lambda: next(rest))


def slot() -> Place:
    class Slotted:
        __slots__ = ("seen",)

    slotted = Slotted()

    def put(value: int) -> None:
        slotted.seen = value

    put(0)
    return Place(put, lambda: slotted.seen)


def context_variable() -> Place:
    current: contextvars.ContextVar[int] = contextvars.ContextVar("current", default=0)
    return Place(lambda value: current.set(value), lambda: current.get())


def decimal_context() -> Place:
    usual = decimal.getcontext().prec

    def put(value: int) -> None:
        decimal.getcontext().prec = usual + value

    return Place(put, lambda: decimal.getcontext().prec - usual)


def random_seed() -> Place:
    first = random.Random(1).random()
    return Place(lambda value: random.seed(value), lambda: int(random.random() == first))


def random_generator() -> Place:
    numbers = random.Random(0)
    first = random.Random(1).random()
    return Place(lambda value: numbers.seed(value), lambda: int(numbers.random() == first))


def process_environment() -> Place:
    def put(value: int) -> None:
        os.environ["RACER_TEST_SEEN"] = str(value)

    return Place(put, lambda: int(os.environ["RACER_TEST_SEEN"]))


def working_directory() -> Place:
    home = os.getcwd()
    return Place(
        lambda value: os.chdir("/" if value else home), lambda: int(os.getcwd() == "/" != home)
    )


def file() -> Place:
    handle, path = tempfile.mkstemp(prefix="racer-test-")
    os.close(handle)

    def put(value: int) -> None:
        with open(path, "w") as kept:
            kept.write(str(value))

    def get() -> int:
        with open(path) as kept:
            return int(kept.read())

    return Place(put, get)


def setting_of_sys() -> Place:
    usual = sys.getrecursionlimit()
    return Place(
        lambda value: sys.setrecursionlimit(usual + value),
        lambda: sys.getrecursionlimit() - usual,
    )


def builtin_name() -> Place:
    return Place(
        lambda value: setattr(builtins, "seen_by_racer_test", value),
        lambda: getattr(builtins, "seen_by_racer_test"),  # noqa: B009
    )


def garbage_collector() -> Place:
    return Place(lambda value: gc.disable() if value else gc.enable(), lambda: not gc.isenabled())


def thread_local() -> Place:
    kept = threading.local()
    return Place(lambda value: setattr(kept, "seen", value), lambda: kept.seen)


def queue_in_c() -> Place:
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()

    def put(value: int) -> None:
        waiting.put(1) if value else waiting.empty() or waiting.get()

    return Place(put, waiting.qsize)


def lock_of_threading() -> Place:
    lock = threading.Lock()

    def put(value: int) -> None:
        lock.acquire(False) if value else lock.locked() and lock.release()

    return Place(put, lambda: int(lock.locked()))


def reentrant_lock() -> Place:
    lock = threading.RLock()

    def put(value: int) -> None:
        lock.acquire() if value else get() and lock.release()

    def get() -> int:
        return int("count=0" not in repr(lock))

    return Place(put, get)


def event_of_threading() -> Place:
    event = threading.Event()

    def put(value: int) -> None:
        event.set() if value else event.clear()

    return Place(put, lambda: int(event.is_set()))


def semaphore_of_threading() -> Place:
    free = threading.Semaphore(1)

    def put(value: int) -> None:
        free.acquire(blocking=False) if value else get() and free.release()

    def get() -> int:
        return int("value=0" in repr(free))

    return Place(put, get)


def condition_of_threading() -> Place:
    condition = threading.Condition(threading.Lock())

    def put(value: int) -> None:
        condition.acquire(False) if value else get() and condition.release()

    def get() -> int:
        return int("<locked" in repr(condition))

    return Place(put, get)


def bytes_in_memory() -> Place:
    kept = io.BytesIO(b"0")

    def put(value: int) -> None:
        kept.seek(0)
        kept.write(b"%d" % value)

    return Place(put, lambda: int(kept.getvalue()))


def text_in_memory() -> Place:
    kept = io.StringIO("0")

    def put(value: int) -> None:
        kept.seek(0)
        kept.write(f"{value}")

    return Place(put, lambda: int(kept.getvalue()))


def position_in_memory() -> Place:
    kept = io.BytesIO(b"01")
    return Place(lambda value: kept.seek(value), kept.tell)


def view_of_memory() -> Place:
    kept = memoryview(bytearray(1))
    return Place(lambda value: kept.__setitem__(0, value), lambda: kept[0])


def mapped_memory() -> Place:
    kept = mmap.mmap(-1, 1)
    return Place(lambda value: kept.__setitem__(0, value), lambda: kept[0])


def iterator_through_another() -> Place:
    steps = enumerate(map(int, "01" * 1_000))
    return Place(lambda value: [next(steps) for _ in range(value)], lambda: next(steps)[1])


def scanner() -> Place:
    found = re.compile("a").scanner("a" * 1_000)  # type: ignore[attr-defined]  # not documented
    return Place(
        lambda value: [found.search() for _ in range(value)], lambda: found.search().start() % 2
    )


def name_among_globals() -> Place:
    def put(value: int) -> None:
        globals()["seen_by_racer_test"] = value

    return Place(put, lambda: globals()["seen_by_racer_test"])


def new_name_of_a_module() -> Place:
    def put(value: int) -> None:
        string.seen_by_racer_test = value  # type: ignore[attr-defined]  # that is the place

    return Place(put, lambda: getattr(string, "seen_by_racer_" + "test"))


def name_set_by_setattr() -> Place:
    def put(value: int) -> None:
        setattr(string, "seen_by_racer_test", value)  # noqa: B010  # that is the place

    return Place(put, lambda: getattr(string, "seen_by_racer_" + "test"))


def setattr_by_another_name() -> Place:
    change = functools.partial(setattr, string)
    name = "seen_by_racer_test"
    return Place(lambda value: change(name, value), lambda: getattr(string, name))


def name_that_is_deleted() -> Place:
    name = "seen_by_racer_test"

    def put(value: int) -> None:
        setattr(string, name, 1) if value else delattr(string, name) if get() else None

    def get() -> int:
        return int(hasattr(string, name))

    return Place(put, get)


def names_by_vars() -> Place:
    def put(value: int) -> None:
        vars(string)["seen_by_racer_test"] = value

    return Place(put, lambda: vars(string)["seen_by_racer_test"])


def names_of_a_module() -> Place:
    def put(value: int) -> None:
        bank.__dict__["bal" + "ance"] = value

    return Place(put, lambda: bank.__dict__["bal" + "ance"])


PLACES = (
    attribute_of_a_module,
    module_by_another_name,
    global_behind_functions,
    dictionary_in_a_module,
    class_in_a_module,
    closure_behind_a_method,
    static_method,
    class_method,
    property_of_a_local_object,
    base_class,
    class_of_a_local_object,
    metaclass,
    attribute_of_a_list,
    attribute_of_a_dict,
    attribute_of_a_function,
    default_of_a_function,
    keyword_of_a_partial,
    attribute_of_an_instance,
    namespace,
    ordered_dict,
    default_dict,
    byte_array,
    typed_array,
    iterator,
    generator,
    async_generator,
    place_in_a_list,
    place_in_a_dict,
    place_in_what_is_mapped,
    slot,
    context_variable,
    decimal_context,
    random_seed,
    random_generator,
    process_environment,
    working_directory,
    file,
    setting_of_sys,
    builtin_name,
    garbage_collector,
    thread_local,
    queue_in_c,
    lock_of_threading,
    reentrant_lock,
    event_of_threading,
    semaphore_of_threading,
    condition_of_threading,
    bytes_in_memory,
    text_in_memory,
    position_in_memory,
    view_of_memory,
    mapped_memory,
    iterator_through_another,
    scanner,
    name_among_globals,
    new_name_of_a_module,
    name_set_by_setattr,
    setattr_by_another_name,
    name_that_is_deleted,
    names_by_vars,
    names_of_a_module,
)


def telling(place: Place) -> Program:
    """A puts 1 there for as long as it is between two of its steps, when B may look."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    put, get = place

    async def a() -> None:
        await x.store(1)
        put(1)
        await x.store(2)
        put(0)

    async def b() -> None:
        await y.load()
        if get() == 1:
            raise Violation("told")

    put(0)
    return Program(mem, {"A": Thread(a), "B": Thread(b)})


def latching(place: Place) -> Program:
    """A puts 1 there once and for good: B misses it only if it looks before that."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)
    put, get = place

    async def a() -> None:
        await x.load()
        put(1)

    async def b() -> None:
        await y.load()
        if get() != 1:
            raise Violation("missed")

    put(0)
    return Program(mem, {"A": Thread(a), "B": Thread(b)})
