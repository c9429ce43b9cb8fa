"""Whether calls can be put in order, a second time, by the definition: every order is tried.

A history is the begins and ends of calls, as they happened. It is linearizable if what has ended,
with some of what has not, can be put in an order in which no call comes before one that had ended
when it began, and each comes to what the specification says it does (Herlihy and Wing). The engine
keeps possibilities and no history; this keeps the history and no possibilities.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

from racer.lang.outcomes import Violation
from racer.lang.specs.linearizable import Begun
from racer.lang.specs.states import CallEnd, NotEnabled, Raised, Returned, Withdrawn


@dataclass(frozen=True)
class Begin:
    method: str
    args: tuple[object, ...]


@dataclass(frozen=True)
class End:
    begin: int  # its place in the history
    came_to: CallEnd


History = tuple[Begin | End, ...]


def is_linearizable(history: History, specification: Callable[[], Any]) -> bool:
    """Whether there is an order of the calls that the specification has."""
    ends = {each.begin: at for at, each in enumerate(history) if isinstance(each, End)}
    begins = [at for at, each in enumerate(history) if isinstance(each, Begin)]
    withdrawn = {at for at in begins if at in ends and _is_withdrawn(history[ends[at]])}
    begins = [at for at in begins if at not in withdrawn]
    ends = {begin: at for begin, at in ends.items() if begin not in withdrawn}
    pending = [at for at in begins if at not in ends]
    for number in range(len(pending) + 1):
        for effective in combinations(pending, number):
            for order in permutations([*ends, *effective]):
                if _keeps_time(order, ends) and _is_told(order, history, ends, specification()):
                    return True
    return False


def _is_withdrawn(event: Begin | End) -> bool:
    """Whether it is the end of a call that takes no effect: it is in no order."""
    return isinstance(event, End) and isinstance(event.came_to, Withdrawn)


def _keeps_time(order: tuple[int, ...], ends: Mapping[int, int]) -> bool:
    return not any(
        ends.get(later, len(ends) + 10_000) < earlier
        for at, earlier in enumerate(order)
        for later in order[at + 1 :]
    )


def _is_told(
    order: tuple[int, ...], history: History, ends: Mapping[int, int], instance: Any
) -> bool:
    for at in order:
        call = history[at]
        assert isinstance(call, Begin)
        try:
            came_to: Any = Returned(getattr(instance, call.method)(*copy.deepcopy(call.args)))
        except NotEnabled:
            return False
        except Exception as error:
            came_to = Raised(type(error))
        if at in ends:
            end = history[ends[at]]
            assert isinstance(end, End)
            if repr(came_to) != repr(end.came_to):  # 1 is not True
                return False
    return True


def shorter(history: History) -> Iterator[History]:
    """The history without one of its calls, for each of them."""
    for at, each in enumerate(history):
        if isinstance(each, Begin):
            left = [n for n, e in enumerate(history) if n != at and getattr(e, "begin", None) != at]
            now = {n: place for place, n in enumerate(left)}
            yield tuple(
                End(now[e.begin], e.came_to) if isinstance(e, End) else e
                for e in (history[n] for n in left)
            )


def _call(does: Any, before: Any) -> tuple[object, object]:
    history = before if isinstance(before, tuple) else ()
    return (*history, Begin(does.method, does.args)), Begun(len(history))


def _end(does: Any, history: Any) -> tuple[object, object]:
    after = (*history, End(does.number, does.end))
    if not is_linearizable(after, does.kind):
        raise Violation("not linearizable")
    return after, None


# As in tests/oracles/waiting.py. A cell holds the history here, whatever it holds at first.
OPERATIONS: Mapping[str, Callable[[Any, Any], tuple[object, object] | None]] = {
    "call": _call,
    "end of": _end,
}
