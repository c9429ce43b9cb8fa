"""Programs that loop, with what liveness has to say of them derived beside each.

Declared are the labels of a program's violations, the threads that loop, and those that loop in
unfair runs, in which a thread that can go on never does.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from racer import Cell, Lock, Memory, Program, Thread, Violation, choose

Make = Callable[[], Program]
CASES: dict[str, tuple[Make, frozenset[str], tuple[str, ...], tuple[str, ...]]] = {}


def case(labels: str, *, loops: str = "", unfair: str = "") -> Callable[[Make], Make]:
    """Declares the answers for a program; names are parted by spaces."""

    def declare(make: Make) -> Make:
        CASES[make.__name__] = (
            make,
            frozenset(labels.split()),
            tuple(loops.split()),
            tuple(unfair.split()),
        )
        return make

    return declare


async def until(cell: Cell[int], value: int) -> None:
    while await cell.load() != value:
        pass


async def put(cell: Cell[int], value: int) -> None:
    await cell.store(value)


async def wait(cell: Cell[int], value: int) -> None:
    await cell.wait_until(lambda v: v == value)


async def toggle_for_ever(cell: Cell[int]) -> None:
    while True:
        await cell.update(lambda v: 1 - v)


async def look_for_ever(cell: Cell[int]) -> None:
    while True:
        await cell.load()


# --- one thread waits for what never comes --------------------------------------------------


@case("livelock", loops="T")
def alone() -> Program:
    """GenMC's spinloop. There is no other thread, so no run is unfair."""
    mem = Memory()
    return Program(mem, {"T": Thread(until, mem.cell("x", 0), 1)})


@case("deadlock")
def alone_and_blocked() -> Program:
    """The same with a wait that takes no steps."""
    mem = Memory()
    return Program(mem, {"T": Thread(wait, mem.cell("x", 0), 1)})


@case("livelock", loops="S", unfair="S")
def waits_for_nobody() -> Program:
    """S spins for ever, whatever O does. That is unfair only while O has not taken its step."""
    mem = Memory()
    flag, x = mem.cell("flag", 0), mem.cell("x", 0)
    return Program(mem, {"S": Thread(until, flag, 1), "O": Thread(put, x, 1)})


@case("", loops="S", unfair="S")
def waits_for_somebody() -> Program:
    """O sets the flag: S spins for ever only if O, which is able, never takes its step."""
    mem = Memory()
    flag = mem.cell("flag", 0)
    return Program(mem, {"S": Thread(until, flag, 1), "O": Thread(put, flag, 1)})


@case("livelock", loops="A B", unfair="A B")
def each_waits_for_the_other() -> Program:
    """B waits for A to clear a, which it never does; A waits for B, which gets no further.

    Unfair are A's spin before B has seen a, and B's before A has set it.
    """
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def first() -> None:
        await a.store(1)
        await until(b, 1)

    async def second() -> None:
        await until(a, 1)
        await until(a, 0)
        await b.store(1)

    return Program(mem, {"A": Thread(first), "B": Thread(second)})


@case("livelock", loops="M", unfair="M")
def looks_too_early() -> Program:
    """GenMC's simple: T looks once. If M has not set y by then, M spins for ever.

    Unfair is M's spin while T has not come to its end.
    """
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def main() -> None:
        await y.store(1)
        await until(x, 1)

    async def once() -> None:
        if await y.load():
            await x.store(1)

    return Program(mem, {"M": Thread(main), "T": Thread(once)})


@case("bad livelock", loops="S", unfair="S")
def waits_for_a_thread_that_a_violation_has_ended() -> Program:
    """W sets the flag or raises; then S spins for ever, fairly: W is not able any more."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def writer() -> None:
        if await choose(False, True):
            raise Violation("bad")
        await flag.store(1)

    return Program(mem, {"S": Thread(until, flag, 1), "W": Thread(writer)})


@case("bad", loops="S", unfair="S")
def waits_for_a_thread_that_cleans_up_after_its_violation() -> Program:
    """As above, but the flag is set on the way out in any case."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def writer() -> None:
        try:
            if await choose(False, True):
                raise Violation("bad")
        finally:
            await flag.store(1)

    return Program(mem, {"S": Thread(until, flag, 1), "W": Thread(writer)})


