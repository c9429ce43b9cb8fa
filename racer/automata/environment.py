"""State that is no cell: what a thread changes, or asks, besides the results that it is given.

Threads share cells and nothing else. Whatever else a thread's function can reach is therefore
taken to be constant; that makes it usable in node identities, and it is checked: a snapshot is
taken before lifting, widened by whatever code runs that was not known, and compared whenever a
run stops at an operation, and at the end. A thread that appends to a shared list, counts in a
global or asks a clock is refused, and the object and the line are named.

Trusted are only objects whose whole content can be compared: containers, functions, and
instances of plain Python classes. A node that depends on any other (an iterator, say) has its
history as its identity.

Bound    what `reaching.py` and `observing.py` say of themselves. Under all of it there is a net
         that has no list: racer/exploration/covering.py.
"""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from racer.automata.compiled import is_iterator_in_c, is_unseen
from racer.automata.namespaces import Namespaces, may_change_any
from racer.automata.observing import Observer
from racer.automata.reaching import Reach, codes_in
from racer.automata.snapshots import Snapshots, is_transparent
from racer.errors import Location, ModelError, RacerError
from racer.lang.whose import is_a_users, line_of, module_of


class Environment:
    """The objects that a function can reach, and what they held at the start.

    `owner` is who calls the function, as errors name it ("thread 'T'", "watch 'w'"). `roots` are
    the function and its arguments, with words for each. `spaces` are modules before anything ran,
    which a program's environments share. `thread` is the owner's name if it is one.
    """

    def __init__(
        self,
        owner: str,
        roots: Iterable[tuple[str, object]],
        spaces: Namespaces,
        *,
        thread: str | None = None,
    ) -> None:
        self.owner = owner
        self._thread = thread
        self._reach = Reach()
        self._spaces = spaces
        self._whole: list[int] = []  # the namespaces that are compared as a whole
        for path, item in roots:
            self._reach.add(path, item)
        self._observer = Observer(self._reach.codes)
        self._unseen: str | None = None  # an iterator that nobody can ask how far it has come
        self._compared = 0, 0  # so many variables and objects have a snapshot
        self._snapshots = Snapshots()
        self._take_snapshots()
        self._refused: ModelError | None = None

    def trusted(self) -> Iterator[object]:
        """Every object whose content is compared, each once, in a fixed order."""
        return (item for _, item in self._reach.objects.values() if is_transparent(item))

    def untrusted(self) -> Iterator[object]:
        """The other objects that it can reach: they may change without anybody seeing it."""
        return (item for _, item in self._reach.objects.values() if not is_transparent(item))

    def codes(self) -> Collection[types.CodeType]:
        """The code of all functions that it may run, as far as they are known by now."""
        return self._reach.codes

    def observed(self) -> AbstractContextManager[None]:
        """While the function runs: what it runs besides is noted, and checked from then on."""
        return self._observer

    def check(self, run_again: Callable[[], None] | None = None) -> None:
        """Refuse the function if anything it can reach has changed, or it called out of the model.

        `run_again` runs once more what may have made a change, so that the line can be named.

        Errors   ModelError; once there was one, the same for ever.
        """
        if self._refused is not None:
            raise self._refused
        if self._observer.called:
            call = self._observer.called[0]
            self._refused = ModelError(
                f"{self.owner} calls {call.name}{_at(call.where)}, which uses {call.uses}: what "
                f"it gets, or leaves there, is in no cell, and may differ from one interleaving, "
                f"or one run, to the next.\n"
                f"Usual cause: a time, a random number, a file, a setting or a shared object "
                f"decides what the model does.\n"
                f"Try: give the thread a constant, choose() among what may come, or make it a "
                f"cell.",
                thread=self._thread,
            )
            raise self._refused
        if self._unseen is not None:
            self._refused = ModelError(
                f"{self.owner} reaches {self._unseen}, an iterator that nobody can ask how far "
                f"it has come: if threads share it, that is in no cell, and nothing could be "
                f"proved.\n"
                f"Usual cause: a thread goes on with what was begun outside of it.\n"
                f"Try: make the iterator in the thread, or a tuple of what it gives.",
                thread=self._thread,
            )
            raise self._refused
        changed = self.changed()
        if changed is not None:
            where = None if run_again is None else self._line_of(run_again)
            self._refused = self._refusal(changed, where)
            raise self._refused
        if self._observer.ran:
            self._widen()

    def changed(self) -> str | None:
        """What holds something else than at the start; None: nothing does."""
        return self._snapshots.changed() or self._spaces.changed(self._whole)

    def _line_of(self, run_again: Callable[[], None]) -> Location | None:
        """The line that makes a change, found by making it once more; None: it is not made again.

        What was changed is put back before; what cannot be is compared with what it is now.
        """
        self._snapshots.restore()
        self._spaces.restore(self._whole)
        self._snapshots = Snapshots()
        self._compared = 0, 0
        self._take_snapshots()
        tracer = _Tracer(self.changed)
        outer = sys.gettrace()
        sys.settrace(tracer.trace)  # type: ignore[arg-type]  # it gives itself
        try:
            run_again()
        except RacerError:  # without what was there before, it may do something else
            pass
        finally:
            sys.settrace(outer)
        tracer.look()
        return tracer.found

    def _refusal(self, path: str, where: Location | None) -> ModelError:
        return ModelError(
            f"{self.owner} changes {path}{_at(where)}, which is not a cell: it would carry "
            f"something from one interleaving into the next, and nothing could be proved.\n"
            f"Usual cause: a list, dict, object or nonlocal of the enclosing function is used "
            f"to share or to log.\n"
            f"Try: make it a cell, or a local variable of the thread.",
            thread=self._thread,
        )

    def _widen(self) -> None:
        """Take in what code names that ran and was not known: it is compared from here on."""
        ran, self._observer.ran[:] = list(self._observer.ran), []
        for code, namespace, first in ran:
            if code in self._reach.codes:  # it is in a function that was met before it
                continue
            self._reach.codes.update(codes_in(code))
            for path, item in self._reach.name_all(code, namespace):
                self._reach.add(path, item)
            for function in _functions_of(code, namespace):
                self._reach.add(f"the function {function.__name__}()", function)
            if first is not None:
                kind = first if isinstance(first, type) else type(first)
                self._reach.add(f"the class {kind.__name__}", kind)
        self._take_snapshots()

    def _take_snapshots(self) -> None:
        """Of what has been reached since the last time."""
        variables, objects = self._compared
        reach = self._reach
        found = list(reach.objects.values())[objects:]
        self._snapshots.add(list(reach.variables.values())[variables:], found)
        for path, item in found:
            if is_unseen(item):
                self._observer.unseen[id(item)] = path
                if is_iterator_in_c(item):
                    self._unseen = self._unseen or path
        if may_change_any(reach.codes, (item for _, item in reach.objects.values())):
            self._whole = self._spaces.of(reach.codes, list(reach.spaces.values()))
        self._compared = len(reach.variables), len(reach.objects)


