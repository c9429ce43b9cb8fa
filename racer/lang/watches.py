"""Watches: named predicates over a state, and the windows in which a thread observes them.

A window answers a question about the truth while a thread looked away: was the predicate
true at every state between two of its steps, at some, at none? Its edges are not steps. It
opens at the state just before the thread's next step and closes at the state just after its
last, so a window over n >= 1 steps sees the states before and after each, and every state
that other threads make in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Final, Protocol, TypeVar

from racer.errors import ModelError, ProgramError
from racer.interrupts import is_from_outside
from racer.lang.asking import operation, perform, perform_silently, refuse, thread_run
from racer.lang.operations import Facts, Operation, Show
from racer.lang.pending import CloseWindow
from racer.lang.run import OutOfPatience, stalled_text
from racer.lang.values import describe, truth_of

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Readable(Protocol[T_co]):
    """A cell or a lock, as far as a predicate needs it to read a state."""

    @property
    def name(self) -> str: ...

    @property
    def initial(self) -> T_co: ...


class State:
    """The values of all cells at one instant: what a predicate is given.

    `state[cell]` is the cell's value, `state[lock]` whether the lock is held. Nothing else can be
    asked of it, and nothing is awaited. Between two steps of all threads there is one state.

    Errors   ModelError for a cell of another Memory, and, in the predicate of a watch, for a cell
             that the watch did not name in `cells`: a step that changes it would be missed.
    """

    __slots__ = ("_allowed", "_owner", "_values")

    def __init__(
        self, values: Mapping[str, object], allowed: frozenset[str] | None, owner: str
    ) -> None:
        self._values = values
        self._allowed = allowed
        self._owner = owner

    def __getitem__(self, cell: Readable[T]) -> T:
        name = cell.name
        if self._allowed is not None and name not in self._allowed:
            raise ModelError(
                f"{self._owner} reads cell {name!r}, which its `cells` lack: add it there, or "
                f"the watch would miss the steps that change it."
            )
        if name not in self._values:
            raise ModelError(f"{self._owner} reads {name!r}, which belongs to another Memory.")
        return self._values[name]  # type: ignore[return-value]  # a cell holds only its own type


_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Observation:
    """What a window saw: whether its predicate was ever true, ever false, and at the end."""

    ever_true: bool
    ever_false: bool
    at_end: bool


# Everything a window can have seen: it sees at least one state, and the end is one of them.
OBSERVATIONS: Final = (
    Observation(ever_true=False, ever_false=True, at_end=False),
    Observation(ever_true=True, ever_false=True, at_end=False),
    Observation(ever_true=True, ever_false=True, at_end=True),
    Observation(ever_true=True, ever_false=False, at_end=True),
)


@dataclass(frozen=True, eq=False, slots=True)
class Watch:
    """A named predicate over some cells, made by Memory.watch(), that threads observe in windows.

    `cells` are the names of the cells and locks that the predicate may read.
    """

    name: str
    predicate: Callable[[State], object]
    cells: tuple[str, ...]

    def holds(self, values: Mapping[str, object]) -> bool:
        """Evaluate on one state. Errors: ModelError naming the watch when it raises."""
        return evaluate(f"watch {self.name!r}", self.predicate, values, frozenset(self.cells))

    def window(self) -> Window:
        """Make a window on this watch, for one use: `async with watch.window() as seen:`."""
        return Window(self)

    @operation
    async def wait(self) -> None:
        """Block until the predicate holds: of several cells at the same time. One step.

        It reads all its cells at once, which no machine does: what polls them one after the other
        is a loop of loads. While the predicate is false the thread takes no step.
        """
        await perform(WaitFor(self))


@dataclass(frozen=True, slots=True)
class WaitFor(Operation):
    """Blocks while a watch is false; executing it reads all cells of the watch."""

    watch: Watch

    verb: ClassVar = "wait for"

    @property
    def facts(self) -> Facts:
        return Facts(blocks=True, options=(None,), watch=self.watch.name)

    def can_go(self, values: Mapping[str, object]) -> bool:
        return self.watch.holds(values)

    def obstacle(self, value: str) -> str:
        return f"waits for watch {self.watch.name!r}"

    def _arguments(self, show: Show) -> str:
        return f" {self.watch.name!r}"


UNKNOWN: Final = "not known, since it did not return"  # what `shows` say that hang


class Hangs(ModelError):
    """A predicate, or another function from a state, that ran out of patience."""


def evaluate(
    owner: str,
    predicate: Callable[[State], object],
    values: Mapping[str, object],
    allowed: frozenset[str] | None = None,
) -> bool:
    """A predicate's truth in one state; its exceptions become ModelErrors that name `owner`."""
    return _asked(owner, lambda state: truth_of(predicate(state)), values, allowed)


