"""Objects whose calls are to be linearizable: marked in the threads, and told where they are not.

Source   Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", ACM
         TOPLAS 12(3), 1990; how orders are kept, `calls.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, TracebackType
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

from racer.errors import ProgramError
from racer.lang.asking import perform_on, refuse, require_fit
from racer.lang.cells import Handle
from racer.lang.checkpoints import Cancelled
from racer.lang.effects import Effect, Misuse
from racer.lang.operations import Facts, Operation, Show
from racer.lang.outcomes import Violation
from racer.lang.specs.calls import Calls, Way
from racer.lang.specs.states import CallEnd, Raised, Returned, Withdrawn, state_of
from racer.lang.sync.act import Act
from racer.lang.values import describe

NOT_LINEARIZABLE: Final = "not linearizable"

T = TypeVar("T")


class OfCall(Act):
    """Begin or end of a call, which has been given that number once it has begun."""

    __slots__ = ()

    cell: str
    method: str
    args: tuple[object, ...]

    @property
    def facts(self) -> Facts:
        return Facts(self.cell, stores=True, mark=True, gives="a value")

    def call_text(self, show: Show = describe) -> str:
        """The call: `stack.push(1)`."""
        return f"{self.cell}.{self.method}({', '.join(map(show, self.args))})"

    def access_text(self) -> str:
        return f"{self.verb} {self.cell}.{self.method}"


@dataclass(frozen=True, slots=True)
class Begun:
    """What the begin of a call gives its thread: the number by which the call is known."""

    number: int

    def __repr__(self) -> str:
        return f"#{self.number}"


@dataclass(frozen=True, slots=True)
class Left:
    """What the end of a call gives: in how many ways all calls can have happened."""

    ways: int

    def __repr__(self) -> str:
        return "1 way" if self.ways == 1 else f"{self.ways} ways"


@dataclass(frozen=True, slots=True)
class BeginCall(OfCall):
    """Gives the number of the call."""

    cell: str
    method: str
    args: tuple[object, ...]

    verb: ClassVar = "call"

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Calls)
        number, after = before.begin(self.method, self.args)
        return Effect(Begun(number), after)

    def text(self, show: Show = describe) -> str:
        return f"call {self.call_text(show)}"


@dataclass(frozen=True, slots=True)
class EndCall(OfCall):
    """`told`: it was said what the call returns, or it raises; else None is taken for it.

    Errors   Violation where no order of the calls comes to that end.
    """

    cell: str
    method: str
    args: tuple[object, ...]
    number: int
    end: CallEnd
    kind: type  # of the specification
    told: bool = True

    verb: ClassVar = "end of"

    @property
    def facts(self) -> Facts:
        return super(EndCall, self).facts._replace(functions=_functions(self.kind))

    def execute(self, before: object) -> Effect:
        assert isinstance(before, Calls)
        after = before.end(self.number, self.end)
        if after is None:
            raise Violation(NOT_LINEARIZABLE)
        return Effect(Left(len(after.ways)), after)

    def came(self, show: Show = describe) -> str:
        """What it has come to: `2`, `raises KeyError`."""
        return show(self.end.value) if isinstance(self.end, Returned) else repr(self.end)

    def text(self, show: Show = describe) -> str:
        return f"end of {self.call_text(show)}: {self.came(show)}"


class CallStep(NamedTuple):
    """A step at which a call begins or ends, as texts; `number` and `came` are of its end."""

    object: str
    call: str  # `push(1)`
    specification: str = ""
    number: int | None = None
    came: str = ""
    told: bool = True  # whether it was said what it came to


def call_step(operation: Operation, show: Show) -> CallStep | None:
    """What call the operation begins or ends; None: none."""
    if not isinstance(operation, OfCall):
        return None
    begun = CallStep(operation.cell, operation.call_text(show).removeprefix(f"{operation.cell}."))
    if not isinstance(operation, EndCall):
        return begun
    return begun._replace(
        specification=operation.kind.__qualname__,
        number=operation.number,
        came=operation.came(show),
        told=operation.told,
    )


@functools.cache
def _functions(kind: type) -> tuple[Callable[[object], object], ...]:
    """What the class and its bases define: any of it may run when a call ends."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__[:-1]):
        found |= vars(base)
    return tuple(each for _, each in sorted(found.items()) if isinstance(each, FunctionType))


