"""Pictures of graphs: their DOT, that graphviz can draw it, and the command that writes them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from racer import Memory, Program, Thread, Violation, choose
from racer.automata.lifting import lift
from racer.exploration.exploring import searched_and_told
from racer.exploration.wanted import Wanted
from racer.graphs.states import drawn_states
from racer.graphs.threads import drawn_thread
from racer.viz.graphs.automaton import automaton
from racer.viz.graphs.captions import number, states_caption, thread_caption
from racer.viz.graphs.dot import drawn
from racer.viz.graphs.stategraph import state_graph
from tests.graphs.test_graphs import all_wrong
from tests.samples import loop_beside_a_violation, message_passing, rule_one

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
SVG = "{http://www.w3.org/2000/svg}"


def store_and_load() -> Program:
    """Wrong when R comes first."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def store() -> None:
        await x.store(1)

    async def load() -> None:
        if await x.load() == 0:
            raise Violation("early")

    return Program(mem, {"R": Thread(load), "W": Thread(store)})


def picture(program: Program, *, max_nodes: int = 60) -> str:
    searched, result = searched_and_told(program, Wanted(reduced_graph=True))
    return state_graph(drawn_states(searched, result, max_nodes=max_nodes), "a title")


def picture_of_thread(program: Program, name: str, *, max_nodes: int = 60) -> str:
    return automaton(drawn_thread(lift(program), name, max_nodes=max_nodes), f"thread {name}")


def test_the_text_of_a_state_graph() -> None:
    assert picture(store_and_load()) == (SNAPSHOTS / "store_and_load.graph.dot").read_text()


def test_the_text_of_an_automaton() -> None:
    dot = re.sub(r"\.py:\d+", ".py:1", picture_of_thread(store_and_load(), "R"))
    assert dot == (SNAPSHOTS / "store_and_load.thread.R.dot").read_text()


@pytest.mark.parametrize("max_nodes", [2, 8, 60])
def test_the_same_program_gives_the_same_bytes(max_nodes: int) -> None:
    dot = picture(rule_one(), max_nodes=max_nodes)
    assert dot == picture(rule_one(), max_nodes=max_nodes)
    assert drawn(dot, "svg") == drawn(dot, "svg")
    assert drawn(dot, "png").startswith(b"\x89PNG")
    of_thread = picture_of_thread(rule_one(), "C", max_nodes=max_nodes)
    assert of_thread == picture_of_thread(rule_one(), "C", max_nodes=max_nodes)
    ElementTree.fromstring(drawn(of_thread, "svg"))


def test_an_svg_has_a_title_and_its_caption_for_screen_readers() -> None:
    root = ElementTree.fromstring(drawn(picture(rule_one()), "svg"))
    assert root.get("role") == "img"
    assert (root[0].tag, root[0].text) == (f"{SVG}title", "a title")
    assert root[1].tag == f"{SVG}desc"
    assert "a violation (misclassified) can follow" in (root[1].text or "")


def lines_of(dot: str) -> list[dict[str, str]]:
    """The attributes of the edges between states."""
    edges = [line for line in dot.splitlines() if re.match(r"\s*s\d+ -> s\d+ ", line)]
    return [dict(re.findall(r'(\w+)="?([\w.#]+)', edge.split(">> ")[-1])) for edge in edges]


def test_ways_to_a_violation_stand_out_without_colour() -> None:
    styles = [(line["style"], float(line["penwidth"])) for line in lines_of(picture(rule_one()))]
    solid = [width for style, width in styles if style == "solid"]
    dashed = [width for style, width in styles if style == "dashed"]
    assert len(solid) == 5 and dashed
    assert min(solid) > min(dashed)  # of one interleaving each


def test_where_nothing_is_counted_all_lines_have_one_width() -> None:
    dot = picture(loop_beside_a_violation())
    assert {line["penwidth"] for line in lines_of(dot)} == {"1.60"}
    assert "All lines have one width: nothing is counted (unbounded (loop in A))." in dot


def test_the_caption_says_what_was_cut_and_why() -> None:
    searched, result = searched_and_told(rule_one(), Wanted())
    caption = states_caption(drawn_states(searched, result, max_nodes=8))
    whole = drawn_states(searched, result)
    assert caption[-1] == (
        f"Cut: 7 states of {whole.of} are drawn, all that lie on a way to a violation; dotted: "
        f"what leaves them, or comes to them. The whole graph would have {len(whole.nodes)} nodes "
        f"(limit 8)."
    )


def test_the_caption_of_a_reduced_graph_says_what_is_counted() -> None:
    searched, result = searched_and_told(message_passing(2), Wanted(reduced_graph=True))
    caption = " ".join(states_caption(drawn_states(searched, result)))
    assert "schedules of this graph" in caption
    assert "which stand for 16 interleavings" in caption
    assert "R is any of 2 copies" in caption


