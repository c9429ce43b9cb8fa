"""Programs under arm64 and the kernel's model: classics with known answers, and what is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from racer import (
    Cell,
    Memory,
    ModelError,
    Program,
    State,
    Thread,
    UsageError,
    Violation,
    explain,
    explore,
    fence,
    save,
)
from racer.axiomatic.models.known import MODELS as OF_GRAPHS
from racer.exploration.judgement import Judgement
from racer.machine.models import MODELS, OF_EXECUTIONS
from racer.viz.summary import summary

pytestmark = pytest.mark.quick

NOTHING_DECLARED = Judgement(None, None, ("stale",), None)


def two_cells() -> tuple[Memory, Cell[int], Cell[int]]:
    memory = Memory()
    return memory, memory.cell("x", 0), memory.cell("y", 0)


def message_passing(written: str = "", read: str = "") -> Program:
    """MP: `written` stands between the stores, `read` between the loads."""
    memory, x, y = two_cells()

    async def writer() -> None:
        await x.store(1)
        if written in ("wmb", "mb"):
            await fence(written)  # type: ignore[arg-type]  # one of these
        await y.store(1, "release" if written == "release" else "once")

    async def reader() -> None:
        seen = await y.load("acquire" if read == "acquire" else "once")
        if read in ("rmb", "mb"):
            await fence(read)  # type: ignore[arg-type]  # one of these
        cell = x
        if read == "address":
            cell = x if seen else y
        if await cell.load() == 0 and seen:
            raise Violation("stale")

    return Program(memory, {"writer": Thread(writer), "reader": Thread(reader)})


def load_buffering(how: str) -> Program:
    """LB: each thread loads one cell and then stores to the other."""
    memory, x, y = two_cells()

    async def copies(source: Cell[int], goal: Cell[int]) -> int:
        got = await source.load()
        await goal.store(1 if how == "nothing" else got)
        return got

    async def tests(source: Cell[int], goal: Cell[int]) -> int:
        got = await source.load()
        if got or how == "nothing":
            await goal.store(1)
        else:
            await goal.store(2)
        return got

    def both(state: State, came: Mapping[str, object]) -> bool:
        return came != {"copies": 1, "tests": 1}

    threads = {"copies": Thread(copies, x, y), "tests": Thread(tests, y, x)}
    return Program(memory, threads, finally_={"both": both})


def store_buffering(how: str) -> Program:
    """SB: each thread stores to one cell and then loads the other."""
    memory, x, y = two_cells()

    async def thread(mine: Cell[int], other: Cell[int]) -> int:
        if how == "swap":
            await mine.swap(1)
        elif how == "swap_relaxed":
            await mine.swap(1, "relaxed")
        else:
            await mine.store(1)
        if how == "mb":
            await fence("mb")
        return await other.load()

    threads = {"p": Thread(thread, x, y), "q": Thread(thread, y, x)}
    both = {"both": lambda state, came: came["p"] or came["q"]}
    return Program(memory, threads, finally_=both)


# herd7's answers for MP, LB and SB, from the kernel's own litmus-tests/ (MP+onceassign...,
# MP+fencewmbonceonce+fencermbonceonce, LB+poonceonces, SB+fencembonceonces ...) and, for
# addresses, MP+onceassign+derefonce; of arm64 from the catalogue in the ARM manual, appendix K13.
CLASSICS: list[tuple[Callable[[], Program], bool]] = [
    (lambda: message_passing(), True),
    (lambda: message_passing("wmb"), True),
    (lambda: message_passing("", "rmb"), True),
    (lambda: message_passing("wmb", "rmb"), False),
    (lambda: message_passing("release", "acquire"), False),
    (lambda: message_passing("release", "address"), False),
    (lambda: message_passing("", "address"), True),
    (lambda: load_buffering("nothing"), True),
    (lambda: load_buffering("values"), False),
    (lambda: store_buffering("nothing"), True),
    (lambda: store_buffering("swap_relaxed"), True),
    (lambda: store_buffering("swap"), False),
    (lambda: store_buffering("mb"), False),
]


@pytest.mark.parametrize("memory", OF_EXECUTIONS)
@pytest.mark.parametrize(("make", "fails"), CLASSICS)
def test_classics_come_out_as_they_are_known_to(
    make: Callable[[], Program], fails: bool, memory: str
) -> None:
    result = explore(make(), memory=memory)
    assert result.verdict == ("fail" if fails else "pass")
    assert result.memory == memory


def test_models_without_a_machine_are_those_that_are_only_of_graphs() -> None:
    assert tuple(each for each in OF_GRAPHS if each not in MODELS) == OF_EXECUTIONS


def test_the_execution_of_message_passing_is_told_with_the_circle() -> None:
    execution = explore(message_passing(), memory="arm64").violations["stale"].witness.execution
    assert execution is not None
    reader, writer = execution.threads
    assert [(step.text, step.result, step.source) for step in reader.steps] == [
        ("load y", "1", "B2"),
        ("load x", "0", "the start"),
    ]
    assert [step.text for step in writer.steps] == ["store x = 1", "store y = 1"]
    # A1 -po-> A2 -fr-> B1 -po-> B2 -rf-> A1: the circle that MP is named for.
    assert [(edge.before, edge.why) for edge in execution.circle] == [
        ("A1", "po"),
        ("A2", "fr"),
        ("B1", "po"),
        ("B2", "rf"),
    ]


@pytest.mark.parametrize("memory", OF_EXECUTIONS)
def test_barriers_that_forbid_an_execution_are_the_fewest_and_weakest(memory: str) -> None:
    """The kernel's own litmus-tests/: MP takes a wmb and an rmb, SB takes two full barriers."""

    def lacking(program: Program, label: str) -> list[tuple[str, str, str]]:
        execution = explore(program, memory=memory).violations[label].witness.execution
        assert execution is not None
        return [(each.kind, each.after, each.before) for each in execution.barriers]

    both = [("rmb", "A1", "A2"), ("wmb", "B1", "B2")]
    assert lacking(message_passing(), "stale") == both
    assert lacking(message_passing("wmb"), "stale") == both[:1]
    assert lacking(message_passing("", "rmb"), "stale") == [("wmb", "B1", "B2")]
    full = [("mb", "A1", "A2"), ("mb", "B1", "B2")]
    assert lacking(store_buffering("nothing"), "both") == full


