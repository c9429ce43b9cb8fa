"""Checks a certificate with Python's standard library alone: `python verifying.py FILE`.

Conditions 1 to 9 and steps 1 to 5 are those of CERTIFICATES.md. No code of racer is used.
"""

import hashlib
import json
import reprlib
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

Row = tuple[int, ...]  # a state
Steps = list[list[tuple[int, int, bool]]]  # from each state: thread, to which state, changes a cell
NUMBER = range(10**18)  # 0 or more; there can be no more of anything


class Rejected(Exception):
    """The text is not a right certificate; this says which condition fails, and where."""


class Checked(NamedTuple):
    """What was counted in a certificate that is right."""

    states: int
    steps: int
    interleavings: str | None


class Truth(NamedTuple):
    """A predicate of some columns of a state: `seen` is 1 where it is true, 2 where it is false."""

    name: str
    columns: list[int]
    seen: dict[Row, int]

    def of(self, row: Row | list[int]) -> int:
        """Looks it up for a state, which has to be told."""
        values = tuple([row[column] for column in self.columns])
        if values not in self.seen:
            raise Rejected(f"condition 3: TRUTH {self.name!a} has no row {list(values)}")
        return self.seen[values]


class Thread(NamedTuple):
    """A thread: `column` of a state has its node, and the columns behind that have its slots."""

    name: str
    kind: str
    nodes: list[Any]
    column: int
    slots: int


def fit(value: Any, shape: Any, where: str = "") -> None:
    """Holds a value to a shape, as condition 1 asks.

    A shape is a dict (of just these keys), a list (of any length), a tuple (of just these items),
    a range or a frozenset (of numbers or texts), or a type.
    """
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(shape, dict):
        right = isinstance(value, dict) and value.keys() == shape.keys()
        parts = shape.items()
    elif isinstance(shape, list):
        right = isinstance(value, list)
        parts = enumerate(shape * len(value) if right else ())
    elif isinstance(shape, tuple):
        right = isinstance(value, list) and len(value) == len(shape)
        parts = enumerate(shape)
    elif isinstance(shape, range | frozenset):
        kind = int if isinstance(shape, range) else str  # and neither True nor 1.0 is a number
        right = type(value) is kind and value in shape
    else:
        right = isinstance(value, shape)
    if not right:
        raise Rejected(
            f"condition 1: {where or 'the file'} has not its shape or range: {reprlib.repr(value)}"
        )
    for at, part in parts:
        fit(value[at], part, f"{where}/{at}")


def table(pairs: Iterable[Any], where: str) -> dict[Any, Any]:
    """Makes a dict of pairs, of which no two may have the same key."""
    made: dict[Any, Any] = {}
    for key, value in pairs:
        if key in made:
            raise Rejected(f"condition 3: {where} tells {key} twice")
        made[key] = value
    return made


def parse(text: str) -> Any:
    """Reads the document, of which the bytes, the outer shapes and sha256 are right then."""

    def write(value: Any) -> str:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    try:
        document = json.loads(text, parse_constant=int)  # int takes no NaN, which is not JSON
        same = write(document) + "\n" == text  # it is not, either, if a key is there twice
    except (ValueError, RecursionError) as problem:  # such as of too many digits, or levels
        raise Rejected(f"condition 1: this cannot be read: {str(problem)!a}") from None
    if not same:
        raise Rejected("condition 1: written again, this has not the same bytes")
    claim = {"racer": str, "scenario": str, "parameters": object, "digest": str, "states": NUMBER}
    claim |= {"memory": frozenset({"sc"}), "interleavings": str | None}
    kinds = frozenset({"ordinary", "daemon", "perpetual"})
    program = {
        "cells": [{"name": str, "values": [str]}],
        "automata": [{"start": NUMBER, "slots": NUMBER, "nodes": [dict]}],
        "threads": [{"name": str, "automaton": NUMBER, "kind": kinds}],
        "finally": [{"name": str, "holds": [NUMBER]}],
        **{key: [dict] for key in ("watches", "always", "sometimes")},
    }
    shape = {"certificate": range(1, 2), "claim": claim, "program": program, "sha256": str}
    fit(document, shape | {"states": [list]})
    whole = write(document | {"sha256": ""}).encode()
    if hashlib.sha256(whole).hexdigest() != document["sha256"]:
        raise Rejected("condition 1: sha256 is not that of the text")
    return document


