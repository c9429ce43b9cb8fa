"""A program as a litmus test in C, and what the test says held against what the program says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Final

from racer.automata.automaton import CellStep
from racer.automata.growing import GrowingAutomaton
from racer.automata.lifting import Lifted, executed
from racer.axiomatic.asking import ask
from racer.axiomatic.budget import TooMany
from racer.axiomatic.enumerating import LIMIT, executions, histories
from racer.axiomatic.litmus.reading import read_test
from racer.axiomatic.models.known import MODELS
from racer.errors import UsageError
from racer.executions.asking import Asked, too_many
from racer.executions.threads import ProgramThread, Unending, Way
from racer.exporting.bodies import Body, Code, end_text
from racer.exporting.conditions import Outcome, chosen_label, condition_of, labels_of
from racer.exporting.macros import Macros, cells_of
from racer.lang.effects import Misuse
from racer.lang.pending import AboutTo, Closing
from racer.lang.program import Program
from racer.lang.watches import OBSERVATIONS
from racer.machine.loaded import load_program

MOST_NODES: Final = 5_000
HELD_AGAINST: Final = ("sc", "lkmm")


@dataclass(frozen=True, slots=True)
class Exported:
    """A test.

    text   the file
    label  what its condition is about
    shown  by memory model, whether the label is shown: by the test, and by the program
    notes  what the test says otherwise than the program, or leaves out, each a sentence
    """

    text: str
    label: str
    shown: Mapping[str, bool]
    notes: tuple[str, ...]


def exported(
    program: Program, name: str, label: str | None = None, limit: int | None = None
) -> Exported:
    """The test of a program.

    Errors   UsageError for what cannot be said in C, for a label that there is not, and where the
             test would say something else than the program, or a limit kept that from being known;
             ModelError as explore() has it.
    """
    limit = limit or LIMIT
    loaded = load_program(program)
    with loaded.in_use():
        try:
            return _Exporting(loaded.growing, name, limit).exported(label)
        except TooMany:
            raise UsageError(
                f"it is not known whether a test says what the program does: {too_many(limit)}.\n"
                f"Try: parameters with fewer steps, or --max-states."
            ) from None
        except Unending as stop:
            raise UsageError(f"the program cannot be written as a litmus test: {stop}.") from None


class _Exporting:
    def __init__(self, lifted: Lifted, name: str, limit: int) -> None:
        self._lifted = lifted
        self._name = name
        self._limit = limit
        self._asked = Asked(lifted, HELD_AGAINST[-1], limit)
        self._cells = cells_of(lifted.tables)
        macros = Macros(self._cells)
        codes = self._codes()
        for code in codes.values():
            for node in code.fed:
                pending = code.automaton.pending(node)
                if isinstance(pending, AboutTo):
                    macros.note(pending.operation)
        self._bodies = [
            Body(each.name, codes[each.group], macros, self._cells) for each in lifted.instances
        ]

    def _codes(self) -> dict[str, Code]:
        """By group what its threads do, with the values that some history writes."""
        threads = self._asked.threads()
        initial = dict.fromkeys(self._lifted.tables, 0)
        values = {cell: {0} for cell in initial}
        for found in histories(threads, initial, self._limit):
            for event in (event for history in found for event in history.events):
                if event.kind == "W" and isinstance(event.value, int):
                    values[event.place].add(event.value)
        by_group = {each.instance.group: each for each in threads}
        return {
            group: Code(thread.automaton, self._fed(thread, values))
            for group, thread in by_group.items()
        }

    def _fed(
        self, thread: ProgramThread, values: Mapping[str, Set[int]]
    ) -> dict[int, dict[int, int | None]]:
        """Of each node that there may be, where each answer leads to."""
        automaton = thread.automaton
        fed: dict[int, dict[int, int | None]] = {}
        left = [automaton.start]
        while left:
            node = left.pop()
            if node in fed:
                continue
            if len(fed) > MOST_NODES:
                raise UsageError(
                    f"thread {thread.name!r} cannot be written as a litmus test: it has more than "
                    f"{MOST_NODES:,} nodes.\nTry: parameters with fewer steps or values."
                )
            fed[node] = dict(self._edges(automaton, node, values))
            left += [goal for goal in fed[node].values() if goal is not None]
        return fed

    def _edges(
        self, automaton: GrowingAutomaton, node: int, values: Mapping[str, Set[int]]
    ) -> Iterator[tuple[int, int | None]]:
        pending = automaton.pending(node)
        if isinstance(pending, Closing):
            for answer, seen in enumerate(OBSERVATIONS):
                yield answer, automaton.target(node, CellStep(answer, seen, 0))
        if not isinstance(pending, AboutTo):
            return
        facts = pending.operation.facts
        answers = range(len(facts.options)) if facts.cell is None else sorted(values[facts.cell])
        for answer in answers:
            done = executed(automaton, pending.operation, answer, self._lifted.tables)
            if done is None:
                yield answer, None
            elif not isinstance(done.error, Misuse):
                yield answer, automaton.target(node, done)

    def exported(self, label: str | None) -> Exported:
        lifted, bodies = self._lifted, self._bodies
        label = chosen_label(label, labels_of(lifted, bodies))
        text = "\n".join(self._lines(label))
        models = [MODELS[name] for name in HELD_AGAINST]
        accounts = self._asked.accounts(models)
        answers = ask(read_test(f"{self._name}.litmus", text), models, self._limit).answers
        shown = {answer.model.name: bool(answer.positive) for answer in answers}
        notes = list(self._left_out())
        for account in accounts:
            model = account.model.name
            of_program = label in account.labels
            if shown[model] == of_program:
                continue
            bare = account.without is not None and label in account.without
            says, other = ("", "not ") if shown[model] else ("not ", "")
            if shown[model] and bare:
                notes.append(
                    f"under {model} the test shows {label}, and the program does not, since it has "
                    f"dependencies that the test lacks: where a compiler keeps none, both do"
                )
                continue
            raise UsageError(
                f"a litmus test would say something else: under {model} {label} is {says}shown by "
                f"the test, and {other}shown by the program.\nUsual cause: by its ifs the test "
                f"depends on what was read where the program does not.\n"
                f"Try: racer explore --memory {model}, which says what the program does."
            )
        return Exported(text, label, shown, tuple(notes))

    def _left_out(self) -> Iterator[str]:
        program = self._lifted.program
        for kind, names in (
            ("invariant", program.invariants),
            ("sometimes", program.sometimes),
            ("consistency", program.consistency),
        ):
            if names:
                told = ", ".join(repr(each) for each in sorted(names))
                yield f"left out, as a test has no states: {kind} {told}"
        splits = dict.fromkeys(split for body in self._bodies for split in body.splits)
        if splits:
            yield (
                f"an address that depends on what was read is an if in the test, which orders no "
                f"later load: {'; '.join(splits)}"
            )

    def _condition(self, label: str) -> str:
        of_ends = label in self._lifted.program.finally_
        outcomes = self._outcomes() if of_ends else iter(())
        return condition_of(label, self._lifted, self._bodies, self._cells, outcomes)

    def _outcomes(self) -> Iterator[Outcome]:
        """How executions can end, whatever models say of them. Errors: TooMany."""
        initial = dict.fromkeys(self._lifted.tables, 0)
        for each in executions(self._asked.threads(), initial, self._limit):
            yield tuple(way for way in each.histories if isinstance(way, Way)), each.memory

    def _lines(self, label: str) -> Iterator[str]:
        yield f"C {self._name}"
        yield ""
        legend = [each.legend for each in self._cells.values() if each.legend]
        for thread, (instance, body) in enumerate(
            zip(self._lifted.instances, self._bodies, strict=True)
        ):
            ends = [f"{number} {end_text(end)}" for number, end in body.ends.items()]
            legend.append(f"P{thread} is {instance.name}; end: {', '.join(ends) or 'none'}")
        yield "(*"
        yield from (f" * {_commented(line)}" for line in legend)
        yield " *)"
        yield ""
        yield "{"
        yield from (
            f"\t{cell.name}={cell.numbers[0]};"
            for cell in self._cells.values()
            if cell.numbers[0] and not cell.is_lock
        )
        yield "}"
        for thread, body in enumerate(self._bodies):
            yield ""
            used = (self._cells[name].parameter for name in sorted(body.used))
            yield f"P{thread}({', '.join(used)})"
            yield "{"
            yield from (f"\t{line}" for line in (*body.declarations(), *body.lines))
            yield "}"
        yield ""
        yield f"exists ({self._condition(label)})"
        yield ""


def _commented(text: str) -> str:
    """Text that does not end a comment."""
    return text.replace("*)", "* )").replace("(*", "( *")
