"""The Linux kernel's memory model, as Linux 6.12 has it: what the C promises on any machine.

Plain accesses may be torn, fused or moved by a compiler: whether one races is a flag of an
execution, apart from whether that is allowed, and what is allowed with a race says little.

Source   tools/memory-model/linux-kernel.cat and .bell of Linux 6.12, whose names these are;
         Alglave, Maranget, McKenney, Parri, Stern, "Frightening small children and
         disconcerting grown-ups", ASPLOS 2018. Of herd7's lock.cat: a lock's read is an acquire,
         an unlock a release.
Differs  no SRCU: its calls are refused where a test is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from racer.axiomatic.graphs import Graph, Skeleton
from racer.axiomatic.models.axioms import Axiom, Factor, Part, simple
from racer.axiomatic.relations import Events, Relation


class _Sets:
    """The sets of linux-kernel.bell."""

    def __init__(self, s: Skeleton) -> None:
        self.Release = s.tagged("release", "unlock")
        self.Acquire = s.tagged("acquire", "lock")
        self.UL, self.LKR, self.LKW = s.tagged("unlock"), s.tagged("lock"), s.tagged("lock-write")
        # A cmpxchg() that fails is none, and still what smp_mb__after_atomic() may stand behind.
        pairs = (s.rmw.domain | s.rmw.range) - self.LKR - self.LKW
        self.RMW = pairs | s.tagged("compare-failed")
        self.Noreturn = s.tagged("noreturn")
        self.Plain = s.tagged("plain")
        self.Marked = ~self.Plain
        self.Sync = s.tagged("sync-rcu")


def fixed(s: Skeleton) -> tuple[Relation, ...]:
    """What fences and markings alone order."""
    b = _Sets(s)
    M, R, W, po = s.M, s.R, s.W, s.po

    acq_po = b.Acquire @ po @ M
    po_rel = M @ po @ b.Release

    R4rmb = R - b.Noreturn
    rmb = R4rmb @ s.fenced("rmb") @ R4rmb
    wmb = W @ s.fenced("wmb") @ W
    mb = (
        (M @ s.fenced("mb") @ M)
        | (M @ s.fenced("before-atomic") @ b.RMW @ po.opt @ M)
        | (M @ po.opt @ b.RMW @ s.fenced("after-atomic") @ M)
        | (M @ po.opt @ b.LKW @ s.fenced("after-spinlock") @ M)
    )
    gp = po @ b.Sync @ po.opt
    return acq_po, po_rel, rmb, wmb, mb, gp


class _Derived:
    """The definitions of linux-kernel.cat, in its order; each is computed when it is asked for."""

    def __init__(self, x: Graph) -> None:
        self.x, self.s = x, x.skeleton
        self.b = b = _Sets(self.s)
        self.Marked, self.Plain = b.Marked, b.Plain
        self.acq_po, self.po_rel, self.rmb, self.wmb, mb, self.gp = self.s.fixed(fixed)
        self.po_unlock_lock_po = self._po_unlock_lock_po()
        after_unlock_lock = self.s.tagged("after-unlock-lock")
        mb |= self.s.M @ self.po_unlock_lock_po @ after_unlock_lock @ self.s.po @ self.s.M
        self.mb = mb
        self.strong_fence = mb | self.gp
        self.nonrw_fence = self.strong_fence | self.po_rel | self.acq_po
        self.fence = self.nonrw_fence | self.wmb | self.rmb

    def _po_unlock_lock_po(self) -> Relation:
        if not self.b.UL:
            return self.s.space.nothing
        po = self.s.po
        return po @ self.b.UL @ (po | self.x.rf) @ self.b.LKR @ po

    # Dependencies, carried through plain and marked accesses of the same thread.
    @cached_property
    def carry_dep(self) -> Relation:
        return (self.s.data @ self.x.rfi).star

    @cached_property
    def addr(self) -> Relation:
        return self.carry_dep @ self.s.addr

    @cached_property
    def data(self) -> Relation:
        return self.carry_dep @ self.s.data

    @cached_property
    def ctrl(self) -> Relation:
        return self.carry_dep @ self.s.ctrl

    # Preserved program order
    @cached_property
    def overwrite(self) -> Relation:
        return self.x.co | self.x.fr

    @cached_property
    def ppo(self) -> Relation:
        s, x = self.s, self.x
        dep = self.addr | self.data
        rwdep = (dep | self.ctrl) @ s.W
        to_w = rwdep | (self.overwrite & s.int) | self.addr @ self.Plain @ self.wmb
        to_r = (self.addr @ s.R) | (dep @ self.Marked @ x.rfi)
        return to_r | to_w | (self.fence & s.int) | (self.po_unlock_lock_po & s.int)

    # Propagation
    def A_cumul(self, r: Relation) -> Relation:
        return (self.x.rfe @ self.Marked).opt @ r

    @cached_property
    def rmw_sequence(self) -> Relation:
        return (self.x.rf @ self.s.rmw).star

    @cached_property
    def cumul_fence(self) -> Relation:
        cumul = self.A_cumul(self.strong_fence | self.po_rel) | self.wmb | self.po_unlock_lock_po
        return self.Marked @ cumul @ self.Marked @ self.rmw_sequence

    @cached_property
    def prop(self) -> Relation:
        first = self.Marked @ (self.overwrite & self.s.ext).opt @ self.cumul_fence.star
        return first @ self.Marked @ self.x.rfe.opt @ self.Marked

    # Happens before
    @cached_property
    def hb_without_prop(self) -> Relation:
        return self.Marked @ (self.ppo | self.x.rfe) @ self.Marked

    @cached_property
    def hb(self) -> Relation:
        prop_back = (self.prop & self.s.int) - Relation(self.s.space, self.s.space.diagonal)
        return self.hb_without_prop | self.Marked @ prop_back @ self.Marked

    # Write and fence propagation
    @cached_property
    def pb(self) -> Relation:
        return self.prop @ self.strong_fence @ self.hb.star @ self.Marked

    # RCU
    @cached_property
    def rcu_order(self) -> Relation:
        po, sync = self.s.po, self.b.Sync
        rcu_link = po.opt @ self.hb.star @ self.pb.star @ self.prop @ po
        rcu_gp, rscsi = sync.identity, read_sections(self.s).inverse
        order = rcu_gp
        while True:
            between = rcu_link | rcu_link @ order @ rcu_link
            more = order | rcu_gp @ between @ rscsi | rscsi @ between @ rcu_gp
            more |= order @ rcu_link @ order
            if more == order:
                return order
            order = more

    @cached_property
    def rcu_fence(self) -> Relation:
        if not self.b.Sync:
            return self.s.space.nothing
        return self.s.po @ self.rcu_order @ self.s.po.opt

    @cached_property
    def rb(self) -> Relation:
        return self.prop @ self.rcu_fence @ self.hb.star @ self.pb.star @ self.Marked

    # Plain accesses: these come after rcu-fence has become a fence, too.
    @cached_property
    def late(self) -> _Plain:
        return _Plain(self)


class _Plain:
    """Visibility and executes-before of plain accesses, and races."""

    def __init__(self, d: _Derived) -> None:
        s, x, Marked = d.s, d.x, d.Marked
        Plain, M, W = d.Plain, s.M, s.W
        fence, strong_fence = d.fence | d.rcu_fence, d.strong_fence | d.rcu_fence
        noreturn = d.b.Noreturn
        R4rmb = s.R - noreturn

        xbstar = (d.hb | d.pb | d.rb).star
        vis = (
            d.cumul_fence.star
            @ x.rfe.opt
            @ Marked
            @ ((strong_fence @ Marked @ xbstar) | (xbstar & s.int))
        )
        w_pre_bounded = Marked @ (d.addr | fence).opt
        rmb_plain_after = R4rmb @ s.fenced("rmb") @ ~noreturn
        r_pre_bounded = Marked @ (d.addr | d.nonrw_fence | rmb_plain_after).opt
        w_post_bounded = fence.opt @ Marked @ d.rmw_sequence
        rmb_plain_before = ~noreturn @ s.fenced("rmb") @ R4rmb
        r_post_bounded = (d.nonrw_fence | rmb_plain_before).opt @ Marked

        ww_vis = (
            fence | strong_fence @ xbstar @ w_pre_bounded | w_post_bounded @ vis @ w_pre_bounded
        )
        wr_vis = (
            fence | strong_fence @ xbstar @ r_pre_bounded | w_post_bounded @ vis @ r_pre_bounded
        )
        rw_xbstar = fence | r_post_bounded @ xbstar @ w_pre_bounded

        pre_race = s.ext & ((Plain * M) | ((M - s.IW) * Plain))

        self.wr_incoh = (pre_race & x.rf).against(rw_xbstar)
        self.rw_incoh = (pre_race & x.fr).against(wr_vis)
        self.ww_incoh = (pre_race & x.co).against(ww_vis)

        ww_nonrace = ww_vis & ((Marked * W) | rw_xbstar) & ((W * Marked) | wr_vis)
        ww_race = (pre_race & x.co) - ww_nonrace
        wr_race = (pre_race & (x.co.opt @ x.rf)) - wr_vis
        wr_race -= wr_race.against(rw_xbstar)
        rw_race = (pre_race & x.fr) - rw_xbstar
        self.races = ww_race | wr_race | rw_race


def read_sections(s: Skeleton) -> Relation:
    """rcu-rscs: each rcu_read_lock() with the rcu_read_unlock() that matches it."""
    locks, unlocks = s.tagged("rcu-lock"), s.tagged("rcu-unlock")
    pairs = []
    for part in s.parts:
        entered: list[int] = []
        for number in Events(s.space, part.members & (locks | unlocks).members):
            if locks.members >> number & 1:
                entered.append(number)
            elif entered:
                pairs.append((entered.pop(), number))
    return s.space.relation(pairs)


@dataclass(slots=True)
class _Cache:
    """The definitions for the graph that was looked at last: its axioms, then its flags."""

    graph: Graph | None = None
    derived: _Derived | None = None


_cache = _Cache()


def derived(x: Graph) -> _Derived:
    """The definitions for a graph."""
    if _cache.graph is not x or _cache.derived is None:
        _cache.graph, _cache.derived = x, _Derived(x)
    return _cache.derived


def axioms(x: Graph) -> Iterator[Axiom]:
    """happens-before, propagation, rcu, plain-coherence."""
    d = derived(x)
    # The next is part of happens-before, and cheaper: most cycles are in it.
    yield Axiom("happens-before", d.hb_without_prop, lambda: _steps(d))
    yield Axiom("happens-before", d.hb, lambda: _hb(d))
    yield Axiom("propagation", d.pb, lambda: _pb(d))
    if d.b.Sync:
        yield Axiom("rcu", d.rb, lambda: _rb(d), "irreflexive")
    if d.Plain:
        plain = d.late
        for name, found in (("rf", plain.wr_incoh), ("fr", plain.rw_incoh), ("co", plain.ww_incoh)):
            parts = simple((name, found), ("visibility", found.inverse))
            yield Axiom("plain-coherence", found | found.inverse, parts)


def _steps(d: _Derived) -> Sequence[Part]:
    """What hb-without-prop is made of: ppo and rfe."""
    x, within = d.x, d.hb_without_prop
    named = (
        *(("rf", x.rfe), ("co", x.co & d.s.int), ("fr", x.fr & d.s.int)),
        *(("addr", d.addr), ("data", d.data), ("ctrl", d.ctrl), *_fences(d)),
        *(("addr|data;rfi", (d.addr | d.data) @ x.rfi), ("addr;wmb", within)),
    )
    return [Part(name, relation & within) for name, relation in named]


def _fences(d: _Derived) -> Sequence[tuple[str, Relation]]:
    return (
        *(("smp_mb", d.mb), ("synchronize_rcu", d.gp), ("release", d.po_rel)),
        *(("acquire", d.acq_po), ("smp_wmb", d.wmb), ("smp_rmb", d.rmb)),
        ("unlock;lock", d.po_unlock_lock_po),
    )


def _prop(d: _Derived) -> tuple[Factor, ...]:
    """The factors of prop."""
    x, Marked, ext = d.x, d.Marked, d.s.ext
    rfe = Part("rf", Marked @ x.rfe @ Marked)
    rmws = Factor([Part("rf;rmw", x.rf @ d.s.rmw)], "*")
    fences = [Part(name, Marked @ relation @ Marked) for name, relation in _fences(d)]
    strong, released, weak = fences[:2], fences[2:3], [fences[4], fences[6]]
    cumulative = d.A_cumul(d.strong_fence | d.po_rel)
    cumul_fence = (
        Part("", weak[0].relation @ d.rmw_sequence, (Factor(weak[:1]), rmws)),
        Part("", weak[1].relation @ d.rmw_sequence, (Factor(weak[1:]), rmws)),
        Part(
            "",
            Marked @ cumulative @ Marked @ d.rmw_sequence,
            (Factor([rfe], "?"), Factor([*strong, *released]), rmws),
        ),
    )
    overwrite = [
        Part("co", Marked @ (x.co & ext) @ Marked),
        Part("fr", Marked @ (x.fr & ext) @ Marked),
    ]
    return Factor(overwrite, "?"), Factor(cumul_fence, "*"), Factor([rfe], "?")


def _hb(d: _Derived) -> Sequence[Part]:
    return [*_steps(d), Part("prop", d.hb, _prop(d))]


def _pb(d: _Derived) -> Sequence[Part]:
    strong = [Part(name, relation) for name, relation in _fences(d)[:2]]
    return [Part("pb", d.pb, (*_prop(d), Factor(strong), Factor(_hb(d), "*")))]


def _rb(d: _Derived) -> Sequence[Part]:
    fence = [Part("rcu-fence", d.rcu_fence)]
    return [Part("rb", d.rb, (*_prop(d), Factor(fence), Factor(_hb(d), "*"), Factor(_pb(d), "*")))]


def flags(x: Graph) -> Iterator[str]:
    """What the model says besides of a graph that it allows."""
    d = derived(x)
    s = d.s
    rscs = read_sections(s)
    if s.tagged("rcu-lock") - rscs.domain:
        yield "unmatched-rcu-lock"
    if s.tagged("rcu-unlock") - rscs.range:
        yield "unmatched-rcu-unlock"
    po_loc, locking = s.po & s.loc, d.b.LKW | d.b.UL
    critical = (d.b.LKW @ po_loc @ d.b.UL) - po_loc @ locking @ po_loc
    if d.b.UL - critical.range:
        yield "unmatched-unlock"
    if d.Plain:
        if _mixed(d):
            yield "mixed-accesses"
        if d.late.races:
            yield "data-race"


def _mixed(d: _Derived) -> bool:
    """Plain writes and marked accesses of one location with no barrier between."""
    s, po = d.s, d.s.po
    barrier = s.fenced(
        *("barrier", "rmb", "wmb", "mb", "sync-rcu", "before-atomic", "after-atomic"),
        *("rcu-lock", "rcu-unlock", "acquire", "release", "lock", "unlock"),
    )
    barrier |= po @ d.b.Release | d.b.Acquire @ po
    near = (po & s.loc) - barrier
    plain_writes = d.Plain & s.W
    return bool(plain_writes @ near @ d.Marked | d.Marked @ near @ plain_writes)
