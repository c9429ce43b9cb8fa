"""What an execution comes to: its labels, and what its threads come to where it ends.

It is the end of a run if each thread has ended, or rests for good: what keeps it there is what
memory holds at the end. If none of them goes round for ever, labels and outcome are as those of an
interleaving that ends there; else the run never ends, and is a livelock if one that has to end
rests. That is under the assumption that a write is seen by everybody after some time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from racer.automata.lifting import Lifted
from racer.axiomatic.events import Value
from racer.errors import ModelError
from racer.executions.threads import Way
from racer.lang.endings import ended, outcome_of
from racer.lang.failures import remedy
from racer.lang.final import unmet
from racer.lang.outcomes import DEADLOCK, LIVELOCK, OutcomeKey, labels_in_order
from racer.lang.pending import AboutTo, Violated


@dataclass(frozen=True, slots=True)
class End:
    """What an execution comes to.

    labels    its violations, in the order in which they are told
    outcome   what the threads come to; None of a run that never ends
    """

    labels: tuple[str, ...]
    outcome: OutcomeKey | None


class Ends:
    """Says what executions of a lifted Program come to; once for each end."""

    def __init__(self, lifted: Lifted) -> None:
        self._lifted = lifted
        self._groups = tuple(each.group for each in lifted.instances)
        # By histories, which are kept: another one could have the id of one that is gone.
        self._known: dict[tuple[object, ...], tuple[Sequence[Way], End | None]] = {}

    def of(self, ways: Sequence[Way], memory: Mapping[str, Value]) -> End | None:
        """The end of an execution; None if some thread goes on from there.

        Errors   ModelError for a thread that does what no model may.
        """
        key = (*map(id, ways), *(memory[cell] for cell in self._lifted.tables))
        if key not in self._known:
            self._known[key] = ways, self._of(ways, memory)
        return self._known[key][1]

    def _of(self, ways: Sequence[Way], memory: Mapping[str, Value]) -> End | None:
        if any(memory[cell] != value for way in ways for cell, value in way.waits):
            return None
        instances = self._lifted.instances
        for instance, way in zip(instances, ways, strict=True):
            if way.fault:
                raise ModelError(
                    f"thread {instance.name!r} fails after its step {way.taken}: {way.fault}\n"
                    f"That is in an execution that is no interleaving, or in one. "
                    f"{remedy(way.fault)}",
                    thread=instance.name,
                    step=way.taken,
                )
        resting = [(instance, way.end) for instance, way in zip(instances, ways, strict=True)]
        labels = {way.end.label for way in ways if isinstance(way.end, Violated)}
        if any(way.turns for way in ways):
            waiting = [each for each, pending in resting if isinstance(pending, AboutTo)]
            alone = len(instances) > 1 and len(waiting) == len(instances)
            if alone or not all(each.daemon for each in waiting):
                labels.add(LIVELOCK)
            return End(labels_in_order(labels), None)
        outcome = outcome_of(resting)
        if ended(resting):
            labels.update(self._unmet(memory, outcome))
        else:
            labels.add(DEADLOCK)
        return End(labels_in_order(labels), outcome)

    def _unmet(self, memory: Mapping[str, Value], outcome: OutcomeKey) -> tuple[str, ...]:
        lifted = self._lifted
        if not lifted.program.finally_:
            return ()
        values = {
            cell: lifted.tables[cell].values[number]
            for cell, number in memory.items()
            if isinstance(number, int)
        }
        return unmet(
            lifted.program.finally_,
            values,
            outcome,
            self._groups,
            lambda owner: lifted.environment_of(owner).observed(),
        )
