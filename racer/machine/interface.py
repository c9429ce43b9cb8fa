"""What a search may ask of a program under a memory model: a `System`, and nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple, Protocol

from racer.lang.operations import Operation
from racer.lang.outcomes import OutcomeKey
from racer.machine.dependence import Footprint
from racer.machine.flat import FlatTables
from racer.machine.layout import Field, State
from racer.machine.moves import Agents, Move

Numbered = tuple[tuple[str, int], ...]  # a store buffer: cells, and the numbers of their values
Successors = Sequence[tuple[Move, State]]  # in the order of moves


class Future(NamedTuple):
    """What an agent may touch: with its next step, whether that is enabled or not; and with it
    or any later one. An agent that has ended touches nothing."""

    next: Footprint
    future: Footprint


class System(Protocol):
    """A program under one memory model. Searches have no branch on which one it is."""

    @property
    def agents(self) -> Agents:
        """Who can move."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the threads, in the order of Program.instances()."""

    @property
    def groups(self) -> tuple[str, ...]:
        """By thread: threads of one group are interchangeable."""

    @property
    def locals(self) -> tuple[Field, ...]:
        """By thread: the bits of a state that are its own and its agents'."""

    def initial(self) -> State:
        """The state before any step."""

    def successors(self, state: State) -> Successors:
        """Every move that can be made, in the order of moves, with the state it leads to.

        Errors   Broken where the model itself fails with that move.
        """

    def take_over(self, grown: System, nodes: Sequence[Mapping[int, int]]) -> None:
        """Know the moves that a system of the same model has found, of the same program with other
        automata: `nodes` has by thread, for each node of those, the one that goes on alike."""

    def flat(self, sometimes: Sequence[str]) -> FlatTables | None:
        """Its tables in plain numbers, for these `sometimes` predicates; None for a model of which
        more has to be asked than such tables say."""

    def numbered(self) -> Sequence[Numbered]:
        """What states have only numbers of, which were given as it was met; most systems have
        nothing of that kind."""

    def number_again(self, found: Sequence[Numbered]) -> None:
        """Give it the same numbers, before a state was asked for."""

    def event(self, state: State, move: Move) -> tuple[Operation, object]:
        """What a move does in `state`: the operation, and the result its thread gets."""

    def edge(self, before: State, move: Move, after: State) -> Hashable | None:
        """The edges of its thread's automaton that a move takes, from one state to the next.

        Equal for two moves exactly if they take the same ones, be it of two copies; None for a
        move of an agent that is no thread.
        """

    def dependent(self, state: State, a: Move, b: Move) -> bool:
        """Whether the order of two enabled moves of different agents may matter in `state`."""

    def control(self, state: State) -> int:
        """The part of the state that decides what `futures` gives."""

    def futures(self, state: State) -> tuple[Future, ...] | None:
        """By agent, what it may touch from here on; None where no bound is known."""

    def futures_by_node(self) -> tuple[Sequence[Future], ...] | None:
        """By thread and node the same, where it depends on nothing else, and agents are threads."""

    def labels(self, state: State) -> tuple[str, ...]:
        """The violations on the way to this state, sorted; deadlock is not among them."""

    def outcome(self, state: State) -> OutcomeKey:
        """What each thread has come to; Blocked or Idle for those that have not ended."""

    def ended(self, state: State) -> bool:
        """Whether every thread has ended that is no daemon; of several daemons alone, one.

        A state without moves in which they have not is a deadlock.
        """

    def settled(self, state: State) -> bool:
        """Whether every thread has ended that is neither a daemon nor perpetual."""

    def perpetual(self, state: State) -> tuple[int, ...]:
        """The positions of the perpetual threads, without those that a violation has ended."""

    def held(self, state: State) -> bool:
        """Whether a scheduler has nothing to choose: a task holds the event loop, and goes on.

        That others do not move then is neither its choice, nor are they unable.
        """

    def atomic(self, state: State, thread: int) -> bool:
        """Whether the thread is in an atomic region, so that it is not preempted."""

    def memory(self, state: State) -> int:
        """The part of the state that is the values of the cells, as all threads see them."""

    def unmet(self, state: State) -> tuple[str, ...]:
        """The `finally_` predicates that are false in a state in which all has ended, by name.

        Errors   ModelError for one that fails.
        """

    def reached(self, state: State, predicate: str) -> bool:
        """Whether the `sometimes` predicate of that name holds."""


class Broken(Exception):
    """The model fails with this move; the explorer, which knows the schedule, reports it."""

    def __init__(self, thread: int | None, move: Move | None, text: str) -> None:
        super().__init__(text)
        self.thread = thread
        self.move = move
        self.text = text
