"""Deciding claims: every case explored once, and the answers that follow.

A case is a scenario with all of its parameters. Claims share cases, and each is explored once.
Who explores them changes how long that takes, and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from racer.catalogue.discovery import find
from racer.catalogue.parameters import Value, show_parameters
from racer.catalogue.scenario import Scenario
from racer.claims.answering import answer, answer_as_the_c_is, what_ifs_of
from racer.claims.cases import Case, Point, Unasked
from racer.claims.data import Answer, Ask, Claim, Never, Parameters, Shows
from racer.claims.labels import unknown_label
from racer.claims.reading import case_of
from racer.claims.universal import universal_answer, universal_text
from racer.errors import RacerError, UsageError
from racer.exploration.exploring import explored, never_made
from racer.exploration.wanted import Wanted
from racer.lang.patience import until
from racer.lang.run import OutOfTime
from racer.search.limits import deadline_after
from racer.sharing.crew import ALONE, Crew, Lost, done


@dataclass(frozen=True, slots=True)
class Decided:
    """A claim with its answer, at all points and at those that are as the C is. `points` are
    parallel to the claim's asks."""

    claim: Claim
    answer: Answer
    as_the_c_is: Answer
    memory: str
    points: tuple[tuple[Point, ...], ...]

    @property
    def unasked(self) -> str | None:
        """Why the memory model cannot be asked, if it cannot be about some case: then the answer is
        "not asked", and nothing else is expected."""
        points = (point for points in self.points for point in points)
        return next((point.unasked for point in points if point.unasked is not None), None)

    @property
    def as_expected(self) -> bool:
        if self.unasked is not None:
            return True
        declared = self.claim.as_the_c_is
        if declared is not None and self.as_the_c_is != declared:
            return False
        return self.answer == self.expected

    @property
    def expected(self) -> Answer:
        """The answer that is declared under the memory model that it was decided under."""
        return self.claim.expected_under(self.memory)

    @property
    def cut(self) -> bool:
        """Whether a limit kept it from being decided."""
        return self.answer.verdict == "bound" and not self.as_expected

    def cases(self) -> list[Case]:
        """Every exploration that the answer rests on, each once."""
        found = {id(c): c for points in self.points for point in points for c in point.cases}
        return list(found.values())

    @property
    def universal_text(self) -> str:
        """What a universal claim comes to, in words; "" of any other."""
        universal = self.claim.universal
        if universal is None:
            return ""
        return universal_text(universal, self.answer, list(self.asked()))

    def asked(self) -> Iterator[tuple[Ask, tuple[Point, ...]]]:
        """Each ask of the claim, with its points."""
        return zip(self.claim.asks, self.points, strict=True)

    def telling(self) -> tuple[Ask, Point] | None:
        """A point that has a schedule against the claim, else one for it; or none. Of these it is
        the first without a what-if, else the first.

        What has all that is asked, and so refutes a universal claim, has no schedule to be shown.
        """
        if self.claim.universal is not None and self.answer.verdict == "refuted":
            return None
        for kind, holds in ((Never, False), (Shows, True)):
            found = [
                (ask, point)
                for ask, points in self.asked()
                for point in points
                if isinstance(ask, kind) and point.holds is holds
            ]
            if found:
                return next((each for each in found if not what_ifs_of(*each)), found[0])
        return None


class CasesFailed(RacerError):
    """Some cases could not be explored, or some claims are about no label that there is; `decided`
    are the claims that need none of these."""

    def __init__(self, errors: list[str], decided: list[Decided]) -> None:
        super().__init__("\n".join(errors))
        self.decided = decided


class Interruption(KeyboardInterrupt):
    """Ctrl-C; `decided` are the claims that were answered by then."""

    def __init__(self, decided: list[Decided]) -> None:
        super().__init__("interrupted")
        self.decided = decided


CaseKey = tuple[str, tuple[tuple[str, Value], ...]]  # where a scenario is found, its parameters
_KnownCase = Case | str | Unasked  # what was explored; why parameters cannot happen
Known = dict[CaseKey, _KnownCase]
_Task = tuple[CaseKey, str, int | None, float | None]


def decide(
    claims: Sequence[Claim],
    *,
    memory: str = "sc",
    crew: Crew = ALONE,
    max_states: int | None = None,
    timeout: float | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    known: Known | None = None,
) -> list[Decided]:
    """The answers, in the order of the claims.

    crew         who explores; this process, where it is not said
    max_states   limits of each exploration, as `explore` has them; a claim whose answer
    timeout      would rest on a search that was cut, and not on a violation, is answered "bound"
    progress     is called with the numbers of cases explored, and of all
    known        cases that were explored before, under the same limits; others are put there, too

    Errors   CasesFailed, with what was decided, for cases that cannot be explored; Interruption
             with what was decided so far.
    """
    needed = {_key(ask, each): None for claim in claims for ask, each in _explored(claim)}
    known = {} if known is None else known
    tasks: list[_Task] = [(key, memory, max_states, timeout) for key in needed if key not in known]
    failed: dict[CaseKey, str] = {}
    said: dict[int, str] = {}
    try:
        kinds = [key[0] for key, *_ in tasks]
        for number, each in done(_explore, tasks, crew, kinds=kinds):
            key = tasks[number][0]
            said[number] = each.said
            match each.value():
                case _Failed(text=text) | Lost(text=text):
                    failed[key] = f"{_named(key)}: {text}"
                case _Refused(text=text):
                    known[key] = text
                case case:
                    known[key] = case
            progress(sum(key in known or key in failed for key in needed), len(needed))
    except KeyboardInterrupt:
        raise Interruption(_as_far_as(known, claims, memory)) from None
    finally:
        sys.stderr.write("".join(said[number] for number in sorted(said)))
    if failed:
        errors = [failed[key] for key in needed if key in failed]
        raise CasesFailed(errors, _as_far_as(known, claims, memory))
    wrong = {claim.name: why for claim in claims if (why := _about_nothing(claim, known, memory))}
    if wrong:
        errors = [f"claim {name!r}: {why}" for name, why in wrong.items()]
        right = [claim for claim in claims if claim.name not in wrong]
        raise CasesFailed(errors, _as_far_as(known, right, memory))
    return _as_far_as(known, claims, memory)


