"""What is found out about the barriers of a program, as data for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from racer.errors import Location
from racer.fences.additions import Kind

# not one: an interleaving shows it; none: no set of additions that was tried removes it.
Standing = Literal["removed", "an interleaving", "none", "bound"]


@dataclass(frozen=True, slots=True)
class Pair:
    """What keeps the order of another thread, on the circle that an addition closes: a barrier, an
    order, a lock, in words, and its line."""

    thread: str
    text: str
    line: Location


@dataclass(frozen=True, slots=True)
class ToldAddition:
    """What is put in, and what it pairs with.

    kind    "rmb", "wmb" or "mb": that barrier before the step; "acquire", "release": the order that
            the step gets
    step    the operation, without values
    line    where the thread stands then
    pairs   of other threads; empty under a model that has a machine, where no circle is told
    """

    kind: Kind
    thread: str
    step: str
    line: Location
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """What removes one label under one memory model.

    dependencies  whether it is shown with the dependencies that threads have; else only where a
                  compiler has broken them
    standing      "removed": by each of `sets`; "an interleaving" shows it, so nothing does; "none"
                  of what was tried does; "bound": a limit cut the search, and `bound` says which
    sets          the weakest sets of additions that remove it, fewest first
    explored      how many changed programs were explored
    """

    label: str
    dependencies: bool
    standing: Standing
    sets: tuple[tuple[ToldAddition, ...], ...]
    explored: int
    bound: str | None = None


@dataclass(frozen=True, slots=True)
class OfModel:
    """What is found out under one memory model.

    verdict   of the program as it is
    labels    that it shows as it is
    refused   why the model cannot be asked; "" if it can
    """

    memory: str
    verdict: str
    labels: tuple[str, ...]
    lacks: tuple[Lack, ...]
    refused: str = ""
    bound: str | None = None


@dataclass(frozen=True, slots=True)
class Needless:
    """What a thread has, and what becomes of the program without it.

    what      "barrier", "order" or "re-read"
    instead   of an order the weaker one that was tried; else ""
    differs   by memory model, what is another then; "" where nothing is
    bound     by memory model, which limit cut the exploration
    """

    what: Literal["barrier", "order", "re-read"]
    thread: str
    step: str
    line: Location
    instead: str
    differs: Mapping[str, str]
    bound: Mapping[str, str]

    @property
    def can_go(self) -> bool | None:
        """Whether no verdict changes; None where that is not known."""
        if any(self.differs.values()):
            return False
        return None if self.bound else True


@dataclass(frozen=True, slots=True)
class FencesFound:
    """All that is found out about a program."""

    models: tuple[OfModel, ...]
    needless: tuple[Needless, ...]
    not_tried: str = ""

    @property
    def bound(self) -> bool:
        """Whether a limit cut anything."""
        cut = any(each.bound or any(lack.bound for lack in each.lacks) for each in self.models)
        return cut or bool(self.not_tried) or any(each.bound for each in self.needless)