@case("livelock", loops="P")
def chooses_to_go_on() -> Program:
    """Fairness is about threads and not about options: one may be taken for ever."""
    mem = Memory()

    async def run() -> None:
        while await choose(False, True):
            pass

    return Program(mem, {"P": Thread(run)})


@case("livelock", loops="P", unfair="P")
def chooses_to_go_on_beside_another() -> Program:
    """A search that let P come to its end before Q's step would see the unfair loop alone."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def run() -> None:
        while await choose(False, True):
            await x.store(0)

    async def other() -> bool:
        return await choose(False, True)

    return Program(mem, {"P": Thread(run), "Q": Thread(other)})


# --- locks ----------------------------------------------------------------------------------


@case("livelock", loops="S")
def spins_with_the_lock_that_the_other_needs() -> Program:
    """If O comes first, all is well. If S does, O is unable from then on, and the spin is fair."""
    mem = Memory()
    flag, lock = mem.cell("flag", 0), mem.lock("lock")

    async def spin() -> None:
        async with lock:
            await until(flag, 1)

    async def other() -> None:
        async with lock:
            await flag.store(1)

    return Program(mem, {"S": Thread(spin), "O": Thread(other)})


@case("livelock", loops="P")
def copies_need_the_lock_that_one_spins_with() -> Program:
    """Whichever comes first; the two others are blocked in every state of its spin."""
    mem = Memory()
    flag, lock = mem.cell("flag", 0), mem.lock("lock")

    async def spin() -> None:
        async with lock:
            await until(flag, 1)

    return Program(mem, {"P": Thread(spin, copies=3)})


@case("livelock", loops="P")
def takes_what_is_never_given_back() -> Program:
    """A copy spins when the other has taken the flag, which was the last step of that one."""
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def take() -> None:
        while await flag.compare_exchange(0, 1) != 0:
            pass

    return Program(mem, {"P": Thread(take, copies=2)})


def spin_lock(copies: int) -> Program:
    mem = Memory()
    lock = mem.cell("lock", 0)

    async def run() -> None:
        while await lock.compare_exchange(0, 1) != 0:
            pass
        await lock.store(0)

    return Program(mem, {"P": Thread(run, copies=copies)})


@case("", loops="P", unfair="P")
def spin_lock_of_two() -> Program:
    """A spin lasts while the holder, which is able, is not let go: the end rests on fairness."""
    return spin_lock(2)


@case("", loops="P", unfair="P")
def spin_lock_of_three() -> Program:
    """Two copies may spin by turns, and the third holds the lock: a group is no thread."""
    return spin_lock(3)


def crossed(*, block: bool) -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def lock(cell: Cell[int]) -> None:
        while await cell.compare_exchange(0, 1) != 0:
            if block:
                await wait(cell, 0)

    async def both(first: Cell[int], second: Cell[int]) -> None:
        await lock(first)
        await lock(second)
        await second.store(0)
        await first.store(0)

    return Program(mem, {"P": Thread(both, x, y), "Q": Thread(both, y, x)})


@case("livelock", loops="P Q", unfair="P Q")
def spin_locks_taken_in_either_order() -> Program:
    """GenMC's lock-deadlock: with one lock each, both spin for the other one, and both move.

    Where one has both, the other spins for its first: unfair, as the holder is able.
    """
    return crossed(block=False)


@case("deadlock")
def locks_waited_for_in_either_order() -> Program:
    """The same, but nobody spins: who finds a lock taken waits, and tries again after that.

    A thread tries in vain once for each time that the other has taken the lock: finitely often.
    """
    return crossed(block=True)


@case("bad deadlock")
def violation_with_a_lock_held() -> Program:
    """Taken by hand, the lock stays taken when its holder is ended."""
    mem = Memory()
    lock = mem.lock("lock")

    async def wrong() -> None:
        await lock.acquire()
        raise Violation("bad")

    return Program(mem, {"P": Thread(wrong), "Q": Thread(locked_once, lock)})


async def locked_once(lock: Lock) -> None:
    async with lock:
        pass


@case("bad livelock", loops="Q")
def violation_with_a_lock_that_another_spins_for() -> Program:
    """The same, with trylock in a loop. P is not able when the lock is held: it has ended."""
    mem = Memory()
    lock = mem.lock("lock")

    async def wrong() -> None:
        await lock.acquire()
        raise Violation("bad")

    async def trying() -> None:
        while not await lock.try_acquire():
            pass
        await lock.release()

    return Program(mem, {"P": Thread(wrong), "Q": Thread(trying)})


# --- several that loop ----------------------------------------------------------------------


@case("livelock", loops="P Q", unfair="P Q")
def two_polite_flags() -> Program:
    """Each withdraws while it sees the other's flag: in lockstep, both do so for ever.

    An end can be reached from everywhere, so it is a matter of luck, and not of fairness. Unfair
    is that one withdraws and tries again by itself, while the other, with its flag up, has seen
    that the way is free: it has only to put its flag down, and to end.
    """
    mem = Memory()
    a, b = mem.cell("a", 0), mem.cell("b", 0)

    async def enter(mine: Cell[int], other: Cell[int]) -> None:
        await mine.store(1)
        while await other.load():
            await mine.store(0)
            await mine.store(1)
        await mine.store(0)

    return Program(mem, {"P": Thread(enter, a, b), "Q": Thread(enter, b, a)})


@case("livelock", loops="P", unfair="P")
def polite_copies() -> Program:
    """The same with one flag for both, and copies. With both in the loop, they may stay there.

    Unfair is that one withdraws again and again while the other has left the loop and has but to
    put the flag down: who has left stays who it is, though of two copies either may have.
    """
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def enter() -> None:
        await flag.store(1)
        while await flag.load():
            await flag.store(0)
            await flag.store(1)
        await flag.store(0)

    return Program(mem, {"P": Thread(enter, copies=2)})


@case("livelock", loops="P Q")
def polite_copies_and_a_spinner() -> Program:
    """Wherever P spins, it moves itself, and each copy of Q that is able can withdraw once more.

    A copy about to look at a flag that is down is no exception: only the other one's withdrawal
    has put it down, and that one is about to raise it again. One that is alone has raised it.
    """
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def withdraw() -> None:
        await flag.store(1)
        while await flag.load():
            await flag.store(0)
            await flag.store(1)

    return Program(mem, {"P": Thread(until, flag, 1), "Q": Thread(withdraw, copies=2)})


def peterson(rounds: int | None, *, daemon: bool = False) -> Program:
    """Peterson's lock, `rounds` times by each, or for ever; inside, it must be alone."""
    mem = Memory()
    wants = (mem.cell("p wants", 0), mem.cell("q wants", 0))
    turn, inside = mem.cell("turn", 0), mem.cell("inside", 0)

    async def once(mine: int) -> None:
        await wants[mine].store(1)
        await turn.store(1 - mine)
        while await wants[1 - mine].load() and await turn.load() == 1 - mine:
            pass
        assert await inside.swap(1) == 0, "two inside"
        await inside.store(0)
        await wants[mine].store(0)

    async def run(mine: int) -> None:
        again = True
        while again:
            await once(mine)
            again = rounds is None

    threads = {name: Thread(run, mine, daemon=daemon) for mine, name in enumerate("PQ")}
    return Program(mem, threads)


