"""The machine: states without coroutines, runs of a schedule, searches of all schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.oracles.machine.programs import SEEN, Prog, holds

Step = tuple[int, int]  # of thread, by position; which of its steps, from 1
Order = tuple[Step, Step]


@dataclass(frozen=True)
class Ev:
    """One step of a thread, and what began and ended with it."""

    ti: int
    step: int
    op: tuple
    line: int
    cell: str | None
    before: Any
    after: Any
    reads: bool
    writes: bool
    opened: tuple  # names of windows
    closed: tuple  # (name, (always, never, sometimes, at_end))
    ended: tuple | None


class Machine:
    """A state is (cells, threads, steps taken by each (up to `cap`), labels shown so far).

    A thread is (code position, registers, windows with what they have seen, ending).
    """

    def __init__(self, prog: Prog, code: dict[str, list]) -> None:
        self.prog = prog
        self.names = [
            n if prog.threads[n][0] == 1 else f"{n}.{i}"
            for n in sorted(prog.threads)
            for i in range(prog.threads[n][0])
        ]
        self.code = [code[n.split(".")[0]] for n in self.names]
        loops = any(i and i[0] == "unless" and i[2] < k for c in self.code for k, i in enumerate(c))
        self.cap = 9 if loops else 99
        self.cells = [*prog.cells, *prog.locks]
        self.cache: dict = {}

    def initial(self) -> tuple:
        cells = (*self.prog.cells.values(), *(False for _ in self.prog.locks))
        threads = tuple(self.settle(ti, 0, {}, {})[0] for ti in range(len(self.names)))
        return cells, threads, (0,) * len(self.names), self.broken(cells)

    def values(self, cells: tuple) -> dict:
        return dict(zip(self.cells, cells, strict=True))

    def broken(self, cells: tuple) -> frozenset:
        now = self.values(cells)
        return frozenset(n for n, p in self.prog.invariants.items() if holds(p, now))

    def truths(self, cells: tuple) -> dict:
        return {w: holds(p, self.values(cells)) for w, p in self.prog.watches.items()}

    def shown(self, cells: tuple) -> dict:
        now = self.values(cells)
        return {n: next(t for p, t in c if holds(p, now)) for n, c in self.prog.shows.items()}

    def test(self, c: tuple, regs: dict) -> bool:
        if c[0] == "seen":
            return regs[c[1]][SEEN.index(c[2])]
        if c[0] == "not":
            return not self.test(c[1], regs)
        return (regs.get(c[0], 0) == c[2]) == (c[1] == "==")

    def settle(self, ti: int, pc: int, regs: dict, wins: dict) -> tuple[tuple, list]:
        """Run on to the next operation or the end; also the windows closed on the way."""
        closed = []
        while True:
            match self.code[ti][pc]:
                case ("op", *_):
                    return (
                        pc,
                        tuple(sorted(regs.items())),
                        tuple(sorted(wins.items())),
                        None,
                    ), closed
                case ("end", (how, e)):
                    e = regs.get(e[1], 0) if isinstance(e, tuple) else e
                    return (pc, (), (), (how, e)), closed
                case ("unless", c, target):
                    pc = pc + 1 if self.test(c, regs) else target
                case ("open", w, name):
                    wins[name] = (w, ())
                    pc += 1
                case ("close", name):
                    seen = wins.pop(name)[1]
                    regs[name] = (all(seen), not any(seen), any(seen), seen[-1])
                    closed.append((name, regs[name]))
                    pc += 1

    def pending(self, state: tuple, ti: int) -> tuple | None:
        pc, _, _, ended = state[1][ti]
        return None if ended else self.code[ti][pc][1]

    def enabled(self, state: tuple, ti: int) -> bool:
        now = self.values(state[0])
        match self.pending(state, ti):
            case None:
                return False
            case ("wait", c, op, v):
                return (now[c] == v) == (op == "==")
            case ("acquire", lock):
                return not now[lock]
        return True

    def moves(self, state: tuple) -> list[tuple[Step, tuple, Ev]]:
        """(thread, option), state after, event; in the order of threads and options."""
        if state not in self.cache:
            self.cache[state] = []
            for ti in range(len(self.names)):
                if self.enabled(state, ti):
                    op = self.pending(state, ti) or ()
                    for option in range(len(op[1]) if op[0] == "choose" else 1):
                        self.cache[state].append(((ti, option), *self.take(state, ti, option)))
        return self.cache[state]

    def take(self, state: tuple, ti: int, option: int) -> tuple[tuple, Ev]:
        cells, threads, counts, labels = state
        now = self.values(cells)
        pc, regs_, wins, _ = threads[ti]
        regs, (_, op, line) = dict(regs_), self.code[ti][pc]
        cell = op[1] if op[0] not in ("fence", "choose") else None
        before = after = now[cell] if cell else None
        if op[0] in ("load", "swap", "cas", "add"):
            regs[op[2] if op[0] == "load" else op[-1]] = before
        match op:
            case ("store" | "swap", _, e, *_):
                after = dict(regs_).get(e[1], 0) if isinstance(e, tuple) else e
            case ("cas", _, old, new, _):
                after = new if before == old else before
            case ("add", _, n, _):
                after = before + n
            case ("acquire" | "release" as what, _):
                after = what == "acquire"
            case ("choose", options, r):
                regs[r] = options[option]
        reads = op[0] in ("load", "swap", "cas", "add", "wait")
        writes = op[0] in ("store", "swap", "add", "acquire", "release") or (
            op[0] == "cas" and before == op[2]
        )
        if cell:
            now[cell] = after
        cells_after = tuple(now.values())
        old, new = self.truths(cells), self.truths(cells_after)
        rest = []
        for tj, (p, r, ws, end) in enumerate(threads):
            seen_now = []
            for n, (w, seen) in ws:  # one that is not open yet opens just before its own step
                seen = note(seen, old[w]) if tj == ti and not seen else seen
                seen_now.append((n, (w, note(seen, new[w]) if seen else seen)))
            rest.append((p, r, tuple(seen_now), end))
        opened = tuple(n for n, (_, seen) in wins if not seen)
        rest[ti], closed = self.settle(ti, pc + 1, regs, dict(rest[ti][2]))
        ended = rest[ti][3]
        labels |= {ended[1]} if ended and ended[0] == "violation" else set()
        steps = tuple(min(k + (j == ti), self.cap) for j, k in enumerate(counts))
        ev = Ev(
            ti,
            counts[ti] + 1,
            op,
            line,
            cell,
            before,
            after,
            reads,
            writes,
            opened,
            tuple(closed),
            ended,
        )
        return (cells_after, tuple(rest), steps, labels | self.broken(cells_after)), ev

    def shows(self, state: tuple, label: str) -> bool:
        if label == "deadlock":
            return not self.moves(state) and any(t[3] is None for t in state[1])
        return label in state[3]


def note(seen: tuple, truth: bool) -> tuple:
    """What a window has seen: the truths, the last one at the end."""
    return (*sorted({*seen} - {truth}), truth)


class Run:
    """A schedule: its events, the states before and after each, who holds what."""

    def __init__(self, m: Machine, schedule: list[Step]) -> None:
        self.states, self.events = [m.initial()], []
        self.owners: list[dict] = [{}]
        for move in schedule:
            after, ev = next((a, ev) for mv, a, ev in m.moves(self.states[-1]) if mv == move)
            self.states.append(after)
            self.events.append(ev)
            mine = {ev.cell: ev.ti} if ev.op[0] == "acquire" else {}
            gone = ev.cell if ev.op[0] == "release" else None
            self.owners.append({c: t for c, t in (self.owners[-1] | mine).items() if c != gone})
        self.preemptions = sum(
            self.events[i].ti != self.events[i - 1].ti
            and m.enabled(self.states[i], self.events[i - 1].ti)
            for i in range(1, len(schedule))
        )
        self.machine, self.schedule = m, tuple(schedule)

    def cost(self, label: str) -> tuple:
        """Preemptions, threads and steps before the violation, switches, steps, schedule."""
        shown = [i for i, s in enumerate(self.states) if label in s[3]]
        before = shown[0] if shown else len(self.events)
        movers = [event.ti for event in self.events]
        switches = sum(one != other for one, other in pairwise(movers))
        moving = set(movers[:before])
        return self.preemptions, len(moving), before, switches, len(movers), self.schedule

    def source(self, i: int) -> int | None:
        """The last step before event i that stored to its cell."""
        stores = [
            j
            for j in range(i)
            if self.events[j].cell == self.events[i].cell and self.events[j].writes
        ]
        return stores[-1] if stores else None


# --- all schedules --------------------------------------------------------------------------


def every_schedule(m: Machine, state: tuple, moves: tuple = ()) -> Iterator[tuple]:
    """The naive enumeration: (moves, state at the end) of each maximal schedule."""
    if not m.moves(state):
        yield moves, state
    for move, after, _ in m.moves(state):
        yield from every_schedule(m, after, (*moves, move))


def reachable(m: Machine, start: tuple, threads: frozenset | None = None) -> set:
    todo, seen = [start], set()
    while todo:
        if (state := todo.pop()) not in seen:
            seen.add(state)
            todo += [a for (ti, _), a, _ in m.moves(state) if threads is None or ti in threads]
    return seen


def held_back(state: tuple, ti: int, orders: list[Order]) -> bool:
    """Whether the thread's next step is a `then` whose `first` has not happened."""
    return any(t == (ti, state[2][ti] + 1) and state[2][f[0]] < f[1] for f, t in orders)


