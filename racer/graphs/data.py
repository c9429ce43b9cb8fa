"""Graphs as they are drawn: frozen nodes and edges, numbered in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MAX_NODES: Final = 60  # what a reader can follow on a page

StateKind = Literal["initial", "state", "final", "violating", "deadlock", "unexplored"]
Slice = Literal["violations", "witnesses", "outcomes", "nearest"]
ThreadKind = Literal["step", "closing", "returned", "violated", "failed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step on an edge of the state graph.

    `thread` is the name of the thread, or of a group of copies: states are taken up to an
    exchange of copies, so which of them it is has no meaning. `raises` are the labels that the
    state after the step has and the one before it has not.
    """

    thread: str
    text: str
    raises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StateNode:
    """A state, or all ends that show the same labels and outcome.

    kind            "violating": it has `labels`; "deadlock": an end that leaves a thread
                    blocked; "unexplored": a limit cut the search before its moves
    outcome         of an end: by thread or group of copies, what each came to, as text
    interleavings   of an end: how many of all interleavings of the program come to it
    leaves          some moves from here, or from a state before the next node, are not drawn
    elsewhere       how many paths, of what `DrawnStates.counted` says, go by such a move
    arriving        how many come to it otherwise than by an edge that is drawn
    paths           how many come to it: by edges and otherwise, and as many go on, by edges and
                    elsewhere; an end is where they end
    """

    number: int
    kind: StateKind
    labels: tuple[str, ...] = ()
    outcome: tuple[tuple[str, str], ...] = ()
    interleavings: int | None = None
    leaves: bool = False
    elsewhere: int | None = None
    arriving: int | None = None
    paths: int | None = None


@dataclass(frozen=True, slots=True)
class StateEdge:
    """Steps taken one after the other from one node to another.

    count       paths from the start to the source, times the ways to take these steps (copies
                in the same situation count each), times the paths from the target to an end
    violating   a violation has been met at the target, or can be from there
    """

    source: int
    target: int
    steps: tuple[Step, ...]
    count: int | None
    violating: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left out of a graph that would have more than `limit` nodes.

    kept      "violations": every state that lies on a way to a violation; "witnesses": a
              schedule to each label; "outcomes": to each outcome; "nearest": the first states,
              where there is none of these
    minimal   each of these schedules is proved to be the cheapest
    shown     what has such a schedule in the picture; `omitted` has none, for lack of room
    needed    how many nodes the whole graph would have, reduced unless every state was wanted
    """

    kept: Slice
    limit: int
    needed: int
    reduced: bool
    minimal: bool = True
    shown: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrawnStates:
    """A state graph as it is drawn.

    Shape    nodes are numbered from 0, the initial one, in the order in which they are found.
    counted  what edges count: "interleavings", in the graph of all states, or "schedules", in
             the reduced graph, each of which stands for all that only reorder independent
             steps. None where nothing could be counted, and `uncounted` says why.
    total    how many of these there are, `interleavings` how many interleavings
    drawn    how many states are drawn, those merged into edges and ends among them
    of       how many states the graph has; None where only some schedules were looked at
    reduced  it is the reduced graph, and some states or moves are left out of it
    copies   names of groups, with how many threads each has
    labels   what is violated; `vacuous`: the `sometimes` that no state reaches
    """

    nodes: tuple[StateNode, ...]
    edges: tuple[StateEdge, ...]
    counted: Literal["schedules", "interleavings"] | None
    uncounted: str | None
    total: int | None
    interleavings: int | None
    drawn: int
    of: int | None
    reduced: bool
    copies: tuple[tuple[str, int], ...]
    labels: tuple[str, ...]
    cut: Cut | None
    vacuous: tuple[str, ...]
    bound: str | None


@dataclass(frozen=True, slots=True)
class ThreadNode:
    """What a thread is about to do, or has come to.

    kind      "closing": it learns what a window saw, which is no step; "failed": the model
              breaks here, if an interleaving ever leads to it
    places    where it does so: for each line of the source, the calls that lead to it,
              outermost first, as path:line
    opens     watches whose windows open just before this step
    inside    watches whose windows are open then
    """

    number: int
    kind: ThreadKind
    text: str
    places: tuple[tuple[str, ...], ...] = ()
    opens: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ThreadEdge:
    """The answers after which a thread goes on alike.

    answers   as text, in the order in which the cell was found to take these values
    meaning   "always": the operation has one answer, or none that matters; "other": every
              answer that no edge from the same source names; "listed": exactly `answers`
    """

    source: int
    target: int
    answers: tuple[str, ...]
    meaning: Literal["always", "other", "listed"]


@dataclass(frozen=True, slots=True)
class DrawnThread:
    """One thread's automaton as it is drawn; node 0 is where it begins.

    copies   how many threads of the program behave so
    closed   it has an edge for every value that its cells can ever hold; else lifting stopped
             at its budget, and only the edges found by then are known
    of       how many nodes the automaton has; more than are drawn where `limit` cut it
    """

    name: str
    copies: int
    nodes: tuple[ThreadNode, ...]
    edges: tuple[ThreadEdge, ...]
    closed: bool
    of: int
    limit: int | None
