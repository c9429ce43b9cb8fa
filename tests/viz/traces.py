"""Hand-made traces: a script of operations, executed on the cells in the given order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from racer.errors import Location
from racer.explanation.data import Explanation
from racer.explanation.telling import explanation_of
from racer.lang.operations import (
    Acquire,
    CellOperation,
    CompareExchange,
    Fence,
    Load,
    Operation,
    Release,
    Store,
    Swap,
    WaitUntil,
)
from racer.lang.outcomes import Blocked, Violation
from racer.lang.schedule import Move
from racer.lang.watches import Observation
from racer.replaying.trace import ClosedWindow, Ending, Event, Trace

Truth = Callable[[Mapping[str, object]], bool]
GOES_ON = object()


@dataclass(frozen=True)
class Did:
    """One step of a script; `ends` is what the thread came to with it."""

    thread: str
    operation: Operation
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    ends: object = GOES_ON


@dataclass
class _Window:
    opened_at: int
    truths: list[bool] = field(default_factory=list)

    def seen(self) -> Observation:
        return Observation(any(self.truths), not all(self.truths), self.truths[-1])


def trace(
    initial: Mapping[str, object],
    script: list[Did],
    *,
    threads: tuple[str, ...] | None = None,
    watches: Mapping[str, Truth] | None = None,
    invariants: Mapping[str, Truth] | None = None,
    stuck: Mapping[str, Operation] | None = None,
    about_to: Mapping[str, Operation] | None = None,
) -> Trace:
    """Execute the script. `stuck` are the operations at which a deadlock leaves threads, `about_to`
    those of threads that have not ended where there is none.
    """
    names = threads or tuple(sorted({did.thread for did in script}))
    watches, invariants, stuck = watches or {}, invariants or {}, stuck or {}
    values = dict(initial)
    sources: dict[str, int] = {}
    steps = dict.fromkeys(names, 0)
    windows: dict[tuple[str, str], _Window] = {}
    outcome: dict[str, object] = {}
    events = []
    for index, did in enumerate(script):
        steps[did.thread] += 1
        for watch in did.opens:
            windows[did.thread, watch] = _Window(index, [watches[watch](values)])
        cell = did.operation.facts.cell
        before = values.get(cell) if cell else None
        source = sources.get(cell) if cell else None
        result: object = None
        if isinstance(did.operation, CellOperation):
            done = did.operation.execute(before)
            assert done is not None, f"{did} blocks"
            result, values[did.operation.cell] = done.result, done.after
            if did.operation.stores_on(before):
                sources[did.operation.cell] = index
        else:
            result = did.operation.facts.options[-1]
        for (_, watch), window in windows.items():
            window.truths.append(watches[watch](values))
        closed = []
        for watch in did.closes:
            window = windows.pop((did.thread, watch))
            closed.append(ClosedWindow(watch, window.opened_at, window.seen()))
        if did.ends is not GOES_ON:
            outcome[did.thread] = did.ends
        events.append(
            Event(
                index=index,
                thread=did.thread,
                step=steps[did.thread],
                operation=did.operation,
                result=result,
                before=before,
                source=source,
                after=values.get(cell) if cell else None,
                locations=(Location("/src/model.py", 10 + index),),
                opened=did.opens,
                closed=tuple(closed),
                truths={name: truth(values) for name, truth in watches.items()},
                broken=tuple(sorted(n for n, holds in invariants.items() if not holds(values))),
                ended=None if did.ends is GOES_ON else Ending(did.ends),
            )
        )
    outcome |= {name: Blocked(waits.text()) for name, waits in stuck.items()}
    labels = {value.label for value in outcome.values() if isinstance(value, Violation)}
    labels |= {label for event in events for label in event.broken}
    labels |= {name for name, holds in invariants.items() if not holds(initial)}
    return Trace(
        schedule=tuple(Move(did.thread) for did in script),
        initial=dict(initial),
        initial_truths={name: truth(initial) for name, truth in watches.items()},
        threads=names,
        events=tuple(events),
        outcome=tuple(sorted(outcome.items())),
        labels=tuple(sorted(labels | ({"deadlock"} if stuck else set()))),
        maximal=set(outcome) == set(names),
        final_locations={name: () for name in names if name not in outcome},
        waiting={**stuck, **(about_to or {})},
        locks=frozenset(
            each.facts.cell or ""
            for each in [*(did.operation for did in script), *stuck.values()]
            if each.facts.lock is not None
        ),
        initial_broken=tuple(sorted(n for n, holds in invariants.items() if not holds(initial))),
    )


def residual_race() -> Trace:
    """The minimal witness of `aba`: three preemptions, one window that sees nothing true."""
    watch = "p kernel-owned"

    def reader(cell: str, **more: object) -> Did:
        return Did("R", Load(cell), **more)  # type: ignore[arg-type]

    def stores(thread: str, *pairs: tuple[str, int], ends: object = GOES_ON) -> list[Did]:
        steps = [Did(thread, Store(cell, value)) for cell, value in pairs]
        last = steps[-1]
        return [*steps[:-1], Did(thread, last.operation, ends=ends)]

    cells = ["p_head", "p_lru", "p_buddy", "p_type", "p_reserved", "h_type", "h_lru", "h_buddy"]
    initial = {**dict.fromkeys(cells, 0), "p_head": 1, "p_lru": 1, "h_lru": 1, "done": 0}
    script = [
        reader("p_reserved", opens=(watch,)),
        reader("p_head"),
        *stores("A", ("p_head", 0), ("h_lru", 0), ("h_buddy", 1), ("h_buddy", 0), ("h_type", 1)),
        reader("h_type"),
        *stores("A", ("h_type", 0), ("h_buddy", 1), ("done", 1), ends=None),
        Did("B", WaitUntil("done", lambda value: value == 1)),
        *stores("B", ("p_lru", 0), ("p_buddy", 1), ("p_buddy", 0), ("h_buddy", 0), ("p_head", 1)),
        *stores("B", ("h_lru", 1), ("p_lru", 1), ends=None),
        reader("p_head", closes=(watch,), ends=Violation("misclassified")),
    ]
    return trace(
        initial,
        script,
        threads=("A", "B", "R"),
        watches={watch: lambda values: values["p_head"] == 1 and values["h_type"] == 1},
    )


def race_with_shows() -> Trace:
    """The same, of a program whose `shows` say "type": what h_type holds."""
    race = residual_race()
    now, events = "0", []
    for event in race.events:
        if getattr(event.operation, "cell", None) == "h_type":
            now = str(event.after)
        events.append(replace(event, shown={"type": now}))
    return replace(race, events=tuple(events), initial_shown={"type": "0"})


def lock_cycle() -> Trace:
    """Two threads that each hold the lock the other one wants."""
    return trace(
        {"L": False, "K": False},
        [Did("first", Acquire("L")), Did("second", Acquire("K"))],
        stuck={"first": Acquire("K"), "second": Acquire("L")},
    )


def held_lock() -> Trace:
    """A thread that finds a lock held, waits, and breaks an invariant when it gets it."""
    return trace(
        {"L": False, "n": 0},
        [
            Did("A", Acquire("L")),
            Did("A", Store("n", 1)),
            Did("B", Load("n")),
            Did("A", Release("L"), ends=None),
            Did("B", Acquire("L")),
            Did("B", Store("n", 2)),
        ],
        invariants={"n below 2": lambda values: values["n"] != 2},
    )


_VALUES = st.one_of(st.integers(-2, 2), st.booleans(), st.none(), st.text(max_size=60))


@st.composite
def small_traces(draw: st.DrawFn) -> Trace:
    """Any names and values, up to 8 threads and 25 steps; a window and an end here and there."""
    names = st.text(min_size=1, max_size=30)
    threads = draw(st.lists(names, min_size=1, max_size=8, unique=True))
    cells = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    watch = draw(names)
    running, watching = list(threads), set[str]()
    script = []
    for _ in range(draw(st.integers(0, 25))):
        if not running:
            break
        thread, cell = draw(st.sampled_from(running)), draw(st.sampled_from(cells))
        operations: list[Operation] = [
            Load(cell),
            Load(cell, "acquire"),
            Store(cell, draw(_VALUES)),
            Swap(cell, draw(_VALUES)),
            CompareExchange(cell, draw(_VALUES), draw(_VALUES)),
            Fence("mb"),
        ]
        opens = (watch,) if thread not in watching and draw(st.booleans()) else ()
        watching.update(thread for _ in opens)
        closes = (watch,) if thread in watching and draw(st.booleans()) else ()
        watching.difference_update(thread for _ in closes)
        ends = draw(st.sampled_from([GOES_ON, GOES_ON, GOES_ON, None, Violation("x")]))
        if ends is not GOES_ON:
            running.remove(thread)
        script.append(Did(thread, draw(st.sampled_from(operations)), opens, closes, ends))
    first = cells[0]
    return trace(
        dict.fromkeys(cells, draw(_VALUES)),
        script,
        threads=tuple(threads),
        watches={watch: lambda values: bool(values[first])},
    )


def explained(trace: Trace, label: str = "x") -> Explanation:
    """The trace told as the witness of a label, with counts that are made up."""
    return explanation_of(trace, label, interleavings=3, total=24621, preemptions=3, minimal=True)
