"""Graphs as data: what is merged, what is counted, what is cut; automata with their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from racer import Memory, Program, Thread, Violation, choose
from racer.automata.lifting import lift
from racer.errors import UsageError
from racer.exploration.exploring import searched_and_told
from racer.exploration.wanted import Wanted
from racer.graphs.data import DrawnStates, DrawnThread, StateEdge, StateNode, Step
from racer.graphs.states import drawn_states
from racer.graphs.threads import drawn_thread
from racer.lang.effects import failed
from racer.lang.operations import Operation
from racer.words.phrases import step_text
from tests.generated.strategies import samples
from tests.oracles.naive import Execution
from tests.programs import Sample, build
from tests.samples import crossed_locks, loop_beside_a_violation, message_passing, rule_one


def states(program: Program, *, max_nodes: int = 1_000, all: bool = False) -> DrawnStates:
    searched, result = searched_and_told(program, Wanted(reduced_graph=True))
    return drawn_states(searched, result, max_nodes=max_nodes, every_state=all)


def thread(program: Program, name: str, *, max_nodes: int = 1_000) -> DrawnThread:
    return drawn_thread(lift(program), name, max_nodes=max_nodes)


def counts(graph: DrawnStates) -> dict[tuple[str, ...], list[int | None]]:
    """By the steps of an edge, the counts of all edges with these steps."""
    found: dict[tuple[str, ...], list[int | None]] = {}
    for edge in graph.edges:
        text = tuple(f"{step.thread} {step.text}" for step in edge.steps)
        found.setdefault(text, []).append(edge.count)
    return found


def two_apart() -> Program:
    """Two threads that share nothing, with two steps and one."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def twice() -> None:
        await x.store(1)
        await x.store(2)

    async def once() -> None:
        await y.store(1)

    return Program(mem, {"A": Thread(twice), "B": Thread(once)})


# Merging and counting


def test_a_chain_of_states_is_one_edge_with_its_steps() -> None:
    graph = states(two_apart())
    # Independent, so the reduced graph is one schedule; it stands for C(3, 1) interleavings.
    assert [node.kind for node in graph.nodes] == ["initial", "final"]
    (edge,) = graph.edges
    assert Counter(step.thread for step in edge.steps) == {"A": 2, "B": 1}
    assert (edge.count, graph.counted, graph.total, graph.interleavings) == (1, "schedules", 1, 3)
    assert graph.nodes[1].interleavings == 3
    assert (graph.drawn, graph.of, graph.reduced, graph.cut) == (4, 4, True, None)


def test_with_every_state_an_edge_counts_interleavings() -> None:
    graph = states(two_apart(), all=True)
    # A grid of 3 x 2 states: ABA is the one with a turn at each of its steps.
    #   start -A-> 1 -A-> 2 -B-> end,  start -B-> 3 -AA-> end,  1 -B-> 4 -A-> end
    # 2, 3 and the end of BAA lie on chains; 3 -A-> 4 joins 1 -B-> 4, so 4 is a node.
    assert counts(graph) == {
        ("A store x = 1",): [2],  # AAB, ABA
        ("A store x = 2", "B store y = 1"): [1],
        ("B store y = 1", "A store x = 1"): [1],
        ("B store y = 1",): [1],
        ("A store x = 2",): [2],  # the last step of ABA and BAA
    }
    assert (graph.counted, graph.total, graph.reduced) == ("interleavings", 3, False)
    assert (graph.drawn, graph.of) == (6, 6)


def test_ends_that_show_the_same_are_one_node() -> None:
    graph = states(rule_one())
    ends = [node for node in graph.nodes if node.outcome]
    # 15 interleavings, 1 wrong; C sees head with refs == 1 before S has begun (2), else not (12).
    assert {(node.outcome[0], node.interleavings) for node in ends} == {
        (("C", "True"), 2),
        (("C", "False"), 12),
        (("C", "!misclassified"), 1),
    }
    wrong = next(node for node in ends if node.labels)
    assert (wrong.kind, wrong.labels) == ("violating", ("misclassified",))


