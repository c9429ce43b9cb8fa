"""The engine against the oracle: equal answers on programs that nobody chose.

Compared are the number of interleavings, every outcome and every violation with its count and
its minimal witness, and what was never reached; with reduction and without.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from hypothesis import assume, given

from racer import Cell, Memory, Program, Thread, Violation, Witness, choose, explore
from racer.lang.outcomes import LIVELOCK, OutcomeKey
from tests.generated.profiles import examples
from tests.generated.strategies import samples
from tests.oracles.naive import Cost, TooMany, enumerate_program
from tests.programs import Sample, build
from tests.samples import message_passing, rule_one


@dataclass(frozen=True)
class Account:
    """What can be said of a program: by either side, in the same terms."""

    verdict: str
    interleavings: int | None
    outcomes: dict[OutcomeKey, tuple[int | None, tuple[int, ...]]]
    violations: dict[str, tuple[int | None, Cost]]
    vacuous: frozenset[str]


def by_oracle(program: Program) -> Account:
    naive = enumerate_program(program)
    vacuous = frozenset(program.sometimes) - naive.reached
    asked = frozenset(program.finally_) - frozenset(program.memory.finally_())
    vacuous |= frozenset() if naive.ended else asked
    return Account(
        verdict="fail" if naive.violations or vacuous else "pass",
        interleavings=naive.interleavings,
        outcomes={key: (n, naive.outcome_witness[key][:5]) for key, n in naive.outcomes.items()},
        violations={label: (n, naive.witness[label]) for label, n in naive.violations.items()},
        vacuous=vacuous,
    )


def by_engine(program: Program, *, reduce: bool) -> Account:
    result = explore(program, memory="sc", reduce=reduce, count=True)
    return Account(
        verdict=result.verdict,
        interleavings=result.interleavings,
        outcomes={
            key: (outcome.interleavings, outcome.witness.cost)
            for key, outcome in result.outcomes.items()
        },
        violations={
            label: (finding.interleavings, cost(program, finding.witness))
            for label, finding in result.violations.items()
        },
        vacuous=frozenset(result.vacuous),
    )


def cost(program: Program, witness: Witness) -> Cost:
    position = {instance.name: i for i, instance in enumerate(program.instances())}
    steps = tuple((position[move.thread], move.choice) for move in witness.schedule)
    return *witness.cost, steps


def assert_agreement(make: Callable[[], Program]) -> None:
    expected = by_oracle(make())
    assert by_engine(make(), reduce=False) == expected
    assert by_engine(make(), reduce=True) == expected


@pytest.mark.usefixtures("brief_lifting")
@examples(80)
@given(samples(size=700))
def test_the_engine_agrees_with_naive_enumeration(sample: Sample) -> None:
    assert_agreement(lambda: build(sample))


@pytest.mark.slow
@examples(10_000)
@given(samples(size=2_000))
def test_the_engine_agrees_with_naive_enumeration_on_ten_thousand_programs(sample: Sample) -> None:
    assert_agreement(lambda: build(sample))


# --- loops without a bound ------------------------------------------------------------------


def assert_agreement_up_to(sample: Sample, longest: int) -> None:
    """Every execution of up to `longest` steps, against an engine that sees all of them.

    What the oracle found, the engine must have found, at no greater cost. What the engine found
    within so many steps, the oracle must have found, at the same cost, except a violation that
    no execution that ends shows. Without a longer execution, the two agree in full. Livelocks
    are asked about elsewhere.
    """
    try:
        naive = enumerate_program(build(sample), limit=1_500, longest=longest)
    except TooMany:
        assume(False)
    if naive.cut is None:
        assert_agreement(lambda: build(sample))
        return
    program = build(sample)
    result = explore(program)
    violations = {label: each for label, each in result.violations.items() if label != LIVELOCK}
    assert result.verdict == ("fail" if result.violations or result.vacuous else "pass")
    assert naive.cut <= set(violations)
    assert naive.reached.isdisjoint(result.vacuous)
    for label, cheapest in naive.witness.items():
        assert cost(program, violations[label].witness) <= cheapest
    for outcome, cheapest in naive.outcome_witness.items():
        assert cost(program, result.outcomes[outcome].witness)[:5] <= cheapest[:5]
    for label, finding in violations.items():
        found = cost(program, finding.witness)
        if found[4] <= longest and label not in naive.cut - set(naive.witness):
            assert naive.witness[label] == found
    for outcome, reached in result.outcomes.items():
        found = cost(program, reached.witness)
        if found[4] <= longest:
            assert naive.outcome_witness[outcome][:5] == found[:5]


@pytest.mark.usefixtures("brief_lifting")
@examples(60)
@given(samples(size=700, ends=True))
def test_the_engine_agrees_on_daemons_and_on_what_ends_must_meet(sample: Sample) -> None:
    assert_agreement(lambda: build(sample))


@pytest.mark.slow
@examples(10_000)
@given(samples(size=2_000, ends=True))
def test_the_engine_agrees_on_daemons_and_ends_in_ten_thousand_programs(sample: Sample) -> None:
    assert_agreement(lambda: build(sample))


@pytest.mark.usefixtures("brief_lifting")
@examples(40)
@given(samples(size=700, unbounded=True))
def test_the_engine_agrees_on_short_executions_of_endless_loops(sample: Sample) -> None:
    assert_agreement_up_to(sample, longest=9)


@pytest.mark.slow
@examples(10_000)
@given(samples(size=2_000, unbounded=True))
def test_the_engine_agrees_on_endless_loops_in_ten_thousand_programs(sample: Sample) -> None:
    assert_agreement_up_to(sample, longest=10)


# --- written by hand ------------------------------------------------------------------------


def counter() -> Program:
    """Each value of the counter makes another: what its cell can hold never ends."""
    mem = Memory()
    hits = mem.cell("hits", 0)

    async def increment() -> int:
        seen = 0
        for _ in range(2):
            seen = await hits.load()
            await hits.store(seen + 1)
        return seen

    invariants = {"at most two": lambda s: s[hits] <= 2}
    sometimes = {"four": lambda s: s[hits] == 4, "five": lambda s: s[hits] == 5}
    return Program(mem, {"P": Thread(increment, copies=2)}, invariants, sometimes)


def violation_in_flight() -> Program:
    """The label is on the way out, on the value stack, while a lock and a cell are tidied up."""
    mem = Memory()
    a, lock = mem.cell("a", 0), mem.lock("lock")

    async def run() -> int:
        try:
            async with lock:
                if value := await a.load():
                    raise Violation(f"saw {value}")
        finally:
            await a.update(lambda v: (v + 1) % 3)
        return value

    return Program(mem, {"P": Thread(run, copies=3)})


def equal_but_different_values() -> Program:
    """True == 1, yet they are different values: `True + 1` is 2, and `repr` tells them apart."""
    mem = Memory()
    a = mem.cell("a", 0)

    async def writer() -> None:
        await a.store(await choose(1, 2))
        await a.store(True)

    async def reader() -> str:
        return repr(await a.load())

    return Program(mem, {"R": Thread(reader, copies=2), "W": Thread(writer)})


def same_function_under_two_names() -> Program:
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def cross(mine: Cell[int], other: Cell[int]) -> int:
        await mine.store(1)
        return await other.load()

    return Program(mem, {"P": Thread(cross, a, b), "Q": Thread(cross, b, a)})


def waits_for_a_value_not_seen_before() -> Program:
    """The predicate's register is assigned by the very wait that evaluates it."""
    mem = Memory()
    a = mem.cell("a", 0)

    async def writer() -> None:
        await a.store(1)
        await a.store(2)

    async def reader() -> int:
        last = 0
        for _ in range(2):
            last = await a.wait_until(lambda v: v != last)  # noqa: B023
        return last

    return Program(mem, {"R": Thread(reader), "W": Thread(writer)})


