"""What explanations say of all schedules, by hand on small programs."""

from __future__ import annotations

import pytest

from racer import Memory, Program, Thread, Violation, choose, explore, fence, mail
from racer.explanation.data import Explanation, NoReturn, NotComputed, ThreadsNeeded
from racer.explanation.exact import Exact, exactly
from racer.explanation.telling import explanation_of
from racer.exploration.result import Finding
from racer.lang.outcomes import DEADLOCK
from racer.machine.loaded import load_program
from racer.replaying.trace import Trace
from racer.search.questions import Before, Point, Questions
from racer.viz.diagram.captions import orders_text
from scenarios.aba import aba
from scenarios.free_alloc_free import free_alloc_free
from scenarios.split_race import split_race
from tests.samples import crossed_locks, loop_beside_a_violation, rule_one


def explained(
    program: Program, *, states: int | None = None
) -> dict[str, tuple[Explanation, Trace]]:
    """By label, with the witness's trace."""
    result = explore(program, count=False)
    with exactly(load_program(program), states=states) as exact:
        return {
            label: (_explain(finding, label, exact), finding.trace)
            for label, finding in result.violations.items()
        }


def _explain(finding: Finding, label: str, exact: Exact | None) -> Explanation:
    return explanation_of(
        finding.trace,
        label,
        interleavings=finding.interleavings,
        total=None,
        preemptions=finding.witness.preemptions,
        minimal=finding.witness.minimal,
        exact=exact,
    )


def the(label: str, program: Program) -> Explanation:
    return explained(program)[label][0]


def named(explanation: Explanation) -> list[tuple[str, str]]:
    assert not isinstance(explanation.orderings, NotComputed), explanation.orderings
    return [(each.first.name, each.then.name) for each in explanation.orderings]


def told(explanation: Explanation) -> list[str]:
    assert not isinstance(explanation.orderings, NotComputed), explanation.orderings
    return [each.told(each.first.told, each.then.told) for each in explanation.orderings]


def early_check() -> Program:
    mem = Memory()
    n = mem.cell("n", 0)

    async def increment() -> None:
        before = await n.load()
        await n.store(before + 1)

    async def check() -> None:
        value = await n.wait_until(lambda v: v > 0)
        assert value == 2, "lost"

    async def both() -> None:
        await increment()
        await check()

    return Program(mem, {"A": Thread(both), "B": Thread(increment)})


def test_a_check_is_too_early_if_it_comes_before_the_other_store() -> None:
    # A1 load, A2 store, A3 read; B1 load, B2 store. A3 finds 1 if B has not stored yet (A3 before
    # B2), or if both loaded before either stored. The witness is of the first kind: A1 A2 A3. One
    # order forces it: n is 1 at A3, whatever B has read. A3 before B2 would be weaker, but the
    # picture has no step of B, and so it is B's first that is named.
    explanation = the("lost", early_check())
    assert [row.name for row in explanation.rows] == ["A1", "A2", "A3"]
    assert named(explanation) == [("A3", "B1")]
    assert told(explanation) == ["A3 wait_until n -> 1 before B starts with load n -> 1"]
    assert explanation.threads_needed == ThreadsNeeded(("A",))


def test_what_one_fifteenth_of_the_schedules_have_in_common() -> None:
    # S: refs=0, head=False, refs=1, refs=0; C: head, refs; the watch is head and refs == 1.
    # C1 has to see head (C1 before S2), C2 has to see 1 (S3 before C2 before S4), and at no
    # instant from before C1 may both hold: so refs was 0 already (S1 before C1).
    explanation = the("misclassified", rule_one())
    assert named(explanation) == [("S1", "C1"), ("C1", "S2"), ("S3", "C2"), ("C2", "S4")]
    # In S1 C1 S2 S3 the next may be C2, and is S4 otherwise.
    assert explanation.no_return == NoReturn(4, "C2", last=True)
    assert explanation.cause == (
        "C2 finds refs = 1, stored by S3 after C1 found head = True, which S2 set to False."
    )


def test_a_deadlock_is_two_locks_taken_before_the_other_wants_them() -> None:
    # P1 takes m, Q1 takes n; P2 wants n, Q2 wants m, and both never happen.
    explanation = the(DEADLOCK, crossed_locks())
    assert named(explanation) == [("P1", "Q2"), ("Q1", "P2")]
    orderings = explanation.orderings
    assert not isinstance(orderings, NotComputed)
    assert (orderings[0].then.row, orderings[0].then.text) == (None, "acquire m")
    assert explanation.no_return == NoReturn(1, "Q1", last=True)
    assert explanation.threads_needed == ThreadsNeeded(("P", "Q"))
    assert explanation.cause == "n is held since Q1; m is held since P1."


