"""The calls of an object that are under way, and all ways in which the others can have happened.

A call takes effect at one instant between its begin and its end: that is what linearizable means
(Herlihy and Wing, "Linearizability", TOPLAS 12(3), 1990). Which instant is open while the call is.
So all possibilities are kept side by side, as an automaton's states in the subset construction: a
way is a state of the specification after some order of calls, with what that order has come to for
calls that have not ended. The end of a call leaves the ways in which it has come to just that, and
those which can still come to it; if none is left, there is no order.

A call takes effect no sooner than some call's end asks for it (Lowe, "Testing for linearizability",
Concurrency and Computation 29(4), 2017, section 4.3): of any order, each call that takes effect
after the one that ends may as well do so after that end. So between two ends nothing is tried.

No thread's name is in it: a call is known by a number, which its own begin gave it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from racer.lang.specs.states import CallEnd, Part, Withdrawn, step, told
from racer.lang.values import describe, value_key


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that has begun and not ended."""

    number: int
    method: str
    args: tuple[object, ...]

    def __repr__(self) -> str:
        return told(self.method, self.args)


@dataclass(frozen=True, slots=True)
class Way:
    """A state of the specification, and what calls have come to in it that have not ended.

    Shape    `effective` has the numbers of these calls, in their order.
    """

    state: Part
    effective: tuple[tuple[int, CallEnd], ...] = ()

    def of(self, number: int) -> CallEnd | None:
        """What that call has come to; None: it has not taken effect."""
        return next((end for each, end in self.effective if each == number), None)

    def without(self, number: int) -> Way:
        """The same once that call has ended."""
        return replace(self, effective=tuple(p for p in self.effective if p[0] != number))

    def after(self, call: PendingCall) -> Way | None:
        """Once that call has taken effect in it, too; None: it has to wait."""
        done = step(self.state, call.method, call.args)
        if done is None:
            return None
        end, state = done
        return Way(state, tuple(sorted((*self.effective, (call.number, end)), key=_number)))


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls under way, and the ways, of which there is at least one.

    Shape    `pending` in the order of their numbers, which are the least that are free; `ways` in
             the order of their texts, each of them once.
    """

    ways: tuple[Way, ...]
    pending: tuple[PendingCall, ...] = ()

    def __repr__(self) -> str:
        pending = ", ".join(map(repr, self.pending)) or "no call"
        several = f", in {len(self.ways)} ways" if len(self.ways) > 1 else ""
        return f"<{pending} under way{several}>"

    def begin(self, method: str, args: tuple[object, ...]) -> tuple[int, Calls]:
        """One more call: its number, and all with it."""
        taken = {call.number for call in self.pending}
        number = next(n for n in range(len(taken) + 1) if n not in taken)
        pending = (*self.pending, PendingCall(number, method, args))
        return number, replace(self, pending=tuple(sorted(pending, key=lambda c: c.number)))

    def end(self, number: int, end: CallEnd) -> Calls | None:
        """That call has come to `end`; None: there is no order of the calls in which it does."""
        if isinstance(end, Withdrawn):
            ways = [way for way in self.ways if way.of(number) is None]
        else:
            ways = [
                way.without(number)
                for way in self._effective(number)
                if value_key(way.of(number)) == value_key(end)
            ]
        if not ways:
            return None
        pending = tuple(call for call in self.pending if call.number != number)
        return Calls(_each_once(ways), pending)

    def ends(self, number: int) -> tuple[CallEnd, ...]:
        """All that the call may come to now, in the order of the texts."""
        found = {value_key(end): end for way in self._effective(number) if (end := way.of(number))}
        return tuple(sorted(found.values(), key=repr))

    def _effective(self, number: int) -> Iterator[Way]:
        """The ways in which the call has taken effect, before now or now: then as the last one."""
        stack = list(reversed(self.ways))
        met = {value_key(way) for way in stack}
        while stack:
            way = stack.pop()
            if way.of(number) is not None:
                yield way
                continue
            for call in self.pending:
                further = way.after(call) if way.of(call.number) is None else None
                if further is not None and value_key(further) not in met:
                    met.add(value_key(further))
                    stack.append(further)


def _number(pair: tuple[int, CallEnd]) -> int:
    return pair[0]


def _each_once(ways: list[Way]) -> tuple[Way, ...]:
    different = {value_key(way): way for way in ways}
    return tuple(sorted(different.values(), key=describe))
