"""What a command asks for, as it was typed, and the case that this names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from racer.artefacts.naming import case_name, told_settings
from racer.artefacts.telling import ALONE, Detail
from racer.artefacts.trailer import LimitsGiven, Trailer, trailer_of
from racer.artefacts.writing import Written
from racer.catalogue.discovery import Found, find
from racer.catalogue.in_c import place_in
from racer.catalogue.parameters import Value
from racer.catalogue.scenario import Expected, Scenario
from racer.cli.formats import Format
from racer.errors import UsageError
from racer.exploration.judgement import Judgement
from racer.exploration.result import Result
from racer.exploration.wanted import Sample
from racer.lang.program import Program
from racer.viz.documents.case import ExploredCase
from racer.viz.summary import heading
from racer.viz.wrapping import filled

if TYPE_CHECKING:
    from racer.viz.page.report import ClaimRow


@dataclass(frozen=True, slots=True)
class Request:
    """One `racer explore`, as it was typed."""

    scenario: str
    variant: str | None
    settings: tuple[str, ...]
    memory: str
    directory: str
    format: Format
    max_states: int | None
    timeout: float | None
    count: bool | None
    expect: str | None
    html: bool = False
    png: bool = False
    detail: Detail = "usual"
    for_mail: bool = False
    claims: tuple[ClaimRow, ...] = ()  # that the case decides, for the HTML file
    certificate: str | None = None
    sarif: str | None = None
    sample: Sample | None = None
    estimate: bool = False
    checkpoint: str | None = None

    @property
    def alone(self) -> bool:
        """Whether stdout is to be pasted somewhere."""
        return self.for_mail or self.detail in ALONE


@dataclass(frozen=True, slots=True)
class Selection:
    """A scenario with its parameters, and the Program they make."""

    found: Found
    parameters: dict[str, Value]
    program: Program
    declared: Expected | None

    @property
    def what_ifs(self) -> dict[str, Value]:
        """The parameters that are not what the code under test does."""
        return self.found.scenario.what_ifs(self.parameters)

    def file_name(self, memory: str) -> str:
        """What the names of files about it begin with."""
        return case_name(self.found.scenario, self.parameters, memory)

    def heading(self, reference: str, memory: str) -> str:
        """What is explored, and what that is about."""
        summary = self.found.scenario.summary
        title = heading(reference, summary, self.parameters, memory, self.what_ifs)
        parts = self.found.scenario.parts_in_c(self.parameters)
        return "\n".join([title, *(filled(each) for each in parts)])


def made_trailer(request: Request, selection: Selection, result: Result) -> Trailer | None:
    """The result in a line for a mail, if there was a program, and nothing was left to chance."""
    if result.sampling is not None:
        return None
    limits = LimitsGiven(request.max_states, request.timeout, request.count)
    reference = selection.found.saved_reference
    scenario = selection.found.scenario
    return trailer_of(scenario, reference, selection.parameters, result, limits)


def explored_case(
    selection: Selection,
    result: Result,
    judgement: Judgement,
    written: Mapping[str, Written],
    trailer: Trailer | None,
    pictures: Mapping[str, str] | None = None,
) -> ExploredCase:
    """What formats for other programs tell of a result."""
    return ExploredCase(
        selection.found.reference,
        result,
        judgement,
        selection.parameters,
        told_settings(selection.found.scenario, selection.parameters, result.memory),
        selection.what_ifs,
        selection.found.scenario.source,
        files={label: each.witness for label, each in written.items() if each.witness},
        trailer="" if trailer is None else str(trailer),
        pictures=pictures or {},
    )


def override_of(text: str | None) -> Literal["pass", "fail"] | None:
    """What --expect says. Errors: UsageError."""
    if text is None or text in ("pass", "fail"):
        return cast("Literal['pass', 'fail'] | None", text)
    raise UsageError(f"--expect is 'pass' or 'fail', not {text!r}.")


def select(scenario: str, variant: str | None, settings: tuple[str, ...], memory: str) -> Selection:
    """The scenario of that name, with `--variant` and `--set`. Errors: RacerError."""
    return selected(find(scenario), variant, settings, memory)


def selected(
    found: Found, variant: str | None, settings: tuple[str, ...], memory: str
) -> Selection:
    """A scenario with `--variant` and `--set`, and what is declared of it under that memory model.

    Errors   RacerError.
    """
    parameters = found.scenario.parse(settings_of(settings, variant))
    return Selection(
        found,
        parameters,
        program=found.scenario.build(**parameters),
        declared=found.scenario.expected(memory, **parameters),
    )


def in_c(variant: str | None, patch: str | None, base: str | None) -> str | None:
    """What `--variant` is with `--patch` and `--base`: the place of the C, as a value of it.

    Errors   UsageError for --base alone, and for a place that no value can be.
    """
    if patch is None:
        if base is not None:
            raise UsageError("--base is the tree that a patch is for: name it with --patch.")
        return variant
    place = place_in(patch)
    if place is None or place.base or place.tree:
        raise UsageError(
            f"--patch {patch!r} is no FILE or FILE:FUNCTION: a path has a dot or a slash, and "
            f"neither a colon nor an @.\nTry: ./{patch}"
        )
    return str(replace(place, base=variant or "", tree=base or ""))


def settings_of(texts: Sequence[str], variant: str | None = None) -> dict[str, str]:
    """`--set` and `--variant` as one mapping; a parameter set twice is refused."""
    pairs = [] if variant is None else [("variant", variant)]
    for setting in texts:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {setting!r}: write it as --set name=value.")
        pairs.append((name.strip(), text))
    given = dict(pairs)
    for name in given:
        if [each for each, _ in pairs].count(name) > 1:
            raise UsageError(f"parameter {name!r} is set twice.")
    return given


def parts_lines(scenario: Scenario, sides: Sequence[Mapping[str, Value]]) -> str:
    """Of each side that is compared and has C, which function of it stands for what; each on lines
    of its own, with a line break before."""
    parts = dict.fromkeys(each for side in sides for each in scenario.parts_in_c(side))
    return "".join(f"\n{filled(each)}" for each in parts)


def require_parameter(scenario: Scenario, parameter: str, settings: Mapping[str, str]) -> None:
    """Errors: UsageError for a parameter that is to be compared and is not there, or is set."""
    known = [each.name for each in scenario.parameters]
    if parameter not in known:
        others = f"it has {', '.join(known)}: name one with --parameter" if known else "it has none"
        raise UsageError(
            f"scenario {scenario.name!r} has no parameter {parameter!r} to compare; {others}."
        )
    if parameter in settings:
        raise UsageError(f"parameter {parameter!r} is the one compared: leave out its --set.")
