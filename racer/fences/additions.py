"""What can be put into a thread: a barrier before a step, or another order of an access.

One addition is weaker than another if it orders less: smp_rmb() and smp_wmb() at a site are weaker
than smp_mb() there. A set of additions is weaker than another if each of its own is, or is the
same as, one of the other's.

Bound    at one site at most one barrier: smp_rmb() and smp_wmb() there together are not tried, but
         smp_mb() is
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, cast, get_args

from racer.lang.changes import Change, Notes, Site, has_order
from racer.lang.operations import FenceKind, Operation

Kind = Literal["acquire", "release", "rmb", "wmb", "mb"]
BARRIERS: Final = cast("tuple[FenceKind, ...]", get_args(FenceKind))
ORDERS: Final[tuple[Kind, ...]] = ("acquire", "release")


class Addition(NamedTuple):
    """One thing that is put in: into the thread of that name, which copies share."""

    thread: str
    site: Site
    kind: Kind

    @property
    def is_barrier(self) -> bool:
        """Whether it is a step of its own, and no order."""
        return self.kind in BARRIERS


Additions = frozenset[Addition]
NOTHING: Final[Additions] = frozenset()


def sort_key(addition: Addition) -> tuple[str, tuple[int, ...], int]:
    """By thread, in the order of its code, the weaker kinds first."""
    return addition.thread, addition.site.order, get_args(Kind).index(addition.kind)


def in_order(additions: Iterable[Addition]) -> list[Addition]:
    """Additions in the order of threads and their code."""
    return sorted(additions, key=sort_key)


def set_key(additions: Additions) -> tuple[int, list[tuple[str, tuple[int, ...], int]]]:
    """Sets by how many they are, then by what is in them."""
    return len(additions), [sort_key(each) for each in in_order(additions)]


def _within(one: Addition, other: Addition) -> bool:
    if one == other:
        return True
    is_full = other.kind == "mb" and one.is_barrier
    return is_full and (one.thread, one.site) == (other.thread, other.site)


def is_weaker(one: Additions, other: Additions) -> bool:
    """Whether all of one set is within the other; so it is of one that is the same."""
    return all(any(_within(mine, its) for its in other) for mine in one)


def weakest(sets: Iterable[Additions]) -> list[Additions]:
    """Those sets that no other one is weaker than, in order."""
    found: list[Additions] = []
    for each in sorted(set(sets), key=set_key):
        if not any(is_weaker(known, each) for known in found):
            # One with smp_mb() comes before a larger one with smp_rmb() there, which is weaker.
            found = [known for known in found if not is_weaker(each, known)]
            found.append(each)
    return sorted(found, key=set_key)


def joined(one: Additions, other: Additions) -> Additions:
    """The weakest set that both are within."""
    found: dict[tuple[str, Site, bool], Addition] = {}
    for each in (*in_order(one), *in_order(other)):
        place = (each.thread, each.site, each.is_barrier)
        known = found.get(place)
        if known is None or not each.is_barrier:
            found[(*place[:2], each.is_barrier)] = each
        elif known.kind != each.kind:
            found[place] = each._replace(kind="mb")
    return frozenset(found.values())


def order_with(operation: Operation, kind: Kind) -> str | None:
    """The order that an operation has with acquire or release added; None: that is none, or it has
    it, or another one, already."""
    order = operation.facts.order
    if not has_order(operation) or order not in ("plain", "once", "relaxed"):
        return None
    if order == "relaxed":
        return kind
    if operation.facts.blind:
        return kind if kind == "release" else None
    return kind if kind == "acquire" and not operation.facts.stores else None


def changes_of(
    additions: Iterable[Addition], notes: Mapping[str, Notes]
) -> dict[str, dict[Site, Change]]:
    """What has to be changed for all of them, by thread."""
    found: dict[str, dict[Site, Change]] = {}
    for each in in_order(additions):
        of_thread = found.setdefault(each.thread, {})
        before = of_thread.get(each.site, Change())
        noted = notes[each.thread][each.site]
        barrier = cast(FenceKind, each.kind) if each.is_barrier else before.barrier
        order = before.order if each.is_barrier else order_with(noted.operation, each.kind)
        of_thread[each.site] = Change(barrier, order)
    return found
