"""Atomic regions: whoever is in one is not preempted, and needs a CPU of its own; all else is as it
would be without. Numbers are derived by hand; tests/generated holds locks against an oracle."""

import json

import pytest

from racer import Finding, Memory, ModelError, Program, Thread, Violation, atomic, explain, explore
from racer.exploration.judgement import judge
from racer.viz.documents.case import ExploredCase
from racer.viz.documents.result import document


def torn(region: str, readers: int = 1) -> Program:
    """W stores to a and to b; who reads one before and the other after sees them differ."""
    mem = Memory()
    a, b, c = (mem.cell(name, 0) for name in "abc")
    lock = mem.lock("lock", atomic=region == "atomic lock")

    async def write() -> None:
        await c.load()
        match region:
            case "none":
                await a.store(1)
                await b.store(1)
            case "atomic":
                async with atomic():
                    await a.store(1)
                    await b.store(1)
            case "nested":
                async with atomic():
                    async with atomic():
                        pass
                    await a.store(1)
                    async with atomic():
                        await b.store(1)
            case _:
                async with lock:
                    await a.store(1)
                    await b.store(1)
        await c.load()

    async def read() -> None:
        if await a.load() != await b.load():
            raise Violation("torn")

    return Program(mem, {"R": Thread(read, copies=readers), "W": Thread(write)})


def found(program: Program) -> Finding:
    return explore(program).violations["torn"]


@pytest.mark.parametrize("region", ["atomic", "nested", "atomic lock"])
def test_a_switch_out_of_a_region_is_no_preemption_and_takes_another_cpu(region: str) -> None:
    finding = found(torn(region))
    # R runs whole between the stores: W could go on, and is in the region.
    assert (finding.witness.preemptions, finding.cpus) == (0, 2)


@pytest.mark.parametrize("region", ["none", "lock"])
def test_elsewhere_it_is_one_and_takes_none(region: str) -> None:
    finding = found(torn(region))
    assert (finding.witness.preemptions, finding.cpus) == (1, 1)


def test_nothing_else_depends_on_regions() -> None:
    for one, other in (("none", "atomic"), ("none", "nested"), ("lock", "atomic lock")):
        plain, within = explore(torn(one, readers=2)), explore(torn(other, readers=2))
        assert plain.interleavings == within.interleavings
        counts = [
            {label: each.interleavings for label, each in result.violations.items()}
            for result in (plain, within)
        ]
        assert counts[0] == counts[1]
        assert plain.outcomes.keys() == within.outcomes.keys()


def test_the_edges_of_a_region_are_outside() -> None:
    """Before its first step and after its last one a thread can be preempted."""
    mem = Memory()
    a = mem.cell("a", 0)

    async def write() -> None:
        await a.store(1)
        async with atomic():
            await a.store(2)
        await a.store(3)

    async def check(value: int) -> None:
        if await a.load() == value:
            raise Violation(f"seen {value}")

    threads = {f"C{value}": Thread(check, value) for value in (1, 2)}
    violations = explore(Program(mem, {**threads, "W": Thread(write)})).violations
    # The block has one step, so nobody can come between two of its steps.
    assert [violations[f"seen {value}"].witness.preemptions for value in (1, 2)] == [1, 1]


def test_who_is_in_a_region_keeps_a_cpu_each() -> None:
    mem = Memory()
    count = mem.cell("count", 0)

    async def enter() -> None:
        async with atomic():
            await count.fetch_add(1)
            await count.fetch_add(-1)

    async def look() -> None:
        if await count.load() == 3:
            raise Violation("three")

    result = explore(Program(mem, {"E": Thread(enter, copies=3), "L": Thread(look)}))
    # Three are in the region, and the fourth has to run.
    three = result.violations["three"]
    assert (three.witness.preemptions, three.cpus) == (0, 4)
    assert explain(result, "three").fact == "needs no preemption; on 4 CPUs as drawn"


def test_the_document_has_the_cpus_and_what_comes_before() -> None:
    result = explore(torn("atomic"))
    text = document(ExploredCase("torn", result, judge(result, None, None)))
    content = json.loads(text)["violations"]["torn"]
    # W's load and first store, R's two loads.
    assert (content["preemptions"], content["cpus"], content["before"]) == (0, 2, 4)


def test_a_picture_says_that_another_cpu_runs() -> None:
    result = explore(torn("atomic"))
    switches = [row.switch for row in explain(result, "torn").rows if row.switch is not None]
    assert [(each.reason, each.text) for each in switches] == [
        ("atomic", "W is in an atomic region; another CPU runs")
    ]


def test_a_violation_leaves_the_regions_it_is_raised_in() -> None:
    mem = Memory()
    a, lock = mem.cell("a", 0), mem.lock("lock", atomic=True)

    async def fail() -> None:
        async with lock, atomic():
            await a.store(1)
            raise Violation("wrong")

    async def look() -> None:
        async with lock:
            if await a.load():
                raise Violation("wrong, too")

    result = explore(Program(mem, {"F": Thread(fail), "L": Thread(look)}))
    # F raises, its lock is free: then L gets it. F before L, or L before F.
    assert result.interleavings == 2
    assert result.violations["wrong, too"].interleavings == 1
    assert result.violations["wrong, too"].witness.preemptions == 0


def test_only_who_has_an_atomic_lock_releases_it() -> None:
    mem = Memory()
    lock = mem.lock("lock", atomic=True)

    async def take() -> None:
        await lock.acquire()

    async def give() -> None:
        await lock.release()

    with pytest.raises(ModelError, match="release lock: this thread has not got it"):
        explore(Program(mem, {"G": Thread(give), "T": Thread(take)}))


def test_a_lock_that_could_not_be_taken_is_no_region() -> None:
    mem = Memory()
    a, lock = mem.cell("a", 0), mem.lock("lock", atomic=True)

    async def hold() -> None:
        async with lock:
            await a.load()

    async def attempt() -> None:
        if not await lock.try_acquire():
            await a.store(1)
            await a.store(0)
        else:
            await lock.release()

    async def look() -> None:
        if await a.load():
            raise Violation("seen")

    program = Program(mem, {"A": Thread(attempt), "H": Thread(hold), "L": Thread(look)})
    seen = explore(program).violations["seen"]
    # H has the lock as A tries (H is in its region: free), and A is left between its stores.
    assert (seen.witness.preemptions, seen.cpus) == (1, 2)
