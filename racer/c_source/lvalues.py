"""Where the values of an expression of C are: locals, cells, fields; and what the map says of them.

What means nothing is noted, with the entry that would do it, and something stands in its place
that is never run: so one look at a function finds all that it lacks.
"""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from racer.c_source.mapping import Entry, Map, Template, slot_name
from racer.c_source.nodes import child_of, short, struct_named, without_parentheses
from racer.c_source.notes import Notes, Refusal, Row
from racer.c_source.parsing import Function, text_of
from racer.c_source.scopes import Local, Scope
from racer.c_source.snippets import filled, is_simple, last_of, place, plain_load

if TYPE_CHECKING:
    from tree_sitter import Node


class Lvalues:
    """The places that the expressions of one function name."""

    def __init__(self, function: Function, scope: Scope, known: Map, notes: Notes) -> None:
        self.function = function
        self.scope = scope
        self.known = known
        self.notes = notes
        self.used: set[tuple[str, str]] = set()  # entries, by section and name
        self.macro_at: Callable[[str], str] = lambda _: ""  # where the input defines one

    @abstractmethod
    def value(self, node: Node) -> ast.expr:
        """What an expression comes to."""

    # What is said of it.

    def refuse(self, node: Node, text: str, entry: str = "") -> ast.expr:
        """Note why it cannot be translated; what stands in its place is never run."""
        path = self.function.text.path
        self.notes.refuse(Refusal(path, self.function.line_of(node), text, entry))
        return self.located(node, ast.Constant(None))

    def located(self, node: Node, made: ast.expr) -> ast.expr:
        """Put what has no position yet at the node's."""
        place(made, self.function, node)
        return made

    def row(self, node: Node, made: ast.expr | None, origin: str, why: str = "") -> None:
        line, column = self.function.line_of(node), node.start_point[1] + 1
        python = "" if made is None else ast.unparse(made)
        path = self.function.text.path
        self.notes.rows.append(Row(path, line, column, text_of(node), python, origin, why))

    def warn_of_order(self, node: Node, *sides: ast.expr) -> None:
        """Say so where C leaves open which of several accesses comes first."""
        accessing = [
            side for side in sides if any(isinstance(each, ast.Await) for each in ast.walk(side))
        ]
        if len(accessing) > 1:
            where = f"{self.function.text.path}:{self.function.line_of(node)}"
            self.notes.warn(
                f"{where}: C leaves open which access comes first in {short(node)}; they are taken "
                f"from left to right"
            )

    # Lvalues.

    def local_of(self, node: Node) -> Local | None:
        """The scalar local that an lvalue is, if it is one."""
        node = without_parentheses(node)
        local = self.scope.find(text_of(node)) if node.type == "identifier" else None
        return local if local is not None and local.scalar else None

    def cell(self, node: Node) -> ast.expr:
        """The cell that an lvalue is."""
        node = without_parentheses(node)
        if node.type == "pointer_expression" and text_of(child_of(node, "operator")) == "*":
            return self.value(child_of(node, "argument"))
        if node.type == "field_expression":
            entry, owner = self.member(node)
            if entry is None:
                return owner
            if entry.cell is not None:
                return self.by(node, entry, entry.cell, [owner])
            name = text_of(child_of(node, "field"))
            write = f'[fields] {name} = {{ cell = "$1.{name}" }}'
            return self.refuse(node, f"{short(node)} is no cell by the map", write)
        if node.type == "subscript_expression":
            entry = self.known.call(f"{text_of(child_of(node, 'argument')).split('->')[-1]}[]")
            if entry is not None and entry.value is not None:
                base, index = child_of(node, "argument"), child_of(node, "index")
                arguments = [self.address(base), self.value(index)]
                return self.by(node, entry, entry.value, arguments)
            name = text_of(child_of(node, "argument")).split("->")[-1]
            write = f'[calls] "{name}[]" = "the cell of $1 (the array) and $2 (the index)"'
            return self.refuse(node, f"an element of an array is in no map: {short(node)}", write)
        if node.type == "identifier":
            entry = self.known.named(text_of(node))
            if entry is not None and entry.value is not None:
                return self.by(node, entry, entry.value, [])
            return self.unmapped(node, "names", text_of(node))
        return self.refuse(node, f"{short(node)} is no cell that racer knows")

    def address(self, node: Node) -> ast.expr:
        """`&` of an lvalue."""
        node = without_parentheses(node)
        if node.type == "field_expression":
            entry, owner = self.member(node)
            if entry is None:
                return owner
            part = entry.at or entry.cell
            if part is not None:
                return self.by(node, entry, part, [owner])
            name = text_of(child_of(node, "field"))
            write = f'[fields] {name} = {{ at = "$1" }}, or {{ cell = "$1.{name}" }}'
            return self.refuse(node, f"&{short(node)} has no address by the map", write)
        if self.local_of(node) is not None:
            return self.refuse(node, f"the address of the local {short(node)!r} is passed on")
        return self.cell(node)

    def member(self, node: Node) -> tuple[Entry | None, ast.expr]:
        """The entry of a field, and what it is a field of; without one, what stands in for it."""
        argument, name = child_of(node, "argument"), text_of(child_of(node, "field"))
        struct = self._struct_of(argument)
        entry = self.known.field_of(struct, name)
        if entry is None:
            full = f'"{struct}.{name}"' if struct else name
            write = f'[fields] {full} = {{ cell = "$1.{name}" }}'
            near = self.known.knows("fields", name)
            what = f"struct {struct}" if struct else "this"
            return None, self.refuse(
                node, f"the field {name!r} of {what} is in no map{near}", write
            )
        if text_of(child_of(node, "operator")) == "->":
            return entry, self.value(argument)
        return entry, self.address(argument)

    def _struct_of(self, node: Node) -> str:
        """The struct that an expression points to, or is, where that is declared of a local."""
        node = without_parentheses(node)
        if node.type == "identifier":
            local = self.scope.find(text_of(node))
            return local.struct if local else ""
        if node.type == "cast_expression":
            return struct_named(child_of(node, "type"))
        return ""

    def unmapped(self, node: Node, section: str, name: str, arguments: int = 0) -> ast.expr:
        near = self.known.knows("calls" if section == "calls" else "names", name)
        slots = ", ".join(f"${number}" for number in range(1, arguments + 1))
        if section == "calls":
            key = f'"{name}"' if name.startswith("->") else name
            write = f'[calls] {key} = "a Python expression of {slots}"' if slots else ""
            write = write or f'[calls] {key} = "a Python expression"'
            macro = self.macro_at(name)
            what = f"a macro at {macro}, not followed" if macro else "no function of the input"
            return self.refuse(node, f"{name}() is in no map, and {what}{near}", write)
        write = f'[names] {name} = "a Python expression"'
        return self.refuse(node, f"{name} is in no map, and no local{near}", write)

    def by(
        self,
        node: Node,
        entry: Entry,
        template: Template,
        arguments: list[ast.expr] | dict[str, ast.expr],
        *,
        load: bool = False,
    ) -> ast.expr:
        """What an entry makes of it. An argument that it names twice is worked out once."""
        self.used.add((entry.section, entry.name))
        if isinstance(arguments, list):
            arguments = {slot_name("", n): each for n, each in enumerate(arguments, 1)}
        before: list[ast.expr] = []
        for kind, number in dict.fromkeys(template.slots):
            name = slot_name(kind, number)
            if template.slots.count((kind, number)) > 1 and not is_simple(arguments[name]):
                kept = self.scope.fresh("kept")
                target = ast.Name(kept, ast.Store())
                before.append(ast.NamedExpr(target, arguments[name]))
                arguments[name] = ast.Name(kept, ast.Load())
        made = filled(template.tree, arguments)
        made = plain_load(made) if load else made
        for each in reversed(before):
            made = last_of(each, made)
        self.row(node, made, entry.origin, entry.why)
        return self.located(node, made)
