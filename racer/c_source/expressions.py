"""Expressions of C as expressions of Python: accesses become `await`s, at the C's lines.

What C leaves open is taken from left to right; what is short-circuited in C is in Python. Every
name that is no local, and every access, means what the map says, or is refused.

Bound    Integers have no width: what would wrap around in C does not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from racer.c_source.lvalues import Lvalues
from racer.c_source.mapping import Entry, Map, Template, slot_name
from racer.c_source.nodes import (
    EFFECTS,
    called,
    child_of,
    has_effects,
    inside,
    number_in,
    short,
    without_parentheses,
)
from racer.c_source.notes import Notes
from racer.c_source.parsing import Function, text_of
from racer.c_source.scopes import Scope
from racer.c_source.snippets import (
    boolean,
    copied,
    first_of,
    is_simple,
    last_of,
    plain_load,
    plain_store,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ARITHMETIC: Final[dict[str, type[ast.operator]]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}
_HELPERS: Final = {"/": "quotient", "%": "remainder"}
_COMPARES: Final[dict[str, type[ast.cmpop]]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_CONSTANTS: Final[dict[str, bool | None]] = {
    "true": True,
    "false": False,
    "null": None,
    "NULL": None,
}
BARRIER: Final = "compiler barrier"  # stands as a text where no access may be moved across


class Expressions(Lvalues):
    """The expressions of one function.

    calls      what a function of the input is called in Python; empty where none has that name
    constants  the number that the input defines a name to be, and where; None for none
    """

    def __init__(
        self,
        function: Function,
        scope: Scope,
        known: Map,
        notes: Notes,
        calls: Callable[[str], str],
        constants: Callable[[str], tuple[int, str] | None],
    ) -> None:
        super().__init__(function, scope, known, notes)
        self._calls = calls
        self._constants = constants

    # Values.

    def condition(self, node: Node) -> ast.expr:
        """An expression of which only counts whether it is true."""
        inner = without_parentheses(node)
        if inner.type == "binary_expression":
            operator = text_of(child_of(inner, "operator"))
            if operator in ("&&", "||"):
                sides = [self.condition(child_of(inner, each)) for each in ("left", "right")]
                made = ast.BoolOp(ast.And() if operator == "&&" else ast.Or(), sides)
                return self.located(inner, made)
        if inner.type == "unary_expression" and text_of(child_of(inner, "operator")) == "!":
            made_not = ast.UnaryOp(ast.Not(), self.condition(child_of(inner, "argument")))
            return self.located(inner, made_not)
        return self.value(inner)

    def value(self, node: Node) -> ast.expr:
        """What an expression comes to."""
        node = without_parentheses(node)
        method = getattr(self, f"_{node.type}", None)
        if method is None:
            return self.refuse(node, f"{called(node)} is not translated: {short(node)}")
        made: ast.expr = method(node)
        return self.located(node, made)

    def effect(self, node: Node) -> ast.expr | None:
        """An expression whose value nobody looks at; None where it does nothing."""
        node = without_parentheses(node)
        if node.type == "call_expression":
            return self._call(node)
        if node.type == "update_expression":
            operator, target = child_of(node, "operator"), child_of(node, "argument")
            return self._updated(node, target, text_of(operator)[0], ast.Constant(1), before=False)
        if node.type == "comma_expression":
            sides = [self.effect(child_of(node, each)) for each in ("left", "right")]
            kept = [each for each in sides if each is not None]
            if len(kept) < 2:
                return kept[0] if kept else None
            return self.located(node, ast.Tuple(kept, ast.Load()))
        if node.type == "cast_expression":  # (void)f()
            return self.effect(child_of(node, "value"))
        return self.value(node)

    def _number_literal(self, node: Node) -> ast.expr:
        value = number_in(text_of(node))
        if value is None:
            return self.refuse(node, f"{text_of(node)} is no integer")
        return ast.Constant(value)

    def _char_literal(self, node: Node) -> ast.expr:
        try:
            return ast.Constant(ord(ast.literal_eval(text_of(node))))
        except (ValueError, SyntaxError, TypeError):
            return self.refuse(node, f"{text_of(node)} is no character")

    def _true(self, node: Node) -> ast.expr:
        return ast.Constant(_CONSTANTS[text_of(node)])

    _false = _null = _true

    def _identifier(self, node: Node) -> ast.expr:
        name = text_of(node)
        local = self.scope.find(name)
        if local is not None:
            if not local.scalar:
                return self.refuse(node, f"the local {name!r} is no scalar: it has no one value")
            return ast.Name(local.python, ast.Load())
        if name in _CONSTANTS:
            return ast.Constant(_CONSTANTS[name])
        entry = self.known.named(name)
        defined = self._constants(name) if entry is None else None
        if defined is not None:
            made = ast.Constant(defined[0])
            self.row(node, made, defined[1])
            return made
        if entry is None or entry.value is None:
            return self.unmapped(node, "names", name)
        return self.by(node, entry, entry.value, [])

    def _binary_expression(self, node: Node) -> ast.expr:
        operator = text_of(child_of(node, "operator"))
        if operator in ("&&", "||"):
            return boolean(self.condition(node))
        moved = self._moved_pointer(node, operator)
        if moved is not None:
            return moved
        left, right = self.value(child_of(node, "left")), self.value(child_of(node, "right"))
        if operator in _COMPARES:
            return ast.Compare(left, [_COMPARES[operator]()], [right])
        return self._combined(node, operator, left, right)

    def _moved_pointer(self, node: Node, operator: str) -> ast.expr | None:
        """A pointer and a number, `page + 1`; None where it is none."""
        left, right = child_of(node, "left"), child_of(node, "right")
        local = self.local_of(left)
        if operator not in "+-" or local is None or not local.pointer:
            return None
        entry = self.known.call(f"{local.struct} +") if local.struct else None
        other = self.local_of(right)
        if entry is None or entry.value is None or (other is not None and other.pointer):
            write = f'[calls] "{local.struct} +" = "what $1 and the number $2 make"'
            return self.refuse(node, f"a pointer is moved: {short(node)}", write)
        by = self.value(right)
        made = [self.value(left), by if operator == "+" else ast.UnaryOp(ast.USub(), by)]
        return self.by(node, entry, entry.value, made)

    def _combined(self, node: Node, operator: str, left: ast.expr, right: ast.expr) -> ast.expr:
        if operator in _HELPERS:
            return ast.Call(ast.Name(_HELPERS[operator], ast.Load()), [left, right], [])
        if operator not in _ARITHMETIC:
            return self.refuse(node, f"the operator {operator!r} is not translated")
        return ast.BinOp(left, _ARITHMETIC[operator](), right)

    def _unary_expression(self, node: Node) -> ast.expr:
        operator, argument = text_of(child_of(node, "operator")), child_of(node, "argument")
        if operator == "!":
            return self.condition(node)
        value = self.value(argument)
        made: dict[str, ast.unaryop] = {"-": ast.USub(), "~": ast.Invert(), "+": ast.UAdd()}
        return ast.UnaryOp(made[operator], value)

    def _conditional_expression(self, node: Node) -> ast.expr:
        test = self.condition(child_of(node, "condition"))
        other = self.value(child_of(node, "alternative"))
        chosen = node.child_by_field_name("consequence")
        if chosen is None:  # a ?: b
            return ast.BoolOp(ast.Or(), [test, other])
        return ast.IfExp(test, self.value(chosen), other)

    def _comma_expression(self, node: Node) -> ast.expr:
        first = self.effect(child_of(node, "left"))
        last = self.value(child_of(node, "right"))
        return last if first is None else last_of(first, last)

    def _cast_expression(self, node: Node) -> ast.expr:
        return self.value(child_of(node, "value"))

    def _string_literal(self, node: Node) -> ast.expr:
        return ast.Constant(text_of(node).strip('"'))

    def _call_expression(self, node: Node) -> ast.expr:
        made = self._call(node)
        if made is None:
            return self.refuse(node, f"what does nothing has no value: {short(node)}")
        return made

    def _pointer_expression(self, node: Node) -> ast.expr:
        argument = child_of(node, "argument")
        if text_of(child_of(node, "operator")) == "&":
            return self.address(argument)
        return plain_load(self.value(argument))

    def _field_expression(self, node: Node) -> ast.expr:
        entry, owner = self.member(node)
        if entry is None:
            return owner
        if entry.cell is not None:
            return self.by(node, entry, entry.cell, [owner], load=True)
        if entry.value is not None:
            return self.by(node, entry, entry.value, [owner])
        return self.refuse(node, f"{short(node)} has an address by the map, and no value", "")

    def _subscript_expression(self, node: Node) -> ast.expr:
        cell = self.cell(node)
        return cell if isinstance(cell, ast.Constant) else plain_load(cell)

    # Assignments.

    def _assignment_expression(self, node: Node) -> ast.expr:
        target, operator = child_of(node, "left"), text_of(child_of(node, "operator"))
        if operator == "=":
            return self._stored(node, target, self.value(child_of(node, "right")))
        right = self.value(child_of(node, "right"))
        return self._updated(node, target, operator[:-1], right, before=False)

    def _update_expression(self, node: Node) -> ast.expr:
        operator, target = child_of(node, "operator"), child_of(node, "argument")
        behind = operator.start_byte > target.start_byte
        return self._updated(node, target, text_of(operator)[0], ast.Constant(1), before=behind)

    def _stored(self, node: Node, target: Node, value: ast.expr) -> ast.expr:
        """An assignment, whose value is what was assigned."""
        local = self.local_of(target)
        if local is not None:
            return ast.NamedExpr(ast.Name(local.python, ast.Store()), value)
        cell = self.cell(target)
        if is_simple(value):
            return first_of(value, plain_store(cell, value))
        name = self.scope.fresh("stored")
        kept = ast.NamedExpr(ast.Name(name, ast.Store()), value)
        return first_of(kept, plain_store(cell, ast.Name(name, ast.Load())))

    def _updated(
        self, node: Node, target: Node, operator: str, right: ast.expr, *, before: bool
    ) -> ast.expr:
        """`x += y`, `x++`: of a cell a load and a store. Its value is that after, or before it."""
        local = self.local_of(target)
        if local is not None and local.pointer:
            return self.refuse(node, f"a pointer is moved: {short(node)}")
        if local is not None:
            old: ast.expr = ast.Name(local.python, ast.Load())
            new = ast.NamedExpr(
                ast.Name(local.python, ast.Store()), self._combined(node, operator, old, right)
            )
            return first_of(ast.Name(local.python, ast.Load()), new) if before else new
        found, cell = self._cell_twice(target)
        name = self.scope.fresh("loaded" if before else "stored")
        kept, load = ast.Name(name, ast.Store()), plain_load(cell())
        if before:
            old = ast.NamedExpr(kept, load)
            value = self._combined(node, operator, ast.Name(name, ast.Load()), right)
            return last_of(found, first_of(old, plain_store(cell(), value)))
        new = ast.NamedExpr(kept, self._combined(node, operator, load, right))
        stored = plain_store(cell(), ast.Name(name, ast.Load()))
        return last_of(found, first_of(new, stored))

    def _cell_twice(self, target: Node) -> tuple[ast.expr | None, Callable[[], ast.expr]]:
        """What finds the cell of an lvalue once, if that takes something; and the cell."""
        cell = self.cell(target)
        if not any(isinstance(each, ast.Await | ast.NamedExpr) for each in ast.walk(cell)):
            return None, lambda: copied(cell)
        name = self.scope.fresh("cell")
        found = ast.NamedExpr(ast.Name(name, ast.Store()), cell)
        return found, lambda: ast.Name(name, ast.Load())

    # Calls.

    def _call(self, node: Node) -> ast.expr | None:
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
            made = ast.Call(ast.Name(python, ast.Load()), [self.value(a) for a in arguments], [])
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
        return self.by(node, entry, template, made)

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
            return ast.Name(self.scope.declare(text_of(node), "", False, True).python, ast.Load())
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