def late_violation() -> Program:
    mem = Memory()
    flag = mem.cell("flag", 0)

    async def reader() -> None:
        if await flag.load():
            await flag.load()
            raise Violation("seen")

    async def writer() -> None:
        await flag.store(1)

    return Program(mem, {"R": Thread(reader), "W": Thread(writer)})


def test_the_point_of_no_return_comes_before_the_violation() -> None:
    # W1 R1 R2: after W1 the reader cannot but find 1; before it, R1 may come first.
    explanation = the("seen", late_violation())
    assert [row.name for row in explanation.rows] == ["W1", "R1", "R2"]
    assert explanation.no_return == NoReturn(0, "W1", last=False)
    assert named(explanation) == [("W1", "R1")]
    assert explanation.threads_needed == ThreadsNeeded(("R", "W"))
    assert explanation.cause == "R1 finds flag = 1, stored by W1."


def wants_a_lost_bit() -> Program:
    """A's load and store of n may lose B's bit; only then does A store m."""
    mem = Memory()
    n, m = mem.cell("n", 0), mem.cell("m", 0)

    async def updates() -> None:
        before = await n.load()
        await n.store(before + 2 if before < 2 else before)
        if await n.load() == 2:
            await m.store(1)

    async def sets() -> None:
        await n.update(lambda value: value | 1)
        if await m.load():
            raise Violation("lost")

    return Program(mem, {"A": Thread(updates), "B": Thread(sets)})


def test_what_makes_the_decisive_steps_happen_is_told_too() -> None:
    # A1 load n, A2 store n, A3 load n, A4 store m if n is 2; B1 set bit 0 of n, B2 load m.
    # "A4 before B2" alone decides it, as it says that A4 happens. It does if B's bit is not in n
    # at A3: either B1 is lost (A1 before B1 before A2), or it comes after A3. The witness is of
    # the second kind: it needs one preemption less.
    explanation = the("lost", wants_a_lost_bit())
    assert named(explanation) == [("A4", "B2")]
    assert not isinstance(explanation.enabling, NotComputed)
    assert [(each.first.name, each.then.name) for each in explanation.enabling] == [("A3", "B1")]


def spinning() -> Program:
    """S spins for ever if it comes before C has stored d; A and C want the same lock."""
    mem = Memory()
    y, z, d = mem.cell("y", 0), mem.cell("z", 0), mem.cell("d", 0)
    lock = mem.lock("L")

    async def store() -> None:
        await y.store(1)
        async with lock:
            await fence("mb")

    async def check() -> None:
        seen = await y.load()
        async with lock:
            await d.store(1)
        if seen == 0:
            raise Violation("early")

    async def spin() -> None:
        await d.wait_until(lambda value: value == 0)
        while await z.load() != 1:
            pass

    return Program(mem, {"A": Thread(store), "C": Thread(check), "S": Thread(spin)})


def test_a_thread_that_spins_for_ever_hides_none_that_waits_in_vain() -> None:
    # C1 load y, C2 acquire, C3 store d, C4 release, which raises; A1 store y, A2 acquire, A3 fence,
    # A4 release. C has to load before A stores, and to get to its end: every schedule with C4
    # before A4 and C1 before A1. If A takes the lock first, A4 waits for C4 and C2 for the lock,
    # while S spins: no deadlock, but in vain. So C2 before A2 is what makes C4 happen at all.
    a, c = 0, 1  # positions of the threads
    decisive = [Before(Point(c, 1), Point(a, 1)), Before(Point(c, 4), Point(a, 4))]
    with exactly(load_program(spinning())) as exact:
        questions = Questions(exact.system, "early", exact.states)
        assert questions.counterexample(decisive, 5) is None
        assert questions.counterexample(decisive, 5, kept_to=True) is not None
        enabling = Before(Point(c, 2), Point(a, 2))
        assert questions.counterexample([*decisive, enabling], 5, kept_to=True) is None


def test_no_order_is_of_a_release_that_comes_after_another_s_acquire() -> None:
    """A stores x under a lock; B looks for it after a section of its own, under that lock, too."""
    mem = Memory()
    x = mem.cell("x", 0)
    lock = mem.lock("L")

    async def store() -> None:
        async with lock:
            await x.store(1)

    async def look() -> None:
        async with lock:
            await fence("mb")
        if await x.load():
            raise Violation("seen")

    # A1 acquire, A2 store, A3 release; B1 acquire, B2 fence, B3 release, B4 load. A1 before B3
    # would do as well, since B takes the lock only when A has released it. A2 before B4 says why.
    assert named(the("seen", Program(mem, {"A": Thread(store), "B": Thread(look)}))) == [
        ("A2", "B4")
    ]