class Certificate:
    """A certificate that has been read: condition 1 holds, and 2 up to states that are there twice.

    Nodes are those of the file, with tables in them: `windows` and `opens` are {slot: watch}, goals
    of one that closes go by their rows, and `steps`, which options become too, are {before:
    [(after, goal)]}, with nothing in the list where it is blocked.
    """

    def __init__(self, text: str) -> None:
        document = parse(text)
        program, states = document["program"], document["states"]
        automata, self.claim = program["automata"], document["claim"]
        self.values = [range(len(cell["values"])) for cell in program["cells"]]
        self.threads: list[Thread] = []
        self.memory = 0  # the column of the first cell
        for at, raw in enumerate(program["threads"]):
            fit(raw["automaton"], range(len(automata)), f"/program/threads/{at}/automaton")
            nodes, slots = (automata[raw["automaton"]][key] for key in ("nodes", "slots"))
            self.threads.append(Thread(raw["name"], raw["kind"], nodes, self.memory, slots))
            self.memory += 1 + slots
        self.watches, self.always, self.sometimes = (
            [self.truth(raw, f"/program/{key}/{at}") for at, raw in enumerate(program[key])]
            for key in ("watches", "always", "sometimes")
        )
        for number, automaton in enumerate(automata):
            where = f"/program/automata/{number}"
            fit(automaton["start"], range(len(automaton["nodes"])), f"{where}/start")
            for at, node in enumerate(automaton["nodes"]):
                self.prepare(node, at, automaton, f"{where}/nodes/{at}")
        if not states or len(states) != self.claim["states"]:
            raise Rejected(f"condition 2: {len(states)} states, claimed {self.claim['states']}")
        if len(states[0]) != self.memory + len(self.values):  # first, as slots can be any number
            raise Rejected("condition 1: /states/0 is not as long as it has to be")
        shape: list[range] = []
        start: list[int] = []
        for thread, raw in zip(self.threads, program["threads"], strict=True):
            first = automata[raw["automaton"]]["start"]
            if thread.nodes[first].get("windows") != {}:
                raise Rejected(f"condition 2: thread {thread.name!a} cannot start at node {first}")
            shape += [range(len(thread.nodes)), *[range(4)] * thread.slots]
            start += [first, *[0] * thread.slots]
        fit(states, [(*shape, *self.values)], "/states")
        if states[0] != start + [0] * len(self.values):
            raise Rejected("condition 2: state 0 is not the one in which everything starts")
        fit(program["finally"], [{"name": str, "holds": [range(len(states))]}], "/program/finally")
        self.finals = [(raw["name"], raw["holds"]) for raw in program["finally"]]
        self.rows: list[Row] = [tuple(row) for row in states]

    def truth(self, raw: Any, where: str) -> Truth:
        """Reads a TRUTH."""
        fit(raw.get("cells"), [range(len(self.values))], f"{where}/cells")
        row = tuple([self.values[cell] for cell in raw["cells"]])
        fit(raw, {"name": str, "cells": list, "true": [row], "false": [row]}, where)
        pairs = [(tuple(row), 1) for row in raw["true"]]
        pairs += [(tuple(row), 2) for row in raw["false"]]
        columns = [self.memory + cell for cell in raw["cells"]]
        return Truth(raw["name"], columns, table(pairs, where))

    def prepare(self, node: Any, at: int, automaton: Any, where: str) -> None:
        """Checks a node, and makes its tables."""
        goal, slot = range(len(automaton["nodes"])), range(automaton["slots"])
        watch, bit = range(len(self.watches)), range(2)
        shape: dict[str, Any] = {"does": str, "windows": [(slot, watch)], "opens": [(slot, watch)]}
        if "ends" in node:
            fit(node, {"ends": str, "bad": bit}, where)
        elif "closes" in node:
            fit(node, {"closes": slot, "watch": watch, "goals": [(bit, bit, bit, goal)]}, where)
            node["goals"] = table([(tuple(row), to) for *row, to in node["goals"]], where)
        elif "options" in node:  # as if each wrote the node's number over itself
            waits = {"waits": watch} if "waits" in node else {}
            fit(node, shape | {"options": [goal]} | waits, where)
            node["steps"] = {at: [(at, to) for to in node["options"]]}
        else:
            fit(node.get("cell"), range(len(self.values)), f"{where}/cell")
            value = self.values[node["cell"]]
            shape |= {"cell": object, "steps": [(value, value, goal)], "blocked": [value]}
            fit(node, shape, where)
            steps = [(before, [(after, to)]) for before, after, to in node["steps"]]
            node["steps"] = table(steps + [(before, []) for before in node["blocked"]], where)
        if "does" in node:
            table(node["windows"] + node["opens"], f"{where}, of slots,")
            node["windows"], node["opens"] = dict(node["windows"]), dict(node["opens"])

    def stepped(self, row: Row, thread: Thread, column: int, after: int, goal: int) -> Row:
        """Returns where a step leads: of a thread, from the state `row`, to the given goal."""
        new, node, slots = list(row), thread.nodes[row[thread.column]], thread.column + 1
        for slot, watch in node["opens"].items():  # 1
            new[slots + slot] = self.watches[watch].of(row)
        new[column] = after  # 2
        still, who = node["windows"] | node["opens"], f"thread {thread.name!a}"  # still open
        for other in self.threads:  # 3
            theirs = other.nodes[row[other.column]].get("windows", {})
            for slot, watch in (still if other is thread else theirs).items():
                new[other.column + 1 + slot] |= self.watches[watch].of(new)
        while "closes" in (node := thread.nodes[goal]):  # 4
            slot, watch = node["closes"], node["watch"]
            if still.pop(slot, None) != watch:
                raise Rejected(f"condition 3: {who}: node {goal} closes a window that is not open")
            seen, new[slots + slot] = new[slots + slot], 0
            key = (seen & 1, seen >> 1, self.watches[watch].of(new) & 1)
            if key not in node["goals"]:
                raise Rejected(f"condition 3: {who}: node {goal} has no row {list(key)} in goals")
            goal = node["goals"][key]
        new[thread.column] = goal
        if "ends" in node:  # 5
            new[slots : slots + thread.slots] = [0] * thread.slots
        elif node["windows"] != still:
            raise Rejected(f"condition 3: {who}: node {goal} has other windows than are open")
        return tuple(new)

    def steps_from(self, row: Row) -> Iterator[tuple[int, Row, bool]]:
        """Yields each step from a state: who takes it, where it leads, if it changes a cell."""
        for index, thread in enumerate(self.threads):
            node, column = thread.nodes[row[thread.column]], thread.column
            if "cell" in node:
                column = self.memory + node["cell"]
            if "waits" in node and self.watches[node["waits"]].of(row) == 2:
                continue
            if "does" in node and row[column] not in node["steps"]:
                raise Rejected(f"condition 3: thread {thread.name!a}: {row[column]} is not told")
            for after, goal in node["steps"][row[column]] if "does" in node else ():
                yield index, self.stepped(row, thread, column, after, goal), after != row[column]

    def judge(self, row: Row, is_last: bool) -> None:
        """Asks conditions 5 and 7 of a state; it is the last of a run if no step leads from it."""
        ended = ["ends" in thread.nodes[row[thread.column]] for thread in self.threads]
        for thread, has_ended in zip(self.threads, ended, strict=True):
            if has_ended and thread.nodes[row[thread.column]]["bad"]:
                raise Rejected(f"condition 5: thread {thread.name!a} is at an end that is bad")
            if is_last and not has_ended and thread.kind != "daemon":
                raise Rejected(f"condition 7: thread {thread.name!a} is stuck")
        if is_last and len(ended) != 1 and not any(ended):
            raise Rejected("condition 7: no step leads from here, and no thread has ended")
        for truth in self.always:
            if truth.of(row) == 2:
                raise Rejected(f"condition 5: always {truth.name!a} is false")

    def explore(self) -> Steps:
        """Finds the steps from each state, and asks what conditions 2 to 7 ask of states."""
        numbers: dict[Row, int] = {}
        for number, row in enumerate(self.rows):
            if numbers.setdefault(row, number) != number:
                raise Rejected(f"condition 2: state {number} is state {numbers[row]} again")
        steps: Steps = [[] for _ in self.rows]
        reached, frontier, shown = {0}, [0], set[int]()
        for number in frontier:  # which grows meanwhile
            row = self.rows[number]
            try:
                for index, new, changes in self.steps_from(row):
                    if new not in numbers:
                        who = f"thread {self.threads[index].name!a}"
                        raise Rejected(f"condition 3: {who} gets to {list(new)}, which is no state")
                    steps[number].append((index, numbers[new], changes))
                self.judge(row, is_last=not steps[number])
                shown |= {at for at, truth in enumerate(self.sometimes) if truth.of(row) == 1}
            except Rejected as problem:
                raise Rejected(f"{problem}, in state {number}") from None
            frontier += sorted({to for _, to, _ in steps[number]} - reached)
            reached.update(to for _, to, _ in steps[number])
        if missed := sorted(set(range(len(self.rows))) - reached):
            raise Rejected(f"condition 4: state {missed[0]} is not reached from state 0")
        if missed := sorted(set(range(len(self.sometimes))) - shown):
            name = self.sometimes[missed[0]].name
            raise Rejected(f"condition 6: sometimes {name!a} is true in no state")
        ends = [number for number, own in enumerate(steps) if not own]
        for name, holds in self.finals:
            if holds != ends or not ends:
                raise Rejected(f"condition 7: finally {name!a} does not hold in just the ends")
        return steps

    def judge_loop(self, loop: set[int], steps: Steps) -> None:
        """Asks condition 8 of a component in which runs can go round."""
        where = f"in the component of {len(loop)} states that has state {min(loop)}"
        row = self.rows[min(loop)]
        left = [at for at, t in enumerate(self.threads) if "ends" not in t.nodes[row[t.column]]]
        kinds = {self.threads[at].kind for at in left}
        inside = [step for state in loop for step in steps[state] if step[1] in loop]
        working = {thread for thread, _, changes in inside if changes}
        if "ordinary" in kinds:
            able = set.intersection(*({thread for thread, _, _ in steps[state]} for state in loop))
            if able <= {thread for thread, _, _ in inside}:
                raise Rejected(f"condition 8: a fair run can go on for ever {where}")
        elif len(inside) == sum(len(steps[state]) for state in loop):  # no step leaves it
            for at in left:
                if self.threads[at].kind == "perpetual" and at not in working:
                    raise Rejected(f"condition 8: thread {self.threads[at].name!a} idles {where}")
            if kinds == {"daemon"} and len(left) == len(self.threads) > 1 and not working:
                raise Rejected(f"condition 8: all threads idle {where}")


