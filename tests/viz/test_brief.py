"""The brief: what is wrong, in twenty lines that a stranger reads."""

from __future__ import annotations

import pytest

from racer import About, Memory, Program, ProgramError, Thread, Violation, brief, explain, explore
from racer.explanation.data import Explanation
from racer.viz.brief import LINES, Origin, brief_of
from racer.viz.wrapping import WIDTH
from scenarios.aba import aba
from scenarios.count_increased import count_increased
from scenarios.split_race import split_race
from tests.samples import crossed_locks, loop_beside_a_violation, rule_one
from tests.search.looping.waiting import each_waits_for_the_other


def of(program: Program) -> Explanation:
    result = explore(program)
    (label,) = result.violations
    return explain(result, label)


def ring() -> Program:
    """A consumer that looks at the length before the producer has stored the element."""
    mem = Memory()
    slot, length = mem.cell("q.slot", "empty"), mem.cell("q.length", 0)

    async def push() -> None:
        """push(): the length goes up first, which is the bug."""
        await length.store(1)
        await slot.store("x")

    async def pop() -> str | None:
        """pop(), by the only consumer."""
        return await slot.load() if await length.load() else None

    async def consume() -> None:
        if await pop() == "empty":
            raise Violation("torn", effect="crash")

    about = About(
        names={"q": "the ring", "r": "another ring"},
        labels={"torn": "pop() hands out a slot that push() has not filled"},
        effects={"crash": "the consumer crashes"},
        models="ring.c of libring 2.1",
    )
    return Program(mem, {"C": Thread(consume), "P": Thread(push)}, about=about)


def test_the_brief_of_a_program_is_in_its_own_words() -> None:
    # P1 stores the length, C1 sees it, C2 finds the slot empty; P2 fills it. If C1 comes first it
    # is C's only step: C P P. Else C has two, after P1: P P C C, P C P C, P C C P. The last is it.
    told = brief(of(ring()))
    assert told == (
        "the consumer crashes: pop() hands out a slot that push() has not filled\n"
        "(C2). C1 finds q.length = 1, stored by P1. q: the ring. torn: 1 of 4\n"
        "interleavings; needs 1 preemption.\n"
        "\n"
        "3 of 4 steps, by C, P:\n"
        "  .       P1 q.length: 0 -> 1                                     push()\n"
        "  C1 load q.length -> 1                                            pop()\n"
        "  C2 load q.slot -> empty  *** torn                                pop()\n"
        "\n"
        "Models ring.c of libring 2.1.\n"
    )


def test_what_a_scenario_declares_stands_in_place_of_the_cause() -> None:
    origin = Origin(
        what_if="what if: a=1",
        because="the order is wrong",
        remedy="Passes with a=2.",
        command="racer explore x",
        version="1.0",
    )
    lines = brief_of(of(ring()), origin).splitlines()
    said = " ".join(lines[: lines.index("")])
    assert said.startswith("(what if: a=1) the consumer crashes: ")
    assert "(C2). Why: the order is wrong. q: the ring. " in said
    assert said.endswith("needs 1 preemption. Passes with a=2.")
    assert lines[-1] == "racer explore x  # racer 1.0"


@pytest.mark.parametrize(
    "program",
    [
        rule_one(),
        crossed_locks(),
        loop_beside_a_violation(),
        each_waits_for_the_other(),
        aba(readers=3, rounds=3),
        split_race(),
        split_race(variant="headonly"),
        count_increased(page="isolated_thp"),
    ],
)
def test_a_brief_is_twenty_lines_that_any_mail_takes(program: Program) -> None:
    long = Origin("what if: " + 40 * "x ", 60 * "why ", 60 * "remedy ", "racer x", "1")
    explanation = of(program)
    for text in (brief(explanation), brief_of(explanation, long)):
        lines = text.split("\n")
        assert lines.pop() == ""
        assert len(lines) <= LINES
        assert all(len(line) <= WIDTH and line.isascii() for line in lines)
        assert not any(line.endswith(" ") for line in lines)


def test_a_label_that_does_not_fit_beside_its_step_stands_below_it() -> None:
    mem = Memory()
    x, label = mem.cell("x" * 30, 0), "a_label_that_is_long_enough_not_to_fit"

    async def look() -> None:
        await x.load()
        raise Violation(label)

    # "T1 load ", 30 letters, " -> 0" and the label, with what stands between, are 86 columns.
    lines = brief(of(Program(mem, {"T": Thread(look)}))).splitlines()
    assert lines[-2:] == [f"  T1 load {'x' * 30} -> 0", f"     *** {label}"]


