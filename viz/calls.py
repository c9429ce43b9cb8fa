"""The calls of an object that is not linearizable, in words."""

from __future__ import annotations

from racer.explanation.data import CallHistory


def calls_lead(history: CallHistory) -> str:
    """What stands above the calls of an object that is not linearizable."""
    has = f"{history.specification} has from {history.start} on"
    return f"No order of these calls of {history.name} is one that {has}"


def calls_told(history: CallHistory) -> tuple[str, ...]:
    """Each call, with what it came to, its steps, and the calls that it overlaps."""
    found = []
    for call in history.calls:
        text = f"{call.text}: {call.end}" if call.last else f"{call.text}, which has not ended"
        until = f" to {call.last}" if call.last else " on"
        beside = f", beside {', '.join(call.beside)}" if call.beside else ""
        found.append(f"{text} ({call.thread}, {call.first}{until}{beside})")
    return tuple(found)


def could_text(history: CallHistory) -> str:
    """What the end could have been that has no order: as without it there is one."""
    if not history.could:
        return "Without the last end there is one; that call had to wait."
    *others, last = history.could
    ends = f"{', '.join(others)} or {last}" if others else last
    could = f"Without the last end there is one; by that, the call could come to {ends}."
    return f"{could} {untold_text(history)}".rstrip()


def untold_text(history: CallHistory) -> str:
    """What may be missing in the model, where it does not say what the last call returns."""
    if not history.untold or not history.could:
        return ""
    return "No returns() said what that call returns, so None was taken."
