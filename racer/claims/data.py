"""What a claim is: its words, where they were said, and what would make them true.

    C7 = Claim(
        "C7",
        '"the recheck closes the common split race"',
        made="review of v8",
        asks=(Never("misclassified", split_race, variant="v9", reuse=("slab", "slab_then_thp")),),
        expected=Answer("holds only if", "reuse=slab"),
    )

A setting that is a tuple stands for each of its values: an ask is put to the scenario at every
point of the grid. Whether the claim is true at a point is computed, never assumed.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from racer.catalogue.parameters import Value
from racer.catalogue.scenario import Scenario
from racer.errors import ProgramError, UsageError

Setting = Value | tuple[Value, ...]
Parameters = Mapping[str, Value]
Verdict = Literal["holds", "refuted", "holds only if", "open", "bound", "vacuous", "not asked"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a claim comes to: declared in a Claim, and computed by `racer claims`.

    verdict    "holds": true at every point of the grid; "refuted": at none; "holds only if": at
               those points that meet the condition, and at no other; "open": a Universal claim
               that nothing modelled refutes; "bound": a limit cut some search; "vacuous": a model
               never reaches what it is for; "not asked": of the C as it is. The last three say
               nothing of the claim.
    condition  on parameters, for "holds only if": "flags_rmw=atomic and check_pages=true"; where
               several scenarios are asked: "split_race: flags_rmw=atomic; reserved: freed=false"
    by         what refutes a Universal claim: "variant=zlock"

    Errors   ProgramError for a "holds only if" without a condition, for a condition otherwise, and
             for a `by` of what is not refuted.
    """

    verdict: Verdict
    condition: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        if self.by and self.verdict != "refuted":
            raise ProgramError(
                f'Answer({self.verdict!r}, by={self.by!r}): only "refuted" has a by.'
            )
        if (self.verdict == "holds only if") != bool(self.condition):
            raise ProgramError(
                f"Answer({self.verdict!r}, {self.condition!r}): a condition belongs to 'holds "
                "only if', and to nothing else."
            )

    def __str__(self) -> str:
        by = f"by {self.by}" if self.by else ""
        return f"{self.verdict} {self.condition}{by}".rstrip()


class ShownLabel(Protocol):
    """A label that a case shows, as far as an ask looks at it."""

    @property
    def effects(self) -> tuple[str, ...]:
        """What its violations lead to."""


class Shown(Protocol):
    """What a case shows, as far as an ask looks at it."""

    @property
    def labels(self) -> Mapping[str, ShownLabel]:
        """By label."""

    def values(self, thread: str) -> frozenset[str]:
        """What the thread comes to, in any interleaving, as text."""


@dataclass(frozen=True, eq=False)
class Ask(ABC):
    """One thing that a claim says of a scenario, at every point of a grid of parameters."""

    scenario: Scenario
    grid: Mapping[str, tuple[Value, ...]]

    @property
    @abstractmethod
    def text(self) -> str:
        """What is asked, in words: "never misclassified"."""

    def explored(self, point: Parameters) -> tuple[Parameters, ...]:
        """What has to be explored to answer at a point."""
        return (point,)

    @abstractmethod
    def holds(self, shown: tuple[Shown, ...]) -> bool:
        """The answer, from what those show."""

    def settled(self, shown: tuple[Shown, ...]) -> bool | None:
        """The answer, if what those show settles it, whatever a search that was cut may have
        missed; else None."""
        return None

    def points(self) -> Iterator[dict[str, Value]]:
        """The points of the grid; parameters that it does not name are at their defaults."""
        for values in itertools.product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))

    @property
    def varied(self) -> dict[str, tuple[Value, ...]]:
        """The parameters with more than one value."""
        return {name: values for name, values in self.grid.items() if len(values) > 1}


