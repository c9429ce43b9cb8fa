"""What comes of each of several scenarios: here, or in other processes, which is the same."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field, replace
from typing import Literal

from racer import interrupts
from racer.artefacts.naming import told_memory
from racer.catalogue.discovery import Found, find
from racer.catalogue.parameters import show_parameters
from racer.cli.commands import search, stale_witnesses, written_witnesses
from racer.cli.guard import complain, models_print_to_stderr, pass_on
from racer.cli.naming import complain_of
from racer.cli.progress import shown_items
from racer.cli.selecting import Request, Selection, explored_case, made_trailer, selected
from racer.cli.statuses import USAGE, status_of
from racer.errors import RacerError, UsageError
from racer.exploration.exploring import never_made
from racer.exploration.judgement import judge
from racer.exploration.wanted import Wanted
from racer.lang.patience import until
from racer.lang.run import OutOfTime
from racer.search.limits import deadline_after
from racer.sharing.crew import Crew, Done, Lost, done
from racer.viz.documents.case import ExploredCase, NotExplored, Told
from racer.viz.several import Row

Override = Literal["pass", "fail"] | None


@dataclass(slots=True)
class Gathered:
    """What came of the scenarios so far, in their order; `left` are those that were not come to."""

    rows: list[Row] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    interrupted: bool = False
    left: list[NotExplored] = field(default_factory=list)

    def add(self, name: str, case: ExploredCase) -> None:
        """One that has a result, whatever it is."""
        self.told.append(case)
        self.statuses.append(status_of(case.result, case.judgement))
        self.rows.append(Row(name, case.result, case.judgement, ""))

    def add_error(self, name: str, called: str, why: str) -> None:
        """One that has none."""
        complain(f"error: {why}")
        self.statuses.append(USAGE)
        self.rows.append(Row(name, None, None, why))
        self.told.append(NotExplored(called, why))

    def join(self, other: Gathered) -> None:
        """Those of another, after these."""
        self.rows += other.rows
        self.told += other.told
        self.statuses += other.statuses


@dataclass(frozen=True, slots=True)
class Chosen:
    """A scenario that is to be explored: what its row is called, and under which memory model."""

    name: str
    found: Found
    memory: str

    @property
    def called(self) -> str:
        """What an ExploredCase of it is called."""
        told = show_parameters(told_memory(self.memory))
        return f"{self.found.reference} {told}" if told else self.found.reference


def gathered(
    request: Request, chosen: Sequence[Chosen], override: Override, crew: Crew
) -> Gathered:
    """Explore all; where Ctrl-C cuts that, those that were done by then.

    Errors   UsageError for --set and --variant that a scenario does not have.
    """
    if crew.is_alone(len(chosen)):
        found = Gathered()
        for each in chosen:
            gather(found, request, each, override)
            if found.interrupted:
                break
        found.left = [NotExplored(each.called, "") for each in chosen[len(found.rows) :]]
        return found
    return _shared(request, chosen, override, crew)


def gather(found: Gathered, request: Request, chosen: Chosen, override: Override) -> None:
    """Explore one scenario, leave its witnesses, and note what came of it."""
    request = replace(request, memory=chosen.memory)
    name, deadline = chosen.name, deadline_after(request.timeout)
    selection: Selection | None = None
    try:
        with models_print_to_stderr(), until(deadline):
            selection = selected(chosen.found, request.variant, request.settings, request.memory)
        with models_print_to_stderr():
            result, found.interrupted = search(request, selection, deadline)
        judgement = judge(result, selection.declared, override)
        written = written_witnesses(request, selection, result)
    except OutOfTime as stop:
        result = never_made(Wanted(memory=request.memory, timeout=request.timeout), stop)
        judgement = judge(result, None, override)
        changed = told_memory(request.memory)
        found.add(name, ExploredCase(chosen.found.reference, result, judgement, changed=changed))
        return
    except RacerError as error:
        if isinstance(error, UsageError) and selection is None:
            raise  # --set, --variant: of the command, not of the model
        found.add_error(name, chosen.called, str(error))
        return
    stale = stale_witnesses(request, selection, result, interrupted=found.interrupted)
    if complain_of([*written.values(), *stale]):
        found.statuses.append(USAGE)
    trailer = None if found.interrupted else made_trailer(request, selection, result)
    found.add(name, explored_case(selection, result, judgement, written, trailer))


@dataclass(frozen=True, slots=True)
class _Item:
    """Scenarios that one process explores: those whose files have one name, or else it would depend
    on who comes first what these are called. Each is named by its file."""

    request: Request
    chosen: tuple[tuple[str, str, bool, bool, str, str], ...]
    override: Override


def _item(request: Request, of_item: Sequence[Chosen], override: Override) -> _Item:
    chosen = []
    for each in of_item:
        scenario, found = each.found.scenario, each.found
        where = f"{scenario.source.path}::{scenario.name}"
        flags = (found.reference, found.installed, found.hides)
        chosen.append((where, *flags, each.name, each.memory))
    return _Item(request, tuple(chosen), override)


def _explored(item: _Item) -> list[tuple[Gathered, str]]:
    """Of each scenario what came of it, and what was written to stderr. Runs in whatever process
    does it."""
    all_of_it = []
    for where, reference, installed, hides, name, memory in item.chosen:
        one, said = Gathered(), io.StringIO()
        with redirect_stderr(said):
            found = replace(find(where), reference=reference, installed=installed, hides=hides)
            gather(one, item.request, Chosen(name, found, memory), item.override)
        one.told = [_to_be_carried(each, item.request) for each in one.told]
        one.rows = [
            replace(each, result=replace(each.result, loaded=None)) if each.result else each
            for each in one.rows
        ]
        all_of_it.append((one, said.getvalue()))
    return all_of_it


def _to_be_carried(told: Told, request: Request) -> Told:
    """Without the program, which nothing that is told of several asks for, and with what has to be
    told where there still are the model's values."""
    if isinstance(told, NotExplored):
        return told
    document, flows = None, None
    if request.format == "json":
        from racer.viz.documents.result import result_document

        document = result_document(told)
    if request.sarif is not None:
        from racer.viz.documents.sarif import results_of

        flows = tuple(results_of(told))
    result = replace(told.result, loaded=None)
    return replace(told, result=result, document=document, flows=flows)


