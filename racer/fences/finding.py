"""fences(): which barriers and orders remove each violation of a program, and what can go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from racer.axiomatic.models.known import MODELS
from racer.errors import UsageError
from racer.exploration.exploring import explored
from racer.exploration.result import Result
from racer.exploration.wanted import Wanted
from racer.fences.data import FencesFound, Lack, Needless, OfModel, Standing
from racer.fences.exploring import OfExecutions, OfSchedules, only_verdicts
from racer.fences.leaving_out import needless, says
from racer.fences.pairing import told_set
from racer.fences.seeking import Sought, seek
from racer.lang.changes import Notes, with_changes
from racer.lang.program import Program
from racer.lang.run import OutOfTime
from racer.machine.models import OF_EXECUTIONS
from racer.search.limits import deadline_after, is_past


def fences(program: Program, memories: Sequence[str], wanted: Wanted) -> FencesFound:
    """What is found out about the barriers of a program under these memory models.

    wanted   the limits: of states for each exploration, of time for all of them

    Errors   ModelError as explore() has it; UsageError where no model can be asked.
    """
    return _Finding(program, wanted).found(memories)


class _Finding:
    def __init__(self, program: Program, wanted: Wanted) -> None:
        self._program = program
        self._notes: dict[str, Notes] = {}
        deadline = wanted.deadline or deadline_after(wanted.timeout)
        self._wanted = replace(only_verdicts(wanted), deadline=deadline)

    def found(self, memories: Sequence[str]) -> FencesFound:
        noting = with_changes(self._program, {}, self._notes)
        results: dict[str, Result] = {}
        refused: dict[str, str] = {}
        for memory in memories:
            try:
                results[memory] = self._explored(noting, memory)
            except UsageError as error:
                refused[memory] = str(error)
        if not results:
            raise UsageError("\n".join(refused.values()))
        models = [
            OfModel(memory, "", (), (), refused=refused[memory])
            if memory in refused
            else self._of_model(memory, results[memory])
            for memory in memories
        ]
        base = {memory: says(result) for memory, result in results.items() if not result.bound}
        left, why = list[Needless](), ""
        try:
            for each in needless(self._program, self._notes, base, self._explored):
                if is_past(self._wanted.deadline):
                    why = self._wanted.out_of_time
                    break
                left.append(each)
        except OutOfTime:
            why = self._wanted.out_of_time
        return FencesFound(tuple(models), tuple(left), why)

    def _explored(self, program: Program, memory: str) -> Result:
        return explored(program, replace(self._wanted, memory=memory))

    def _of_model(self, memory: str, result: Result) -> OfModel:
        labels = tuple(sorted(result.violations))
        broken = result.executions.prevented if result.executions is not None else ()
        lacks = [self._lack(memory, label, result) for label in labels]
        lacks += [self._sought(memory, label, dependencies=False) for label in broken]
        return OfModel(memory, result.verdict, labels, tuple(lacks), bound=result.bound)

    def _lack(self, memory: str, label: str, result: Result) -> Lack:
        told = result.violations[label].witness.execution
        if told is not None:
            in_order = told.is_interleaving
        else:
            in_order = label in self._explored(self._program, "sc").violations
        if in_order:
            return Lack(label, True, "an interleaving", (), 0)
        return self._sought(memory, label, dependencies=True)

    def _sought(self, memory: str, label: str, *, dependencies: bool) -> Lack:
        wanted = replace(self._wanted, memory=memory)
        common = (self._program, self._notes, wanted, label)
        try:
            if memory in OF_EXECUTIONS:
                found = seek(OfExecutions(*common, dependencies))
            else:
                found = seek(OfSchedules(*common))
        except OutOfTime:
            found = Sought(bound=self._wanted.out_of_time)
        instances, model = self._program.instances(), MODELS[memory]
        sets = tuple(
            told_set(each, found.shown, model, instances, self._notes) for each in found.sets
        )
        standing: Standing = "bound" if found.bound else "removed" if sets else "none"
        return Lack(label, dependencies, standing, sets, found.explored, found.bound)
