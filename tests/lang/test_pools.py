"""Objects with a lifetime: use after free, double free, leaks, addresses that are reused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from racer import (
    Address,
    Cell,
    Memory,
    ModelError,
    Pool,
    Program,
    ProgramError,
    Thread,
    Violation,
    brief,
    certificate,
    explain,
    explore,
    mail,
)
from racer.certificates.verifying import verify


def found(program: Program) -> dict[str, int | None]:
    """By label, in how many interleavings."""
    return {label: each.interleavings for label, each in explore(program).violations.items()}


def shared(use: Callable[[Pool, Address], Awaitable[object]], copies: int = 1) -> Program:
    """Users get the address of an object, and do something with it; its owner frees it."""
    mem = Memory()
    nodes, head = mem.pool("node", 1, fields={"value": 7}), mem.cell("head", None)

    async def owner() -> None:
        node = await nodes.allocate()
        await head.store(node)  # type: ignore[arg-type]
        await nodes.free(node)

    async def user() -> object:
        node = await head.wait_until(lambda address: address is not None)
        assert node is not None
        return await use(nodes, node)

    return Program(mem, {"O": Thread(owner), "U": Thread(user, copies=copies)})


def test_who_uses_an_object_after_it_was_freed_is_told() -> None:
    # Behind the store come U's two steps and the owner's free: f w u, w f u and w u f.
    program = shared(lambda nodes, node: nodes[node].value.load())
    result = explore(program)
    assert result.interleavings == 3
    assert found(program) == {"use after free": 2}
    assert result.effects("use after free") == {"load node.0.value of a freed object": 2}
    text = " ".join(mail(explain(result, "use after free")).split())
    assert "finds node.0 = <freed>, stored by O4" in text


@pytest.mark.parametrize(
    "use",
    [
        lambda nodes, node: nodes[node].value.store(1),
        lambda nodes, node: nodes[node].value.swap(1),
        lambda nodes, node: nodes[node].value.compare_exchange(7, 1),
        lambda nodes, node: nodes[node].value.update(lambda value: value + 1),
        lambda nodes, node: nodes[node].value.update_when(lambda v: v, lambda v: 0),
        lambda nodes, node: nodes[node].value.wait_until(lambda value: value == 7),
    ],
)
def test_whatever_one_does_with_a_field(use: Callable[[Pool, Address], Awaitable[object]]) -> None:
    assert found(shared(use)) == {"use after free": 2}


def test_who_frees_what_is_freed_is_told() -> None:
    # U's free and the owner's: one of them comes second, in each of the 3 orders.
    assert found(shared(lambda nodes, node: nodes.free(node))) == {"double free": 3}


def test_a_field_is_a_cell_while_its_object_lives() -> None:
    mem = Memory()
    nodes = mem.pool("node", 2, fields={"next": None, "value": 0})

    async def work() -> tuple[object, ...]:
        one = await nodes.allocate()
        two = await nodes.allocate(next=one, value=5)
        field: Cell[int] = nodes[two].value
        seen = [await field.fetch_add(1), await field.swap(9), await field.compare_exchange(9, 3)]
        await nodes[one].value.store(4)
        first = await nodes[two].next.load()
        ends = [await nodes[first].value.load(), await field.load(), await nodes[one].next.load()]
        await nodes.free(two)
        await nodes.free(one)
        return (*seen, *ends)

    result = explore(Program(mem, {"T": Thread(work)}))
    (outcome,) = result.outcomes
    assert (result.verdict, outcome[0][1]) == ("pass", (5, 6, 9, 4, 3, None))


# --- leaks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keeps", "leaks"),
    [
        ("nothing", True),
        ("returned", False),
        ("in a tuple", False),
        ("in a cell", False),
        ("in a field", False),
        ("in a field of what is lost", True),
        ("freed", False),
    ],
)
@pytest.mark.parametrize("collected", [False, True])
def test_what_is_live_at_the_end_and_cannot_be_found_is_a_leak(
    keeps: str, leaks: bool, collected: bool
) -> None:
    mem = Memory()
    nodes = mem.pool("node", 2, fields={"next": None}, collected=collected)
    head: Cell[object] = mem.cell("head", None)

    async def work() -> object:
        node = await nodes.allocate()
        match keeps:
            case "returned":
                return node
            case "in a tuple":
                return ("here", (node,))
            case "in a cell":
                await head.store((1, node))
            case "in a field" | "in a field of what is lost":
                other = await nodes.allocate(next=node)
                if keeps == "in a field":
                    await head.store(other)
            case "freed":
                await nodes.free(node)
        return None

    expected = {"leak": 1} if leaks and not collected else {}
    assert found(Program(mem, {"T": Thread(work)})) == expected


def test_a_leak_is_told_with_the_object() -> None:
    mem = Memory()
    nodes = mem.pool("node", 2)

    async def work() -> Address:
        await nodes.allocate()
        return await nodes.allocate()

    result = explore(Program(mem, {"T": Thread(work)}))
    said = explain(result, "leak").verdict
    assert said == "leak: node.0 is live, and nobody has it; T returns node.1."


def test_after_another_violation_nothing_is_called_a_leak() -> None:
    mem = Memory()
    nodes = mem.pool("node", 2)

    async def frees_twice() -> None:
        node = await nodes.allocate()
        await nodes.free(node)
        await nodes.free(node)

    async def loses() -> None:
        await nodes.allocate()

    threads = {"F": Thread(frees_twice), "L": Thread(loses)}
    assert found(Program(mem, threads)).keys() == {"double free"}


def test_a_program_without_an_end_is_not_asked_for_leaks() -> None:
    mem = Memory()
    nodes, head = mem.pool("node", 1, fields={"value": 0}), mem.cell("head", None)

    async def turns() -> None:
        node = await nodes.allocate()
        await head.store(node)  # type: ignore[arg-type]
        while True:
            await nodes[node].value.update(lambda value: 1 - value)

    result = explore(Program(mem, {"T": Thread(turns)}))
    assert (result.verdict, result.vacuous) == ("pass", ())
    assert verify(certificate(result)).interleavings is None


def test_a_label_of_the_pools_is_its_own() -> None:
    mem = Memory()
    mem.pool("node", 1)

    x = mem.cell("x", 0)

    async def work() -> None:
        await x.load()

    with pytest.raises(ProgramError, match="the label 'leak' is a pool's own"):
        Program(mem, {"T": Thread(work)}, finally_={"leak": lambda state: True})


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("reuse", [True, False])
def test_an_address_comes_again_if_it_is_reused(reuse: bool) -> None:
    mem = Memory()
    nodes = mem.pool("node", 3, reuse=reuse)

    async def work() -> tuple[object, ...]:
        one, two = await nodes.allocate(), await nodes.allocate()
        await nodes.free(one)
        again = await nodes.allocate()
        await nodes.free(again)
        await nodes.free(two)
        return again == one, again

    ((_, came),) = next(iter(explore(Program(mem, {"T": Thread(work)})).outcomes))
    assert came == (reuse, Address("node", 0 if reuse else 2))


@pytest.mark.parametrize("reuse", [True, False])
def test_an_exchange_takes_another_object_for_the_one_it_knew_only_if_addresses_are_reused(
    reuse: bool,
) -> None:
    """Two pop from a stack; one is slow, and meanwhile the other pops both nodes and pushes one."""
    mem = Memory()
    nodes = mem.pool("node", 3, fields={"next": None}, reuse=reuse)
    head: Cell[Address | None] = mem.cell("head", None)
    popped = mem.cell("popped", False)

    async def slow() -> None:
        top = await head.wait_until(lambda address: address is not None)
        below = await nodes[top].next.load()  # which may be late already
        taken = await head.compare_exchange(top, below) == top
        if taken and below is not None and await popped.load():
            raise Violation("ABA")  # quick has popped what is below it, too

    async def quick() -> None:
        second = await nodes.allocate()
        first = await nodes.allocate(next=second)
        await head.store(first)
        if await head.compare_exchange(first, second) == first:
            await popped.store(True)
            if await head.compare_exchange(second, None) == second:
                await nodes.free(second)
                await nodes.free(first)
                await head.store(await nodes.allocate())

    program = Program(mem, {"Q": Thread(quick), "S": Thread(slow)})
    # If slow's exchange comes first, quick's fails, and nothing is popped. Once quick has popped
    # the first node, head is its address again only if that is given out again. In either case
    # slow may load from it when it is freed.
    labels = set(explore(program).violations) - {"leak"}
    assert labels == ({"ABA", "use after free"} if reuse else {"use after free"})


def test_nothing_is_at_no_address() -> None:
    mem = Memory()
    nodes = mem.pool("node", 1, fields={"value": 0})
    head: Cell[Address | None] = mem.cell("head", None)

    async def work() -> None:
        await nodes.free(None)
        await nodes[await head.load()].value.load()

    assert found(Program(mem, {"T": Thread(work)})) == {"NULL dereference": 1}


def test_what_is_dereferenced_in_vain_is_told_after_the_step_that_gave_it() -> None:
    mem = Memory()
    nodes = mem.pool("node", 1, fields={"value": 0})
    head: Cell[Address | None] = mem.cell("head", None)

    async def work() -> None:
        await nodes[await head.load()].value.load()

    explanation = explain(explore(Program(mem, {"T": Thread(work)})), "NULL dereference")
    assert explanation.verdict == "T raised Violation 'NULL dereference' after T1."
    lines = brief(explanation).splitlines()
    at = lines.index("  T1 load head -> None")
    assert lines[at + 1].strip() == "then *** NULL dereference, in place of an address of node"


def test_a_model_with_too_few_objects_is_broken() -> None:
    mem = Memory()
    nodes = mem.pool("node", 1)

    async def work() -> None:
        await nodes.free(await nodes.allocate())
        await nodes.allocate()

    with pytest.raises(ModelError, match="Give the pool more of them"):
        explore(Program(mem, {"T": Thread(work)}))


@pytest.mark.parametrize("field", ["name", "_x", "a b", "fits"])
def test_a_field_has_a_name_that_it_can_have(field: str) -> None:
    with pytest.raises(ProgramError, match="cannot be the name of a field"):
        Memory().pool("node", 1, fields={field: 0})


def test_names_of_objects_and_fields_are_taken() -> None:
    mem = Memory()
    mem.pool("node", 2, fields={"next": None})
    for name in ("node", "node.1", "node.0.next"):
        with pytest.raises(ProgramError, match=f"the name '{name}' is taken"):
            mem.cell(name, 0)


def test_what_is_no_address_or_no_field_is_refused() -> None:
    mem = Memory()
    nodes, others = mem.pool("node", 1, fields={"value": 0}), mem.pool("other", 1)

    async def takes_another() -> None:
        nodes[await others.allocate()]

    async def gives_another() -> None:
        await nodes.allocate(weight=1)

    for function, said in [(takes_another, "no address of this pool"), (gives_another, "'weight'")]:
        with pytest.raises(ModelError, match=said):
            explore(Program(mem, {"T": Thread(function)}))
    with pytest.raises(AttributeError, match="has no field 'weight'"):
        nodes[Address("node", 0)].weight  # noqa: B018
