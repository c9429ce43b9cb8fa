"""racer/fences: which barriers remove what no interleaving shows, against the literature."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import pytest

from racer import Memory, Program, Thread, UsageError, Violation, explore
from racer.catalogue.discovery import find
from racer.exploration.wanted import Wanted
from racer.fences.additions import (
    Addition,
    Additions,
    changes_of,
    order_with,
    weakest,
)
from racer.fences.data import FencesFound, Lack
from racer.fences.finding import fences
from racer.lang.changes import Notes, with_changes
from tests.fences.classics import SHAPES, of_accesses
from tests.folio_by_address import folio_by_address

Set = tuple[str, ...]  # "P release y": the kind of addition, and the access that it is at or before


def found_for(program: Program, *memories: str) -> FencesFound:
    return fences(program, memories, Wanted())


def lack_of(found: FencesFound, memory: str) -> Lack:
    [model] = [each for each in found.models if each.memory == memory]
    [lack] = model.lacks
    return lack


def sets_of(lack: Lack) -> set[Set]:
    """The sets, in words."""
    return {
        tuple(f"{each.thread} {each.kind} {each.step.split()[1]}" for each in additions)
        for additions in lack.sets
    }


def all_of(*of_threads: Iterable[str]) -> set[Set]:
    """One of each."""
    return set(itertools.product(*of_threads))


# By shape and memory model: what is put into each thread, in any combination.
# tso      only a load may come before an earlier store: SB and R (store, load) need smp_mb() there
#          and no other does. "A better x86 memory model", TPHOLs 2009, section 2.
# arm64    a store before a store: smp_wmb() (DMB ISHST) or a release; a load before a load:
#          smp_rmb() (DMB ISHLD) or acquire; a load before a store: these two, as DMB ISHLD orders a
#          load with all after it, or a release; a store before a load: smp_mb(). Multi-copy
#          atomic, so that IRIW needs no more than its loads in order. ARM DDI 0487, B2.3.
# lkmm     tools/memory-model: recipes.txt, and of the tests MP, LB, SB, R and IRIW with
#          +fencembonceonces, MP and LB with +poacquireonce or +pooncerelease; smp_rmb() orders
#          loads alone. R and IRIW are allowed with anything weaker, and so is 2+2W with smp_wmb()
#          in both, as herd7 says of 2+2W+o-wmb-o+o-wmb-o, or a release, 2+2W+o-r+o-r.
EXPECTED: Mapping[tuple[str, str], set[Set]] = {
    ("SB", "tso"): all_of(["P mb y"], ["Q mb x"]),
    ("R", "tso"): all_of(["Q mb x"]),
    ("MP", "arm64"): all_of(["P wmb y", "P release y"], ["Q rmb x", "Q acquire y"]),
    ("MP", "lkmm"): all_of(["P wmb y", "P release y"], ["Q rmb x", "Q acquire y"]),
    ("SB", "arm64"): all_of(["P mb y"], ["Q mb x"]),
    ("SB", "lkmm"): all_of(["P mb y"], ["Q mb x"]),
    ("LB", "arm64"): all_of(
        ["P rmb y", "P acquire x", "P release y"], ["Q rmb x", "Q acquire y", "Q release x"]
    ),
    ("LB", "lkmm"): all_of(
        ["P mb y", "P acquire x", "P release y"], ["Q mb x", "Q acquire y", "Q release x"]
    ),
    ("IRIW", "arm64"): all_of(["Q rmb y", "Q acquire x"], ["S rmb x", "S acquire y"]),
    ("IRIW", "lkmm"): all_of(["Q mb y"], ["S mb x"]),
    ("R", "lkmm"): all_of(["P mb y"], ["Q mb x"]),
    ("2+2W", "arm64"): all_of(["P wmb y", "P release y"], ["Q wmb x", "Q release x"]),
    ("2+2W", "lkmm"): all_of(["P mb y"], ["Q mb x"]),
}


@pytest.mark.parametrize(("shape", "memory"), EXPECTED)
def test_the_classics_lack_what_the_literature_says(shape: str, memory: str) -> None:
    lack = lack_of(found_for(of_accesses(SHAPES[shape]), memory), memory)
    assert lack.standing == "removed"
    assert sets_of(lack) == EXPECTED[shape, memory]


@pytest.mark.parametrize("shape", ["MP", "LB", "S", "2+2W", "IRIW"])
def test_x86_needs_nothing_where_no_load_passes_a_store(shape: str) -> None:
    [model] = found_for(of_accesses(SHAPES[shape]), "tso").models
    assert (model.verdict, model.lacks) == ("pass", ())


def everywhere(notes: Mapping[str, Notes], kinds: Iterable[str]) -> list[Addition]:
    """All that can be put in, at every site."""
    return [
        Addition(thread, site, kind)  # type: ignore[arg-type]  # one of these
        for thread, of_thread in sorted(notes.items())
        for site, noted in of_thread.items()
        for kind in kinds
        if kind in ("rmb", "wmb", "mb") or order_with(noted.operation, kind)  # type: ignore[arg-type]
    ]


SOME = [("SB", "tso"), ("S", "lkmm")]
OTHERS = [
    pair
    for pair in itertools.product(["MP", "SB", "LB", "S", "R", "2+2W"], ["tso", "arm64", "lkmm"])
    if pair not in SOME
]


@pytest.mark.parametrize(
    ("shape", "memory"), [*SOME, *(pytest.param(*each, marks=pytest.mark.slow) for each in OTHERS)]
)
def test_no_other_set_of_two_removes_it(shape: str, memory: str) -> None:
    """Every one and every two of all that could be put in anywhere, each explored."""
    program = of_accesses(SHAPES[shape])
    notes: dict[str, Notes] = {}
    if explore(with_changes(program, {}, notes), memory=memory).verdict == "pass":
        assert memory == "tso"  # where the rest of the shapes are forbidden: the test above
        return
    kinds = ("mb",) if memory == "tso" else ("rmb", "wmb", "mb", "acquire", "release")
    anywhere = everywhere(notes, kinds)
    removing: list[Additions] = []
    for size in (1, 2):
        for chosen in itertools.combinations(anywhere, size):
            if len({each[:2] for each in chosen if each.is_barrier}) < sum(
                each.is_barrier for each in chosen
            ):
                continue  # two barriers at one site
            changed = with_changes(program, changes_of(chosen, notes))
            if explore(changed, memory=memory).verdict == "pass":
                removing.append(frozenset(chosen))
    told = {
        tuple(
            f"{each.thread} {each.kind} {notes[each.thread][each.site].operation.facts.cell}"
            for each in sorted(additions, key=lambda each: (each.thread, each.site.order))
        )
        for additions in weakest(removing)
    }
    assert sets_of(lack_of(found_for(program, memory), memory)) == told


def test_what_an_interleaving_shows_no_barrier_removes() -> None:
    program = find("fake_head").scenario.build(fix="before")
    found = found_for(program, "sc", "tso", "arm64", "lkmm")
    assert [lack.standing for each in found.models for lack in each.lacks] == [
        "an interleaving"
    ] * 4


def test_the_museum_lacks_what_upstream_added() -> None:
    """ "mm/hugetlb_vmemmap: fix memory loads ordering": the count is read with acquire, before
    page_is_fake_head(); it stands against the release of page_ref_unfreeze()."""
    program = find("fake_head").scenario.build(fix="swapped")
    for memory in ("arm64", "lkmm"):
        lack = lack_of(found_for(program, memory), memory)
        assert sets_of(lack) == {("walk acquire page.refs",), ("walk rmb page.mapping",)}
        pairs = {(pair.thread, pair.text) for each in lack.sets for pair in each[0].pairs}
        assert pairs == {("hvo", "store page.refs (release)")}


def test_the_museum_lacks_upstreams_line() -> None:
    """4c5e7f0fcd59: smp_rmb() between the folio and its flags, against the split's smp_wmb()."""
    program = find("migration_entry").scenario.build(fix="before")
    for memory in ("arm64", "lkmm"):
        lack = lack_of(found_for(program, memory), memory)
        assert lack.dependencies
        assert sets_of(lack) == {("fault acquire p.info",), ("fault rmb p.locked",)}
        pairs = {(pair.thread, pair.text) for each in lack.sets for pair in each[0].pairs}
        assert pairs == {("split", "fence wmb")}
    fixed = find("migration_entry").scenario.build(fix="after")
    assert all(not each.lacks for each in found_for(fixed, "arm64", "lkmm").models)


