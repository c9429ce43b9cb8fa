"""The compiled search and the one in Python: the same graphs, number by number, and reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given

from racer import Cell, Memory, Program, State, Thread, Violation, atomic, explore
from racer.automata.lifting import WORK, Lifted, lift
from racer.catalogue.discovery import catalogue
from racer.exploration.covering import _Cover
from racer.machine.interface import System
from racer.machine.layout import State as Packed
from racer.machine.models import system_of
from racer.native.library import loaded
from racer.search.compiled_preemptions import preemption_search
from racer.search.counting import schedules_to
from racer.search.flat_edges import FlatEdges
from racer.search.graph import search
from racer.search.limits import Budget
from racer.search.preemptions import CheapestPath, Happened, Shows
from racer.search.shown import Examiner, Family, Goal, Label
from racer.search.state_graph import ModelFailed, StateGraph
from racer.search.stubborn import StubbornSets
from racer.search.symmetry import Symmetric
from tests.corpus import ENOUGH_WORK, corpus
from tests.generated.profiles import examples
from tests.generated.strategies import samples
from tests.generated.test_two_ways_agree import reported
from tests.native.pure import in_python
from tests.programs import Sample, build
from tests.search.looping import CASES

pytestmark = pytest.mark.skipif(
    loaded().library is None, reason=f"there is no compiled search: {loaded().why}"
)

SCENARIOS = {found.scenario.name: found.scenario for found in catalogue().found}
Search = Callable[[], StateGraph]
MOST = 2_000


def told(graph: StateGraph) -> dict[str, object]:
    """All that a graph says."""
    order, counts = graph.order(), schedules_to(graph)
    return {
        "states": list(graph.states),
        "edges": [graph.edges[state] for state in range(len(graph.states))],
        "parents": list(graph.parents),
        "cut": (graph.expanded, graph.bound, graph.interrupted, graph.complete),
        "transitions": graph.transitions,
        "reached": graph.reached,
        "ends": list(graph.ends()),
        "order": None if order is None else list(order),
        "counts": None if counts is None else list(counts),
    }


def searched(search: Search) -> object:
    """What a search says, be it that the model fails, and on which way."""
    try:
        return told(search())
    except ModelFailed as failed:
        return str(failed), failed.path


def assert_one_graph(make: Callable[[], Search]) -> None:
    """Of a system made anew for each, so that nobody knows what the other has found."""
    compiled = searched(make())
    with in_python():
        assert searched(make()) == compiled


def ways(program: Program, work: int = ENOUGH_WORK) -> list[Callable[[], Search]]:
    """All that is searched of a program: every state, up to symmetry, reduced in both ways, and as
    much as a limit allows; MOST states at most. Automata that grow are lifted anew for each."""
    sometimes = tuple(sorted(program.sometimes))
    known = lift(program, work=work)

    def make(
        *, quotient: bool, reduced: bool = False, cycles: bool = False, most: int = MOST
    ) -> Callable[[], Search]:
        def made() -> Search:
            lifted = known if known.closed else lift(program, work=work)
            system = system_of(lifted, "sc")
            whole = Symmetric(system) if quotient else system
            choose = StubbornSets(system) if reduced else None
            return lambda: search(whole, sometimes, Budget(most), choose, cycles=cycles)

        return made

    return [
        make(quotient=False),
        make(quotient=True),
        make(quotient=True, reduced=True),
        make(quotient=True, reduced=True, cycles=True),
        make(quotient=False, most=7),
        make(quotient=True, reduced=True, most=20),
    ]


@examples(8)
@given(samples(size=700))
def test_of_a_generated_program(sample: Sample) -> None:
    for way in ways(build(sample)):
        assert_one_graph(way)


@pytest.mark.parametrize("name", CASES)
def test_of_a_program_that_may_go_on_for_ever(name: str) -> None:
    for way in ways(CASES[name][0]()):
        assert_one_graph(way)


@pytest.mark.parametrize("name", ["aba", "split_race"])
def test_of_a_scenario(name: str) -> None:
    for way in ways(SCENARIOS[name].build(), WORK):
        assert_one_graph(way)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.slow
def test_of_every_scenario(name: str) -> None:
    for way in ways(SCENARIOS[name].build(), WORK):
        assert_one_graph(way)


def test_the_compiled_search_is_what_is_tested() -> None:
    """Else the library might take nothing, and all of these would be true."""
    for sample in corpus(3):
        graph = search(system_of(lift(build(sample), work=ENOUGH_WORK), "sc"), (), Budget())
        assert isinstance(graph.edges, FlatEdges)
    program = SCENARIOS["aba"].build()
    system = system_of(lift(program), "sc")
    for label in (None, Label("misclassified", at_end=True)):
        seeking = preemption_search(system, lambda state, is_end: (), system.groups, label=label)
        seeking.run([label], Budget())
        assert seeking.engine == "compiled"


def told_by(engine: str, make: Callable[[], Program]) -> str:
    report = reported(make, 50_000)
    assert f'"engine": "{engine}"' in report
    return report.replace(f'"engine": "{engine}"', "")


def assert_one_report(make: Callable[[], Program]) -> None:
    taken = "python" if make().event_loop else "compiled"  # event loops stay in Python
    compiled = told_by(taken, make)
    with in_python():
        assert told_by("python", make) == compiled


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.slow
def test_the_report_of_a_scenario_does_not_depend_on_the_engine(name: str) -> None:
    assert_one_report(lambda: SCENARIOS[name].build())


@pytest.mark.usefixtures("brief_lifting")
@examples(6)
@given(samples(size=700, ends=True))
def test_nor_does_that_of_a_generated_program(sample: Sample) -> None:
    assert_one_report(lambda: build(sample))


@pytest.mark.parametrize("name", CASES)
def test_nor_does_that_of_a_program_that_may_go_on(name: str) -> None:
    assert_one_report(CASES[name][0])


def schedules(program: Program, *, quotient: bool) -> dict[Goal, CheapestPath | None]:
    """The least schedule to all that a program shows."""
    system = system_of(lift(program, work=ENOUGH_WORK), "sc")
    groups = system.groups if quotient else system.names
    examiner = Examiner(system, groups)
    shown = examiner.shown(search(Symmetric(system) if quotient else system, (), Budget(MOST)))
    found: dict[Goal, CheapestPath | None] = {}
    for goal in (goal for goal in shown.first if isinstance(goal, Label)):
        happened, shows = to_label(system, examiner, goal)
        seeking = preemption_search(system, shows, groups, happened, label=goal)
        seeking.run([goal], Budget(3 * MOST))
        found[goal] = seeking.path_to(goal)
    families = [goal for goal in shown.first if isinstance(goal, Family)]
    seeking = preemption_search(system, examiner.families_if_end, groups)
    seeking.run(families, Budget(MOST))
    return found | {family: seeking.path_to(family) for family in families}


def to_label(system: System, examiner: Examiner, label: Label) -> tuple[Happened, Shows]:
    """Whether it has happened by a state, and whether schedules to it may stop at one."""

    def happened(state: Packed) -> bool:
        return label.name in system.labels(state)

    def shows(state: Packed, is_end: bool) -> tuple[Label, ...]:
        if label.at_end:
            return (label,) if is_end and label.name in examiner.labels_at_end(state) else ()
        return (label,) if happened(state) else ()

    return happened, shows


def assert_the_same_schedules(make: Callable[[], Program]) -> None:
    for quotient in (True, False):
        compiled = schedules(make(), quotient=quotient)
        with in_python():
            assert schedules(make(), quotient=quotient) == compiled


@examples(12)
@given(samples(size=700))
def test_least_schedules_of_a_generated_program(sample: Sample) -> None:
    assert_the_same_schedules(lambda: build(sample))


@pytest.mark.parametrize("name", CASES)
def test_least_schedules_of_a_program_that_may_go_on(name: str) -> None:
    assert_the_same_schedules(CASES[name][0])


@pytest.mark.parametrize("readers", [1, 2, 3])
def test_least_schedules_of_copies_with_preemptions(readers: int) -> None:
    """It takes three of them."""
    assert_the_same_schedules(lambda: SCENARIOS["aba"].build(readers=readers, rounds=2))


def test_of_predicates_over_more_values_than_have_a_byte_each() -> None:
    """Nine cells of 5 values: 1,953,125 combinations, past the 2**20 that a table begins with."""
    memory = Memory()
    cells = [memory.cell(f"c{at}", 0) for at in range(9)]

    def make(own: Sequence[Cell[int]]) -> Callable[[], Awaitable[None]]:
        async def thread() -> None:
            for cell in own:
                for value in (4, 3, 2, 1):
                    await cell.store(value)

        return thread

    def in_range(state: State) -> bool:
        return sum(state[cell] for cell in cells) < 12

    program = Program(
        memory,
        {"A": Thread(make(cells[:5])), "B": Thread(make(cells[5:]))},
        invariants={"small": in_range},
        sometimes={"equal": lambda state: all(state[cell] == 1 for cell in cells)},
    )
    for way in ways(program):
        assert_one_graph(way)


def taken(program: Program, lifted: Lifted, *, quotient: bool, reduced: bool) -> object:
    """Which edges of automata the moves of a graph take, by number, and which moves take them
    first."""
    system = system_of(lifted, "sc")
    whole = Symmetric(system)
    graph = search(
        whole if quotient else system, (), Budget(), StubbornSets(system) if reduced else None
    )
    cover = _Cover(program, system, "sc", graph, whole.canonical if quotient else None)
    cover._find_edges()
    return cover._first, list(cover._edges), cover._edge_numbers


def assert_the_same_edges(program: Program) -> None:
    lifted = lift(program, work=ENOUGH_WORK)
    if not lifted.closed:
        return
    for quotient, reduced in ((False, False), (True, False), (True, True)):
        compiled = taken(program, lifted, quotient=quotient, reduced=reduced)
        with in_python():
            assert taken(program, lifted, quotient=quotient, reduced=reduced) == compiled


def test_the_edges_of_automata_that_moves_take() -> None:
    for sample in corpus(20):
        assert_the_same_edges(build(sample))
    assert_the_same_edges(SCENARIOS["aba"].build(readers=3))


def test_least_schedules_past_atomic_regions() -> None:
    """Leaving a thread in one preempts nobody, so what shows within costs less."""

    def make() -> Program:
        memory = Memory()
        x, y = memory.cell("x", 0), memory.cell("y", 0)

        async def keeps() -> None:
            async with atomic():
                await x.store(1)
                await y.store(1)
            await x.store(2)
            await y.store(2)

        async def looks() -> tuple[int, int]:
            seen = await x.load(), await y.load()
            if seen == (1, 0):
                raise Violation("within")
            if seen == (2, 1):
                raise Violation("without")
            return seen

        return Program(memory, {"A": Thread(keeps), "R": Thread(looks, copies=2)})

    assert_the_same_schedules(make)
    found = explore(make()).violations
    assert found["within"].witness.preemptions == 0
    assert found["without"].witness.preemptions == 1
