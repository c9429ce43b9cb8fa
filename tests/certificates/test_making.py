"""Certificates that racer makes are right, by a verifier that knows nothing of it, and every edit
of one is noticed."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given

from racer import Memory, Program, Sample, Thread, UsageError, Violation, certificate, explore
from racer.certificates import making
from racer.certificates.verifying import Rejected, verify
from scenarios.aba import aba
from scenarios.split_race import split_race
from tests.generated.profiles import examples
from tests.generated.spinning import spinning
from tests.generated.strategies import samples
from tests.generated.waiting import waiting
from tests.programs import Sample as Source
from tests.programs import build

pytestmark = pytest.mark.quick

Document = dict[str, Any]


def watched(daemon: bool = False) -> Program:
    """A writer, two readers with a window, a loop that waits, an invariant and what must come."""
    mem = Memory()
    data, done = mem.cell("data", 0), mem.cell("done", False)
    odd = mem.watch("odd", lambda state: state[data] % 2 == 1, cells=[data])

    async def write() -> None:
        for value in (1, 2):
            await data.store(value)
        await done.store(True)

    async def read() -> str:
        async with odd.window() as seen:
            await data.load()
            await data.load()
        return f"{seen.always} {seen.sometimes} {seen.at_end}"

    async def wait() -> None:
        while not await done.load():
            pass

    async def serve() -> None:
        while True:
            await done.wait_until(lambda value: not value)
            await data.load()

    threads = {"W": Thread(write), "R": Thread(read, copies=2), "S": Thread(wait)}
    if daemon:
        threads["D"] = Thread(serve, daemon=True)
    return Program(
        mem,
        threads,
        invariants={"small": lambda state: state[data] < 3},
        sometimes={"odd data": lambda state: state[data] == 1},
        finally_={"done": lambda state: state[done]},
    )


def sealed(document: Document) -> str:
    """An edited certificate, with the checksum that it would have."""
    document = {**document, "sha256": ""}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    document["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"


@examples(80)
@given(samples(size=400) | spinning() | waiting(size=400))
def test_a_certificate_of_any_pass_is_right_and_has_the_counts(source: Source) -> None:
    """The verifier counts paths and states itself, and judges runs without an end."""
    result = explore(build(source))
    if result.verdict != "pass":
        with pytest.raises(UsageError, match="only of a PASS"):
            certificate(result)
        return
    checked = verify(certificate(result))
    counted = None if result.interleavings is None else str(result.interleavings)
    assert checked == (result.states, result.transitions, counted)


@pytest.mark.parametrize("daemon", [False, True])
def test_windows_loops_daemons_and_predicates(daemon: bool) -> None:
    result = explore(watched(daemon))
    assert result.verdict == "pass"
    checked = verify(certificate(result))
    assert (checked.states, checked.steps) == (result.states, result.transitions)
    assert checked.interleavings is None  # S can wait for ever so long


def test_who_waits_for_a_watch_takes_no_step_while_it_is_false() -> None:
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)
    equal = mem.watch("both are 1", lambda state: state[a] == state[b] == 1, [a, b])

    async def sets() -> None:
        await a.store(1)
        await b.store(1)

    async def waits() -> None:
        await equal.wait()

    result = explore(Program(mem, {"S": Thread(sets), "W": Thread(waits)}))
    document = json.loads(certificate(result))
    assert verify(sealed(document)) == (4, 3, "1")  # S, S, W: one run
    (watch,) = document["program"]["watches"]
    assert (watch["true"], watch["false"]) == ([[1, 1]], [[0, 0], [1, 0]])
    watch["true"], watch["false"] = [[1, 0], [1, 1]], [[0, 0]]
    with pytest.raises(Rejected, match="condition 3"):
        verify(sealed(document))


def test_two_certificates_of_one_program_are_the_same_text() -> None:
    assert certificate(explore(watched())) == certificate(explore(watched()))


def test_copies_are_told_apart() -> None:
    """Up to symmetry there are fewer; a certificate needs no word for that."""
    result = explore(watched())
    assert result.canonical is not None and result.canonical < result.states
    assert verify(certificate(result)).states == result.states


@pytest.fixture(scope="module", params=["v8", "v9"])
def of_split_race(request: pytest.FixtureRequest) -> str:
    other = {"v8": {}, "v9": {"reuse": "slab"}}[request.param]
    return certificate(explore(split_race(variant=request.param, **other)), scenario="split_race")


def test_split_race_is_certified(of_split_race: str) -> None:
    assert verify(of_split_race).states > 4_000


def test_200_random_edits_of_its_text_are_noticed(of_split_race: str) -> None:
    random = Random(0)
    for _ in range(200):
        at = random.randrange(len(of_split_race))
        other = random.choice('0123456789 ,:[]{}"\\abc\n')
        if random.random() < 0.3:
            edited = of_split_race[:at] + of_split_race[at + 1 :]
        elif random.random() < 0.5:
            edited = of_split_race[:at] + other + of_split_race[at:]
        else:
            edited = of_split_race[:at] + other + of_split_race[at + 1 :]
        if edited != of_split_race:
            with pytest.raises(Rejected):
                verify(edited)


def numbers_in(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where numbers stand in what decides."""
    if isinstance(part, dict):
        for key in sorted(part):
            yield from numbers_in(part[key], (*path, key))
    elif isinstance(part, list):
        for at, each in enumerate(part):
            yield from numbers_in(each, (*path, at))
    elif isinstance(part, int):
        yield path


