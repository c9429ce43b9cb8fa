"""racer/exporting: what a program says, and what a litmus test of it says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from racer import Memory, Program, Thread, UsageError, Violation, choose, explore
from racer.axiomatic.asking import Answer, ask
from racer.axiomatic.litmus.reading import read_test
from racer.axiomatic.models.known import MODELS
from racer.catalogue.discovery import find
from racer.exporting.litmus import Exported, exported
from racer.fences.additions import changes_of
from racer.lang.changes import Notes, with_changes
from racer.lang.program import Program as AnyProgram
from tests.executions.test_agreement import THREADS, Statement, program
from tests.fences.classics import SHAPES, of_accesses
from tests.fences.test_fences import EXPECTED, everywhere
from tests.folio_by_address import folio_by_address

quick = pytest.mark.quick


def answers(found: Exported, *models: str) -> dict[str, Answer]:
    """What models say of the test, read back."""
    test = read_test("a.litmus", found.text)
    asked = ask(test, [MODELS[name] for name in models or ("sc", "lkmm")])
    return {each.model.name: each for each in asked.answers}


# What herd7 says of these under LKMM: /linux/tools/memory-model/litmus-tests, *+poonceonces.
@quick
@pytest.mark.parametrize("shape", SHAPES)
def test_a_classic_is_the_test_that_it_is(shape: str) -> None:
    found = exported(of_accesses(SHAPES[shape]), shape)
    observed = {name: each.observation for name, each in answers(found).items()}
    assert observed == {"sc": "Never", "lkmm": "Sometimes"}
    # Each is weak in one way alone: one term of all that there could be.
    assert found.text.count("0:end=") == 1 and found.notes == ()
    accesses = [access for thread in SHAPES[shape] for access in thread]
    for kind, macro in (("R", "READ_ONCE"), ("W", "WRITE_ONCE")):
        assert found.text.count(macro) == sum(each == kind for each, _ in accesses)


@pytest.mark.parametrize("shape", [shape for shape, memory in EXPECTED if memory == "lkmm"])
def test_with_what_it_lacks_it_never_happens(shape: str) -> None:
    """The barriers and orders of tests/fences/, which are derived there, as macros."""
    plain = of_accesses(SHAPES[shape])
    notes: dict[str, Notes] = {}
    explore(with_changes(plain, {}, notes), memory="lkmm")
    known = {
        f"{each.thread} {each.kind} {notes[each.thread][each.site].operation.facts.cell}": each
        for each in everywhere(notes, ("rmb", "wmb", "mb", "acquire", "release"))
    }
    for words in sorted(EXPECTED[shape, "lkmm"]):
        changed = with_changes(plain, changes_of([known[each] for each in words], notes))
        found = exported(changed, shape)
        assert answers(found)["lkmm"].observation == "Never"
        for each in words:
            macro = {
                "acquire": "smp_load_acquire(",
                "release": "smp_store_release(",
            }.get(each.split()[1], f"smp_{each.split()[1]}();")
            assert macro in found.text


# What a test cannot say, by the words of the refusal.
REFUSED = (
    *("touches no cell", "asks what a window", "no exchange and adds", "round a loop that stores"),
    "an atomic_t has no plain accesses",
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(THREADS)
def test_a_test_has_the_ends_of_its_program(threads: list[list[Statement]]) -> None:
    """Under sc, which has no dependencies: the labels of the test are those of the search."""
    for label in ("left", "bad"):
        made = _exported(program(threads), label)
        if made is None:
            continue
        searched = explore(program(threads), count=False, minimise=False)
        assert made.shown["sc"] == (label in searched.violations)
        assert bool(answers(made)["sc"].positive) == (label in searched.violations)
        weak = explore(program(threads), memory="lkmm")
        assert weak.executions is not None
        without = {*weak.violations, *weak.executions.prevented}
        assert made.shown["lkmm"] == (label in weak.violations) or label in without


def _exported(of: AnyProgram, label: str) -> Exported | None:
    try:
        return exported(of, "generated", label)
    except UsageError as error:
        if "would say something else" in str(error):
            assert "under lkmm" in str(error)  # dependencies, which sc has none of
            return None
        assert any(each in str(error) for each in (*REFUSED, "no thread raises")), str(error)
        return None


@quick
def test_upstreams_fix_is_seen_in_the_tests_of_before_and_after() -> None:
    never = {}
    for fix in ("swapped", "after"):
        made = exported(find("fake_head").scenario.build(fix=fix), "fake_head")
        never[fix] = {name: not each.positive for name, each in answers(made).items()}
    assert never == {
        "swapped": {"sc": True, "lkmm": False},
        "after": {"sc": True, "lkmm": True},
    }


@quick
def test_a_dependency_that_the_test_lacks_is_told() -> None:
    """An address that is chosen by what was read orders loads in LKMM, and an if does not."""
    made = exported(folio_by_address(), "folio_by_address")
    assert made.shown == {"sc": False, "lkmm": True}
    assert any("H_locked or p_locked" in note for note in made.notes)
    assert any("has dependencies that the test lacks" in note for note in made.notes)


def of_body(body: Any, values: tuple[Any, ...] = (0,), **more: Any) -> Program:
    memory = Memory()
    x = memory.cell("x", values[0])
    y = memory.cell("y", 0)
    return Program(memory, {"T": Thread(body, x, y), "U": Thread(_stores, x)}, **more)


async def _stores(x: Any) -> None:
    await x.store(1)


async def _chooses(x: Any, y: Any) -> None:
    if await choose(True, False):
        raise Violation("bad")


async def _goes_round(x: Any, y: Any) -> None:
    while await x.load() == 0:
        await y.store(1)
    raise Violation("bad")


async def _waits(x: Any, y: Any) -> None:
    await x.wait_until(lambda value: value == 1)
    while await x.load() == 0:
        pass
    raise Violation("bad")


async def _spins(x: Any, y: Any) -> None:
    while await x.load() == 0:
        pass
    await y.store(1)


async def _adds(x: Any, y: Any) -> None:
    if await x.fetch_add(1) == 1:
        raise Violation("bad")


@quick
@pytest.mark.parametrize(
    ("body", "why"), [(_chooses, "touches no cell"), (_goes_round, "a loop that stores")]
)
def test_what_c_has_no_words_for_is_refused_by_name(body: Any, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        exported(of_body(body), "refused")


@quick
def test_who_waits_goes_on_with_what_is_waited_for_alone() -> None:
    made = exported(of_body(_waits), "waits")
    assert "if (r1 == 1) {" in made.text and made.shown == {"sc": True, "lkmm": True}


@quick
def test_who_spins_goes_on_only_with_what_ends_the_loop() -> None:
    """So y is stored to only where x was: else it would be without the `if`."""
    made = exported(of_body(_spins, finally_={"never": lambda state: True}), "spins")
    assert "if (r1 == 1) {\n\t\tWRITE_ONCE(*y, 1);" in made.text
    assert made.shown == {"sc": False, "lkmm": False}


@quick
def test_a_cell_that_is_added_to_is_an_atomic_t() -> None:
    made = exported(of_body(_adds), "adds")
    assert "P0(atomic_t *x)" in made.text and "r1 = atomic_fetch_add(1, x);" in made.text
    assert "atomic_set(x, 1);" in made.text and made.shown["sc"]


@quick
def test_of_several_labels_one_is_named() -> None:
    made = of_body(_adds, finally_={"never": lambda state: False})
    with pytest.raises(UsageError, match=r"name it with --label\. Labels: bad, never"):
        exported(made, "two")
    assert exported(made, "two", "bad").label == "bad"
    with pytest.raises(UsageError, match="no thread raises 'worse'"):
        exported(made, "two", "worse")


@quick
def test_values_that_are_no_numbers_have_numbers_and_a_legend() -> None:
    async def reads(x: Any, y: Any) -> None:
        if await x.load() == 1:
            raise Violation("bad")

    made = exported(of_body(reads, ("no *)",)), "legend")
    assert "x: 0 'no * )', 1 1" in made.text  # and no end of the comment
    assert answers(made)["sc"].positive == 1


@quick
def test_a_limit_says_that_nothing_is_known() -> None:
    with pytest.raises(UsageError, match="it is not known whether a test says"):
        exported(of_accesses(SHAPES["IRIW"]), "IRIW", limit=3)