@case("", loops="P Q", unfair="P Q")
def peterson_once() -> Program:
    """Who waits spins while the other, which is able, could go in and out."""
    return peterson(1)


@case("", loops="P Q")
def peterson_for_ever_as_daemons() -> Program:
    """Nobody has to come to an end: nothing is wrong, and nothing rests on fairness."""
    return peterson(None, daemon=True)


@case("livelock", loops="P Q")
def peterson_for_ever() -> Program:
    """Both have to end and do not: the loop's condition is a way out, to who reads the code.

    All spins are on a way back to where both are outside.
    """
    return peterson(None)


@case("deadlock", loops="P Q")
def lamport() -> Program:
    """GenMC's lamport-deadlock with blocking waits: both flags up is a deadlock.

    Otherwise they take turns for ever, by way of the state where both flags are down, as they are
    written to. There is no other cycle.
    """
    return lamports(wait)


@case("livelock", loops="P Q")
def lamport_that_spins() -> Program:
    """With spins, both flags up is a second component, in which neither changes anything."""
    return lamports(until)


def lamports(waits: Callable[[Cell[int], int], Coroutine[Any, Any, None]]) -> Program:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def run(mine: Cell[int], other: Cell[int]) -> None:
        while True:
            await mine.store(1)
            await waits(other, 0)
            await mine.store(0)

    return Program(mem, {"P": Thread(run, x, y), "Q": Thread(run, y, x)})


