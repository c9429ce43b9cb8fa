"""explore(): from a Program to a Result whose every violation has been replayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from racer import interrupts
from racer.errors import UsageError
from racer.exploration.confirming import model_error
from racer.exploration.covering import covered
from racer.exploration.report import Searched, report
from racer.exploration.result import Interrupted, Result, nothing_searched
from racer.exploration.stages import Stages, within
from racer.lang.faults import told_as_the_models
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.lang.patience import heed, patience
from racer.lang.program import Program
from racer.lang.run import OutOfTime
from racer.machine.interface import System
from racer.machine.layout import State
from racer.machine.loaded import Loaded, load_program
from racer.machine.models import model
from racer.search.graph import ModelFailed, StateGraph, search
from racer.search.limits import Budget, Tell, deadline_after
from racer.search.stubborn import StubbornSets
from racer.search.symmetry import Symmetric

# Counting needs every state, the verdict does not. Past so many states (up to symmetry) the
# count is left out unless it is asked for: some seconds and some hundred megabytes.
COUNTED_STATES: Final = 100_000
# Real coroutines are compared with the graph of all states up to so many, else with the reduced
# one: past that they could not take a fair part of its moves.
COMPARED_STATES: Final = 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be explored, and how far: the parameters of explore(), which explains them.

    Errors   UsageError for a memory model that racer lacks, or a limit that allows nothing.
    """

    memory: str = "sc"
    reduce: bool = True
    count: bool | None = None
    minimise: bool = True
    max_states: int | None = None
    timeout: float | None = None
    progress: Tell | None = None
    deadline: float | None = None  # a time.monotonic() value; None: the timeout from the start on

    def __post_init__(self) -> None:
        model(self.memory)
        if self.max_states is not None and self.max_states < 1:
            raise UsageError(
                f"max_states={self.max_states} would search nothing: it must be 1 or more."
            )
        if self.timeout is not None and not self.timeout > 0:
            raise UsageError(
                f"timeout={self.timeout} would search nothing: it must be above 0 seconds."
            )

    @property
    def out_of_time(self) -> str:
        """What is said of a search that the timeout cuts."""
        return f"timeout of {self.timeout or 0:g} s"


def explore(
    program: Program,
    *,
    memory: str = "sc",
    reduce: bool = True,
    count: bool | None = None,
    minimise: bool = True,
    max_states: int | None = None,
    timeout: float | None = None,
    progress: Tell | None = None,
) -> Result:
    """Search every interleaving of `program` and say what can happen.

    memory       the memory model: "sc", sequential consistency
    reduce       decide on a reduced graph (stubborn sets, symmetry), which keeps every verdict,
                 label and outcome; False searches every state one by one
    count        count interleavings: True always, False never, None while that takes no more
                 than 100,000 states, up to symmetry
    minimise     look for the witness with the fewest preemptions; False keeps the first schedule
                 that the search comes across, which is replayed as well
    max_states   stop after so many states, 1 or more
    timeout      stop after so many seconds, more than 0; where either limit cuts the search, or
                 this process uses more than 3/4 of the memory there is, the verdict is "bound",
                 or "fail" if there is a violation already
    progress     is called every few thousand states with how far it is: first for the verdict,
                 then for the count, and once before witnesses are minimised

    Errors   ModelError when the model fails in a state that can be reached; Interrupted, with
             what was found so far, on Ctrl-C; UsageError for a memory model racer lacks.
    """
    wanted = Wanted(memory, reduce, count, minimise, max_states, timeout, progress)
    return explored(program, wanted)


def explored(program: Program, wanted: Wanted) -> Result:
    """What explore() gives. Errors: as explore()."""
    result = None
    try:
        with interrupts.handled(), interrupts.deferred():
            result = searched_and_told(program, wanted)[1]
    except OutOfTime as stop:
        why = f"{within(wanted.out_of_time, stop)}, while threads were lifted"
        return nothing_searched(wanted.memory, why)
    except MemoryError:
        if result is None:
            return nothing_searched(wanted.memory, OUT_OF_MEMORY)
    except KeyboardInterrupt:
        if result is None:  # or it is an Interrupted, which has one
            raise
        raise Interrupted(result) from None
    return result


def never_made(wanted: Wanted, stop: OutOfTime) -> Result:
    """The Result where time was over before there was a Program."""
    why = f"{within(wanted.out_of_time, stop)}, before there was a program"
    return nothing_searched(wanted.memory, why)


