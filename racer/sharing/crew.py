"""Who does the items of a command: this process, several, or a cluster; and the answers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from racer.errors import UsageError
from racer.lang.cgroups import least_cores
from racer.sharing.working import Job, Raised, Told, unpacked

Item = TypeVar("Item")
Answer = TypeVar("Answer")

JOBS: Final = "RACER_JOBS"  # in the environment: how many processes, where --jobs does not say


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the items.

    jobs      how many processes at once; None: RACER_JOBS, or as many as there are cores for this
              process. With a local cluster, how many workers that has
    cluster   the address of the scheduler of a Dask cluster, or "local" for one of this machine's;
              None: processes of this machine
    """

    jobs: int | None = None
    cluster: str | None = None

    def processes(self, items: int) -> int:
        """How many processes of this machine do so many items. Errors: UsageError."""
        return max(1, min(self.jobs or default_jobs(), items))

    def is_alone(self, items: int) -> bool:
        """Whether this process does so many items by itself, one after the other."""
        return self.cluster is None and self.processes(items) == 1


ALONE: Final = Crew(jobs=1)


@dataclass(frozen=True, slots=True)
class Lost:
    """In place of an answer: whoever did the item ended, twice; `text` says so."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an item. `said`: what was written to stderr meanwhile, and is to be."""

    answer: Any
    said: str = ""

    def value(self) -> Any:
        """The answer. Errors: what doing the item has raised."""
        if isinstance(self.answer, Raised):
            raise self.answer.error
        return self.answer


class Hands(Protocol):
    """Processes that take jobs, one each at a time; `broken` where none takes any more."""

    broken: bool

    def start(self, number: int, job: bytes) -> None:
        """Give a job of that number to one that is free."""

    def wait(self) -> list[tuple[int, bytes | None]]:
        """Wait for some to be done: what came of them; None: who did it is gone."""

    def free(self) -> int:
        """How many jobs could be started now."""

    def close(self, *, at_once: bool) -> None:
        """Let them go; `at_once`, whatever they are at."""


def default_jobs() -> int:
    """How many processes there are where nobody says. Errors: UsageError for RACER_JOBS."""
    given = os.environ.get(JOBS, "")
    if not given:
        return cores()
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise UsageError(
            f"{JOBS}={given} in the environment: it is a number of processes, 1 or more."
        )
    return int(given)


def cores() -> int:
    """How many processors this process may use: what it is bound to, and what its cgroups allow."""
    try:
        bound = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not on every system
        bound = os.cpu_count() or 1
    allowed = least_cores()
    return bound if allowed is None else max(1, min(bound, allowed))


def done(
    work: Callable[[Item], object],
    items: Sequence[Item],
    crew: Crew,
    *,
    kinds: Sequence[Hashable] | None = None,
    sizes: Sequence[int] | None = None,
    by_itself: float = 0.0,
) -> Iterator[tuple[int, Done]]:
    """Have every item done: its number, and what came of it, as they come.

    work    a function of a module, which other processes find by its name. It is given one item,
            and both it and what it returns have to be fit to be carried (parcels.py)
    kinds   what items are alike: what took long of a kind goes first
    sizes   how much an item is likely to take; the larger go first
    by_itself   so many seconds this process does items by itself, the smallest first, before
            others are asked, who take half a second until they are there

    What is raised is part of a Done. An item that a process had too little memory for, of which
    others took their share, is done again once these have gone.

    Errors   UsageError for a cluster that is not there.
    """
    if crew.is_alone(len(items)):
        for number, item in enumerate(items):
            yield number, Done(work(item))
        return
    if not items:
        return
    queue = Queue(kinds or [0] * len(items), sizes or [0] * len(items))
    due = time.monotonic() + by_itself
    while crew.cluster is None and queue and time.monotonic() < due:
        number = queue.take_least()
        yield number, Done(work(items[number]))
    jobs = [Job(work, item).packed() for item in items]
    cramped: list[int] = []
    for number, told in _shared(jobs, queue, lambda: _hands(crew, len(items))):
        if told.cramped:
            cramped.append(number)
        else:
            yield number, Done(told.answer, told.said)
    for number in sorted(cramped):
        told = _alone(jobs[number], crew)
        yield number, Done(told.answer, told.said)


