"""What a difference consists of: two results, what each has, and schedules run in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from racer.exploration.result import Result, Witness
from racer.lang.outcomes import OutcomeKey, OutcomeValue
from racer.lang.program import Program
from racer.replaying.trace import Event, Trace
from racer.search.escaping import Escape

T = TypeVar("T")
Which = Literal["first", "second"]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two programs, what it is called, and what exploring it found."""

    name: str
    program: Program
    result: Result

    @property
    def complete(self) -> bool:
        """Whether what was not found is proved not to be there."""
        return self.result.bound is None


@dataclass(frozen=True, slots=True)
class Share:
    """How one program shows something: in how many interleavings (None: not counted)."""

    interleavings: int | None
    witness: Witness


@dataclass(frozen=True, slots=True)
class Compared(Generic[T]):
    """Something that one program shows or both do; None for the one that does not."""

    what: T
    first: Share | None
    second: Share | None

    @property
    def only(self) -> Which | None:
        """Which of them alone shows it."""
        if self.first is not None and self.second is not None:
            return None
        return "second" if self.first is None else "first"


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a thread makes no step where the schedule moves it.

    `ended` is what it came to before; `operation` is where it is blocked, or the `choose` that
    lacks the option. `what` puts it as a predicate, but for the value it ended with.
    """

    what: Literal["has ended", "is blocked", "lacks the option"]
    ended: OutcomeValue | None = None
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Aligned:
    """One row: what a move of the schedule does in the leader, and in the follower.

    Shape    `leader` is None for the steps that complete the follower after the schedule;
             `follower` is None where it cannot make the move, and `absent` then says why.
             `alike`: the same operation with the same result, effect and ending.
    """

    leader: Event | None
    follower: Event | None
    absent: Absence | None
    alike: bool


@dataclass(frozen=True, slots=True)
class Alignment:
    """The minimal witness of something, and the other program under the same schedule.

    `of` is a label, or an outcome of the leader. The follower makes the same moves in the same
    order, leaves out those it cannot make, and is then brought to an end by its least moves
    (`unfinished` says why if it is not). `shown`: it comes to `of` as well. An outcome has no
    `escape`.
    """

    of: str | OutcomeKey
    leader: Which
    rows: tuple[Aligned, ...]
    leading: Trace
    following: Trace
    shown: bool
    escape: Escape | None
    unfinished: str | None

    @property
    def parts(self) -> int | None:
        """The first row at which the follower does something else."""
        return next((i for i, row in enumerate(self.rows) if not row.alike), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """What diff() found: two programs compared.

    first       the one program, its name and its Result; second: the other
    labels      of both, by name
    outcomes    of both: simplest first, by their witnesses
    values      what each thread can come to, by thread
    alignments  of every label that only one has or that the first has, then of outcomes that
                only one is proved to have (`unaligned` counts those left out); an outcome that
                shows a label only one has is told by that label and is not counted again
    cut         why alignments of these are missing; None: they are all there
    """

    first: Side
    second: Side
    labels: tuple[Compared[str], ...]
    outcomes: tuple[Compared[OutcomeKey], ...]
    values: tuple[Compared[tuple[str, OutcomeValue]], ...]
    alignments: tuple[Alignment, ...]
    unaligned: int
    cut: str | None = None

    @property
    def complete(self) -> bool:
        """Whether both were searched in full; if not, a limit may hide what one seems to lack."""
        return self.first.complete and self.second.complete

    def side(self, which: Which) -> Side:
        """The program that is called "first" or "second" in Compared.only and Alignment.leader."""
        return self.first if which == "first" else self.second

    def other(self, which: Which) -> Side:
        """The program that is not the one called "first" or "second"."""
        return self.second if which == "first" else self.first


class DiffInterrupted(KeyboardInterrupt):
    """Ctrl-C while diff() was comparing; `difference` is what it had found."""

    def __init__(self, difference: Difference) -> None:
        super().__init__("interrupted")
        self.difference = difference
