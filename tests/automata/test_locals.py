"""Locals: what a thread holds while it awaits counts for which node it is at, as far as it is seen.

The numbers of nodes are derived: a thread chooses v, which is 0 or 1, waits so many times, and
ends with what it sees of v.
"""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from racer import Memory, ModelError, Program, Thread, choose, explore
from racer.automata.growing import GrowingAutomaton, describe_pending
from racer.automata.lifting import lift
from tests.automata import constructs
from tests.automata.constructs import DEAD, DYING, HELD, TRAPS, UNLIKE, WAITS
from tests.oracles.naive import enumerate_program


def one_thread(lines: str) -> Program:
    """A thread of these lines, in the namespace of the constructs."""
    mem = Memory()
    given = {"y": mem.cell("y", 0), "z": mem.cell("z", 0), "lock": mem.lock("lock")}
    given["choose"] = choose
    function = f"async def run():\n{textwrap.indent(lines, '    ')}\nreturn run"
    maker = f"def make({', '.join(given)}):\n{textwrap.indent(function, '    ')}"
    made: dict[str, Any] = {}
    exec(compile(maker, "lines", "exec"), vars(constructs), made)
    return Program(mem, {"T": Thread(made["make"](**given))})


def seeing(lines: str) -> Program:
    """It returns what the lines see of v."""
    return one_thread(f"v = await choose(0, 1)\n{lines}\nreturn int(seen)")


def repeating(lines: str) -> Program:
    """It goes through the lines for ever, with the same v."""
    return one_thread(
        f"while True:\n    v, seen = 1, None\n{textwrap.indent(lines, '    ')}\n    assert seen"
    )


def grown(program: Program) -> GrowingAutomaton:
    """The automaton as it grew, which had no node merged by minimising."""
    lifted = lift(program)
    assert lifted.closed
    return lifted.growing[0]


@pytest.mark.parametrize("name", HELD)
def test_what_is_held_is_compared_by_what_can_be_seen_of_it(name: str) -> None:
    """It chooses; it waits with each v; it has ended with each."""
    waits = WAITS.get(name, 1)
    assert len(grown(seeing(HELD[name]))) == 1 + 2 * waits + 2


@pytest.mark.parametrize("name", [*HELD, *DEAD])
def test_what_is_made_anew_in_every_round_repeats(name: str) -> None:
    """Where it waits is all that tells its nodes apart, whatever is left of the round before."""
    assert len(grown(repeating({**HELD, **DEAD}[name]))) == WAITS.get(name, 1)


@pytest.mark.parametrize("name", DEAD)
def test_what_is_not_looked_at_again_does_not_count(name: str) -> None:
    """It chooses; it waits, whatever v is; it has ended."""
    assert len(grown(seeing(DEAD[name]))) == 1 + WAITS.get(name, 1) + 1


@pytest.mark.parametrize("name", TRAPS)
def test_what_only_looks_alike_is_told_apart(name: str) -> None:
    assert len(grown(seeing(TRAPS[name]))) == 1 + 2 + 2


@pytest.mark.parametrize("name", [*HELD, *TRAPS])
def test_nothing_that_was_held_is_lost(name: str) -> None:
    """The real coroutines, run from their start along every schedule, come to both."""
    lines = {**HELD, **TRAPS}[name]
    result = explore(seeing(lines))
    naive = enumerate_program(seeing(lines))
    assert [key[0][1] for key in result.outcomes] == [0, 1]
    assert {key: found.interleavings for key, found in result.outcomes.items()} == naive.outcomes


@pytest.mark.parametrize("name", DYING)
def test_what_does_something_when_it_dies_is_told_apart_and_never_passes_in_silence(
    name: str,
) -> None:
    """CPython up to 3.12 lets a local die later while it is observed. The net then refuses it."""
    program = seeing(DYING[name])
    [automaton] = lift(program).growing
    loads = [automaton.pending(node) for node in range(len(automaton))]
    assert len([each for each in loads if describe_pending(each) == "load y"]) == 2
    try:
        result = explore(program)
    except ModelError as refused:
        assert "is not a function of the results it gets" in str(refused)
    else:
        assert [key[0][1] for key in result.outcomes] == [0, 1]


@pytest.mark.parametrize("name", UNLIKE)
def test_what_is_not_compared_is_named(name: str) -> None:
    lines, local, kind = UNLIKE[name]
    [automaton] = lift(one_thread(f"{lines}\nreturn 1")).growing
    assert automaton.unlike is not None
    assert (automaton.unlike.local, automaton.unlike.kind) == (local, kind)