def test_what_passed_what_is_told() -> None:
    report = summary(explore(message_passing("wmb"), memory="arm64"), NOTHING_DECLARED)
    assert "A2 takes its value before A1 has taken its own" in report
    assert "an smp_rmb() between A1 and A2 forbids this execution" in report


def test_what_an_interleaving_shows_is_said_to_be_one() -> None:
    memory, x, _ = two_cells()

    async def adds() -> None:
        await x.store(await x.load() + 1)

    program = Program(
        memory, {"t": Thread(adds, copies=2)}, finally_={"sum": lambda state: state[x] == 2}
    )
    execution = explore(program, memory="arm64").violations["sum"].witness.execution
    assert execution is not None and execution.is_interleaving


def test_a_pass_that_rests_on_a_dependency_says_so() -> None:
    """The address of the second load is what the first has read: without that it is MP+wmb."""
    said = explore(message_passing("release", "address"), memory="arm64").executions
    assert said is not None and said.prevented == ("stale",)


def test_a_fail_that_a_dependency_would_prevent_says_so() -> None:
    """With an address from the first load to the second, MP with a wmb is forbidden."""
    said = explore(message_passing("wmb"), memory="arm64").executions
    assert said is not None and said.preventable == ("stale",)
    said = explore(message_passing(), memory="arm64").executions
    assert said is not None and said.preventable == ()  # the writer's stores are in no order


