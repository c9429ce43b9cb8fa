"""A timeout is kept to by what does not look at the time: functions of the model that hang."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from racer import (
    Memory,
    ModelError,
    Move,
    Program,
    State,
    Thread,
    Violation,
    choose,
    explain,
    explore,
    replay,
)
from racer.explanation.data import NotComputed
from racer.explanation.exact import exactly
from racer.exploration.explaining import explained
from racer.files import shown_path
from racer.lang import patience
from racer.lang.asking import here
from racer.lang.run import OutOfTime
from racer.lang.values import describe
from tests.samples import rule_one


@pytest.fixture(autouse=True)
def without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "GRACE", 0.01)


def for_ever(value: object) -> object:
    while True:
        pass


LOOP = rf"{re.escape(__file__)}:\d+"


def beginning(function: Callable[..., object]) -> str:
    """A function of this file, as it is named where it hangs."""
    code = function.__code__  # type: ignore[attr-defined]  # it is one of Python's
    return f"{code.co_name}() at {shown_path(code.co_filename)}:{code.co_firstlineno}"


def updating() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.update(for_ever)

    return Program(mem, {"T": Thread(thread)})


def waiting() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.wait_until(for_ever)

    return Program(mem, {"T": Thread(thread)})


@pytest.mark.parametrize("program", [updating(), waiting()], ids=["update", "wait_until"])
def test_a_function_of_an_operation_that_hangs_is_named(program: Program) -> None:
    result = explore(program, timeout=0.1)
    assert result.verdict == "bound"
    where = beginning(for_ever)
    assert result.bound == f"timeout of 0.1 s, in {where}"
    assert (result.states, result.uncounted) == (1, f"the search was cut ({result.bound})")


def test_a_predicate_that_hangs_leaves_what_was_found() -> None:
    """The invariant walks a list that the second step closes to a ring."""
    mem = Memory()
    after = {name: mem.cell(f"{name}.next", goal) for name, goal in (("a", "b"), ("b", None))}
    noted = mem.cell("noted", False)

    async def thread() -> None:
        await noted.store(True)
        await after["b"].store("a")
        raise Violation("not reached")

    def ends(state: State) -> bool:
        name: str | None = "a"
        while name is not None:
            name = state[after[name]]
        return True

    def quiet(state: State) -> bool:
        return not state[noted]

    program = Program(mem, {"T": Thread(thread)}, {"list ends": ends, "quiet": quiet})
    result = explore(program, timeout=0.1)
    assert (result.verdict, result.bound) == ("fail", f"timeout of 0.1 s, in {beginning(ends)}")
    assert list(result.violations) == ["quiet"]


def test_an_explanation_past_the_deadline_has_the_schedule_and_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What looks at the time by itself stops at once; nothing is interrupted."""
    monkeypatch.setattr(patience, "GRACE", 60.0)
    result = explore(rule_one())
    [label] = result.violations
    assert result.loaded is not None
    with exactly(result.loaded, deadline=0.0) as exact:
        late = explained(result, label, exact)
    assert late.rows == explain(result, label).rows
    assert late.orderings == NotComputed("out of time")
    assert late.threads_needed == NotComputed("out of time")


def hanging(where: str) -> Program:
    """C reads 0, 1 or 2 of the two stores of S; what is named hangs once x is 1."""
    mem = Memory()
    x = mem.cell("x", 0)

    def hangs(state: State, *came_to: object) -> bool:
        return bool(for_ever(state)) if state[x] == 1 else where != "sometimes"

    async def store() -> None:
        await x.store(1)
        await x.store(2)

    async def check() -> None:
        if await x.load() == 2:
            raise Violation("two")

    extra: dict[str, Any] = {where: {"named": hangs}}
    if where == "finally_":
        extra = {where: {"named": lambda state, came_to: for_ever(state)}}
    if where == "watch":
        extra = {}
        watch = mem.watch("named", hangs, [x])

        async def check() -> None:
            async with watch.window():
                found = await x.load()
            if found == 2:
                raise Violation("two")

    return Program(mem, {"S": Thread(store), "C": Thread(check)}, **extra)


# Without an answer of these it is not known what can be reached; the others are asked of what was.
NEEDED = ("invariants", "sometimes", "consistency", "watch")


@pytest.mark.parametrize("where", NEEDED)
def test_whatever_is_asked_of_a_state_may_hang(where: str) -> None:
    result = explore(hanging(where), timeout=0.5)
    assert result.verdict == "bound"
    assert result.bound is not None
    assert result.bound.startswith("timeout of 0.5 s, in ")
    assert result.violations == {}


def test_a_violation_at_another_end_than_one_that_hangs_is_found() -> None:
    mem = Memory()

    async def thread() -> None:
        if await choose("first", "second") == "second":
            raise Violation("raised")

    def hangs_first(state: State, came_to: Mapping[str, object]) -> bool:
        return came_to["T"] is not None or bool(for_ever(state))

    program = Program(mem, {"T": Thread(thread)}, finally_={"named": hangs_first})
    result = explore(program, timeout=0.5)
    assert (result.verdict, list(result.violations)) == ("fail", ["raised"])
    where = beginning(hangs_first)
    assert result.bound == f"timeout of 0.5 s, in {where}, while ends were looked at"


