"""Litmus tests for tests: our own, and those that are beside a checkout or named by a variable."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from racer.axiomatic.asking import Answer, Answers, ask
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.litmus.reading import read_test
from racer.axiomatic.models.known import MODELS, models_named

CLASSICS = sorted((Path(__file__).parent / "classics").glob("*.litmus"))
ALL = list(MODELS.values())

# Where tests with known answers are, which are not ours: RACER_LITMUS, or beside the checkout.
_BESIDE = Path(__file__).parents[3] / "shared" / "litmus"
SHARED = Path(os.environ.get("RACER_LITMUS", _BESIDE))


def shared(kind: str) -> Iterator[tuple[LitmusTest, dict[str, str]]]:
    """Every test of a directory of these, with its line of the index."""
    folder = SHARED / kind
    if not (folder / "index.tsv").is_file():
        pytest.skip(f"no litmus tests with known answers in {folder}: set RACER_LITMUS")
    with (folder / "index.tsv").open() as index:
        for line in csv.DictReader(index, delimiter="\t"):
            text = (folder / line["name"]).read_text(errors="replace")
            yield read_test(line["name"], text), line


def asked(text: str, models: str = "sc,tso,arm64,lkmm") -> Answers:
    """What models say of a test, from its text."""
    return ask(read_test("test.litmus", text), models_named(models))


def told(answer: Answer) -> str:
    """The observation as herd7 counts it, and the flags."""
    counts = [answer.observation, str(answer.positive), str(answer.negative)]
    return " ".join([*counts, *answer.flags])
