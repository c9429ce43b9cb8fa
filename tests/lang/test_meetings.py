"""Reader-writer locks, latches and barriers."""

from __future__ import annotations

from collections import Counter

import pytest

from racer import Memory, ModelError, Program, ProgramError, Thread, explain, explore
from racer.lang.sync.rwlocks import Preference, Within

# --- reader-writer locks -------------------------------------------------------------------------


def library(readers: int, writers: int, prefers: Preference = None) -> Program:
    mem = Memory()
    lock = mem.rwlock("lock", prefers=prefers)

    async def reads() -> None:
        async with lock.read:
            pass

    async def writes() -> None:
        async with lock.write:
            pass

    threads = {}
    if readers:
        threads["R"] = Thread(reads, copies=readers)
    if writers:
        threads["W"] = Thread(writes, copies=writers)
    return Program(
        mem,
        threads,
        invariants={
            "a writer is alone": lambda s: (
                s[lock].readers + s[lock].writing < 2 or not s[lock].writing
            )
        },
        sometimes={"all read": lambda s: s[lock].readers == readers},
    )


@pytest.mark.parametrize(
    ("readers", "writers", "interleavings"),
    [
        (2, 0, 6),  # C(4, 2): nothing keeps readers apart
        (1, 1, 2),
        (0, 2, 2),  # and writers one after the other
        # A writer fits where nobody is in it: of the 6 orders of two readers 2 have a gap between
        # them, and so three places; the others two.
        (2, 1, 2 * 3 + 4 * 2),
    ],
)
def test_a_writer_is_alone_and_readers_are_together(
    readers: int, writers: int, interleavings: int
) -> None:
    result = explore(library(readers, writers))
    assert (result.verdict, result.interleavings) == ("pass", interleavings)


@pytest.mark.parametrize("prefers", ["readers", "writers"])
def test_a_preference_keeps_them_apart_as_well(prefers: str) -> None:
    assert explore(library(2, 2, prefers)).verdict == "pass"


def reads_twice(prefers: Preference) -> Program:
    mem = Memory()
    lock = mem.rwlock("lock", prefers=prefers)

    async def reads() -> None:
        async with lock.read, lock.read:
            pass

    async def writes() -> None:
        async with lock.write:
            pass

    return Program(mem, {"R": Thread(reads), "W": Thread(writes)})


def test_a_writer_that_waits_keeps_out_who_reads_already_only_if_it_is_preferred() -> None:
    for prefers in (None, "readers"):
        assert explore(reads_twice(prefers)).verdict == "pass"
    result = explore(reads_twice("writers"))
    # R, W comes and has to wait, and R waits for W.
    assert result.violations["deadlock"].interleavings == 1
    said = "which has <1 reader, 1 waiting>"
    assert explain(result, "deadlock").verdict == (
        f"deadlock: R waits to read lock, {said}; W waits to write lock, {said}."
    )


@pytest.mark.parametrize("prefers", [None, "readers", "writers"])
def test_a_reader_goes_behind_a_writer_that_waits_only_if_it_is_preferred(
    prefers: Preference,
) -> None:
    mem = Memory()
    lock, x = mem.rwlock("lock", prefers=prefers), mem.cell("x", 0)

    async def reads() -> None:
        async with lock.read:
            await x.store(1)
            await x.wait_until(lambda value: value == 2)

    async def writes() -> None:
        await x.wait_until(lambda value: value == 1)
        async with lock.write:
            pass

    async def comes_later() -> bool:  # while a reader is in it, and so no writer
        await x.wait_until(lambda value: value == 1)
        entered = await lock.read.try_acquire()
        await x.store(2)
        if entered:
            await lock.read.release()
        return entered

    threads = {"L": Thread(comes_later), "R": Thread(reads), "W": Thread(writes)}
    came = {dict(outcome)["L"] for outcome in explore(Program(mem, threads)).outcomes}
    assert came == ({True, False} if prefers == "writers" else {True})


@pytest.mark.parametrize("prefers", [None, "readers", "writers"])
@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("waiting", [0, 1])
def test_who_is_admitted(prefers: Preference, writes: bool, waiting: int) -> None:
    """While nobody is in it, a reader is, and a writer is."""
    behind = bool(waiting) and prefers == ("readers" if writes else "writers")
    states = [Within(0, False, waiting), Within(1, False, waiting), Within(0, True, waiting)]
    admitted = [not behind, not behind and not writes, False]
    assert [state.admits(writes, prefers) for state in states] == admitted


