"""ARMv8, multi-copy atomic: what a store is seen by, it is seen by all, its own thread apart.

What the kernel's primitives are there: READ_ONCE() and WRITE_ONCE() are LDR and STR, as plain
accesses are; a release is STLR, smp_load_acquire() LDAPR, the weaker of the two that may be used
for it; smp_mb() is DMB ISH, smp_rmb() DMB ISHLD, smp_wmb() DMB ISHST. A fully ordered
read-modify-write has a DMB ISH on both sides, a void one is relaxed, one that fails a bare load.
The acquire of any other, and of spin_lock(), is that of LDAXR; spin_unlock() is STLR.
smp_mb__before_atomic(), smp_mb__after_atomic() and smp_mb__after_spinlock() are DMB ISH;
smp_mb__after_unlock_lock() is nothing, as an LDAXR after an STLR is ordered.

Differs  lws, po-loc;[W], stands for (ctrl|data);coi of older texts, which is within it: a store is
         kept after what its thread did to that location before.
Source   ARM Architecture Reference Manual, DDI 0487, B2.3; Pulte and others, "Simplifying ARM
         concurrency", POPL 2018; herd7's aarch64.cat;
         arch/arm64/include/asm/barrier.h, atomic_ll_sc.h and rwonce.h of Linux 6.12.
"""

from __future__ import annotations

from collections.abc import Iterator

from racer.axiomatic.graphs import Graph, Skeleton
from racer.axiomatic.models.axioms import Axiom, simple
from racer.axiomatic.models.grace import with_grace_periods
from racer.axiomatic.relations import Events, Relation

_FULL = ("mb", "sync-rcu", "before-atomic", "after-atomic", "after-spinlock")


def fixed(s: Skeleton) -> tuple[Relation, ...]:
    """What one thread alone orders."""
    M, R, W = s.M, s.R, s.W
    po, addr, data, ctrl = s.po, s.addr, s.data, s.ctrl
    A, Q, L = acquires(s), s.tagged("acquire"), s.tagged("release", "unlock")
    lws = s.po & s.loc @ W
    ISB = s.tagged("isb")
    dependencies = addr | data | (ctrl @ W) | ((ctrl | addr @ po) @ ISB @ po @ R) | (addr @ po @ W)
    amo_al = (s.rmw.domain & A).identity @ s.rmw @ L
    fences = (
        (M @ s.fenced(*_FULL) @ M)
        | (po @ s.rmw.domain @ amo_al @ po)
        | (R @ s.fenced("rmb") @ M)
        | (W @ s.fenced("wmb") @ W)
    )
    half = (A | Q) @ po | po @ L | L @ po @ A
    return M @ dependencies @ M, M @ lws, fences, M @ half @ M


def acquires(s: Skeleton) -> Events:
    """A: what a release before it in its thread is ordered with."""
    return s.tagged("acquire-sc", "lock") | (s.tagged("acquire") & s.rmw.domain)


def axioms(x: Graph) -> Iterator[Axiom]:
    """Acyclic ordered-before."""
    s = x.skeleton
    dependencies, lws, fences, half = s.fixed(fixed)
    obs = x.rfe | x.coe | x.fre
    dob = dependencies | (s.addr | s.data) @ x.rfi
    aob = s.rmw | s.rmw.range @ x.rfi @ (acquires(s) | s.tagged("acquire"))
    bob = fences | half
    parts = simple(
        *(("rf", x.rfe), ("co", x.coe), ("fr", x.fre), ("dependency", dob)),
        *(("fence", fences), ("acquire/release", half), ("rmw", aob), ("lws", lws)),
    )
    yield from with_grace_periods(s, "external", obs | lws | dob | aob | bob, parts)