def test_a_store_that_both_arms_have_depends_on_nothing() -> None:
    """A compiler may put it before the branch, so this is LB without dependencies: allowed."""
    memory, x, y = two_cells()

    async def thread(source: Cell[int], goal: Cell[int]) -> int:
        got = await source.load()
        if got:
            await goal.store(1)
        else:
            await goal.store(1)
        return got

    threads = {"p": Thread(thread, x, y), "q": Thread(thread, y, x)}
    both = {"both": lambda state, came: not (came["p"] and came["q"])}
    result = explore(Program(memory, threads, finally_=both), memory="lkmm")
    assert list(result.violations) == ["both"]
    assert result.executions is not None and result.executions.preventable == ("both",)


def test_executions_are_counted() -> None:
    """Three threads that take a lock once come to it in 3! orders; two readers of one store see
    it or not, 2^2. Published as ainc(n) and readers(n)."""
    memory = Memory()
    lock, count = memory.lock("m"), memory.cell("count", 0)

    async def adds() -> None:
        async with lock:
            await count.store(await count.load() + 1)

    result = explore(
        Program(memory, {"t": Thread(adds, copies=3)}, finally_={"3": lambda s: s[count] == 3}),
        memory="lkmm",
    )
    assert result.verdict == "pass"
    assert result.executions is not None and result.executions.count == 6

    memory, x, _ = two_cells()

    async def stores() -> None:
        await x.store(1)

    async def loads() -> int:
        return await x.load()

    readers = Program(memory, {"w": Thread(stores), "r": Thread(loads, copies=2)})
    said = explore(readers, memory="arm64").executions
    assert said is not None and said.count == 4


def test_who_waits_for_what_never_comes_is_in_a_deadlock_and_who_polls_in_a_livelock() -> None:
    memory, x, _ = two_cells()

    async def waits() -> None:
        await x.wait_until(lambda value: value == 2)

    async def polls() -> None:
        while await x.load() != 2:
            pass

    async def stores() -> None:
        await x.store(1)

    waiting = Program(memory, {"a": Thread(waits), "b": Thread(stores)})
    assert list(explore(waiting, memory="arm64").violations) == ["deadlock"]
    polling = Program(memory, {"a": Thread(polls), "b": Thread(stores)})
    assert list(explore(polling, memory="arm64").violations) == ["livelock"]


def test_a_loop_that_stores_without_end_is_a_limit_and_no_pass() -> None:
    memory, x, y = two_cells()

    async def pings() -> None:
        while await x.load() == 0:
            await y.fetch_add(1)

    result = explore(Program(memory, {"t": Thread(pings)}), memory="arm64")
    assert result.verdict == "bound"
    assert "thread 't' had 100 events" in str(result.bound)


def test_more_executions_than_are_allowed_are_a_limit_and_no_pass() -> None:
    result = explore(message_passing(), memory="arm64", max_states=3)
    assert (result.verdict, result.violations) == ("bound", {})
    assert "more than 3 decisions" in str(result.bound)


def test_plain_accesses_that_race_are_flagged_under_the_kernels_model_only() -> None:
    memory, x, _ = two_cells()

    async def stores() -> None:
        await x.store(1, "plain")

    async def loads() -> int:
        return await x.load("plain")

    def flags(memory_model: str) -> tuple[str, ...]:
        program = Program(memory, {"w": Thread(stores), "r": Thread(loads)})
        said = explore(program, memory=memory_model).executions
        assert said is not None
        return said.flags

    assert flags("lkmm") == ("data-race",)
    assert flags("arm64") == ()