def test_the_caption_of_an_automaton_says_that_it_is_open() -> None:
    mem = Memory()
    x = mem.cell("x", 0)

    async def counts_up() -> None:
        for _ in range(200):
            await x.fetch_add(1)

    program = Program(mem, {"T": Thread(counts_up, copies=2)})
    caption = thread_caption(drawn_thread(lift(program), "T"))
    assert caption[0] == "2 threads run this."
    assert caption[1].startswith("OPEN: ")
    assert "not known yet" in picture_of_thread(program, "T", max_nodes=1_000)


def test_a_scenario_that_shows_nothing_is_said_to_be_vacuous(racer: Run) -> None:
    _, out, _ = racer("graph", "models.py::vacuous")
    assert "Vacuous: no state reaches x is 1." in out.splitlines()


def test_counts_are_written_in_full_so_that_they_add_up() -> None:
    assert number(24_621) == "24,621"
    assert number(2_255_018_675_267_385_854) == "2,255,018,675,267,385,854"
    assert number(10**50) == "1.00e50"  # as in every report


def test_what_comes_to_a_part_and_what_leaves_it_is_in_the_picture() -> None:
    dot = picture(all_wrong(), max_nodes=4)
    # Six interleavings, of which one is drawn: five leave it at the start, and end where it does.
    assert "5 to elsewhere" in dot
    assert "5 from elsewhere" in dot


def test_any_names_and_values_can_be_drawn() -> None:
    mem = Memory()
    x = mem.cell('x "<&> \\N \n', "a\\lb")

    async def odd() -> str:
        await x.store("<b>" * 40)
        assert await choose("\\N", "&amp;") == "\\N", "a<b> & \\N"
        return "\\G"

    program = Program(mem, {"T <>": Thread(odd, copies=2), 'W "': Thread(odd)})
    for dot in (picture(program), picture_of_thread(program, "T <>")):
        texts = ElementTree.fromstring(drawn(dot, "svg")).iter(f"{SVG}text")
        assert any((text.text or "").endswith("a<b> & \\N") for text in texts)


# The command


def test_graph_writes_the_state_graph_and_says_what_is_in_it(racer: Run, here: Path) -> None:
    status, out, err = racer("graph", "models.py::reads")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "models.py::reads  variant=torn writers=1  memory=sc"
    # start, R has read 0, and the ends of W first and of R twice (alike), and of R W R: torn.
    assert "state graph: 4 nodes, 4 edges" in lines
    assert lines[-2:] == ["racer-out/reads.graph.dot", "racer-out/reads.graph.svg"]
    assert all((here / line).is_file() for line in lines[-2:])


def test_graph_writes_a_thread(racer: Run, here: Path) -> None:
    words = ("graph", "models.py::reads", "--thread", "R", "--format", "png", "-o", "out")
    status, out, err = racer(*words, "--variant", "once")
    assert (status, err) == (0, "")
    stem = "out/reads.variant=once.thread.R"
    assert "thread R: 2 nodes, 1 edge" in out.splitlines()
    assert out.splitlines()[-2:] == [f"{stem}.dot", f"{stem}.png"]
    assert (here / f"{stem}.png").read_bytes().startswith(b"\x89PNG")


def test_graph_writes_only_the_dot_when_asked_to(racer: Run, here: Path) -> None:
    status, _, _ = racer("graph", "models.py::reads", "--format", "dot", "--max-nodes", "2")
    assert status == 0
    assert [file.name for file in (here / "racer-out").iterdir()] == ["reads.graph.dot"]


def test_a_search_that_a_limit_cut_is_drawn_with_status_three(racer: Run) -> None:
    status, out, _ = racer("graph", "models.py::counts", "--max-states", "9")
    assert status == 3
    told = " ".join(out.split())
    assert "The search was cut (max_states=9; what grew while threads were lifted: cell " in told
    assert "): nothing is proved. " in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--thread", "RR"], "there is no thread 'RR'; did you mean 'R'? Known: R, W"),
        (["--format", "gif"], "--format is 'svg', 'png' or 'dot', not 'gif'."),
        (["--max-nodes", "1"], "--max-nodes=1 leaves nothing to draw: it must be 2 or more."),
        (["--memory", "scc"], "unknown memory model 'scc'"),
        (["--all", "--thread", "R"], "--all is about states"),
        (["--set", "writers=9"], "writers"),
        (["-o", "models.py"], "cannot write models.py"),
    ],
)
def test_wrong_usage_is_status_two_and_named(racer: Run, words: list[str], said: str) -> None:
    status, _, err = racer("graph", "models.py::reads", *words)
    assert status == 2
    assert err.startswith("error: ") and said in err


def test_a_model_that_does_not_run_is_status_two(racer: Run) -> None:
    status, out, err = racer("graph", "models.py::thread_raises")
    assert (status, out) == (2, "")
    assert "KeyError" in err
    status, out, _ = racer("graph", "models.py::thread_raises", "--thread", "T")
    assert status == 0  # what was lifted can be looked at
    assert "thread T: 2 nodes, 1 edge" in out.splitlines()