def test_ways_to_a_violation_are_marked_and_the_step_that_raises_it() -> None:
    graph = states(rule_one())
    marked = [edge for edge in graph.edges if edge.violating]
    steps = [step for edge in marked for step in edge.steps]
    assert [f"{step.thread} {step.text}" for step in steps] == [
        "S store refs = 0",
        "C load head -> True",
        "S store head = False",
        "S store refs = 1",
        "C load refs -> 1",
        "S store refs = 0",
    ]
    assert [step.raises for step in steps] == [()] * 4 + [("misclassified",), ()]
    # S first: C(5, 2); then C: C(4, 1); then S before C's second load: 3, then 2, then 1.
    assert [edge.count for edge in marked] == [10, 4, 3, 2, 1]


def test_copies_are_one_thread_whose_moves_are_counted_together() -> None:
    graph = states(message_passing(2), all=True)
    assert graph.copies == (("R", 2),)
    first = {edge.steps[0]: edge.count for edge in graph.edges if edge.source == 0}
    # 16 in all. Either R first: W's two and one load of the other R's among them, 2 x 3.
    assert first[Step("R", "load flag -> 0")] == 6
    assert first[Step("W", "store data = 1")] == 10
    outcomes = {node.outcome: node.interleavings for node in graph.nodes if node.outcome}
    assert outcomes == {
        (("R", "None (x2)"), ("W", "None")): 6,
        (("R", "1, None"), ("W", "None")): 4,
        (("R", "1 (x2)"), ("W", "None")): 6,
    }


