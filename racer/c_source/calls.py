"""Calls of functions and macros in C: of the input, or as the map has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from racer.c_source.conversions import Conversions
from racer.c_source.kinds import ADDRESS, SYMBOL, Kind, kind_of_literal
from racer.c_source.mapping import Entry, Map, Template, slot_name
from racer.c_source.nodes import (
    EFFECTS,
    child_of,
    has_effects,
    inside,
    short,
    without_parentheses,
)
from racer.c_source.notes import Notes
from racer.c_source.parsing import Function, text_of
from racer.c_source.scopes import Scope
from racer.c_source.snippets import slots_assigned

if TYPE_CHECKING:
    from tree_sitter import Node

BARRIER: Final = "compiler barrier"  # stands as a text where no access may be moved across

_STORES: Final = re.compile(r"\$1\.(store|swap|compare_exchange)\(")


class Calls(Conversions):
    """The calls of one function.

    calls        what a function of the input is called in Python; empty where none has that name
    function_of  the function of the input of that name
    constant_of  the number that the input defines a name to be, and where; None for none
    """

    def __init__(
        self,
        function: Function,
        scope: Scope,
        known: Map,
        notes: Notes,
        calls: Callable[[str], str],
        function_of: Callable[[str], Function],
        constant_of: Callable[[str], tuple[int, str, str] | None],
    ) -> None:
        super().__init__(function, scope, known, notes)
        self._calls = calls
        self._function_of = function_of
        self.constant_of = constant_of

    def signature_of(self, name: str) -> Function | None:
        return self._function_of(name) if self._calls(name) else None

    def constant_kind(self, name: str) -> Kind:
        found = self.constant_of(name)
        return SYMBOL if found is None else kind_of_literal(found[2], found[0])

    # Calls.

    def call(self, node: Node) -> ast.expr | None:
        called, arguments = child_of(node, "function"), child_of(node, "arguments").named_children
        if called.type == "field_expression":
            name = f"->{text_of(child_of(called, 'field'))}"
            arguments = [child_of(called, "argument"), *arguments]
        else:
            name = text_of(called)
        if name == "IS_ENABLED" and len(arguments) == 1:
            return self._configured(node, text_of(arguments[0]))
        python = self._calls(name)
        entry = self.known.call(name)
        if python:
            values = self._passed(node, name, arguments)
            self.warn_of_order(node, *values)
            made = ast.Call(ast.Name(python, ast.Load()), values, [])
            self.row(node, made, "a function of the input")
            return self.located(node, ast.Await(made))
        if entry is None:
            for each in arguments:  # what is missing of these is told as well
                if has_effects(each):
                    self.value(each)
            return self.unmapped(node, "calls", name, len(arguments))
        if entry.nothing:
            for each in arguments:
                if any(inner.type in EFFECTS - {"call_expression"} for inner in inside(each)):
                    text = f"{name}() does nothing by the map, and {short(each)} does something"
                    return self.refuse(node, text)
            self.used.add((entry.section, entry.name))
            self.row(node, None, entry.origin, entry.nothing)
            return self.located(node, ast.Constant(BARRIER)) if entry.barrier else None
        assert entry.value is not None
        return self.located(node, self._mapped_call(node, entry, entry.value, arguments))

    def _passed(self, node: Node, name: str, arguments: list[Node]) -> list[ast.expr]:
        """What a function of the input is given, as its parameters have it."""
        values = [self.value(each) for each in arguments]
        kinds = [kind for _, kind in self.parameters(self._function_of(name))]
        if len(kinds) != len(values):
            text = f"{name}() has {len(kinds)} parameters, and is given {len(values)} arguments"
            return [self.refuse(node, f"{text}: {short(node)}")]
        for each, declared in zip(arguments, self.parameters(self._function_of(name)), strict=True):
            of_type = declared[0].child_by_field_name("type")
            if declared[1] == ADDRESS and of_type is not None:
                to = self.declared(text_of(of_type))
                if to.is_number and self.kind(each) == ADDRESS and not self.pointed(each).is_number:
                    text = f"{name}() takes the address of a number, and by the map it is none"
                    self.refuse(node, f"{text}: {short(each)}")
        what = f"a parameter of {name}()"
        return [
            self.kept(node, each, value, kind, what)
            for each, value, kind in zip(arguments, values, kinds, strict=True)
        ]

    def _mapped_call(
        self, node: Node, entry: Entry, template: Template, arguments: list[Node]
    ) -> ast.expr:
        most = max((number for _, number in template.slots), default=0)
        if most > len(arguments):
            return self.refuse(node, f"{entry.name} has {len(arguments)} arguments, no ${most}")
        made: dict[str, ast.expr] = {}
        for number, argument in enumerate(arguments, 1):
            kinds = {kind for kind, each in template.slots if each == number}
            if not kinds and number not in entry.drops:
                write = f"[calls] {entry.name} = {{ is = ..., drops = [{number}] }}"
                text = f"the map's {entry.name} makes nothing of the argument {short(argument)}"
                return self.refuse(node, text, write)
            for kind in sorted(kinds):
                made[slot_name(kind, number)] = self._argument(kind, argument)
        self._convert_stored(node, entry, arguments, made)
        for slot in slots_assigned(template.tree):
            local = made.get(slot)
            atomic = entry.name.startswith("atomic")
            if (
                isinstance(local, ast.Name)
                and not atomic
                and not self.pointed(arguments[0]).is_number
            ):
                self.scope.symbols.add(local.id)
        self.warn_of_order(node, *made.values())
        return self.by(node, entry, template, made)

    def _convert_stored(
        self, node: Node, entry: Entry, arguments: list[Node], made: dict[str, ast.expr]
    ) -> None:
        """What an entry stores to a cell is as the type of that has it."""
        text = "" if entry.value is None else entry.value.text
        if "$cell1.store($2" in text:
            to = self.kind(arguments[0])
        elif _STORES.search(text) and not entry.name.startswith(("atomic", "refcount")):
            to = self.pointed(arguments[0])
        else:
            return
        for number in (2, 3):
            slot = slot_name("", number)
            if slot in made:
                part = arguments[number - 1]
                made[slot] = self.put(node, part, made[slot], to, arguments[0])

    def _argument(self, kind: str, node: Node) -> ast.expr:
        node = without_parentheses(node)
        pointed = node.type == "pointer_expression" and text_of(child_of(node, "operator")) == "&"
        if kind == "local":
            local = self.local_of(child_of(node, "argument")) if pointed else None
            if local is None:
                return self.refuse(node, f"{short(node)} is not the address of a local")
            return ast.Name(local.python, ast.Load())
        if kind == "new":
            if node.type != "identifier":
                return self.refuse(node, f"{short(node)} is no name for a local")
            return ast.Name(
                self.scope.declare(text_of(node), "", pointer=False, scalar=True).python, ast.Load()
            )
        if kind == "cell":
            local = self.local_of(node)
            if local is not None:
                return self.refuse(node, f"the local {short(node)!r} is no cell")
            return self.cell(node)
        return self.value(node)

    def _configured(self, node: Node, name: str) -> ast.expr:
        value = self.known.config.get(name)
        if value is None:
            return self.refuse(node, f"{name} is not configured", f"[config] {name} = true")
        return self.located(node, ast.Constant(value))
