"""A function of C as a coroutine of Python, whose lines are those of the C.

    lifted = translated(read_source("v10.mbox"), "is_kernel_owned_page", load_map(path))
    classify = lifted.bound({"zone": zone, ...})      # an async function of the C's parameters

Functions of the input that it calls are translated with it. Everything else means what the map
says; what that does not know is refused, all of it at once, each with the entry to write.
"""

from __future__ import annotations

import ast
import builtins
import copy
import dis
import linecache
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Final

from racer.c_source.arithmetic import HELPERS
from racer.c_source.blocks import Statements
from racer.c_source.compilers import Compiled, fuse, sink
from racer.c_source.emitting import coroutine, shortened
from racer.c_source.expressions import Expressions
from racer.c_source.inputs import FunctionText, Source
from racer.c_source.kinds import ADDRESS
from racer.c_source.mapping import Entry, Map
from racer.c_source.nodes import number_in, struct_named
from racer.c_source.notes import Notes, Refusal, Row
from racer.c_source.parsing import Function, declared_name, parsed, text_of
from racer.c_source.scopes import Scope
from racer.c_source.touching import touched
from racer.errors import UsageError
from racer.lang.failures import C_LOCALS

Thread = Callable[..., Coroutine[Any, Any, Any]]
_SHOWN: Final = 12  # refusals in the text of an error


@dataclass(slots=True)
class Lifted:
    """A function that was translated, with those that it calls.

    parameters  their names in C
    python      what it is in Python, as text
    rows        what each piece of C was taken to mean, in the order of its lines
    refusals    what could not be translated; with any of these it cannot be bound
    missing_in  into which file entries for these are written, as a sentence
    warnings    what was chosen, and entries that are for nothing
    fused       how many plain loads a compiler was taken to have left out
    sunk        how many assignments it was taken to have moved down
    """

    name: str
    path: str
    line: int
    parameters: tuple[str, ...]
    python: str = ""
    rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    missing_in: str = ""
    warnings: list[str] = field(default_factory=list)
    fused: int = 0
    sunk: int = 0
    codes: dict[str, tuple[CodeType, str]] = field(default_factory=dict)
    lines: dict[str, dict[int, str]] = field(default_factory=dict)
    in_c: dict[str, dict[str, str]] = field(default_factory=dict)

    def require_whole(self) -> None:
        """Errors: UsageError with what is missing, if anything is."""
        if not self.refusals:
            return
        shown = [f"  {each}" for each in self.refusals[:_SHOWN]]
        left = len(self.refusals) - len(shown)
        more = [f"  and {left} more; `racer lift-c` shows all"] if left else []
        if any(each.entry for each in self.refusals):
            more.append(self.missing_in)
        number = len(self.refusals)
        places = "place means" if number == 1 else "places mean"
        raise UsageError(
            "\n".join(
                (
                    f"{self.name}() at {self.path}:{self.line} cannot be lifted: "
                    f"{number} {places} nothing to the model.",
                    *shown,
                    *more,
                )
            )
        )

    def bound(self, names: Mapping[str, object]) -> Thread:
        """The coroutine function, with what its entries call by these names.

        Errors   UsageError where it was not translated whole.
        """
        self.require_whole()
        _show_lines(self.lines)
        space: dict[str, Any] = {"__name__": f"C of {self.path}", **HELPERS, **names}
        space[C_LOCALS] = self.in_c
        for name, (code, of_c) in self.codes.items():
            exec(code, space)
            space[name] = space.pop(of_c)
        made: Thread = space[_python_name(self.name)]
        missing = sorted(
            name for code, _ in self.codes.values() for name in _globals(code) if name not in space
        )
        if missing:
            raise UsageError(
                f"{self.name}() at {self.path}:{self.line} means {missing[0]!r} by the map, and "
                f"the model gives no such thing."
            )
        return made


