"""Threads that wait to be woken, told apart only by when they came: the queue of a condition.

Those who came with no wake-up in between are a group; they are as one for whoever wakes. Each has
the group's number as its ticket. A wake-up is meant for one of those who waited when it was given,
and for nobody who came later: it lies with the last group that was there, and whoever of this group
or an earlier one moves first takes it. Of several that it may take, a thread takes the one with the
earliest group: what is left is then enough for all that is left. So which thread is woken need not
be decided before it moves, and no interleaving is missed or counted twice.

Shape    `groups`, the oldest first, each with somebody in it; numbers are the least that are free.
         Up to any group, no more wake-ups lie than threads wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

ALL: Final = 1 << 16  # more than there can be threads


@dataclass(frozen=True, slots=True)
class Group:
    """So many threads with one ticket; `woken` lie with them, for them and for earlier groups."""

    ticket: int
    waiting: int
    woken: int = 0

    def __repr__(self) -> str:
        woken = f" ({self.woken} woken)" if self.woken else ""
        return f"#{self.ticket}: {self.waiting}{woken}"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a thread that waits keeps: the number of its group, and whether it may be woken by
    nobody."""

    number: int
    may_be_spurious: bool = False

    def __repr__(self) -> str:
        return f"ticket {self.number}{', or spurious' if self.may_be_spurious else ''}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that wait. `spurious`: so many may still be woken by nobody."""

    groups: tuple[Group, ...] = ()
    spurious: int = 0

    def __repr__(self) -> str:
        told = ", ".join(map(repr, self.groups)) or "nobody"
        if [group.ticket for group in self.groups] == [0]:
            told = told.removeprefix("#0: ")
        left = f", {self.spurious} spurious left" if self.spurious else ""
        return f"<{told} waiting{left}>"

    @property
    def threads(self) -> int:
        """How many wait, those who are woken and have not moved yet included."""
        return sum(group.waiting for group in self.groups)

    @property
    def asleep(self) -> int:
        """How many of them nobody has woken."""
        return self.threads - sum(group.woken for group in self.groups)

    def come(self, *, apart: bool) -> tuple[Ticket, Waiting]:
        """One more waits: its ticket, and all with it. `apart`: in a group of its own."""
        number, groups = self._with_one_more(apart)
        return Ticket(number, self.spurious > 0), replace(self, groups=groups)

    def _with_one_more(self, apart: bool) -> tuple[int, tuple[Group, ...]]:
        last = self.groups[-1] if self.groups else None
        if last is not None and not last.woken and not apart:
            joined = replace(last, waiting=last.waiting + 1)
            return last.ticket, (*self.groups[:-1], joined)
        taken = {group.ticket for group in self.groups}
        ticket = next(n for n in range(len(taken) + 1) if n not in taken)
        return ticket, (*self.groups, Group(ticket, 1))

    def wake(self, most: int) -> Waiting:
        """So many are woken, or all that sleep, and it is open which of them."""
        count = min(most, self.asleep)
        if not count:
            return self
        last = self.groups[-1]
        woken = replace(last, woken=last.woken + count)
        return replace(self, groups=(*self.groups[:-1], woken))

    def wake_first(self, most: int) -> Waiting:
        """So many are woken, those who have slept longest first; each is a group of its own."""
        left = min(most, self.asleep)
        groups = []
        for group in self.groups:
            if left and not group.woken:
                group, left = replace(group, woken=1), left - 1
            groups.append(group)
        return replace(self, groups=tuple(groups))

    def is_woken(self, ticket: int) -> bool:
        """Whether a wake-up lies where one with that ticket may take it."""
        return self._source(ticket) is not None

    def go(self, ticket: int) -> Waiting | None:
        """One with that ticket takes a wake-up and waits no more; None: there is none for it."""
        source = self._source(ticket)
        return None if source is None else self._without(ticket, source)

    def go_anyway(self, ticket: int) -> Waiting | None:
        """The same, but without a wake-up, if need be, while that may be."""
        gone = self.go(ticket)
        if gone is not None or not self.spurious or self._place(ticket) is None:
            return gone
        return replace(self._without(ticket, None), spurious=self.spurious - 1)

    def _place(self, ticket: int) -> int | None:
        found = (at for at, group in enumerate(self.groups) if group.ticket == ticket)
        return next(found, None)

    def _source(self, ticket: int) -> int | None:
        """Where the wake-up lies that one with that ticket takes."""
        first = self._place(ticket)
        if first is None:
            return None
        return next((at for at in range(first, len(self.groups)) if self.groups[at].woken), None)

    def _without(self, ticket: int, source: int | None) -> Waiting:
        left = [
            replace(
                group,
                waiting=group.waiting - (group.ticket == ticket),
                woken=group.woken - (at == source),
            )
            for at, group in enumerate(self.groups)
        ]
        return replace(self, groups=tuple(_joined(left)))


def _joined(groups: list[Group]) -> Iterator[Group]:
    """Groups without those that are empty: wake-ups that lie with one are for the one before."""
    for at, group in enumerate(groups):
        if group.waiting:
            later = 0
            for after in groups[at + 1 :]:
                if after.waiting:
                    break
                later += after.woken
            yield replace(group, woken=group.woken + later)
