"""What `racer graph` does: the state graph of a scenario, or one thread's automaton, as files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from racer.artefacts.naming import case_title, file_label
from racer.artefacts.writing import other_name, unwritten
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.naming import named_by_user
from racer.cli.progress import STOPS, shown_states
from racer.cli.selecting import Selection, select
from racer.cli.statuses import BOUND, OK
from racer.errors import RacerError, UsageError
from racer.exploration.exploring import searched_and_told
from racer.exploration.wanted import Wanted
from racer.files import require_replaceable, shown_path, write_atomically
from racer.graphs.data import MAX_NODES, DrawnStates, DrawnThread
from racer.graphs.states import drawn_states
from racer.graphs.threads import drawn_thread
from racer.lang.patience import GRACE, patience, until
from racer.lang.run import OutOfTime
from racer.machine.loaded import load_program
from racer.machine.models import model
from racer.search.limits import deadline_after
from racer.viz.diagram.drawing import NotDrawnInTime
from racer.viz.graphs.automaton import automaton
from racer.viz.graphs.captions import plural, states_caption, thread_caption
from racer.viz.graphs.dot import drawn
from racer.viz.graphs.stategraph import state_graph
from racer.viz.summary import heading
from racer.viz.wrapping import filled

DRAWING: Final = 0.3  # seconds past a timeout in which the model may still be asked, and drawn


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """One `racer graph`, as it was typed."""

    scenario: str
    variant: str | None
    settings: tuple[str, ...]
    memory: str
    thread: str | None
    directory: str
    format: str
    max_nodes: int | None
    every_state: bool
    max_states: int | None
    timeout: float | None


def draw_graph(request: GraphRequest) -> int:
    """Draw, say what is in the picture and what is not, and where it was written."""
    max_nodes, kind = _checked(request)
    directory = named_by_user(request.directory, "--output")
    deadline = deadline_after(request.timeout)
    with models_print_to_stderr(), until(deadline):
        selection = select(request.scenario, request.variant, request.settings, request.memory)
    name = selection.file_name(request.memory)
    title = case_title(selection.found.scenario, selection.parameters, request.memory)
    bound = False
    if request.thread is None:
        states = _states(request, selection, max_nodes, deadline)
        bound = states.bound is not None
        stem, dot = f"{name}.graph", state_graph(states, title)
        said = _size("state graph", states), *states_caption(states)
    else:
        thread = _thread(request, request.thread, selection, max_nodes, deadline)
        stem = f"{name}.thread.{file_label(thread.name)}"
        dot = automaton(thread, f"{title}  thread {thread.name}")
        said = _size(f"thread {thread.name}", thread), *thread_caption(thread)
    _emit_text(request, selection, said)
    end = None if deadline is None else deadline + DRAWING
    note, late = _write(directory, stem, dot, kind, end)
    if note:
        complain(note)
    if late:
        complain(
            f"note: the timeout of {request.timeout or 0:g} s was over before the picture was "
            f"drawn: there is only its DOT"
        )
    return BOUND if bound or late else OK


def _checked(request: GraphRequest) -> tuple[int, Literal["svg", "png", "dot"]]:
    """The limit and the format. Errors: UsageError where there can be no picture of that kind."""
    if request.format not in ("svg", "png", "dot"):
        raise UsageError(f"--format is 'svg', 'png' or 'dot', not {request.format!r}.")
    if request.thread is not None and request.every_state:
        raise UsageError("--all is about states, and with --thread none are drawn.")
    limit = MAX_NODES if request.max_nodes is None else request.max_nodes
    if limit < 2:
        raise UsageError(f"--max-nodes={limit} leaves nothing to draw: it must be 2 or more.")
    model(request.memory)  # refused before anything is loaded
    return limit, cast("Literal['svg', 'png', 'dot']", request.format)


def _states(
    request: GraphRequest, selection: Selection, max_nodes: int, deadline: float | None
) -> DrawnStates:
    with models_print_to_stderr():
        with shown_states(selection.found.reference, hint=STOPS) as progress:
            wanted = Wanted(
                memory=request.memory,
                max_states=request.max_states,
                timeout=request.timeout,
                count=True if request.every_state else None,
                reduced_graph=True,
                progress=progress,
                deadline=deadline,
            )
            try:
                searched, result = searched_and_told(selection.program, wanted)
            except OutOfTime:
                raise _nothing_to_draw(request.timeout) from None
        late = time.monotonic() + DRAWING - GRACE  # some time, however long the search took
        with patience(deadline=None if deadline is None else max(deadline, late)):
            return drawn_states(
                searched, result, max_nodes=max_nodes, every_state=request.every_state
            )


def _thread(
    request: GraphRequest,
    name: str,
    selection: Selection,
    max_nodes: int,
    deadline: float | None,
) -> DrawnThread:
    with models_print_to_stderr():
        try:
            loaded = load_program(selection.program, timeout=request.timeout, deadline=deadline)
            with loaded.in_use(request.timeout, deadline):
                return drawn_thread(loaded.lifted, name, max_nodes=max_nodes)
        except OutOfTime:
            raise _nothing_to_draw(request.timeout) from None


def _nothing_to_draw(timeout: float | None) -> UsageError:
    return UsageError(
        f"there is nothing to draw: the timeout of {timeout:g} s was over while threads were still "
        f"being lifted.\nTry: a longer one."
    )


def _size(what: str, graph: DrawnStates | DrawnThread) -> str:
    nodes, edges = plural(len(graph.nodes), "node"), plural(len(graph.edges), "edge")
    return f"{what}: {nodes}, {edges}"


def _emit_text(request: GraphRequest, selection: Selection, said: Sequence[str]) -> None:
    scenario = selection.found.scenario
    title = heading(
        selection.found.reference,
        scenario.summary,
        selection.parameters,
        request.memory,
        selection.what_ifs,
    )
    emit("\n".join([title, "", *(filled(each) for each in said), ""]))


def _write(
    directory: Path,
    stem: str,
    dot: str,
    kind: Literal["svg", "png", "dot"],
    deadline: float | None,
) -> tuple[str | None, bool]:
    """Write STEM.dot and the picture, and say so; a note where they have another name; and whether
    there was no time for the picture.

    Errors   RacerError, once what can be written is.
    """
    note = None
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{stem}.dot"
        require_replaceable(path, "dot")
        if path.exists() and not _is_of(dot, path):
            other, note = other_name(directory / stem, dot.split("\n")[1])
            path = other.with_name(f"{other.name}.dot")
        picture = path.with_name(f"{path.name.removesuffix('.dot')}.{kind}")
        if kind != "dot":
            require_replaceable(picture, kind)
            picture.unlink(missing_ok=True)  # that of the DOT file that was there
        write_atomically(path, dot.encode(errors="backslashreplace"), "dot")
        emit(shown_path(path))
        if kind != "dot":
            write_atomically(picture, drawn(dot, kind, deadline), kind)
            emit(shown_path(picture))
    except NotDrawnInTime:
        if deadline is None:
            raise
        return note, True
    except OSError as error:
        raise RacerError(unwritten(error, directory)) from error
    return note, False


def _is_of(dot: str, path: Path) -> bool:
    """Whether the graph in a file, or an empty file, has the title of this one."""
    known = path.read_text(errors="replace").split("\n")[1:2]
    return not known or known == dot.split("\n")[1:2]
