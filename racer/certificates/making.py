"""Making certificates: a PASS as a table of states and steps, which others can check.

What a certificate says stands in `racer/CERTIFICATES.md`. It is of all states, one by one: neither
symmetry nor stubborn sets leave any out, whatever the verdict was read from. Told are the steps
that some state takes, and of predicates what they are where somebody looks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from racer.automata.automaton import ClosedAutomaton
from racer.automata.condensing import copied
from racer.automata.growing import describe_pending
from racer.automata.lifting import Lifted, step_of
from racer.errors import InternalError, UsageError
from racer.exploration.result import Result
from racer.exploration.witness_file import racer_version
from racer.lang.effects import Misuse
from racer.lang.operations import Operation
from racer.lang.pending import AboutTo, Closing, Pending, Violated
from racer.lang.program import Predicate, Program, ThreadInstance
from racer.lang.values import describe
from racer.lang.watches import OBSERVATIONS
from racer.machine.layout import Field, Layout, State
from racer.machine.loaded import Loaded
from racer.machine.moves import agent_of
from racer.machine.predicates import Truth, truth_of
from racer.search.counting import schedules_to
from racer.search.graph import search
from racer.search.limits import Budget
from racer.search.state_graph import StateGraph

FORMAT: Final = 1
MODEL: Final = "sc"  # the only memory model whose steps a certificate tells
MOST_STATES: Final = 1_000_000  # some hundred megabytes

Part = dict[str, Any]  # of a JSON document
_Asked = Mapping[str, Iterable[State]]  # by watch, the states in which somebody looks at it


def certificate(
    result: Result, *, scenario: str = "", parameters: Mapping[str, str] | None = None
) -> str:
    """The text of the certificate for a PASS, as `racer/CERTIFICATES.md` has it.

    scenario    what made the program, as `racer explore` takes it
    parameters  those that it was called with, as text

    Errors   UsageError, saying why, where there is nothing that could be certified: the verdict is
             another one, or there are more than MOST_STATES states.
    """
    document = certified(result, scenario=scenario, parameters=parameters)
    document["sha256"] = hashlib.sha256(_canonical(document).encode()).hexdigest()
    return _canonical(document) + "\n"


def certified(
    result: Result, *, scenario: str = "", parameters: Mapping[str, str] | None = None
) -> Part:
    """What certificate() writes, as data and without a checksum. Errors: as certificate()."""
    loaded = _certifiable(result)
    graph = _all_states(loaded)
    claim = {
        "racer": racer_version(),
        "scenario": scenario,
        "parameters": dict(parameters or {}),
        "memory": MODEL,
        "digest": loaded.digest,
        "states": len(graph.states),
        "interleavings": _counted(graph),
    }
    return {
        "certificate": FORMAT,
        "claim": claim,
        "program": _Telling(loaded, graph).program(),
        "states": _rows(loaded.lifted, graph.states),
        "sha256": "",
    }


def _certifiable(result: Result) -> Loaded:
    """Errors: UsageError for a result that is no PASS of all states."""
    if result.verdict != "pass":
        raise UsageError(f"there is no certificate of a {result.verdict.upper()}, only of a PASS.")
    if result.memory != MODEL:
        raise UsageError(
            f"a certificate tells the steps under the memory model {MODEL!r}, and this is a PASS "
            f"under {result.memory!r}.\nTry: --memory {MODEL}."
        )
    if result.loaded is not None and result.loaded.program.event_loop:
        raise UsageError(
            "a certificate tells the steps of threads, any of which can be the next, and not of "
            "tasks of an event loop (Program(..., event_loop=True))."
        )
    if result.loaded is None or result.canonical is None:
        raise UsageError(
            "the verdict was read from a reduced set of states, and a certificate has all of them, "
            f"up to {MOST_STATES:,}.\nTry: --count, which searches them all; or a smaller case."
        )
    return result.loaded


def _all_states(loaded: Loaded) -> StateGraph:
    """Errors: UsageError where there are too many."""
    graph = search(loaded.system(MODEL), (), Budget(MOST_STATES))
    if not graph.complete:
        raise UsageError(
            f"a certificate has every state, one by one, and there are {graph.bound}, copies of "
            f"threads told apart.\nTry: a smaller case."
        )
    return graph


def _counted(graph: StateGraph) -> str | None:
    counts = schedules_to(graph)
    if counts is None:
        return None
    return str(Decimal(sum(counts[end] for end in graph.ends())))  # str(int) takes no long numbers


def _canonical(document: Part) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _rows(lifted: Lifted, states: Sequence[State]) -> list[list[int]]:
    """By thread its node and what the windows in its slots have seen; then the cells."""
    layout = Layout(lifted)
    fields: list[Field] = []
    for node, windows in zip(layout.nodes, layout.windows, strict=True):
        fields += (node, *windows)
    fields += layout.cells.values()
    return [[(state >> field.shift) & field.mask for field in fields] for state in states]


class _Telling:
    """Tells a program, as far as its states come to it."""

    def __init__(self, loaded: Loaded, graph: StateGraph) -> None:
        self._program: Program = loaded.program
        self._lifted = loaded.lifted
        self._graph = graph
        self._layout = Layout(self._lifted)
        self._cells = {name: number for number, name in enumerate(self._lifted.tables)}
        self._tables = {name: copied(table) for name, table in self._lifted.tables.items()}
        watches = self._program.memory.watches
        self._watches = {name: number for number, name in enumerate(sorted(watches))}
        self._automata: list[ClosedAutomaton] = []  # of copies once
        self._number_of: dict[int, int] = {}
        for each in self._lifted.automata:
            if not isinstance(each, ClosedAutomaton):
                raise InternalError("all states were searched, and an automaton is still open")
            if id(each) not in self._number_of:
                self._number_of[id(each)] = len(self._automata)
                self._automata.append(each)

    def program(self) -> Part:
        """All parts of `program`."""
        always = {**self._program.invariants, **self._program.consistency}
        of_kind = {name: f"consistency {name!r}" for name in self._program.consistency}
        named = {name: of_kind.get(name, f"invariant {name!r}") for name in always}
        every = self._graph.states
        ends = list(self._graph.ends())
        asked = set(self._program.finally_)
        if not ends:  # nothing to ask, and of what the memory asks by itself nobody said there is
            asked -= self._program.memory.finally_().keys()
        return {
            "cells": [
                {"name": name, "values": [describe(value) for value in table.values]}
                for name, table in self._lifted.tables.items()
            ],
            "automata": self._told_automata(),
            "threads": [
                {"name": thread.name, "automaton": self._number_of[id(each)], "kind": _kind(thread)}
                for thread, each in zip(self._lifted.instances, self._lifted.automata, strict=True)
            ],
            "watches": self._told_watches(),
            "always": [self._truth(named[n], n, always[n], every) for n in sorted(always)],
            "sometimes": [
                self._truth(f"sometimes {name!r}", name, predicate, every)
                for name, predicate in sorted(self._program.sometimes.items())
            ],
            "finally": [{"name": name, "holds": ends} for name in sorted(asked)],
        }

    # --- automata -----------------------------------------------------------------------------

    def _told_automata(self) -> list[Part]:
        found = self._found()
        slots = {
            id(a): len(w) for a, w in zip(self._lifted.automata, self._layout.windows, strict=True)
        }
        return [
            {
                "start": automaton.start,
                "slots": slots[id(automaton)],
                "nodes": [
                    self._node(automaton, node, sorted(found[number].get(node, ())))
                    for node in range(len(automaton.nodes))
                ],
            }
            for number, automaton in enumerate(self._automata)
        ]

    def _found(self) -> list[dict[int, set[int]]]:
        """By automaton and node, the values that its cell has in some state."""
        found: list[dict[int, set[int]]] = [{} for _ in self._automata]
        places = []
        for automaton, field in zip(self._lifted.automata, self._layout.nodes, strict=True):
            cells = [self._field_of(pending) for pending in self._closed(automaton).nodes]
            places.append((field, cells, found[self._number_of[id(automaton)]]))
        for state in self._graph.states:
            for field, cells, of_automaton in places:
                node = (state >> field.shift) & field.mask
                cell = cells[node]
                if cell is not None:
                    of_automaton.setdefault(node, set()).add((state >> cell.shift) & cell.mask)
        return found

    def _closed(self, automaton: object) -> ClosedAutomaton:
        return self._automata[self._number_of[id(automaton)]]

    def _field_of(self, pending: Pending) -> Field | None:
        cell = pending.operation.facts.cell if isinstance(pending, AboutTo) else None
        return None if cell is None else self._layout.cells[cell]

    def _node(self, automaton: ClosedAutomaton, node: int, values: Sequence[int]) -> Part:
        pending = automaton.nodes[node]
        windows = [[slot, self._watches[watch.name]] for slot, watch in automaton.slots[node]]
        if isinstance(pending, Closing):
            watch = dict(automaton.slots[node])[pending.slot]
            goals = [
                [int(seen.ever_true), int(seen.ever_false), int(seen.at_end), goal]
                for answer, goal in sorted(automaton.edges[node].items())
                for seen in (OBSERVATIONS[answer],)
            ]
            return {"closes": pending.slot, "watch": self._watches[watch.name], "goals": goals}
        if not isinstance(pending, AboutTo):
            bad = isinstance(pending, Violated)
            text = pending.label if isinstance(pending, Violated) else describe_pending(pending)
            return {"ends": text, "bad": int(bad)}
        operation = pending.operation
        told: Part = {
            "does": operation.text(),
            "windows": windows,
            "opens": [[each.slot, self._watches[each.watch.name]] for each in pending.opens],
        }
        facts = operation.facts
        if facts.cell is None:
            answers = range(len(facts.options))
            told["options"] = [automaton.edges[node][answer] for answer in answers]
            waits = {} if facts.watch is None else {"waits": self._watches[facts.watch]}
            return {**told, **waits}
        steps, blocked = self._steps(operation, automaton.edges[node], values)
        cell = self._cells[facts.cell]
        return {**told, "cell": cell, "steps": steps, "blocked": blocked}

    def _steps(
        self, operation: Operation, edges: Mapping[int, int], values: Sequence[int]
    ) -> tuple[list[list[int]], list[int]]:
        """Rows of the value before, that after and the goal; and the values that are waited on."""
        steps, blocked = [], []
        for value in values:
            done = step_of(operation, value, self._tables)
            if done is None:
                blocked.append(value)
            elif not isinstance(done.error, Misuse):
                steps.append([value, done.after, edges[done.answer]])
        return steps, blocked

    # --- predicates ---------------------------------------------------------------------------

    def _told_watches(self) -> list[Part]:
        asked = self._asked()
        watches = self._program.memory.watches
        return [
            self._table(name, asked.get(name, ()), self._truth_of_watch(name), watches[name].cells)
            for name in self._watches
        ]

    def _truth_of_watch(self, name: str) -> Truth:
        watch = self._program.memory.watches[name]
        cells = frozenset(watch.cells)
        return truth_of(f"watch {name!r}", watch.predicate, self._layout, self._lifted, cells)

    def _asked(self) -> _Asked:
        """The states before steps that open windows or wait for a watch, and those after steps that
        open ones see."""
        asked: dict[str, dict[State, None]] = {}
        states, edges = self._graph.states, self._graph.edges
        for number, before in enumerate(states):
            for thread, (automaton, field) in enumerate(self._places()):
                node = (before >> field.shift) & field.mask
                for _, watch in automaton.slots[node]:
                    asked.setdefault(watch.name, {})[before] = None
                pending = automaton.nodes[node]
                opens = pending.opens if isinstance(pending, AboutTo) else ()
                waits = pending.operation.facts.watch if isinstance(pending, AboutTo) else None
                if waits is not None:
                    asked.setdefault(waits, {})[before] = None
                for move, goal in edges[number] if opens or automaton.slots[node] else ():
                    if agent_of(move) != thread:
                        continue
                    for window in opens:
                        asked.setdefault(window.watch.name, {})[before] = None
                        asked[window.watch.name][states[goal]] = None
                    for _, watch in automaton.slots[node]:
                        asked[watch.name][states[goal]] = None
        return asked

    def _places(self) -> Iterator[tuple[ClosedAutomaton, Field]]:
        for each, field in zip(self._lifted.automata, self._layout.nodes, strict=True):
            yield self._closed(each), field

    def _truth(self, owner: str, name: str, predicate: Predicate, states: Iterable[State]) -> Part:
        """A predicate of all cells, told for those of them that it looks at."""
        truth = truth_of(owner, predicate, self._layout, self._lifted)
        for state in states:
            truth(state)
        fields = self._layout.cells.items()
        read = [cell for cell, field in fields if truth.reads & field.mask << field.shift]
        return self._table(name, states, truth, read)

    def _table(
        self, name: str, states: Iterable[State], truth: Truth, cells: Sequence[str]
    ) -> Part:
        fields = [self._layout.cells[cell] for cell in cells]
        rows: dict[tuple[int, ...], bool] = {}
        for state in states:
            row = tuple((state >> field.shift) & field.mask for field in fields)
            if row not in rows:
                rows[row] = truth(state)
        return {
            "name": name,
            "cells": [self._cells[cell] for cell in cells],
            "true": [list(row) for row in sorted(rows) if rows[row]],
            "false": [list(row) for row in sorted(rows) if not rows[row]],
        }


def _kind(thread: ThreadInstance) -> str:
    if thread.perpetual:
        return "perpetual"
    return "daemon" if thread.daemon else "ordinary"
