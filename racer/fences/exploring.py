"""Changed programs under one memory model, for one label: which executions or schedules show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from racer.axiomatic.budget import TooMany
from racer.axiomatic.enumerating import LIMIT
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS
from racer.executions.asking import Asked, too_many
from racer.executions.threads import Unending
from racer.executions.windows import Windows
from racer.exploration.exploring import explored
from racer.exploration.wanted import Wanted
from racer.fences.additions import Additions, changes_of
from racer.fences.delaying import Delaying
from racer.fences.lacking import Lacking
from racer.fences.seeking import Cut
from racer.lang.changes import Notes, with_changes
from racer.lang.program import Program
from racer.machine.loaded import load_program


@dataclass(frozen=True, slots=True)
class OfSchedules:
    """Under a model that has a machine: each program has one schedule that shows the label."""

    program: Program
    notes: Mapping[str, Notes]
    wanted: Wanted
    label: str

    def shown(self, additions: Additions) -> Iterator[Delaying]:
        changed = with_changes(self.program, changes_of(additions, self.notes))
        result = explored(changed, self.wanted)
        if self.label in result.violations:
            witness = result.violations[self.label].witness
            yield Delaying(changed, witness.schedule, self.wanted.memory)
        elif result.bound is not None:
            raise Cut(result.bound)


@dataclass(frozen=True, slots=True)
class OfExecutions:
    """Under a model of executions. `dependencies`: they are kept that threads have."""

    program: Program
    notes: Mapping[str, Notes]
    wanted: Wanted
    label: str
    dependencies: bool

    @property
    def model(self) -> Model:
        return MODELS[self.wanted.memory]

    def shown(self, additions: Additions) -> Iterator[Lacking]:
        changed = with_changes(self.program, changes_of(additions, self.notes))
        loaded = load_program(changed, deadline=self.wanted.deadline)
        limit = self.wanted.max_states or LIMIT
        lifted = loaded.growing
        try:
            with loaded.in_use(self.wanted.timeout, self.wanted.deadline):
                asked = Asked(lifted, self.wanted.memory, limit)
                windows = Windows(lifted)
                for labels, example in asked.violating(self.model, dependencies=self.dependencies):
                    if self.label in labels:
                        yield Lacking(example, self.model, lifted.instances, lifted.tables, windows)
        except TooMany:
            raise Cut(too_many(limit)) from None
        except Unending as stop:
            raise Cut(str(stop)) from None


def only_verdicts(wanted: Wanted) -> Wanted:
    """The same without what only a report needs."""
    return replace(wanted, count=False, minimise=False, progress=None)
