"""arm64 and the kernel's model as sets of pairs: what each orders, and whether that goes round.

An execution is numbered events with po, rf, co, the pairs of a read-modify-write, and dependencies.
What all models share, coherence and atomicity, stands first.

Source   arm64: ARM Architecture Reference Manual, DDI 0487, B2.3. lkmm: linux-kernel.cat and .bell
         in tools/memory-model/ of Linux 6.12.
Bound    what the marks of `KNOWN` say; of read sections and grace periods nothing is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from racer.graph_witnesses.pairs import Pairs, alone, back, goes_round, often, then, where

INITIAL: Final = -1  # the thread of initial writes
KNOWN: Final = frozenset(
    {
        *("once", "plain", "acquire", "release", "lock", "lock-write", "unlock", "compare-failed"),
        *("mb", "rmb", "wmb", "initial"),
    }
)


@dataclass(frozen=True, slots=True)
class Happening:
    """An event: its thread, INITIAL for an initial write, and what it is."""

    thread: int
    kind: str
    cell: str
    mark: str


@dataclass(frozen=True)
class Execution:
    """What models look at: events by number, those of a thread in the order of its code.

    rf, co     who reads from whom; the order of writes to a cell, the initial one first
    rmw        the two halves of a read-modify-write
    addr, data, ctrl  dependencies
    """

    events: Sequence[Happening]
    rf: Pairs
    co: Pairs
    rmw: Pairs
    addr: Pairs
    data: Pairs
    ctrl: Pairs

    @cached_property
    def po(self) -> Pairs:
        """The order of the code of each thread."""
        return frozenset(
            (one, other)
            for one, before in enumerate(self.events)
            for other, after in enumerate(self.events)
            if one < other and before.thread == after.thread != INITIAL
        )

    @cached_property
    def fr(self) -> Pairs:
        """From a read to all that overwrites what it has read."""
        return then(back(self.rf), self.co)

    @cached_property
    def com(self) -> Pairs:
        return self.rf | self.co | self.fr

    def inside(self, one: int, other: int) -> bool:
        """Whether both are of one thread."""
        return self.events[one].thread == self.events[other].thread != INITIAL

    def internal(self, relation: Pairs) -> Pairs:
        return where(relation, self.inside)

    def external(self, relation: Pairs) -> Pairs:
        return where(relation, lambda one, other: not self.inside(one, other))

    def only(self, holds: Callable[[Happening], bool]) -> Pairs:
        """Each event of which that is so, with itself."""
        return alone(number for number, each in enumerate(self.events) if holds(each))

    def kinds(self, *kinds: str) -> Pairs:
        return self.only(lambda each: each.kind in kinds)

    def marks(self, *marks: str) -> Pairs:
        return self.only(lambda each: each.mark in marks)

    def same_cell(self, relation: Pairs) -> Pairs:
        return where(
            relation, lambda one, other: self.events[one].cell == self.events[other].cell != ""
        )


def incoherent(x: Execution) -> str:
    """Why no model allows it, in words; empty where coherence and atomicity hold."""
    if goes_round(x.same_cell(x.po) | x.com):
        return "accesses of one cell go round in a circle"
    between = then(x.external(x.fr), x.external(x.co))
    if x.rmw & between:
        return "a store comes between the halves of a read-modify-write"
    return ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a model makes of an execution.

    why    the axiom that it breaks; empty where it is allowed
    order  which events it orders, for instants
    """

    why: str
    order: Pairs


def arm64(x: Execution) -> Ordered:
    """ARMv8: acyclic ob, of obs | lws | dob | aob | bob."""
    r, w, m = x.kinds("R"), x.kinds("W"), x.kinds("R", "W")
    halves = frozenset(each for pair in x.rmw for each in pair)
    acquires = x.marks("acquire", "lock")
    a = frozenset(each for each in acquires if each[0] in halves)  # LDAXR; any other is LDAPR
    released = x.marks("release", "unlock")
    po, rfi = x.po, x.internal(x.rf)
    obs = x.external(x.com)
    lws = then(x.same_cell(po), w)
    dob = x.addr | x.data | then(x.ctrl, w) | then(x.addr, po, w) | then(x.addr | x.data, rfi)
    aob = x.rmw | then(alone(other for _, other in x.rmw), rfi, acquires)
    bob = (
        then(m, po, x.marks("mb"), po, m)
        | then(r, po, x.marks("rmb"), po, m)
        | then(w, po, x.marks("wmb"), po, w)
        | then(acquires, po, m)
        | then(m, po, released)
        | then(released, po, a)
        | then(m, po, then(a, x.rmw, released), po, m)
        | then(then(a, x.rmw, released), po, m)
    )
    ob = obs | lws | dob | aob | bob
    return Ordered("external visibility goes round" if goes_round(ob) else "", ob)