@dataclass(frozen=True, eq=False, slots=True)
class Linearizable(Handle):
    """An object of the code under test, made by Memory.linearizable(), and what it is held against.

    The specification is a plain class: what it does, one call after the other. Its methods are the
    operations; each changes the instance, and returns what the call comes to, or raises it. An
    instance is its attributes: numbers, texts, tuples, frozen dataclasses, and lists, dicts, sets
    and deques of these. A method that raises NotEnabled has its call wait in that state.

        class Stack:
            def __init__(self): self.items = []
            def push(self, item): self.items.append(item)
            def pop(self): return self.items.pop() if self.items else None

        stack = mem.linearizable("stack", Stack)
        ...
        async with stack.call("push", 1):       # in a thread, around the code under test
            ...

    Where a call ends with what it comes to in no order of the calls, that is a Violation "not
    linearizable". The orders are those in which each call takes effect at one instant between its
    begin and its end, as the specification has it; a call that has not ended may have taken effect
    or not. Which instant is not said: all orders are kept, so none is missed.

    Begin and end of a call are steps of their own, which touch no cell of the code under test. So
    calls may be longer than their code, and overlap more; among the interleavings are those in
    which none is, so no violation is missed. They are no instructions: a store buffer does not wait
    for them, so a store may become visible after the end of its call.

    Shape    in a predicate, `state[object].pending` has the calls under way
    Bound    as many calls at a time as there are threads: a thread ends one before the next
    Errors   a ModelError of the exploration for a specification that fails, is no function of its
             state, or holds what cannot be copied; and for a call that it has no method for.
    """

    name: str
    initial: Calls
    kind: type

    def __repr__(self) -> str:
        return f"Linearizable({self.name!r})"

    def fits(self, value: object, threads: int) -> bool:
        """Whether it may hold that value in a program of so many threads."""
        return isinstance(value, Calls) and len(value.pending) <= threads

    def call(self, method: str, *args: object) -> Call:
        """Make a call, for one use: `async with stack.call("push", 1) as call:`.

        It begins with a step where the block does, and ends with one where it is left: with what
        call.returns() was told last, with None where it was told nothing, or with the exception by
        which the block is left. By Cancelled it is withdrawn: then it must have taken no effect.
        """
        if not callable(getattr(self.kind, method, None)) or method.startswith("_"):
            refuse(
                ProgramError(
                    f"call {self.name}.{method}: specification {self.kind.__qualname__} has no "
                    f"method of that name."
                )
            )
        for arg in args:
            require_fit(arg, f"an argument of {self.name}.{method}()")
        return Call(self, method, args)


class Call:
    """A call that a thread makes, from its begin to its end; see Linearizable.call()."""

    __slots__ = ("_args", "_method", "_number", "_object", "_told", "_value")

    def __init__(self, of: Linearizable, method: str, args: tuple[object, ...]) -> None:
        self._object = of
        self._method = method
        self._args = args
        self._number: int | None = None
        self._value: object = None
        self._told = False

    def returns(self, value: T) -> T:
        """Say what the call returns, and return that. It is compared by type and content."""
        require_fit(value, f"what {self._object.name}.{self._method}() returns")
        self._value, self._told = value, True
        return value

    async def __aenter__(self) -> Call:
        of = self._object
        if self._number is not None:
            refuse(
                ProgramError(
                    f"call {of.name}.{self._method} is entered a second time: a call is made once, "
                    f"so write call(...) again."
                )
            )
        begun = await perform_on(of, BeginCall(of.name, self._method, self._args))
        self._number = begun.number
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._number is not None
        end: CallEnd = Returned(self._value)
        if kind is not None:
            if issubclass(kind, Violation | AssertionError):
                return  # the thread ends here, so the call never does
            if not issubclass(kind, Exception | Cancelled):
                return  # the run is abandoned
            end = Withdrawn() if issubclass(kind, Cancelled) else Raised(kind)
        of, told = self._object, self._told or kind is not None
        done = EndCall(of.name, self._method, self._args, self._number, end, of.kind, told)
        await perform_on(of, done)


def linearizable(name: str, specification: Callable[[], object]) -> Linearizable:
    """An object of that name, with the instance that `specification()` makes as its first state.

    Errors   ProgramError for a specification that is none.
    """
    if not callable(specification):
        raise ProgramError(
            f"linearizable {name!r} needs a class as its specification, or a function that makes "
            f"an instance, not {describe(specification)}."
        )
    try:
        instance = specification()
        state = state_of(instance)
    except Misuse as error:
        raise ProgramError(f"linearizable {name!r}: {error}") from None
    except Exception as error:
        raise ProgramError(
            f"linearizable {name!r}: its specification cannot be made: {type(error).__name__}: "
            f"{error}."
        ) from error
    return Linearizable(name, Calls((Way(state),)), state.kind)
