"""Claims: what they ask, the answers, the conditions they depend on, and how they are shown."""

from __future__ import annotations

import itertools
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racer import Answer, Claim, Never, Only, ProgramError, Same, Shows
from racer.catalogue.discovery import find
from racer.claims.bearing import bearings
from racer.claims.cases import Point
from racer.claims.conditions import condition
from racer.claims.data import Ask
from racer.claims.deciding import CasesFailed, Decided, decide
from racer.claims.finding import find_claims
from racer.cli.claims import page_name
from racer.exploration.exploring import explore
from racer.sharing.crew import Crew
from racer.viz.claims import claims_table

if TYPE_CHECKING:
    from racer.sharing.crew import Crew
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

# R loads x `loads` times while W stores it once: the loads can differ if there are two or more.
MODEL = '''
from typing import Annotated, Literal

from racer import (
    Answer, Claim, Memory, Never, Only, Program, Range, Same, Shows, Thread, UsageError, Violation,
    scenario,
)


@scenario
def loads(
    *,
    loads: Annotated[int, Range(1, 3)] = 2,
    write: bool = True,
    harm: Literal["none", "panic"] = "none",
) -> Program:
    """R loads x, W stores it."""
    if loads == 1 and not write:
        raise UsageError("one load of what nobody writes asks nothing")
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> str:
        values = [await x.load() for _ in range(loads)]
        if len(set(values)) > 1:
            raise Violation("torn", effect="" if harm == "none" else harm)
        return f"saw {values[0]}"

    async def writer() -> None:
        if write:
            await x.store(1)
        else:
            await x.load()

    def stored(state) -> bool:
        return state[x] == 1 or not write

    return Program(
        mem, {"R": Thread(read), "W": Thread(writer)}, sometimes={"x is stored": stored}
    )


CLAIMS = (
    Claim(
        "T10", "loads never differ", made="on the list",
        asks=(Never("torn", loads, loads=(1, 2, 3), write=(False, True)),),
        expected=Answer("holds only if", "loads=1 or write=false"),
        because="one load cannot differ from itself",
    ),
    Claim(
        "T2", "two loads can differ", made="in review",
        asks=(Shows("torn", loads),), expected=Answer("holds"),
    ),
)
'''


@pytest.fixture
def models(here: Path) -> Path:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "torn.py").write_text(MODEL)
    return here / "scenarios" / "torn.py"


def answered(*asks: Ask, **more: Any) -> Answer:
    claim = Claim("X1", "x", made="here", asks=asks, expected=Answer("holds"))
    return decide([claim], **more)[0].answer


# Labels that there are not


def test_a_claim_about_a_label_that_no_scenario_has_is_an_error(racer: Run, models: Path) -> None:
    models.write_text(MODEL.replace('Never("torn"', 'Never("tron"'))
    status, out, err = racer("claims", "T2", "T10")
    assert status == 2
    assert (
        "claim 'T10': it asks about the label 'tron', which scenario 'loads' does not have" in err
    )
    assert "did you mean 'torn'?" in err
    assert "T2" in out and "T10" not in out  # the other one is answered


LABELS = """
@scenario
def labels(*, wrong: bool = False) -> Program:
    "Labels that nothing shows, and yet there are."
    mem = Memory()
    x = mem.cell("x", 0)

    async def read() -> None:
        seen = await x.load()
        assert seen == 0, "not zero"
        assert seen in (0, 1)
        if seen:
            raise Violation(f"saw {seen} in x")

    return Program(mem, {"R": Thread(read)}, invariants={"zero": lambda state: state[x] == 0})
"""


@pytest.mark.parametrize(
    ("label", "is_known"),
    [
        ("not zero", True),
        ("seen in (0, 1)", True),
        ("saw 2 in x", True),
        ("zero", True),
        ("deadlock", True),
        ("not one", False),
        ("found 2 in x", False),
        ("T10", False),  # it stands in a claim
    ],
)
def test_a_label_that_is_not_shown_is_known_by_where_it_stands(
    models: Path, label: str, is_known: bool
) -> None:
    models.write_text(MODEL + LABELS)
    ask = Never(label, find("labels").scenario)
    if is_known:
        assert answered(ask) == Answer("holds")
    else:
        with pytest.raises(CasesFailed, match="which scenario 'labels' does not have"):
            answered(ask)