@pytest.mark.parametrize("writes", [True, False])
def test_who_leaves_what_nobody_entered_is_a_broken_model(writes: bool) -> None:
    mem = Memory()
    lock = mem.rwlock("lock")

    async def leaves() -> None:
        await (lock.write if writes else lock.read).release()

    side, who = ("write", "writer") if writes else ("read", "reader")
    with pytest.raises(ModelError, match=f"{side}-unlock lock: no {who} has it"):
        explore(Program(mem, {"T": Thread(leaves)}))


def test_a_thread_that_reads_without_end_is_a_broken_model() -> None:
    mem = Memory()
    lock = mem.rwlock("lock")

    async def reads() -> None:
        while True:
            await lock.read.acquire()

    with pytest.raises(ModelError, match="<3 readers> in 'lock', which 1 thread cannot come to"):
        explore(Program(mem, {"R": Thread(reads)}))


def test_to_try_does_not_wait() -> None:
    mem = Memory()
    lock = mem.rwlock("lock")

    async def tries() -> tuple[bool, ...]:
        found = [await lock.read.try_acquire(), await lock.write.try_acquire()]
        await lock.read.release()
        found += [await lock.write.try_acquire(), await lock.read.try_acquire()]
        return tuple(found)

    (outcome,) = explore(Program(mem, {"T": Thread(tries)})).outcomes
    assert outcome[0][1] == (True, False, True, False)


# --- latches and barriers ------------------------------------------------------------------------


def test_a_latch_lets_go_on_when_all_have_counted_down() -> None:
    mem = Memory()
    latch = mem.latch("latch", 2)

    async def counts() -> None:
        await latch.count_down()

    async def waits() -> None:
        await latch.wait()
        await latch.wait()

    result = explore(Program(mem, {"C": Thread(counts, copies=2), "W": Thread(waits)}))
    assert (result.verdict, result.interleavings) == ("pass", 2)  # CC WW, in 2! orders


def test_a_latch_that_is_not_counted_down_is_told() -> None:
    mem = Memory()
    latch = mem.latch("latch", 2)

    async def waits() -> None:
        await latch.count_down()
        await latch.wait()

    result = explore(Program(mem, {"W": Thread(waits)}))
    assert explain(result, "deadlock").verdict == "deadlock: W waits at latch latch, which is 1."


def meets(threads: int, rounds: int) -> Program:
    mem = Memory()
    barrier = mem.barrier("barrier", threads)

    async def comes() -> tuple[int, ...]:
        return tuple([await barrier.wait() for _ in range(rounds)])

    return Program(mem, {"T": Thread(comes, copies=threads)})


@pytest.mark.parametrize(
    ("threads", "rounds", "interleavings"),
    [
        (1, 2, 1),
        (2, 1, 2),  # who comes first
        (3, 1, 6 * 2),  # in which order they come, and two go on
        (2, 3, 2**3),  # who comes first, in each round: it goes on before anybody comes again
        # Two go on in either order; one of them, or the last, may come again only after both.
        (3, 2, 12 * 12),
    ],
)
def test_a_barrier_lets_all_go_on_when_the_last_has_come(
    threads: int, rounds: int, interleavings: int
) -> None:
    result = explore(meets(threads, rounds))
    assert (result.verdict, result.interleavings) == ("pass", interleavings)
    for outcome in result.outcomes:
        for each in zip(*(value for _, value in outcome), strict=True):  # type: ignore[arg-type]
            assert Counter(each) == Counter(range(threads))


def test_a_barrier_that_somebody_does_not_come_to_is_told() -> None:
    mem = Memory()
    barrier = mem.barrier("barrier", 2)

    async def comes() -> None:
        await barrier.wait()

    result = explore(Program(mem, {"T": Thread(comes)}))
    assert explain(result, "deadlock").verdict == (
        "deadlock: T waits at barrier barrier for 2 threads, which has <1 there>."
    )


def test_what_they_cannot_be_made_with_is_refused() -> None:
    mem = Memory()
    with pytest.raises(ProgramError, match="prefers='both' is not 'readers', 'writers' or None"):
        mem.rwlock("lock", prefers="both")  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="latch 'latch': count=-1"):
        mem.latch("latch", -1)
    with pytest.raises(ProgramError, match="barrier 'barrier': parties=0"):
        mem.barrier("barrier", 0)
