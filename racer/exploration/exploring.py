"""explore(): from a Program to a Result whose every violation has been replayed."""

from __future__ import annotations

from dataclasses import replace

from racer import interrupts
from racer.exploration.report import Searched, report
from racer.exploration.result import Interrupted, Result, nothing_searched
from racer.exploration.sampling import sampled
from racer.exploration.searching import searched
from racer.exploration.stages import Stages, within
from racer.exploration.wanted import Sample, Wanted
from racer.lang.faults import told_as_the_models
from racer.lang.memory_use import OUT_OF_MEMORY
from racer.lang.patience import patience
from racer.lang.program import Program
from racer.lang.run import OutOfTime
from racer.lang.values import print_all_again
from racer.machine.loaded import Loaded, load_program
from racer.machine.models import OF_EXECUTIONS
from racer.search.limits import Tell, deadline_after


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
    sample: Sample | None = None,
) -> Result:
    """Search every interleaving of `program` and say what can happen.

    memory       the memory model: "sc", sequential consistency; "tso", x86; or "arm64" and "lkmm",
                 which have no states and schedules: all executions are looked at, as graphs
    reduce       decide on a reduced graph (stubborn sets, symmetry), which keeps every verdict,
                 label and outcome; False searches every state one by one
    count        count interleavings: True always, False never, None while that takes no more
                 than 100,000 states, up to symmetry; 10 million where the search is compiled
    minimise     look for the witness with the fewest preemptions; False keeps the first schedule
                 that the search comes across, which is replayed as well
    max_states   stop after so many states, 1 or more
    timeout      stop after so many seconds, more than 0; where either limit cuts the search, or
                 this process uses more than 3/4 of the memory there is, the verdict is "bound",
                 or "fail" if there is a violation already
    progress     is called every few thousand states with how far it is: first for the verdict,
                 then for the count if that takes more, and once before witnesses are minimised
    sample       draw single runs by lot, and search nothing: the verdict is then "bound", or "fail"
                 for what a run showed

    Errors   ModelError when the model fails in a state that can be reached; Interrupted, with
             what was found so far, on Ctrl-C; UsageError for a memory model racer lacks.
    """
    wanted = Wanted(memory, reduce, count, minimise, max_states, timeout, progress, sample=sample)
    return explored(program, wanted)


def explored(program: Program, wanted: Wanted) -> Result:
    """What explore() gives. Errors: as explore()."""
    result = None
    try:
        with interrupts.handled(), interrupts.deferred():
            if wanted.memory in OF_EXECUTIONS:
                result = _of_executions(program, wanted)
            elif wanted.sample is None:
                result = searched_and_told(program, wanted)[1]
            else:
                result = _sampled(program, wanted, wanted.sample)
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


def _of_executions(program: Program, wanted: Wanted) -> Result:
    """What a memory model of executions says; what describes the scenario, interleavings do.

    Errors   as of_executions(); ModelError for a `consistency` that some interleaving breaks.
    """
    from racer.exploration import by_executions  # nobody else pays for its import

    print_all_again()
    wanted = replace(wanted, deadline=wanted.deadline or deadline_after(wanted.timeout))
    with told_as_the_models():
        result = by_executions.of_executions(program, wanted)
    if result.executions is None or not by_executions.described(program):
        return result
    sequential = replace(wanted, memory="sc", count=False, minimise=False, progress=None)
    try:
        found = searched_and_told(program, sequential)[1]
    except OutOfTime as stop:
        found = nothing_searched("sc", within(wanted.out_of_time, stop))
    except Interrupted as stop:
        whole = by_executions.with_interleavings(result, program, stop.result)
        raise Interrupted(whole) from None
    return by_executions.with_interleavings(result, program, found)


def never_made(wanted: Wanted, stop: OutOfTime) -> Result:
    """The Result where time was over before there was a Program."""
    why = f"{within(wanted.out_of_time, stop)}, before there was a program"
    return nothing_searched(wanted.memory, why)


def _sampled(program: Program, wanted: Wanted, sample: Sample) -> Result:
    """What single runs show. Errors: as searched_and_told()."""
    deadline = wanted.deadline or deadline_after(wanted.timeout)
    print_all_again()
    with told_as_the_models():
        with interrupts.allowed():
            loaded = load_program(program, timeout=wanted.timeout, deadline=deadline)
        with loaded.in_use(wanted.timeout, deadline):
            return sampled(loaded, wanted, sample, deadline)


def searched_and_told(
    program: Program, wanted: Wanted, loaded: Loaded | None = None
) -> tuple[Searched, Result]:
    """The graphs of a search, and the Result that was read from them.

    `loaded` is the program if that was lifted before.

    Errors   as explore(); OutOfTime where there was not even the time to lift the threads.
    """
    deadline = wanted.deadline or deadline_after(wanted.timeout)
    print_all_again()
    with told_as_the_models():
        with interrupts.allowed():
            loaded = loaded or load_program(program, timeout=wanted.timeout, deadline=deadline)
        with loaded.in_use(wanted.timeout, deadline):
            found = searched(loaded, wanted, deadline)
        stages = Stages(wanted.timeout, deadline, wanted.out_of_time)
        with loaded.checked(), patience(wanted.timeout):  # ends and `shows` are asked only here
            return found, report(found, stages, deadline, wanted.minimise, wanted.progress)
