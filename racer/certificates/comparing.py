"""Comparing: where the program of a certificate is not the one that was lifted here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """What differs first between two `program` parts, as a clause; None: they are the same."""
    if theirs == ours:
        return None
    cells = [_names(each["cells"]) for each in (theirs, ours)]
    if cells[0] != cells[1]:
        return _of_names("cells", *cells)
    for mine, other in zip(theirs["cells"], ours["cells"], strict=True):
        if mine != other:
            return f"cell {mine['name']} has other values"
    threads = [_names(each["threads"]) for each in (theirs, ours)]
    if threads[0] != threads[1]:
        return _of_names("threads", *threads)
    for mine, other in zip(theirs["threads"], ours["threads"], strict=True):
        if mine["kind"] != other["kind"]:
            return f"thread {mine['name']} is {mine['kind']} there, and {other['kind']} here"
        nodes = theirs["automata"][mine["automaton"]], ours["automata"][other["automaton"]]
        if nodes[0] != nodes[1]:
            return f"thread {mine['name']} goes on otherwise{_where(*nodes)}"
    for part in ("watches", "always", "sometimes", "finally"):
        if theirs[part] != ours[part]:
            return f"what it says of its {part} is otherwise"
    return "its threads share their automata otherwise"


def _names(part: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(each["name"]) for each in part]


def _of_names(what: str, theirs: Sequence[str], ours: Sequence[str]) -> str:
    missing = [name for name in theirs if name not in ours]
    more = [name for name in ours if name not in theirs]
    if missing:
        return f"it has no {missing[0]} among its {what}"
    return f"it has {more[0]} among its {what}" if more else f"its {what} are in another order"


def _where(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """At which of its nodes an automaton differs first."""
    for number, (mine, other) in enumerate(zip(theirs["nodes"], ours["nodes"], strict=False)):
        if mine != other:
            does = mine.get("does", mine.get("ends", "the end of a window"))
            return f", first at node {number} ({does})"
    return f": it has {len(theirs['nodes'])} nodes there, and {len(ours['nodes'])} here"
