"""A second way to all executions of a Program: whole histories, put together in all ways.

Which values reads may get is a fixpoint, each thread has histories over these, and locations are
lined up one by one (`racer/axiomatic/enumerating.py`). Nothing of that is shared with how
executions are built event by event, but the models, the threads and what they come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from racer.automata.lifting import Lifted
from racer.axiomatic.checking import allowed
from racer.axiomatic.enumerating import executions
from racer.axiomatic.models.axioms import Model
from racer.executions.asking import Asked
from racer.executions.ends import Ends
from racer.executions.threads import Depends, DependsOnAll, ProgramThread, Way
from racer.executions.windows import Windows
from racer.lang.outcomes import OutcomeKey
from racer.lang.program import Program
from racer.machine.loaded import load_program


@dataclass
class Said:
    """What one model says: labels, executions by outcome, flags; labels of the bracket."""

    labels: set[str] = field(default_factory=set)
    outcomes: dict[OutcomeKey, int] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)
    with_all: set[str] = field(default_factory=set)


def threads_of(lifted: Lifted, reading: Depends) -> list[ProgramThread]:
    """The threads as they are enumerated, with the dependencies of a reading."""
    growing = {each.instance.group: each for each in lifted.growing}
    return [
        ProgramThread(each, growing[each.group], lifted.tables, "lkmm", reading)
        for each in lifted.instances
    ]


def enumerated(program: Program, models: Sequence[Model]) -> dict[str, Said]:
    """What each model says of a program."""
    loaded = load_program(program)
    found = {each.name: Said() for each in models}
    with loaded.in_use():
        lifted = loaded.growing
        readings = Asked(lifted, "lkmm").readings
        ends, windows = Ends(lifted), Windows(lifted)
        for reading in readings:
            threads = threads_of(lifted, reading)
            for execution in executions(threads, dict.fromkeys(lifted.tables, 0)):
                ways = tuple(each for each in execution.histories if isinstance(each, Way))
                end = ends.of(ways, execution.memory)
                if end is None:
                    continue
                for model in models:
                    said = found[model.name]
                    if not allowed(model, execution.graph):
                        continue
                    if not windows.agree(model, execution.graph, ways):
                        continue
                    if type(reading) is Depends:
                        said.without.update(end.labels)
                    elif type(reading) is DependsOnAll:
                        said.with_all.update(end.labels)
                    else:
                        said.labels.update(end.labels)
                        if model.flags is not None:
                            said.flags.update(model.flags(execution.graph))
                        if end.outcome is not None:
                            said.outcomes[end.outcome] = said.outcomes.get(end.outcome, 0) + 1
    return found
