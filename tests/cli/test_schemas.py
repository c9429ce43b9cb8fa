"""What --json prints has the schema that is published, and no schema lets an unknown key pass."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from racer.viz.documents.schemas import KINDS, made_schema, schema_name
from tests.c_source.mailing import AFTER, BEFORE, patch
from tests.c_source.test_mirrors import models, tree
from tests.schema_files import FOLDER

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]

# A daemon waits, a thread that it blocks does not end, and a claim asks about a scenario above.
MORE = """
from racer import Answer, Claim, Expected, Memory, Never, Program, Thread, scenario


@scenario(expect=Expected("fail", ("deadlock",), "nobody stores 2"))
def waits() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)
    is_one = mem.watch("x is 1", lambda state: state[x] == 1, cells=[x])

    async def daemon() -> None:
        while True:
            await x.wait_until(lambda value: value == 1)
            await x.store(0)

    async def blocked() -> None:
        async with is_one.window():
            await x.store(1)
        await x.wait_until(lambda value: value == 2)

    return Program(mem, {"D": Thread(daemon, daemon=True), "T": Thread(blocked)})


CLAIM = Claim(
    "W1",
    "it never hangs",
    made="here",
    expected=Answer("refuted"),
    because="nobody stores 2",
    asks=(Never("deadlock", waits),),
)
"""

# One model forbids what it asks about, and others do not.
LITMUS = """C SB
{}
P0(int *x, int *y) { WRITE_ONCE(*x, 1); int r = READ_ONCE(*y); }
P1(int *x, int *y) { WRITE_ONCE(*y, 1); int r = READ_ONCE(*x); }
exists (0:r=0 /\\ 1:r=0)
"""

# What keys lead to an object whose keys are names, not fields.
MAPS = {"parameters", "what_ifs", "threads", "violations", "watches", "labels", "returned"}

COMMANDS = {
    "result of a failure": ("result", "explore models.py::reads"),
    "result of a pass": ("result", "explore models.py::reads --variant once"),
    "result of a search that was cut": ("result", "explore models.py::counts --max-states 9"),
    "result against --expect": ("result", "explore models.py::reads --expect pass"),
    "result of a deadlock, a daemon, a window": ("result", "explore more.py::waits"),
    "result of a livelock": ("result", "explore models.py::spins"),
    "results, and what does not run": ("results", "explore models.py --max-states 20"),
    "claims": ("claims", "claims more.py"),
    "diff": ("diff", "diff models.py::reads torn once"),
    "equivalent threads": ("equiv", "equiv models.py::reads once once"),
    "threads that are not": ("equiv", "equiv models.py::reads torn once"),
    "functions that models mirror": ("drift", "drift models --base tree"),
    "a series": ("review", "review a.patch --base tree"),
    "barriers, and what can go": ("fences", "fences fake_head --set fix=swapped"),
    "C that means something": ("lifted", "lift-c a.patch is_owned"),
    "list": ("list", "list"),
    "litmus tests, and one that cannot be read": ("litmus", "litmus ."),
    "list of one": ("list", "list models.py::reads"),
}


@pytest.fixture
def documents(racer: Run, here: Path) -> Callable[[str], Any]:
    (here / "more.py").write_text(MORE)
    models(here)
    tree(here)
    (here / "a.patch").write_text(patch(BEFORE, AFTER))
    (here / "a.litmus").write_text(LITMUS)
    (here / "broken.litmus").write_text("C broken\n")

    def made(words: str) -> Any:
        return json.loads(racer(*words.split(), "--json")[1])

    return made


def validator(kind: str) -> Draft202012Validator:
    schema = json.loads((FOLDER / f"{kind}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_that_of_the_structs(kind: str) -> None:
    remedy = "write it again: python -m tests.schema_files"
    assert (FOLDER / f"{kind}.json").read_text() == made_schema(KINDS[kind]), remedy


def objects(found: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths to all objects in a document."""
    if isinstance(found, dict):
        yield path
        for key, value in found.items():
            yield from objects(value, (*path, key))
    elif isinstance(found, list):
        for place, value in enumerate(found):
            yield from objects(value, (*path, place))


def at(found: Any, path: tuple[str | int, ...]) -> Any:
    for each in path:
        found = found[each]
    return found


@pytest.mark.parametrize("case", COMMANDS)
def test_what_is_printed_is_valid_and_with_an_unknown_key_anywhere_it_is_not(
    documents: Callable[[str], Any], case: str
) -> None:
    kind, words = COMMANDS[case]
    document, valid = documents(words), validator(kind)
    assert document["schema"] == schema_name(KINDS[kind])
    assert [error.message for error in valid.iter_errors(document)] == []
    seen = set()
    for path in objects(document):
        # Of many that are alike, as the steps of a schedule, the first.
        place = tuple("*" if isinstance(each, int) else each for each in path)
        if place in seen or (path and path[-1] in MAPS):
            continue
        seen.add(place)
        changed = copy.deepcopy(document)
        at(changed, path)["no such key"] = None
        assert not valid.is_valid(changed), path
    for key in document:
        assert not valid.is_valid({k: v for k, v in document.items() if k != key}), key


def test_a_thread_came_to_one_thing(documents: Callable[[str], Any]) -> None:
    document, valid = documents("explore models.py::reads"), validator("result")
    threads = document["outcomes"][0]["threads"]
    for came in ({}, {"effect": "panic"}, {"returned": "1", "blocked": "load x"}):
        threads["R"] = came
        assert not valid.is_valid(document)
    threads["R"] = {"violation": "torn", "effect": "panic"}
    assert valid.is_valid(document)


def test_schemas_are_printed_by_kind_or_by_their_whole_name(racer: Run) -> None:
    published = (FOLDER / "result.json").read_text()
    assert racer("schema", "result")[:2] == (0, published)
    assert racer("schema", "racer-result/1")[:2] == (0, published)
    status, out, _ = racer("schema")
    assert status == 0 and [line.split()[0] for line in out.splitlines()] == [*KINDS]
    status, out, err = racer("schema", "reslut")
    assert (status, out) == (2, "") and "did you mean 'result'" in err


def test_scenarios_are_listed_for_a_program(documents: Callable[[str], Any]) -> None:
    (listed,) = documents("list models.py::reads")["scenarios"]
    variant, writers = listed["parameters"]
    assert [each["value"] for each in variant["choices"]] == ["torn", "once", "declared wrongly"]
    assert (writers["kind"], writers["low"], writers["high"]) == ("int", 1, 4)
    assert listed["expected"]["labels"] == ["torn"]


def test_a_list_says_which_files_do_not_load(racer: Run, here: Path) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "broken.py").write_text("@scenario\ndef f(:\n")
    status, out, err = racer("list", "--json")
    document = json.loads(out)
    assert status == 2 and "broken.py" in err
    assert len(document["errors"]) == 1 and "broken.py" in document["errors"][0]
    assert "split_race" in [each["scenario"] for each in document["scenarios"]]
