"""The report as one HTML file, as data and as text; `test_html.py` steps through it."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings

from racer import Memory, Program, Thread, Violation, explore
from racer.errors import Location
from racer.explanation.data import Explanation, NoReturn
from racer.explanation.states import Field, states
from racer.lang.operations import Acquire, Release, Store
from racer.replaying.trace import Trace
from racer.viz.brief import brief
from racer.viz.diagram.drawing import diagram, render
from racer.viz.mail import mail
from racer.viz.page.page import page
from racer.viz.page.report import Call, ClaimRow, LabelRow, Report, Told, told
from racer.words.changes import Change
from tests.viz.traces import (
    Did,
    explained,
    held_lock,
    lock_cycle,
    race_with_shows,
    residual_race,
    small_traces,
    trace,
)

TRUE = "what is true"  # the card of watches, and of what a program's `shows` say
HOSTILE = "</script><script>alert(1)</script><!-- & \"'"


def witness(trace: Trace, label: str = "x", *, draw: bool = False) -> Told:
    return shown_as(explained(trace, label), trace, draw=draw)


def shown_as(explanation: Explanation, trace: Trace, *, draw: bool = False) -> Told:
    return told(
        explanation,
        states(trace, len(explanation.rows)),
        anchor="x",
        picture=render(diagram(explanation), "svg").decode() if draw else None,
        brief=brief(explanation),
        mail=mail(explanation),
        replay="racer replay x.json",
    )


def report(*witnesses: Told) -> Report:
    return Report(
        title="race",
        summary="Something races.",
        settings=(("memory", "sc"),),
        verdict="fail",
        agreed=True,
        remark="as expected",
        because="it is not locked",
        numbers=(("interleavings", "24,621"),),
        labels=tuple(
            LabelRow(each.label, each.anchor, "3 of 24,621", "needs 3", "18", ())
            for each in witnesses
        ),
        told=witnesses,
    )


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._script else data

    def attributes(self, *names: str) -> set[str]:
        return {attrs[n] or "" for _, attrs in self.found for n in names if n in attrs}


# The state at each step


@dataclass(frozen=True)
class Pair:
    a: int = 0
    b: int = 0


def stored(trace: Trace) -> dict[str, list[str]]:
    """By name, the value in each state."""
    found = states(trace, len(trace.events))
    return {
        f"{field.card}/{field.name}": [values[i] for values in found.values]
        for i, field in enumerate(found.fields)
    }


def test_cells_of_one_object_share_a_card_and_a_record_is_shown_field_by_field() -> None:
    script = [Did("T", Store("p.refs", 1)), Did("T", Store("x", Pair(1))), Did("T", Store("y", 0))]
    got = stored(trace({"p.flags": 0, "x": Pair(), "p.refs": 0, "y": Pair(2, 3), "z.w": 5}, script))
    assert got == {
        "p/flags": ["0", "0", "0", "0"],
        "p/refs": ["0", "1", "1", "1"],
        "x/a": ["0", "0", "1", "1"],
        "x/b": ["0", "0", "0", "0"],
        "y/a": ["2", "2", "2", ""],  # y holds no record any more
        "y/b": ["3", "3", "3", ""],
        "y/y": ["", "", "", "0"],
        "other cells/z.w": ["5", "5", "5", "5"],  # the only cell of z
    }


def test_a_lock_names_its_holder() -> None:
    got = stored(trace({"lock": False}, [Did("T", Acquire("lock")), Did("T", Release("lock"))]))
    assert got == {"other cells/lock": ["free", "held by T", "free"]}


def test_a_lock_that_no_step_touches_is_free() -> None:
    mem = Memory()
    n = mem.cell("n", 0)
    mem.lock("L")

    async def wrong() -> None:
        await n.load()
        raise Violation("x")

    finding = explore(Program(mem, {"A": Thread(wrong)})).violations["x"]
    assert stored(finding.trace)["other cells/L"] == ["free", "free"]
    assert [cell.value for cell in explained(finding.trace).cells] == ["0", "free"]


def test_what_is_said_of_a_step_has_all_that_it_changes() -> None:
    watches = {"n is 1": lambda values: values["n"] == 1}
    step = Did("A", Store("n", 1), ends=Violation("x"))
    (only,) = witness(trace({"n": 0}, [step], watches=watches)).steps
    assert "n from 0 to 1; n is 1 from false to true" in only.spoken


@settings(deadline=None)
@given(trace=small_traces())
def test_what_differs_between_two_states_is_what_the_step_says_it_changed(trace: Trace) -> None:
    found = states(trace, len(trace.events))
    for i, row in enumerate(explained(trace).rows):
        before, after = found.values[i], found.values[i + 1]
        differs = {
            field.name if field.card in ("other cells", TRUE) else f"{field.card}.{field.name}"
            for field, old, new in zip(found.fields, before, after, strict=True)
            if old != new
        }
        assert differs == {change.name for change in row.changes + row.truths}


def test_fields_of_one_card_stand_together() -> None:
    cards = [field.card for field in states(residual_race(), 3).fields]
    assert cards == sorted(cards, key=cards.index)
    assert (
        Field(TRUE, next(iter(residual_race().initial_truths))) in states(residual_race(), 3).fields
    )


def test_what_a_program_shows_is_part_of_the_state_and_of_the_changes() -> None:
    race = race_with_shows()
    assert stored(race)[f"{TRUE}/type"] == ["0", *(event.shown["type"] for event in race.events)]
    rows = explained(race, "misclassified").rows
    assert {row.name: row.shown for row in rows if row.shown} == {
        "A5": (Change("type", "0", "1"),),
        "A6": (Change("type", "1", "0"),),
    }
    spoken = {step.row.name: step.spoken for step in witness(race, "misclassified").steps}
    assert spoken["A5"].endswith("type from 0 to 1.")


def test_after_the_point_of_no_return_the_table_says_so() -> None:
    plain = explained(residual_race(), "misclassified")
    for last, expected in [(False, ["from here on it cannot be avoided"]), (True, [])]:
        turn = NoReturn(2, plain.rows[2].name, last=last)
        steps = shown_as(dataclasses.replace(plain, no_return=turn), residual_race()).steps
        assert [remark.text for remark in steps[2].after if remark.kind == "wrong"] == expected


def test_the_source_of_a_step_names_the_nearest_lines_that_led_there() -> None:
    race = residual_race()
    here = Path(__file__)
    chain = tuple(Location(str(here), line, "f") for line in (1, 2, 3, 4, 5))
    first = dataclasses.replace(race.events[0], locations=chain)
    (source, *_) = witness(dataclasses.replace(race, events=(first, *race.events[1:]))).sources
    text = here.read_text().splitlines()
    assert source.line == 5 and source.lines[2] == text[4]
    assert source.callers == tuple(Call(f"{here.name}:{n}", text[n - 1].strip()) for n in (2, 3, 4))


# The page


def test_the_same_report_gives_the_same_bytes() -> None:
    one = page(report(witness(residual_race(), "misclassified", draw=True)))
    assert one == page(report(witness(residual_race(), "misclassified", draw=True)))
    assert len(one) < 1_000_000


def test_a_page_that_would_be_too_large_leaves_out_pictures_and_then_witnesses() -> None:
    def several(count: int) -> Report:
        race = residual_race()
        drawn = witness(race, "misclassified", draw=True)
        tellings = tuple(dataclasses.replace(drawn, anchor=f"x{n}") for n in range(count))
        rows = tuple(LabelRow(f"x{n}", f"x{n}", "", "", "", ()) for n in range(count))
        return dataclasses.replace(report(*tellings), labels=rows)

    whole = page(several(3))
    assert whole.count(b"<svg") == 3
    plain = page(several(3), limit=len(whole) - 1)
    assert plain.count(b"<svg") == 0 and plain.count(b'class="witness"') == 3
    assert b"left out to keep this file small" in plain
    fewer = page(several(3), limit=len(plain) - 1)
    assert fewer.count(b'class="witness"') == 2 and len(fewer) < len(plain)
    assert b"the schedules of the last 1 are left out" in fewer
    assert b'href="#x2"' not in fewer and b">x2<" in fewer.replace(b"\n", b"")


def test_the_steps_and_the_mail_can_be_read_without_a_script() -> None:
    each = witness(residual_race(), "misclassified")
    elements = Elements(page(report(each)).decode())
    for step in each.steps:
        assert step.row.text in elements.text
        assert f"x/{step.row.name}" in elements.attributes("id")
    assert each.mail.strip() in elements.text
    assert not [attrs for tag, attrs in elements.found if tag == "noscript"]


def test_every_link_leads_to_a_place_on_the_page_and_nothing_else_is_loaded() -> None:
    elements = Elements(page(report(witness(residual_race(), "misclassified", draw=True))).decode())
    ids = elements.attributes("id")
    links = elements.attributes("href", "xlink:href")
    assert links
    assert {link for link in links if link[0] != "#" or link[1:] not in ids} == set()
    assert elements.attributes("src", "srcset", "data", "style", "action") == set()
    assert "link" not in {tag for tag, _ in elements.found}


def test_ids_are_unique_with_two_pictures_in_one_page() -> None:
    one = witness(held_lock(), "n below 2", draw=True)
    elements = Elements(page(report(one, dataclasses.replace(one, anchor="y"))).decode())
    ids = [attrs["id"] for _, attrs in elements.found if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_the_policy_allows_the_inline_style_and_script_and_nothing_to_be_loaded() -> None:
    text = page(report()).decode()
    policy = re.search('Content-Security-Policy" content="(.*?)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert not re.search(r"\bon\w+=", text.partition("<script>")[0])


def test_names_and_values_are_text_whatever_they_hold() -> None:
    script = [Did(HOSTILE, Store(f"p.{HOSTILE}", HOSTILE)), Did("T", Store("p.x", "\udc80\0"))]
    each = witness(trace({f"p.{HOSTILE}": 0, "p.x": 1}, script), HOSTILE, draw=True)
    claim = ClaimRow(*[HOSTILE] * 8)
    hostile = dataclasses.replace(
        report(each), title=HOSTILE, because=HOSTILE, claims=(claim,), outcomes=(("1", HOSTILE),)
    )
    text = page(hostile).decode()
    elements = Elements(text)
    assert sum(tag == "script" for tag, _ in elements.found) == 2  # its data, and the script
    assert "alert(1)</script>" not in text
    assert text.count("<!--") == 0


def test_a_claim_leads_to_its_schedule_or_says_what_shows_it() -> None:
    row = ClaimRow("C1", "It is so.", "here", "refuted", "", "", "", "1 case")
    here = dataclasses.replace(row, schedules=(("x", "torn"),))
    there = dataclasses.replace(row, told_by="racer claims C1")
    for claim, link, said in ((here, True, "torn"), (there, False, "racer claims C1")):
        text = page(dataclasses.replace(report(), claims=(claim,))).decode()
        elements = Elements(text)
        assert ("a", {"href": "#x"}) in elements.found if link else "#x" not in text
        assert said in elements.text


def test_a_deadlock_ends_with_what_each_thread_is_blocked_on() -> None:
    last = witness(lock_cycle(), "deadlock").steps[-1]
    assert [remark.kind for remark in last.after] == ["wrong", "wrong"]


def test_the_source_of_a_step_is_shown_with_its_neighbours() -> None:
    from racer.errors import Location

    plain = trace({"x": 0}, [Did("T", Store("x", 1))])
    place = Location(__file__, 3)
    located = dataclasses.replace(
        plain, events=(dataclasses.replace(plain.events[0], locations=(place,)),)
    )
    (source,) = witness(located).sources
    assert (source.place, source.first, source.line) == ("tests/viz/test_page.py", 1, 3)
    assert source.lines[2] == "from __future__ import annotations"


@pytest.mark.parametrize("path", ["/no/such/file.py", "<string>"])
def test_a_source_that_cannot_be_read_is_still_named(path: str) -> None:
    from racer.errors import Location

    plain = trace({"x": 0}, [Did("T", Store("x", 1))])
    located = dataclasses.replace(
        plain, events=(dataclasses.replace(plain.events[0], locations=(Location(path, 7),)),)
    )
    each = witness(located)
    assert each.sources[0].lines == ()
    assert page(report(each))


def test_the_names_of_steps_in_sentences_lead_to_them() -> None:
    each = witness(residual_race(), "misclassified")
    elements = Elements(page(report(each)).decode())
    why = elements.found[: elements.found.index(("div", {"class": "stepper"}))]
    links = [attrs["href"] for tag, attrs in why if tag == "a"]
    assert "#x/R4" in links  # "R raised Violation 'misclassified' at R4"
    assert "#x/misclassified" not in links