# Conditions


def test_a_condition_names_what_matters_and_nothing_else() -> None:
    grid = {"a": (0, 1), "b": ("x", "y", "z"), "c": (False, True)}
    every = set(itertools.product(*grid.values()))
    assert condition(grid, {p for p in every if p[0] == 1}) == "a=1"
    assert condition(grid, {p for p in every if p[1] != "z"}) == "b=x|y"
    both = {p for p in every if p[0] == 1 and p[2]}
    assert condition(grid, both) == "a=1 and c=true"
    assert condition(grid, {p for p in every if p[0] == 1 or p[2]}) == "a=1 or c=true"
    mixed = {p for p in every if (p[0] == 1 and p[2]) or p[1] == "x"}
    assert condition(grid, mixed) == "b=x or (a=1 and c=true)"


def test_points_that_cannot_happen_may_be_said_either_way() -> None:
    grid = {"a": (0, 1), "b": (0, 1)}
    assert condition(grid, {(0, 0)}, refused={(0, 1)}) == "a=0"
    assert condition(grid, {(0, 0)}) == "a=0 and b=0"


@given(st.data())
def test_a_condition_is_met_exactly_where_it_should_be(data: st.DataObject) -> None:
    """Read back as it is written, it gives the same points."""
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    grid = {f"p{i}": tuple(range(size)) for i, size in enumerate(sizes)}
    every = list(itertools.product(*grid.values()))
    holds = set(data.draw(st.lists(st.sampled_from(every), min_size=1)))
    text = condition(grid, holds)

    def met(point: tuple[int, ...]) -> bool:
        values = dict(zip(grid, point, strict=True))
        for box in text.split(" or "):
            parts = [part.split("=") for part in box.strip("()").split(" and ") if part]
            if all(str(values[name]) in allowed.split("|") for name, allowed in parts):
                return True
        return False

    assert {point for point in every if met(point)} == holds


# Answers


def test_what_can_be_asked(models: Path) -> None:
    loads = find(f"{models}::loads").scenario
    # R's loads can differ if there are two and W stores: the store comes between them.
    assert answered(Shows("torn", loads)) == Answer("holds")
    assert answered(Never("torn", loads)) == Answer("refuted")
    assert answered(Never("torn", loads, write=False)) == Answer("holds")
    assert answered(Never("torn", loads, loads=(1, 2))) == Answer("holds only if", "loads=1")
    assert answered(Shows("torn", loads, effect="panic", harm=("none", "panic"))) == Answer(
        "holds only if", "harm=panic"
    )
    # With one load R returns "saw 0" or "saw 1"; where nobody stores, "saw 0" alone.
    assert answered(Only("R", ("saw 0", "saw 1"), loads, loads=1)) == Answer("holds")
    assert answered(Only("R", ("saw 0",), loads, write=(False, True))) == Answer(
        "holds only if", "write=false"
    )
    assert answered(Same("R", loads, "harm", ("none", "panic"))) == Answer("holds")
    assert answered(Same("R", loads, "write", (False, True))) == Answer("refuted")


def test_a_claim_is_all_of_what_it_asks(models: Path) -> None:
    loads = find(f"{models}::loads").scenario
    shows, never = Shows("torn", loads), Never("torn", loads, loads=(1, 2))
    assert answered(shows, never) == Answer("holds only if", "loads=1")
    assert answered(never, Never("torn", loads)) == Answer("refuted")


def test_a_limit_says_nothing(models: Path) -> None:
    loads = find(f"{models}::loads").scenario
    assert answered(Never("torn", loads), max_states=2) == Answer("bound")