def said(owner: str, show: Callable[[State], str], values: Mapping[str, object]) -> str:
    """What a Program's `shows` function says of one state; its exceptions as in evaluate()."""
    return _asked(owner, lambda state: str(show(state)), values, None)


def _asked(
    owner: str,
    question: Callable[[State], _Answer],
    values: Mapping[str, object],
    allowed: frozenset[str] | None,
) -> _Answer:
    try:
        return question(State(values, allowed, owner))
    except (ModelError, MemoryError):
        raise
    except OutOfPatience as stall:
        state = ", ".join(f"{name}={describe(value)}" for name, value in values.items())
        raise Hangs(f"{owner} hangs: {stalled_text(stall)}\nin the state {state}") from None
    except BaseException as error:  # also SystemExit: a predicate does not end the process
        if is_from_outside(error):
            raise
        state = ", ".join(f"{name}={describe(value)}" for name, value in values.items())
        raise ModelError(
            f"{owner} raised {type(error).__name__}: {error}\nin the state {state}\n"
            f"A predicate must give an answer in every state the program can reach."
        ) from error


def inconsistent(name: str, values: Mapping[str, object]) -> ModelError:
    """The error for a state in which the `consistency` predicate of that name is false.

    `values` are those of the cells it looked at.
    """
    state = ", ".join(f"{cell}={describe(value)}" for cell, value in values.items())
    return ModelError(
        f"the model contradicts itself: {name!r}, which it promises of every state "
        f"(Program(consistency=...)), is false where {state}."
    )


class Window:
    """The states that a thread lives through in a block, and what a watch was in them.

        async with watch.window() as seen:
            ...                             # at least one step
        if seen.never: ...

    It opens at the state just before the first step of the block and closes at the state just
    after the last one; every state that other threads make in between belongs to it. Neither
    edge is a step, so a window changes no count of interleavings.

    Errors   ProgramError for a window that is read before it has closed, or entered twice; an
             empty one sees no state. In a thread these are the ModelError of the exploration.
    """

    __slots__ = ("observation", "slot", "watch")

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.slot: int | None = None  # position among the thread's open windows, once entered
        self.observation: Observation | None = None

    async def __aenter__(self) -> Window:
        if self.slot is not None:
            refuse(
                ProgramError(
                    f"the window on {self.watch.name!r} is entered a second time: a window is "
                    f"used once, so call watch.window() again."
                )
            )
        self.slot = thread_run(f"a window on {self.watch.name!r}").open_window(self.watch)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is GeneratorExit:  # the run is being abandoned, not continued
            return
        assert self.slot is not None
        seen = await perform_silently(CloseWindow(self.slot))
        assert isinstance(seen, Observation)
        self.observation = seen

    def _seen(self) -> Observation:
        if self.observation is None:
            refuse(
                ProgramError(
                    f"the window on {self.watch.name!r} is read before it has closed: read it "
                    f"after the `async with` block."
                )
            )
        return self.observation

    @property
    def always(self) -> bool:
        """True if the predicate held in every state of the window."""
        return not self._seen().ever_false

    @property
    def sometimes(self) -> bool:
        """True if the predicate held in at least one state of the window."""
        return self._seen().ever_true

    @property
    def never(self) -> bool:
        """True if the predicate held in no state of the window."""
        return not self._seen().ever_true

    @property
    def at_end(self) -> bool:
        """True if the predicate held in the last state of the window."""
        return self._seen().at_end