@case("livelock", loops="P")
def copies_that_take_turns() -> Program:
    """One baton and two copies: up to symmetry, each hand-over leads back to where it began.

    Only by following the copies does one see that both move on the cycle; that who waits is
    unable makes it fair even if one never gets it.
    """
    mem = Memory()
    baton = mem.cell("baton", 0)

    async def run() -> None:
        while await baton.update_when(lambda v: v == 0, lambda v: 1) == 0:
            await baton.store(0)

    return Program(mem, {"P": Thread(run, copies=2)})


@case("livelock", loops="P", unfair="P")
def copies_of_which_one_stands_still() -> Program:
    """The first to come spins for the second, which has a step to take before it spins as well.

    With one copy that spins and one that is about to, the component is unfair: up to symmetry
    both are P, but the spinner alone moves. With both that spin it is fair.
    """
    mem = Memory()
    flag, here = mem.cell("flag", 0), mem.cell("here", 0)

    async def run() -> None:
        await here.update(lambda v: min(v + 1, 2))
        await until(flag, 1)

    return Program(mem, {"P": Thread(run, copies=2)})


@case("", loops="P", unfair="P")
def last_copy_lets_all_go() -> Program:
    """A barrier: the copies that have come spin until the third has, which is able until then."""
    mem = Memory()
    here = mem.cell("here", 0)

    async def run() -> None:
        await here.update(lambda v: v + 1 if v < 3 else v)
        await until(here, 3)

    return Program(mem, {"P": Thread(run, copies=3)})


@case("livelock", loops="P", unfair="P")
def barrier_that_one_copy_too_few_comes_to() -> Program:
    """With all three there, the barrier for four is waited for for ever."""
    mem = Memory()
    here = mem.cell("here", 0)

    async def run() -> None:
        await here.update(lambda v: v + 1 if v < 4 else v)
        await until(here, 4)

    return Program(mem, {"P": Thread(run, copies=3)})


# --- perpetual threads ----------------------------------------------------------------------


@case("", loops="P")
def perpetual_copies_that_take_turns() -> Program:
    """As above, without a way out: each can always come to take the baton. That the scheduler may
    let one of them wait for ever is no matter: it is not stuck."""
    mem = Memory()
    baton = mem.cell("baton", 0)

    async def run() -> None:
        while True:
            await baton.update_when(lambda v: v == 0, lambda v: 1)
            await baton.store(0)

    return Program(mem, {"P": Thread(run, copies=2)})


@case("livelock", loops="P")
def perpetual_copy_that_keeps_the_baton() -> Program:
    """Who has it works on with it, and the other is blocked for good.

    Up to symmetry one state has both of them: only by following them does one see who is stuck.
    """
    mem = Memory()
    baton, light = mem.cell("baton", 0), mem.cell("light", 0)

    async def run() -> None:
        await baton.update_when(lambda v: v == 0, lambda v: 1)
        while True:
            await light.update(lambda v: 1 - v)

    return Program(mem, {"P": Thread(run, copies=2)})


async def work_when_told(flag: Cell[int], work: Cell[int]) -> None:
    while True:
        await until(flag, 1)
        await work.update(lambda v: 1 - v)


@case("livelock", loops="P S")
def perpetual_spinner_beside_one_that_works() -> Program:
    """P goes on for ever; S never sees the flag up and so never comes to its own work."""
    mem = Memory()
    light, flag, work = mem.cell("light", 0), mem.cell("flag", 0), mem.cell("work", 0)

    return Program(
        mem, {"P": Thread(toggle_for_ever, light), "S": Thread(work_when_told, flag, work)}
    )