def test_a_dependency_that_a_compiler_breaks_is_replaced_by_the_same_barrier() -> None:
    for memory in ("arm64", "lkmm"):
        lack = lack_of(found_for(folio_by_address(), memory), memory)
        assert not lack.dependencies
        assert sets_of(lack) == {("fault acquire p.info",), ("fault rmb H.locked",)}
        pairs = {(pair.thread, pair.text) for each in lack.sets for pair in each[0].pairs}
        assert pairs == {("split", "fence wmb")}


def needless_of(found: FencesFound) -> dict[str, bool | None]:
    """By what was left out, in words, whether it can go."""
    return {
        " ".join([each.what, each.thread, each.step, each.instead]).strip(): each.can_go
        for each in found.needless
    }


def test_what_stands_in_pairs_cannot_go_and_what_orders_nothing_can() -> None:
    """Acquire and release of fake_head are one pair; the last load is the write that must not be,
    and asks again what was asked."""
    program = find("fake_head").scenario.build(fix="after")
    assert needless_of(found_for(program, "sc")) == {
        "order hvo store page.refs (release) once": True,
        "order walk load page.refs (acquire) once": True,
        "re-read walk load page.mapping": True,
    }
    assert needless_of(found_for(program, "sc", "lkmm")) == {
        "order hvo store page.refs (release) once": False,
        "order walk load page.refs (acquire) once": False,
        "re-read walk load page.mapping": True,
    }


def test_what_rests_on_dependencies_then_is_a_difference() -> None:
    """Without smp_rmb() it passes by an address dependency alone."""
    found = found_for(folio_by_address(fenced=True), "lkmm")
    [barrier] = [each for each in found.needless if each.step == "fence rmb"]
    assert barrier.differs == {"lkmm": "rests on dependencies for bug_on"}


def test_a_limit_leaves_no_set_that_was_not_explored() -> None:
    program = of_accesses(SHAPES["SB"])
    found = fences(program, ["lkmm"], Wanted(max_states=3))
    assert found.bound
    assert all(not lack.sets for each in found.models for lack in each.lacks)
    assert all(each.can_go is not True for each in found.needless)


def test_a_model_that_cannot_be_asked_leaves_the_others_their_answers() -> None:
    memory = Memory()
    x = memory.cell("x", 0)

    async def task() -> None:
        if await x.load():
            raise Violation("seen")
        await x.store(1)

    program = Program(memory, {"a": Thread(task), "b": Thread(task)}, event_loop=True)
    asked, refused = found_for(program, "sc", "lkmm").models
    assert [lack.standing for lack in asked.lacks] == ["an interleaving"]
    assert "event loop" in refused.refused and not refused.lacks
    with pytest.raises(UsageError, match="event loop"):
        found_for(program, "lkmm")
