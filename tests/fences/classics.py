"""Programs with two or more threads of a few accesses, which show what no interleaving does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from racer import Cell, Memory, Program, State, Thread

Access = tuple[str, str]  # "R" or "W", and the cell
Ends = tuple[tuple[int, ...], ...]  # what each thread has read, then what cells hold
NAMES = "PQRS"


def interleavings(lengths: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every order of so many steps of each thread."""
    steps = [thread for thread, length in enumerate(lengths) for _ in range(length)]
    return iter(sorted(set(itertools.permutations(steps))))


def sequential_ends(threads: Sequence[Sequence[Access]]) -> set[Ends]:
    """What comes out in some interleaving. Every store has a value of its own."""
    found = set()
    for order in interleavings([len(each) for each in threads]):
        cells, reads = {"x": 0, "y": 0}, [list[int]() for _ in threads]
        at = [0] * len(threads)
        for thread in order:
            kind, cell = threads[thread][at[thread]]
            if kind == "W":
                cells[cell] = value_of(thread, at[thread])
            else:
                reads[thread].append(cells[cell])
            at[thread] += 1
        found.add((*map(tuple, reads), (cells["x"], cells["y"])))
    return found


def value_of(thread: int, at: int) -> int:
    """What a thread's access stores."""
    return 10 * (thread + 1) + at


def of_accesses(threads: Sequence[Sequence[Access]]) -> Program:
    """A program of these, which shows "weak" where it ends as in no interleaving."""
    memory = Memory()
    cells = {"x": memory.cell("x", 0), "y": memory.cell("y", 0)}
    allowed = sequential_ends(threads)

    def body(thread: int) -> Thread:
        steps = tuple(
            (kind, cells[cell], value_of(thread, at))
            for at, (kind, cell) in enumerate(threads[thread])
        )
        return Thread(_STRAIGHT[len(steps)], *itertools.chain.from_iterable(steps))

    def weak(state: State, came: Mapping[str, object]) -> bool:
        reads = tuple(came[NAMES[at]] for at in range(len(threads)))
        return (*reads, (state[cells["x"]], state[cells["y"]])) in allowed

    names = {NAMES[at]: body(at) for at in range(len(threads))}
    return Program(memory, names, finally_={"weak": weak})


async def _one(k: str, c: Cell[int], v: int) -> tuple[int, ...]:
    if k == "R":
        return (await c.load(),)
    await c.store(v)
    return ()


# Each access on a line of its own: a barrier is put before a step of the code.
async def one_access(k1: str, c1: Cell[int], v1: int) -> tuple[int, ...]:
    return await _one(k1, c1, v1)


async def two_accesses(
    k1: str, c1: Cell[int], v1: int, k2: str, c2: Cell[int], v2: int
) -> tuple[int, ...]:
    first = await _one(k1, c1, v1)
    second = await _one(k2, c2, v2)
    return (*first, *second)


_STRAIGHT = {1: one_access, 2: two_accesses}

SHAPES: Mapping[str, Sequence[Sequence[Access]]] = {
    "MP": ((("W", "x"), ("W", "y")), (("R", "y"), ("R", "x"))),
    "SB": ((("W", "x"), ("R", "y")), (("W", "y"), ("R", "x"))),
    "LB": ((("R", "x"), ("W", "y")), (("R", "y"), ("W", "x"))),
    "S": ((("W", "x"), ("W", "y")), (("R", "y"), ("W", "x"))),
    "R": ((("W", "x"), ("W", "y")), (("W", "y"), ("R", "x"))),
    "2+2W": ((("W", "x"), ("W", "y")), (("W", "y"), ("W", "x"))),
    "IRIW": ((("W", "x"),), (("R", "x"), ("R", "y")), (("W", "y"),), (("R", "y"), ("R", "x"))),
}
