"""Atomic regions: steps of a thread between which its CPU does not go to another thread."""

from __future__ import annotations

from typing import Final

from racer.lang.asking import thread_run
from racer.lang.blocks import Block


class AtomicRegion(Block):
    """Made by atomic(); it has nothing of its own, so all threads may have the same."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "atomic()"

    async def _take(self) -> None:
        thread_run("an atomic region").enter_region()

    async def _give(self) -> None:
        thread_run("an atomic region").leave_region()


_REGION: Final = AtomicRegion()


def atomic() -> AtomicRegion:
    """Steps that no other thread of the same CPU comes between.

        async with atomic():        # local_irq_disable(), preempt_disable()
            ...

    The region begins with the first step of the block and ends with the last one; its edges are
    not steps. Other threads still run in between, on other CPUs: no interleaving is left out, and
    all counts are as they would be without. A switch to another thread after a step within the
    region is no preemption, and a schedule that has one says how many CPUs it takes. Regions may be
    nested. A lock made by `mem.lock(name, atomic=True)` is such a region while it is held.
    """
    return _REGION
