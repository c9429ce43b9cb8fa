"""crossbeam's list channel sets its first block up in two steps, while the receiver disconnects.

Question   The sender stores the block's address in tail.block, then in head.block. What does the
           receiver free that comes in between?
Models     The first block, a slot of it for each sender, tail.index with its mark, and how many
           handles there are: who drops the last one drops the channel. Not: further blocks.
Source     github.com/crossbeam-rs/crossbeam: issue 971, PR 972, PR 1084 and PR 1187 (which is
           RUSTSEC-2025-0024); rust-lang/rust 110001, 121646.

Answer     Each fix but the last leaves something:
  v0       the receiver sees a message, and no block in head.block yet: it dereferences NULL. It
           takes two senders: one stores the block, the other one a message. Or there is no
           message, and the block comes after the look: nobody frees it.
  v1       it waits for the block if there are messages; without any the block leaks as before.
  v2       it takes the block with a swap, but where it waits it loads: the channel frees it again.
  v3       there, too, it swaps.
"""

from itertools import product
from typing import Annotated, Literal

from racer import Address, Cell, Expected, Meanings, Memory, Program, Range, Thread, scenario

Variant = Annotated[
    Literal["v0", "v1", "v2", "v3"],
    Meanings(
        {"v0": "before PR 972", "v1": "with PR 972", "v2": "with PR 1084", "v3": "with PR 1187"}
    ),
]

LABELS = {"v0": ("NULL dereference", "leak"), "v1": ("leak",), "v2": ("double free",), "v3": ()}


def expected(*, variant: str, senders: int) -> Expected:
    labels = LABELS[variant]
    if senders == 1:  # who sends the first message has stored the block in both places
        labels = tuple(label for label in labels if label == "leak")
    return Expected("fail", labels, fixed_by={"variant": "v3"}) if labels else Expected("pass")


@scenario(expect=expected)
def list_channel(*, variant: Variant = "v1", senders: Annotated[int, Range(1, 3)] = 2) -> Program:
    """Senders send one message each, the receiver disconnects; then all drop their handles.

    variant  of crossbeam-channel, and of std::sync::mpsc, which has its code
    senders  how many they are
    """
    mem = Memory()
    blocks = mem.pool("block", senders, fields={f"slot{at}": False for at in range(senders)})
    indices = range(senders + 1)
    tail = mem.cell("tail.index", (0, False), values=product(indices, (False, True)))  # MARK_BIT
    head = mem.cell("head.index", 0, values=indices)
    tail_block: Cell[Address | None] = mem.cell("tail.block", None)
    head_block: Cell[Address | None] = mem.cell("head.block", None)
    handles = mem.refcount("handles", senders + 1, most=senders + 1)

    def slot(block: Address | None, at: int) -> Cell[bool]:
        return getattr(blocks[block], f"slot{at}")  # type: ignore[no-any-return]  # it is a field

    async def drop_channel() -> None:
        """Drop for Channel, by the last handle"""
        if await handles.dec_and_test():
            await blocks.free(await head_block.load())
            await tail_block.store(None)  # it is no more, so that nothing is found from it

    async def send() -> str:
        """Channel::start_send(), write()"""
        while True:
            index, marked = await tail.load("acquire")
            block = await tail_block.load("acquire")
            if marked:
                await drop_channel()
                return "disconnected"
            if block is None:
                new = await blocks.allocate()
                if await tail_block.compare_exchange(None, new, "release") is not None:
                    await blocks.free(new)  # somebody else was faster
                    continue
                await head_block.store(new, "release")
                block = new
            if await tail.compare_exchange((index, False), (index + 1, False)) == (index, False):
                await slot(block, index).store(True, "release")
                await drop_channel()
                return "sent"

    async def disconnect() -> str:
        """Channel::disconnect_receivers(), discard_all_messages()"""
        end, _ = await tail.update(lambda t: (t[0], True))
        at = await head.load("acquire")
        takes = variant in ("v2", "v3")
        block = await (head_block.swap(None) if takes else head_block.load("acquire"))
        if at != end and variant != "v0":
            while block is None:  # a message is there, so its block will be
                await head_block.wait_until(lambda address: address is not None)
                swaps = variant == "v3"
                block = await (head_block.swap(None) if swaps else head_block.load("acquire"))
        for message in range(at, end):
            await slot(block, message).wait_until(lambda written: written)
        await blocks.free(block)
        if not takes:
            await head_block.store(None)
        await head.store(end, "release")
        await drop_channel()
        return f"dropped {end - at}"

    return Program(mem, {"R": Thread(disconnect), "S": Thread(send, copies=senders)})