@case("", loops="P S")
def perpetual_spinner_that_is_let_on() -> Program:
    """As before, but P raises and lowers the flag: S may always miss it, and need not."""
    mem = Memory()
    flag, work = mem.cell("flag", 0), mem.cell("work", 0)

    return Program(
        mem, {"P": Thread(toggle_for_ever, flag), "S": Thread(work_when_told, flag, work)}
    )


@case("", loops="P S")
def perpetual_spinner_that_luck_may_let_on() -> Program:
    """P raises the flag if it chooses to: before, S changes nothing, and that can be left."""
    mem = Memory()
    flag, light, work = mem.cell("flag", 0), mem.cell("light", 0), mem.cell("work", 0)

    async def may_raise() -> None:
        while True:
            if await choose(False, True):
                await flag.store(1)
            await light.update(lambda v: 1 - v)

    return Program(mem, {"P": Thread(may_raise), "S": Thread(work_when_told, flag, work)})


@case("livelock", loops="P")
def perpetual_thread_that_only_looks() -> Program:
    """It changes nothing, ever: whether it hangs is not to be told from outside."""
    mem = Memory()
    return Program(mem, {"P": Thread(look_for_ever, mem.cell("x", 0))})


@case("livelock", loops="D")
def perpetual_thread_blocked_beside_a_daemon() -> Program:
    """The daemon loops, so there is no end; P waits for what never comes."""
    mem = Memory()
    light, x = mem.cell("light", 0), mem.cell("x", 0)

    async def waiter() -> None:
        while True:
            await x.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"D": Thread(toggle_for_ever, light, daemon=True), "P": Thread(waiter)})


@case("deadlock")
def perpetual_thread_that_work_runs_out_for() -> Program:
    """It gets one thing to do and then waits: a server for which that is the end is a daemon."""
    mem = Memory()
    work = mem.cell("work", 0)

    async def server() -> None:
        while True:
            await work.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"M": Thread(put, work, 1), "S": Thread(server)})


@case("livelock", loops="M P")
def thread_that_has_to_end_beside_a_perpetual_one() -> Program:
    """That P goes on for ever excuses nobody else: M's flag never comes.

    There is one component, of all states: the light is on or off.
    """
    mem = Memory()
    flag, light = mem.cell("flag", 0), mem.cell("light", 0)
    return Program(mem, {"M": Thread(until, flag, 1), "P": Thread(toggle_for_ever, light)})


@case("bad", loops="F P")
def perpetual_thread_that_a_violation_ends() -> Program:
    """What has been ended by a violation has nothing to change any more.

    F goes round as long as it finds the light off, and stores each time.
    """
    mem = Memory()
    light = mem.cell("light", 0)

    async def fails() -> None:
        while True:
            if await light.load():
                raise Violation("bad")
            await light.load()
            await light.store(0)

    return Program(mem, {"F": Thread(fails), "P": Thread(toggle_for_ever, light)})


# --- daemons --------------------------------------------------------------------------------


@case("")
def daemon_is_idle_at_the_end() -> Program:
    """D waits for more when M has ended: that is no deadlock."""
    mem = Memory()
    work = mem.cell("work", 0)

    async def daemon() -> None:
        while True:
            await work.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(put, work, 1)})


@case("", loops="D")
def daemons_alone() -> Program:
    """Nobody has to come to an end: neither who waits nor who goes on."""
    mem = Memory()
    x, light = mem.cell("x", 0), mem.cell("light", 0)
    threads = {
        "D": Thread(toggle_for_ever, light, daemon=True),
        "E": Thread(wait, x, 1, daemon=True),
    }
    return Program(mem, threads)


@case("", loops="D")
def a_daemon_that_looks_for_ever() -> Program:
    """It has nobody to wait for."""
    mem = Memory()
    return Program(mem, {"D": Thread(look_for_ever, mem.cell("x", 0), daemon=True)})


@case("")
def a_daemon_that_waits() -> Program:
    """It is idle."""
    mem = Memory()
    return Program(mem, {"D": Thread(wait, mem.cell("x", 0), 1, daemon=True)})


