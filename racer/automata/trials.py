"""A thread's histories, run once more with what must not matter to it.

That are other objects of the same values (`doubles`), and sets in another order (`rewriting`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from racer.automata import doubles, rewriting
from racer.automata.automaton import ValueTable
from racer.automata.doubles import Double
from racer.automata.growing import GrowingAutomaton, Path, describe_pending, give
from racer.automata.orders import ORDERS
from racer.automata.rewriting import Rewritten
from racer.errors import Location, ModelError
from racer.lang.operations import CellOperation
from racer.lang.pending import AboutTo, Pending
from racer.lang.program import ThreadInstance
from racer.lang.run import Run
from racer.lang.values import describe, value_key


def confirm(automaton: GrowingAutomaton, tables: Mapping[str, ValueTable]) -> None:
    """Run along every edge that is new once more, with doubles as results, with sets that are gone
    through in other orders, and with other addresses.

    Errors   ModelError where the thread does something else then.
    """
    histories = list(automaton.unconfirmed())
    if not histories:
        return
    environment, instance = automaton.environment, automaton.instance
    trials = [
        _Trial(automaton, instance, tables, double, why)
        for why, double in doubles.patterns(environment.trusted(), tables)
    ]
    try:
        for trial in trials:
            for path, goal in histories:
                trial.run(path, goal)
    except ModelError:  # which is met first may differ with the hash seed: the least is told
        for path, goal in sorted(histories, key=_text):
            for trial in trials:
                trial.run(path, goal)
        raise
    if not rewriting.may_differ(environment.codes(), environment.trusted()):
        return
    for number, order in enumerate(ORDERS):
        rewritten = Rewritten(order, number)
        copied = replace(instance, thread=instance.thread.copied(rewritten.copy))
        automaton.take_for(rewritten.same)
        trial = _Trial(automaton, copied, tables, _as_it_is, rewritten)
        for path, goal in histories:
            trial.run(path, goal)
        if rewritten.met is None:
            break


def _text(history: tuple[Path, int]) -> tuple[int, list[str]]:
    path, _ = history
    return len(path), [describe(step.result) for _, step in path]


class _Trial:
    """Runs of one kind, each compared with the automaton step by step."""

    def __init__(
        self,
        automaton: GrowingAutomaton,
        instance: ThreadInstance,
        tables: Mapping[str, ValueTable],
        double: Double,
        why: tuple[str, str] | Rewritten,
    ) -> None:
        self._automaton = automaton
        self._instance = instance
        self._tables = tables
        self._double = double
        self._why = why
        self._compared: set[int] = set()  # nodes whose functions were

    def run(self, path: Path, goal: int) -> None:
        """Follow a history to the node it leads to. Errors: ModelError where it does not."""
        nodes = [*(node for node, _ in path), goal]
        given = [self._double(step.result, at) for at, (_, step) in enumerate(path)]
        alike = all(new is step.result for new, (_, step) in zip(given, path, strict=True))
        if alike and not isinstance(self._why, Rewritten):
            for at, node in enumerate(nodes):
                self._compare_functions(self._automaton.pending(node), node, path[:at])
            return
        run = self._instance.start()
        try:
            for at, node in enumerate(nodes):
                self._compare(run, node, path[:at])
                self._compare_functions(run.pending, node, path[:at])
                if at < len(path):
                    give(run, path[at][1]._replace(result=given[at]))
        finally:
            run.close()

    def _compare(self, run: Run, node: int, path: Path) -> None:
        """Whether the thread is about to do what it is at that node."""
        expected = self._automaton.pending(node)
        if not self._automaton.same(run.pending, expected):
            self._refuse(path, describe_pending(expected), describe_pending(run.pending))

    def _compare_functions(self, found: Pending, node: int, path: Path) -> None:
        """Whether the functions that an operation calls make the same of any value of its cell."""
        expected = self._automaton.pending(node)
        if node in self._compared:
            return
        self._compared.add(node)
        if not isinstance(found, AboutTo) or not isinstance(expected, AboutTo):
            return
        operation, other = found.operation, expected.operation
        if not isinstance(operation, CellOperation) or not isinstance(other, CellOperation):
            return
        if not operation.facts.functions:
            return
        table = self._tables[other.cell]
        for number, value in enumerate(table.values):
            if table.stalled(other, number) is not None:
                continue
            if _made_of(operation, self._double(value, len(path))) != _made_of(other, value):
                self._refuse(path, f"{other.text()}, whose function makes one thing and another")

    def _refuse(self, path: Path, *done: str) -> None:
        """`done` is what the thread is to do, in one order and another."""
        after = "at its start"
        if path:
            lines = self._lines_after(path[:-1])
            where = f" (at {lines[-1]})" if lines else ""
            after = f"after its step {len(path)}{where}, given {describe(path[-1][1].result)}"
        why, remedy = self._why.what_differs() if isinstance(self._why, Rewritten) else self._why
        name = self._instance.name
        raise ModelError(
            f"thread {name!r} {why}: {after}, it is to {', or to '.join(sorted(done))}.\n{remedy}",
            thread=name,
            step=len(path),
        )

    def _lines_after(self, path: Path) -> tuple[Location, ...]:
        """Where the thread waits once it was given all that, outermost first."""
        run = self._instance.start()
        for _, step in path:
            give(run, step)
        found = run.locations()
        run.close()
        return found


def _as_it_is(result: object, _: int) -> object:
    return result


def _made_of(operation: CellOperation, value: object) -> Hashable:
    """What an operation leaves of a value, and gives for it, or how it fails."""
    try:
        done = operation.execute(value)
        return done and (value_key(done.after), value_key(done.result))
    except MemoryError:
        raise
    except Exception as error:
        return type(error).__name__