def test_a_violation_that_a_cut_search_found_decides_what_it_can(models: Path) -> None:
    """R loads, W stores, R loads again: that is found among the first states, and not all are
    allowed. Of `torn` it says all there is to say; of another label, nothing."""
    loads = find(f"{models}::loads").scenario
    whole = explore(loads.build(loads=3))
    found = next(
        limit
        for limit in range(2, whole.states)
        if explore(loads.build(loads=3), max_states=limit, minimise=False).violations
    )
    cut = explore(loads.build(loads=3), max_states=found, minimise=False)
    assert (cut.verdict, list(cut.violations)) == ("fail", ["torn"])
    assert cut.bound is not None
    three: dict[str, Any] = {"loads": 3}
    assert answered(Never("torn", loads, **three), max_states=found) == Answer("refuted")
    assert answered(Shows("torn", loads, **three), max_states=found) == Answer("holds")
    for ask in (Never("deadlock", loads, **three), Shows("deadlock", loads, **three)):
        assert answered(ask, max_states=found) == Answer("bound")
    other = Shows("torn", loads, effect="panic", **three)  # this one has no effect
    assert answered(other, max_states=found) == Answer("bound")
    claim = Claim(
        "X", "x", made="-", asks=(Never("torn", loads, **three),), expected=Answer("holds")
    )
    [bearing] = bearings([claim], loads, three, cut)
    assert bearing.holds is False


def test_a_point_that_cannot_happen_is_left_out_with_its_reason(models: Path) -> None:
    loads = find(f"{models}::loads").scenario
    ask = Never("torn", loads, loads=(1, 2), write=False)
    claim = Claim("X1", "x", made="here", asks=(ask,), expected=Answer("holds"))
    decided = decide([claim])[0]
    assert decided.answer == Answer("holds")
    assert [point.holds for point in decided.points[0]] == [None, True]
    assert decided.points[0][0].refused == "one load of what nobody writes asks nothing"


def test_the_number_of_processes_changes_nothing(models: Path) -> None:
    claims, _ = find_claims(["T10", "T2"])
    one, two = decide(claims), decide(claims, crew=Crew(2))
    assert [(each.answer, each.points) for each in one] == [
        (each.answer, each.points) for each in two
    ]


def test_a_claim_that_names_what_is_not_there_is_refused_at_once(models: Path) -> None:
    loads = find(f"{models}::loads").scenario
    with pytest.raises(ProgramError, match="did you mean 'loads'"):
        Never("torn", loads, load=1)
    with pytest.raises(ProgramError, match="cannot be 9"):
        Never("torn", loads, loads=(1, 9))
    with pytest.raises(ProgramError, match="each once"):
        Never("torn", loads, loads=(1, 1))
    with pytest.raises(ProgramError, match="asks nothing"):
        Claim("X1", "x", made="here", asks=(), expected=Answer("holds"))
    with pytest.raises(ProgramError, match="condition"):
        Answer("holds only if")


def test_a_claim_that_is_not_asked_says_why() -> None:
    why = "nobody knows what it said"
    unasked = Answer("not asked")
    claim = Claim("T3", "x", made="here", asks=(), expected=unasked, because=why)
    (decided,) = decide([claim])
    assert (decided.answer, decided.as_the_c_is, decided.as_expected) == (unasked, unasked, True)
    assert why in claims_table([decided], "sc")
    with pytest.raises(ProgramError, match="asks nothing"):
        Claim("T3", "x", made="here", asks=(), expected=unasked)


# The command


def test_the_table_answers_every_claim_in_the_order_of_their_numbers(
    racer: Run, models: Path
) -> None:
    status, out, _ = racer("claims", "T2", "T10")
    assert status == 0
    rows = [line for line in out.splitlines() if line.startswith("T")]
    assert rows == [
        "T2    holds   yes     two loads can differ",
        "T10   only if no      loads never differ",
    ]
    assert "only if loads=1 or write=false" in out
    assert "2 claims, all as expected; 6 cases" not in out  # one of the six cannot happen
    assert "2 claims, all as expected; 5 cases" in out
    assert max(map(len, out.splitlines())) <= 72


