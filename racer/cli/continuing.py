"""`racer replay --continue`: from where a stale schedule diverges on to its label, if it can be."""

from __future__ import annotations

from racer.errors import ReplayDiverged
from racer.lang.outcomes import LIVELOCK
from racer.lang.program import Program
from racer.lang.schedule import Schedule
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.loaded import load_program
from racer.machine.models import replayed
from racer.machine.moves import named, packed
from racer.replaying.trace import Trace
from racer.search.escaping import escape, way_to
from racer.search.limits import LimitHit
from racer.words.names import event_names
from racer.words.phrases import again_text, event_text


def continued(program: Program, memory: str, label: str, made: Schedule, steps: int) -> str:
    """What follows the moves that could be made, of so many steps: the fewest that show the label.

    Where it is out of reach by then, it goes on from the last step before that.
    """
    if label == LIVELOCK:
        return "CONTINUED  not: a livelock is shown by no state, so it is not looked for"
    loaded = load_program(program)
    try:
        with loaded.in_use():
            system = loaded.system(memory)
            states = _along(system, made)
            far = f"step {len(made)} of {steps}"
            way = way_to(system, states[-1], label)
            kept = len(made)
            if way is None:
                escaped = escape(system, states, label)
                if escaped.unknown is not None:
                    return f"CONTINUED  not: {escaped.unknown}"
                if not escaped.rows:
                    return f"GONE  no schedule shows {label} any more"
                kept = escaped.rows - 1
                far = f"step {kept}, since {label} is out of reach after the next"
                way = way_to(system, states[kept], label) or ()
            schedule = (*made[:kept], *named(way, system.agents))
    except LimitHit as limit:
        return f"CONTINUED  not: {limit}"
    trace = replayed(program, schedule, memory)
    if label not in trace.labels:
        raise _otherwise(trace, label)
    listed = steps_listed(trace)
    return "\n".join(
        [
            f"CONTINUED  from {far}: {label} after {len(way)} more",
            "",
            *listed[:kept],
            "  -- from here on otherwise --",
            *listed[kept:],
        ]
    )


def _along(system: System, made: Schedule) -> list[State]:
    """The states that the moves lead through, the first one included."""
    states = [system.initial()]
    for move in packed(made, system.agents):
        states.append(dict(system.successors(states[-1]))[move])
    return states


def _otherwise(trace: Trace, label: str) -> ReplayDiverged:
    return ReplayDiverged(
        step=len(trace.events),
        thread=trace.events[-1].thread if trace.events else "(none)",
        expected=f"violation {label!r}",
        found=", ".join(trace.labels) or "no violation",
        hint="The automata of the threads show it, and the threads do not.",
    )


def steps_listed(trace: Trace) -> list[str]:
    """A line for each step of a run, by the names that an explanation has."""
    names = event_names(trace)
    width = max((len(name) for name in names), default=0)
    steps = [f"  {n:<{width}}  {event_text(e)}" for n, e in zip(names, trace.events, strict=True)]
    if trace.cycle:
        steps.append(f"  {again_text(names[-trace.cycle])}")
    return steps