def searched_and_told(
    program: Program, wanted: Wanted, loaded: Loaded | None = None
) -> tuple[Searched, Result]:
    """The graphs of a search, and the Result that was read from them.

    `loaded` is the program if that was lifted before.

    Errors   as explore(); OutOfTime where there was not even the time to lift the threads.
    """
    deadline = wanted.deadline or deadline_after(wanted.timeout)
    with told_as_the_models():
        with interrupts.allowed():
            loaded = loaded or load_program(program, timeout=wanted.timeout, deadline=deadline)
        with loaded.in_use(wanted.timeout, deadline):
            searched = _search(loaded, wanted, deadline)
        stages = Stages(wanted.timeout, deadline, wanted.out_of_time)
        with patience(wanted.timeout):
            return searched, report(searched, stages, deadline, wanted.minimise, wanted.progress)


def _search(loaded: Loaded, wanted: Wanted, deadline: float | None) -> Searched:
    """Search for the verdict and, if the count is wanted and affordable, for all states."""
    system = loaded.system(wanted.memory)
    quotient = Symmetric(system)
    deciding = Budget(
        wanted.max_states, deadline, states_text="max_states={}", time_text=wanted.out_of_time
    )
    stubborn = StubbornSets(system)
    graph = _decide(loaded.program, system, quotient, stubborn, deciding, wanted)
    full, cyclic, cut = None, graph, None
    try:
        full = _counted(quotient, graph, deadline, wanted)
        cyclic = _on_cycles(quotient, stubborn, graph, full, deciding, wanted)
    except OutOfTime as stop:  # in what is no search
        heed()
        cut = f"{within(wanted.out_of_time, stop)}, while cycles were looked for"
    searched = Searched(
        loaded, system, quotient, graph, full, cyclic, wanted.memory, wanted.reduce, cut=cut
    )
    searched = replace(searched, growth=_growth(searched))
    try:
        with patience(wanted.timeout, deadline):
            return _compared(searched, deadline)
    except OutOfTime:
        return searched


def _growth(searched: Searched) -> str | None:
    """What grew where a limit cut the search and automata are open, if there is time to look."""
    lifted = searched.loaded.lifted
    try:
        interrupted = searched.graph.interrupted or searched.cyclic.interrupted
        if searched.bound is not None and not lifted.closed and not interrupted:
            return lifted.growth.text()
    except OutOfTime:
        heed()
    except MemoryError:
        pass
    return None


def _counted(
    quotient: Symmetric, graph: StateGraph, deadline: float | None, wanted: Wanted
) -> StateGraph | None:
    """All states, up to symmetry, if they are to be counted."""
    full = None
    if wanted.count is not False and graph.complete:
        full = graph
        if wanted.reduce:
            counting = Budget(
                None if wanted.count else COUNTED_STATES,
                deadline,
                states_text="more than {:,} states up to symmetry; count=True or --count forces it",
                time_text=wanted.out_of_time,
            )
            full = search(quotient, (), counting, phase="counting", tell=wanted.progress)
    return full


def _on_cycles(
    quotient: Symmetric,
    stubborn: StubbornSets,
    graph: StateGraph,
    full: StateGraph | None,
    budget: Budget,
    wanted: Wanted,
) -> StateGraph:
    """The graph that decides on runs without an end."""
    if full is not None and full.complete:
        return full
    if wanted.reduce and graph.complete and graph.order() is None:
        # The model has been found not to fail.
        return search(quotient, (), budget, stubborn.choose, cycles=True, tell=wanted.progress)
    return graph


def _compared(searched: Searched, deadline: float | None) -> Searched:
    """Real coroutines beside what was searched, unless that was cut."""
    graph, full = searched.graph, searched.full
    if full is not None and full.complete and len(full.states) <= COMPARED_STATES:
        graph = full
    if not graph.complete or graph.interrupted:
        return searched
    groups = searched.system.groups
    copies = searched.reduced and len(set(groups)) < len(groups)
    coverage, interrupted = covered(
        searched.loaded.program,
        searched.system,
        searched.memory,
        graph,
        searched.quotient.canonical if copies else None,
        deadline,
    )
    return replace(searched, coverage=coverage, comparing_interrupted=interrupted)


def _decide(
    program: Program,
    system: System,
    quotient: Symmetric,
    stubborn: StubbornSets,
    budget: Budget,
    wanted: Wanted,
) -> StateGraph:
    """The graph that decides the verdict, reduced if that is wanted."""
    sometimes = tuple(sorted(program.sometimes))
    try:
        if not wanted.reduce:
            return search(system, sometimes, budget, tell=wanted.progress)
        return search(quotient, sometimes, budget, stubborn.choose, tell=wanted.progress)
    except ModelFailed as failed:
        canonical = quotient.canonical if wanted.reduce else _itself
        raise model_error(failed, system, canonical) from failed


def _itself(state: State) -> State:
    return state
