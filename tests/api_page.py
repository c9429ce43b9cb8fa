"""Prints racer/API.md, the reference of the public names, from their signatures and docstrings.

    python -m tests.api_page > racer/API.md

What is printed depends on the source alone: annotations are taken as they are written, and no
value is shown by its address.
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
import textwrap
import typing
from collections.abc import Iterator

import racer
from racer.lang import operations

GROUPS = {
    "Write a program": (
        "Memory Cell Lock Refcount PerThread Watch Window State choose fence atomic "
        "checkpoint Cancelled Thread Program About Violation"
    ),
    "Wait": "Condition EventFlag Semaphore Queue QueueClosed RwLock RwLockSide Latch Barrier",
    "Objects that are freed": "Pool Object Field Address Rcu ReadSide",
    "Calls that have an order": "Linearizable Call NotEnabled",
    "Explore": "explore Interrupted Sample estimate Estimate",
    "Read a result": "Result Finding Outcome Witness Move Blocked Idle Trace Event",
    "Explain and mail": "explain Explanation mail brief",
    "Save, load and replay a witness": "save load SavedWitness replay",
    "Let others check a PASS": "certificate",
    "Scenarios": "scenario Expected Range WhatIf Configured Meanings Scenario InC Role lifted",
    "Claims": "Claim Answer Never Shows Same Only Universal",
    "Compare": "diff Difference DiffInterrupted",
    "Errors": (
        "RacerError ProgramError ModelError UsageError WitnessError ReplayDiverged InternalError"
    ),
}

# Classes that one makes by calling them; of all others racer hands out the instances.
MADE_BY_USERS = {"Memory", "Thread", "Program", "Violation", "Expected", "Range", "Move", "About"}
MADE_BY_USERS |= {"WhatIf", "Configured", "Meanings", "Sample", "InC", "Role"}
MADE_BY_USERS |= {"Claim", "Answer", "Never", "Shows", "Same", "Only", "Universal"}

# Members that only racer itself has a use for.
_ASK = "text explored holds settled points varied scenario grid label effect thread parameter two"
_ASK += " values"
INTERNAL = {
    "Memory": "seal finally_ told_at_end",
    "Watch": "holds predicate",
    "Lock": "initial",
    "Condition": "initial fits",
    "EventFlag": "initial fits",
    "Semaphore": "initial",
    "Queue": "initial",
    "RwLock": "initial fits",
    "Latch": "initial",
    "Barrier": "initial",
    "Pool": "initial refers name objects reuse collected",
    "Object": "initial refers",
    "Field": "refers whole",
    "Rcu": "initial fits refers",
    "PerThread": "initial fits",
    "Linearizable": "initial fits kind",
    "Window": "observation slot watch",
    "Thread": "start constants described copied",
    "Program": "predicates functions instances",
    "Witness": "cost",
    "Expected": "agrees",
    "About": "comes_to names_in",
    "InC": "role_of known_names",
    "Scenario": "module function build complete parse what_ifs in_c",
    **dict.fromkeys(("Never", "Shows", "Same", "Only"), _ASK),
}

# Words of signatures that are no public names.
TYPES = {
    "T": "the type of a cell's values, or a queue's items",
    "D": "the type of a default",
    "Preference": '`"readers"`, `"writers"` or None',
    "Handle": "a Cell, a Lock, or whatever else a Memory makes that has a value",
    "AtomicRegion": "for `async with`: it has nothing to ask of",
    "Value": "`bool`, `int` or `str`: a parameter's value",
    "Setting": "a Value, or a tuple of some",
    "Parameter": "a parameter's name, default and type",
    "Ask": "Never, Shows, Same or Only",
    "Build": "a function of keyword parameters that returns a Program",
    "Expectation": "an Expected, a function that returns one or None, or None",
    "ThreadFunction": "an async function",
    "Predicate": "a function of one argument, a State, that returns a truth value",
    "FinalPredicate": "a Predicate, or a function of a State and what each thread came to, by name",
    "Show": "a function of one argument, a State, that returns a text",
    "Schedule": "a tuple of Moves, in order",
    "OutcomeKey": "(thread, value) of each thread, in the order of their names",
    "OutcomeValue": "what a thread came to: what it returned, a Violation, Blocked or Idle",
    "Operation": "what a step does; `text()` is how reports name it",
    "Location": "a line of a source file: `path`, `line`, `function`",
    "Coverage": "`edges` of `of_edges`, `moves` of `of_moves`, `runs`, `steps`: what was compared",
    "Loaded": "a program as it was explored",
    "Tell": "a function of one argument, how far the search is",
    "Progress": "how far a search is: `phase`, `states`, ...",
    "ClosedWindow": "the watch of a window, and what it saw",
    "Ending": "`value`: what the thread came to",
    "SavedStep": "a step as a witness file has it",
    "_Natural": "`int`, 0 or more",
}
_OF_EXPLANATION = (
    "Lane Span Row Conflict Returned Ordering NotComputed NoReturn ThreadsNeeded Fold Axis Held "
    "CallHistory"
)
for _part in _OF_EXPLANATION.split():
    TYPES[_part] = "a part of an Explanation: see racer/explanation/data.py"
for _part in ("Side", "Which", "Compared", "Alignment"):
    TYPES[_part] = "a part of a Difference: see racer/difference/data.py"
TYPES |= {
    name: "one of " + ", ".join(f'`"{order}"`' for order in typing.get_args(alias))
    for name, alias in {
        "LoadOrder": operations.LoadOrder,
        "StoreOrder": operations.StoreOrder,
        "RmwOrder": operations.RmwOrder,
        "FenceKind": operations.FenceKind,
    }.items()
}
TYPES["Compiled"] = '`"written"`, `"fused"` or `"sunk"`: see racer/c_source/compilers.py'
TYPES["Method"] = '`"pct"` or `"pos"`'
TYPES["Sampling"] = "`runs`, `chance`, `unseen`, ...: what runs by lot say of the others"
TYPES["Record"] = "the same as plain data: see racer/executions/record.py"
TYPES["ByExecutions"] = "`count`, `prevented`, ...: see racer/exploration/result.py"
TYPES["ToldExecution"] = "`threads`, `stores`, `circle`: see racer/executions/told.py"
TYPES["Engine"] = '`"compiled"` or `"python"`'
TYPES["Verdict"] = 'of a Result `"pass"`, `"fail"` or `"bound"`; of an Answer as it says'

_TABLE = re.compile(r"^\S.* {2,}\S|^ {4}", re.MULTILINE)
_WIDTH = 96


def page() -> str:
    """The whole page, ending in a newline."""
    lines = [
        "# racer: the public names",
        "",
        "Everything here is imported from `racer`; nothing else is stable. The guide is",
        "[WRITING.md](WRITING.md). This page is made from the docstrings:",
        "",
        "    python -m tests.api_page > racer/API.md",
        "",
    ]
    for title, names in GROUPS.items():
        links = [f"[{name}](#{name.lower()})" for name in names.split() if _anchor_is_unique(name)]
        rest = [f"`{name}`" for name in names.split() if not _anchor_is_unique(name)]
        lines.append(f"- {title}: {', '.join(links + rest)}")
    for title, names in GROUPS.items():
        lines += ["", f"## {title}"]
        for name in names.split():
            lines += ["", f"### {name}", "", *_entry(name)]
    lines += ["", "## Words in the signatures", ""]
    lines += [f"- `{word}`: {meaning}" for word, meaning in sorted(TYPES.items())]
    return "\n".join(lines) + "\n"


def words_of_signatures() -> set[str]:
    """The names of types in all signatures shown, but for Python's own and the public ones."""
    heads = [_code(name) for name in racer.__all__]
    heads += [head for name in racer.__all__ for head, _ in _members(name)]
    shown = re.sub(r'"[^"]*"', "", "\n".join(line for head in heads for line in head))
    pythons = "None True False Any Literal Callable Coroutine Mapping Iterable Path Exception"
    known = {*racer.__all__, *pythons.split(), "KeyboardInterrupt", "BaseException"}
    return set(re.findall(r"\b_?[A-Z]\w*", shown)) - known


