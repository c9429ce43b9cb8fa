"""The checker of execution files: it takes what enumeration finds, agrees with its models on every
coherent graph, and refutes whatever is not so."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from racer import Memory, Program, Thread, Violation, explore, fence
from racer.axiomatic.checking import allowed
from racer.axiomatic.enumerating import executions
from racer.axiomatic.models.known import MODELS as OF_GRAPHS
from racer.errors import WitnessError
from racer.executions.asking import Asked, Example
from racer.executions.dependencies import DependsAsRead
from racer.executions.record import recorded
from racer.executions.threads import Depends, DependsOnAll, Way
from racer.executions.told import told_execution
from racer.graph_witnesses.checking import check, execution_of
from racer.graph_witnesses.models import MODELS, Execution, Happening, incoherent
from racer.graph_witnesses.pairs import pairs
from racer.graph_witnesses.refuted import NotKnown, Refuted
from racer.graph_witnesses.saved import SavedExecution, load, save, saved_execution
from racer.machine.loaded import load_program
from racer.viz.documents.schemas import schema_text
from tests.executions.enumerated import threads_of
from tests.executions.test_agreement import THREADS, Statement, program
from tests.executions.test_executions import (
    CLASSICS,
    load_buffering,
    message_passing,
    store_buffering,
)
from tests.executions.test_told import two_readers
from tests.generated.profiles import examples

Document = dict[str, Any]


def kept(of: Program, memory: str) -> Iterator[SavedExecution]:
    """The file of each violation."""
    result = explore(of, memory=memory)
    for label in result.violations:
        yield saved_execution(result, of, label, scenario="", parameters={})


def kept_one(of: Program, memory: str = "arm64") -> SavedExecution:
    (only,) = kept(of, memory)
    return only


# --- it takes what enumeration finds ------------------------------------------------------------


@pytest.mark.quick
@pytest.mark.parametrize("memory", ["arm64", "lkmm"])
@pytest.mark.parametrize("make", [make for make, fails in CLASSICS if fails])
def test_classics_are_confirmed(make: Callable[[], Program], memory: str) -> None:
    saved = kept_one(make(), memory)
    events = sum(len(step.events) for thread in saved.threads for step in thread.steps)
    assert check(saved, make()).events == events + len(saved.initial)


@examples(25)
@given(THREADS)
def test_what_generated_programs_show_is_confirmed(threads: list[list[Statement]]) -> None:
    for memory in ("arm64", "lkmm"):
        for saved in kept(program(threads), memory):
            check(saved, program(threads))


def by_both(of: Program, depends: Depends) -> Iterator[tuple[str, bool, str]]:
    """Of each model and each coherent execution of a program: whether the model of the enumeration
    allows it, and why the checker's does not."""
    loaded = load_program(of)
    with loaded.in_use():
        tables = loaded.growing.tables
        if isinstance(depends, DependsAsRead):
            depends = Asked(loaded.growing, "lkmm").readings[0]
        threads = threads_of(loaded.growing, depends)
        for each in executions(threads, dict.fromkeys(tables, 0), 100_000, lambda graph: False):
            ways = tuple(way for way in each.histories if isinstance(way, Way))
            example = Example(each, ways)
            told = told_execution(example, OF_GRAPHS["lkmm"], loaded.growing.instances, tables)
            record = recorded(example, told, tables, ())
            saved = SavedExecution(
                racer="",
                scenario="",
                parameters={},
                memory="lkmm",
                label="",
                initial=dict.fromkeys(sorted(of.memory.initial), ""),
                **msgspec.structs.asdict(record),
            )
            graph = execution_of(saved)
            assert incoherent(graph) == ""
            for name, model in MODELS.items():
                yield name, allowed(OF_GRAPHS[name], each.graph), model(graph).why


@examples(12)
@given(THREADS)
def test_its_models_agree_with_those_of_the_enumeration(threads: list[list[Statement]]) -> None:
    """On every coherent execution, be it allowed or not, without dependencies and with all."""
    if sum(map(len, threads)) > 5:
        return
    for depends in (Depends(), DependsOnAll()):
        for name, is_allowed, why in by_both(program(threads), depends):
            assert is_allowed == (not why), name


@pytest.mark.quick
@pytest.mark.parametrize(("make", "fails"), CLASSICS)
def test_its_models_agree_on_classics(make: Callable[[], Program], fails: bool) -> None:
    for name, is_allowed, why in by_both(make(), DependsAsRead({})):
        assert is_allowed == (not why), name