def edited(document: Document, path: tuple[Any, ...], by: int) -> Document:
    made = copy.deepcopy(document)
    part: Any = made
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] += by
    return made


def test_edits_that_are_sealed_again_are_noticed_by_what_they_say() -> None:
    """One more and one less of every fifth number of a small certificate. What is accepted is
    right, if of another program: so its states are never edited, and its claim is not."""
    document = json.loads(certificate(explore(watched())))
    accepted = []
    for part in ("states", "claim", "program"):
        for path in [*numbers_in(document[part], (part,))][::5]:
            for by in (1, -1):
                try:
                    verify(sealed(edited(document, path, by)))
                except Rejected:
                    continue
                accepted.append(path)
    assert {path[0] for path in accepted} <= {"program"}


def test_a_state_more_or_less_is_noticed() -> None:
    document = json.loads(certificate(explore(watched())))
    for at in range(0, len(document["states"]), 7):
        fewer = copy.deepcopy(document)
        del fewer["states"][at]
        fewer["claim"]["states"] -= 1
        twice = copy.deepcopy(document)
        twice["states"].append(twice["states"][at])
        twice["claim"]["states"] += 1
        for each in (fewer, twice):
            with pytest.raises(Rejected):
                verify(sealed(each))


def test_what_was_not_all_searched_has_none() -> None:
    with pytest.raises(UsageError, match="no certificate of a FAIL"):
        certificate(explore(aba()))
    with pytest.raises(UsageError, match="no certificate of a BOUND"):
        certificate(explore(aba(), sample=Sample(runs=1)))
    with pytest.raises(UsageError, match="--count"):
        certificate(explore(watched(), count=False))


def test_too_many_states_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MOST_STATES", 10)
    with pytest.raises(UsageError, match="more than 10 states"):
        certificate(explore(watched()))


def test_a_violation_that_a_value_never_shows_is_told_as_bad_all_the_same() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        if await x.load():
            raise Violation("odd")

    document = json.loads(certificate(explore(Program(mem, {"T": Thread(thread)}))))
    [automaton] = document["program"]["automata"]
    ends = [node for node in automaton["nodes"] if "ends" in node]
    assert ends == [{"bad": 0, "ends": "return None"}]  # what no state comes to is not told