@case("livelock", loops="D E")
def daemons_that_spin_for_each_other() -> Program:
    """As if they waited: nobody has ended, nobody else is there, and nothing changes any more."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def hand_over(mine: Cell[int], other: Cell[int]) -> None:
        while True:
            await until(mine, 1)
            await other.store(1)

    return Program(
        mem,
        {"D": Thread(hand_over, x, y, daemon=True), "E": Thread(hand_over, y, x, daemon=True)},
    )


@case("", loops="D")
def daemon_that_looks_for_more_from_one_that_has_ended() -> Program:
    """E has ended, and with it where the work came from: that D looks on is all right."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def server() -> None:
        while True:
            await until(x, 1)
            await x.store(0)

    return Program(mem, {"D": Thread(server, daemon=True), "E": Thread(put, x, 1, daemon=True)})


@case("deadlock")
def daemons_that_wait_for_each_other() -> Program:
    """Nobody has ended, and nobody else is there who could bring more work."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def hand_over(mine: Cell[int], other: Cell[int]) -> None:
        while True:
            await wait(mine, 1)
            await other.store(1)

    return Program(
        mem,
        {"D": Thread(hand_over, x, y, daemon=True), "E": Thread(hand_over, y, x, daemon=True)},
    )


@case("")
def daemon_that_waits_for_more_from_one_that_has_ended() -> Program:
    """E has ended, and with it where the work came from: D is idle."""
    mem = Memory()
    x = mem.cell("x", 0)

    async def server() -> None:
        while True:
            await x.update_when(lambda v: v == 1, lambda v: 0)

    return Program(mem, {"D": Thread(server, daemon=True), "E": Thread(put, x, 1, daemon=True)})


@case("deadlock")
def daemon_keeps_a_lock() -> Program:
    """D waits for ever with the lock that M needs: if it has it first, M never ends."""
    mem = Memory()
    lock, x = mem.lock("lock"), mem.cell("x", 0)

    async def daemon() -> None:
        async with lock:
            await wait(x, 1)

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(locked_once, lock)})


@case("livelock", loops="D")
def blocked_beside_a_daemon_that_loops() -> Program:
    """M is blocked for ever. It is no deadlock, since D goes on: so it is a livelock."""
    mem = Memory()
    x = mem.cell("x", 0)
    return Program(mem, {"D": Thread(look_for_ever, x, daemon=True), "M": Thread(wait, x, 1)})


@case("livelock", loops="D")
def daemon_takes_a_lock_again_and_again() -> Program:
    """M is unable whenever D holds the lock: weak fairness does not help it."""
    mem = Memory()
    lock = mem.lock("lock")

    async def daemon() -> None:
        while True:
            async with lock:
                pass

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(locked_once, lock)})


@case("", loops="D", unfair="D")
def daemon_loops_beside_a_thread_that_is_always_able() -> Program:
    """Only an unfair scheduler keeps M from its one step; when it has ended, D may loop."""
    mem = Memory()
    x = mem.cell("x", 0)
    return Program(mem, {"D": Thread(look_for_ever, x, daemon=True), "M": Thread(put, x, 1)})


@case("", loops="M", unfair="M")
def spins_until_a_daemon_has_done_its_work() -> Program:
    """M has to end and rests on D, which does not: D then waits for ever, and that is all right."""
    mem = Memory()
    asked, done = mem.cell("asked", 0), mem.cell("done", 0)

    async def daemon() -> None:
        while True:
            await asked.update_when(lambda v: v == 1, lambda v: 0)
            await done.store(1)

    async def main() -> None:
        await asked.store(1)
        await until(done, 1)

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(main)})


@case("livelock", loops="M", unfair="M")
def spins_for_a_daemon_that_ends() -> Program:
    """D ends after one step, and then is not able: M's spin is fair from there on."""
    mem = Memory()
    x, done = mem.cell("x", 0), mem.cell("done", 0)
    return Program(mem, {"D": Thread(put, x, 1, daemon=True), "M": Thread(until, done, 1)})


@case("bad livelock", loops="M", unfair="M")
def spins_for_a_daemon_that_a_violation_ends() -> Program:
    """That a thread is a daemon excuses no violation of it."""
    mem = Memory()
    x, done = mem.cell("x", 0), mem.cell("done", 0)

    async def daemon() -> None:
        await x.load()
        raise Violation("bad")

    return Program(mem, {"D": Thread(daemon, daemon=True), "M": Thread(until, done, 1)})
