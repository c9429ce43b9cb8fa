"""Verdicts and counts of litmus tests: our own with their reasons, and herd7's and Dat3M's."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from racer.axiomatic.asking import ask
from racer.axiomatic.litmus.reading import read_test
from racer.axiomatic.models.known import models_named
from tests.axiomatic.files import ALL, CLASSICS, asked, shared, told


@pytest.mark.quick
@pytest.mark.parametrize("path", CLASSICS, ids=lambda path: path.stem)
def test_a_classic_is_answered_as_its_header_derives_it(path: Path) -> None:
    text = path.read_text()
    answers = asked(text).answers
    declared = dict(re.findall(r"^ \* (sc|tso|arm64|lkmm) +(\S.*)$", text, re.M))
    assert declared == {each.model.name: told(each) for each in answers}


def test_there_are_classics() -> None:
    assert len(CLASSICS) >= 25


def test_herd_says_the_same_of_all_tests_of_the_kernel() -> None:
    count = 0
    for test, line in shared("lkmm"):
        [answer] = ask(test, models_named("lkmm")).answers
        expected = (line["verdict"], line["positive"], line["negative"])
        found = (answer.observation, str(answer.positive), str(answer.negative))
        assert (line["name"], *found) == (line["name"], *expected)
        count += 1
    assert count == 302


def test_herd_says_the_same_of_tests_for_x86() -> None:
    count = 0
    for test, line in shared("tso"):
        if line["tso"] == "TIMEOUT":  # herd7 gave up: pso, with 6 threads
            continue
        sc, tso = ask(test, models_named("sc,tso")).answers
        assert (line["name"], sc.observation, tso.observation) == (
            *(line["name"], line["sc"], line["tso"]),
        )
        count += 1
    assert count == 235


def test_dat3m_says_the_same_of_tests_for_arm() -> None:
    count = 0
    for test, line in shared("arm64"):
        [answer] = ask(test, models_named("arm64")).answers
        assert (line["name"], answer.validated(test.condition.quantifier)) == (
            line["name"],
            line["validated"] == "1",
        )
        count += 1
    assert count == 227


def test_the_reader_of_a_split_races_where_it_was_derived_to() -> None:
    count = 0
    for test, line in shared("split"):
        sc, tso, lkmm = ask(test, models_named("sc,tso,lkmm")).answers
        race = " DATARACE" if "data-race" in lkmm.flags else ""
        found = (sc.observation, tso.observation, lkmm.observation + race)
        assert (line["name"], *found) == (line["name"], line["sc"], line["tso"], line["lkmm"])
        count += 1
    assert count == 26


@pytest.mark.parametrize("kind", ["lkmm", "split"])
def test_each_model_allows_what_the_stronger_ones_do(kind: str) -> None:
    for test, line in shared(kind):
        answers = ask(test, ALL).answers
        for stronger, weaker in itertools.pairwise(answers):
            fewer = [
                state
                for state, count in stronger.states.items()
                if weaker.states.get(state, 0) < count
            ]
            assert (line["name"], stronger.model.name, fewer) == (
                *(line["name"], stronger.model.name, []),
            )


@pytest.mark.quick
def test_a_missing_quantifier_is_told_with_its_line() -> None:
    with pytest.raises(Exception, match=r"test.litmus:3: there is no quantifier"):
        read_test("test.litmus", "C t\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); }\n")