def test_the_whole_table_has_the_local_claims(racer: Run, models: Path) -> None:
    claims, broken = find_claims([])
    assert broken == []
    names = [claim.name for claim in claims]
    assert names.index("T2") + 1 == names.index("T10")


def test_one_claim_is_explained_with_a_schedule_that_contradicts_it(
    racer: Run, models: Path
) -> None:
    status, out, _ = racer("claims", "T10")
    assert status == 0
    assert "HOLDS ONLY IF  as expected" in out
    assert "  no       loads=2 write=true" in out
    assert "cannot happen (one load of what nobody writes asks nothing)" in out
    assert "What contradicts it:" in out
    assert out.splitlines()[-1].startswith("racer replay racer-out/")


def test_a_changed_answer_is_status_one(racer: Run, models: Path) -> None:
    models.write_text(MODEL.replace('"loads=1 or write=false"', '"loads=1"'))
    status, out, _ = racer("claims", "T10", "T2")
    assert status == 1
    assert "NOT as expected (holds only if loads=1)" in out
    assert "NOT as expected: T10" in out


def test_claims_as_json(racer: Run, models: Path) -> None:
    status, out, _ = racer("claims", "T10", "--json")
    document = json.loads(out)
    assert (status, document["schema"]) == (0, "racer-claims/1")
    claim = document["claims"][0]
    assert claim["answer"] == "holds only if loads=1 or write=false"
    points = claim["asks"][0]["points"]
    assert [point["holds"] for point in points] == [None, True, True, False, True, False]