def test_what_no_step_violates_is_marked_at_the_end() -> None:
    assert brief(of(crossed_locks())).splitlines()[-1] == "  at the end  *** deadlock"
    assert "at the end" not in brief(of(each_waits_for_the_other()))  # a livelock has no end
    assert "at the end" not in brief(of(ring()))


def test_a_command_of_two_lines_has_the_version_after_it_too() -> None:
    long = f"racer explore {'x' * 50} \\\n--set {'y' * 60}"
    lines = brief_of(of(ring()), Origin(command=long, version="1.0")).splitlines()
    assert lines[-3:] == [*long.splitlines(), "# racer 1.0"]


def test_the_step_that_violates_and_what_the_cause_names_are_never_left_out() -> None:
    explanation = of(split_race())
    rows = [explanation.rows[i] for i in explanation.telling]
    assert rows[0].violates
    named = [row.name for row in rows if row.name in explanation.cause]
    assert [row.name for row in rows[1 : len(named)]] == named[1:]  # right after it
    text = brief(explanation)
    assert all(f" {name} " in text for name in named)


def test_an_update_that_is_lost_is_told_by_its_three_steps() -> None:
    """The split loads p's flags, memory_failure() sets PG_hwpoison, the split stores over it."""
    explanation = of(split_race())
    told = [explanation.rows[i] for i in sorted(explanation.telling)]
    flags = [(row.models, row.short) for row in told if " p.flags" in f" {row.short}"]
    assert flags == [
        ("__split_folio_to_order()", "load p.flags -> order=1"),
        ("memory_failure()", "p.flags: order=1 -> hwpoison|order=1"),
        ("__split_folio_to_order()", "p.flags: hwpoison|order=1 -> 0"),
    ]


def test_what_a_livelock_repeats_is_said_to_be_repeated() -> None:
    # Each waits for the other to store: one load of each, round and round.
    lines = brief(of(each_waits_for_the_other())).splitlines()
    (heading,) = [line for line in lines if " steps, the last " in line]
    steps = lines[lines.index(heading) + 1 :]
    cycle = int(heading.split("the last ")[1].split()[0])
    assert heading.startswith(f"{len(steps)} of ") and 0 < cycle <= len(steps)
    assert "The run never ends" in " ".join(lines)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"names": {"q": 1}}, "names"),
        ({"labels": {None: "x"}}, "labels"),
        ({"effects": {"x": b""}}, "effects"),
        ({"models": None}, "models"),
    ],
)
def test_words_that_are_no_texts_are_refused(given: dict[str, object], wrong: str) -> None:
    with pytest.raises(ProgramError, match=f"About.*`{wrong}`"):
        About(**given)  # type: ignore[arg-type]


# --- what let a thread go on, and what it chose ---------------------------------------------------


def test_a_brief_has_the_step_of_the_semaphore_that_let_the_thread_go_on() -> None:
    """No order with it decides, for the semaphore is given back in any schedule."""
    mem = Memory()
    ready, data, other = mem.semaphore("ready", 0), mem.cell("data", 0), mem.cell("other", 0)

    async def producer() -> None:
        await other.store(1)
        await ready.release()
        await data.store(1)

    async def consumer() -> None:
        await ready.acquire()
        if await data.load() == 0:
            raise Violation("early")

    threads = {"C": Thread(consumer), "P": Thread(producer)}
    told = explain(explore(Program(mem, threads)), "early")
    assert [told.rows[row].name for row in told.telling][:3] == ["C2", "C1", "P2"]
    text = brief(told)
    assert "P2 ready: 0 -> 1" in text and "C1 ready: 1 -> 0" in text and "P1" not in text


def test_a_brief_has_the_wake_up_that_is_spurious() -> None:
    mem = Memory()
    lock, data = mem.lock("L"), mem.cell("data", 0)
    condition = mem.condition("c", lock, spurious=1)

    async def waiter() -> None:
        async with lock:
            await condition.wait()
            if await data.load() == 0:
                raise Violation("woken")

    async def setter() -> None:
        async with lock:
            await data.store(1)
            await condition.notify()

    threads = {"S": Thread(setter), "W": Thread(waiter)}
    told = explain(explore(Program(mem, threads)), "woken")
    assert "choose notified, spurious -> spurious" in brief(told)