@pytest.mark.parametrize(
    "program",
    [aba(readers=2, rounds=1), free_alloc_free(), split_race(), split_race(variant="headonly")],
)
def test_orders_of_real_scenarios_are_of_data_on_one_cell(program: Program) -> None:
    # What the classifier is told is what it reads from p.info, flags and types; zone.lock and
    # lru_lock keep steps apart, and decide nothing by themselves.
    explanation = the("misclassified", program)
    assert not isinstance(explanation.orderings, NotComputed)
    for each in explanation.orderings:
        assert each.first.cell is not None and not each.first.cell.endswith("lock")
        if each.then.row is not None:
            assert each.first.cell == each.then.cell


def looks_before_anything() -> Program:
    """Nothing that is shown depends on another step: what B does later depends on C."""
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def look() -> None:
        if await x.load() == 0:
            raise Violation("zero")

    async def maybe() -> None:
        if await y.load():
            await x.store(1)

    async def let() -> None:
        await y.store(1)

    return Program(mem, {"A": Thread(look), "B": Thread(maybe), "C": Thread(let)})


def test_a_step_that_is_not_shown_may_do_something_else_in_another_schedule() -> None:
    # A1 alone is shown. B1 y.load, and only if C1 came before it, B2 x.store: A1 before B1 is
    # enough, and A1 before B2 is weaker, but B2 is no step of the witness, where B ends with B1.
    assert named(the("zero", looks_before_anything())) == [("A1", "B1")]


def test_the_reads_of_a_long_loop_are_folded_where_an_order_tells_which_of_them_matters() -> None:
    mem = Memory()
    x, y = mem.cell("x", 0), mem.cell("y", 0)

    async def write() -> None:
        for i in range(40):
            await x.store(i % 2)
        await y.store(1)

    async def read() -> None:
        for _ in range(40):
            await x.load()
        if await y.load():
            raise Violation("late")

    explanation = the("late", Program(mem, {"R": Thread(read), "W": Thread(write)}))
    assert named(explanation) == [("W41", "R41")]
    hidden = sum(fold.last - fold.first + 1 for fold in explanation.folded)
    assert len(explanation.rows) - hidden < 10  # of 82


def weak_order() -> Program:
    mem = Memory()
    x = mem.cell("x", 1)

    async def look_twice() -> None:
        await x.load()
        if await x.load() == 0:
            raise Violation("gone")

    async def clear() -> None:
        await x.store(0)

    async def restore() -> None:
        await x.wait_until(lambda value: value == 1)
        await x.store(2)

    threads = {"A": Thread(look_twice), "C": Thread(clear), "K": Thread(restore)}
    return Program(mem, threads)


def test_steps_of_a_thread_that_takes_none_are_named_by_its_first() -> None:
    # C1 A1 A2 is the witness. A2 finds 0 if C1 comes before it and K2, which stores, does not come
    # between. C1 before K1 would keep K from storing, too; but K's first step is not shown, and
    # what is violated is a read of A's.
    explanation = the("gone", weak_order())
    assert named(explanation) == [("C1", "A1"), ("A2", "K1")]
    assert told(explanation)[1] == "A2 load x -> 0 before K starts with wait_until x"


def always_wrong() -> Program:
    mem = Memory()
    n = mem.cell("n", 0)

    async def wrong() -> None:
        await n.load()
        raise Violation("always")

    async def other() -> None:
        await n.store(0)

    return Program(mem, {"A": Thread(wrong), "B": Thread(other)})


def test_what_every_interleaving_shows_needs_no_order_and_has_no_return() -> None:
    explanation = the("always", always_wrong())
    assert named(explanation) == []
    assert explanation.no_return == NoReturn(None, None, last=False)


def test_where_no_order_matters_what_the_cause_names_is_not_folded() -> None:
    mem = Memory()
    x, y = mem.cell("x", 1), mem.cell("y", 0)

    async def store() -> None:
        for _ in range(3):
            await y.load()
        await x.store(0)

    async def check() -> None:
        await x.wait_until(lambda value: value == 0)
        raise Violation("always")

    explanation = the("always", Program(mem, {"A": Thread(store), "C": Thread(check)}))
    assert (named(explanation), explanation.cause) == ([], "C1 finds x = 0, stored by A4.")
    assert [fold.name for fold in explanation.folded] == ["A1..A3"]


