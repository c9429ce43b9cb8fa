"""`racer explore --sample` and `--estimate`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.counting import Said
    from tests.command_line import Run

pytest_plugins = ["tests.command_line", "tests.cli.counting"]
pytestmark = pytest.mark.quick


def test_a_sample_says_that_nothing_is_proved(said: Said, model: str) -> None:
    done = said("explore", model, "--sample", "pct", "--runs", "20", "--depth", "2", status=3)
    assert "BOUND  nothing is proved: 20 runs were sampled, and nothing was" in done
    assert "20 runs by PCT, seed 0: 2 schedules, 2 steps at most; a" in done
    assert "transitions" not in done


def test_a_sample_shows_a_violation_with_its_schedule(said: Said, model: str) -> None:
    found = ("explore", model, "--set", "atomic=false", "--sample", "pos", "--runs", "20")
    done = said(*found, "--seed", "3", status=1)
    assert "FAIL: none lost" in done
    assert "n = 1" in done  # the schedule is drawn
    assert said(*found, "--seed", "3", status=1) == done


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--runs", "3"), "--runs is for --sample"),
        (("--sample", "dfs"), "--sample is pct or pos"),
        (("--sample", "pos", "--depth", "2"), "--depth is for --sample pct"),
        (("--sample", "pct", "--depth", "99"), "depth=99: it is from 1 to 20"),
        (("--sample", "pct", "--runs", "0"), "runs=0 would sample nothing"),
    ],
)
def test_options_that_say_nothing_are_refused(
    said: Said, model: str, options: tuple[str, ...], words: str
) -> None:
    assert words in said("explore", model, *options, status=2)


def test_an_estimate_of_what_is_soon_searched_is_exact(said: Said, model: str) -> None:
    done = said("explore", model, "--estimate")
    assert "3 states up to symmetry, exactly" in done  # 0, 1 or 2 have added


def test_an_estimate_is_of_one_scenario(said: Said, model: str) -> None:
    assert "for one scenario" in said("explore", "models.py", "--estimate", status=2)


def test_the_document_has_what_runs_say_of_the_others(racer: Run, model: str) -> None:
    drawn = ("--sample", "pct", "--runs", "20", "--depth", "2", "--json")
    _, out, _ = racer("explore", model, *drawn)
    said = json.loads(out)["sampling"]
    # 2 threads of one step each, a quarter more is 3: 1/(2 * 3)
    assert (said["runs"], said["steps"], said["chance"]) == (20, 3, 1 / 6)
    assert json.loads(racer("explore", model, "--json")[1])["sampling"] is None


def test_a_brief_of_a_sample_ends_in_what_draws_it_again(said: Said, model: str) -> None:
    found = ("explore", model, "--set", "atomic=false", "--sample", "pct", "--runs", "20")
    done = said(*found, "--depth", "2", "--brief", status=1)
    command = "--set atomic=false --sample pct --runs 20 --seed 0 --depth 2"
    assert command in " ".join(done.replace("\\\n", "").split())
