"""What an explanation consists of: texts and their places, nothing left to compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from racer.errors import Location
from racer.words.changes import Change
from racer.words.phrases import modelled_function

INITIAL = "initial"  # the source of a load that no step of the schedule stored for


LaneState = Literal["ended", "blocked", "endless", "open", "idle"]


@dataclass(frozen=True, slots=True)
class Lane:
    """A thread's column, headed by `title`.

    `first` and `last` are the rows of its steps, None when it takes none.
    `end` says how it stands after the last row: "is blocked on lock L, held by C". Its `state` is
    "blocked" where a deadlock or a livelock is told, for ever, and "endless" where it goes on for
    ever; otherwise "open" if it has taken a step and not ended, and "idle" if it has taken none, be
    it that it never can.
    """

    thread: str
    short: str
    title: str
    first: int | None
    last: int | None
    state: LaneState
    end: str

    @property
    def is_kept(self) -> bool:
        """Whether it never comes to its end."""
        return self.state in ("blocked", "endless")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell before the first step; `touched` when a step of the schedule accesses it."""

    name: str
    value: str
    touched: bool


@dataclass(frozen=True, slots=True)
class Read:
    """The value a step read and the step that stored it: its name and row, or INITIAL and None."""

    value: str
    source: str
    row: int | None

    @property
    def origin(self) -> str:
        """As a phrase: "initial", "from S3"."""
        return self.source if self.row is None else f"from {self.source}"


SwitchReason = Literal["preempted", "atomic", "blocked", "finished"]


@dataclass(frozen=True, slots=True)
class Switch:
    """Why the row's thread runs and not `thread`, which took the step before.

    `text` is whole:
    "C preempted", "C is in an atomic region; another CPU runs", "C finished: returns 1",
    "C is blocked on lock L, held by S".
    """

    thread: str
    lane: int
    reason: SwitchReason
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A window, from just before its first row to just after its last (None: it stays open).

    `seen` is what it saw of its watch: "never true".
    """

    watch: str
    lane: int
    first: int
    last: int | None
    opened: str  # name of its first step
    closed: str | None
    seen: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One step. `text` is the operation with its result; `operation` is without it. `short` is
    what it changed, or else what it did, for pictures with little room.

    `opened` and `closed` index the explanation's `windows`. `broken` are the invariants that
    this step makes false. `ending` is what its thread came to with it; `raised`: a Violation.
    `violates`: with this step the execution has the label; true of no row of a deadlock.
    """

    name: str
    thread: str
    lane: int
    operation: str
    text: str
    short: str
    read: Read | None
    changes: tuple[Change, ...]
    truths: tuple[Change, ...]  # of watches
    shown: tuple[Change, ...]  # of what the program's `shows` say
    switch: Switch | None
    opened: tuple[int, ...]
    closed: tuple[int, ...]
    broken: tuple[str, ...]
    ending: str | None
    raised: bool
    violates: bool
    locations: tuple[Location, ...]  # the lines that await the operation, outermost first
    source_places: tuple[str, ...]  # see Side

    @property
    def location(self) -> Location | None:
        """The line of the operation itself."""
        return self.locations[-1] if self.locations else None

    @property
    def models(self) -> str:
        """The function of the code under test that it is a step of, if the model names it."""
        return modelled_function(self.locations)


@dataclass(frozen=True, slots=True)
class NotComputed:
    """In place of a part of an explanation that is not known; `reason` is a phrase, why.

    It is empty where there is nothing to say: the program was not given.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Side:
    """A step as one side of a conflict or an ordering.

    `row` is None for a step that is not shown: the next one of its thread, which comes after the
    one that violates, or never. `before` and `after` are the values of its cell, None where it
    has none or the step is never taken.
    """

    name: str
    row: int | None
    thread: str
    step: int  # the thread's steps are counted from 1
    text: str  # the operation with what it read or changed; of a step never taken, it or nothing
    cell: str | None
    before: str | None
    after: str | None
    source_places: tuple[str, ...]  # each says less; the last, file and line of the operation only

    @property
    def called(self) -> str:
        """What to call it beside a picture, which has no name for a step that it does not show.

        With a thread's first step it starts, which is what there is to say of it.
        """
        if self.row is not None:
            return self.name
        return f"{self.thread} starts" if self.step == 1 else f"{self.thread}'s next step"

    @property
    def told(self) -> str:
        """What it is called, and its text."""
        between = " "
        if self.row is None:
            between = " with " if self.step == 1 else ", "
        return f"{self.called}{between}{self.text}" if self.text else self.called


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two steps of different threads on one cell, one of which stores to it, in their order.

    One is a read of the violating thread (of the one that breaks an invariant), within the
    windows that it closed last, or anywhere if there are none. The other is a store of another
    thread: the one that it reads from, or the first after it and up to the violating step that
    leaves another value than it read. Of several reads with the same store only the nearest to it
    is kept. `decisive`: the two are one of `orderings` or `enabling`.
    """

    cell: str
    first: Side
    second: Side
    decisive: bool


@dataclass(frozen=True, slots=True)
class Ordering:
    """`first` happens, and `then` does not happen before it.

    Each is a step by its number within its thread, whatever it does in another schedule; a Side
    says what it does in this one.
    """

    first: Side
    then: Side
    happens: bool = False  # that `first` happens is all that is needed of it

    def told(self, first: str, then: str) -> str:
        """In a sentence, by what its sides are called there."""
        return f"{first} happens" if self.happens else f"{first} before {then}"