def test_counts_in_json_have_all_their_digits(
    racer: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 7**6000  # 5,071 digits: beyond what Python prints unasked

    def counted(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(
            replace(each, cases=tuple(replace(case, interleavings=count) for case in each.cases))
            for each in points
        )

    def decide_with_that(*claims: Any, **limits: Any) -> list[Decided]:
        found = decide(*claims, **limits)
        return [replace(each, points=tuple(map(counted, each.points))) for each in found]

    monkeypatch.setattr("racer.cli.claims.decide", decide_with_that)
    status, out, _ = racer("claims", "T10", "--json")
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        points = json.loads(out)["claims"][0]["asks"][0]["points"]
    finally:
        sys.set_int_max_str_digits(limit)
    assert status == 0
    assert {case["interleavings"] for each in points for case in each["cases"]} == {count}


def test_a_limit_is_status_three(racer: Run, models: Path) -> None:
    status, out, _ = racer("claims", "T10", "T2", "--max-states", "2")
    assert status == 3
    assert "T2    bound" in out


def test_an_unknown_claim_gets_a_suggestion(racer: Run, models: Path) -> None:
    status, _, err = racer("claims", "T3")
    assert status == 2
    assert "there is no claim 'T3'" in err and "T2" in err


def test_a_model_that_fails_is_named_by_its_case(racer: Run, models: Path) -> None:
    models.write_text(MODEL.replace("x = mem.cell", "x = None and mem.cell"))
    for names in (["T2"], ["T2", "T10"]):  # the second in several processes
        status, _, err = racer("claims", *names)
        assert status == 2
        assert "loads loads=" in err and "harm=none: " in err and "thread 'R'" in err


def test_html_has_the_table_and_for_one_claim_the_case_that_decides_it(
    racer: Run, models: Path
) -> None:
    status, out, err = racer("claims", "T2", "T10", "--jobs", "1", "--html")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "racer-out/claims.T2,T10.html"
    text = Path("racer-out/claims.T2,T10.html").read_text()
    assert "loads=1 or write=false" in text
    assert text.index(">T2<") < text.index(">T10<")
    status, out, _ = racer("claims", "T10", "--jobs", "1", "--html")
    assert status == 0
    assert "\nracer-out/loads.html\n" in out
    text = Path("racer-out/loads.html").read_text()
    assert 'id="torn/R2"' in text
    assert ">claim T10<" in text


def test_a_page_of_claims_is_named_by_what_was_asked_for(racer: Run, models: Path) -> None:
    (models.parent / "other").mkdir()
    (models.parent / "other" / models.name).write_text(models.read_text())
    here, there = f"{models.parent.name}/{models.name}", f"scenarios/other/{models.name}"
    asked = (["T2"], [here], [here, "T2"], [there])
    names = []
    for words in asked:
        _, out, err = racer("claims", *words, "--jobs", "1", "--html")
        assert out, err
        page = Path(out.splitlines()[-1])
        names.append(page.name)
        said = "is of another case, and is kept" in err
        assert said == (words == [there])  # that has the same stem
        command = " ".join(["racer claims", *words, "--html"])
        assert f"<code>{command}</code>" in page.read_text()
    stem = models.stem
    assert names[:3] == [
        "claims.T2.html",
        f"claims.{stem}.html",
        f"claims.{stem},T2.html",
    ]
    assert re.fullmatch(rf"claims\.{stem}\.[0-9a-f]{{8}}\.html", names[3])
    assert (page_name([], "sc"), page_name(["T2"], "tso")) == ("claims", "claims.T2,memory=tso")
    # What a page says to type of one claim finds it.
    text = Path("racer-out", names[1]).read_text()
    assert f"racer claims {here} T2" in text


def test_where_real_coroutines_were_not_beside_all_of_it_table_and_page_say_so(
    racer: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a step of real coroutines no case is compared; some combinations are no case."""
    words = ("claims", "T2", "T10", "--jobs", "1", "--html")
    assert "not compared" not in racer(*words)[1]
    monkeypatch.setattr("racer.exploration.covering.STEPS", 0)
    said = r"(\d+) cases, [^;]*, edges of automata not compared with real coroutines in \1\b"
    _, out, _ = racer(*words)
    assert re.search(said, " ".join(out.split()))
    assert re.search(said, Path("racer-out/claims.T2,T10.html").read_text())
    claims = json.loads(racer(*words, "--json")[1])["claims"]
    points = [point for each in claims for ask in each["asks"] for point in ask["points"]]
    assert {case["coverage"]["edges"] for point in points for case in point["cases"]} == {0}


@pytest.mark.parametrize(
    ("settings", "max_states", "said"),
    [
        ({"loads": 2}, None, {"T2": True, "T10": False}),  # both ask it, and it can be torn
        ({"loads": 1}, None, {"T10": True}),  # T2 asks of two loads only
        ({"loads": 3, "write": False}, None, {"T10": True}),
        ({"loads": 3, "harm": "panic"}, None, {}),  # nobody asks about harm
        ({"loads": 2}, 1, {"T2": None, "T10": None}),
    ],
)
def test_a_case_says_of_a_claim_what_it_is_asked(
    models: Path,
    settings: dict[str, bool | int | str],
    max_states: int | None,
    said: dict[str, bool | None],
) -> None:
    claims, _ = find_claims([])
    scenario = find("loads").scenario
    result = explore(scenario.build(**settings), max_states=max_states)
    found = bearings(claims, scenario, scenario.complete(settings), result)
    assert {each.claim.name: each.holds for each in found} == said


def test_what_compares_two_cases_is_not_answered_by_one(models: Path) -> None:
    scenario = find("loads").scenario
    compares = Claim(
        "X1",
        "writing changes nothing",
        made="here",
        asks=(Same("R", scenario, "write", (False, True), loads=2),),
        expected=Answer("refuted"),
    )
    complete = scenario.complete({"loads": 2})
    assert bearings([compares], scenario, complete, explore(scenario.build(**complete))) == ()


def test_a_report_has_what_its_case_says_of_the_claims(racer: Run, models: Path) -> None:
    racer("explore", "loads", "--html", "-o", "out")
    page = Path("out/loads.html").read_text()
    rows = re.findall(r'<tr id="/claims/.*?</tr>', page, re.DOTALL)
    assert ["refuted here" in row for row in rows] == [False, True]
    assert ["T2" in rows[0] and "holds here" in rows[0], "racer claims T10" in rows[1]] == [
        True
    ] * 2


def test_no_claims_are_no_error(racer: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racer.cli.claims.find_claims", lambda names: ([], []))
    assert racer("claims") == (0, "no claims\n", "")
