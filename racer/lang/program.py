"""Programs: threads over one memory, with what must hold always and be reached sometimes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from racer.errors import Location, ProgramError
from racer.lang.about import About
from racer.lang.final import FinalPredicate
from racer.lang.memory import Memory
from racer.lang.outcomes import OWN_LABELS
from racer.lang.run import CoroutineRun, Run
from racer.lang.values import describe
from racer.lang.watches import State
from racer.lang.ways_out import has_no_way_out

ThreadFunction = Callable[..., Coroutine[Any, Any, object]]
Predicate = Callable[[State], object]
Show = Callable[[State], str]


class Thread:
    """A thread that runs `fn(*args)`, or `copies` interchangeable ones that all do.

    In a Program under the name "R" it is the thread R; with copies=2 it is two threads, R.0 and
    R.1. Copies are searched as one up to symmetry, so many of them cost little.

    fn       an `async def`. It awaits operations of racer (cells, locks, fence, choose, windows)
             and helpers that do, and nothing else. Between two of them it computes from its own
             locals and is deterministic. What it returns is its outcome, and hashable.
    args     are constant: cells, or immutable values
    copies   1 or more
    daemon   it need not come to an end: a worker that waits for more, a loop without an end by
             intent. That it is blocked or goes on for ever is no deadlock or livelock; that
             another thread is kept from its end by it is one, and so is that no thread has ended
             and none can move.

    cancellable   it is a task of an event loop that may be cancelled, once: where it awaits a
                  checkpoint(), or has to wait, Cancelled is raised there

    A function without a way out, `while True` without a `break`, makes a thread perpetual. That it
    goes on for ever is no livelock either; but being no daemon it has work to do, so that it is
    blocked, or never again changes a cell, is a deadlock or a livelock.

    Errors   ProgramError for a coroutine in place of the function, or fewer copies than 1.
    """

    def __init__(
        self,
        fn: ThreadFunction,
        *args: object,
        copies: int = 1,
        daemon: bool = False,
        cancellable: bool = False,
    ) -> None:
        if not callable(fn):
            raise ProgramError(f"Thread({fn!r}): give it the async function, not its result.")
        if not isinstance(copies, int) or isinstance(copies, bool) or copies < 1:
            raise ProgramError(f"Thread(..., copies={copies!r}): copies must be 1 or more.")
        if not isinstance(daemon, bool):
            raise ProgramError(f"Thread(..., daemon={daemon!r}): daemon is True or False.")
        if not isinstance(cancellable, bool):
            raise ProgramError(
                f"Thread(..., cancellable={cancellable!r}): cancellable is True or False."
            )
        self.cancellable = cancellable
        self.fn = fn
        self.args = args
        self.copies = copies
        self.daemon = daemon
        self.perpetual = not daemon and has_no_way_out(fn)

    def start(self, name: str, memory: Memory) -> Run:
        """A new run, as the thread of that name, up to its first operation."""
        return CoroutineRun(name, self.fn, self.args, memory.handles, self.cancellable)

    def copied(self, copy: Callable[[Any], Any]) -> Thread:
        """A thread that does the same with copies of its function and arguments."""
        arguments = (copy(each) for each in self.args)
        return Thread(
            copy(self.fn),
            *arguments,
            copies=self.copies,
            daemon=self.daemon,
            cancellable=self.cancellable,
        )

    def constants(self) -> Iterator[tuple[str, object]]:
        """What its code can reach without being given it, with words for each."""
        yield "its function", self.fn
        for position, argument in enumerate(self.args):
            yield f"its argument {position + 1}", argument

    def described(self) -> str:
        """Its function and where that is defined, for messages."""
        code = getattr(self.fn, "__code__", None)
        where = "" if code is None else f", {Location(code.co_filename, code.co_firstlineno)}"
        return f"{describe(self.fn)}{where}"


@dataclass(frozen=True, slots=True)
class ThreadInstance:
    """One thread of a Program, with its name and the Thread it is a copy of."""

    name: str
    group: str
    thread: Thread
    memory: Memory

    @property
    def daemon(self) -> bool:
        """Whether it need not come to an end."""
        return self.thread.daemon

    @property
    def perpetual(self) -> bool:
        """Whether it is no daemon, and its code has no way out."""
        return self.thread.perpetual

    def start(self) -> Run:
        """A new run of this thread, up to its first operation."""
        return self.thread.start(self.name, self.memory)


@dataclass(frozen=True, slots=True)
class Program:
    """What is explored: threads over one memory. They are taken by name, in no other order.

    A predicate is a plain function of one argument, a State, in which `state[cell]` reads a cell
    and `state[lock]` says whether a lock is held. It returns a truth value, is pure, and is asked
    of any state that the program can reach.

    memory       the Memory that all cells and locks of the threads are from
    threads      by name; at least one
    invariants   predicates by name, which hold in every state, the initial one included; where
                 one does not, its name is the label of the violation
    sometimes    predicates by name, each of which must hold in some state; one that never does
                 makes the verdict "fail": the model does not show what it is for
    finally_     predicates by name, which hold wherever an interleaving ends with no thread left
                 that is no daemon ("nothing leaked", "never both"); where one does not, its name
                 is the label of the violation. One of two arguments is given, too, what each
                 thread came to, by name; copies have one tuple under the name they share.
    consistency  predicates by name, which the model promises of itself in every state; where one
                 is false the model is broken, not the code under test: a ModelError
    shows        functions of a State, by name, that return a text of a word or two: what is true
                 of that state. Mails and pictures show it along the steps; the search never asks.
    event_loop   threads are tasks of one event loop, as of asyncio or trio: one that has taken a
                 step goes on undisturbed until it comes to `await checkpoint()`, has to wait, or
                 ends. Who goes on then is open: any that can. With "fifo", it is who has been
                 ready for longest, as asyncio has it; at first, in the order of `threads`.
                 Memory models make no difference then: all tasks are one thread of the machine.
    about        words for a mail about it, which nothing else asks for

    Errors   ProgramError for what is none of these, for two threads of one name, for an
             invariant or `finally_` with a label of racer's own ("deadlock", "livelock"), and for
             one of each with the same name.
    """

    memory: Memory
    threads: Mapping[str, Thread]
    invariants: Mapping[str, Predicate] = field(default_factory=dict)
    sometimes: Mapping[str, Predicate] = field(default_factory=dict)
    finally_: Mapping[str, FinalPredicate] = field(default_factory=dict)
    consistency: Mapping[str, Predicate] = field(default_factory=dict)
    shows: Mapping[str, Show] = field(default_factory=dict)
    about: About = field(default_factory=About)
    event_loop: bool | Literal["fifo"] = False

    def __post_init__(self) -> None:
        if sys.flags.optimize:
            raise ProgramError(
                "Python runs with -O (or PYTHONOPTIMIZE), which leaves out every `assert`: a model "
                "would pass that fails.\nTry: run it without -O, and unset PYTHONOPTIMIZE."
            )
        if not self.threads:
            raise ProgramError("a Program needs at least one thread.")
        if self.event_loop not in (False, True, "fifo"):
            raise ProgramError(
                f"Program(..., event_loop={self.event_loop!r}): it is True, False or 'fifo'."
            )
        for name, thread in self.threads.items():
            if not isinstance(name, str) or not name:
                raise ProgramError(f"a thread's name must be a non-empty text, not {name!r}.")
            if not isinstance(thread, Thread):
                raise ProgramError(f"thread {name!r} is {thread!r}: wrap it as Thread(fn).")
            if thread.cancellable and not self.event_loop:
                raise ProgramError(
                    f"thread {name!r} may be cancelled, which is what happens to tasks of an event "
                    f"loop. Write Program(..., event_loop=True)."
                )
            if thread.cancellable and self.event_loop == "fifo":
                raise ProgramError(
                    f"thread {name!r} may be cancelled, at whatever time, and with "
                    f"event_loop='fifo' it could be so only as soon as it waits. Write "
                    f"Program(..., event_loop=True)."
                )
        for owner, name, predicate in self.functions():
            if not isinstance(name, str) or not name or not callable(predicate):
                raise ProgramError(f"{owner} needs a name and a predicate over State.")
        for label in OWN_LABELS:
            for kind, named in (("invariant", self.invariants), ("finally_", self.finally_)):
                if label in named:
                    raise ProgramError(f"the label {label!r} is racer's own: rename that {kind}.")
        own = self.memory.finally_()
        for label, predicate in own.items():
            if self.finally_.get(label, predicate) is not predicate:
                raise ProgramError(f"the label {label!r} is a pool's own: rename that finally_.")
        object.__setattr__(self, "finally_", {**self.finally_, **own})
        both = sorted(self.invariants.keys() & self.finally_.keys())
        if both:
            raise ProgramError(
                f"{both[0]!r} is an invariant and a finally_, and one label cannot tell which is "
                f"violated: rename one of them."
            )
        if not isinstance(self.about, About):
            raise ProgramError(f"Program(..., about={self.about!r}): give it an About.")
        names = [instance.name for instance in self.instances()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ProgramError(f"two threads are named {twice[0]!r}: rename one of them.")
        self.memory.seal(len(names))

    def predicates(self) -> Iterator[tuple[str, str, Predicate]]:
        """Those of every state: what messages call it, its name, the predicate."""
        kinds = {
            "invariant": self.invariants,
            "sometimes": self.sometimes,
            "consistency": self.consistency,
        }
        for kind, predicates in kinds.items():
            for name, predicate in predicates.items():
                yield f"{kind} {name!r}", name, predicate

    def functions(self) -> Iterator[tuple[str, str, Callable[..., object]]]:
        """The predicates, those of ends, and what only pictures ask."""
        yield from self.predicates()
        for name, final in self.finally_.items():
            yield f"finally {name!r}", name, final
        for name, show in self.shows.items():
            yield f"shows {name!r}", name, show

    def instances(self) -> tuple[ThreadInstance, ...]:
        """Every thread, copies expanded, ordered by name and copy number."""
        expanded = []
        for group in sorted(self.threads):
            thread = self.threads[group]
            for copy in range(thread.copies):
                name = group if thread.copies == 1 else f"{group}.{copy}"
                expanded.append(ThreadInstance(name, group, thread, self.memory))
        return tuple(expanded)
