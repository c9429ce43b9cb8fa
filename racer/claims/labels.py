"""Whether a scenario has a label at all: a claim that one is never shown holds of any misspelling.

A label is known if a case shows it, a declaration names it, a predicate of a Program has that name,
or it can be read in the model: a text in its source, claims apart, or the source line of an assert.
A text with values in it stands for all that it may come to.

Bound    where a label is computed otherwise (`"lost " + name`), and no case shows it, the claim is
         refused, though it may be right: declare it in an Expected. Where a source is not to be had
         nothing is refused.
"""

from __future__ import annotations

import ast
import functools
import linecache
import re
import sys
import types
from collections.abc import Iterable, Iterator

from racer.catalogue.scenario import Scenario
from racer.claims.data import Ask, Never, Parameters, Shows
from racer.errors import ProgramError, UsageError, suggestion
from racer.lang.outcomes import OWN_LABELS
from racer.lang.specs.linearizable import NOT_LINEARIZABLE
from racer.lang.whose import is_a_users

_OF_CLAIMS = ("Claim", "Never", "Shows")  # what stands in these calls is asked, and not shown


def unknown_label(ask: Ask, shown: Iterable[str], memory: str) -> str:
    """Why an ask is about no label of its scenario, as a sentence; empty where it is about one, or
    about something else. `shown` are the labels of its cases."""
    if not isinstance(ask, Never | Shows):
        return ""
    shown = dict.fromkeys(shown)
    if ask.label in (*shown, *OWN_LABELS, NOT_LINEARIZABLE):
        return ""
    texts = list(_texts(ask.scenario))
    if any(text is None or re.fullmatch(text, ask.label, re.DOTALL) for text in texts):
        return ""
    named = dict.fromkeys([*shown, *_declared(ask, memory)])
    if ask.label in named:
        return ""
    return (
        f"it asks about the label {ask.label!r}, which scenario {ask.scenario.name!r} does not "
        f"have: no case shows it, nothing declares it, and it stands nowhere in the model"
        f"{suggestion(ask.label, sorted(named))}"
    )


def _declared(ask: Ask, memory: str) -> Iterator[str]:
    """What is declared at the points of its grid, and the names of predicates there."""
    for point in ask.points():
        for parameters in ask.explored(point):
            yield from _declared_at(ask.scenario, parameters, memory)


def _declared_at(scenario: Scenario, parameters: Parameters, memory: str) -> Iterator[str]:
    try:
        declared = scenario.expected(memory, **parameters)
        program = scenario.build(**parameters)
    except (ProgramError, UsageError):  # it cannot happen; or whoever explores it is told
        return
    yield from declared.labels if declared is not None else ()
    for names in (program.invariants, program.finally_, program.consistency, program.sometimes):
        yield from names


def _texts(scenario: Scenario) -> Iterator[str | None]:
    """Patterns of all that may be a label in the files of a model; None where one is not there."""
    for name in _modules(scenario.module):
        file = getattr(sys.modules.get(name), "__file__", None)
        source = "".join(linecache.getlines(file)) if file else ""
        if not source:
            yield None
            continue
        yield from _texts_in(source)


def _modules(first: str) -> list[str]:
    """The modules of a model: that of its scenario, and what these take names from."""
    found, left = dict.fromkeys([first]), [first]
    while left:
        for value in vars(sys.modules.get(left.pop(), types)).values():
            name = value.__name__ if isinstance(value, types.ModuleType) else _module_of(value)
            if name not in found and name in sys.modules and is_a_users(name):
                found[name] = None
                left.append(name)
    return list(found)


def _module_of(value: object) -> str:
    named = getattr(value, "__module__", None)
    return named if isinstance(named, str) else ""


@functools.lru_cache(maxsize=64)
def _texts_in(source: str) -> tuple[str | None, ...]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return (None,)
    return tuple(dict.fromkeys(_patterns(tree, source)))


def _patterns(node: ast.AST, source: str) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in _OF_CLAIMS:
            return
        case ast.Constant(value=str(text)):
            yield re.escape(text)
        case ast.JoinedStr(values=parts):
            constant = (part.value if isinstance(part, ast.Constant) else None for part in parts)
            pattern = [".*" if text is None else re.escape(str(text)) for text in constant]
            if any(part != ".*" for part in pattern):
                yield "".join(pattern)
        case ast.Assert(test=test, msg=None):
            yield re.escape(" ".join((ast.get_source_segment(source, test) or "").split()))
            yield re.escape(" ".join((ast.get_source_segment(source, node) or "").split()))
    for child in ast.iter_child_nodes(node):
        yield from _patterns(child, source)