@pytest.mark.parametrize("timeout", [0.5, None])
def test_a_violation_is_told_whatever_hangs_at_its_end(
    timeout: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a timeout patience runs out, and that is told in place of the time."""
    monkeypatch.setattr(patience, "SECONDS", 0.2 if timeout is None else 60.0)
    result = explore(hanging("finally_"), timeout=timeout)
    assert (result.verdict, list(result.violations)) == ("fail", ["two"])
    assert "two" in result.violations["two"].trace.labels
    assert result.bound is not None
    if timeout is None:
        assert re.match(rf"finally 'named' hangs: it ran for 0\.2 s .*{LOOP}", result.bound)
    else:
        text = r"timeout of 0\.5 s, in .*<lambda>\(\) at .*, while ends were looked at"
        assert re.fullmatch(text, result.bound)
    assert result.interleavings is None


def test_what_must_hold_at_an_end_is_a_violation_where_it_is_known() -> None:
    """At one end it is false, at the other it hangs: the first is replayed with it."""
    mem = Memory()

    async def thread() -> None:
        if await choose("first", "second") == "second":
            raise Violation("raised")

    def hangs_second(state: State, came_to: Mapping[str, object]) -> bool:
        return came_to["T"] is not None and bool(for_ever(state))

    program = Program(mem, {"T": Thread(thread)}, finally_={"named": hangs_second})
    result = explore(program, timeout=0.5)
    assert (result.verdict, list(result.violations)) == ("fail", ["named", "raised"])
    assert result.bound is not None


@pytest.mark.parametrize("timeout", [0.5, None])
def test_what_shows_would_say_is_left_out_where_it_hangs(
    timeout: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2 if timeout is None else 60.0)
    result = explore(hanging("shows"), timeout=timeout)
    assert (result.verdict, result.bound, list(result.violations)) == ("fail", None, ["two"])
    last = result.violations["two"].trace.events[-1]
    assert last.shown == {"named": "not known, since it did not return"}


def test_a_value_that_cannot_be_printed_is_named_by_its_class() -> None:
    class Value:
        def __repr__(self) -> str:
            return str(for_ever(self))

    mem = Memory()
    x = mem.cell("x", Value())

    async def thread() -> None:
        await x.load()
        raise Violation("raised")

    result = explore(Program(mem, {"T": Thread(thread)}), timeout=0.5)
    assert (result.verdict, list(result.violations)) == ("fail", ["raised"])
    assert result.bound is not None
    assert beginning(Value.__repr__) in result.bound
    [event] = result.violations["raised"].trace.events
    assert describe(event.result).endswith("Value whose repr did not return>")


def test_a_violation_that_cannot_be_replayed_in_time_is_named() -> None:
    """The invariant hangs where real coroutines run, which is in a thread of racer's own."""
    mem = Memory()

    async def thread() -> None:
        await choose("only")
        raise Violation("raised")

    def hangs_there(state: State) -> bool:
        return threading.current_thread().name != "racer replay" or bool(for_ever(state))

    result = explore(Program(mem, {"T": Thread(thread)}, {"named": hangs_there}), timeout=0.5)
    assert (result.verdict, result.violations) == ("bound", {})
    where = beginning(hangs_there)
    assert result.bound == f"timeout of 0.5 s, in {where}, before 'raised' was replayed"


@pytest.mark.parametrize("where", NEEDED)
def test_without_a_timeout_a_function_that_hangs_is_a_broken_model(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    owner = {"invariants": "invariant"}.get(where, where)
    with pytest.raises(ModelError, match=rf"{owner} 'named' hangs: it ran for 0\.2 s .*{LOOP}"):
        explore(hanging(where))


@pytest.mark.parametrize(("program", "verb"), [(updating(), "update"), (waiting(), "wait_until")])
def test_so_is_a_function_of_an_operation(
    program: Program, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    with pytest.raises(ModelError, match=rf"thread 'T' fails .*{verb} x calls hangs: .*{LOOP}"):
        explore(program)


def stalling() -> Program:
    """T hangs on whatever it reads of what S stores, which are nine values."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        if await x.load():
            for_ever(x)

    async def store() -> None:
        for value in range(1, 10):
            await x.store(value)

    return Program(mem, {"T": Thread(thread), "S": Thread(store)})


def updating_any() -> Program:
    """The update hangs on whatever it reads of what S stores, which are nine values."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.update(lambda value: for_ever(value) if value else value)

    async def store() -> None:
        for value in range(1, 10):
            await x.store(value)

    return Program(mem, {"T": Thread(thread), "S": Thread(store)})


HANGING = {name: (lambda name=name: hanging(name)) for name in NEEDED} | {
    each.__name__: each for each in (updating, waiting, stalling, updating_any)
}


@pytest.mark.parametrize("name", HANGING)
def test_what_hangs_is_waited_for_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lifting, the search, and the search for the error's schedule all come across it."""
    waited = []
    watch = patience._Watcher._raise

    def counted(self: Any, error: type[BaseException], **more: Any) -> None:
        waited.append(error)
        watch(self, error, **more)

    monkeypatch.setattr(patience, "SECONDS", 0.2)
    monkeypatch.setattr(patience._Watcher, "_raise", counted)
    with pytest.raises(ModelError, match=r"for 0\.2 s"):
        explore(HANGING[name]())
    assert len(waited) == 1


def test_patience_runs_out_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretch is waited for from the first look at it on: one pause before that may be lost."""
    monkeypatch.setattr(patience, "GRACE", 0.25)
    watcher = patience._Watcher(patience.Limits())
    pauses: list[float] = []
    raised: list[type[BaseException]] = []

    def wait(pause: float) -> bool:
        pauses.append(pause)
        return bool(raised)

    monkeypatch.setattr(watcher, "_over", SimpleNamespace(wait=wait))
    monkeypatch.setattr(watcher, "_running", sys._getframe)
    monkeypatch.setattr(watcher, "_frame", sys._getframe)
    monkeypatch.setattr(watcher, "_raise", raised.append)
    watcher._watch()
    assert patience.SECONDS < sum(pauses[:-1]) <= patience.SECONDS + patience.GRACE


def test_a_function_that_hangs_on_what_its_cell_never_holds_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lifting feeds the update all that x can hold; F stores before, or never finds a 7."""
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    mem = Memory()
    x, seen = mem.cell("x", 0), mem.cell("seen", False)

    async def first() -> None:
        await x.update(lambda value: for_ever(value) if value == 7 else 1)
        await seen.store(True)

    async def then() -> None:
        await seen.wait_until(lambda value: value)
        await x.store(7)

    result = explore(Program(mem, {"F": Thread(first), "T": Thread(then)}))
    assert (result.verdict, result.interleavings) == ("pass", 1)


def test_replay_has_patience_with_a_thread_that_never_awaits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.load()
        for_ever(x)

    with pytest.raises(ModelError, match=rf"'T' fails after its step 1: it ran for .*{LOOP}"):
        replay(Program(mem, {"T": Thread(thread)}), [Move("T", 0)])


@dataclass(frozen=True)
class Endless:
    """A value whose text never comes."""

    def __repr__(self) -> str:
        return str(for_ever(self))


def test_replay_has_patience_with_a_method_of_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """What T is stuck at is told by its text, within what runs on trio."""
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    mem = Memory()
    x = mem.cell("x", 0)

    async def thread() -> None:
        await x.store(Endless())  # type: ignore[arg-type]  # of another type than x's first

    with pytest.raises(ModelError, match=rf"hangs: it ran for 0\.2 s .*{LOOP}"):
        replay(Program(mem, {"T": Thread(thread)}), [])


def test_what_is_late_is_not_interrupted_while_it_begins_to_be_watched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exception within Thread.start() would leave that waiting for ever."""
    begins, begun = patience._Watcher.start, []

    def slowly(self: patience._Watcher) -> None:
        if begun:  # it is the inner one: the outer one, which is due, would raise by now
            until = time.monotonic() + 0.2
            while time.monotonic() < until:
                pass
        begins(self)
        begun.append(self)

    monkeypatch.setattr(patience._Watcher, "start", slowly)
    with pytest.raises(OutOfTime), patience.patience(deadline=0.0), patience.patience():
        for_ever(None)
    assert len(begun) == 2


def test_no_frames_are_looked_at_while_something_gets_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches and searches say so themselves; what has stood still for a pause is looked at."""
    looked: list[bool] = []
    for limits in (patience.Limits(), patience.Limits(deadline=time.monotonic() + 60)):
        watcher = patience._Watcher(limits)
        monkeypatch.setattr(watcher, "_frame", lambda: looked.append(True))
        here.pulse.count += 1
        assert watcher._running() is None
        here.pulse.count += 1
        assert watcher._running() is None
        assert looked == []
        for _ in range(patience._LOOK_EVERY):
            watcher._running()
        assert looked == ([] if limits.deadline else [True])  # with one: there is no stretch
        looked.clear()


def test_a_stretch_that_only_seems_to_run_is_not_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is raised from outside may come just where a stretch says that it has ended."""
    watcher = patience._Watcher(patience.Limits(0.2, time.monotonic() + 60))
    pauses: list[float] = []

    def wait(pause: float) -> bool:
        pauses.append(pause)
        return len(pauses) > 50

    raised: list[type[BaseException]] = []
    monkeypatch.setattr(here.pulse, "inside", True)
    monkeypatch.setattr(watcher, "_over", SimpleNamespace(wait=wait))
    monkeypatch.setattr(watcher, "_raise", raised.append)
    watcher._watch()
    assert raised == []
