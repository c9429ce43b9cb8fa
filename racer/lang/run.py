"""Runs of a modelled thread.

A thread is mostly a coroutine. It yields each operation it is about to do and is resumed with
the result. Lifting, replay and every other driver see a `Run` and nothing else, so that a thread
cannot tell which of them runs it, and they cannot tell what it is written in.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Coroutine, Hashable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from racer import interrupts
from racer.errors import Location, ProgramError
from racer.lang.asking import here, leaving, never_awaited
from racer.lang.checkpoints import CANCELLED, Cancelled
from racer.lang.failures import assertion_label, exception_text, uninitialised
from racer.lang.modelled import modelled
from racer.lang.outcomes import Violation
from racer.lang.pending import (
    AboutTo,
    CloseWindow,
    Closing,
    OpenWindow,
    Pending,
    Raised,
    Returned,
    Violated,
    Watched,
)
from racer.lang.values import describe, require_hashable, value_key, without_addresses
from racer.lang.whose import is_racers_own, last_line, module_of


class OutOfPatience(interrupts.Stop):
    """Raised inside modelled code that has been running for too long, for so many `seconds`."""

    seconds: ClassVar[float] = 0.0


class OutOfTime(interrupts.Stop):
    """Raised, well past a deadline, in whatever does not look at the time by itself."""


class Run(Protocol):
    """One run of a modelled thread, from its start to its end, wherever the thread comes from.

    Lifting and replay use nothing else of it. Equal results give equal runs: what a run is about
    to do is a function of the results it was given.
    """

    name: str
    steps: int  # operations that have been given a result, or have failed

    @property
    def pending(self) -> Pending:
        """What the thread is about to do, or has come to."""

    def resume(self, result: object) -> Pending:
        """Give the pending request its result and run the thread to its next one."""

    def fail(self, error: Exception) -> Pending:
        """Raise `error` at the pending operation, which could not be carried out: a step, too."""

    def close(self) -> None:
        """Abandon the run; the thread takes no further step."""

    def locations(self) -> tuple[Location, ...]:
        """The lines of the thread and its helpers that are waiting, outermost first."""

    def position(self) -> Hashable:
        """Where in the code of the thread and its helpers it waits, outermost first."""

    def variables(self) -> tuple[tuple[str, object], ...]:
        """The locals at those lines, each with its name, as far as they are known.

        Frames keep what this is read from, so nobody asks for the key of this run any more.
        """

    def key(self, of_coroutine: CoroutineKey) -> Hashable | None:
        """Equal for two runs of one thread only if they continue alike; None: not known.

        `of_coroutine` gives such a key of a suspended coroutine, for a run that is one.
        """


CoroutineKey = Callable[[Coroutine[Any, Any, object]], Hashable | None]


class CoroutineRun:
    """A Run of a plain async function: one coroutine, from its start to its end."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Coroutine[Any, Any, object]],
        args: tuple[Any, ...],
        handles: Mapping[str, object],
        cancellable: bool = False,
    ) -> None:
        self.name = name
        self.cancellable = cancellable
        self.handles = handles  # the cells and locks of its Program's Memory, by name
        self.steps = 0
        self._opening: list[OpenWindow] = []
        # Operations that were called and, so far, not awaited, with the line of the call.
        self._called: list[tuple[Coroutine[Any, Any, object], str, int]] = []
        self._open: set[int] = set()
        self._regions = 0  # atomic ones that the last step was in and that have not been left
        self._entered = 0  # those that begin with the next step
        self._locks: tuple[str, ...] = ()  # held ones that are atomic regions, in order of names
        self._kept: tuple[tuple[str, tuple[Any, ...]], ...] = ()  # by name, in order of names
        self.abandoned = False
        self.ended_by: BaseException | None = None  # a Violation, or a failed assert
        self.refusal: Exception | None = None
        self.coroutine = _call(name, function, args)
        self._pending = self._advance(self.coroutine.send, None)

    @property
    def pending(self) -> Pending:
        return self._pending

    def resume(self, result: object) -> Pending:
        self._taken()
        self._pending = self._advance(self.coroutine.send, result)
        return self._pending

    def fail(self, error: Exception) -> Pending:
        self._taken()
        error.__traceback__ = error.__context__ = None  # of another run that it was raised in
        self._pending = self._advance(self.coroutine.throw, error)
        return self._pending

    def _taken(self) -> None:
        """The pending request has been dealt with, be it by an exception."""
        if isinstance(self.pending, AboutTo):
            self.steps += 1
            self._opening = []
            self._regions += self._entered
            self._entered = 0
        elif isinstance(self.pending, Closing):
            self._open.discard(self.pending.slot)

    def close(self) -> None:
        """Abandon the run; the thread's clean-up code takes no further step."""
        self.abandoned = True
        outer, here.run = here.run, self
        try:
            for operation, _, _ in self._called:
                if never_awaited(operation):
                    operation.close()  # the run is not to its end: it may have been about to
            with leaving():
                self.coroutine.close()
        except (KeyboardInterrupt, OutOfTime):
            raise
        except BaseException:  # its own clean-up failed; nobody will look at this run again
            pass
        finally:
            here.run = outer

    def __del__(self) -> None:
        """A run dropped on the way to an error is abandoned like any other."""
        if hasattr(self, "coroutine"):
            self.close()

    def key(self, of_coroutine: CoroutineKey) -> Hashable | None:
        known = of_coroutine(self.coroutine)
        regions = (
            self._regions,
            self._entered,
            self._locks,
            value_key(self._kept) if self._kept else (),
        )
        return None if known is None else (known, self._is_forgetful, regions)

    def open_window(self, watch: Watched) -> int:
        """Reserve the smallest free slot for a window that opens before the next step."""
        slot = next(i for i in range(len(self._open) + 1) if i not in self._open)
        self._open.add(slot)
        self._opening.append(OpenWindow(slot, watch))
        return slot

    def enter_region(self) -> None:
        """An atomic region begins with the next step."""
        self._entered += 1

    def leave_region(self) -> None:
        """The atomic region that was entered last has ended with the last step."""
        if self._entered:  # no step was taken in it
            self._entered -= 1
        else:
            self._regions -= 1

    def take_lock(self, lock: str) -> None:
        """With its last step the thread has got a lock that is an atomic region."""
        self._locks = tuple(sorted((*self._locks, lock)))

    def has_lock(self, lock: str) -> bool:
        """Whether the thread has got that lock, which is an atomic region."""
        return lock in self._locks

    def give_lock(self, lock: str) -> None:
        """With its last step it has released such a lock."""
        self._locks = tuple(each for each in self._locks if each != lock)

    def keep(self, name: str, value: tuple[Any, ...]) -> None:
        """Let the thread know that of what has this name, until it is told otherwise."""
        others = [each for each in self._kept if each[0] != name]
        added = [*others, (name, value)] if value else others
        self._kept = tuple(sorted(added, key=lambda each: each[0]))

    def kept(self, name: str) -> tuple[Any, ...]:
        """What it knows of what has this name; nothing at first."""
        return next((value for known, value in self._kept if known == name), ())

    @property
    def knows(self) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """All that it knows like that, by name."""
        return self._kept

    def location(self) -> Location | None:
        """The user's line that awaits the pending request; None once the thread has ended."""
        awaiting = self.locations()
        return awaiting[-1] if awaiting else None

    def locations(self) -> tuple[Location, ...]:
        """The lines of the thread and its helpers that are waiting, outermost first."""
        return tuple(
            Location(code.co_filename, frame.f_lineno, code.co_name, modelled(code))
            for frame in self._frames()
            for code in (frame.f_code,)
        )

    def position(self) -> Hashable:
        """Where in the code of the thread and its helpers it waits, outermost first."""
        return tuple((frame.f_code, frame.f_lasti) for frame in self._frames())

    def variables(self) -> tuple[tuple[str, object], ...]:
        """The locals at those lines, each with its name, as far as they are known."""
        return tuple(pair for frame in self._frames() for pair in frame.f_locals.items())

    def _frames(self) -> Iterator[types.FrameType]:
        """What waits of the thread and its helpers, outermost first."""
        awaited: Any = self.coroutine
        while awaited is not None:
            frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
            if frame is not None and not is_racers_own(module_of(frame)):
                yield frame
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)

    def in_flight(self) -> tuple[BaseException, ...]:
        """What was raised and has not arrived: the thread leaves blocks by it, taking steps."""
        awaited: Any = self.coroutine
        chain = []
        while awaited is not None:
            chain.append(awaited)
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
        held = [each for each in gc.get_referents(*chain) if isinstance(each, BaseException)]
        return tuple(each for each in held if each.__traceback__ is not None)

    def _advance(self, run_on: Callable[[Any], object], given: object) -> Pending:
        outer, here.run = here.run, self
        pulse = here.pulse
        pulse.count += 1
        was_inside, pulse.inside = pulse.inside, True
        try:
            try:
                request = run_on(given)
            finally:
                here.run = outer
                pulse.inside = was_inside
                interrupts.check()  # whatever the thread made of one that was raised in it
        except StopIteration as stop:
            return self._broken() or self._returned(stop.value)
        except Violation as violation:
            self.ended_by = violation
            return self._broken() or Violated(violation.label, violation.effect)
        except AssertionError as error:
            self.ended_by = error
            return self._broken() or Violated(assertion_label(error))
        except UnboundLocalError as error:
            label = uninitialised(error)
            if label:
                self.ended_by = error
                return self._broken() or Violated(label)
            return self._refused(self.refusal or error)
        except Cancelled:
            return self._broken() or Returned(CANCELLED)
        except MemoryError:  # the machine's, and no fault of the model's
            raise
        except OutOfPatience as interrupt:
            return Raised(
                f"it ran for {interrupt.seconds:g} s without awaiting anything, at "
                f"{last_line(interrupt)}. Usual cause: a loop that waits for a value it loaded "
                f"before the loop. Load the cell inside the loop, with `await`.",
                stalled=True,
            )
        except BaseException as error:  # also SystemExit and asyncio's CancelledError
            if interrupts.is_from_outside(error):
                raise
            return self._refused(self.refusal or error)
        if self.refusal is not None:
            self.close()
            return self._refused(self.refusal)
        if isinstance(request, AboutTo):
            atomic = self._regions > 0 or bool(self._locks)
            if not atomic and not self._opening:
                return request
            return AboutTo(request.operation, tuple(self._opening), atomic)
        if isinstance(request, CloseWindow):
            return self._closing(request.slot)
        chain = ", in ".join(str(where) for where in reversed(self.locations()))
        self.close()
        return Raised(
            f"it awaits something that is not racer's (it yielded {describe(request)}) at {chain}."
            f" A modelled thread may await only operations of "
            f"racer: cells, locks, fences, choose, windows, and its own helper coroutines."
        )

    def note_call(self, operation: Coroutine[Any, Any, object], path: str, line: int) -> None:
        """An operation has been called at that line; it takes place when it is awaited."""
        if self._called:
            self._called = [each for each in self._called if never_awaited(each[0])]
        self._called.append((operation, path, line))

    @property
    def _is_forgetful(self) -> bool:
        """Whether an operation was called and has not been awaited yet."""
        return any(never_awaited(operation) for operation, _, _ in self._called)

    def _broken(self) -> Raised | None:
        """What is wrong with the model, although the thread has come to an end."""
        return self._forgotten() if self.refusal is None else self._refused(self.refusal)

    def _refused(self, error: BaseException) -> Raised:
        return Raised(without_addresses(exception_text(error)))

    def _forgotten(self) -> Raised | None:
        """What is not awaited takes no step; a thread that ends with such a call forgot it."""
        for operation, path, line in self._called:
            if never_awaited(operation):
                operation.close()
                where = Location(path, line)
                return Raised(
                    f"{getattr(operation, '__qualname__', 'an operation')}() at {where} is never "
                    f"awaited, so it takes no step. Write `await` before it."
                )
        return None

    def _closing(self, slot: int) -> Pending:
        if any(window.slot == slot for window in self._opening):
            where = self.location()
            self.close()
            return Raised(
                f"a window closes before any step was taken in it{f' at {where}' if where else ''}."
                " It would see no state: what is called in the `async with` block, be it C that "
                "was given, takes no step that the model knows before it returns. Put at least "
                "one operation into the block."
            )
        return Closing(slot)

    def _returned(self, value: object) -> Pending:
        try:
            require_hashable(value, f"the value that thread {self.name!r} returns")
        except TypeError as error:
            return Raised(str(error))
        return Returned(value)


def _call(
    name: str, function: Callable[..., Coroutine[Any, Any, object]], args: tuple[Any, ...]
) -> Coroutine[Any, Any, object]:
    try:
        coroutine = function(*args)
    except TypeError as error:
        raise ProgramError(f"thread {name!r} cannot be started: {error}.") from error
    if not isinstance(coroutine, types.CoroutineType):
        raise ProgramError(
            f"thread {name!r}: {describe(function)} is not an async function (calling it gave "
            f"{describe(coroutine)}). Write it as `async def`."
        )
    return coroutine


def is_stretch(frame: types.FrameType) -> bool:
    """Whether it is of racer's while modelled code runs in it from one await to the next."""
    return frame.f_code is _STRETCH


_STRETCH = CoroutineRun._advance.__code__


def stalled_text(stall: OutOfPatience) -> str:
    """For how long a function ran, and at which line it was then."""
    at = last_line(stall)
    where = f", at {at}" if at else ""
    return f"it ran for {stall.seconds:g} s without returning{where}"