@dataclass(frozen=True, slots=True)
class NoReturn:
    """The first step after which every continuation shows the label.

    `row` and `name` are None when every interleaving shows it. `last`: it is the step that
    violates (or completes the deadlock), so that it could be avoided all the time before. Of a
    livelock: the first step after which no end can be reached.
    """

    row: int | None
    name: str | None
    last: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """A value that the violating thread reads twice, while the cell held another in between.

    `first` and `again` are two reads of `cell`, as those of a Conflict, with no access of that
    thread in between; `between` are the steps of others that changed it. `meanwhile` are the
    steps of others that changed, in that time, a cell of the object `value` names which the
    thread reads too.
    """

    cell: str
    value: str
    first: Side
    again: Side
    between: tuple[Side, ...]
    meanwhile: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class ThreadsNeeded:
    """The fewest threads that can show the label by steps of their own, the others taking none.

    Copies of a thread are alike: the first ones are named. A deadlock is theirs if some of them
    come to where they are blocked and stay so, whatever the others do then.
    """

    threads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows of one thread, `first` to `last`, that a picture may draw as one.

    None of them is decisive: see `racer.explanation.folding`. `changes` are what they change
    together: a lock that is taken and released has no part in them.
    """

    name: str  # "A4..A9"
    lane: int
    first: int
    last: int
    text: str  # "6 steps: H.page_type none -> buddy"
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that a thread holds, from the row that acquires it to the one that releases it.

    `last` is None when it is still held after the last row.
    """

    lock: str
    lane: int
    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Segment:
    """While a text holds: from row `first` (None: from the start) to row `last` (None: the end).

    It is true of the states after the row `first` and before the row `last`.
    """

    first: int | None
    last: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """What one of the program's `shows` says along the rows; no two segments in a row agree."""

    name: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class CallTold:
    """A call of an object that is to be linearizable: `push(1)`, from step `first` to `last`.

    `last` is None, and `end` empty, where it has not ended. `beside` are the calls that it
    overlaps, by the names of their first steps: of it and one of these, either may be first.
    """

    text: str
    thread: str
    first: str
    last: str | None
    end: str  # what it came to: "2", "raises KeyError"
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallHistory:
    """The calls of an object, in the order of their first steps: no order of them is one that its
    `specification` has. Without the end of the last one to end, there is such an order; that call
    could then come to one of `could`, or to no end at all if there are none. `untold`: nobody said
    what it returns, so None was taken.
    """

    name: str
    specification: str
    start: str  # its state before the first call
    calls: tuple[CallTold, ...]
    could: tuple[str, ...]
    untold: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """A witness, told up to the step that violates; a livelock's to the end of its cycle.

    `verdict` is one sentence; `cause` is one, too, or empty; `count` and `fact` are phrases
    without a stop; `notes` are whole sentences: what follows that step, which threads take no
    step, where in the source it is. Its parts (Lane, Cell, Row, ...) are of racer.explanation.data.

    `orderings` are decisive: every maximal schedule (infinite ones included, fair or not) that
    satisfies all of them shows the label. None can be dropped. A `first` is a step that is shown; a
    `then` is, too, or is the next step of its thread. That a `first` has to happen is part of it;
    where that can fail, `enabling` are further orderings. If all of both are kept to, each
    `then` waiting for its `first`, every schedule shows the label (every fair one, if it is
    infinite), and until then none waits in vain; and
    this does not hold without one of `enabling`. These, `no_return` and `threads_needed` are
    exact, over all schedules of the program, or NotComputed.

    `telling` are the rows that tell most of why, for a picture that has no room for all; the most
    telling first. `comes_to`, `names` and `models` are in the words of the Program's About: what
    the label comes to, half a sentence; who is who of what those rows touch; which code it is.

    `effect` is what the violation of this schedule declares. `with_effect` of the `interleavings`
    have it, too; None where the label has no other, or none is counted.

    The last `cycle` rows are repeated for ever: a livelock. Of one `escapable` says whether an end
    can still be reached then, so that it takes a fair scheduler's consent; None: not known. `spent`
    are perpetual threads, or daemons, which have no end to reach, and change no cell any more from
    the point of no return on.
    """

    label: str
    verdict: str
    cause: str
    count: str
    fact: str
    interleavings: int | None
    total: int | None
    preemptions: int
    minimal: bool
    cpus: int
    lanes: tuple[Lane, ...]
    cells: tuple[Cell, ...]
    truths: tuple[tuple[str, bool], ...]  # of the watches, before the first step
    windows: tuple[Span, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    returned_values: tuple[Returned, ...]
    orderings: tuple[Ordering, ...] | NotComputed
    enabling: tuple[Ordering, ...] | NotComputed
    no_return: NoReturn | NotComputed
    threads_needed: ThreadsNeeded | NotComputed
    folded: tuple[Fold, ...]
    axis: tuple[Axis, ...] = ()
    held: tuple[Held, ...] = ()
    cycle: int = 0
    escapable: bool | None = None
    spent: tuple[str, ...] = ()
    telling: tuple[int, ...] = ()
    steps: int = 0  # of the whole schedule
    comes_to: str = ""
    names: tuple[tuple[str, str], ...] = ()
    models: str = ""
    effect: str = ""
    with_effect: int | None = None
    calls: CallHistory | None = None  # where an object is not linearizable