class Queue:
    """Items that are left. First those of a kind of which none is done, then those of the kind that
    took longest; of these the largest, and then in their order.

    So what takes long does not come last. The order follows clocks, and no answer follows it.
    """

    def __init__(self, kinds: Sequence[Hashable], sizes: Sequence[int]) -> None:
        self._kinds = kinds
        self._sizes = sizes
        self._left = dict.fromkeys(range(len(kinds)))
        self._taken: dict[Hashable, int] = {}
        self._seconds: dict[Hashable, float] = {}  # the mean of a kind, and of how many
        self._of: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._left)

    def take(self) -> int:
        """The item that is next."""
        number = min(self._left, key=self._place)
        del self._left[number]
        self._taken[self._kinds[number]] = self._taken.get(self._kinds[number], 0) + 1
        return number

    def take_least(self) -> int:
        """The smallest item."""
        number = min(self._left, key=lambda each: (self._sizes[each], each))
        del self._left[number]
        return number

    def took(self, number: int, seconds: float) -> None:
        """So long it took."""
        kind = self._kinds[number]
        count = self._of[kind] = self._of.get(kind, 0) + 1
        mean = self._seconds.get(kind, 0.0)
        self._seconds[kind] = mean + (seconds - mean) / count

    def _place(self, number: int) -> tuple[bool, float, int, int]:
        kind = self._kinds[number]
        untried = kind not in self._taken
        return (not untried, -self._seconds.get(kind, 0.0), -self._sizes[number], number)


def _hands(crew: Crew, items: int) -> Hands:
    if crew.cluster is not None:
        from racer.sharing.cluster import ClusterHands

        return ClusterHands(crew.cluster, crew.processes(items))
    from racer.sharing.processes import ProcessHands

    return ProcessHands(crew.processes(items))


def _shared(
    jobs: Sequence[bytes], queue: Queue, hire: Callable[[], Hands]
) -> Iterator[tuple[int, Told]]:
    """What comes of all jobs.

    Those that were under way when a process ended are done again, each alone: that tells whose
    fault it is, and a process that somebody killed costs nothing but time.
    """
    while queue:
        hands, doubtful = hire(), dict[int, None]()
        under_way: dict[int, None] = {}
        try:
            while under_way or (queue and not hands.broken):
                while queue and hands.free():
                    number = queue.take()
                    under_way[number] = None
                    hands.start(number, jobs[number])
                for number, answer in hands.wait():
                    del under_way[number]
                    if answer is None:
                        doubtful[number] = None
                        continue
                    told = unpacked(answer)
                    queue.took(number, told.seconds)
                    yield number, told
        except BaseException:
            hands.close(at_once=True)
            raise
        hands.close(at_once=hands.broken)
        for number in doubtful:
            yield number, _by_one(jobs[number], hire)


def _by_one(job: bytes, hire: Callable[[], Hands]) -> Told:
    hands = hire()
    at_once = True
    try:
        hands.start(0, job)
        for _, answer in hands.wait():
            if answer is not None:
                at_once = False
                return unpacked(answer)
        return Told(Lost(LOST), "", 0.0)
    finally:
        hands.close(at_once=at_once)


def _alone(job: bytes, crew: Crew) -> Told:
    """In a process of its own, beside which there is no other."""
    return _by_one(job, lambda: _hands(Crew(1, crew.cluster), 1))


LOST: Final = (
    "the process that was at it ended, twice, before it had a result.\n"
    "Usual cause: it was killed as it took too much memory, or the model ended it.\n"
    "Try: --max-states, or racer explore with these parameters."
)