@dataclass(frozen=True, eq=False, init=False)
class _OfLabel(Ask):
    """Asks about `label`; with an `effect`, only about violations that lead to it."""

    label: str
    effect: str | None

    def __init__(
        self, label: str, scenario: Scenario, *, effect: str | None = None, **settings: Setting
    ) -> None:
        _set(self, scenario, settings, label=label, effect=effect)

    def settled(self, shown: tuple[Shown, ...]) -> bool | None:
        return self.holds(shown) if any(self._is_in(each) for each in shown) else None

    def _is_in(self, shown: Shown) -> bool:
        found = shown.labels.get(self.label)
        return found is not None and (self.effect is None or self.effect in found.effects)

    def _label_text(self) -> str:
        return self.label if self.effect is None else f"{self.label} with the effect {self.effect}"


class Never(_OfLabel):
    """Asks that no interleaving shows the label; with an `effect`, none with that effect.

        Never("misclassified", split_race, variant=("v9", "v10"), reuse="slab")

    label     a violation, or "deadlock"
    scenario  the Scenario that is asked
    settings  values of its parameters; a tuple stands for each of its values, and others are at
              their defaults

    Errors    ProgramError for a setting that the scenario does not have.
    """

    @property
    def text(self) -> str:
        return f"never {self._label_text()}"

    def holds(self, shown: tuple[Shown, ...]) -> bool:
        return not self._is_in(shown[0])


class Shows(_OfLabel):
    """Asks that some interleaving shows the label; with an `effect`, some with that effect.

        Shows("misclassified", split_race, effect="panic", variant="headonly")

    label     a violation, or "deadlock"
    scenario  the Scenario that is asked
    settings  values of its parameters; a tuple stands for each of its values, and others are at
              their defaults

    Errors    ProgramError for a setting that the scenario does not have.
    """

    @property
    def text(self) -> str:
        return f"shows {self._label_text()}"

    def holds(self, shown: tuple[Shown, ...]) -> bool:
        return self._is_in(shown[0])


@dataclass(frozen=True, eq=False, init=False)
class Same(Ask):
    """Asks that a thread comes to the same values with two values of a parameter.

        Same("classify", split_race, "variant", ("v9", "v10"), reuse="slab")

    The values that the thread returns in any interleaving are compared, not how often it does.

    thread     its name in the Program
    scenario   the Scenario that is asked
    parameter  the one that has two values, and `two` are these
    settings   values of its other parameters; a tuple stands for each of its values

    Errors     ProgramError for a setting that the scenario does not have.
    """

    thread: str
    parameter: str
    two: tuple[Value, Value]

    def __init__(
        self,
        thread: str,
        scenario: Scenario,
        parameter: str,
        two: tuple[Value, Value],
        **settings: Setting,
    ) -> None:
        _set(self, scenario, settings, thread=thread, parameter=parameter, two=two)
        for value in two:
            _complete(scenario, {parameter: value})

    @property
    def text(self) -> str:
        first, second = self.two
        return f"{self.thread} comes to the same with {self.parameter}={first} and {second}"

    def explored(self, point: Parameters) -> tuple[Parameters, ...]:
        return tuple({**point, self.parameter: value} for value in self.two)

    def holds(self, shown: tuple[Shown, ...]) -> bool:
        first, second = shown
        return first.values(self.thread) == second.values(self.thread)


@dataclass(frozen=True, eq=False, init=False)
class Only(Ask):
    """Asks that a thread comes to one of some values in every interleaving.

        Only("classify", ("-EIO", "None"), unhandlable, page="untyped")

    thread    its name in the Program
    values    as texts: a text as it is, anything else as reports show it ("None", "!label")
    scenario  the Scenario that is asked
    settings  values of its parameters; a tuple stands for each of its values, and others are at
              their defaults

    Errors    ProgramError for a setting that the scenario does not have.
    """

    thread: str
    values: tuple[str, ...]

    def __init__(
        self, thread: str, values: tuple[str, ...], scenario: Scenario, **settings: Setting
    ) -> None:
        _set(self, scenario, settings, thread=thread, values=values)

    @property
    def text(self) -> str:
        return f"{self.thread} always comes to {' or '.join(self.values)}"

    def holds(self, shown: tuple[Shown, ...]) -> bool:
        return shown[0].values(self.thread) <= frozenset(self.values)