def test_a_model_that_is_broken_in_an_execution_only_is_still_broken() -> None:
    """Under sc the index is never read without the table: no interleaving raises."""
    memory, x, y = two_cells()

    async def writer() -> None:
        await x.store(1)
        await y.store(1)

    async def reader() -> int:
        if await y.load():
            return 1 // await x.load()
        return 0

    def program() -> Program:
        return Program(memory, {"writer": Thread(writer), "reader": Thread(reader)})

    assert explore(program()).verdict == "pass"
    with pytest.raises(ModelError, match=r"thread 'reader' fails after its step 2: .*ZeroDivision"):
        explore(program(), memory="arm64")


def asked_of_states(kind: str) -> Program:
    memory, x, _ = two_cells()
    watch = memory.watch("w", lambda state: state[x] == 1, [x])

    async def looks() -> None:
        async with watch.window():
            await fence("mb")

    async def waits() -> None:
        await watch.wait()

    async def stores() -> None:
        await x.store(1)

    def holds(state: State) -> bool:
        return True

    threads = {"a": Thread(looks if kind == "window" else waits if kind == "wait" else stores)}
    named = {kind: {"holds": holds}} if kind not in ("window", "wait") else {}
    return Program(memory, threads, **named)


@pytest.mark.parametrize("memory", OF_EXECUTIONS)
@pytest.mark.parametrize("kind", ["window", "wait"])
def test_what_is_said_of_states_is_refused_by_name(kind: str, memory: str) -> None:
    with pytest.raises(UsageError, match=f"the memory model '{memory}' cannot be asked about"):
        explore(asked_of_states(kind), memory=memory)


@pytest.mark.parametrize("memory", OF_EXECUTIONS)
def test_what_is_said_of_states_is_asked_of_interleavings(memory: str) -> None:
    """MP: that y is stored and x not yet is an instant under arm64, and of no interleaving."""
    made = message_passing()
    x, y = made.memory.handles["x"], made.memory.handles["y"]
    assert isinstance(x, Cell) and isinstance(y, Cell)

    def described(**named: Mapping[str, Callable[[State], bool]]) -> Program:
        return Program(made.memory, made.threads, **named)  # type: ignore[arg-type]  # predicates

    def y_first(state: State) -> bool:
        return bool(state[y]) and not state[x]

    def in_order(state: State) -> bool:
        return not y_first(state)

    result = explore(described(sometimes={"y first": y_first}), memory=memory)
    assert (result.verdict, result.vacuous) == ("fail", ("y first",))
    assert result.executions is not None
    assert result.executions.of_interleavings == ("sometimes 'y first'",)
    result = explore(described(consistency={"in order": in_order}), memory=memory)
    assert list(result.violations) == ["stale"]
    assert "consistency 'in order'" in summary(result, NOTHING_DECLARED)
    with pytest.raises(ModelError, match="contradicts itself: 'y first'"):
        explore(described(consistency={"y first": y_first}), memory=memory)
    result = explore(described(invariants={"in order": in_order}), memory=memory)
    assert "left open is whether invariants hold" in " ".join(
        summary(result, NOTHING_DECLARED).split()
    )
    with pytest.raises(UsageError, match="cannot show that the invariant 'y first' is broken"):
        explore(described(invariants={"y first": y_first}), memory=memory)


def test_operations_that_are_not_mapped_are_refused_by_name() -> None:
    memory = Memory()
    event = memory.event("e")

    async def sets() -> None:
        await event.set()

    with pytest.raises(UsageError, match="about thread 't', which is about to set e"):
        explore(Program(memory, {"t": Thread(sets)}), memory="arm64")


def test_an_execution_is_no_schedule_to_explain_or_to_save(tmp_path: object) -> None:
    result = explore(message_passing(), memory="arm64")
    for ask in (lambda: explain(result, "stale"), lambda: save(result, "stale", f"{tmp_path}/w")):
        with pytest.raises(UsageError, match="is shown by an execution, which is no schedule"):
            ask()


