"""What memory models say of a Program: every execution, shown to each model that is asked for.

The dependencies of a thread are not in its Python, so there are three readings of it: without any,
with those that can be read off its automaton, and with all that code could have at most. Models
that keep dependencies are asked about the first and the last as well. Labels that differ between
these rest on dependencies, and that is told. Executions are built without any, which allows most.

Counted is as long as there are few executions, or where that is asked for. Past that one that
comes to nothing new is not looked at any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from racer.automata.lifting import Lifted, close
from racer.axiomatic.budget import Budget
from racer.axiomatic.checking import allowed
from racer.axiomatic.enumerating import LIMIT, Execution, histories
from racer.axiomatic.graphs import Graph, Layout
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS
from racer.errors import InternalError
from racer.executions.building import Building
from racer.executions.code import Code
from racer.executions.dependencies import DependsAsRead
from racer.executions.ends import End, Ends
from racer.executions.partial import Built, TooLong
from racer.executions.threads import Depends, DependsOnAll, ProgramThread, Way
from racer.executions.windows import Windows
from racer.lang.outcomes import OutcomeKey

# The models that keep dependencies: the others are asked about one reading.
KEEP_DEPENDENCIES: Final = ("arm64", "lkmm")

# The models that take long to ask: what others allow is looked at first.
SLOW: Final = ("lkmm",)

# So many executions are counted without being asked for.
FEW: Final = 200
_LENGTH: Final = 4  # of a thread, in events, before it is known to have more


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """An execution that shows something. `is_interleaving`: one is that, windows included."""

    execution: Execution
    ways: tuple[Way, ...]
    is_interleaving: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its events, in order: of the initial writes, then thread after thread."""
        layout = self.execution.graph.skeleton.layout
        found = list(range(len(layout.initial)))
        for first, way in zip(layout.first, self.ways, strict=True):
            found += range(first, first + len(way.events))
        return tuple(found)


@dataclass(slots=True)
class Account:
    """What one model says.

    executions   how many it allows that are whole: of those that end each is one; None where they
                 were too many to be counted
    labels       an example of each violation: one that an interleaving shows, if there is any
    outcomes     what threads come to: in how many executions, or None
    examples     one of each outcome
    flags        what the model says besides of some execution, such as "data-race"
    without      the labels where no dependency is kept, and `with_all` where all are; None of a
                 model that keeps none, and `with_all` where executions are not counted
    """

    model: Model
    executions: int | None = 0
    labels: dict[str, Example] = field(default_factory=dict)
    outcomes: dict[OutcomeKey, int | None] = field(default_factory=dict)
    examples: dict[OutcomeKey, Example] = field(default_factory=dict)
    flags: dict[str, None] = field(default_factory=dict)
    without: frozenset[str] | None = None
    with_all: frozenset[str] | None = None

    @property
    def keeps(self) -> bool:
        """Whether the model keeps dependencies."""
        return self.model.name in KEEP_DEPENDENCIES


