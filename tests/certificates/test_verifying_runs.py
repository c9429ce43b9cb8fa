"""The verifier of certificates: what states and whole runs must hold to, and counts (4 to 9)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.certificates.by_hand import (
    Document,
    act,
    broken,
    certificate,
    choose,
    edited,
    end,
    looking,
    node,
    sealed,
    spinning,
    thread,
    truth,
    verify,
    verifying,
    waiting,
    writers,
)

# Conditions 4, 5 and 6.


def test_4_each_state_is_reached() -> None:
    # Nobody writes 1 to cell 1 before t1 has taken its step. All that follows is there.
    def add(document: Document) -> None:
        document["states"] += [[0, 0, 0, 1]]
        document["claim"]["states"] = 5

    assert broken(edited(writers(), add)) == 4


def test_5_no_thread_is_at_an_end_that_is_bad() -> None:
    assert broken(edited(writers(), lambda d: node(d, 0, 1).update(bad=1))) == 5

    def add(document: Document) -> None:  # an end which is bad, and where no thread comes to
        document["program"]["automata"][0]["nodes"].append(end(bad=1))

    assert verify(sealed(edited(writers(), add))) == (4, 4, "2")


@pytest.mark.parametrize("row", [[0, 0], [0, 1], [1, 0], [1, 1]])
def test_5_what_is_always_so_is_so_in_every_state(row: list[int]) -> None:
    def move(document: Document) -> None:
        always = document["program"]["always"][0]
        always["true"].remove(row)
        always["false"].append(row)

    assert broken(edited(writers(), move)) == 5


def test_6_what_is_sometimes_so_is_so_in_some_state() -> None:
    def move(document: Document) -> None:
        sometimes = document["program"]["sometimes"][0]
        sometimes["false"].append(sometimes["true"].pop())

    assert broken(edited(writers(), move)) == 6

    # One that is so and one that is not: the second has no cells, and is false.
    document = looking()
    document["program"]["sometimes"] = [truth("is 1", [0], [[1]], [[0]])]
    assert verify(sealed(document)) == (16, 17, "6")
    document["program"]["sometimes"].append(truth("never", [], [], [[]]))
    assert broken(document) == 6


# Condition 7.


@pytest.mark.parametrize("kind", ["ordinary", "perpetual"])
def test_7_only_daemons_may_wait_for_ever(kind: str) -> None:
    assert broken(edited(waiting(), lambda d: d["program"]["threads"][0].update(kind=kind))) == 7


def waiting_daemons(count: int) -> Document:
    """As many daemons as said, each waiting for cell 0 to be 1: one state, no step, one run."""
    daemon = thread([act(0, [(1, 1, 1)], blocked=[0]), end()], kind="daemon")
    return certificate([daemon] * count, [[0] * count + [0]], "1")


def test_7_some_thread_has_ended_or_there_is_but_one() -> None:
    assert verify(sealed(waiting_daemons(1))) == (1, 0, "1")
    assert broken(waiting_daemons(2)) == 7
    assert broken(waiting_daemons(0)) == 7


@pytest.mark.parametrize("holds", [[], [0], [2], [0, 3], [2, 3], [3, 3]])
def test_7_what_finally_holds_holds_in_just_the_ends(holds: list[int]) -> None:
    # The one end of writers() is state 3.
    assert broken(edited(writers(), lambda d: d["program"]["finally"][0].update(holds=holds))) == 7


def test_7_what_finally_holds_is_told_for_each_end_in_ascending_order() -> None:
    def set_holds(holds: list[int]) -> Document:
        return edited(looking(), lambda d: d["program"]["finally"][0].update(holds=holds))

    assert broken(set_holds([12, 10, 14, 15])) == 7
    assert broken(set_holds([10, 12, 14])) == 7


def test_7_what_finally_holds_has_an_end_to_hold_in() -> None:
    # One daemon that chooses to go on, for ever: one state, one step, and it is in a circle.
    document = certificate([thread([choose(0)], kind="daemon")], [[0, 0]], None)
    assert verify(sealed(document)) == (1, 1, None)
    document["program"]["finally"] = [{"name": "f", "holds": []}]
    assert broken(document) == 7


# Condition 8.


def test_8_an_ordinary_thread_may_not_go_round_for_ever_where_that_is_fair() -> None:
    # As in spinning(), but t1 writes 0, so that t0 goes on to spin: in state 0, which is unfair,
    # and in state 1, where no other thread can take a step.
    spinner = thread([act(0, [(0, 0, 0), (1, 1, 1)]), end()])
    writer = thread([act(0, [(0, 0, 1)]), end()])
    assert broken(certificate([spinner, writer], [[0, 0, 0], [0, 1, 0]], None)) == 8
    # As a daemon, it may.
    spinner["kind"] = "daemon"
    document = certificate([spinner, writer], [[0, 0, 0], [0, 1, 0]], None)
    assert verify(sealed(document)) == (2, 3, None)


def test_8_a_step_that_stays_makes_no_component_unfair() -> None:
    # t0 chooses to go on, or to end. It can take a step in state 0, but not each of them leaves.
    document = certificate([thread([choose(0, 1), end()])], [[0, 0], [1, 0]], None)
    assert broken(document) == 8


def toggling(
    kind: str, steps: list[tuple[int, int, int]], blocked: list[int], other: str = "ordinary"
) -> Document:
    """t0 toggles cell 0 for ever, and t1 takes a step if the cell has a value that lets it.

    A state is: node of t0, node of t1, cell 0. t0 goes round states 0 and 1, and, when t1 has
    ended, round 2 and 3.
    """
    toggler = thread([act(0, [(0, 1, 0), (1, 0, 0)])], kind=kind)
    states = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]
    return certificate([toggler, thread([act(0, steps, blocked), end()], other)], states, None)


def test_8_a_component_is_unfair_to_a_thread_that_can_take_a_step_in_each_state_of_it() -> None:
    either, one = [(0, 0, 1), (1, 1, 1)], [(0, 0, 1)]
    # 4 steps of t0 and 2 of t1; it is 4 and 1 where t1 has to wait for cell 0 to be 0.
    assert verify(sealed(toggling("daemon", either, []))) == (4, 6, None)
    assert broken(toggling("daemon", one, [1])) == 8
    assert verify(sealed(toggling("daemon", one, [1], "daemon"))) == (4, 5, None)
    # When t1 has ended, t0 goes round alone, which an ordinary thread may not.
    assert broken(toggling("ordinary", either, [])) == 8
    # It changes a cell, which is what a perpetual thread has to do.
    assert verify(sealed(toggling("perpetual", either, []))) == (4, 6, None)


def idling(*kinds: str, writes: bool = False) -> Document:
    """Threads of the given kinds that read cell 0 for ever; the first may also toggle it."""
    steps = [(0, 1, 0), (1, 0, 0)] if writes else [(0, 0, 0)]
    reader = thread([act(0, [(0, 0, 0), (1, 1, 0)])])
    threads = [thread([act(0, steps)]) | {"kind": kinds[0]}]
    threads += [reader | {"kind": kind} for kind in kinds[1:]]
    states = [[0] * len(kinds) + [value] for value in range(1 + writes)]
    return certificate(threads, states, None)


def test_8_each_perpetual_thread_has_to_change_a_cell_in_a_component_that_no_step_leaves() -> None:
    assert broken(idling("perpetual")) == 8
    assert verify(sealed(idling("perpetual", writes=True))) == (2, 2, None)
    assert broken(idling("perpetual", "perpetual", writes=True)) == 8
    assert broken(idling("daemon", "perpetual", writes=True)) == 8
    assert verify(sealed(idling("perpetual", "daemon", writes=True))) == (2, 4, None)


def test_8_two_daemons_may_not_both_do_nothing_for_ever() -> None:
    assert verify(sealed(idling("daemon"))) == (1, 1, None)
    assert broken(idling("daemon", "daemon")) == 8
    assert verify(sealed(idling("daemon", "daemon", writes=True))) == (2, 4, None)


def idle_beside(other: list[Document], kind: str, idler: str, states: list[list[int]]) -> Document:
    """t0 reads cell 0 for ever, beside a t1 of the given nodes and kind."""
    reader = thread([act(0, [(0, 0, 0)])], kind=idler)
    return certificate([reader, thread(other, kind)], states, None)


def test_8_one_that_has_ended_lets_daemons_do_nothing_for_ever() -> None:
    # t1 ends. Then t0 alone goes round state 1: daemons may, as one thread has ended.
    states = [[0, 0, 0], [0, 1, 0]]
    document = idle_beside([choose(1), end()], "daemon", "daemon", states)
    assert verify(sealed(document)) == (2, 3, None)
    document = idle_beside([choose(1), end()], "ordinary", "daemon", states)
    assert verify(sealed(document)) == (2, 3, None)
    assert broken(idle_beside([choose(1), end()], "daemon", "perpetual", states)) == 8


def test_8_of_a_component_that_a_step_leaves_no_work_is_asked() -> None:
    # In state 0, t0 and t1 both read for ever and do no work, but t1 can leave, by choice: then it
    # is ever and ever in state 1, where it toggles cell 0. t0 is a daemon that reads meanwhile.
    toggles = act(0, [(0, 1, 1), (1, 0, 1)])
    reader = thread([act(0, [(0, 0, 0), (1, 1, 0)])], kind="daemon")
    states = [[0, 0, 0], [0, 1, 0], [0, 1, 1]]
    leaver = thread([choose(0, 1), toggles], kind="perpetual")
    # 3 steps from state 0, and 2 from each of the others.
    assert verify(sealed(certificate([reader, leaver], states, None))) == (3, 7, None)
    leaver["kind"] = "ordinary"
    assert broken(certificate([reader, leaver], states, None)) == 8


def components_are_right(goals: Sequence[Sequence[int]]) -> None:
    """Compares the components of what is reached from state 0 with what reaches what (Warshall)."""
    reach = [{at, *own} for at, own in enumerate(goals)]
    for middle, start in itertools.product(range(len(goals)), repeat=2):
        if middle in reach[start]:
            reach[start] |= reach[middle]
    found = verifying.components([[(0, to, False) for to in own] for own in goals])
    expected = {frozenset(b for b in reach[0] if b in reach[a] and a in reach[b]) for a in reach[0]}
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    for early, late in itertools.combinations(found, 2):
        assert not any(b in reach[a] for a in early for b in late)


def test_8_states_are_in_one_component_if_each_is_reached_from_the_other() -> None:
    # All graphs of three states, with the steps from a state in any order: 16 ** 3.
    some = [own for count in range(4) for own in itertools.permutations(range(3), count)]
    for goals in itertools.product(some, repeat=3):
        components_are_right(goals)


graphs = st.integers(1, 9).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, n - 1), max_size=4), min_size=n, max_size=n)
)


@given(graphs)
def test_8_states_of_greater_graphs_are_too(goals: list[list[int]]) -> None:
    components_are_right(goals)


def test_8_a_component_may_be_as_deep_as_there_are_states() -> None:
    # No recursion: 50,000 states in one circle.
    count = 50_000
    (found,) = verifying.components([[(0, (at + 1) % count, False)] for at in range(count)])
    assert found == set(range(count))


# Condition 9.


@pytest.mark.parametrize("count", ["1", "3", "02", "2 ", "+2", "2.0", "two", "", "-2", None])
def test_9_the_interleavings_are_counted(count: str | None) -> None:
    assert broken(edited(writers(), lambda d: d["claim"].update(interleavings=count))) == 9


def test_9_where_a_run_can_go_on_for_ever_there_is_no_count() -> None:
    assert broken(edited(spinning(), lambda d: d["claim"].update(interleavings="1"))) == 9


def test_9_each_option_is_a_move_of_its_own() -> None:
    # Three options, two of which have one goal: 3 runs through 3 states.
    nodes = [choose(1, 1, 2), end(), end()]
    document = certificate([thread(nodes)], [[0, 0], [1, 0], [2, 0]], "3")
    assert verify(sealed(document)) == (3, 3, "3")


def test_9_a_count_may_have_more_digits_than_python_writes() -> None:
    # A chain of 5,000 choices of ten ways each: 10 ** 5000 runs.
    nodes = [choose(*[at + 1] * 10) for at in range(5000)]
    document = certificate(
        [thread([*nodes, end()])], [[at, 0] for at in range(5001)], "1" + "0" * 5000
    )
    assert verify(sealed(document)) == (5001, 50_000, "1" + "0" * 5000)
    document["claim"]["interleavings"] = "1" + "0" * 4999
    assert broken(document) == 9


def test_9_thousands_of_states_and_a_number_of_many_digits() -> None:
    # Three threads that take 17 steps each, on cells of their own: 18 ** 3 states, of which a third
    # of 3 * 17 * 18 ** 2 steps belong to each thread, and 51! / 17! ** 3 interleavings.
    cells = (18, 18, 18, *[1] * 9)
    threads = [
        thread([*(act(own, [(at, at + 1, at + 1)]) for at in range(17)), end()]) for own in range(3)
    ]
    states = [[*at, *at, *[0] * 9] for at in itertools.product(range(18), repeat=3)]
    runs = str(math.factorial(51) // math.factorial(17) ** 3)
    text = sealed(certificate(threads, states, runs, cells, finals=[[18**3 - 1]]))
    assert verify(text) == (5832, 16_524, runs)
