"""Schedules: the moves of an execution, in their order, by the names of who moves."""

from __future__ import annotations

from typing import NamedTuple


class Move(NamedTuple):
    """One move of a schedule: who takes the next step, and which option where it chooses.

    `thread` is a thread's name, or that of another agent of the memory model (a store buffer
    that flushes). `choice` is the position of the option that choose() gives, counted from 0; it
    is 0 for every other operation. A schedule is a tuple of moves, as replay() takes it. Moves are
    ordered by the agent's position, threads in the order of `Program.instances()`, then by choice.
    """

    thread: str
    choice: int = 0


Schedule = tuple[Move, ...]
