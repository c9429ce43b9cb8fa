"""Executions that are no interleaving, told: which edge the circle is missing, what came before
what, and how old what a load read is; and drawn."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from racer import Memory, Program, Thread, explore, fence
from racer.executions.told import ToldExecution
from racer.viz.executions import execution_lines
from racer.viz.graphs.dot import drawn
from racer.viz.graphs.execution import execution_graph
from tests.executions.test_executions import message_passing, store_buffering

pytestmark = pytest.mark.quick


def told(program: Program, label: str, memory: str) -> ToldExecution:
    execution = explore(program, memory=memory).violations[label].witness.execution
    assert execution is not None
    return execution


def load_buffering() -> Program:
    """Each thread stores what the other one has loaded before."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)

    async def one() -> int:
        seen = await y.load()
        await x.store(1)
        return seen

    async def two() -> int:
        seen = await x.load()
        await y.store(1)
        return seen

    return Program(
        memory,
        {"one": Thread(one), "two": Thread(two)},
        finally_={"both": lambda state, came: (came["one"], came["two"]) != (1, 1)},
    )


def two_readers(kind: str) -> Program:
    """IRIW: R1 and R2 see the stores of W1 and W2 in different orders."""
    memory = Memory()
    x, y = memory.cell("x", 0), memory.cell("y", 0)

    async def reads(first: object, second: object) -> tuple[int, int]:
        one = await first.load()  # type: ignore[attr-defined]
        await fence(kind)  # type: ignore[arg-type]  # one of these
        return one, await second.load()  # type: ignore[attr-defined]

    threads = {
        "R1": Thread(reads, x, y),
        "R2": Thread(reads, y, x),
        "W1": Thread(x.store, 1),
        "W2": Thread(y.store, 1),
    }

    def differ(state: object, came: object) -> bool:
        return (came["R1"], came["R2"]) != ((1, 0), (1, 0))  # type: ignore[index]

    return Program(memory, threads, finally_={"differ": differ})


@pytest.mark.parametrize("memory", ["arm64", "lkmm"])
@pytest.mark.parametrize(
    ("make", "label", "missing"),
    [
        # A1 and A2 are the loads of the reader, B1 and the last one the stores of the writer.
        (lambda: message_passing(), "stale", [("A1", "A2"), ("B1", "B2")]),
        (lambda: message_passing("wmb"), "stale", [("A1", "A2")]),
        (lambda: message_passing("release"), "stale", [("A1", "A2")]),
        (lambda: message_passing("", "rmb"), "stale", [("B1", "B2")]),
        (lambda: store_buffering("nothing"), "both", [("A1", "A2"), ("B1", "B2")]),
        (load_buffering, "both", [("A1", "A2"), ("B1", "B2")]),
    ],
)
def test_the_circle_says_which_edges_it_is_missing(
    make: Callable[[], Program], label: str, missing: list[tuple[str, str]], memory: str
) -> None:
    execution = told(make(), label, memory)
    found = [(edge.before, edge.after) for edge in execution.circle if edge.missing]
    assert found == missing
    assert [(each.earlier, each.later) for each in execution.passings] == missing


def test_a_load_says_how_old_what_it_read_is() -> None:
    (passing,) = told(message_passing("wmb"), "stale", "lkmm").passings
    # The reader has A1 from B3; B3 comes after B1, by the barrier; and B1 stores what A2 missed.
    assert (passing.cell, passing.source, passing.way) == ("x", "the start", ("B1", "B3", "A1"))
    text = " ".join(
        " ".join(execution_lines(told(message_passing("wmb"), "stale", "lkmm"))).split()
    )
    assert (
        "A2 takes its value before A1 has taken its own: it reads x from the start, which is older "
        "than what B1 stores, and A1 comes after B1, as B1 before B3 before A1"
    ) in text
    assert "at least one of these" not in text


def test_where_several_edges_are_missing_one_of_them_is_enough() -> None:
    text = " ".join(execution_lines(told(load_buffering(), "both", "arm64")))
    assert "at least one of these happened, which the model allows:" in text
    assert "A2 is seen by others before A1 has taken its value" in text


def test_where_all_is_kept_stores_reach_threads_at_different_times() -> None:
    """On arm64 a store is seen by all at one time, its own thread apart: IRIW with smp_rmb() is
    forbidden. LKMM takes smp_mb() (tools/memory-model/litmus-tests/IRIW+fencembonceonces*)."""
    assert explore(two_readers("rmb"), memory="arm64").verdict == "pass"
    execution = told(two_readers("rmb"), "differ", "lkmm")
    assert execution.circle and not any(edge.missing for edge in execution.circle)
    assert execution.passings == ()
    assert {each.kind for each in execution.barriers} == {"mb"}
    text = " ".join(execution_lines(execution))
    assert "what A1 saw need not be seen by all when A3 is done" in text
    assert explore(two_readers("mb"), memory="lkmm").verdict == "pass"


def test_edges_are_those_between_neighbours() -> None:
    memory = Memory()
    x = memory.cell("x", 0)

    async def stores() -> None:
        for value in (1, 2, 3):
            await x.store(value)

    threads = {"R": Thread(x.load), "W": Thread(stores)}
    program = Program(memory, threads, finally_={"first": lambda state, came: came["R"] != 1})
    edges = told(program, "first", "arm64").edges
    # R has read the first store, which the second overwrites, not the third.
    assert [(each.before, each.after, each.why) for each in edges] == [
        ("B1", "A1", "rf"),
        ("B1", "B2", "co"),
        ("B2", "B3", "co"),
        ("A1", "B2", "fr"),
    ]


def test_the_picture_leaves_out_what_follows_the_code() -> None:
    memory = Memory()
    x = memory.cell("x", 0)

    async def stores() -> None:
        for value in (1, 2):
            await x.store(value)

    program = Program(
        memory,
        {"R": Thread(x.load), "W": Thread(stores)},
        finally_={"first": lambda state, came: came["R"] != 1},
    )
    svg = drawn(execution_graph(told(program, "first", "arm64"), "first", ""), "svg").decode()
    assert sorted(re.findall(r">\s*(rf|co|fr)\s*<", svg.replace("&#160;", " "))) == ["fr", "rf"]


def test_the_picture_has_the_circle_with_the_barrier_that_would_add_its_edge() -> None:
    dot = execution_graph(told(message_passing("wmb"), "stale", "arm64"), "stale", "mp")
    assert execution_graph(told(message_passing("wmb"), "stale", "arm64"), "stale", "mp") == dot
    svg = drawn(dot, "svg").decode()
    circle = re.findall(r'id="circle:(\w+):(\w+)"', svg)
    assert sorted(circle) == [("A1", "A2"), ("A2", "B1"), ("B1", "B3"), ("B3", "A1")]
    edge = svg[svg.index('id="circle:A1:A2"') :]
    edge = edge[: edge.index("</g>")]
    assert "stroke-dasharray" in edge and "smp_rmb() would add it" in edge
    kept = svg[svg.index('id="circle:B1:B3"') :]
    assert "stroke-dasharray" not in kept[: kept.index("</g>")]
