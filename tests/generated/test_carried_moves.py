"""Moves that a search over grown automata found are those that condensed automata give."""

from hypothesis import given

from racer import Program
from racer.exploration.searching import searched
from racer.exploration.wanted import Wanted
from racer.machine.loaded import load_program
from racer.machine.models import system_of
from racer.machine.sc import SequentialConsistency
from scenarios.free_alloc_free import free_alloc_free
from scenarios.movable_ops import movable_ops
from tests.generated.profiles import examples
from tests.generated.strategies import samples
from tests.native.pure import in_python
from tests.programs import Sample, build


def carried(program: Program) -> int:
    """How many states have moves that are known once all are searched; each is compared."""
    loaded = load_program(program)
    with loaded.in_use(), in_python():  # the compiled engine leaves none to be carried over
        searched(loaded, Wanted("sc", count=None), None)
    fresh = system_of(loaded.lifted, "sc")
    system = loaded.system("sc")
    assert isinstance(system, SequentialConsistency)
    assert system.initial() == fresh.initial()
    known = list(system._known)
    for forgotten in (False, True):
        for state in known:
            assert list(system.successors(state)) == list(fresh.successors(state))
        if not forgotten:  # what is not known leads from states that this system has not examined
            for state in known[1::2]:
                del system._known[state]
    return len(known)


def test_those_of_scenarios() -> None:
    assert carried(free_alloc_free()) > 500
    assert carried(movable_ops()) > 10


@examples(60)
@given(samples(size=700))
def test_those_of_generated_programs(sample: Sample) -> None:
    carried(build(sample))