def recheck_of_the_head(order: str, barrier: str = "") -> Program:
    """The core of split_race: a tail's head is looked up, its type, and the head once more.

    The head is left before it becomes a slab, so the page is a slab's at no instant.
    """
    memory = Memory()
    info, kind = memory.cell("info", "H"), memory.cell("type", "none")
    owned = memory.watch(
        "owned", lambda state: state[info] == "H" and state[kind] == "slab", [info, kind]
    )

    async def classify() -> bool:
        async with owned.window() as seen:
            head = await info.load()
            found = await kind.load("acquire" if order == "acquire" else "once")
            if barrier:
                await fence(barrier)  # type: ignore[arg-type]  # one of these
            again = await info.load()
        if (head, found, again) == ("H", "slab", "H"):
            if seen.never:
                raise Violation("misclassified")
            return True
        return False

    async def split() -> None:
        await info.store("none")
        await kind.store("slab", "release")

    return Program(memory, {"classify": Thread(classify), "split": Thread(split)})


@pytest.mark.parametrize(
    ("order", "barrier", "fails"),
    [("once", "", True), ("once", "wmb", True), ("once", "rmb", False), ("acquire", "", False)],
)
def test_a_second_look_needs_a_barrier_where_loads_pass_each_other(
    order: str, barrier: str, fails: bool
) -> None:
    """MP, seen from the reader: nothing orders the load of the type with the second of the head, so
    that may be taken in first, before the split. An smp_wmb() there orders no loads."""
    for memory, shows in (("sc", False), ("tso", False), ("arm64", fails), ("lkmm", fails)):
        result = explore(recheck_of_the_head(order, barrier), memory=memory)
        assert list(result.violations) == ["misclassified"] * shows, memory


def test_who_has_read_a_value_in_a_window_has_been_there_while_it_was() -> None:
    """Under arm64 the load of x may be taken in first. Then the window begins there, and so has the
    state before both stores: an order of instants is not that of the code."""
    memory, x, y = two_cells()
    zero = memory.watch("zero", lambda state: state[x] == 0, [x])

    async def looks() -> bool | None:
        async with zero.window() as seen:
            got = await y.load(), await x.load()
        return seen.never if got == (1, 0) else None

    async def stores() -> None:
        await x.store(1, "release")
        await y.store(1, "release")

    program = Program(memory, {"looks": Thread(looks), "stores": Thread(stores)})
    came = {dict(key)["looks"] for key in explore(program, memory="arm64").outcomes}
    assert came == {None, False}


def test_a_window_that_no_interleaving_has_is_said_to_be_none() -> None:
    """y is read as 1, and the other load finds what it always does: as a graph that is what an
    interleaving has. But the other load may be taken in before x is stored, and y is 1 only after:
    so the window has seen x at 0, which it does in no interleaving."""
    memory, x, y = two_cells()
    other = memory.cell("other", 0)
    zero = memory.watch("zero", lambda state: state[x] == 0, [x])

    async def looks() -> None:
        async with zero.window() as seen:
            found = await y.load()
            await other.load()
        if found == 1 and seen.sometimes:
            raise Violation("before")

    async def stores() -> None:
        await x.store(1)
        await y.store(1, "release")

    program = Program(memory, {"looks": Thread(looks), "stores": Thread(stores)})
    assert explore(program).verdict == explore(program, memory="tso").verdict == "pass"
    execution = explore(program, memory="arm64").violations["before"].witness.execution
    assert execution is not None
    assert (execution.circle, execution.is_interleaving) == ((), False)


def test_a_cell_that_is_added_to_has_no_end_of_values_and_an_answer() -> None:
    """What an operation would make of the last value that was tried has no number."""
    memory = Memory()
    x = memory.cell("x", 0)

    async def adds() -> None:
        if await x.fetch_add(1) == 1:
            raise Violation("second")

    async def stores() -> None:
        await x.store(1)

    result = explore(Program(memory, {"A": Thread(adds), "S": Thread(stores)}), memory="lkmm")
    assert set(result.violations) == {"second"}  # after the store, as in an interleaving
