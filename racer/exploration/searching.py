"""Searching: all states at once if they are few, else a reduced graph of closed automata first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from racer import interrupts
from racer.automata.condensing import noted
from racer.automata.lifting import WORK, Lifted
from racer.errors import ModelError
from racer.exploration.confirming import model_error
from racer.exploration.covering import covered
from racer.exploration.report import Searched, require_the_same
from racer.exploration.stages import within
from racer.exploration.wanted import Wanted
from racer.lang.patience import heed, patience
from racer.lang.run import OutOfTime
from racer.machine.interface import System
from racer.machine.loaded import Loaded
from racer.machine.models import system_of
from racer.machine.monitors import TooManyWindows
from racer.search.compiled import is_compiled
from racer.search.graph import search
from racer.search.limits import Budget, LimitHit, Phase
from racer.search.shown import Examiner
from racer.search.state_graph import ModelFailed, StateGraph
from racer.search.stubborn import StubbornSets
from racer.search.symmetry import Symmetric

# All states are searched first, as far as that may cost less than to close automata: so many, up
# to symmetry, and this share of the time there is.
FEW_STATES: Final = 50_000
SHARE_OF_TIME: Final = 0.25
NOT_FEW: Final = "not all states are few"
# Counting needs every state, the verdict does not. Past so many states (up to symmetry) the
# count is left out unless it is asked for: some seconds and some hundred megabytes.
COUNTED_STATES: Final = 100_000
COUNTED_COMPILED: Final = 10_000_000  # some seconds, too, and a gigabyte
# Real coroutines are compared with the graph of all states up to so many, else with the reduced
# one if there is one: past that they could not take a fair part of its moves.
COMPARED_STATES: Final = 5_000


def searched(loaded: Loaded, wanted: Wanted, deadline: float | None) -> Searched:
    """Search all states at once if they are few, else for the verdict first.

    Where every state can be searched within the limits of counting, it is those that a Result is
    read from, whatever was searched before.
    """
    graph = None
    if wanted.count is not False:
        graph = _every_state(loaded, wanted, _Few(loaded, wanted, deadline), "deciding")
        if graph.complete:
            return _compared(_condensed(loaded, wanted, deadline), deadline, wanted)
        if graph.bound != NOT_FEW:
            return _as_grown(loaded, wanted, graph)
    try:
        why = _interruption(lambda: loaded.closed(deadline), graph, wanted)
        if graph is not None and why is not None:
            graph.bound = f"{why}, while threads were lifted"
            return _as_grown(loaded, wanted, graph)
        found = _by_closed(loaded, wanted, deadline)
    except ModelError:
        # It may be of a value that no state has, or there may be a shorter way to it.
        counting = _counting(deadline, wanted)
        if wanted.count is False or not _every_state(loaded, wanted, counting, "counting").complete:
            raise
        return _compared(_condensed(loaded, wanted, deadline), deadline, wanted)
    if wanted.count is not False and found.graph.complete:
        found = _with_count(found, wanted, deadline)
    try:
        found = _with_cycles(found, wanted, deadline)
    except OutOfTime as stop:  # in what is no search
        heed()
        cut = f"{within(wanted.out_of_time, stop)}, while cycles were looked for"
        found = replace(found, cut=cut)
    return _compared(_with_growth(found, loaded.lifted), deadline, wanted)


class _Few(Budget):
    """What all states may take before closed automata are tried: fewer than the count may have,
    so much growth, and a part of the time."""

    def __init__(self, loaded: Loaded, wanted: Wanted, deadline: float | None) -> None:
        limits = (FEW_STATES, COUNTED_STATES, wanted.max_states)
        states = min(limit for limit in limits if limit is not None)
        super().__init__(states, deadline, states_text=NOT_FEW, time_text=wanted.out_of_time)
        self._growing = loaded.growing.growing
        self._enough: float | None = None
        if deadline is not None:
            now = time.monotonic()
            self._enough = now + max(0.0, deadline - now) * SHARE_OF_TIME

    def check(self) -> None:
        super().check()
        late = self._enough is not None and time.monotonic() > self._enough
        if late or sum(automaton.work for automaton in self._growing) > WORK:
            raise LimitHit(NOT_FEW)


def _every_state(loaded: Loaded, wanted: Wanted, budget: Budget, phase: Phase) -> StateGraph:
    """All states, up to symmetry if something is to be reduced, with automata that grow by it.

    Errors   ModelError when the model fails in one of them.
    """
    while True:
        system = system_of(loaded.growing, wanted.memory)
        quotient = Symmetric(system)
        try:
            graph = search(
                quotient if wanted.reduce else system,
                (),
                budget,
                phase=phase,
                tell=wanted.progress,
            )
        except ModelFailed as failed:
            if isinstance(failed.cause.__cause__, TooManyWindows):
                loaded.widen()
                continue
            raise _told(failed, quotient, wanted) from failed
        if graph.complete:
            condense = partial(loaded.condense, system, wanted.memory)
            why = _interruption(condense, graph, wanted)
            graph.bound = None if why is None else f"{why}, while threads were run again"
        return graph


def _interruption(
    work: Callable[[], object], graph: StateGraph | None, wanted: Wanted
) -> str | None:
    """Do something besides a search; if that is cut, why, where there is a graph to tell."""
    try:
        with interrupts.allowed():
            work()
    except OutOfTime as stop:
        if graph is None:
            raise
        heed()
        return within(wanted.out_of_time, stop)
    except KeyboardInterrupt:
        if graph is None:
            raise
        interrupts.answered()
        graph.interrupted = True
        return "interrupted"
    return None


def _condensed(loaded: Loaded, wanted: Wanted, deadline: float | None) -> Searched:
    """Once more all states, over condensed automata, in an order that does not depend on how they
    grew. Where they are too many to be gone through in Python, a reduced graph of these decides."""
    system = loaded.system(wanted.memory)
    quotient = Symmetric(system)
    sometimes = tuple(sorted(loaded.program.sometimes))
    budget = Budget(deadline=deadline, time_text=wanted.out_of_time)
    try:
        saved = wanted.saved("condensed", loaded.lifted)
        whole = quotient if wanted.reduce else system
        graph = full = search(whole, sometimes, budget, saved=saved)
        if wanted.reduced_graph or (wanted.reduce and len(full.states) > COUNTED_STATES):
            graph = search(quotient, sometimes, budget, StubbornSets(system))
    except ModelFailed as failed:
        raise _told(failed, quotient, wanted) from failed
    return Searched(loaded, system, quotient, graph, full, full, wanted.memory, wanted.reduce)


def _as_grown(loaded: Loaded, wanted: Wanted, graph: StateGraph) -> Searched:
    """What is known where there was no time for more."""
    system = system_of(loaded.growing, wanted.memory)
    quotient = Symmetric(system)
    searched = Searched(loaded, system, quotient, graph, None, graph, wanted.memory, wanted.reduce)
    return _with_growth(searched, loaded.growing) if loaded.growing.is_large else searched


def _with_growth(searched: Searched, lifted: Lifted) -> Searched:
    """With what grew where a limit cut a search on open automata, if there is time to look; where
    somebody did, what is known without that."""
    try:
        interrupted = searched.graph.interrupted or searched.cyclic.interrupted
        if searched.bound is not None and not lifted.closed:
            growth = lifted.growth
            text = growth.of_unlike() if interrupted else growth.text()
            return replace(searched, growth=text)
    except OutOfTime:
        heed()
    except MemoryError:
        pass
    return searched


def _by_closed(loaded: Loaded, wanted: Wanted, deadline: float | None) -> Searched:
    """The graph that decides the verdict, of closed automata and reduced if that is wanted."""
    sometimes = tuple(sorted(loaded.program.sometimes))
    while True:
        system = loaded.system(wanted.memory)
        quotient = Symmetric(system)
        budget = _deciding(deadline, wanted)
        saved = wanted.saved("deciding", loaded.lifted)
        try:
            if wanted.reduce:
                choose = StubbornSets(system)
                graph = search(
                    quotient, sometimes, budget, choose, tell=wanted.progress, saved=saved
                )
            else:
                graph = search(system, sometimes, budget, tell=wanted.progress, saved=saved)
            break
        except ModelFailed as failed:
            if not isinstance(failed.cause.__cause__, TooManyWindows):
                raise _told(failed, quotient, wanted) from failed
            loaded.widen()
    return Searched(loaded, system, quotient, graph, None, graph, wanted.memory, wanted.reduce)


def _with_count(searched: Searched, wanted: Wanted, deadline: float | None) -> Searched:
    """With all states; read from these alone if they are all that is allowed."""
    loaded = searched.loaded
    closed = loaded.closed()
    budget = _counting(deadline, wanted)
    if closed.closed:
        used = noted(closed)
        system = system_of(used, wanted.memory)
        budget = _counting(deadline, wanted, system)
        whole = Symmetric(system) if wanted.reduce else system
        every = search(whole, (), budget, phase="counting", tell=wanted.progress)
        if every.complete:
            loaded.condense_closed(used)
    else:
        every = _every_state(loaded, wanted, budget, "counting")
    if every.complete:
        few_enough = wanted.max_states is None or len(every.states) <= wanted.max_states
        del every  # there may not be the memory for two of them
        found = _condensed(loaded, wanted, deadline)
        _require_agreement(searched, found)
        if few_enough:
            return found
        return replace(found, decided_by=len(searched.graph.states))
    if not wanted.reduce:
        return replace(searched, full=searched.graph)
    if wanted.count and not every.interrupted:
        unlimited = Budget(deadline=deadline, time_text=wanted.out_of_time)
        every = search(
            searched.quotient,
            (),
            unlimited,
            phase="counting",
            tell=wanted.progress,
            saved=wanted.saved("counting", loaded.lifted),
        )
    return replace(searched, full=every)


def _deciding(deadline: float | None, wanted: Wanted) -> Budget:
    return Budget(
        wanted.max_states, deadline, states_text="max_states={}", time_text=wanted.out_of_time
    )


def _counting(deadline: float | None, wanted: Wanted, system: System | None = None) -> Budget:
    """What counting may take: far more where the states of `system` are searched compiled."""
    compiled = system is not None and is_compiled(system)
    return Budget(
        COUNTED_COMPILED if compiled else COUNTED_STATES,
        deadline,
        states_text="more than {:,} states up to symmetry; count=True or --count forces it",
        time_text=wanted.out_of_time,
    )


def _with_cycles(searched: Searched, wanted: Wanted, deadline: float | None) -> Searched:
    """With the graph that decides on runs without an end."""
    graph, full = searched.graph, searched.full
    if full is not None and full.complete:
        return replace(searched, cyclic=full)
    if wanted.reduce and graph.complete and graph.order() is None:
        budget = _deciding(deadline, wanted)
        choose = StubbornSets(searched.system)
        # The model has been found not to fail.
        cyclic = search(
            searched.quotient,
            (),
            budget,
            choose,
            cycles=True,
            tell=wanted.progress,
            saved=wanted.saved("cycles", searched.loaded.lifted),
        )
        return replace(searched, cyclic=cyclic)
    return searched


def _compared(searched: Searched, deadline: float | None, wanted: Wanted) -> Searched:
    """Real coroutines beside what was searched, unless that was cut."""
    graph, full = searched.graph, searched.full
    if full is not None and full.complete and len(full.states) <= COMPARED_STATES:
        graph = full
    if not graph.complete or graph.interrupted:
        return searched
    groups = searched.system.groups
    copies = searched.reduced and len(set(groups)) < len(groups)
    try:
        with patience(wanted.timeout, deadline):
            coverage, interrupted = covered(
                searched.loaded.program,
                searched.system,
                searched.memory,
                graph,
                searched.quotient.canonical if copies else None,
                deadline,
            )
    except OutOfTime:
        return searched
    return replace(searched, coverage=coverage, comparing_interrupted=interrupted)


def _told(failed: ModelFailed, quotient: Symmetric, wanted: Wanted) -> ModelError:
    """A failure of the model with the schedule that leads to it."""
    if not wanted.reduce:
        return model_error(failed, quotient.system)
    return model_error(failed, quotient.system, quotient.canonical)


def _require_agreement(reduced: Searched, every: Searched) -> None:
    """The reduced search and that of all states must have seen the same."""
    shown = []
    for each in (reduced, every):
        examiner = Examiner(each.system, each.system.groups if each.reduced else each.system.names)
        try:
            shown.append(set(examiner.shown(each.graph).first))
        except (ModelFailed, OutOfTime):  # in what must hold at an end, which a report asks, too
            return
    require_the_same(*shown)
