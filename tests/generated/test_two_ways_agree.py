"""All states first, or closed automata first: the same answers, and the same reports.

That racer searches all states at once where they are few must show in nothing but the time: so
programs are explored with none, with few and with as many as there may be. And condensed automata,
which know what comes, must say what closed ones say, which know all that may come.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import pytest
from hypothesis import given

from racer import Program, Result, explain, explore, mail
from racer.artefacts.trailer import pin_of
from racer.catalogue.discovery import catalogue
from racer.exploration import searching
from racer.exploration.judgement import judge
from racer.search.state_graph import StateGraph
from racer.viz.documents.case import ExploredCase
from racer.viz.documents.result import document
from racer.viz.summary import summary
from tests.corpus import corpus
from tests.generated.profiles import examples
from tests.generated.spinning import spinning
from tests.generated.strategies import samples
from tests.programs import Sample, build
from tests.search.looping import CASES

FEW = (1, 12, 50_000)
SCENARIOS = {found.scenario.name: found.scenario for found in catalogue().found}


def reported(make: Callable[[], Program], few: int, **options: bool) -> str:
    """Text and JSON of what is explored if so many states are few; explanations if they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "FEW_STATES", few)
        result = explore(make(), **options)
    judgement = judge(result, None, None)
    told = [summary(result, judgement), document(ExploredCase("a scenario", result, judgement))]
    for label, finding in result.violations.items():
        told.append(repr(finding.witness))
        told.append(mail(explain(result, label)))
    told += [repr(each) for each in result.outcomes.items()]
    told.append(str(pin_of(result)))
    told.append(repr((result.coverage, result.loops, result.unfair, result.uncounted)))
    return "\n".join(told)


def assert_one_report(make: Callable[[], Program]) -> None:
    reports = [reported(make, few) for few in FEW]
    assert reports[0] == reports[1] == reports[2]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.thorough
def test_the_report_of_a_scenario_does_not_depend_on_what_is_few(name: str) -> None:
    assert_one_report(lambda: SCENARIOS[name].build())


@pytest.mark.usefixtures("brief_lifting")
@examples(40)
@given(samples(size=700, ends=True))
def test_nor_does_that_of_a_generated_program(sample: Sample) -> None:
    assert_one_report(lambda: build(sample))


@pytest.mark.parametrize("name", CASES)
def test_nor_does_that_of_a_program_that_may_go_on_for_ever(name: str) -> None:
    assert_one_report(CASES[name][0])


def test_nor_does_it_where_states_are_limited() -> None:
    sample = corpus(12)[-1]
    for limit in (1, 5, 30, 10_000):
        reports = []
        for few in FEW:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(searching, "FEW_STATES", few)
                result = explore(build(sample), max_states=limit)
            judgement = judge(result, None, None)
            reports.append(document(ExploredCase("a scenario", result, judgement)))
        assert reports[0] == reports[1] == reports[2]


# --- condensed automata and closed ones -----------------------------------------------------


def by_closed(program: Program, *, reduce: bool) -> Result:
    """What a search over closed automata finds, and nothing else is searched."""

    def none(*_: object) -> StateGraph:
        return StateGraph(bound=searching.NOT_FEW)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_every_state", none)
        return explore(program, reduce=reduce, count=True)


def account(result: Result, *, states: bool) -> dict[str, Hashable]:
    """What both ways must have alike; `states` if automata were closed."""
    found: dict[str, Hashable] = {
        "verdict": result.verdict,
        "interleavings": (result.interleavings, result.uncounted),
        "outcomes": tuple(
            (key, each.interleavings, each.witness.preemptions, each.witness.steps)
            for key, each in result.outcomes.items()
        ),
        "violations": tuple(
            (label, each.interleavings, each.witness.cost, tuple(result.effects(label).items()))
            for label, each in result.violations.items()
        ),
        "vacuous": result.vacuous,
        "endless": (result.loops, result.unfair),
    }
    if states:
        found["states"] = (result.states, result.transitions, result.canonical)
    return found


def assert_both_ways_agree(make: Callable[[], Program]) -> None:
    for reduce in (True, False):
        closed = by_closed(make(), reduce=reduce)
        assert closed.loaded is not None
        if closed.bound is not None:
            continue
        states = closed.loaded.closed().closed
        here = account(explore(make(), reduce=reduce, count=True), states=states)
        assert here == account(closed, states=states)


@pytest.mark.usefixtures("brief_lifting")
@examples(60)
@given(samples(size=700, ends=True))
def test_condensed_automata_say_what_closed_ones_say(sample: Sample) -> None:
    assert_both_ways_agree(lambda: build(sample))


@pytest.mark.slow
@examples(5_000)
@given(samples(size=2_000, ends=True))
def test_they_do_so_of_thousands_of_programs(sample: Sample) -> None:
    assert_both_ways_agree(lambda: build(sample))


@pytest.mark.usefixtures("brief_lifting")
@examples(60)
@given(spinning())
def test_they_do_so_of_programs_that_spin(sample: Sample) -> None:
    assert_both_ways_agree(lambda: build(sample))


@pytest.mark.parametrize("name", CASES)
def test_they_do_so_of_what_was_written_about_livelocks(name: str) -> None:
    assert_both_ways_agree(CASES[name][0])


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.thorough
def test_they_do_so_of_a_scenario(name: str) -> None:
    assert_both_ways_agree(lambda: SCENARIOS[name].build())