def translated(
    source: Source, name: str, known: Map, compiled: Compiled = "written", path: str | None = None
) -> Lifted:
    """The function of that name, as far as it can be translated.

    compiled  what a compiler makes of its plain loads

    Errors    UsageError where the input has no such function, or not all of it.
    """
    return _Translation(source, known, compiled).of(name, path)


class _Translation:
    def __init__(self, source: Source, known: Map, compiled: Compiled) -> None:
        self._source = source
        self._known = known
        self._compiled = compiled
        self._notes = Notes()
        self._names = frozenset(source.names())
        self._changed = changed_functions(source)
        self._functions: dict[str, Function] = {}
        self._todo: list[str] = []
        self._used: set[tuple[str, str]] = set()
        self._reserved = _reserved(known)

    def of(self, name: str, path: str | None) -> Lifted:
        text = self._source.function(name, path)
        first = parsed(text, self._known.config)
        lifted = Lifted(name, text.path, first.line, first.parameters)
        lifted.missing_in = self._known.where_to_write
        self._functions, self._todo = {name: first}, [name]
        trees: list[str] = []
        for each in self._todo:  # grows
            function = self._parsed(each)
            trees.append(ast.unparse(self._one(function, lifted)))
            lifted.lines.setdefault(function.text.path, {}).update(_lines(function))
        lifted.python = "\n\n".join(trees)
        lifted.rows = sorted(self._notes.rows, key=lambda row: (row.path, row.line, row.column))
        own = range(first.line, text.last + 1)  # what is missing of the function itself comes first
        lifted.refusals = sorted(
            self._notes.refusals,
            key=lambda each: (each.path != text.path or each.line not in own, each.path, each.line),
        )
        self._warn_of_entries()
        lifted.warnings = [*self._source.notes, *self._notes.warnings]
        return lifted

    def _parsed(self, name: str) -> Function:
        if name not in self._functions:
            self._functions[name] = parsed(self._source.function(name), self._known.config)
        return self._functions[name]

    def _one(self, function: Function, lifted: Lifted) -> ast.AsyncFunctionDef:
        """Translate one function, and compile it if all of it could be."""
        self._refuse_unread(function)
        before, symbols = copy.deepcopy(self._notes), set[str]()
        while True:  # until it is known which locals hold what is no number
            scope = Scope(self._reserved, symbols=set(symbols))
            expressions = Expressions(
                function, scope, self._known, self._notes, self._call, self._parsed, self._constant
            )
            expressions.macro_at = self._source.macro_at
            for node, kind in expressions.parameters(function):
                of_type = node.child_by_field_name("type")
                scope.declare(
                    declared_name(node),
                    struct_named(of_type),
                    pointer=kind == ADDRESS,
                    scalar=True,
                    of_type=text_of(of_type) if of_type is not None else "",
                    kind=kind,
                )
            parameters = [each.python for each in scope.blocks[0].values()]
            statements = Statements(function, expressions)
            if scope.symbols == symbols:
                break
            symbols, self._notes = scope.symbols, copy.deepcopy(before)
        self._used |= expressions.used
        lifted.in_c[function.name] = scope.in_c
        shortened(statements.first)
        if self._compiled == "sunk":
            lifted.sunk += sink(statements.first)
        if self._compiled in ("fused", "sunk"):
            lifted.fused += fuse(statements.first, scope.fresh)
        at = scope.fresh("at")
        tree = coroutine(
            function, function.name, parameters, statements.first, at, declared=scope.used
        )
        if not self._notes.refusals:
            module = ast.Module([tree], [])
            code = compile(module, function.text.path, "exec", dont_inherit=True)
            lifted.codes[_python_name(function.name)] = (code, function.name)
        return tree

    def _refuse_unread(self, function: Function) -> None:
        path = function.text.path
        for each in function.unknown:
            text = f"the grammar of C makes nothing of {each.text[:60]!r}"
            if each.text.lstrip().startswith("..."):
                text = (
                    "a range of cases, `case A ... B`, is an extension of GNU that is not read: "
                    "write it as a condition"
                )
            self._notes.refuse(Refusal(path, each.line, text))
        for each in function.undecided:
            words = each.text.split()
            write = (
                f"[config] {words[1]} = true" if words[0] in ("#ifdef", "#ifndef", "#if") else ""
            )
            self._notes.refuse(Refusal(path, each.line, f"{each.text} is not decided", write))

    def _call(self, name: str) -> str:
        """What a function of the input is called in Python, if it is one to be translated.

        What the map knows is what it says, unless the input changes it.
        """
        if name not in self._names:
            return ""
        entry = self._known.call(name)
        if entry is not None and name not in self._changed:
            return ""
        try:
            text = self._source.function(name)
        except UsageError as error:
            if entry is not None:
                self._notes.warn(f"{name}() is changed, and taken as the map has it: {error}")
            return ""
        if entry is not None:
            where = f"{text.path}:{text.first}"
            self._notes.warn(f"{name}() is what {where} makes of it, not what {entry.origin} says")
        if name not in self._todo:
            self._todo.append(name)
        return _python_name(name)

    def _constant(self, name: str) -> tuple[int, str, str] | None:
        """The number that a #define of the input says, where it stands, and its text."""
        define = re.compile(rf"\s*#\s*define\s+{re.escape(name)}\s+\(?(\w+)\)?\s*(?:/[*/].*)?")
        for path, known in self._source.files.items():
            for number, line in known.lines.items():
                found = define.fullmatch(line) if name in line else None
                if found is not None:
                    value = number_in(found[1])
                    if value is not None:
                        return value, f"the #define at {path}:{number}", found[1]
        return None

    def _warn_of_entries(self) -> None:
        for entry in self._known.own:
            if (entry.section, entry.name) not in self._used and not self._is_used(entry):
                what = f"[{entry.section}] {entry.name}"
                self._notes.warn(f"{entry.origin} has {what}, which does not occur")

    def _is_used(self, entry: Entry) -> bool:
        """Whether its place was taken by a function of the input."""
        return entry.section == "calls" and entry.name in self._todo


