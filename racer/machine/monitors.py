"""Monitors: what windows and invariants have seen is part of the state."""

from __future__ import annotations

from dataclasses import dataclass

from racer.automata.automaton import CellStep
from racer.automata.lifting import Lifted
from racer.errors import ModelError
from racer.lang.pending import AboutTo, Closing, OpenWindow, Watched
from racer.lang.watches import OBSERVATIONS, Observation, inconsistent
from racer.machine.layout import Field, Layout, State
from racer.machine.predicates import Truth, truth_of

_EVER_TRUE, _EVER_FALSE = 1, 2  # the two bits of a window monitor; both 0: not open


class TooManyWindows(ModelError):
    """More than a state of open automata has bits for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thread's step, as the monitors see it."""

    thread: int
    opens: tuple[OpenWindow, ...]
    node: int
    target: int
    changes: str | None  # the cell that gets another value with this step


class Monitors:
    """Windows and invariants: what they have seen is part of the state.

    Invariant  a window's two bits are non-zero exactly while it is open, and the bits of a
               slot that no window occupies are 0, so that equal situations are equal states.
    """

    def __init__(self, lifted: Lifted, layout: Layout) -> None:
        self._lifted = lifted
        self._layout = layout
        self._watches: dict[str, Truth] = {}
        self._invariants = [
            (layout.broken[name], truth_of(f"invariant {name!r}", predicate, layout, lifted))
            for name, predicate in sorted(lifted.program.invariants.items())
        ]
        self._consistency = [
            (name, truth_of(f"consistency {name!r}", predicate, layout, lifted))
            for name, predicate in sorted(lifted.program.consistency.items())
        ]
        self._examines = bool(self._invariants or self._consistency)
        self.watched = frozenset(
            cell for watch in lifted.program.memory.watches.values() for cell in watch.cells
        )

    def take_over(self, grown: Monitors) -> None:
        """Those of another layout have examined states that lead to those to be examined here."""
        mine = (*self._invariants, *self._consistency)
        for (_, holds), (_, known) in zip(
            mine, (*grown._invariants, *grown._consistency), strict=True
        ):
            holds.take_over(known)

    def start(self, state: State) -> State:
        """The initial state with what holds of whole states examined."""
        return self._examine(state, -1)

    def concern(self, step: Step) -> bool:
        """Whether the monitors have anything to do at this step, whatever the state."""
        changes = step.changes is not None and (step.changes in self.watched or self._examines)
        return changes or self.settles(step)

    def _settles(self, step: Step) -> bool:
        """Whether the thread learns what a window saw, or ends within one."""
        automaton = self._lifted.automata[step.thread]
        target = automaton.pending(step.target)
        ends_inside = not isinstance(target, AboutTo) and bool(automaton.open_slots(step.node))
        return isinstance(target, Closing) or ends_inside

    def after(self, before: State, state: State, step: Step) -> State:
        """`state`, which the step made of `before`, with the monitors brought up to date."""
        for window in step.opens:
            field = self._window_field(step.thread, window.slot)
            seen = _EVER_TRUE if self.truth(window.watch, before) else _EVER_FALSE
            state += field.delta(field.get(state), seen)
        if step.changes is not None:
            state = self._observe(before, state, step.changes, step)
        if self.settles(step):
            state = self._close(state, step)
        return state if step.changes is None else self._examine_change(state, step.changes)

    def changed(self, before: State, state: State, cell: str) -> State:
        """`state`, made of `before` by another value of a cell and no thread's step."""
        return self._examine_change(self._observe(before, state, cell, None), cell)

    def _examine_change(self, state: State, cell: str) -> State:
        if not self._examines:
            return state
        changed = self._layout.cells[cell]
        return self._examine(state, changed.mask << changed.shift)

    def truth(self, watch: Watched, state: State) -> bool:
        known = self._watches.get(watch.name)
        return (self.of_watch(watch.name) if known is None else known)(state)

    def of_watch(self, name: str) -> Truth:
        """The truth of the watch of that name."""
        known = self._watches.get(name)
        if known is None:
            own = self._lifted.program.memory.watches[name]
            known = self._watches[name] = truth_of(
                f"watch {name!r}", own.predicate, self._layout, self._lifted, frozenset(own.cells)
            )
        return known

    def settles(self, step: Step) -> bool:
        """Whether windows of the thread close with this step, or are cleared."""
        return bool(step.opens) or self._settles(step)

    @property
    def of_states(self) -> tuple[list[tuple[Field, Truth]], list[Truth]]:
        """The invariants, each with its bit in a state, and what may not be false."""
        return self._invariants, [truth for _, truth in self._consistency]

    def _observe(self, before: State, state: State, changed: str, step: Step | None) -> State:
        """Every open window on the changed cell sees the new state; for others none is new."""
        if changed not in self.watched:
            return state
        for thread, automaton in enumerate(self._lifted.automata):
            if not self._layout.windows[thread]:
                continue
            node = self._layout.nodes[thread].get(before)
            slots = automaton.open_slots(node)
            if step is not None and thread == step.thread:
                slots += tuple((window.slot, window.watch) for window in step.opens)
            for slot, watch in slots:
                if changed not in watch.cells:
                    continue
                field = self._window_field(thread, slot)
                seen = field.get(state)
                now = seen | (_EVER_TRUE if self.truth(watch, state) else _EVER_FALSE)
                state += field.delta(seen, now)
        return state

    def _close(self, state: State, step: Step) -> State:
        """Answer the windows that close at this state, and clear those a thread ends within."""
        automaton = self._lifted.automata[step.thread]
        node_field = self._layout.nodes[step.thread]
        node = step.target
        pending = automaton.pending(node)
        while isinstance(pending, Closing):
            field = self._window_field(step.thread, pending.slot)
            watch = dict(automaton.open_slots(node))[pending.slot]
            seen = field.get(state)
            answer = OBSERVATIONS.index(
                Observation(
                    bool(seen & _EVER_TRUE), bool(seen & _EVER_FALSE), self.truth(watch, state)
                )
            )
            state += field.delta(seen, 0)
            target = automaton.target(node, CellStep(answer, OBSERVATIONS[answer], 0))
            state += node_field.delta(node, target)
            node, pending = target, automaton.pending(target)
        if not isinstance(pending, AboutTo):
            for field in self._layout.windows[step.thread]:
                state += field.delta(field.get(state), 0)
        return state

    def _examine(self, state: State, changed: int) -> State:
        """Note the invariants that are false; refuse a state that breaks the model's consistency.

        `changed` masks the cells that have another value than in the state examined before. A
        predicate that has never looked at them answers as it did there.
        """
        for name, holds in self._consistency:
            if (changed < 0 or holds.reads & changed) and not holds(state):
                raise inconsistent(name, holds.values_read(state))
        for field, holds in self._invariants:
            examine = changed < 0 or holds.reads & changed
            if examine and not field.get(state) and not holds(state):
                state += field.delta(0, 1)
        return state

    def _window_field(self, thread: int, slot: int) -> Field:
        try:
            return self._layout.windows[thread][slot]
        except IndexError:
            raise TooManyWindows(
                f"thread {self._lifted.instances[thread].name!r} has more than "
                f"{self._lifted.open_slots} windows open at once, while its values do not "
                f"converge. Close some of them."
            ) from None