def _shared(request: Request, chosen: Sequence[Chosen], override: Override, crew: Crew) -> Gathered:
    groups: dict[tuple[str, str], list[int]] = {}
    for at, each in enumerate(chosen):
        groups.setdefault((each.found.scenario.name, each.memory), []).append(at)
    places = list(groups.values())
    items = [_item(request, [chosen[at] for at in group], override) for group in places]
    found, answers = Gathered(), dict[int, Done]()
    try:
        with interrupts.allowed(), shown_items("exploring the scenarios") as tell:
            for number, answer in done(_explored, items, crew):
                answers[number] = answer
                tell(sum(len(places[each]) for each in answers), len(chosen))
    except KeyboardInterrupt:
        interrupts.answered()
        found.interrupted = True
    came: dict[int, _Part] = {}
    for number in sorted(answers):  # so it is always the first whose error is told
        parts = _parts(answers[number], len(places[number]))
        came.update(zip(places[number], parts, strict=True))
    for at, each in enumerate(chosen):
        what = came.get(at)
        if what is None:
            found.left.append(NotExplored(each.called, ""))
        elif isinstance(what, str):
            found.add_error(each.name, each.called, what)
        else:
            pass_on(what[1])
            found.join(what[0])
    return found


_Part = tuple[Gathered, str] | str


def _parts(answer: Done, count: int) -> Sequence[_Part]:
    """What came of each scenario of an item, or why nothing has."""
    value: Lost | list[tuple[Gathered, str]] = answer.value()
    return [value.text] * count if isinstance(value, Lost) else value