def changed_functions(source: Source) -> frozenset[str]:
    """The names of functions that patches of the input make, or change in more than comments."""
    return frozenset(
        each.name
        for stage in source.stages
        for each in touched(stage)
        if each.how in ("added", "changed")
    )


def _globals(code: CodeType) -> Iterator[str]:
    """The names that a function, or code with one, looks for outside of it."""
    for each in dis.get_instructions(code):
        if each.opname == "LOAD_GLOBAL" and not hasattr(builtins, str(each.argval)):
            yield str(each.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _python_name(name: str) -> str:
    return f"c_{name}"


def _reserved(known: Map) -> frozenset[str]:
    """Names that entries use: no local may have one."""
    found = {*HELPERS, *known.python, *known.context, "bool"}
    for entry in known.entries.values():
        for part in (entry.value, entry.cell, entry.at):
            if part is not None:
                found |= {each.id for each in ast.walk(part.tree) if isinstance(each, ast.Name)}
    return frozenset(found)


def _lines(function: Function) -> dict[int, str]:
    text: FunctionText = function.text
    return {text.first + at: line for at, line in enumerate(text.text.splitlines())}


def _show_lines(lines: Mapping[str, Mapping[int, str]]) -> None:
    """Let whoever looks for a line of the C find it, though there may be no such file."""
    for path, known in lines.items():
        # Only of a module, which no C is, there may be an entry that is yet to be read.
        _, _, before, _ = linecache.cache.get(path, (0, None, [], path))  # type: ignore[misc]
        texts = list(before)
        texts += ["\n"] * (max(known) - len(texts))
        for number, text in known.items():
            texts[number - 1] = f"{text}\n"
        linecache.cache[path] = (sum(map(len, texts)), None, texts, path)