def test_options_that_lead_to_the_same_state_are_one_edge() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def chooses() -> None:
        await x.store(await choose(1, 2, 3) // 2)  # 0, 1, 1

    graph = states(Program(mem, {"T": Thread(chooses)}))
    assert counts(graph) == {
        ("T choose 1, 2, 3 -> 1", "T store x = 0"): [1],
        ("T choose 1, 2, 3 -> 2, 3", "T store x = 1"): [2],
    }


def test_a_deadlock_says_where_each_thread_is_blocked() -> None:
    graph = states(crossed_locks())
    (stuck,) = [node for node in graph.nodes if node.kind == "deadlock"]
    assert stuck.labels == ("deadlock",)
    assert stuck.outcome == (("P", "blocked at acquire n"), ("Q", "blocked at acquire m"))
    assert stuck.interleavings == 2  # P and Q take their first lock in either order


def test_a_loop_makes_the_counts_infinite_so_there_are_none() -> None:
    graph = states(loop_beside_a_violation())
    assert (graph.counted, graph.total, graph.uncounted) == (None, None, "unbounded (loop in A)")
    assert {edge.count for edge in graph.edges} == {None}
    seen = graph.nodes[1]
    assert seen == StateNode(1, "violating", ("seen",))
    load = Step("A", "load mine -> 0")
    assert graph.edges == (
        StateEdge(0, 0, (load,), None, True),
        StateEdge(0, 1, (Step("B", "load other -> 0", ("seen",)),), None, True),
        StateEdge(1, 1, (load,), None, True),
    )


class Told(Execution):
    """An execution that notes its steps as text."""

    def __init__(self, program: Program) -> None:
        self.told: list[tuple[str, str]] = []
        super().__init__(program)

    def _perform(self, operation: Operation, choice: int) -> object:
        group = self.instances[self.schedule[-1][0]].group
        try:
            result = super()._perform(operation, choice)
        except Exception as error:
            self.told.append((group, step_text(operation, failed(error))))
            raise
        self.told.append((group, step_text(operation, result)))
        return result


def interleavings(program: Program) -> Iterator[tuple[list[tuple[str, str]], set[str]]]:
    """The steps and the labels of every interleaving, one execution after the other."""
    prefixes: list[list[Any]] = [[]]
    while prefixes:
        prefix = prefixes.pop()
        execution = Told(program)
        for step in prefix:
            execution.take(step)
        while moves := execution.moves():
            prefixes += [[*execution.schedule, move] for move in moves[1:]]
            execution.take(moves[0])
        _, labels, _ = execution.finish()
        yield execution.told, labels
        execution.close()


def says(step: Step, told: tuple[str, str]) -> bool:
    """Whether the drawn step is, or has among its options, the one that happened."""
    if (step.thread, step.text) == told:
        return True
    head, _, result = told[1].partition(" -> ")
    options = step.text.removeprefix(f"{head} -> ").split(", ")
    choice = told[1].startswith("choose") and step.text.startswith(f"{head} -> ")
    return step.thread == told[0] and choice and (options == ["any"] or result in options)


def walk(graph: DrawnStates, told: list[tuple[str, str]], taken: Counter[int]) -> int:
    """Follow the steps along the edges; the node they end in."""
    node, at = 0, 0
    while at < len(told):
        (found,) = (
            (number, edge)
            for number, edge in enumerate(graph.edges)
            if edge.source == node and says(edge.steps[0], told[at])
        )
        number, edge = found
        for step in edge.steps:
            assert says(step, told[at])
            at += 1
        taken[number] += 1
        node = edge.target
    return node


@pytest.mark.usefixtures("brief_lifting")
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(samples(size=630))
def test_counts_are_those_of_naive_enumeration(sample: Sample) -> None:
    alone = replace(sample, threads=tuple(replace(each, copies=1) for each in sample.threads))
    graph = states(build(alone), max_nodes=100_000, all=True)
    taken: Counter[int] = Counter()
    ends: Counter[int] = Counter()
    for told, labels in interleavings(build(alone)):
        end = walk(graph, told, taken)
        ends[end] += 1
        assert set(graph.nodes[end].labels) == labels
    assert {number: edge.count for number, edge in enumerate(graph.edges)} == dict(taken)
    assert ends == {n.number: n.interleavings for n in graph.nodes if n.interleavings is not None}


@pytest.mark.usefixtures("brief_lifting")
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(samples())
def test_in_the_reduced_graph_what_comes_to_a_node_leaves_it(sample: Sample) -> None:
    graph = states(build(sample), max_nodes=100_000)
    assert graph.total is not None
    comes, leaves = Counter({0: graph.total}), Counter[int]()
    for edge in graph.edges:
        assert edge.count is not None
        comes[edge.target] += edge.count
        leaves[edge.source] += edge.count
    ends = {node.number for node in graph.nodes if node.outcome}
    assert sum(comes[end] for end in ends) == graph.total
    assert all(comes[n] == leaves[n] for n in range(len(graph.nodes)) if n not in ends)
    assert sum(graph.nodes[end].interleavings or 0 for end in ends) == graph.interleavings
    assert [node.paths for node in graph.nodes] == [comes[n] for n in range(len(graph.nodes))]
    assert not any(node.arriving for node in graph.nodes)  # nothing is left out


@pytest.mark.usefixtures("brief_lifting")
@pytest.mark.parametrize("all", [False, True])
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sample=samples())
def test_of_a_part_of_a_graph_as_many_come_to_a_node_as_leave_it(sample: Sample, all: bool) -> None:
    for max_nodes in (2, 5, 12):
        graph = states(build(sample), max_nodes=max_nodes, all=all)
        assert graph.total == graph.nodes[0].paths
        comes = Counter({node.number: node.arriving or 0 for node in graph.nodes})
        leaves = Counter({node.number: node.elsewhere or 0 for node in graph.nodes})
        comes[0] += graph.total or 0
        for edge in graph.edges:
            assert edge.count is not None
            comes[edge.target] += edge.count
            leaves[edge.source] += edge.count
        for node in graph.nodes:
            assert comes[node.number] == node.paths
            if not node.outcome:
                assert leaves[node.number] == node.paths


