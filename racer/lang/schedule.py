"""Schedules: the moves of an execution, in their order, by the names of who moves."""

from __future__ import annotations

from typing import NamedTuple


class Move(NamedTuple):
    """What an explorer chooses: who moves, and which option of a Choose.

    `thread` is a thread's name, or that of another agent of the memory model (a store buffer
    that flushes). `choice` is the option's position, and 0 for every other operation. Moves are
    ordered by the agent's position, threads in the order of `Program.instances()`, then by choice.
    """

    thread: str
    choice: int = 0


Schedule = tuple[Move, ...]
