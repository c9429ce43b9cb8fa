"""Where there is no memory for more states, what was found is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from racer.automata.lifting import lift
from racer.machine.models import system_of
from racer.native.engine import Engine, Status
from racer.native.library import loaded
from tests.native.test_counting import independent

pytestmark = pytest.mark.skipif(
    loaded().library is None, reason=f"there is no compiled search: {loaded().why}"
)

# 31**4 states are 923,521; their moves alone take some 30 MB. That memory is used up is seen by
# nobody here but the library, to which malloc() gives none.
STARVED = """
import resource
from racer.automata.lifting import lift
from racer.lang.memory_use import OUT_OF_MEMORY, memory_used
from racer.machine.models import system_of
from racer.search import limits
from racer.search.graph import search
from tests.native.test_counting import independent

limits.used_up = lambda: None
system = system_of(lift(independent(4, 30)), "sc")
room = memory_used(reserved=True) + 24 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (room, room))
graph = search(system, (), limits.Budget())
assert graph.engine == "compiled"
assert graph.bound == OUT_OF_MEMORY
assert 10_000 < graph.expanded < len(graph.states) < 31**4
for state in range(0, len(graph.states), 997):
    row = graph.edges[state]
    assert state < graph.expanded or not row
    for move, goal in row:
        assert (move, graph.states[goal]) in system.successors(graph.states[state])
print("told")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it known what is reserved")
def test_without_memory_it_is_a_bound_and_what_was_found_is_right() -> None:
    found = subprocess.run(
        [sys.executable, "-c", STARVED],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (found.stdout, found.returncode) == ("told\n", 0), found.stderr[-3_000:]


@pytest.mark.parametrize(("copies", "steps"), [(3, 40), (4, 12), (2, 300)])
def test_a_state_of_a_word_takes_no_more_than_thirty_bytes_without_its_moves(
    copies: int, steps: int
) -> None:
    """8 for the word, 4 for the parent, 8 by 5/4 to 8 by 15/8 for its slot: 22 to 27, and of what
    a small table begins with."""
    system = system_of(lift(independent(copies, steps)), "sc")
    tables = system.flat(())
    assert tables is not None
    engine = Engine(tables, (), system.initial(), edges=False)
    assert engine.words == 1
    assert engine.run(1 << 62, None) is Status.DONE
    assert engine.count == (steps + 1) ** copies
    assert engine.transitions == copies * steps * (steps + 1) ** (copies - 1)
    assert engine.bytes_of_states <= 30 * engine.count
