"""Results under memory models that have no machine: every execution is a graph, and shown to them.

There is nothing to step through, so no state, schedule or interleaving. What is counted are
executions, and a violation has one of these as its witness, which is checked once more before it is
told (`executions/rechecking.py`). Windows have a meaning of their own (`executions/windows.py`).
What is said of states is asked of the sequentially consistent interleavings, which every model
allows: `sometimes` and `consistency`, which describe the scenario and not the code; and invariants,
of which that leaves open what holds at instants of other executions, as the report says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from racer import interrupts
from racer.axiomatic.budget import TooMany
from racer.axiomatic.enumerating import LIMIT
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS
from racer.errors import UsageError
from racer.executions.asking import Account, Asked, Example, too_many
from racer.executions.rechecking import recheck
from racer.executions.record import recorded
from racer.executions.threads import Unending
from racer.executions.told import told_execution
from racer.executions.windows import Instant, Windows
from racer.exploration.result import (
    ByExecutions,
    Finding,
    Outcome,
    Result,
    Witness,
    nothing_searched,
)
from racer.exploration.wanted import Wanted
from racer.lang.outcomes import OutcomeKey, labels_in_order
from racer.lang.program import Program
from racer.lang.values import describe
from racer.machine.loaded import Loaded, load_program
from racer.machine.models import require_cells
from racer.replaying.trace import Trace
from racer.search.limits import deadline_after

UNCOUNTED = "what is counted under this memory model are executions"


def of_executions(program: Program, wanted: Wanted) -> Result:
    """The Result of a Program under a model of executions.

    Errors   UsageError for what such a model cannot be asked; ModelError for a thread that does
             what no model may; OutOfTime; MemoryError.
    """
    _require_no_states(program, wanted)
    deadline = wanted.deadline or deadline_after(wanted.timeout)
    with interrupts.allowed():
        loaded = load_program(program, timeout=wanted.timeout, deadline=deadline)
        with loaded.in_use(wanted.timeout, deadline):
            return _asked(loaded, wanted)


def described(program: Program) -> tuple[str, ...]:
    """What is said of states, which interleavings are asked about."""
    kinds = {
        "sometimes": program.sometimes,
        "consistency": program.consistency,
        "invariant": program.invariants,
    }
    return tuple(f"{kind} {name!r}" for kind, names in kinds.items() for name in sorted(names))


def with_interleavings(result: Result, program: Program, found: Result) -> Result:
    """A Result, with what a search of the sequentially consistent interleavings says of that.

    Errors   UsageError for an invariant that some interleaving breaks.
    """
    if result.executions is None:
        return result
    for name in program.invariants:
        if name in found.violations:
            raise UsageError(
                f"the memory model {result.memory!r} cannot show that the invariant {name!r} is "
                f"broken: that is said of states, and it has executions only. An interleaving "
                f"breaks it, which every model allows.\nTry: memory='sc', which shows one."
            )
    verdict, bound = result.verdict, result.bound
    if found.bound is not None:
        bound = f"{found.bound}, in the interleavings that {described(program)[0]} is asked of"
        verdict = "bound" if verdict == "pass" else verdict
    vacuous = tuple(sorted({*result.vacuous, *(set(found.vacuous) & set(program.sometimes))}))
    return replace(
        result,
        verdict="fail" if vacuous else verdict,
        bound=bound,
        vacuous=vacuous,
        executions=replace(result.executions, of_interleavings=described(program)),
    )


def _require_no_states(program: Program, wanted: Wanted) -> None:
    """Errors: UsageError for what is asked of the states of an interleaving."""
    require_cells(program, wanted.memory)
    if program.event_loop:
        raise UsageError(
            f"the memory model {wanted.memory!r} cannot be asked about an event loop: its tasks "
            f"are one thread of the machine, whose stores they see as they are.\nTry: memory='sc'."
        )
    if wanted.sample is not None:
        raise UsageError(
            f"the memory model {wanted.memory!r} cannot be sampled: it has no runs that could be "
            f"drawn.\nTry: memory='sc' or 'tso'."
        )


def _asked(loaded: Loaded, wanted: Wanted) -> Result:
    limit = wanted.max_states or LIMIT
    try:
        asked = Asked(loaded.growing, wanted.memory, limit, wanted.count)
        [account] = asked.accounts([MODELS[wanted.memory]])
    except TooMany:
        return nothing_searched(wanted.memory, too_many(limit))
    except Unending as stop:
        return nothing_searched(wanted.memory, str(stop))
    teller = _Teller(loaded, account.model)
    violations = {
        label: Finding(
            None, teller.witness(account.labels[label], label), _no_trace(loaded.program)
        )
        for label in labels_in_order(account.labels)
    }
    outcomes = {
        key: Outcome(None, teller.witness(account.examples[key], None))
        for key in sorted(account.outcomes, key=lambda key: describe(tuple(key)))
    }
    vacuous = () if outcomes else tuple(sorted(loaded.program.finally_))
    return Result(
        verdict="fail" if violations or vacuous else "pass",
        memory=wanted.memory,
        interleavings=None,
        uncounted=UNCOUNTED,
        states=0,
        transitions=0,
        searched=0,
        canonical=None,
        outcomes=outcomes,
        violations=violations,
        vacuous=vacuous,
        executions=_told(account),
    )


class _Teller:
    """Makes witnesses of executions, each of a violation checked once more."""

    def __init__(self, loaded: Loaded, model: Model) -> None:
        self._instances = loaded.growing.instances
        self._tables = loaded.growing.tables
        self._model = model
        self._windows = Windows(loaded.growing)

    def witness(self, example: Example, label: str | None) -> Witness:
        """Errors: InternalError for an execution that is not what it is said to be."""
        told = told_execution(example, self._model, self._instances, self._tables)
        record = None
        if label is not None:
            recheck(example, self._model, self._instances, self._tables, self._windows)
            record = recorded(example, told, self._tables, self._instants(example))
        return Witness((), 0, minimal=False, label=label, execution=told, record=record)

    def _instants(self, example: Example) -> Sequence[Instant]:
        """An order of instants in which each window sees what it is to; empty without windows."""
        if not any(way.seen for way in example.ways):
            return ()
        return self._windows.shown(self._model, example.execution.graph, example.ways) or ()


def _told(account: Account) -> ByExecutions:
    labels = frozenset(account.labels)
    without = labels if account.without is None else account.without
    with_all = labels if account.with_all is None else account.with_all
    return ByExecutions(
        count=account.executions,
        by_outcome=dict(account.outcomes),
        flags=tuple(sorted(account.flags)),
        prevented=tuple(sorted(without - labels)),
        preventable=tuple(sorted(labels - with_all)),
        of_interleavings=(),
    )


def _no_trace(program: Program) -> Trace:
    """The trace of a violation that no schedule shows: it has no steps."""
    return Trace(
        schedule=(),
        initial=dict(program.memory.initial),
        initial_truths={},
        threads=tuple(each.name for each in program.instances()),
        events=(),
        outcome=OutcomeKey(()),
        labels=(),
        maximal=False,
        final_locations={},
        about=program.about,
    )
