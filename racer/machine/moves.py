"""Moves as integers: who moves, and which option of a Choose, behind one codec.

Who moves is an agent: a thread, or a part of the memory model that moves by itself, such as a
store buffer that flushes. Every agent works for one thread; copies of a thread have copies of its
agents. Only a thread can be preempted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from racer.lang.schedule import Move as NamedMove
from racer.lang.schedule import Schedule

Move = int  # agent * OPTIONS + option, so that moves sort by agent, then by option
OPTIONS: Final = 1 << 16


class Agent(NamedTuple):
    """Who can move: `thread` is the position of the thread that it is, or that it works for.

    `role` is empty for a thread itself; agents of one role do the same for different threads.
    """

    name: str
    thread: int
    role: str = ""


Agents = Sequence[Agent]  # threads first, in the order of Program.instances()


def move_of(agent: int, option: int = 0) -> Move:
    """The move of an agent, by its position."""
    return agent * OPTIONS + option


def agent_of(move: Move) -> int:
    """The position of the agent that moves."""
    return move // OPTIONS


def thread_of(move: Move, agents: Agents) -> int:
    """The position of the thread that moves, or that what moves works for."""
    return agents[agent_of(move)].thread


def option_of(move: Move) -> int:
    """The position of the option that is chosen; 0 for all but a Choose."""
    return move % OPTIONS


def threads(names: Iterable[str]) -> tuple[Agent, ...]:
    """The threads of these names as agents."""
    return tuple(Agent(name, thread) for thread, name in enumerate(names))


def named(moves: Iterable[Move], agents: Agents) -> Schedule:
    """Packed moves as replay takes them, and as witnesses keep them."""
    return tuple(NamedMove(agents[agent_of(move)].name, option_of(move)) for move in moves)


def packed(schedule: Schedule, agents: Agents) -> list[Move]:
    """Named moves as a search takes them. Errors: KeyError for a name that no agent has."""
    position = {agent.name: at for at, agent in enumerate(agents)}
    return [move_of(position[move.thread], move.choice) for move in schedule]


def renamed(moves: Iterable[Move], agents: Agents, part: Mapping[int, int]) -> tuple[Move, ...]:
    """The moves with threads exchanged: `part` says which thread takes the part of which."""
    position = {(agent.role, agent.thread): at for at, agent in enumerate(agents)}
    return tuple(
        move_of(position[agent.role, part[agent.thread]], option_of(move))
        for move in moves
        for agent in (agents[agent_of(move)],)
    )
