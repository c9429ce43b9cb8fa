"""Generated litmus programs: SC is each interleaving; what a model allows, weaker ones do, too."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racer.axiomatic import enumerating
from racer.axiomatic.asking import Answers, ask
from racer.axiomatic.checking import allowed, check
from racer.axiomatic.enumerating import executions
from racer.axiomatic.litmus.reading import read_test
from racer.axiomatic.models.known import MODELS
from tests.axiomatic.files import asked

Statement = tuple[str, ...]

PLACES = st.sampled_from(["x", "y"])
FENCES = ("smp_mb", "smp_rmb", "smp_wmb")

STATEMENT = st.one_of(
    st.tuples(st.just("WRITE_ONCE"), PLACES, st.sampled_from("12")),
    st.tuples(st.just("smp_store_release"), PLACES, st.sampled_from("12")),
    st.tuples(st.just("READ_ONCE"), PLACES),
    st.tuples(st.just("smp_load_acquire"), PLACES),
    st.tuples(st.sampled_from(["xchg", "xchg_relaxed", "xchg_acquire"]), PLACES, st.just("3")),
    st.tuples(st.sampled_from(["cmpxchg", "cmpxchg_release"]), PLACES, st.just("1"), st.just("4")),
    st.tuples(st.just("copy"), PLACES),
    st.tuples(st.just("branch"), PLACES, st.sampled_from("12")),
    st.tuples(st.sampled_from(FENCES)),
)
THREADS = st.lists(st.lists(STATEMENT, min_size=1, max_size=4), min_size=2, max_size=3)


# What is around a whole thread, or before its last statement.
AROUND = st.lists(st.sampled_from(["", "lock", "rcu", "gp"]), min_size=3, max_size=3)


def program(threads: Sequence[Sequence[Statement]], around: Sequence[str] = ("", "", "")) -> str:
    """The program in C. Each read has a register of its own, and all are observed."""
    bodies, observed = [], []
    for at, statements in enumerate(threads):
        lines, last = list[str](), "0"
        for number, (name, *given_) in enumerate(statements):
            register = f"r{number}"
            if name in FENCES:
                lines.append(f"{name}();")
            elif name == "WRITE_ONCE":
                lines.append(f"WRITE_ONCE(*{given_[0]}, {given_[1]});")
            elif name == "smp_store_release":
                lines.append(f"smp_store_release({given_[0]}, {given_[1]});")
            elif name == "copy":  # what was read last is stored: a data dependency
                lines.append(f"WRITE_ONCE(*{given_[0]}, {last});")
            elif name == "branch":  # a control dependency
                lines.append(f"if ({last} == 1) WRITE_ONCE(*{given_[0]}, {given_[1]});")
            else:
                place = f"*{given_[0]}" if name == "READ_ONCE" else given_[0]
                lines.append(f"int {register} = {name}({', '.join([place, *given_[1:]])});")
                observed.append(f"{at}:{register}")
                last = register
        if around[at] == "gp":
            lines.insert(len(lines) - 1, "synchronize_rcu();")
        elif around[at] == "rcu":
            lines = ["rcu_read_lock();", *lines, "rcu_read_unlock();"]
        elif around[at] == "lock":
            lines = ["spin_lock(l);", *lines, "spin_unlock(l);"]
        bodies.append(f"P{at}(int *x, int *y, spinlock_t *l)\n{{\n{chr(10).join(lines)}\n}}\n")
    named = ";".join(["x", "y", *observed])
    return f"C generated\n{{}}\n{chr(10).join(bodies)}\nlocations [{named};]\nexists (true)\n"


def interleaved(threads: Sequence[Sequence[Statement]]) -> set[tuple[int, ...]]:
    """The final states of every interleaving, by running them; written without racer."""
    found = set()
    order = [at for at, of in enumerate(threads) for _ in of]
    for schedule in set(itertools.permutations(order)):
        memory, registers = {"x": 0, "y": 0}, dict[tuple[int, int], int]()
        last, steps = [0] * len(threads), [0] * len(threads)
        for thread in schedule:
            number = steps[thread]
            steps[thread] += 1
            name, *given_ = threads[thread][number]
            if name in FENCES:
                continue
            place = given_[0]
            if name in ("WRITE_ONCE", "smp_store_release"):
                memory[place] = int(given_[1])
            elif name == "copy":
                memory[place] = last[thread]
            elif name == "branch":
                if last[thread] == 1:
                    memory[place] = int(given_[1])
            else:
                old = registers[thread, number] = last[thread] = memory[place]
                if name.startswith("xchg"):
                    memory[place] = int(given_[1])
                elif name.startswith("cmpxchg") and old == int(given_[1]):
                    memory[place] = int(given_[2])
        found.add((memory["x"], memory["y"], *(registers[key] for key in sorted(registers))))
    return found


def short(threads: Sequence[Sequence[Statement]]) -> bool:
    return sum(map(len, threads)) <= 7


MODEST = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


@MODEST
@given(THREADS.filter(short))
def test_sc_is_every_interleaving(threads: Sequence[Sequence[Statement]]) -> None:
    [answer] = asked(program(threads), "sc").answers
    assert set(answer.states) == interleaved(threads)


def each_graph(
    threads: Sequence[Sequence[Statement]], around: Sequence[str]
) -> Iterator[list[bool]]:
    """Which models allow each execution."""
    test = read_test("generated", program(threads, around))
    for execution in executions(test.threads, test.initial):
        yield [allowed(model, execution.graph) for model in MODELS.values()]


@settings(MODEST, max_examples=20)
@given(THREADS, AROUND)
def test_what_is_hopeless_is_rightly_left_out(
    threads: Sequence[Sequence[Statement]], around: Sequence[str]
) -> None:
    test = read_test("generated", program(threads, around))
    models = list(MODELS.values())
    for several in (models, models[:1], models[1:2], models[2:]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(enumerating, "_MANY", 10**9)
            full = ask(test, several)
            patch.setattr(enumerating, "_MANY", 0)
            pruned = ask(test, several)
        assert pruned.candidates <= full.candidates
        for one, other in zip(full.answers, pruned.answers, strict=True):
            assert (one.states, one.flags) == (other.states, other.flags)


@MODEST
@given(THREADS)
def test_no_execution_comes_twice(threads: Sequence[Sequence[Statement]]) -> None:
    test = read_test("generated", program(threads))
    seen = [
        (*(each.events for each in execution.histories), execution.graph.rf, execution.graph.co)
        for execution in executions(test.threads, test.initial)
    ]
    assert len(set(seen)) == len(seen)


@MODEST
@given(THREADS, AROUND)
def test_each_model_allows_the_executions_that_stronger_ones_do(
    threads: Sequence[Sequence[Statement]], around: Sequence[str]
) -> None:
    for sc, tso, arm64, lkmm in each_graph(threads, around):
        assert sc <= tso <= arm64 <= lkmm


@MODEST
@given(THREADS)
def test_what_forbids_an_execution_is_a_cycle_of_named_edges(
    threads: Sequence[Sequence[Statement]],
) -> None:
    test = read_test("generated", program(threads))
    for execution in executions(test.threads, test.initial):
        for model in MODELS.values():
            violation = check(model, execution.graph)
            assert (violation is None) == allowed(model, execution.graph)
            if violation is None:
                continue
            cycle = violation.cycle
            graph = execution.graph
            for name, of in (("rf", graph.rf), ("co", graph.co), ("fr", graph.fr)):
                assert all(of.has(each.before, each.after) for each in cycle if each.name == name)
            following = [*cycle[1:], cycle[0]]
            assert all(
                a.after == b.before and a.name for a, b in zip(cycle, following, strict=True)
            )


def names(answers: Answers) -> list[str]:
    return [each.model.name for each in answers.answers]


def test_models_are_told_from_the_strongest_to_the_weakest() -> None:
    text = program([[("READ_ONCE", "x")], [("WRITE_ONCE", "x", "1")]])
    assert names(asked(text, "lkmm,sc")) == ["sc", "lkmm"]
