"""Semaphores and bounded queues."""

from __future__ import annotations

import pytest

from racer import Memory, ModelError, Program, ProgramError, QueueClosed, Thread, explain, explore

# --- semaphores ----------------------------------------------------------------------------------


def workers(*, by_hand: bool, copies: int, tokens: int) -> Program:
    mem = Memory()
    cell = mem.cell("free", tokens)
    semaphore = mem.semaphore("semaphore", tokens, bounded=True)

    async def work() -> None:
        if by_hand:
            await cell.update_when(lambda n: n > 0, lambda n: n - 1)
            await cell.fetch_add(1)
        else:
            async with semaphore:
                pass

    return Program(mem, {"W": Thread(work, copies=copies)})


@pytest.mark.parametrize(("copies", "tokens"), [(2, 1), (3, 2), (4, 2)])
def test_a_semaphore_counts_as_updates_by_hand_do(copies: int, tokens: int) -> None:
    mine, other = (explore(workers(by_hand=b, copies=copies, tokens=tokens)) for b in (False, True))
    assert mine.verdict == other.verdict == "pass"
    assert (mine.interleavings, mine.states) == (other.interleavings, other.states)


def signalling(*, tries: bool) -> Program:
    mem = Memory()
    semaphore = mem.semaphore("semaphore", 0, most=2)

    async def takes() -> bool:
        if tries:
            return await semaphore.try_acquire()
        await semaphore.acquire()
        return True

    async def gives() -> None:
        await semaphore.release(2)

    return Program(mem, {"G": Thread(gives), "T": Thread(takes, copies=3)})


def test_so_many_are_let_through_as_were_given() -> None:
    # G, then two of three in either order; the third waits: 3 * 2, all of them deadlocks.
    result = explore(signalling(tries=False))
    assert result.interleavings == result.violations["deadlock"].interleavings == 6
    assert "waits for semaphore semaphore" in explain(result, "deadlock").verdict
    # k of 3 try before G, and fail; of the others two at most succeed. Any order of 4 threads.
    result = explore(signalling(tries=True))
    got: dict[int, int] = {}
    for outcome, how in result.outcomes.items():
        taken = sum(value is True for _, value in outcome)
        assert how.interleavings is not None
        got[taken] = got.get(taken, 0) + how.interleavings
    assert got == {0: 6, 1: 6, 2: 12}


@pytest.mark.parametrize("n", [1, 2])
def test_a_bounded_one_is_given_no_more_than_was_taken(n: int) -> None:
    mem = Memory()
    semaphore = mem.semaphore("semaphore", 2, bounded=True)

    async def work() -> None:
        await semaphore.acquire()
        await semaphore.release(n)

    result = explore(Program(mem, {"W": Thread(work)}))
    assert list(result.violations) == ([] if n == 1 else ["released too often"])


def test_what_is_no_count_is_refused() -> None:
    mem = Memory()
    for arguments, said in [({"value": -1}, "value=-1"), ({"value": 3, "most": 2}, "most=2")]:
        with pytest.raises(ProgramError, match=said):
            mem.semaphore("semaphore", **arguments)  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="capacity=0"):
        mem.queue("queue", 0)


def test_more_than_the_most_is_a_broken_model() -> None:
    mem = Memory()
    semaphore = mem.semaphore("semaphore", 0, most=1)

    async def gives() -> None:
        await semaphore.release()

    with pytest.raises(ModelError, match="up semaphore would leave 2 in cell 'semaphore'"):
        explore(Program(mem, {"G": Thread(gives, copies=2)}))


# --- queues --------------------------------------------------------------------------------------


def pipe(items: int, capacity: int) -> Program:
    mem = Memory()
    queue = mem.queue("queue", capacity)

    async def puts() -> None:
        for item in range(items):
            await queue.put(item)

    async def gets() -> tuple[int, ...]:
        return tuple([await queue.get() for _ in range(items)])

    return Program(
        mem,
        {"C": Thread(gets), "P": Thread(puts)},
        invariants={"room": lambda state: len(state[queue]) <= capacity},
        finally_={"in order": lambda _, came_to: came_to["C"] == tuple(range(items))},
    )


@pytest.mark.parametrize(
    ("items", "capacity", "interleavings"),
    # Ballot sequences that never lead by more than the capacity: Catalan numbers where it is no
    # limit (1, 2, 5), powers of 2 for a lead of at most 2, and 1 for a lead of 1.
    [(1, 1, 1), (2, 1, 1), (2, 2, 2), (3, 3, 5), (3, 2, 4), (3, 1, 1), (4, 2, 8), (4, 4, 14)],
)
def test_a_queue_gives_what_was_put_in_order(items: int, capacity: int, interleavings: int) -> None:
    result = explore(pipe(items, capacity))
    assert (result.verdict, result.interleavings) == ("pass", interleavings)


@pytest.mark.parametrize("puts", [True, False])
def test_a_queue_that_nobody_empties_or_fills_is_told(puts: bool) -> None:
    mem = Memory()
    queue = mem.queue("queue", 1)

    async def work() -> None:
        if puts:
            await queue.put("a")
            await queue.put("b")
        else:
            await queue.get()

    result = explore(Program(mem, {"T": Thread(work)}))
    what = "room" if puts else "an item"
    assert explain(result, "deadlock").verdict == f"deadlock: T waits for {what} in queue queue."


def test_to_try_never_waits() -> None:
    mem = Memory()
    queue = mem.queue("queue", 1)

    async def work() -> tuple[object, ...]:
        empty = await queue.try_get("nothing")
        first, second = await queue.try_put(1), await queue.try_put(2)
        return empty, first, second, await queue.try_get("nothing")

    (outcome,) = explore(Program(mem, {"T": Thread(work)})).outcomes
    assert outcome[0][1] == ("nothing", True, False, 1)


def test_a_closed_queue_gives_what_it_has_and_then_raises() -> None:
    mem = Memory()
    queue = mem.queue("queue", 1)

    async def puts() -> str:
        try:
            await queue.put("a")
            await queue.put("b")
        except QueueClosed:
            return "closed"
        return "put"

    async def gets() -> tuple[str, ...]:
        found = []
        try:
            while True:
                found.append(await queue.get())
        except QueueClosed:
            return tuple(found)

    async def closes() -> None:
        await queue.close()

    program = Program(mem, {"C": Thread(gets), "P": Thread(puts), "S": Thread(closes)})
    result = explore(program)
    assert result.verdict == "pass"
    came = {(dict(o)["P"], dict(o)["C"]) for o in result.outcomes}
    # Closed before the first, the second, or after it.
    assert came == {("closed", ()), ("closed", ("a",)), ("put", ("a", "b"))}


def test_who_does_not_catch_it_is_a_broken_model() -> None:
    mem = Memory()
    queue = mem.queue("queue", 1)

    async def work() -> None:
        await queue.close()
        await queue.get()

    with pytest.raises(ModelError, match="QueueClosed: queue is closed"):
        explore(Program(mem, {"T": Thread(work)}))