def waits_for_what_a_list_holds() -> Program:
    """The list changes after the wait: what the thread waited for then must not."""
    mem = Memory()
    a = mem.cell("a", 0)

    async def writer() -> None:
        await a.store(1)
        await a.store(2)

    async def reader() -> int:
        wanted = [1]
        await a.wait_until(lambda v: v in wanted)
        wanted[0] = 2
        return await a.load()

    return Program(mem, {"R": Thread(reader), "W": Thread(writer)})


def waits_for_what_a_default_argument_holds() -> Program:
    """As above, with the list bound as the predicate's default."""
    mem = Memory()
    a = mem.cell("a", 0)

    async def writer() -> None:
        await a.store(1)
        await a.store(2)

    async def reader() -> int:
        wanted = [1]

        def is_wanted(value: int, wanted: list[int] = wanted) -> bool:
            return value in wanted

        await a.wait_until(is_wanted)
        wanted[0] = 2
        return await a.load()

    return Program(mem, {"R": Thread(reader), "W": Thread(writer)})


def updates_by_a_register_that_changes_later() -> Program:
    mem = Memory()
    a = mem.cell("a", 0)

    async def run() -> int:
        by = 1
        by = await a.update(lambda v: (v + by) % 4)
        return by

    return Program(mem, {"P": Thread(run, copies=3)})