@pytest.mark.quick
def test_load_buffering_is_run_though_each_load_waits_for_the_other() -> None:
    checked = check(kept_one(load_buffering("nothing")), load_buffering("nothing"))
    # LB is forbidden where each store depends on the load before it.
    assert checked.rests_on_dependencies


@pytest.mark.quick
def test_what_no_dependency_could_forbid_rests_on_none() -> None:
    """SB's later accesses are loads after stores, on which nothing can depend."""
    made = store_buffering("nothing")
    assert not check(kept_one(made), made).rests_on_dependencies


@pytest.mark.quick
def test_a_dependency_that_is_left_out_of_a_file_is_said_to_be_what_it_rests_on() -> None:
    """MP with an address dependency is forbidden; the file of MP with a wmb, made one of that."""
    saved = kept_one(message_passing("wmb"))
    made = message_passing("wmb", "address")
    assert explore(made, memory="arm64").verdict == "pass"
    assert check(saved, made).rests_on_dependencies
    told = edited(saved, lambda d: d["threads"][0]["steps"][1]["events"][0].update(addr=["A1"]))
    with pytest.raises(Refuted, match="external visibility"):
        check(told, made)


# --- models alone: edges of each, by hand -------------------------------------------------------


def by_hand(*threads: str, rf: str = "", co: str = "") -> Execution:
    """Threads as "Wx Rx:acquire F:mb"; rf and co as "1>4" by number, from the initial writes on: x
    is 0, y is 1, and the threads' events follow."""
    events = [Happening(-1, "W", cell, "initial") for cell in "xy"]
    for at, thread in enumerate(threads):
        for word in thread.split():
            what, _, mark = word.partition(":")
            events.append(Happening(at, what[0], what[1:], mark or "once"))
    read = pairs(tuple(map(int, each.split(">"))) for each in rf.split())  # type: ignore[misc]
    order = {tuple(map(int, each.split(">"))) for each in co.split()}
    for number, each in enumerate(events):
        if each.kind == "W" and each.thread >= 0:
            order.add((0 if each.cell == "x" else 1, number))
    none = pairs(())
    return Execution(events, read, pairs(order), none, none, none, none)  # type: ignore[arg-type]


# From the kernel's litmus-tests/ and the ARM manual, K13: with rf such that it is the weak outcome.
@pytest.mark.quick
@pytest.mark.parametrize(
    ("execution", "arm64", "lkmm"),
    [
        # MP: Wx Wy | Ry Rx, y read from the second store and x from the start
        (by_hand("Wx Wy", "Ry Rx", rf="3>4 0>5"), True, True),
        (by_hand("Wx F:wmb Wy", "Ry F:rmb Rx", rf="4>5 0>7"), False, False),
        (by_hand("Wx Wy:release", "Ry:acquire Rx", rf="3>4 0>5"), False, False),
        (by_hand("Wx F:wmb Wy", "Ry Rx", rf="4>5 0>6"), True, True),
        # SB: release and acquire do not do
        (by_hand("Wx Ry", "Wy Rx", rf="1>3 0>5"), True, True),
        (by_hand("Wx:release Ry:acquire", "Wy:release Rx:acquire", rf="1>3 0>5"), True, True),
        (by_hand("Wx F:mb Ry", "Wy F:mb Rx", rf="1>4 0>7"), False, False),
        # 2+2W with smp_wmb(): LKMM allows it, arm64 does not
        (by_hand("Wx F:wmb Wy", "Wy F:wmb Wx", co="4>5 7>2"), False, True),
        # R: Wx mb Wy | Wy Rx
        (by_hand("Wx F:mb Wy", "Wy F:mb Rx", co="4>5", rf="0>7"), False, False),
    ],
)
def test_models_by_hand(execution: Execution, arm64: bool, lkmm: bool) -> None:
    assert incoherent(execution) == ""
    assert (not MODELS["arm64"](execution).why) is arm64
    assert (not MODELS["lkmm"](execution).why) is lkmm


@pytest.mark.quick
def test_incoherence_and_atomicity() -> None:
    # R1 sees the second store before the first one: CoRR.
    assert incoherent(by_hand("Wx Wx", "Rx Rx", rf="3>4 2>5", co="2>3"))
    assert not incoherent(by_hand("Wx Wx", "Rx Rx", rf="2>4 3>5", co="2>3"))


# --- it refutes whatever is not so ----------------------------------------------------------------


