"""An explanation against the machine: each row, and what is said of all schedules."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

from racer import Move, explore, replay
from racer.explanation.data import NotComputed
from racer.explanation.exact import exactly
from racer.explanation.telling import explanation_of
from racer.machine.loaded import load_program
from tests.oracles.machine.programs import Source, random_program
from tests.oracles.machine.states import (
    Machine,
    Order,
    Run,
    Step,
    escape,
    every_schedule,
    flaw,
    reachable,
)


def same(what: str, got: object, expected: object) -> Iterator[str]:
    if got != expected:
        yield f"{what}: {got!r}, expected {expected!r}"


def text_of(value: object, lock: bool = False) -> str:
    return ("held" if value else "free") if lock else repr(value)


def problems(m: Machine, e: Any, schedule: list[Step], label: str) -> Iterator[str]:
    """What is wrong with an explanation of a schedule that shows the label."""
    run, locks = Run(m, schedule), m.prog.locks
    end = next(i for i, s in enumerate(run.states) if m.shows(s, label))
    n = len(e.rows)
    events, last, lane_of = (
        run.events[:n],
        run.states[n],
        {x.thread: i for i, x in enumerate(e.lanes)},
    )
    yield from same("rows", n, end)
    yield from same("preemptions", e.preemptions, run.preemptions)

    def name(step: Step) -> str:
        short = e.lanes[lane_of[m.names[step[0]]]].short
        return f"{short}{'.' * short[-1].isdigit()}{step[1]}"

    names = [name((ev.ti, ev.step)) for ev in run.events]

    def says(i: int, ti: int) -> str:
        """What holds a thread up before event i."""
        op = m.pending(run.states[i], ti) or ()
        if op[0] == "wait":
            return f"waits for cell {op[1]}, which is {m.values(run.states[i][0])[op[1]]}"
        return f"is blocked on lock {op[1]}, held by {m.names[run.owners[i][op[1]]]}"

    def ending(ended: tuple) -> str:
        how, what = ended
        return f"returns {what}" if how == "returned" else f"raises Violation {what!r}"

    spans: list[list] = []
    for i, (row, ev) in enumerate(zip(e.rows, events, strict=True)):
        before, after = run.states[i], run.states[i + 1]
        at = f"row {names[i]}"
        yield from same(
            at,
            (row.name, row.thread, row.lane),
            (names[i], m.names[ev.ti], lane_of[m.names[ev.ti]]),
        )
        j = run.source(i)
        yield from same(
            f"{at} reads",
            row.read and (row.read.value, row.read.source, row.read.row),
            (text_of(ev.before), "initial" if j is None else names[j], j) if ev.reads else None,
        )
        lock = ev.cell in locks
        yield from same(
            f"{at} changes",
            [(c.name, c.before, c.after) for c in row.changes],
            [(ev.cell, text_of(ev.before, lock), text_of(ev.after, lock))]
            if ev.before != ev.after
            else [],
        )
        for what, of in (("truths", m.truths), ("shown", m.shown)):
            was, now = of(before[0]), of(after[0])
            yield from same(
                f"{at} {what}",
                sorted((c.name, c.before, c.after) for c in getattr(row, what)),
                sorted(
                    (k, str(was[k]).lower(), str(now[k]).lower()) for k in was if was[k] != now[k]
                ),
            )
        left = events[i - 1].ti if i else ev.ti
        switch = None
        if left != ev.ti:
            ended = before[1][left][3]
            switch = (
                ("finished", f"finished: {ending(ended)}")
                if ended
                else ("preempted", "preempted")
                if m.enabled(before, left)
                else ("blocked", says(i, left))
            )
            switch = (m.names[left], switch[0], f"{m.names[left]} {switch[1]}")
        yield from same(
            f"{at} switch",
            row.switch and (row.switch.thread, row.switch.reason, row.switch.text),
            switch,
        )
        for w in ev.opened:
            watch = dict(before[1][ev.ti][2])[w][0]
            spans.append([watch, row.lane, i, None, None, (ev.ti, w)])
        yield from same(
            f"{at} opens", [e.windows[w].first for w in row.opened], [i] * len(ev.opened)
        )
        yield from same(
            f"{at} closes", [e.windows[w].last for w in row.closed], [i] * len(ev.closed)
        )
        for w, seen in ev.closed:
            span = next(s for s in spans if s[5] == (ev.ti, w) and s[3] is None)
            said = {
                (1, 0, 1, 1): "always true",
                (0, 1, 0, 0): "never true",
                (0, 0, 1, 1): "true at times, also at the end",
            }
            span[3:5] = i, said.get(tuple(map(int, seen)), "true at times, not at the end")
        yield from same(
            f"{at} breaks", sorted(row.broken), sorted(m.broken(after[0]) - m.broken(before[0]))
        )
        yield from same(f"{at} ends", row.ending, ev.ended and ending(ev.ended))
        yield from same(f"{at} violates", row.violates, end == i + 1 and label != "deadlock")
        yield from same(f"{at} line", [p.line for p in row.locations], [ev.line])
    yield from same(
        "windows",
        sorted((s.watch, s.lane, s.first, str(s.last), s.seen or "") for s in e.windows),
        sorted((w, lane, a, str(b), seen or "") for w, lane, a, b, seen, _ in spans),
    )
    yield from same(
        "cells",
        {c.name: (c.value, c.touched) for c in e.cells},
        {
            c: (text_of(v, c in locks), not n or c in {ev.cell for ev in events})
            for c, v in m.values(run.states[0][0]).items()
        },
    )
    yield from same("truths", dict(e.truths), m.truths(run.states[0][0]))
    for lane in e.lanes:
        ti = m.names.index(lane.thread)
        mine = [i for i, ev in enumerate(events) if ev.ti == ti] or [None]
        yield from same(f"lane {lane.thread}", (lane.first, lane.last), (mine[0], mine[-1]))
        ended = last[1][ti][3]
        if (lane.state == "ended") != bool(ended) or (ended and lane.end != ending(ended)):
            yield f"lane {lane.thread} {lane.state}: {lane.end}"
        if lane.state == "blocked" and (
            any(m.enabled(s, ti) for s in reachable(m, last)) or lane.end != says(n, ti)
        ):
            yield f"lane {lane.thread} is not blocked for ever, or: {lane.end}"
        if lane.state in ("open", "idle"):
            yield from same(
                f"lane {lane.thread}", lane.state, "idle" if mine[0] is None else "open"
            )
    for axis in e.axis:
        along = [m.shown(s[0])[axis.name] for s in run.states[: n + 1]]
        edges = [None, *(i for i in range(n) if along[i] != along[i + 1]), None]
        yield from same(
            f"axis {axis.name}",
            [(s.first, s.last, s.text) for s in axis.segments],
            [(a, b, along[0 if a is None else a + 1]) for a, b in itertools.pairwise(edges)],
        )
    held = [
        (
            ev.cell,
            lane_of[m.names[ev.ti]],
            i,
            next((j for j in range(i, n) if events[j].op == ("release", ev.cell)), None),
        )
        for i, ev in enumerate(events)
        if ev.op[0] == "acquire"
    ]
    yield from same(
        "held",
        sorted(((h.lock, h.lane, h.first, h.last) for h in e.held), key=str),
        sorted(held, key=str),
    )
    yield from conflicts(m, e, run, names, end)
    yield from folds(m, e, run)
    yield from exact(m, e, run, label, name, end)


def ordered(e: Any) -> list:
    """All orders that are known."""
    known = (each for each in (e.orderings, e.enabling) if not isinstance(each, NotComputed))
    return [order for each in known for order in each]


def conflicts(m: Machine, e: Any, run: Run, names: list[str], end: int) -> Iterator[str]:
    """Conflicts and values that came back, from the reads of the thread that violates."""
    events = run.events[: len(e.rows)]
    pairs: dict[tuple[int, str], int] = {}
    again: list[tuple] = []
    if end and e.label != "deadlock":
        own = [w for w in e.windows if m.names.index(e.lanes[w.lane].thread) == events[-1].ti]
        latest = max((w.last for w in own if w.last is not None), default=None)
        about = [(w.first, w.last) for w in own if w.last is not None and w.last == latest]
        reads = [
            i
            for i, ev in enumerate(events)
            if ev.ti == events[-1].ti and ev.reads and (not about or min(about)[0] <= i <= latest)
        ]
        for i in reads:
            stores = [j for j, ev in enumerate(events) if ev.cell == events[i].cell and ev.writes]
            others = [j for j in stores if events[j].ti != events[i].ti]
            before = max((j for j in stores if j < i), default=None)
            after = (j for j in others if j > i and events[j].after != events[i].before)
            for j, side in ((before, "from"), (next(after, None), "to")):
                if j in others:
                    nearest = pairs.setdefault((j, side), i)
                    pairs[j, side] = min(nearest, i, key=lambda row, j=j: abs(row - j))
            k = next((k for k in reads if k > i and events[k].cell == events[i].cell), None)
            between = [j for j in stores if k is not None and i < j < k]
            changed = [j for j in between if events[j].before != events[j].after]
            back = k is not None and events[i].before == events[i].after == events[k].before
            if back and changed and all(j in others for j in between):
                again.append((names[i], names[k], [names[j] for j in changed]))
    expected = {(names[min(i, j)], names[max(i, j)]) for (j, _), i in pairs.items()}
    yield from same("conflicts", {(c.first.name, c.second.name) for c in e.conflicts}, expected)
    decisive = {(o.first.name, o.then.name) for o in ordered(e)}
    for c in e.conflicts:
        is_one = (c.first.name, c.second.name) in decisive
        yield from same(f"{c.first.name}, {c.second.name} decisive", c.decisive, is_one)
    got = [(r.first.name, r.again.name, [s.name for s in r.between]) for r in e.returned_values]
    yield from same("returned values", got, again)


def sides(e: Any) -> dict[str, str]:
    """The steps that a fold must not hide, and why."""
    found = {}
    for what in ("conflicts", "returned_values", "enabling", "orderings"):
        value = getattr(e, what)
        for each in () if isinstance(value, NotComputed) else value:
            if what == "conflicts" and ordered(e) and not each.decisive:
                continue  # that it decides nothing is known
            for side in ("first", "second", "then", "again"):
                if hasattr(each, side):
                    found[getattr(each, side).name] = what
    return found


def folds(m: Machine, e: Any, run: Run) -> Iterator[str]:
    special = sides(e)
    for f in e.folded:
        rows = e.rows[f.first : f.last + 1]
        yield from same(
            "fold", (f.name, {f.lane}), (f"{rows[0].name}..{rows[-1].name}", {r.lane for r in rows})
        )
        for r in rows:
            if (
                r.name in special
                or r.opened
                or r.closed
                or r.truths
                or r.violates
                or r.broken
                or (r.switch and r is not rows[0])
                or r.name in (e.verdict + e.cause).split()
            ):
                yield f"fold {f.name} hides {r.name}: {special.get(r.name, 'what it shows')}"
        a, b = (m.values(run.states[i][0]) for i in (f.first, f.last + 1))
        locks = m.prog.locks
        yield from same(
            f"fold {f.name}",
            sorted((c.name, c.before, c.after) for c in f.changes),
            sorted(
                (c, text_of(a[c], c in locks), text_of(b[c], c in locks)) for c in a if a[c] != b[c]
            ),
        )


def exact(m: Machine, e: Any, run: Run, label: str, name: Callable, end: int) -> Iterator[str]:
    start = m.initial()
    taken = {(ev.ti, ev.step): i for i, ev in enumerate(run.events)}

    def orders(of: Any) -> list[Order]:
        return [tuple((m.names.index(s.thread), s.step) for s in (o.first, o.then)) for o in of]

    def told(some: list[Order]) -> str:
        return ", ".join(f"{name(f)} before {name(t)}" for f, t in some) or "no orders"

    if not isinstance(e.orderings, NotComputed):
        mine = orders(e.orderings)
        drawn = {(ti, 0) for ti in range(len(m.names))}
        drawn |= {step for step, i in taken.items() if i <= end}
        for f, t in mine + ([] if isinstance(e.enabling, NotComputed) else orders(e.enabling)):
            if f not in taken or taken[f] > taken.get(t, len(taken)) or f[0] == t[0]:
                yield f"the witness lacks {told([(f, t)])}"
            elif taken[f] > end or (taken.get(t, end + 1) > end and (t[0], t[1] - 1) not in drawn):
                yield f"the picture lacks {told([(f, t)])}"
        if found := escape(m, start, label, mine):
            yield f"{told(mine)} do not suffice: {found}"
        for i, (f, t) in enumerate(mine):
            others = mine[:i] + mine[i + 1 :]
            if not escape(m, start, label, others):
                yield f"{told([(f, t)])} can be dropped"
        if not isinstance(e.enabling, NotComputed):
            more = orders(e.enabling)
            if found := flaw(m, label, mine + more):
                yield f"with {told(mine)} and {told(more)} kept to, one {found}"
            for i in range(len(more)):
                if not flaw(m, label, mine + more[:i] + more[i + 1 :]):
                    yield f"enabling {told([more[i]])} can be dropped"
    if not isinstance(e.no_return, NotComputed):
        i = next(i for i, s in enumerate(run.states) if not escape(m, s, label, []))
        yield from same(
            "no return",
            (e.no_return.row, e.no_return.last),
            (i - 1, i == end) if i else (None, False),
        )
    if not isinstance(e.threads_needed, NotComputed):
        them = frozenset(m.names.index(t) for t in e.threads_needed.threads)
        if label == "deadlock":

            def shown_by(chosen: frozenset) -> bool:
                return any(stuck_for_ever(m, s, chosen) for s in reachable(m, start, chosen))
        else:

            def shown_by(chosen: frozenset) -> bool:
                return any(label in s[3] for s in reachable(m, start, chosen))

        some = range(1 << len(m.names))
        subsets = [frozenset(t for t in range(len(m.names)) if b >> t & 1) for b in some]
        enough = [chosen for chosen in subsets if shown_by(chosen)]
        if them not in enough or len(them) != min(map(len, enough)):
            yield f"{e.threads_needed}, of {enough}"


def stuck_for_ever(m: Machine, state: tuple, chosen: frozenset) -> bool:
    """Whether some of the threads have not ended, and none of them ever moves again."""
    return not all(state[1][ti][3] for ti in chosen) and not any(
        m.enabled(after, ti) for after in reachable(m, state) for ti in chosen
    )


def random_schedule(m: Machine, g: random.Random) -> tuple[list[Step], tuple]:
    state, moves = m.initial(), []
    while m.moves(state) and len(moves) < 40:
        last = [o for o in m.moves(state) if moves and o[0][0] == moves[-1][0]]
        move, state, _ = g.choice(last if last and g.random() < 0.5 else m.moves(state))
        moves.append(move)
    return moves, state


def check_program(seed: int, mutate: Callable[[Any], Any] = lambda e: e) -> Iterator[str]:
    """Explore one random program, explain some schedules of each label, and say what is wrong."""
    prog, g = random_program(seed), random.Random(seed)
    source = Source(prog)
    program, m = source.build(f"random{seed}.py"), Machine(prog, source.code)
    result = explore(program)
    index = {name: i for i, name in enumerate(m.names)}
    every = None
    if m.cap == 99 and (result.interleavings or 10**9) < 2000:
        every = list(every_schedule(m, m.initial()))
        yield from same("interleavings", result.interleavings, len(every))
        labels = {x for _, s in every for x in (*s[3], "deadlock") if m.shows(s, x)}
        yield from same("labels", set(result.violations), labels)
    with exactly(load_program(program)) as known:
        for label, found in result.violations.items():
            if label == "livelock":  # it is no schedule that comes to an end
                continue
            witness = [(index[mv.thread], mv.choice) for mv in found.witness.schedule]
            if every is not None:
                having = [mv for mv, s in every if m.shows(s, label)]
                yield from same(f"{label}: interleavings", found.interleavings, len(having))
                if len(having) < 300:
                    best = min(Run(m, mv).cost(label) for mv in having)
                    yield from same(
                        f"{label}: witness", (*found.witness.cost, tuple(witness)), best
                    )
            schedules = [witness]
            for _ in range(20):
                moves, state = random_schedule(m, g)
                if len(schedules) < 3 and not m.moves(state) and m.shows(state, label):
                    schedules.append(moves)
            for moves in schedules:
                if max(Run(m, moves).states[-1][2]) >= m.cap:
                    continue
                trace = replay(program, tuple(Move(m.names[ti], option) for ti, option in moves))
                e = explanation_of(
                    trace,
                    label,
                    interleavings=found.interleavings,
                    total=result.interleavings,
                    minimal=moves is witness,
                    preemptions=Run(m, moves).preemptions,
                    exact=known,
                )
                for problem in problems(m, mutate(e), moves, label):
                    yield f"{label}: {problem}"