def _anchor_is_unique(name: str) -> bool:
    """Headings that differ in case only, as Scenario and scenario do, have one anchor."""
    return [each.lower() for each in racer.__all__].count(name.lower()) == 1


def _entry(name: str) -> Iterator[str]:
    yield from _fenced("python", _code(name))
    yield from _told(inspect.getdoc(getattr(racer, name)) or "")
    for head, doc in _members(name):
        yield ""
        yield from _fenced("python", head)
        yield from _told(doc)


def _code(name: str) -> list[str]:
    """How it is called, or of what it consists."""
    thing = getattr(racer, name)
    if not inspect.isclass(thing):
        return _signature(name, thing)
    if name in MADE_BY_USERS:
        return _signature(name, thing)
    bases = [base.__name__ for base in thing.__bases__ if issubclass(base, BaseException)]
    fields = [_quoted(f"    {field}: {kind}") for field, kind in _fields(name, thing)]
    head = f"class {name}({', '.join(bases)})" if bases else f"class {name}"
    return [head + (":" if fields else ""), *fields]


def _fields(name: str, thing: type) -> list[tuple[str, str]]:
    """The public fields of a dataclass or a msgspec.Struct, with their types as written."""
    if dataclasses.is_dataclass(thing):
        found = [(field.name, str(field.type)) for field in dataclasses.fields(thing)]
    else:
        names = getattr(thing, "__struct_fields__", ())
        written = inspect.get_annotations(thing)
        found = [(each, str(written[each])) for each in names]
    hidden = INTERNAL.get(name, "").split()
    return [(field, kind) for field, kind in found if field not in hidden]