def edited(saved: SavedExecution, edit: Callable[[Document], object]) -> SavedExecution:
    document = copy.deepcopy(msgspec.to_builtins(saved))
    for thread in document["threads"]:
        for step in thread["steps"]:
            step.setdefault("events", [])
    edit(document)
    return msgspec.convert(document, SavedExecution)


def refuses(saved: SavedExecution, of: Program) -> bool:
    try:
        check(saved, of)
    except (Refuted, NotKnown):
        return True
    return False


# Texts that are put in place of others. Whatever is in the file says something of the execution.
OTHERS = ("the start", "A1", "A2", "B1", "B2", "B3", "B9", "R", "W", "F", "x", "y", "0", "1", "2")
OTHERS_MARKS = ("once", "acquire", "release", "mb", "rmb", "wmb", "plain", "nothing", "")


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts of a document are."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from texts(each, (*path, at))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts(each, (*path, key))


def put(document: Document, path: tuple[Any, ...], text: str) -> None:
    inside: Any = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = text


def swapped_message_passing() -> Program:
    """MP with a barrier between the stores, the second of which is a read-modify-write."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)

    async def writer() -> None:
        await x.store(1)
        await fence("wmb")
        await y.swap(1, "relaxed")

    async def reader() -> None:
        if await y.load() and await x.load() == 0:
            raise Violation("stale")

    return Program(memory, {"writer": Thread(writer), "reader": Thread(reader)})


@pytest.mark.parametrize(
    "make", [lambda: message_passing("wmb"), swapped_message_passing, lambda: two_readers("rmb")]
)
def test_no_text_of_a_file_can_be_another(make: Callable[[], Program]) -> None:
    saved = kept_one(make(), "lkmm")
    document = msgspec.to_builtins(saved)
    about = ("threads", "stores", "initial", "label", "instants")
    tried = 0
    for path in texts({key: document[key] for key in about}):
        if path[-1] == "name" and path[-2] != "threads" and len(path) > 3:
            others: tuple[str, ...] = ("A1", "B1")  # of a step: any other name is as good
        else:
            others = (*OTHERS, *OTHERS_MARKS)
        for other in others:

            def edit(d: Document, path: tuple[Any, ...] = path, other: str = other) -> None:
                put(d, path, other)

            changed = edited(saved, edit)
            if changed != saved:
                assert refuses(changed, make()), (path, other)
                tried += 1
    assert tried > 500


EDITS: list[tuple[str, Callable[[Document], object]]] = [
    ("a step is gone", lambda d: d["threads"][0]["steps"].pop()),
    ("a step comes twice", lambda d: d["threads"][1]["steps"].append(d["threads"][1]["steps"][0])),
    ("a thread is gone", lambda d: d["threads"].pop()),
    ("a store is in no order", lambda d: d["stores"]["x"].clear()),
    ("a store is in it twice", lambda d: d["stores"]["x"].append("B1")),
    ("a store is of another cell", lambda d: d["stores"].update(x=["B3"], y=["B1"])),
    ("a fence is gone", lambda d: d["threads"][1]["steps"][1]["events"].clear()),
    ("a fence was added", lambda d: d["threads"][0]["steps"][0]["events"].append(FENCE)),
    ("it depends on what comes later", lambda d: first_event(d).update(addr=["A2"])),
    ("it depends on another thread", lambda d: first_event(d).update(ctrl=["B1"])),
    ("a cell is gone", lambda d: d["initial"].pop("x")),
    ("a cell more", lambda d: d["initial"].update(z="0")),
    ("a window that there is not", lambda d: d["threads"][0]["steps"][0].update(saw=[SAW])),
]
FENCE = {"kind": "F", "mark": "rmb"}
SAW = {"ever_true": True, "ever_false": False, "at_end": True}


def first_event(document: Document) -> Document:
    found: Document = document["threads"][0]["steps"][0]["events"][0]
    return found


@pytest.mark.quick
@pytest.mark.parametrize(("what", "edit"), EDITS)
def test_what_was_edited_is_refuted(what: str, edit: Callable[[Document], object]) -> None:
    saved = kept_one(message_passing("wmb"))
    assert refuses(edited(saved, edit), message_passing("wmb")), what


@pytest.mark.quick
@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: message_passing(), "fence wmb is expected"),
        (lambda: message_passing("wmb", "rmb"), "load x is expected, and reader is about to fence"),
        (lambda: message_passing("wmb", "acquire"), "load y is expected"),
        (lambda: store_buffering("nothing"), "it has the threads"),
    ],
)
def test_of_another_program_it_says_which_step_is_another(
    made: Callable[[], Program], why: str
) -> None:
    with pytest.raises(Refuted, match=why):
        check(kept_one(message_passing("wmb")), made())


# --- windows, ends that are none, and files -----------------------------------------------------


def looking() -> Program:
    """A window sees x at 0 throughout, though a load in it has read 1, which the store of y tells:
    on arm64 the load of x may come first."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)
    zero = memory.watch("zero", lambda state: state[x] == 0, [x])

    async def writer() -> None:
        await x.store(1)
        await y.store(1)

    async def looks() -> None:
        async with zero.window() as seen:
            got = await y.load()
            again = await x.load()
        if got == 1 and again == 0 and seen.always:
            raise Violation("old")

    return Program(memory, {"looks": Thread(looks), "writer": Thread(writer)})


