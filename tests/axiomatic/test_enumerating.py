"""How many executions there are: published counts, and every interleaving of one location."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from math import factorial

import pytest

from racer.axiomatic.budget import TooMany
from racer.axiomatic.enumerating import executions
from racer.axiomatic.events import Event, History, Value
from racer.axiomatic.litmus.reading import read_test
from tests.axiomatic.files import asked

pytestmark = pytest.mark.quick


def under_sc(threads: Iterable[str]) -> int:
    """How many executions SC allows."""
    bodies = "\n".join(f"P{at}{text}" for at, text in enumerate(threads))
    [answer] = asked(f"C counted\n{{}}\n{bodies}\nexists (true)", "sc").answers
    return answer.positive


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_increments_go_one_after_the_other_in_every_order(n: int) -> None:
    assert under_sc(["(atomic_t *x) { atomic_inc(x); }"] * n) == factorial(n)


@pytest.mark.parametrize("n", [2, 3])
def test_of_two_counters_the_orders_are_independent(n: int) -> None:
    # binc: po leads from the first to the second in each thread, so no two orders make a cycle.
    body = "(atomic_t *x, atomic_t *y) { atomic_inc(x); atomic_inc(y); }"
    assert under_sc([body] * n) == factorial(n) ** 2


@pytest.mark.parametrize("n", [1, 4, 7])
def test_each_reader_reads_before_or_after_the_writer(n: int) -> None:
    writer = "(int *x) { WRITE_ONCE(*x, 1); }"
    assert under_sc([writer, *["(int *x) { int r = READ_ONCE(*x); }"] * n]) == 2**n


@pytest.mark.parametrize(("n", "count"), [(2, 2), (3, 5), (4, 14), (5, 43), (6, 144), (7, 523)])
def test_compare_and_swaps_that_build_on_each_other(n: int, count: int) -> None:
    """casrot(n) of GenMC's tests, whose counts these are."""
    assert under_sc(f"(int *x) {{ int r = cmpxchg(x, {i}, {i + 1}); }}" for i in range(n)) == count


def test_the_last_zero() -> None:
    """lastzero(5) of GenMC's tests: one scans from the end, five count up; 64, as published."""
    n, scan = 5, ""
    for i in range(n + 1):
        more = f" if (r != 0) {{ {scan} }}" if scan else ""
        scan = f"r = READ_ONCE(*a{i});{more}"
    reader = f"({', '.join(f'int *a{i}' for i in range(n + 1))}) {{ int r; {scan} }}"
    writers = [
        f"(int *a{i}, int *a{i + 1}) {{ int r = READ_ONCE(*a{i}); WRITE_ONCE(*a{i + 1}, r + 1); }}"
        for i in range(n)
    ]
    assert under_sc([reader, *writers]) == 64


def test_a_store_between_the_halves_of_an_exclusive_pair_makes_it_fail() -> None:
    text = """AArch64 exclusive
    { 0:X1=x; 1:X1=x; 1:X2=7; }
     P0              | P1          ;
     MOV W2,#1       | STR W2,[X1] ;
     LDXR W0,[X1]    |             ;
     STXR W3,W2,[X1] |             ;
    exists (0:X3=0 /\\ x=1 /\\ 0:X0=0)
    """
    [answer] = asked(text, "sc").answers
    # It succeeds before the 7 (x=7 at the end) or after it (reads 7); it fails having read 0 or 7.
    # To have read 0, be last, and succeed, the 7 would have to be between.
    assert (answer.positive, answer.negative) == (0, 4)


def test_what_depends_only_on_itself_is_no_value() -> None:
    text = "(int *x, int *y) { int r = READ_ONCE(*x); WRITE_ONCE(*y, r + 1); }"
    other = "(int *x, int *y) { int r = READ_ONCE(*y); WRITE_ONCE(*x, r); }"
    # Each reads 0 or what the other wrote; where both did, each value would be the cause of itself.
    assert under_sc([text, other]) == 3


@dataclass(frozen=True)
class Swapper:
    """A thread that is no litmus test's: it exchanges what is in x with what it was given.

    It keeps what its reads got, and says what happens by these alone.
    """

    name: str
    held: int
    got: tuple[Value, ...] = ()

    def begin(self) -> Swapper:
        return self

    choices: tuple[Value, ...] = ()

    @property
    def asks(self) -> str | None:
        return None if self.got else "x"

    @property
    def events(self) -> list[Event]:
        if not self.got:
            return []
        read = Event("R", "x", self.got[0], "once")
        return [read, Event("W", "x", self.held, "once", pair=0)]

    @property
    def history(self) -> History | None:
        return History(tuple(self.events), {"r": self.got[0]}) if self.got else None

    def answered(self, value: Value) -> Swapper:
        return Swapper(self.name, self.held, (value,))


def test_whatever_says_what_it_does_next_can_be_a_thread() -> None:
    threads = [Swapper(str(at), at + 1) for at in range(3)]
    found = [
        (tuple(each.registers["r"] for each in execution.histories), execution.memory["x"])
        for execution in executions(threads, {"x": 0})
    ]
    # In each of six orders, every thread gets what the one before it has put there.
    expected = []
    for order in itertools.permutations(range(3)):
        held, got = 0, [0, 0, 0]
        for thread in order:
            got[thread], held = held, thread + 1
        expected.append((tuple(got), held))
    assert sorted(found) == sorted(expected)


def test_writers_of_many_orders_are_asked_one_location_after_the_other() -> None:
    # Of each of two locations 6! / (2! 2! 2!) orders, of the lock 3!: 48,600, of which each model
    # allows one for each order of the lock.
    body = "spin_lock(l); " + "WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 1); " * 2 + "spin_unlock(l);"
    thread = f"(int *x, int *y, spinlock_t *l) {{ {body} }}"
    bodies = "\n".join(f"P{at}{thread}" for at in range(3))
    answers = asked(f"C t\n{{}}\n{bodies}\nforall (x=1 /\\ y=1)")
    assert [each.positive for each in answers.answers] == [6] * 4
    assert answers.candidates < 1000


def test_a_limit_is_said() -> None:
    body = "(atomic_t *x) { atomic_inc(x); }"
    text = "C t\n{}\n" + "\n".join(f"P{at}{body}" for at in range(5)) + "\nexists (true)"
    test = read_test("t", text)
    with pytest.raises(TooMany):
        list(executions(test.threads, test.initial, limit=100))
