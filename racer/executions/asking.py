"""What memory models say of a Program: every execution, shown to each model that is asked for.

The dependencies of a thread are not in its Python, so there are three readings of it: without any,
with those that can be read off its automaton, and with all that code could have at most. Models
that keep dependencies are asked about the first and the last as well. Labels that differ between
these rest on dependencies, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from racer.automata.lifting import Lifted
from racer.axiomatic.checking import allowed
from racer.axiomatic.enumerating import LIMIT, Execution, executions, histories
from racer.axiomatic.graphs import Graph
from racer.axiomatic.models.axioms import Model
from racer.axiomatic.models.known import MODELS
from racer.errors import InternalError
from racer.executions.dependencies import DependsAsRead
from racer.executions.ends import Ends
from racer.executions.threads import Depends, DependsOnAll, ProgramThread, Way
from racer.executions.windows import Windows
from racer.lang.outcomes import OutcomeKey

# The models that keep dependencies: the others are asked about one reading.
KEEP_DEPENDENCIES: Final = ("arm64", "lkmm")


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

    executions   how many it allows that are whole: of those that end each is one
    labels       an example of each violation: one that an interleaving shows, if there is any
    outcomes     what threads come to: in how many executions
    examples     one of each outcome
    flags        what the model says besides of some execution, such as "data-race"
    without      the labels where no dependency is kept, and `with_all` where all are; None of a
                 model that keeps none
    """

    model: Model
    executions: int = 0
    labels: dict[str, Example] = field(default_factory=dict)
    outcomes: dict[OutcomeKey, int] = field(default_factory=dict)
    examples: dict[OutcomeKey, Example] = field(default_factory=dict)
    flags: dict[str, None] = field(default_factory=dict)
    without: frozenset[str] | None = None
    with_all: frozenset[str] | None = None


class Asked:
    """A lifted Program, asked what models say of it.

    Errors   UsageError for what these models do not have; TooMany, Unending.
    """

    def __init__(self, lifted: Lifted, memory: str, limit: int = LIMIT) -> None:
        self._lifted = lifted
        self._memory = memory
        self._limit = limit
        self._ends = Ends(lifted)
        self._windows = Windows(lifted)
        self.initial: Final = dict.fromkeys(lifted.tables, 0)  # the first value of a table
        threads = self._threads(Depends())
        histories(threads, self.initial, limit)
        self._known = _by_group(threads)

    def accounts(self, models: Sequence[Model]) -> list[Account]:
        """What each model says, from one enumeration for each reading. Errors: as the class."""
        accounts = [Account(each) for each in models]
        self._ask(DependsAsRead(self._known), accounts)
        keeping = [each for each in accounts if each.model.name in KEEP_DEPENDENCIES]
        if keeping:
            weakest = self._labels(Depends(), keeping)
            strongest = self._labels(DependsOnAll(), keeping)
            for account, without, with_all in zip(keeping, weakest, strongest, strict=True):
                account.without, account.with_all = without, with_all
                # More order may make one instant of several, and a window then sees less.
                nested = with_all <= set(account.labels) <= without
                if not nested and not self._windows.asked:
                    raise InternalError("an execution with more dependencies shows more labels")
        return accounts

    def _labels(self, depends: Depends, accounts: Sequence[Account]) -> list[frozenset[str]]:
        others = [Account(each.model) for each in accounts]
        self._ask(depends, others)
        return [frozenset(each.labels) for each in others]

    def _ask(self, depends: Depends, accounts: Sequence[Account]) -> None:
        for example in self._examples(depends, [each.model for each in accounts]):
            graph, memory = example.execution.graph, example.execution.memory
            for account in accounts:
                if not allowed(account.model, graph):
                    continue
                end = self._ends.of(example.ways, memory)
                if end is None or not self._windows.agree(account.model, graph, example.ways):
                    continue
                if account.model.flags is not None:
                    account.flags.update(dict.fromkeys(account.model.flags(graph)))
                for label in end.labels:
                    before = account.labels.get(label)
                    if before is not None and before.is_interleaving:
                        continue
                    known = self._judged(example)
                    if before is None or known.is_interleaving:
                        account.labels[label] = known
                if end.outcome is not None:
                    account.executions += 1
                    account.outcomes[end.outcome] = account.outcomes.get(end.outcome, 0) + 1
                    if end.outcome not in account.examples:
                        account.examples[end.outcome] = self._judged(example)

    def violating(
        self, model: Model, *, dependencies: bool
    ) -> Iterator[tuple[tuple[str, ...], Example]]:
        """Every execution that a model allows and that shows a label, with all that it shows: with
        the dependencies that can be read off, or without any. Errors: as the class."""
        depends = DependsAsRead(self._known) if dependencies else Depends()
        for example in self._examples(depends, [model]):
            graph = example.execution.graph
            if not allowed(model, graph):
                continue
            end = self._ends.of(example.ways, example.execution.memory)
            if end is None or not end.labels:
                continue
            if self._windows.agree(model, graph, example.ways):
                yield end.labels, self._judged(example)

    def _examples(self, depends: Depends, models: Sequence[Model]) -> Iterator[Example]:
        """Executions that are coherent and atomic, with dependencies of that reading: all that some
        model allows."""

        def hopeless(graph: Graph) -> bool:  # the weakest, which is last, is the likeliest to allow
            return not any(allowed(each, graph) for each in reversed(models))

        threads = self._threads(depends)
        for execution in executions(threads, self.initial, self._limit, hopeless):
            ways = tuple(each for each in execution.histories if isinstance(each, Way))
            yield Example(execution, ways)

    def _judged(self, example: Example) -> Example:
        """The execution, with whether it is an interleaving."""
        graph = example.execution.graph
        plain = graph.is_sequential and self._windows.agree(MODELS["sc"], graph, example.ways)
        return replace(example, is_interleaving=plain)

    def _threads(self, depends: Depends) -> list[ProgramThread]:
        lifted = self._lifted
        growing = {each.instance.group: each for each in lifted.growing}
        return [
            ProgramThread(each, growing[each.group], lifted.tables, self._memory, depends)
            for each in lifted.instances
        ]


def _by_group(threads: Sequence[ProgramThread]) -> dict[str, ProgramThread]:
    """The threads, of copies the first with all that any of them was fed."""
    found: dict[str, ProgramThread] = {}
    for thread in threads:
        first = found.setdefault(thread.instance.group, thread)
        for node, answers in thread.fed.items():
            first.fed.setdefault(node, {}).update(answers)
    return found


def too_many(limit: int) -> str:
    """What is said where there are more histories and executions than the limit."""
    return f"there are more than {limit:,} histories and line-ups of writes and reads"