@dataclass(frozen=True, slots=True)
class Universal:
    """Makes a claim one of all that could be written: "the only way", "would require".

        Claim("C4", "the only way is tryget", ..., universal=Universal("variant", but=("tryget",)))

    The claim says that no value of the parameter has all that the asks ask, but those named. A list
    of what was tried never confirms that: at best the answer is "open", not refuted by what is
    modelled. It is refuted by a value that every ask is put to, and that has what each asks.

    parameter  of the scenarios of all asks
    but        the values that the claim names
    """

    parameter: str
    but: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False)
class Claim:
    """A sentence about the code under test, and the answer it is expected to get.

    It stands in a variable of a file in ./scenarios, by itself or in a tuple; `racer claims`
    finds it there.

    name      as people quote it: "C10"
    text      the claim itself
    made      where it was made, and in which version
    asks      Never, Shows, Same or Only; the claim is true at a point if all of them are
    expected  the Answer that it is declared to get
    because   why it is expected, and where that is derived
    as_the_c_is
              the Answer that it is declared to get as the C is: at points without what-ifs, where
              all that can happen does, so that a condition is on the configuration alone; None
              declares nothing about that
    under     by memory model, the Answer that it is declared to get there, where that is another
    universal it is one of all that could be written: see Universal. Of the C as it is that is
              "not asked"

    A claim that asks nothing, and says in `because` why not, is "not asked": it stands in the table
    so that nobody looks for it in vain.

    Errors    ProgramError when it asks nothing, and does not say so with Answer("not asked") and a
              `because`; and when it is universal in a parameter that some ask does not name.
    """

    name: str
    text: str
    made: str
    asks: tuple[Ask, ...]
    expected: Answer
    because: str = ""
    as_the_c_is: Answer | None = None
    universal: Universal | None = None
    under: Mapping[str, Answer] = field(default_factory=dict)

    def expected_under(self, memory: str) -> Answer:
        """The Answer that is declared under the memory model of that name."""
        return self.under.get(memory, self.expected)

    def __post_init__(self) -> None:
        if not self.asks and not (self.expected == Answer("not asked") and self.because):
            raise ProgramError(
                f"claim {self.name!r} asks nothing: name what would decide it, or expect "
                f'Answer("not asked") and say why in `because`.'
            )
        if self.universal is None:
            return
        for ask in self.asks:
            if self.universal.parameter not in ask.grid:
                raise ProgramError(
                    f"claim {self.name!r} is universal in {self.universal.parameter!r}, and asks "
                    f"{ask.scenario.name!r} without naming any value of that."
                )


def _set(ask: Ask, scenario: Scenario, settings: Mapping[str, Setting], **more: object) -> None:
    """Fill in an ask; every single value is checked here, so that a typing error shows at once."""
    if not isinstance(scenario, Scenario):
        raise ProgramError(f"{type(ask).__name__} of a claim asks {scenario!r}: not a scenario.")
    grid: dict[str, tuple[Value, ...]] = {}
    for name, setting in settings.items():
        values = setting if isinstance(setting, tuple) else (setting,)
        for value in values:
            _complete(scenario, {name: value})
        if not values or len(set(values)) < len(values):
            raise ProgramError(f"{name}={setting!r} in a claim: name at least one, each once.")
        grid[name] = values
    for name, content in {"scenario": scenario, "grid": grid, **more}.items():
        object.__setattr__(ask, name, content)


def _complete(scenario: Scenario, settings: Parameters) -> None:
    try:
        scenario.complete(settings)
    except UsageError as error:
        raise ProgramError(f"in a claim about {scenario.name!r}: {error}") from error