def violation_named_deadlock() -> Program:
    """A label that two causes show in one interleaving counts once."""
    mem = Memory()
    a = mem.cell("a", 0)

    async def waiter() -> None:
        await a.wait_until(lambda v: v == 1)

    async def violator() -> None:
        await a.load()
        raise Violation("deadlock")

    return Program(mem, {"P": Thread(violator), "Q": Thread(waiter)})


def hidden_state() -> Program:
    """What the threads do next depends on an iterator, a generator, and a captured local."""
    mem = Memory()
    a = mem.cell("a", 0)

    async def skipper() -> int:
        digits, number = iter((1, 2, 3, 4)), 0
        for digit in digits:
            number = 10 * number + digit
            if await a.load():
                next(digits, None)
        return number

    async def values() -> AsyncIterator[int]:
        for factor in range(1, 3):
            yield factor * await a.load()

    async def generated() -> int:
        total = 0

        def add(value: int) -> None:
            nonlocal total
            total += value

        async for value in values():
            add(value)
        return total

    async def pulse() -> None:
        await a.store(1)
        await a.store(0)

    threads = {"G": Thread(generated), "P": Thread(pulse), "S": Thread(skipper)}
    return Program(mem, threads)


def windows_that_overlap() -> Program:
    """Opened and closed by hand, so that neither lies within the other."""
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)
    raised = mem.watch("raised", lambda s: s[a] == 1, [a])

    async def observer() -> tuple[bool, ...]:
        first, second = raised.window(), raised.window()
        await first.__aenter__()
        await b.load()
        await second.__aenter__()
        await b.load()
        await first.__aexit__(None, None, None)
        await b.load()
        await second.__aexit__(None, None, None)
        return first.sometimes, first.at_end, second.sometimes, second.at_end

    async def pulse() -> None:
        await a.store(1)
        await a.store(0)

    return Program(mem, {"P": Thread(observer, copies=2), "Q": Thread(pulse)})


@pytest.mark.parametrize(
    "make",
    [
        message_passing,
        counter,
        rule_one,
        violation_in_flight,
        equal_but_different_values,
        same_function_under_two_names,
        waits_for_a_value_not_seen_before,
        waits_for_what_a_list_holds,
        waits_for_what_a_default_argument_holds,
        updates_by_a_register_that_changes_later,
        violation_named_deadlock,
        hidden_state,
        windows_that_overlap,
    ],
)
def test_the_engine_agrees_on_a_program_written_by_hand(make: Callable[[], Program]) -> None:
    assert_agreement(make)


def test_every_interleaving_ends_in_one_of_the_outcomes_even_if_values_are_equal() -> None:
    def make() -> Program:
        mem = Memory()
        a = mem.cell("a", 0)

        async def run() -> object:
            await a.load()
            return await choose(1, 2) == 1 or 1  # True or 1

        return Program(mem, {"P": Thread(run)})

    result = explore(make(), count=True)
    assert result.interleavings == 2  # one for each option
    assert sum(outcome.interleavings or 0 for outcome in result.outcomes.values()) == 2
