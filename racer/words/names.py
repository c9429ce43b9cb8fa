"""How threads and steps are called: short names that people can quote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from racer.replaying.trace import Trace

STEP_NAME: Final = r"\w+(?:\.\d+)?(?:'(?!\w))?"  # matches whatever event_names() may give


def step_name(short: str, step: int) -> str:
    """C4; R0.4 where the short name ends in a digit."""
    return f"{short}.{step}" if short[-1].isdigit() else f"{short}{step}"


def event_names(trace: Trace) -> tuple[str, ...]:
    """The name of each step of a trace: A4; A4' where what A4 stored arrives in memory."""
    shorts = short_names([name for name in trace.threads if name not in trace.agents])
    names: list[str] = []
    for event in trace.events:
        if event.arrives is None:
            names.append(step_name(shorts[event.thread], event.step))
        else:
            names.append(f"{names[event.arrives]}'")
    return tuple(names)


def short_names(threads: Iterable[str]) -> dict[str, str]:
    """A short name for each thread: ASCII letters and digits, different for each.

    Copies share letters: R.0 and R.1 are R0 and R1. A group takes its first letter, else its
    words' initials, else its shortest beginning, that is no other group's in the same place.
    """
    groups = {thread: _group(thread) for thread in threads}
    distinct = list(dict.fromkeys(group for group, _ in groups.values()))
    candidates = {group: _candidates(group) for group in distinct}
    longest = max((len(each) for each in candidates.values()), default=0)
    for each in candidates.values():
        each.extend(each[-1:] * (longest - len(each)))
    places = list(zip(*candidates.values(), strict=True))
    chosen = {
        group: next((own for i, own in enumerate(each) if places[i].count(own) == 1), "")
        for group, each in candidates.items()
    }
    shorts = {thread: f"{chosen[group]}{copy}" for thread, (group, copy) in groups.items()}
    if "" in chosen.values() or len(set(shorts.values())) < len(shorts):
        return {thread: f"T{i}" for i, thread in enumerate(groups)}
    return shorts


def title(thread: str, short: str) -> str:
    """The thread's name, with its short name where that is not obvious."""
    return thread if short == thread.replace(".", "") else f"{thread} ({short})"


def _group(thread: str) -> tuple[str, str]:
    """A thread's group and its copy number: R.1 is ("R", "1")."""
    group, _, copy = thread.rpartition(".")
    return (group, copy) if group and re.fullmatch("[0-9]+", copy) else (thread, "")


def _candidates(group: str) -> list[str]:
    words = re.findall("[A-Za-z0-9]+", group)
    letters = "".join(words).upper()
    initials = "".join(word[0] for word in words).upper()
    return [letters[:1], initials, *(letters[:n] for n in range(2, len(letters) + 1))]
