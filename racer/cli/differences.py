"""`racer diff`: two values of one parameter compared."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from racer import interrupts
from racer.artefacts.naming import case_name, case_title
from racer.artefacts.telling import end_of_telling
from racer.artefacts.writing import Written, with_pictures, write_witness
from racer.catalogue.discovery import Found, find
from racer.catalogue.parameters import Value, show_value
from racer.cli.guard import complain, emit, models_print_to_stderr
from racer.cli.naming import complain_of, complain_of_late, emit_files, named_by_user, to_be_named
from racer.cli.progress import shown_variants
from racer.cli.selecting import parts_lines, require_parameter, settings_of
from racer.cli.statuses import BOUND, INTERRUPTED, OK, USAGE
from racer.difference.data import Difference, DiffInterrupted, Which
from racer.difference.diffing import Limits, compared
from racer.explanation.data import Explanation
from racer.explanation.exact import exactly
from racer.exploration.explaining import explained
from racer.exploration.result import Result
from racer.exploration.witness_file import saved_witness
from racer.lang.patience import until
from racer.lang.program import Program
from racer.lang.run import OutOfTime
from racer.search.escaping import ESCAPE_STATES
from racer.search.limits import deadline_after, is_past
from racer.viz.diagram.drawing import diagram
from racer.viz.differences import alignments_text, difference_summary
from racer.viz.documents.difference import difference_document
from racer.viz.summary import heading

_OUTCOMES_ALIGNED = 3  # so many that only one has are shown step by step; --json has all


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """One `racer diff`, as it was typed."""

    scenario: str
    first: str
    second: str
    parameter: str
    settings: tuple[str, ...]
    memory: str
    directory: str
    json: bool
    max_states: int | None
    timeout: float | None
    count: bool | None


@dataclass(frozen=True, slots=True)
class _Pair:
    """The scenario, and its parameters for either side."""

    found: Found
    parameters: tuple[dict[str, Value], dict[str, Value]]

    @property
    def what_ifs(self) -> tuple[dict[str, Value], dict[str, Value]]:
        """For either side, the parameters that are not what the code under test does."""
        one, other = self.parameters
        return self.found.scenario.what_ifs(one), self.found.scenario.what_ifs(other)


def diff_scenario(request: DiffRequest) -> int:
    """Compare two variants; print what differs, and leave the witnesses that one alone has."""
    named_by_user(request.directory, "--output")
    deadline = None if request.timeout is None else deadline_after(2 * request.timeout)
    with models_print_to_stderr():
        with until(deadline_after(request.timeout)):
            pair = _pair(request)
            build = pair.found.scenario.build
            programs = build(**pair.parameters[0]), build(**pair.parameters[1])
        found, interrupted = _compared(request, pair, programs, deadline)
    with interrupts.deferred():
        status = _told(request, pair, found, interrupted, deadline)
        interrupts.answered()
    return status


def _told(
    request: DiffRequest,
    pair: _Pair,
    found: Difference,
    interrupted: bool,
    deadline: float | None,
) -> int:
    """Print what was found and write its files; the exit status."""
    if not request.json:
        emit(f"{_opening(request, pair, found)}\n\n{difference_summary(found)}")
        for text in alignments_text(found):
            emit(f"\n{text}")
    written: dict[str, Written] = {}
    aligned = {each.of: each for each in found.alignments if isinstance(each.of, str)}
    for each in found.labels:  # one that was not aligned in time has its witness, too
        alignment = aligned.get(each.what)
        leader = alignment.leader if alignment else each.only
        if leader is not None and not (alignment and alignment.shown):
            written[each.what] = _write(request, pair, found, leader, each.what, deadline)
    if request.json:
        files = {label: each.witness for label, each in written.items() if each.witness}
        scenario = pair.found.reference
        emit(
            difference_document(
                scenario, request.parameter, pair.parameters, pair.what_ifs, found, files
            )
        )
    else:
        emit_files(written, to_be_named(pair.found))
    failures = complain_of(written.values())
    complain_of_late(written, request.timeout)
    if interrupted or interrupts.asked():
        complain("interrupted; what was found so far is above")
        return INTERRUPTED
    if failures:
        return USAGE
    return OK if found.complete and found.cut is None else BOUND


def _pair(request: DiffRequest) -> _Pair:
    found = find(request.scenario)
    settings = settings_of(request.settings)
    require_parameter(found.scenario, request.parameter, settings)
    sides = [
        found.scenario.parse({**settings, request.parameter: text})
        for text in (request.first, request.second)
    ]
    return _Pair(found, (sides[0], sides[1]))


def _compared(
    request: DiffRequest, pair: _Pair, programs: tuple[Program, Program], deadline: float | None
) -> tuple[Difference, bool]:
    try:
        with shown_variants(pair.found.reference) as progress:
            limits = Limits(
                memory=request.memory,
                count=request.count,
                max_states=request.max_states,
                timeout=request.timeout,
                deadline=deadline,
                aligned_outcomes=None if request.json else _OUTCOMES_ALIGNED,
                escape_states=ESCAPE_STATES,
                progress=progress,
            )
            found = compared(*programs, _names(request, pair), limits)
    except DiffInterrupted as stop:
        return stop.difference, True
    return found, False


def _names(request: DiffRequest, pair: _Pair) -> tuple[str, str]:
    """The two values as they are written; `readers=2` where a number alone would not tell."""
    one, other = (parameters[request.parameter] for parameters in pair.parameters)
    if isinstance(one, str) and isinstance(other, str):
        return one, other
    name = request.parameter
    return f"{name}={show_value(one)}", f"{name}={show_value(other)}"


def _opening(request: DiffRequest, pair: _Pair, found: Difference) -> str:
    """What is compared; the parameters that both share stand with the scenario."""
    one, other = (show_value(each[request.parameter]) for each in pair.parameters)
    both = {**pair.parameters[0], request.parameter: f"{one}|{other}"}
    summary = pair.found.scenario.summary
    what_ifs = _joined(pair)
    title = heading(pair.found.reference, summary, both, found.first.result.memory, what_ifs)
    return f"{title}{parts_lines(pair.found.scenario, pair.parameters)}"


def _joined(pair: _Pair) -> dict[str, Value]:
    """The parameters of either that are not what the code under test does; of a parameter that
    both have so, both values."""
    one, other = pair.what_ifs
    joined: dict[str, Value] = {}
    for name in pair.parameters[0]:
        values = {show_value(side[name]): side[name] for side in (one, other) if name in side}
        if values:
            joined[name] = "|".join(values)
    return joined


def _write(
    request: DiffRequest,
    pair: _Pair,
    found: Difference,
    leader: Which,
    label: str,
    deadline: float | None,
) -> Written:
    """The witness of a label, with whatever pictures `racer explore` leaves of it.

    Past the deadline it is `late`: it has no pictures.
    """
    side = found.side(leader)
    parameters = pair.parameters[0 if leader == "first" else 1]
    end = end_of_telling(deadline, request.timeout)
    with models_print_to_stderr():
        saved = saved_witness(
            side.result, label, scenario=pair.found.saved_reference, parameters=parameters
        )
        name = case_name(pair.found.scenario, parameters, side.result.memory)
        written = write_witness(Path(request.directory), name, saved)
        if is_past(end):
            written = replace(written, late=True)
        else:
            explanation = _explained(side.result, label, deadline)
            title = case_title(pair.found.scenario, parameters, side.result.memory)
            written = with_pictures(written, diagram(explanation, title), deadline=end)
    return written


def _explained(result: Result, label: str, deadline: float | None) -> Explanation:
    """Why it has the label; past the deadline, by its schedule alone."""
    if result.loaded is not None:
        with suppress(OutOfTime), exactly(result.loaded, result.memory, deadline=deadline) as exact:
            return explained(result, label, exact)
    return explained(result, label, None)