class Asked:
    """A lifted Program, asked what models say of it. `count`: as explore() has it.

    Errors   UsageError for what these models do not have; TooMany, Unending.
    """

    def __init__(
        self, lifted: Lifted, memory: str, limit: int = LIMIT, count: bool | None = None
    ) -> None:
        self._lifted = lifted
        self._memory = memory
        self._budget = Budget(limit)
        self._count = count
        self._ends = Ends(lifted)
        self._windows = Windows(lifted)
        codes = self._fed(limit)
        self._codes = [codes[each.group] for each in lifted.instances]
        self.readings: Final = (DependsAsRead(codes), Depends(), DependsOnAll())

    def _fed(self, limit: int) -> dict[str, Code]:
        """The code of each group of threads, fed all that may come: where that has no end, as that
        of a counter, what comes along no more writes than histories have."""
        lifted = self._lifted
        growing = {each.instance.group: each for each in lifted.growing}
        if not close(lifted):
            threads = [
                ProgramThread(each, growing[each.group], lifted.tables, self._memory, Depends())
                for each in lifted.instances
            ]
            histories(threads, dict.fromkeys(lifted.tables, 0), limit)
        return {group: Code(each, lifted.tables) for group, each in growing.items()}

    def accounts(self, models: Sequence[Model]) -> list[Account]:
        """What each model says, from one enumeration. Errors: as the class."""
        lengths = [_LENGTH] * len(self._codes)
        while True:
            try:
                return self._accounts(models, lengths)
            except TooLong as long:
                self._lengthen(lengths, long)

    def violating(
        self, model: Model, *, dependencies: bool
    ) -> Iterator[tuple[tuple[str, ...], Example]]:
        """Every execution that a model allows and that shows a label, with all that it shows: with
        the dependencies that can be read off, or without any. Errors: as the class."""
        reading = self.readings[0 if dependencies else 1]
        lengths, passed = [_LENGTH] * len(self._codes), 0
        while True:
            looked = self._looking([Account(model)], lengths)
            try:
                for at, built in enumerate(looked.building.executions()):
                    if at < passed:  # those before are the same, whatever numbers events have
                        continue
                    passed = at + 1
                    end = self._ends.of(built.ways, built.memory)
                    if end is None or not end.labels:
                        continue
                    seen = _Seen(looked, built)
                    if seen.shown(model, reading):
                        yield end.labels, seen.example(reading)
                return
            except TooLong as long:
                self._lengthen(lengths, long)

    def _lengthen(self, lengths: list[int], long: TooLong) -> None:
        lengths[long.thread] = max(long.events, lengths[long.thread] + _LENGTH)

    def threads(self) -> list[ProgramThread]:
        """The threads, without dependencies."""
        return [
            ProgramThread(each, code.automaton, code.tables, self._memory, Depends())
            for each, code in zip(self._lifted.instances, self._codes, strict=True)
        ]

    def _looking(self, accounts: Sequence[Account], lengths: Sequence[int]) -> _Looking:
        """Executions of threads of so many events, to be looked at for these."""
        threads = self.threads()
        layout = Layout(dict.fromkeys(self._lifted.tables, 0), lengths)
        models = [each.model for each in accounts]
        building = Building(threads, self._codes, layout, models, self._budget)
        return _Looking(self._windows, self.readings, threads, building, accounts)

    def _accounts(self, models: Sequence[Model], lengths: Sequence[int]) -> list[Account]:
        accounts = [Account(each) for each in models]
        looked = self._looking(accounts, lengths)
        looked.counts = self._count is not False
        seen = 0
        for built in looked.building.executions():
            end = self._ends.of(built.ways, built.memory)
            if end is None:
                continue
            seen += 1
            if seen > FEW and self._count is None:
                looked.counts = False
            looked.at(built, end)
        looked.finish()
        for account in accounts:
            self._finish(account, looked)
        return accounts

    def _finish(self, account: Account, looked: _Looking) -> None:
        if not looked.counts:
            account.executions = None
            account.outcomes = dict.fromkeys(account.outcomes)
        if not account.keeps:
            return
        without, with_all = looked.bracket[account.model.name]
        account.without = frozenset(without)
        account.with_all = frozenset(with_all) if looked.counts else None
        # More order may make one instant of several, and a window then sees less.
        nested = with_all <= set(account.labels) <= account.without
        if not nested and not self._windows.asked:
            raise InternalError("an execution with more dependencies shows more labels")


