"""Litmus tests that cannot be asked: what stands where, and why not; and what reads alike."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racer.axiomatic.asking import ask
from racer.axiomatic.budget import TooMany
from racer.axiomatic.litmus.reading import read_test
from racer.axiomatic.litmus.text import Unreadable
from racer.axiomatic.models.known import models_named
from tests.axiomatic.files import CLASSICS, asked, told

pytestmark = pytest.mark.quick

WRITER = "P0(int *x) { WRITE_ONCE(*x, 1); }"


def c(body: str, condition: str = "exists (x=1)", initial: str = "") -> str:
    """A test in C whose only thread begins in line 3."""
    return f"C t\n{{{initial}}}\n{body}\n{condition}\n"


def arm(cell: str) -> str:
    return f"AArch64 t\n{{ 0:X1=x; }}\n P0 ;\n {cell} ;\nexists (x=1)\n"


def x86(cell: str) -> str:
    return f"X86 t\n{{ }}\n P0 ;\n {cell} ;\nexists (x=1)\n"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (c(WRITER, ""), 3, "there is no quantifier"),
        (c(WRITER, "locations [x;]"), 4, "there is no quantifier"),
        (c(WRITER, "exists (x=1"), 5, "')' was to come"),
        (c(WRITER, "exists (x=1 /\\ )"), 4, "the condition is broken"),
        (c(WRITER, "exists (x 1)"), 4, "after x an = was to come"),
        (c(WRITER, "exists (x=1) y=2"), 4, "'y' cannot stand in the condition"),
        (c(WRITER, "exists (y=1)"), 4, "y is never initialised"),
        (c(WRITER, "exists (1:r1=1)"), 4, "there is no thread P1"),
        (c("P0(int *x) {\n\twhile (1) ;\n}"), 4, "while is not supported"),
        (c("P0(int *x) {\n\tmemcpy(x, x);\n}"), 4, "memcpy() is not supported"),
        (c("P0(int *x) {\n\tREAD_ONE(*x);\n}"), 4, "did you mean 'READ_ONCE'?"),
        (c("P0(int *x) {\n\tint r = srcu_read_lock(x);\n}"), 4, "SRCU is not modelled"),
        (c("P0(int *x) {\n\tint r = x->next;\n}"), 4, "structures, arrays and ++"),
        (c("P0(int *x) {\n\tx = 1;\n}"), 4, "x is a location"),
        (c("P0(int *x) {\n\tint r = smp_mb();\n}"), 4, "smp_mb() gives no value"),
        (c("P0(int *x) {\n\tspin_lock(x);\n\tWRITE_ONCE(*x, 1);\n}"), 5, "spin lock and as data"),
        (c("P0(int *x) {\n\tint r = 1 && READ_ONCE(*x);\n}"), 4, "only sometimes"),
        (c("P0(int *x) {\n\tint r = *x\n}"), 5, "';' was to come"),
        (c("P1(int *x) { }"), 3, "P1 stands where P0 was to"),
        (c("P0(int *x) {"), 3, "the thread has no end"),
        ("C t\nP0(int *x) ", 2, "there is no initial state"),
        ("LISA t\n{ }\n P0 ;\n r[] r0 x ;\nexists (x=1)", 1, "tests in LISA are not supported"),
        ("", 1, "a litmus test begins with"),
        (arm("LDP X1,X2,[X3]"), 4, "'LDP X1,X2,[X3]' is not supported"),
        (arm("L: STR W0,[X1] ;\n B L"), 5, "loops are not supported"),
        (arm("CBZ W0,L"), 4, "no label of this thread"),
        (arm("LDR W0,[X1,#4]"), 4, "P0 computes with the address of x"),
        (arm("STR W0,[X2]"), 4, "P0 uses 0 as an address"),
        (x86("CMPXCHG [x],EAX"), 4, "'CMPXCHG [x],EAX' is not supported"),
        (x86("MOV [x],$1 | MFENCE"), 4, "more columns than there are threads"),
    ],
)
def test_what_cannot_be_asked_is_named_with_its_line(text: str, where: int, what: str) -> None:
    with pytest.raises(Unreadable) as error:
        asked(text, "sc")
    assert str(error.value).startswith(f"test.litmus:{where}: ")
    assert what in str(error.value)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_garbled_is_refused_in_words_or_read(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(CLASSICS)).read_text()
    at = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 6))
    put = data.draw(
        st.sampled_from(["", *"(){}[];*&=/:~<", "(*", "if (", "exists", "r1", "0:", "é"])
    )
    with contextlib.suppress(Unreadable, TooMany):
        test = read_test("test.litmus", text[:at] + put + text[at + gone :])
        ask(test, models_named("sc,lkmm"), limit=2000)


def test_in_code_a_star_after_a_parenthesis_is_no_comment() -> None:
    text = "(* a comment { exists *)\n" + WRITER + "\n(* exists (x=2) *)"
    [answer] = asked(c(text, "(* ~exists *) exists (* *) (x=1)"), "sc").answers
    assert told(answer) == "Always 1 0"


def test_a_condition_binds_as_it_is_read() -> None:
    def holds(condition: str) -> bool:
        [answer] = asked(c(WRITER, f"exists {condition}"), "sc").answers
        return answer.positive == 1

    assert holds("(x=0 /\\ x=0 \\/ x=1)")  # and before or
    assert not holds("(~x=1)")
    assert holds("(~x=0 /\\ not x=2)")
    assert holds("(x=0 => x=5)")
    assert holds("(x!=0)")
    assert holds("(0:r7=0)")  # a register that nobody has set
    assert holds("(true /\\ ~false)")


def test_a_condition_is_shown_as_herd_does() -> None:
    text = c(WRITER, "exists (x = 1 /\\ *x=1 \\/ ~([x]==2 /\\ 0:r1=0) )")
    shown = read_test("t", text).condition.text
    assert shown == "exists ([x]=1 /\\ [x]=1 \\/ not ([x]=2 /\\ 0:r1=0))"


def test_if_has_arms_and_only_they_depend_on_it() -> None:
    def controls(last: str) -> str:
        first = f"P0(int *x, int *y) {{ int r = READ_ONCE(*x); {last} }}"
        second = "P1(int *x, int *y) { int r = READ_ONCE(*y); smp_mb(); WRITE_ONCE(*x, 1); }"
        [answer] = asked(c(f"{first}\n{second}", "exists (0:r=1 /\\ 1:r=1)"), "lkmm").answers
        return answer.observation

    assert controls("if (r == 1) WRITE_ONCE(*y, 1);") == "Never"
    assert controls("if (r == 1) { ; } else { ; } WRITE_ONCE(*y, 1);") == "Sometimes"
    assert controls("if (r == 1) WRITE_ONCE(*y, 1); else WRITE_ONCE(*y, 1);") == "Never"


def test_older_tests_say_the_quantifier_at_the_end() -> None:
    text = c(WRITER, "final (x=1);\nwith\ntso: exists;\ndefault: ~exists;\n\n<<\nshow 0\n>>")
    test = read_test("t", text)
    assert test.condition.quantifier == "~exists"
    assert [each.validated("~exists") for each in asked(text, "sc").answers] == [False]


def test_a_grace_period_within_its_own_read_section_never_ends() -> None:
    body = "rcu_read_lock(); WRITE_ONCE(*x, 1); synchronize_rcu(); WRITE_ONCE(*x, 2);"
    text = c(f"P0(int *x) {{ {body} rcu_read_unlock(); }}", "exists (true)")
    assert [told(each) for each in asked(text).answers] == ["Never 0 0"] * 4


def test_a_lock_that_is_taken_is_waited_for() -> None:
    text = c("P0(spinlock_t *l) {\n\tspin_lock(l);\n\tspin_lock(l);\n}", "exists (true)")
    [answer] = asked(text, "sc").answers
    assert (answer.positive, answer.negative) == (0, 0)


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        ("spin_lock(l); spin_unlock(l);", []),
        ("spin_unlock(l);", ["unmatched-unlock"]),
        ("spin_lock(l); spin_unlock(l); spin_unlock(l);", ["unmatched-unlock"]),
        ("rcu_read_lock(); rcu_read_lock(); rcu_read_unlock(); rcu_read_unlock();", []),
        ("rcu_read_lock();", ["unmatched-rcu-lock"]),
        ("rcu_read_lock(); rcu_read_unlock(); rcu_read_unlock();", ["unmatched-rcu-unlock"]),
        ("*x = 1; WRITE_ONCE(*x, 2);", ["mixed-accesses"]),
        ("*x = 1; smp_mb(); WRITE_ONCE(*x, 2);", []),
    ],
)
def test_what_is_wrong_with_a_program_is_a_flag(body: str, flags: list[str]) -> None:
    thread = f"P0(int *x, spinlock_t *l) {{ {body} }}"
    [answer] = asked(c(thread, "exists (true)"), "lkmm").answers
    assert list(answer.flags) == flags


def test_registers_of_one_number_are_one() -> None:
    [answer] = asked(
        "AArch64 t\n{ 0:X1=x; 0:W5=3; }\n P0 ;\n STR X5,[X1] ;\n LDR W3,[X1] ;\n"
        "exists (0:X3=3 /\\ x=3)",
        "arm64",
    ).answers
    assert told(answer) == "Always 1 0"
    [answer] = asked(
        "X86 t\n{ }\n P0 ;\n MOV EAX,$3 ;\n XCHG [x],RAX ;\nexists (0:RAX=0 /\\ x=3)", "tso"
    ).answers
    assert told(answer) == "Always 1 0"


def test_exclusive_pairs_that_try_again_are_an_increment() -> None:
    body = "L: LDXR W0,[X1] ;\n ADD W0,W0,#1 ;\n STXR W2,W0,[X1] ;\n CBNZ W2,L ;"
    both = "\n".join(f" {line[:-2]} | {line[:-2]} ;" for line in body.split("\n"))
    text = f"AArch64 t\n{{ 0:X1=x; 1:X1=x; }}\n P0 | P1 ;\n{both}\nforall (x=2)"
    assert [told(each) for each in asked(text, "sc,arm64").answers] == ["Always 2 0"] * 2