def escape(m: Machine, start: tuple, label: str, orders: list[Order]) -> str | None:
    """A maximal schedule, finite or not, that satisfies the orders and lacks the label."""
    grey: set = set()
    black: set = set()

    def search(state: tuple) -> str | None:
        if state in black or m.shows(state, label):
            return None
        met = all(state[2][f[0]] >= f[1] for f, _ in orders)
        if state in grey:
            return "for ever" if met else None
        if not m.moves(state):
            return "to an end" if met else None
        grey.add(state)
        for (ti, _), after, _ in m.moves(state):
            if not held_back(state, ti, orders) and (found := search(after)):
                return found
        grey.discard(state)
        black.add(state)
        return None

    return search(start)


def flaw(m: Machine, label: str, orders: list[Order]) -> str | None:
    """Where each `then` waits for its `first`: what goes wrong before the label is shown.

    Of infinite schedules those count in which no thread could go on for ever and does not.
    """

    def free(state: tuple) -> list:
        return [
            (ti, after) for (ti, _), after, _ in m.moves(state) if not held_back(state, ti, orders)
        ]

    states: set = set()
    todo = [m.initial()]
    while todo:
        state = todo.pop()
        if state not in states and label not in state[3]:
            states.add(state)
            if not free(state) and not m.shows(state, label):
                return "waits in vain" if m.moves(state) else "ends without it"
            todo += [after for _, after in free(state)]
    if m.cap == 99:
        return None
    below = {s: connected(s, lambda s: [a for _, a in free(s) if a in states]) for s in states}
    for s in states:
        part = {t for t in below[s] if s in below[t]}  # what s can go round in
        moving = {ti for t in part for ti, a in free(t) if a in part}
        stuck = [
            ti
            for ti in range(len(m.names))
            if ti not in moving and all(ti in [u for u, _ in free(t)] for t in part)
        ]
        if part and not stuck:
            return "goes on for ever without it"
    return None


def connected(start: tuple, after: Callable[[tuple], list]) -> set:
    todo, seen = after(start), set()
    while todo:
        if (state := todo.pop()) not in seen:
            seen.add(state)
            todo += after(state)
    return seen