def _members(name: str) -> Iterator[tuple[list[str], str]]:
    """Signature and docstring of each public method and property, in the order of the source."""
    thing = getattr(racer, name)
    if not inspect.isclass(thing):
        return
    hidden = {*INTERNAL.get(name, "").split(), *(field for field, _ in _fields(name, thing))}
    found: dict[str, typing.Any] = {}
    for owner in reversed(thing.__mro__):
        if owner.__module__.partition(".")[0] != "racer":
            continue
        for member, value in vars(owner).items():
            if member.startswith("_") or member in hidden:
                continue
            if inspect.isfunction(value) or isinstance(value, property):
                found[member] = value
    for member, value in found.items():
        if isinstance(value, property):
            gives = inspect.signature(value.fget).return_annotation  # type: ignore[arg-type]  # it has a getter
            yield [_quoted(f"{name}.{member}: {gives}")], inspect.getdoc(value.fget) or ""
        else:
            yield _signature(f"{name}.{member}", value), inspect.getdoc(value) or ""


def _signature(name: str, thing: typing.Any) -> list[str]:
    """As it is called, in one line if it fits; without `self`, and without a type of itself."""
    signature = inspect.signature(thing)
    parts, keyword_only = [], False
    parameters = [each for each in signature.parameters.values() if each.name != "self"]
    for position, each in enumerate(parameters):
        if each.kind is each.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            if not any(other.kind is other.VAR_POSITIONAL for other in parameters):
                parts.append("*")
        parts.append(_parameter(each))
        following = parameters[position + 1 : position + 2]
        if each.kind is each.POSITIONAL_ONLY and [other.kind for other in following] != [each.kind]:
            parts.append("/")
    gives = "" if inspect.isclass(thing) else f" -> {_written(signature.return_annotation)}"
    waits = "await " if inspect.iscoroutinefunction(inspect.unwrap(thing)) else ""
    line = _quoted(f"{waits}{name}({', '.join(parts)}){gives}")
    if len(line) <= _WIDTH:
        return [line]
    return [f"{waits}{name}(", *(_quoted(f"    {part},") for part in parts), f"){gives}"]


def _quoted(code: str) -> str:
    return code.replace("'", '"')


def _parameter(each: inspect.Parameter) -> str:
    stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
    text = f"{stars}{each.name}: {_written(each.annotation)}"
    if each.default is each.empty:
        return text
    default = repr(each.default)
    return f"{text} = {'{}' if default.startswith('<') else default}"  # a factory of a dict


def _written(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")


def _told(doc: str) -> Iterator[str]:
    """A docstring in Markdown: what is aligned in it, or is code, stays as it is."""
    for kind, group in itertools.groupby(doc.split("\n\n"), _kind):
        paragraphs = list(group)
        if kind == "prose":
            yield from (line for paragraph in paragraphs for line in ("", paragraph))
        else:
            yield ""
            yield from _fenced(kind, textwrap.dedent("\n\n".join(paragraphs)).splitlines())


def _kind(paragraph: str) -> str:
    if paragraph.startswith("    "):
        return "python"
    return "text" if _TABLE.search(paragraph) else "prose"


def _fenced(language: str, lines: list[str]) -> list[str]:
    return [f"```{language}", *lines, "```"]


if __name__ == "__main__":
    print(page(), end="")
