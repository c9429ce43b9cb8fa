"""Memory models by name: what each is to a search, and what to a replay.

A model that can be searched step by step has a System over lifted programs and a Storage for
real runs of it. Adding one is a file for each, and a line in MODELS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from racer.automata.lifting import Lifted
from racer.errors import ProgramError, UsageError, suggestion
from racer.lang.program import Program
from racer.lang.schedule import Schedule
from racer.machine.event_loop import EventLoop, FirstInFirstOut
from racer.machine.interface import System
from racer.machine.sc import SequentialConsistency
from racer.machine.tso import TotalStoreOrder
from racer.replaying.replay import run
from racer.replaying.storage import SequentialStorage, Storage
from racer.replaying.store_buffers import StoreBufferStorage
from racer.replaying.tasks import Tasks
from racer.replaying.trace import Trace


@dataclass(frozen=True, slots=True)
class Model:
    """An operational memory model. `delays`: a plain store may be seen later by others."""

    system: Callable[[Lifted], System]
    storage: Callable[[Program], Storage]
    delays: bool = True


MODELS: Final[dict[str, Model]] = {
    "sc": Model(SequentialConsistency, SequentialStorage, delays=False),
    "tso": Model(TotalStoreOrder, StoreBufferStorage),
}

# Tasks of one event loop are one thread of the machine: whatever its model is, they see each store.
_EVENT_LOOPS: Final[Mapping[object, Model]] = {
    True: Model(EventLoop, SequentialStorage, delays=False),
    "fifo": Model(FirstInFirstOut, SequentialStorage, delays=False),
}


# Those that have no machine, so that nothing can be stepped through: of these, executions are
# enumerated as graphs (racer/executions/), and only what explore() says is said.
OF_EXECUTIONS: Final = ("arm64", "lkmm")


def require_memory(memory: str) -> None:
    """Errors: UsageError for a memory model that racer does not have, with a machine or without."""
    if memory not in OF_EXECUTIONS:
        model(memory)


def model(memory: str) -> Model:
    """The memory model of that name, with a machine.

    Errors   UsageError for one that racer does not have, or that has none.
    """
    if memory in OF_EXECUTIONS:
        raise UsageError(
            f"the memory model {memory!r} has no states and no schedules, only executions: what is "
            f"asked here needs one that has, {' or '.join(map(repr, MODELS))}."
        )
    if memory not in MODELS:
        known = sorted([*MODELS, *OF_EXECUTIONS])
        raise UsageError(f"unknown memory model {memory!r}{suggestion(memory, known)}")
    return MODELS[memory]


def system_of(lifted: Lifted, memory: str) -> System:
    """A lifted program under the memory model of that name.

    Errors   as model(); ProgramError for a thread that has the name of another agent.
    """
    _storage_of(lifted.program, memory)
    return _model_of(lifted.program, memory).system(lifted)


def replayed(program: Program, schedule: Schedule, memory: str, *, cycle: int = 0) -> Trace:
    """A schedule run on trio under the memory model of that name; its last `cycle` moves twice.

    Errors   as run() in racer/replaying/replay.py, and as system_of().
    """
    return run(program, schedule, _storage_of(program, memory), cycle=cycle)


def tasks_of(program: Program, memory: str) -> Tasks:
    """The program's threads as coroutines, not yet started, over a storage of that model.

    Errors   as system_of().
    """
    return Tasks(program, _storage_of(program, memory))


def _model_of(program: Program, memory: str) -> Model:
    chosen = model(memory)
    return _EVENT_LOOPS.get(program.event_loop, chosen)


def _storage_of(program: Program, memory: str) -> Storage:
    """A new one. A move says by name who moves, so no thread may have the name of an agent."""
    chosen = _model_of(program, memory)
    if chosen.delays:
        require_cells(program, memory)
    storage = chosen.storage(program)
    for instance in program.instances():
        if instance.name in storage.agents:
            raise ProgramError(
                f"thread {instance.name!r} has the name of an agent that the memory model "
                f"{memory!r} gives to thread {storage.agents[instance.name]!r}, and a schedule "
                f"could not tell them apart: rename one of the threads."
            )
    return storage


def require_cells(program: Program, memory: str) -> None:
    """Refuse what has plain stores of its own, which nobody has taught to be seen later."""
    known = program.memory.handles.items()
    named = [repr(name) for name, each in known if each.at_once]
    if named:
        raise UsageError(
            f"the memory model {memory!r} cannot be asked about {named[0]}: stores to a pool's "
            f"fields and to per-thread cells, and what RCU orders, are modelled under 'sc' alone, "
            f"where all see a store at once.\n"
            f"Try: memory='sc'; or cells and locks in their place."
        )