@pytest.mark.quick
@pytest.mark.parametrize("memory", ["arm64", "lkmm"])
def test_windows_are_gone_through(memory: str) -> None:
    saved = kept_one(looking(), memory)
    assert saved.instants and saved.threads[0].steps[1].saw
    check(saved, looking())
    backwards = edited(saved, lambda d: d["instants"].reverse())
    without = edited(saved, lambda d: d["instants"].pop())
    seen = edited(saved, lambda d: d["threads"][0]["steps"][1]["saw"][0].update(at_end=False))
    for each in (backwards, without, seen):
        assert refuses(each, looking())


def waiting(*, polls: bool) -> Program:
    """The reader waits for y, which the writer does not store to if it has seen x."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)

    async def reader() -> None:
        await x.store(1)
        if polls:
            while await y.load() == 0:
                pass
        else:
            await y.wait_until(lambda value: value == 1)

    async def writer() -> None:
        if await x.load() == 0:
            await y.store(1)

    return Program(memory, {"reader": Thread(reader), "writer": Thread(writer)})


@pytest.mark.quick
@pytest.mark.parametrize(("polls", "label"), [(True, "livelock"), (False, "deadlock")])
def test_who_rests_is_found_to_rest(polls: bool, label: str) -> None:
    made = waiting(polls=polls)
    saved = kept_one(made, "lkmm")
    assert saved.label == label
    check(saved, made)
    other = "deadlock" if polls else "livelock"
    with pytest.raises(Refuted, match=f"it shows {label}, and not {other}"):
        check(msgspec.structs.replace(saved, label=other), made)


def words_of_load_buffering() -> Program:
    """LB whose values are no literals."""
    memory = Memory()
    nothing, something = frozenset(), frozenset({"a"})
    x, y = memory.cell("x", nothing), memory.cell("y", nothing)

    async def thread(mine: Any, other: Any) -> bool:
        got = await mine.load()
        await other.store(something)
        return bool(got)

    threads = {"a": Thread(thread, x, y), "b": Thread(thread, y, x)}
    both = {"both": lambda state, came: not (came["a"] and came["b"])}
    return Program(memory, threads, finally_=both)


@pytest.mark.quick
def test_what_cannot_be_known_is_said() -> None:
    saved = kept_one(words_of_load_buffering())
    with pytest.raises(NotKnown, match="it is no literal, so it is not known before"):
        check(saved, words_of_load_buffering())
    unknown = edited(kept_one(message_passing()), lambda d: first_event(d).update(mark="srcu-lock"))
    with pytest.raises(NotKnown, match="marked 'srcu-lock'"):
        check(unknown, message_passing())
    with pytest.raises(NotKnown, match="memory model 'power'"):
        other = msgspec.structs.replace(kept_one(message_passing()), memory="power")
        check(other, message_passing())


@pytest.mark.quick
def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    saved = kept_one(message_passing("wmb"))
    save(saved, tmp_path / "one.json")
    assert load(tmp_path / "one.json") == saved
    save(load(tmp_path / "one.json"), tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


@pytest.mark.quick
def test_a_file_has_the_schema_that_is_published(tmp_path: Path) -> None:
    schema = json.loads(schema_text("execution"))
    for of in (message_passing("wmb"), looking(), load_buffering("nothing")):
        save(kept_one(of), tmp_path / "one.json")
        document = json.loads((tmp_path / "one.json").read_text())
        Draft202012Validator(schema).validate(document)
        document["threads"][0]["steps"][0]["nothing"] = 1
        assert not Draft202012Validator(schema).is_valid(document)


@pytest.mark.quick
@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": "racer-execution/9"}', "\x00"])
def test_other_files_are_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "one.json").write_text(content)
    with pytest.raises(WitnessError, match=r"one\.json cannot be used: "):
        load(tmp_path / "one.json")