def _functions_of(code: types.CodeType, namespace: dict[str, Any]) -> list[types.FunctionType]:
    """The functions that have this code, which was met while it ran.

    One that is no function's local stands where its name says. Of a local one only what it closes
    over matters, and then all objects there are have to be looked through.
    """
    if "<locals>" in code.co_qualname:
        found = gc.get_referrers(code) if code.co_freevars else []
    else:
        first, *names = code.co_qualname.split(".")
        item = namespace.get(first)
        for name in names:
            item = vars(item).get(name) if isinstance(item, type) else None
        found = [getattr(item, "__func__", item)]
    return [
        each for each in found if isinstance(each, types.FunctionType) and each.__code__ is code
    ]


class _Tracer:
    """Looks after every line of Python that runs whether something has changed."""

    def __init__(self, changed: Callable[[], str | None]) -> None:
        self._changed = changed
        self.found: Location | None = None
        self._last: Location | None = None

    def trace(self, frame: types.FrameType, event: str, argument: object) -> object:
        self.look()
        running = frame.f_back if event == "return" else frame
        if running is not None and is_a_users(module_of(running)):
            self._last = line_of(running)
        return self.trace

    def look(self) -> None:
        """What has changed by now, and had not before, did so at the line that ran last."""
        if self.found is None and self._changed() is not None:
            self.found = self._last


def _at(where: Location | None) -> str:
    return "" if where is None else f" ({where})"