class _Looking:
    """Looks at executions, and notes what they show.

    `counts`: every one is looked at. `bracket` has, by model, the labels without any dependency,
    and those with all.
    """

    def __init__(
        self,
        windows: Windows,
        readings: Sequence[Depends],
        threads: Sequence[ProgramThread],
        building: Building,
        accounts: Sequence[Account],
    ) -> None:
        self._windows = windows
        self._readings = readings
        self._threads = threads
        self.building = building
        self._accounts = accounts
        self._read: dict[tuple[Way, Depends], Way] = {}
        self._later: list[tuple[Account, Built, End]] = []
        self.counts = True
        self.bracket: dict[str, tuple[set[str], set[str]]] = {
            each.model.name: (set(), set()) for each in accounts if each.keeps
        }

    def at(self, built: Built, end: End) -> None:
        """Look at one, if it may come to anything new: where not all are counted, later if it is
        not among those that a model which is quick to ask allows as well."""
        if not any(self._wants(each, end) for each in self._accounts):
            return
        seen = _Seen(self, built)
        for account in self._accounts:
            if not self._wants(account, end):
                continue
            if not self.counts and account.model.name in SLOW and not seen.is_likely:
                self._later.append((account, built, end))
            else:
                self._note(account, seen, end)

    def finish(self) -> None:
        """Look at those that were left for later."""
        for account, built, end in self._later:
            if self._wants(account, end):
                self._note(account, _Seen(self, built), end)
        self._later.clear()

    def _wants(self, account: Account, end: End) -> bool:
        if self.counts or (end.outcome is not None and end.outcome not in account.examples):
            return True
        return any(
            label not in account.labels
            or not account.labels[label].is_interleaving
            or any(label not in each for each in self._bracket_of(account))
            for label in end.labels
        )

    def _bracket_of(self, account: Account) -> Sequence[set[str]]:
        """The labels of those readings that are still asked about: with all dependencies only while
        every execution is looked at, since most of what few allow would be looked at in vain."""
        found = self.bracket.get(account.model.name, ())
        return found if self.counts else found[:1]

    def _note(self, account: Account, seen: _Seen, end: End) -> None:
        as_read, none, every = self._readings
        keeps = account.keeps
        if keeps and end.labels:
            without, with_all = self.bracket[account.model.name]
            if not set(end.labels) <= without and seen.shown(account.model, none):
                without.update(end.labels)
            asked = self.counts and not set(end.labels) <= with_all
            if asked and seen.shown(account.model, every):
                with_all.update(end.labels)
        if not self._wants_itself(account, seen, end) or not seen.shown(account.model, as_read):
            return
        example = seen.example(as_read)
        if account.model.flags is not None:
            account.flags.update(dict.fromkeys(account.model.flags(example.execution.graph)))
        for label in end.labels:
            before = account.labels.get(label)
            if before is None or (example.is_interleaving and not before.is_interleaving):
                account.labels[label] = example
        if end.outcome is not None:
            account.executions = (account.executions or 0) + 1
            account.outcomes[end.outcome] = (account.outcomes.get(end.outcome) or 0) + 1
            account.examples.setdefault(end.outcome, example)

    def _wants_itself(self, account: Account, seen: _Seen, end: End) -> bool:
        """Whether what it shows under the dependencies that the threads have is of interest."""
        if self.counts or (end.outcome is not None and end.outcome not in account.examples):
            return True
        return any(
            label not in account.labels
            or (not account.labels[label].is_interleaving and seen.is_interleaving)
            for label in end.labels
        )

    def graph(self, built: Built, reading: Depends) -> Graph:
        """An execution, with the dependencies of a reading."""
        return self.building.graph(self.ways(built, reading), built.lines)

    def ways(self, built: Built, reading: Depends) -> tuple[Way, ...]:
        """Its histories, with these dependencies."""
        return tuple(
            self._way(thread, way, reading)
            for thread, way in zip(self._threads, built.ways, strict=True)
        )

    def _way(self, thread: ProgramThread, way: Way, reading: Depends) -> Way:
        if (way, reading) not in self._read:
            masks = reading.of(thread, way.steps, len(way.events))
            events = tuple(
                event._replace(addr=mask.addr, data=mask.data, ctrl=event.ctrl | mask.ctrl)
                for event, mask in zip(way.events, masks, strict=True)
            )
            self._read[way, reading] = replace(way, events=events)
        return self._read[way, reading]

    @property
    def none(self) -> Depends:
        """The reading without any dependency."""
        return self._readings[1]

    def is_sequential(self, built: Built) -> bool:
        """Whether one order of all events explains an execution."""
        return self.building.is_sequential(built)

    def agree(self, model: Model, graph: Graph, ways: Sequence[Way]) -> bool:
        return self._windows.agree(model, graph, ways)


class _Seen:
    """What is known of an execution: its graphs by reading, and what models say of these."""

    def __init__(self, looking: _Looking, built: Built) -> None:
        self._looking = looking
        self._built = built
        self._graphs: dict[Depends, Graph] = {}
        self._interleaving: bool | None = None

    def graph(self, reading: Depends) -> Graph:
        if reading not in self._graphs:
            self._graphs[reading] = self._looking.graph(self._built, reading)
        return self._graphs[reading]

    @property
    def is_likely(self) -> bool:
        """Whether a model that is quick to ask, and stronger than the slow ones, allows it."""
        return self._looking.is_sequential(self._built) or allowed(
            MODELS["arm64"], self.graph(self._looking.none)
        )

    @property
    def is_interleaving(self) -> bool:
        """Whether an interleaving is that, windows included."""
        if self._interleaving is None:
            self._interleaving = self._looking.is_sequential(self._built) and (
                not any(way.seen for way in self._built.ways)
                or self._looking.agree(
                    MODELS["sc"], self.graph(self._looking.none), self._built.ways
                )
            )
        return self._interleaving

    def shown(self, model: Model, reading: Depends) -> bool:
        """Whether a model allows it, windows included; what an interleaving is, all do."""
        if self.is_interleaving:
            return True
        graph = self.graph(reading)
        return allowed(model, graph) and self._looking.agree(model, graph, self._built.ways)

    def example(self, reading: Depends) -> Example:
        ways = self._looking.ways(self._built, reading)
        execution = Execution(self.graph(reading), ways, self._built.memory)
        return Example(execution, ways, self.is_interleaving)


def too_many(limit: int) -> str:
    """What is said where there are more decisions than the limit."""
    return f"there are more than {limit:,} decisions about who reads from which write"
