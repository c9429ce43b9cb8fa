"""Reductions: what they keep, how far they go, and that their notion of independence is right."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer import Move as NamedMove
from racer import Program, explore, replay
from racer.automata.lifting import Lifted, lift
from racer.machine.dependence import Footprint
from racer.machine.interface import Future, System
from racer.machine.layout import State
from racer.machine.moves import Move, agent_of, option_of
from racer.machine.sc import SequentialConsistency
from racer.search.graph import search
from racer.search.limits import Budget
from racer.search.stubborn import Relation, StubbornSets, smallest_closed_set
from racer.search.symmetry import Symmetric
from scenarios.aba import aba
from tests.corpus import ENOUGH_WORK, corpus, lifted_corpus
from tests.programs import build
from tests.samples import loop_beside_a_violation, rule_one


def test_the_reduced_search_finds_the_one_wrong_interleaving_in_fifteen() -> None:
    # DESIGN.md rule one; the derivation stands at the same test of explore() without options.
    result = explore(rule_one(), reduce=True, count=False)
    assert list(result.violations) == ["misclassified"]
    assert explore(rule_one(), reduce=True).violations["misclassified"].interleavings == 1


@pytest.mark.parametrize(
    ("readers", "rounds", "raw", "canonical", "searched"),
    [
        # raw: TLC, an independent model checker, at (1, 1), (2, 2) and (3, 3). canonical, and an
        # upper bound of searched: a prototype of the same reductions, written apart from racer.
        (1, 1, 165, 165, 165),
        (2, 2, 2_023, None, None),
        (3, 3, 24_125, 5_314, 1_140),
    ],
)
def test_aba_has_the_known_numbers_of_states(
    readers: int, rounds: int, raw: int, canonical: int | None, searched: int | None
) -> None:
    result = explore(aba(readers=readers, rounds=rounds))
    assert result.states == raw
    assert canonical is None or result.canonical == canonical
    assert result.searched == result.canonical  # so few need no reduction
    reduced = explore(aba(readers=readers, rounds=rounds), count=False)
    assert searched is None or reduced.searched <= searched


def test_aba_at_three_and_three_has_the_number_of_interleavings_that_a_prototype_counted() -> None:
    # A prototype in pure Python, over raw states and without symmetry, written apart from racer.
    assert explore(aba(readers=3, rounds=3)).interleavings == 2_780_307_675_937_002_456


def test_aba_with_five_readers_needs_few_states() -> None:
    assert explore(aba(readers=5, rounds=3), count=False).searched <= 5_200


def test_counts_with_symmetry_are_those_without() -> None:
    for readers, rounds in ((2, 1), (2, 2), (3, 1)):
        plain = explore(aba(readers=readers, rounds=rounds), reduce=False)
        reduced = explore(aba(readers=readers, rounds=rounds), reduce=True)
        assert plain.states == reduced.states
        assert plain.transitions == reduced.transitions
        assert plain.interleavings == reduced.interleavings
        assert {k: o.interleavings for k, o in plain.outcomes.items()} == {
            k: o.interleavings for k, o in reduced.outcomes.items()
        }
        assert {k: (f.interleavings, f.witness) for k, f in plain.violations.items()} == {
            k: (f.interleavings, f.witness) for k, f in reduced.violations.items()
        }


def random_run(system: System, source: random.Random) -> list[tuple[State, Move]]:
    """A random schedule of at most 60 moves, each with the state it is made in."""
    state, run = system.initial(), []
    while len(run) < 60 and (moves := system.successors(state)):
        move, after = source.choice(list(moves))
        run.append((state, move))
        state = after
    return run


def independent(system: System, state: State, first: Move, second: Move) -> bool:
    different = agent_of(first) != agent_of(second)
    return different and not system.dependent(state, first, second)


def commute(system: System, state: State, first: Move, second: Move) -> bool:
    """Whether both orders can be made and lead to one state, windows and invariants included."""

    def after(state: State, moves: tuple[Move, Move]) -> State | None:
        for move in moves:
            options = dict(system.successors(state))
            if move not in options:
                return None
            state = options[move]
        return state

    there, back = after(state, (first, second)), after(state, (second, first))
    return there is not None and there == back


def disagreements(programs: list[Lifted]) -> Iterator[str]:
    """Independent moves, enabled in a state of a random run, whose order matters after all."""
    source = random.Random(1)
    for lifted in programs:
        system = SequentialConsistency(lifted)
        for state, _ in random_run(system, source):
            enabled = [move for move, _ in system.successors(state)]
            for first, second in itertools.combinations(enabled, 2):
                free = independent(system, state, first, second)
                if free and not commute(system, state, first, second):
                    yield f"{first} and {second} in {state}"


@pytest.mark.thorough
def test_independent_moves_commute_in_every_state_of_real_schedules() -> None:
    programs = list(lifted_corpus(60))
    assert list(disagreements(programs)) == []


def swaps(system: System, run: list[tuple[State, Move]]) -> Iterator[tuple[list[Move], list[Move]]]:
    """The schedule, and it with two independent neighbours permuted, for each such pair."""
    schedule = [move for _, move in run]
    for at in range(len(run) - 1):
        state, first = run[at]
        second = schedule[at + 1]
        if second in dict(system.successors(state)) and independent(system, state, first, second):
            yield schedule, [*schedule[:at], second, first, *schedule[at + 2 :]]


@pytest.mark.thorough
def test_permuting_independent_neighbours_changes_nothing_on_trio() -> None:
    """Outcome, labels, and what every window saw are the same."""
    source = random.Random(2)
    compared = 0
    for sample in corpus(25):
        program = build(sample)
        system = SequentialConsistency(lift(program, work=ENOUGH_WORK))
        for pair in itertools.islice(swaps(system, random_run(system, source)), 2):
            traces = [
                replay(
                    program,
                    tuple(NamedMove(system.names[agent_of(m)], option_of(m)) for m in moves),
                )
                for moves in pair
            ]
            seen = [
                sorted(
                    (e.thread, e.step, c.watch, repr(c.seen)) for e in t.events for c in e.closed
                )
                for t in traces
            ]
            assert (traces[0].outcome, traces[0].labels) == (traces[1].outcome, traces[1].labels)
            assert seen[0] == seen[1]
            compared += 1
    assert compared >= 30


@pytest.mark.usefixtures("brief_lifting")
@pytest.mark.thorough
def test_the_order_of_declaration_changes_no_report() -> None:
    for sample in corpus(25):
        program = build(sample)
        turned = Program(
            program.memory,
            dict(reversed(program.threads.items())),
            dict(reversed(program.invariants.items())),
            dict(reversed(program.sometimes.items())),
        )
        first, second = explore(program), explore(turned)
        assert list(first.outcomes.items()) == list(second.outcomes.items())
        assert [(label, found.witness) for label, found in first.violations.items()] == [
            (label, found.witness) for label, found in second.violations.items()
        ]
        assert dataclasses.replace(first, outcomes={}, violations={}) == dataclasses.replace(
            second, outcomes={}, violations={}
        )


def test_a_thread_that_nobody_can_disturb_is_explored_alone() -> None:
    reads = Footprint(0b01, 0)
    alone, other = Future(reads, reads), Future(Footprint(0b10, 0b10), Footprint(0b10, 0b10))
    assert smallest_closed_set([other, alone], {0: 1, 1: 1}, Relation()) in ({0}, {1})
    # A writer of what `alone` reads, now or later, has to come along.
    writer = other._replace(future=Footprint(0b10, 0b11))
    assert smallest_closed_set([writer, alone], {0: 1, 1: 2}, Relation()) == {0}
    assert smallest_closed_set(
        [alone, writer._replace(next=Footprint(0b10, 0b11))], {0: 2, 1: 1}, Relation()
    ) == {0, 1}


def closed_set_by_definition(futures: Sequence[Future], enabled: dict[int, int]) -> frozenset[int]:
    """The first closed set with the fewest moves, each grown agent by agent."""
    found = []
    for seed in enabled:
        closed = {seed}
        while True:
            more = {
                agent
                for agent, other in enumerate(futures)
                if any(futures[each].next.conflicts(other.future) for each in closed)
            }
            if more <= closed:
                break
            closed |= more
        found.append((sum(n for agent, n in enabled.items() if agent in closed), closed))
    least = min(moves for moves, _ in found)
    if least == sum(enabled.values()):
        return frozenset(enabled)
    return frozenset(next(closed for moves, closed in found if moves == least))


masks = st.integers(0, 7)
prints = st.builds(Footprint, masks, masks)


@given(st.data())
def test_agents_of_one_future_are_closed_together_and_alike(data: st.DataObject) -> None:
    kinds = data.draw(
        st.lists(
            st.builds(lambda a, b: Future(a, a.union(b)), prints, prints), min_size=1, max_size=4
        )
    )
    futures = data.draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=7))
    agents = data.draw(
        st.lists(st.integers(0, len(futures) - 1), min_size=1, max_size=7, unique=True)
    )
    enabled = {agent: data.draw(st.integers(1, 2)) for agent in sorted(agents)}
    found = smallest_closed_set(futures, enabled, Relation())
    expected = closed_set_by_definition(futures, enabled)
    assert {agent for agent in found if agent in enabled} == {
        agent for agent in expected if agent in enabled
    }


def test_stubborn_sets_do_not_ignore_a_thread_behind_an_endless_loop() -> None:
    program = loop_beside_a_violation()
    assert list(explore(program, reduce=True).violations) == ["seen"]


@pytest.mark.thorough
def test_the_reduced_graph_is_a_part_of_the_full_one() -> None:
    for lifted in lifted_corpus(40):
        quotient = Symmetric(SequentialConsistency(lifted))
        full = search(quotient, (), Budget())
        reduced = search(quotient, (), Budget(), StubbornSets(quotient))
        assert set(reduced.states) <= set(full.states)
        assert {full.states[end] for end in full.ends()} == {
            reduced.states[end] for end in reduced.ends()
        }


def test_a_count_that_is_not_affordable_is_left_out_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from racer.exploration import searching

    monkeypatch.setattr(searching, "COUNTED_STATES", 100)
    monkeypatch.setattr(searching, "COUNTED_COMPILED", 100)
    result = explore(aba())
    assert result.verdict == "fail"
    assert result.interleavings is None
    assert result.violations["misclassified"].interleavings is None
    assert result.uncounted is not None and "more than 100 states" in result.uncounted
    assert result.violations["misclassified"].witness.minimal
    assert explore(aba(), count=True).interleavings == 24_621
    assert explore(aba(), count=False).uncounted == "not asked for"
