"""What a picture of a graph says of itself: what its lines mean, what it counts, what was cut."""

from __future__ import annotations

from collections.abc import Sequence

from racer.graphs.data import Cut, DrawnStates, DrawnThread
from racer.words.counts import count_text


def states_caption(graph: DrawnStates) -> tuple[str, ...]:
    """Sentences about a state graph."""
    return tuple(
        sentence
        for sentence in (
            _violations(graph),
            f"Vacuous: no state reaches {' and '.join(graph.vacuous)}." if graph.vacuous else "",
            _counts(graph),
            _reduction(graph),
            _copies(graph.copies),
            _cut(graph),
            f"The search was cut ({graph.bound}): nothing is proved." if graph.bound else "",
        )
        if sentence
    )


def thread_caption(thread: DrawnThread) -> tuple[str, ...]:
    """Sentences about a thread's automaton."""
    sentences = []
    if thread.copies > 1:
        sentences.append(f"{thread.copies} threads run this.")
    if thread.closed:
        sentences.append(
            "Minimal and complete: an edge for each value that the cell can ever hold and that "
            "does not block, whether some interleaving leads to it or not."
        )
    else:
        sentences.append(
            "OPEN: its values do not converge, so it is neither complete nor minimal. These are "
            "the nodes and edges that lifting found within its budget; the search adds others "
            "as it comes to them."
        )
    if any(node.inside or node.opens for node in thread.nodes):
        sentences.append("Shaded: inside a window.")
    if thread.limit is not None:
        sentences.append(
            f"Cut: {plural(len(thread.nodes), 'node')} of {thread.of:,} are drawn, those nearest "
            f"to the start (limit {thread.limit})."
        )
    return tuple(sentences)


def plural(count: int, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def number(count: int) -> str:
    """A count as in every report, so that numbers of a picture add up."""
    return count_text(count)


def _violations(graph: DrawnStates) -> str:
    if not graph.labels:
        return "Nothing is violated." if graph.bound is None else ""
    return f"Solid and dark: a violation ({', '.join(graph.labels)}) can follow or has been met."


def _counts(graph: DrawnStates) -> str:
    if graph.counted is None or graph.total is None:
        return f"All lines have one width: nothing is counted ({graph.uncounted})."
    if graph.counted == "interleavings":
        return (
            f"Width and number of a line: how many interleavings take its steps in a row, of "
            f"{number(graph.total)}. As many come to a node as leave it."
        )
    stand = ""
    if graph.interleavings is not None:
        stand = (
            f", which stand for {plural(graph.interleavings, 'interleaving')}. As many come to a "
            f"node as leave it; an end has both numbers"
        )
    return (
        f"Width and number of a line: how many schedules of this graph take its steps, of "
        f"{number(graph.total)}{stand}."
    )


def _reduction(graph: DrawnStates) -> str:
    if not graph.reduced:
        return ""
    return "Reduced: of schedules that only reorder independent steps, some are left out."


def _copies(copies: Sequence[tuple[str, int]]) -> str:
    if not copies:
        return ""
    named = " and ".join(f"{name} is any of {count} copies" for name, count in copies)
    return f"{named}; states that exchange copies are one."


def _cut(graph: DrawnStates) -> str:
    if graph.cut is None:
        return ""
    kept = _kept(graph.cut)
    which = "reduced graph" if graph.cut.reduced else "graph"
    of = "" if graph.of is None else f" of {graph.of:,}"
    return (
        f"Cut: {plural(graph.drawn, 'state')}{of} are drawn, {kept}. The whole {which} "
        f"would have {plural(graph.cut.needed, 'node')} (limit {graph.cut.limit})."
    )


def _kept(cut: Cut) -> str:
    if cut.kept == "nearest":
        return "those nearest to the start; dotted: moves to others"
    if cut.kept == "violations":
        return "all that lie on a way to a violation; dotted: what leaves them, or comes to them"
    of = "violation" if cut.kept == "witnesses" else "outcome"
    schedule = "the cheapest schedule" if cut.minimal else "one schedule"
    kept = f"those on {schedule} to each {of}; dotted: what leaves them, or comes to them"
    if cut.omitted:
        shown = f"of {', '.join(cut.shown)}" if cut.kept == "witnesses" else f"of {len(cut.shown)}"
        kept += f", {shown}; without {plural(len(cut.omitted), of)} for which there was no room"
    return kept