def waits_for_a_change(first: int) -> Program:
    """B waits for 1, which only the initial value can be: A stores 0."""
    mem = Memory()
    x = mem.cell("x", first)

    async def store() -> None:
        await x.store(0)

    async def wait() -> None:
        await x.wait_until(lambda value: value == 1)

    return Program(mem, {"A": Thread(store), "B": Thread(wait)})


def test_a_deadlock_needs_the_thread_that_makes_another_wait() -> None:
    # From 1, B ends if A takes no step before it; from 0, B is stuck whatever A does.
    both, alone = (the(DEADLOCK, waits_for_a_change(first)) for first in (1, 0))
    assert both.threads_needed == ThreadsNeeded(("A", "B"))
    assert both.cause == "x is 0 since A1."
    assert alone.threads_needed == ThreadsNeeded(("B",))
    assert alone.cause == ""


def test_an_endless_loop_may_avoid_a_violation_for_ever() -> None:
    # A loops: an infinite schedule in which B takes no step never shows it. One that has B's
    # step before A's first does; and so does any other that has it, so of A nothing is said.
    explanation = the("seen", loop_beside_a_violation())
    assert named(explanation) == [("B1", "A1")]
    assert told(explanation) == ["B1 load other -> 0 happens"]
    lines = mail(explanation).splitlines()
    said = lines[lines.index("Every schedule with this step shows it:") + 1]
    assert said.startswith("  B1 load other -> 0 (") and said.endswith(") happens")
    assert orders_text(explanation) == "Every schedule with B1 shows it."
    assert explanation.no_return == NoReturn(0, "B1", last=True)
    assert explanation.threads_needed == ThreadsNeeded(("B",))


def chosen() -> Program:
    mem = Memory()
    n = mem.cell("n", 0)

    async def run() -> None:
        if await choose(False, True):
            await n.load()
            raise Violation("chosen")

    return Program(mem, {"A": Thread(run)})


def test_what_a_choice_decides_no_order_does() -> None:
    explanation = the("chosen", chosen())
    assert explanation.orderings == NotComputed(
        "no order of steps suffices: it depends on the options of a choose, too"
    )
    assert explanation.no_return == NoReturn(0, "A1", last=False)


def chosen_beside_another() -> Program:
    """A decides first whether it goes on; B's load is wrong if it finds what A stores then."""
    mem = Memory()
    n = mem.cell("n", 0)

    async def run() -> None:
        if await choose(False, True):
            await n.store(1)

    async def check() -> None:
        if await n.load():
            raise Violation("seen")

    return Program(mem, {"A": Thread(run), "B": Thread(check)})


def test_an_order_may_decide_what_only_a_choice_makes_possible() -> None:
    # "A2 before B1" says that A2 happens, and then it is the store. No order makes A choose it.
    explanation = the("seen", chosen_beside_another())
    assert named(explanation) == [("A2", "B1")]
    assert explanation.enabling == NotComputed(
        "no order of steps suffices: it depends on the options of a choose, too"
    )


def test_a_budget_that_is_spent_is_named() -> None:
    explanation = explained(aba(readers=1, rounds=1), states=20)["misclassified"][0]
    too_many = NotComputed("more than 20 states")
    assert (explanation.orderings, explanation.threads_needed) == (too_many, too_many)


def test_copies_that_are_not_needed_take_no_part() -> None:
    explanation = the("misclassified", aba(readers=2, rounds=1))
    assert explanation.threads_needed == ThreadsNeeded(("A", "B", "R.0"))
    # p's head is A's to clear (R2 before A1), the type is read while it is a slab, and the head
    # once more when B has set it again.
    assert named(explanation) == [("R0.2", "A1"), ("A5", "R0.3"), ("R0.3", "A6"), ("B6", "R0.4")]


def test_without_a_program_nothing_is_said_of_other_schedules() -> None:
    finding = explore(rule_one()).violations["misclassified"]
    explanation = explanation_of(
        finding.trace, "misclassified", interleavings=1, total=15, preemptions=2, minimal=True
    )
    nothing = NotComputed("")
    assert explanation.orderings == explanation.no_return == explanation.threads_needed == nothing


def test_nothing_is_asked_of_all_schedules_under_another_memory_model() -> None:
    with exactly(load_program(rule_one()), "tso") as exact:
        assert exact is None