def lkmm(x: Execution) -> Ordered:
    """The kernel's: acyclic hb, acyclic pb, and plain accesses that keep to coherence."""
    halves = frozenset(each for pair in x.rmw for each in pair)
    m = x.kinds("R", "W")
    everything = alone(range(len(x.events)))
    plain = frozenset(each for each in x.marks("plain") if each[0] not in halves)
    marked = everything - plain
    r, w, po = x.kinds("R"), x.kinds("W"), x.po
    acquire, release = x.marks("acquire", "lock"), x.marks("release", "unlock")
    rfi, rfe = x.internal(x.rf), x.external(x.rf)
    carry = often(then(x.data, rfi)) | everything
    addr, data, ctrl = (then(carry, each) for each in (x.addr, x.data, x.ctrl))

    acq_po, po_rel = then(acquire, po, m), then(m, po, release)
    unlock_lock = then(po, x.marks("unlock"), po | x.rf, x.marks("lock"), po)
    rmb = then(r, po, x.marks("rmb"), po, r)
    wmb = then(w, po, x.marks("wmb"), po, w)
    strong = then(m, po, x.marks("mb"), po, m)
    nonrw = strong | po_rel | acq_po
    fence = nonrw | wmb | rmb

    dep = addr | data
    overwrite = x.co | x.fr
    to_w = then(dep | ctrl, w) | x.internal(overwrite) | then(addr, plain, wmb)
    to_r = then(addr, r) | then(dep, marked, rfi)
    ppo = to_r | to_w | x.internal(fence) | x.internal(unlock_lock)

    far = then(rfe, marked) | everything
    rmw_sequence = often(then(x.rf, x.rmw)) | everything
    cumul = then(marked, then(far, strong | po_rel) | wmb | unlock_lock, marked, rmw_sequence)
    cumuls = often(cumul) | everything
    prop = then(
        marked, x.external(overwrite) | everything, cumuls, marked, rfe | everything, marked
    )
    inner = where(x.internal(prop), lambda one, other: one != other)
    hb = then(marked, ppo | rfe | inner, marked)
    hbs = often(hb) | everything
    pb = then(prop, strong, hbs, marked)
    order = hb | pb
    if goes_round(hb):
        return Ordered("happens-before goes round", order)
    if goes_round(pb):
        return Ordered("propagation goes round", order)

    xbs = often(hb | pb) | everything
    vis = then(cumuls, rfe | everything, marked, then(strong, marked, xbs) | _within(x, xbs))
    w_pre = then(marked, addr | fence | everything)
    r_pre = then(marked, addr | nonrw | then(r, po, x.marks("rmb"), po) | everything)
    w_post = then(fence | everything, marked, rmw_sequence)
    r_post = then(nonrw | then(po, x.marks("rmb"), po, r) | everything, marked)
    ww_vis = fence | then(strong, xbs, w_pre) | then(w_post, vis, w_pre)
    wr_vis = fence | then(strong, xbs, r_pre) | then(w_post, vis, r_pre)
    rw_xbs = fence | then(r_post, xbs, w_pre)
    race = x.external(where(x.com, lambda one, other: _may_race(x, plain, one, other)))
    broken = (
        (race & x.rf & back(rw_xbs)) | (race & x.fr & back(wr_vis)) | (race & x.co & back(ww_vis))
    )
    return Ordered("plain accesses break coherence" if broken else "", order)


def _within(x: Execution, relation: Pairs) -> Pairs:
    """Of one thread, and each event with itself."""
    return where(relation, lambda one, other: one == other or x.inside(one, other))


def _may_race(x: Execution, plain: Pairs, one: int, other: int) -> bool:
    """pre-race: one of them is plain; an initial write races with nobody who comes after it."""
    if (one, one) in plain:
        return True
    return (other, other) in plain and x.events[one].thread != INITIAL


MODELS: Final[Mapping[str, Callable[[Execution], Ordered]]] = {"arm64": arm64, "lkmm": lkmm}
