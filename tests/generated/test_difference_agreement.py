"""Differences against the oracle, on pairs of programs that nobody chose.

The second program of a pair is the first one with some statements less. What it can still come
to after each row of an alignment is found by naive enumeration of all that may follow.
"""

from __future__ import annotations

import pytest
from hypothesis import assume, given

from racer import Lock, Memory, Move, Program, Thread, Violation, diff
from racer.automata.lifting import lift
from racer.difference.data import Alignment, Difference, Escape
from racer.difference.following import follow
from racer.machine.sc import SequentialConsistency
from racer.search.escaping import escape
from tests.generated.profiles import examples
from tests.generated.strategies import samples
from tests.oracles.naive import Execution, Step, enumerate_program
from tests.programs import Sample, build, fit


def names(program: Program) -> list[str]:
    return [instance.name for instance in program.instances()]


def follower_moves(program: Program, alignment: Alignment) -> list[Step | None]:
    """By row, the move that the follower makes."""
    position = {name: thread for thread, name in enumerate(names(program))}
    made = iter(alignment.following.schedule)
    moves: list[Step | None] = []
    for row in alignment.rows:
        move = None if row.follower is None else next(made)
        moves.append(None if move is None else (position[move.thread], move.choice))
    return moves


def run(program: Program, prefix: list[Step | None]) -> Execution:
    execution = Execution(program)
    for move in prefix:
        if move is not None:
            execution.take(move)
    return execution


def can_show(program: Program, prefix: list[Step | None], label: str) -> bool:
    execution = run(program, prefix)
    moves = execution.moves()
    labels = execution.labels if moves else execution.finish()[1]
    found = label in labels
    execution.close()
    return found or any(can_show(program, [*prefix, move], label) for move in moves)


def first_hopeless(program: Program, moves: list[Step | None], label: str) -> int | None:
    """After how many of the moves nothing that may follow shows the label; None: it shows it."""
    rows = range(len(moves) + 1)
    return next((n for n in rows if not can_show(program, moves[:n], label)), None)


def check_following(program: Program, alignment: Alignment) -> None:
    """The follower makes each move that it can, and ends."""
    position = {name: thread for thread, name in enumerate(names(program))}
    moves = follower_moves(program, alignment)
    for row, wanted in enumerate(alignment.leading.schedule):
        if moves[row] is None:
            execution = run(program, moves[:row])
            assert (position[wanted.thread], wanted.choice) not in execution.moves()
            execution.close()
        else:
            assert moves[row] == (position[wanted.thread], wanted.choice)
    execution = run(program, moves)
    assert execution.moves() == []
    outcome, labels, _ = execution.finish()
    assert alignment.following.outcome == outcome
    assert set(alignment.following.labels) == set(labels)
    execution.close()


def check_escape(program: Program, alignment: Alignment) -> None:
    """The first row after which the label cannot be shown, by trying everything."""
    assert isinstance(alignment.of, str)
    moves = follower_moves(program, alignment)
    hopeless = (
        rows for rows in range(len(moves) + 1) if not can_show(program, moves[:rows], alignment.of)
    )
    assert alignment.escape is not None
    assert alignment.escape.unknown is None
    assert alignment.escape.rows == next(hopeless, None)
    assert (alignment.escape.rows is None) == alignment.shown


def check_counts(found: Difference, first: Program, second: Program) -> None:
    one, other = enumerate_program(first), enumerate_program(second)
    for label in found.labels:
        counts = [share and share.interleavings for share in (label.first, label.second)]
        assert counts == [one.violations.get(label.what), other.violations.get(label.what)]
    for outcome in found.outcomes:
        counts = [share and share.interleavings for share in (outcome.first, outcome.second)]
        assert counts == [one.outcomes.get(outcome.what), other.outcomes.get(outcome.what)]
    shown = {label.what for label in found.labels}
    assert shown == one.violations.keys() | other.violations.keys()


@pytest.mark.usefixtures("brief_lifting")
@examples(20)
@given(samples(size=150))
def test_a_difference_agrees_with_naive_enumeration(sample: Sample) -> None:
    shorter = fit(sample, max(sample.most_interleavings() // 3, 1))
    first, second = build(sample), build(shorter)
    assume(names(first) == names(second))
    found = diff(first, second, count=True)
    check_counts(found, first, second)
    for alignment in found.alignments:
        follower = found.other(alignment.leader).program
        check_following(follower, alignment)
        if isinstance(alignment.of, str):
            check_escape(follower, alignment)


@pytest.mark.usefixtures("brief_lifting")
@examples(10)
@given(samples(size=150))
def test_a_program_does_not_differ_from_itself(sample: Sample) -> None:
    found = diff(build(sample), build(sample))
    assert {each.only for each in found.labels} <= {None}
    assert {each.only for each in found.outcomes} <= {None}
    for alignment in found.alignments:
        assert alignment.shown
        assert alignment.parts is None


def two_readers() -> Program:
    """The torn read is lost with the last store, or when both readers are past it."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def reader() -> None:
        if await x.load() != await x.load():
            raise Violation("torn")

    async def writer() -> None:
        await x.store(1)

    return Program(mem, {"R": Thread(reader, copies=2), "W": Thread(writer)})


def locks_in_either_order() -> Program:
    """The deadlock is lost once a thread holds both locks."""
    mem = Memory()
    a, b = mem.lock("a"), mem.lock("b")

    def both(outer: Lock, inner: Lock) -> Thread:
        async def thread() -> None:
            async with outer, inner:
                pass

        return Thread(thread)

    return Program(mem, {"P": both(a, b), "Q": both(b, a)})


@pytest.mark.parametrize(
    ("program", "label"), [(two_readers(), "torn"), (locks_in_either_order(), "deadlock")]
)
def test_the_escape_on_every_schedule_agrees_with_trying_everything(
    program: Program, label: str
) -> None:
    known: dict[tuple[Step, ...], bool] = {}  # by prefix: whether the label can follow

    def explore_from(prefix: tuple[Step, ...]) -> bool:
        execution = run(program, list(prefix))
        moves = execution.moves()
        labels = execution.labels if moves else execution.finish()[1]
        execution.close()
        following = [explore_from((*prefix, move)) for move in moves]
        known[prefix] = label in labels or any(following)
        return known[prefix]

    assert explore_from(())
    lifted = lift(program)
    system = SequentialConsistency(lifted)
    escaping = 0
    for prefix in known:
        schedule = tuple(Move(system.names[thread], choice) for thread, choice in prefix)
        followed = follow(system, schedule, complete=False)
        hopeless = [n for n in range(len(prefix) + 1) if not known[prefix[:n]]]
        expected = Escape(hopeless[0] if hopeless else None)
        assert escape(system, followed.states, label) == expected
        escaping += expected.rows is not None
    assert escaping > 0
    lifted.finish()