def _about_nothing(claim: Claim, known: Mapping[CaseKey, _KnownCase], memory: str) -> str:
    """Why a claim is about a label that its scenario does not have; empty where it is not."""
    for ask in claim.asks:
        of_scenario = case_key(ask.scenario, {})[0]
        cases = [case for (where, _), case in known.items() if where == of_scenario]
        made = [case for case in cases if isinstance(case, Case)]
        if any(case.bound for case in made):
            continue  # of a search that was cut nothing is claimed to hold
        shown = [label for case in made for label in case.labels]
        why = unknown_label(ask, shown, memory)
        if why:
            return why
    return ""


def _as_far_as(
    known: Mapping[CaseKey, _KnownCase], claims: Sequence[Claim], memory: str
) -> list[Decided]:
    """The answers to those claims all of whose cases are known."""
    done = [claim for claim in claims if all(_key(*pair) in known for pair in _explored(claim))]
    return [_decided(claim, known, memory) for claim in done]


def _explored(claim: Claim) -> Iterator[tuple[Ask, Parameters]]:
    for ask in claim.asks:
        for point in ask.points():
            for parameters in ask.explored(point):
                yield ask, parameters


def _key(ask: Ask, parameters: Parameters) -> CaseKey:
    return case_key(ask.scenario, parameters)


def case_key(scenario: Scenario, parameters: Parameters) -> CaseKey:
    """What tells one case from another: where the scenario is found, and all of its parameters."""
    where = Path(scenario.source.path).resolve()
    return f"{where}::{scenario.name}", tuple(scenario.complete(parameters).items())


def _decided(claim: Claim, known: Mapping[CaseKey, _KnownCase], memory: str) -> Decided:
    points = tuple(tuple(_point(ask, at, known) for at in ask.points()) for ask in claim.asks)
    asks = claim.asks
    if any(point.unasked is not None for of_ask in points for point in of_ask):
        return Decided(claim, Answer("not asked"), Answer("not asked"), memory, points)
    if claim.universal is not None:
        asked = list(zip(asks, points, strict=True))
        found = universal_answer(claim.universal, asked)
        return Decided(claim, found, Answer("not asked"), memory, points)
    as_the_c_is = answer_as_the_c_is(asks, points)
    return Decided(claim, answer(asks, points), as_the_c_is, memory, points)


def _point(ask: Ask, parameters: Parameters, known: Mapping[CaseKey, _KnownCase]) -> Point:
    cases = []
    for each in ask.explored(parameters):
        case = known[_key(ask, each)]
        if isinstance(case, str):
            return Point(parameters, (), None, refused=case)
        if isinstance(case, Unasked):
            return Point(parameters, (), None, refused=None, unasked=case.text)
        cases.append(case)
    return Point(parameters, tuple(cases), answered(ask, tuple(cases)), None)


def answered(ask: Ask, cases: tuple[Case, ...]) -> bool | None:
    """Whether the ask is true of the cases; None where that is not known.

    What a limit cut has no answer but by a violation, which was replayed and is a fact.
    """
    if any(case.vacuous for case in cases):
        return None
    if any(case.bound for case in cases):
        return ask.settled(cases)
    return ask.holds(cases)


@dataclass(frozen=True, slots=True)
class _Failed:
    """An error of the user's, as text: not every exception survives the way between processes."""

    text: str


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why the parameters cannot happen."""

    text: str


_Explored = Case | _Failed | _Refused | Unasked


def _named(key: CaseKey) -> str:
    reference, parameters = key
    return f"{reference.rpartition('::')[2]} {show_parameters(dict(parameters))}"


def _explore(task: _Task) -> _Explored:
    """Runs in whatever process does it."""
    (reference, parameters), memory, max_states, timeout = task
    deadline = deadline_after(timeout)
    try:
        wanted = Wanted(
            memory, minimise=False, max_states=max_states, timeout=timeout, deadline=deadline
        )
        with until(deadline):
            scenario = find(reference).scenario
            try:
                program = scenario.build(**dict(parameters))
            except UsageError as error:
                return _Refused(str(error))
        try:
            return case_of(explored(program, wanted))
        except UsageError as error:
            return Unasked(str(error))
    except OutOfTime as stop:
        return case_of(never_made(wanted, stop))
    except RacerError as error:
        return _Failed(str(error))