# Cutting


def test_above_the_limit_only_what_leads_to_violations_is_drawn() -> None:
    whole = states(rule_one())
    graph = states(rule_one(), max_nodes=8)
    assert graph.cut is not None
    assert (graph.cut.kept, graph.cut.needed) == ("violations", len(whole.nodes))
    assert all(edge.violating for edge in graph.edges)
    assert [edge.count for edge in graph.edges] == [10, 4, 3, 2, 1]  # as in the whole graph
    # What is drawn and what is not makes up all: 15 = 10 + 5, 10 = 4 + 6, ...
    assert [node.elsewhere for node in graph.nodes[:-1]] == [5, 6, 1, 1, 1]
    assert (graph.drawn, graph.of) == (7, whole.of)


def test_where_there_is_no_room_for_what_leaves_it_is_counted_together() -> None:
    graph = states(rule_one(), max_nodes=2)
    (edge,) = graph.edges
    assert (len(edge.steps), edge.count) == (6, 1)
    assert graph.nodes[0].elsewhere == 14


def all_wrong() -> Program:
    """Two threads of two stores to one cell; A is wrong however they interleave."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def wrong() -> None:
        await x.store(1)
        await x.store(2)
        raise Violation("wrong")

    async def right() -> None:
        await x.store(3)
        await x.store(4)

    return Program(mem, {"A": Thread(wrong), "B": Thread(right)})


def test_where_that_is_too_much_the_cheapest_witness_is_drawn() -> None:
    graph = states(all_wrong(), max_nodes=4)
    assert graph.cut is not None
    assert (graph.cut.kept, graph.cut.shown, graph.cut.omitted) == ("witnesses", ("wrong",), ())
    assert [edge.steps for edge in graph.edges] == [  # an edge ends where another thread goes on
        (Step("A", "store x = 1"), Step("A", "store x = 2", ("wrong",))),
        (Step("B", "store x = 3"), Step("B", "store x = 4")),
    ]
    # C(4, 2) = 6 interleavings, of which AABB begins with both steps of A.
    assert (graph.counted, graph.total) == ("interleavings", 6)
    assert [edge.count for edge in graph.edges] == [1, 1]
    assert [node.elsewhere for node in graph.nodes] == [5, None, None]
    # All six come to the one end there is: one as it is drawn.
    assert [(node.paths, node.arriving) for node in graph.nodes] == [(6, None), (1, None), (6, 5)]


def test_without_a_violation_a_schedule_to_each_outcome_is_drawn() -> None:
    graph = states(message_passing(1), max_nodes=2)
    assert graph.cut is not None
    assert graph.cut.kept == "outcomes"
    assert (len(graph.cut.shown), len(graph.cut.omitted)) == (1, 1)
    assert {node.outcome for node in graph.nodes if node.outcome}


def test_a_schedule_is_drawn_where_not_all_states_were_searched() -> None:
    searched, result = searched_and_told(all_wrong(), Wanted(count=False))
    graph = drawn_states(searched, result, max_nodes=4)
    assert [len(edge.steps) for edge in graph.edges] == [2, 2]
    assert (graph.counted, graph.uncounted, graph.of) == (None, "not asked for", None)
    assert [node.leaves for node in graph.nodes] == [True, False, False]
    with pytest.raises(UsageError, match="not all states were searched"):
        drawn_states(searched, result, every_state=True)


def test_a_search_that_was_cut_is_drawn_as_far_as_it_went() -> None:
    searched, result = searched_and_told(rule_one(), Wanted(max_states=4))
    graph = drawn_states(searched, result)
    assert graph.bound == "max_states=4"
    assert "unexplored" in {node.kind for node in graph.nodes}
    nearest = drawn_states(searched, result, max_nodes=2)
    assert nearest.cut is not None
    assert (nearest.cut.kept, nearest.drawn) == ("nearest", 2)


# Threads


def test_an_automaton_has_operations_answers_and_the_lines_they_come_from() -> None:
    graph = thread(rule_one(), "C")
    first = rule_one.__code__.co_firstlineno + 14  # `is_head = await head.load()`
    assert graph.closed and graph.limit is None and graph.of == len(graph.nodes)
    load = graph.nodes[0]
    assert (load.kind, load.text, load.opens) == ("step", "load head", ("head and refs == 1",))
    assert load.places == ((f"tests/samples.py:{first}",),)
    second = [node for node in graph.nodes if node.text == "load refs"]
    assert {node.places for node in second} == {((f"tests/samples.py:{first + 1}",),)}
    assert all(node.inside == ("head and refs == 1",) for node in second)
    ends = {(node.kind, node.text) for node in graph.nodes if node.kind not in ("step", "closing")}
    assert ends == {("returned", "True"), ("returned", "False"), ("violated", "misclassified")}


def test_a_window_that_closes_is_a_node_with_what_it_may_have_seen() -> None:
    graph = thread(rule_one(), "C")
    violated = next(node.number for node in graph.nodes if node.kind == "violated")
    (edge,) = [edge for edge in graph.edges if edge.target == violated]
    assert graph.nodes[edge.source].kind == "closing"
    assert (edge.answers, edge.meaning) == (("never true",), "listed")


def test_answers_that_lead_to_the_same_node_are_one_edge() -> None:
    mem = Memory()
    x = mem.cell("x", "none")

    async def reader() -> bool:
        return await x.load() == "slab"

    async def writer() -> None:
        for kind in ("buddy", "slab", "table"):
            await x.store(kind)

    program = Program(mem, {"R": Thread(reader, copies=2), "W": Thread(writer)})
    graph = thread(program, "R.1")
    assert (graph.name, graph.copies) == ("R", 2)
    found = {graph.nodes[edge.target].text: (edge.answers, edge.meaning) for edge in graph.edges}
    assert found == {
        "True": (("slab",), "listed"),
        "False": (("none", "buddy", "table"), "other"),
    }
    assert [edge.meaning for edge in thread(program, "W").edges] == ["always"] * 3


def test_lines_that_do_the_same_are_one_node_that_names_them_all() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def either() -> None:
        if await x.load():
            await y.store(1)
        else:
            await y.store(1)

    async def other() -> None:
        await x.store(1)

    graph = thread(Program(mem, {"T": Thread(either), "U": Thread(other)}), "T")
    line = either.__code__.co_firstlineno
    places = [
        tuple(int(calls[-1].rpartition(":")[2]) - line for calls in node.places)
        for node in graph.nodes
        if node.text == "store y = 1"
    ]
    assert [sorted(each) for each in places] == [[2, 4]]


def test_an_automaton_whose_values_do_not_converge_is_open() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def counts_up() -> None:
        for _ in range(200):
            await x.fetch_add(1)

    graph = thread(Program(mem, {"T": Thread(counts_up), "U": Thread(counts_up)}), "T")
    assert not graph.closed


def test_the_nodes_nearest_to_the_start_are_drawn_of_an_automaton_above_the_limit() -> None:
    graph = thread(rule_one(), "S", max_nodes=3)
    assert (len(graph.nodes), graph.of, graph.limit) == (3, 5, 3)
    assert [(edge.source, edge.target) for edge in graph.edges] == [(0, 1), (1, 2)]


def test_a_thread_that_breaks_the_model_is_drawn_with_what_it_raises() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def breaks() -> None:
        if await x.load():
            raise Violation("one")
        raise KeyError("zero")

    graph = thread(Program(mem, {"T": Thread(breaks)}), "T")
    assert [node.kind for node in graph.nodes] == ["step", "failed"]


def test_a_wrong_thread_name_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="there is no thread 'CC'; did you mean 'C'"):
        thread(rule_one(), "CC")