def components(steps: Steps) -> list[set[int]]:
    """Lists the strongly connected components, each before those that lead to it.

    The algorithm is that of Tarjan, "Depth-first search and linear graph algorithms", 1972.
    """
    found: list[set[int]] = []
    order, low, seen = [0] * len(steps), [0] * len(steps), 0  # an order of 0: not seen yet
    path: list[int] = []
    work = [(0, iter(steps[0]))]
    while work:
        state, rest = work[-1]
        if not order[state]:
            seen += 1
            order[state] = low[state] = seen
            path.append(state)
        for _, to, _ in rest:
            if not order[to]:
                work.append((to, iter(steps[to])))
                break
            low[state] = min(low[state], low[to])
        else:
            work.pop()
            if low[state] == order[state]:
                found.append(set())
                while state not in found[-1]:
                    found[-1].add(path[-1])
                    low[path.pop()] = len(steps) + 1  # and lowers nothing from now on
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[state])
    return found


def verify(text: str) -> Checked:
    """Checks the text of a certificate, and raises nothing but Rejected."""
    certificate = Certificate(text)
    steps = certificate.explore()
    found = components(steps)
    loops = [c for c in found if any(to in c for state in c for _, to, _ in steps[state])]
    for loop in loops:
        certificate.judge_loop(loop, steps)
    ways, runs = [1] + [0] * (len(steps) - 1), 0  # how many runs lead to a state, and to an end
    for (state,) in () if loops else reversed(found):
        runs += 0 if steps[state] else ways[state]
        for _, to, _ in steps[state]:
            ways[to] += ways[state]
        ways[state] = 0  # what is counted on is let go
    interleavings = None if loops else str(Decimal(runs))  # as str(int) takes no long numbers
    if interleavings != (claimed := certificate.claim["interleavings"]):
        said = f"{reprlib.repr(claimed)}, and not {reprlib.repr(interleavings)}"
        raise Rejected(f"condition 9: claim.interleavings is {said}")
    return Checked(len(steps), sum(map(len, steps)), interleavings)


def main() -> int:
    """Checks the file that the command line names."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        print("python verifying.py FILE: checks the certificate in FILE, and says what is right.")
        print("Status: 0, it is right; 1, it is rejected; 2, FILE cannot be read.")
        return 0
    try:
        if len(sys.argv) != 2:
            raise ValueError("name one")
        text = (
            Path(sys.argv[1]).read_bytes().decode("latin-1")
        )  # what is not ASCII is rejected then
    except (OSError, ValueError) as problem:
        print(f"python verifying.py FILE: this cannot be read: {problem}", file=sys.stderr)
        return 2
    try:
        checked = verify(text)
    except Rejected as problem:
        print(f"rejected: {problem}", file=sys.stderr)
        return 1
    runs = "endless" if checked.interleavings is None else checked.interleavings
    print(f"right: {checked.states} states, {checked.steps} steps, {runs} interleavings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
