"""Sampling: a Result of single runs drawn by lot, where a search would not come to its end.

It proves nothing: its verdict is "bound", or "fail" for what a run showed, which is replayed like
any other violation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator
from random import Random
from typing import Final

from racer import interrupts
from racer.errors import ModelError
from racer.exploration.confirming import confirmed_label, model_error
from racer.exploration.result import (
    Finding,
    Interrupted,
    Outcome,
    Result,
    Sampling,
    Witness,
    cheapest,
)
from racer.exploration.wanted import Sample, Wanted
from racer.exploration.witnesses import FoundSchedule, count_preemptions
from racer.lang.outcomes import OutcomeKey, labels_in_order
from racer.lang.values import describe
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.loaded import Loaded
from racer.machine.models import system_of
from racer.machine.monitors import TooManyWindows
from racer.machine.moves import packed
from racer.search.limits import is_past
from racer.search.sampling import (
    Pct,
    Pos,
    Run,
    Scheduler,
    Walk,
    pct_bound,
    run,
    unseen_at_most,
)
from racer.search.shown import Examiner
from racer.search.state_graph import ModelFailed

MOST_STEPS: Final = 10_000  # of one run
PILOTS: Final = 100  # runs that say how long runs are;
ROOM: Final = 1.25  # others may be longer


def sampled(loaded: Loaded, wanted: Wanted, sample: Sample, deadline: float | None) -> Result:
    """The Result of a sample, as far as there was time.

    Errors   ModelError when the model fails on one of the runs; Interrupted, with what was found
             so far, on Ctrl-C.
    """
    while True:
        system = system_of(loaded.growing, wanted.memory)
        sampler = _Sampler(loaded, system, wanted, sample, deadline)
        try:
            with interrupts.allowed():
                sampler.draw()
        except KeyboardInterrupt:
            interrupts.answered()
            raise Interrupted(sampler.result("interrupted")) from None
        except ModelFailed as failed:
            if isinstance(failed.cause.__cause__, TooManyWindows):
                loaded.widen()
                continue
            raise model_error(failed, system) from failed
        return sampler.result(None)


class _Sampler:
    """Draws runs, and keeps of each what it showed."""

    def __init__(
        self,
        loaded: Loaded,
        system: System,
        wanted: Wanted,
        sample: Sample,
        deadline: float | None,
    ) -> None:
        self._loaded = loaded
        self._system = system
        self._wanted = wanted
        self._sample = sample
        self._deadline = deadline
        self._examiner = Examiner(system, system.names)
        self._steps = sample.steps or 1
        self._came_to: Counter[Hashable] = Counter()
        self._schedules: set[tuple[int, ...]] = set()
        self._states: set[State] = set()
        self._longest = self._ended = 0
        self._chances = 1
        self._repeats = False
        self._outcomes: dict[OutcomeKey, Witness] = {}
        self._labels: dict[str, Witness] = {}

    def draw(self) -> None:
        """Draw the runs. Errors: ModelFailed."""
        random = Random(self._sample.seed)
        if self._sample.steps is None:
            pilots = [len(each.moves) for each in walks(self._system, random, PILOTS)]
            self._steps = math.ceil(ROOM * max(1, *pilots))
        for _ in range(self._sample.runs):
            if is_past(self._deadline):
                return
            self._note(run(self._system, self._scheduler(random), random, MOST_STEPS))

    def _scheduler(self, random: Random) -> Scheduler:
        if self._sample.method == "pos":
            return Pos(random, self._system)
        return Pct(random, len(self._system.agents), self._sample.depth, self._steps)

    def _note(self, done: Run) -> None:
        self._schedules.add(done.moves)
        self._states.update(done.states)
        self._longest = max(self._longest, len(done.moves))
        self._ended += done.ended
        self._chances = max(self._chances, done.chances)
        self._repeats |= done.repeats
        end = done.states[-1]
        labels = self._system.labels(end)
        if done.ended:
            try:
                labels = self._examiner.labels_at_end(end)
            except ModelError as error:
                raise ModelFailed(list(done.states), error) from error
            outcome = self._system.outcome(end)
            if outcome not in self._outcomes:
                self._outcomes[outcome] = self._witness(done, None)
            self._came_to[outcome, labels] += 1
        else:
            self._came_to[labels] += 1
        for label in labels:
            found = self._witness(done, label)
            self._labels[label] = cheapest(self._labels.get(label, found), found)

    def _witness(self, done: Run, label: str | None) -> Witness:
        before = None
        if label is not None:
            shows = (at for at, s in enumerate(done.states) if label in self._system.labels(s))
            before = next(shows, len(done.moves))
        preemptions = count_preemptions(self._system, done.moves)
        found = FoundSchedule(done.moves, preemptions, minimal=False, before=before)
        return found.witness(self._system.agents, label)

    def result(self, cut: str | None) -> Result:
        """What the runs that were drawn say."""
        drawn = self._came_to.total()
        if cut is None and drawn < self._sample.runs:
            cut = self._wanted.out_of_time
        why = f"{drawn:,} runs were sampled, and nothing was searched"
        why = f"{cut}; {why}" if cut else why
        violations = {
            label: self._finding(self._labels[label]) for label in labels_in_order(self._labels)
        }
        outcomes = sorted(self._outcomes.items(), key=lambda item: describe(tuple(item[0])))
        return Result(
            verdict="fail" if violations else "bound",
            memory=self._wanted.memory,
            interleavings=None,
            uncounted="only sampled",
            states=len(self._states),
            transitions=0,
            searched=len(self._states),
            canonical=None,
            outcomes={outcome: Outcome(None, witness) for outcome, witness in outcomes},
            violations=violations,
            bound=why,
            loops=None,
            unfair=None,
            sampling=self._sampling(drawn) if drawn else None,
            loaded=self._loaded,
        )

    def _finding(self, witness: Witness) -> Finding:
        assert witness.label is not None
        moves = packed(witness.schedule, self._system.agents)
        program, memory = self._loaded.program, self._wanted.memory
        trace = confirmed_label(program, self._system, memory, moves, witness.label)
        return Finding(None, witness, trace)

    def _sampling(self, drawn: int) -> Sampling:
        why_not = self._without_chance(drawn)
        chance = None
        if not why_not:
            agents, depth = len(self._system.agents), self._sample.depth
            chance = pct_bound(agents, depth, self._steps, self._chances)
        return Sampling(
            method=self._sample.method,
            depth=self._sample.depth,
            seed=self._sample.seed,
            runs=drawn,
            distinct=len(self._schedules),
            longest=self._longest,
            ended=self._ended,
            chance=chance,
            why_not=why_not,
            steps=self._steps,
            unseen=unseen_at_most(self._came_to),
        )

    def _without_chance(self, drawn: int) -> str:
        """Why it is not known how likely a run shows a violation; empty if it is."""
        if self._sample.method != "pct":
            return f"{self._sample.method.upper()} does not say"
        if self._repeats or self._ended < drawn:
            return "threads go round in loops, so that runs have no greatest length"
        if self._longest > self._steps:
            return (
                f"a run has {self._longest} steps, and priorities changed among the first "
                f"{self._steps}"
            )
        return ""


def walks(system: System, random: Random, runs: int) -> Iterator[Run]:
    """So many runs that spread over the states. Errors: ModelFailed."""
    for _ in range(runs):
        yield run(system, Walk(random, len(system.agents)), random, MOST_STEPS)
