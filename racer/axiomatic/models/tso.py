"""x86: total store order. A store may wait in a buffer while its thread goes on to load.

What the kernel's primitives are there: an smp_mb() and every locked read-modify-write is a full
fence, a failing cmpxchg() among them; smp_rmb(), smp_wmb(), acquire and release are no instruction,
nor are smp_mb__before_atomic() and its likes, since what they stand beside is locked. spin_lock()
is locked, spin_unlock() a plain store. A failing trylock or add_unless has only read.

Source   Owens, Sarkar, Sewell, "A better x86 memory model: x86-TSO", TPHOLs 2009; herd7's
         x86tso.cat; arch/x86/include/asm/barrier.h, cmpxchg.h and atomic.h of Linux 6.12.
"""

from __future__ import annotations

from collections.abc import Iterator

from racer.axiomatic.graphs import Graph, Skeleton
from racer.axiomatic.models.axioms import Axiom, simple
from racer.axiomatic.models.grace import with_grace_periods
from racer.axiomatic.relations import Relation


def fixed(s: Skeleton) -> tuple[Relation, ...]:
    """What is kept of program order."""
    locked = s.rmw.domain | s.rmw.range | s.tagged("compare-failed")
    po_tso = (s.M @ s.po @ s.M) - (s.W * s.R)
    mfence = s.M @ s.fenced("mb", "sync-rcu") @ s.M
    implied = s.po @ locked | locked @ s.po
    return po_tso, mfence, implied


def axioms(x: Graph) -> Iterator[Axiom]:
    """Total store order."""
    s = x.skeleton
    po_tso, mfence, implied = s.fixed(fixed)
    ghb = po_tso | mfence | implied | x.rfe | x.co | x.fr
    parts = simple(
        *(("po", po_tso), ("mfence", mfence), ("locked", implied)),
        *(("rf", x.rfe), ("co", x.co), ("fr", x.fr)),
    )
    yield from with_grace_periods(s, "tso", ghb, parts)
