"""A stack whose nodes are used again: what a head that looks the same hides.

Question   Is each pop() and push() as if it had taken effect at one instant, all in some order?
Models     The head, and of each node what lies below it and what is in it. Not: where nodes come
           from: a thread pushes with the node that it has popped.
Source     R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986; for
           the tag, IBM System/370 Principles of Operation, appendix A, on free lists.

Answer     Without a tag it is not. pop() has read the node on top, what is below it and in it; the
           node is popped and pushed again with something else in it, and the exchange succeeds,
           since the head is as it was. What was there once is popped twice. A tag that counts the
           exchanges makes another head of it.
"""

from typing import Annotated, Literal

from racer import Expected, Meanings, Memory, Program, Thread, scenario

Variant = Annotated[
    Literal["plain", "tagged"],
    Meanings({"plain": "an address alone", "tagged": "an address with a count of exchanges"}),
]


class Stack:
    """What it is held against: the last one in is the first one out."""

    def __init__(self) -> None:
        self.items = [1, 2]

    def push(self, item: int) -> None:
        self.items.append(item)

    def pop(self) -> int | None:
        return self.items.pop() if self.items else None


def expected(*, variant: str) -> Expected:
    if variant == "tagged":
        return Expected("pass")
    return Expected(
        "fail",
        ("not linearizable",),
        "a node that is pushed again makes the head look as it was",
        fixed_by={"variant": "tagged"},
    )


@scenario(expect=expected)
def treiber_stack(*, variant: Variant = "plain") -> Program:
    """One thread pops; another one pops, and pushes 3 with the node that it has got.

    variant  what the head is
    """
    mem = Memory()
    head = mem.cell("head", (2, 0))
    below = [mem.cell(f"node{node}.below", max(node - 1, 0)) for node in range(3)]
    inside = [mem.cell(f"node{node}.item", node) for node in range(3)]
    stack = mem.linearizable("stack", Stack)
    counts = 1 if variant == "tagged" else 0

    async def pop() -> int:
        """pop()"""
        async with stack.call("pop") as call:
            while True:
                top, tag = await head.load("acquire")
                if not top:
                    return 0
                under = await below[top].load()
                item = await inside[top].load()
                if await head.compare_exchange((top, tag), (under, tag + counts)) == (top, tag):
                    call.returns(item)
                    return top

    async def push(node: int, item: int) -> None:
        """push()"""
        async with stack.call("push", item):
            await inside[node].store(item)
            while True:
                top, tag = await head.load()
                await below[node].store(top)
                if await head.compare_exchange((top, tag), (node, tag + counts)) == (top, tag):
                    return

    async def pops() -> None:
        await pop()

    async def pushes() -> None:
        node = await pop()
        if node:
            await push(node, 3)

    return Program(mem, {"A": Thread(pops), "B": Thread(pushes)})
