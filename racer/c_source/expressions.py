"""Expressions of C as expressions of Python: accesses become `await`s, at the C's lines.

What C leaves open is taken from left to right; what is short-circuited in C is in Python. Every
name that is no local, and every access, means what the map says, or is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from racer.c_source.calls import Calls
from racer.c_source.kinds import BOOL, INT, converted, narrowed
from racer.c_source.nodes import (
    called,
    child_of,
    number_in,
    short,
    without_parentheses,
)
from racer.c_source.parsing import text_of
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


class Expressions(Calls):
    """The expressions of one function."""

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
        return self.truth(inner, self.value(inner))

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
            return self.call(node)
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
        defined = self.constant_of(name) if entry is None else None
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
        self.warn_of_order(node, left, right)
        if operator in _COMPARES:
            return self.compared(node, _COMPARES[operator], left, right)
        one, other = child_of(node, "left"), child_of(node, "right")
        return self.computed(node, operator, (left, one), (right, other))

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
        if not self.kind(right).is_number:
            return self.no_number(node, right, "a pointer is moved by")
        made = [self.value(left), by if operator == "+" else ast.UnaryOp(ast.USub(), by)]
        return self.by(node, entry, entry.value, made)

    def _unary_expression(self, node: Node) -> ast.expr:
        operator, argument = text_of(child_of(node, "operator")), child_of(node, "argument")
        if operator == "!":
            return self.condition(node)
        value, kind = self.value(argument), self.kind(argument)
        if not kind.is_number:
            return self.no_number(node, argument, f"{operator} is asked of")
        made: dict[str, ast.unaryop] = {"-": ast.USub(), "~": ast.Invert(), "+": ast.UAdd()}
        found = ast.UnaryOp(made[operator], value)
        if kind.bits < INT.bits or (kind.signed and isinstance(value, ast.Constant)):
            return found  # an int holds it
        return (
            found if operator == "+" or (operator == "~" and kind.signed) else narrowed(found, kind)
        )

    def _conditional_expression(self, node: Node) -> ast.expr:
        test, alternative = child_of(node, "condition"), child_of(node, "alternative")
        chosen, to, what = (
            node.child_by_field_name("consequence"),
            self.kind(node),
            "what is chosen",
        )
        if chosen is None:  # a ?: b
            of = self.kind(test)
            if to.is_number and not to.holds(of):
                return self.refuse(node, f"the two sides have types that differ: {short(node)}")
            first = self.truth(test, self.value(test))
            second = self.kept(node, alternative, self.value(alternative), to, what)
            return ast.BoolOp(ast.Or(), [first, second])
        made = self.condition(test)
        other = self.kept(node, alternative, self.value(alternative), to, what)
        return ast.IfExp(made, self.kept(node, chosen, self.value(chosen), to, what), other)

    def _comma_expression(self, node: Node) -> ast.expr:
        first = self.effect(child_of(node, "left"))
        last = self.value(child_of(node, "right"))
        return last if first is None else last_of(first, last)

    def _cast_expression(self, node: Node) -> ast.expr:
        to = text_of(child_of(node, "type"))
        if "volatile" in to.split():
            write = "READ_ONCE() or WRITE_ONCE() in a copy of the file"
            return self.refuse(node, f"an access by way of {to!r} is not translated", write)
        return self.cast(node, child_of(node, "value"), self.declared(to))

    def _string_literal(self, node: Node) -> ast.expr:
        return ast.Constant(text_of(node).strip('"'))

    def _call_expression(self, node: Node) -> ast.expr:
        cast = self.cast_of(node)
        made = self.call(node) if cast is None else self.cast(node, cast[1], cast[0])
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
        part = child_of(node, "right")
        if operator == "=":
            return self._stored(node, target, part, self.value(part))
        return self._updated(node, target, operator[:-1], self.value(part), before=False, by=part)

    def _update_expression(self, node: Node) -> ast.expr:
        operator, target = child_of(node, "operator"), child_of(node, "argument")
        behind = operator.start_byte > target.start_byte
        return self._updated(node, target, text_of(operator)[0], ast.Constant(1), before=behind)

    def _stored(self, node: Node, target: Node, part: Node, value: ast.expr) -> ast.expr:
        """An assignment, whose value is what was assigned."""
        local = self.local_of(target)
        if local is not None:
            taken = self.taken(node, local, part, value)
            return ast.NamedExpr(ast.Name(local.python, ast.Store()), taken)
        cell = self.cell(target)
        value = self.put(node, part, value, self.kind(target), target)
        if is_simple(value):
            return first_of(value, plain_store(cell, value))
        name = self.scope.fresh("stored")
        kept = ast.NamedExpr(ast.Name(name, ast.Store()), value)
        return first_of(kept, plain_store(cell, ast.Name(name, ast.Load())))

    def _updated(
        self,
        node: Node,
        target: Node,
        operator: str,
        right: ast.expr,
        *,
        before: bool,
        by: Node | None = None,
    ) -> ast.expr:
        """`x += y`, `x++`: of a cell a load and a store. Its value is that after, or before it."""
        local = self.local_of(target)
        if local is not None and local.pointer:
            return self.refuse(node, f"a pointer is moved: {short(node)}")
        if local is not None:
            old: ast.expr = ast.Name(local.python, ast.Load())
            value = self._changed(node, target, operator, old, right, by)
            new = ast.NamedExpr(ast.Name(local.python, ast.Store()), value)
            return first_of(ast.Name(local.python, ast.Load()), new) if before else new
        found, cell = self._cell_twice(target)
        name = self.scope.fresh("loaded" if before else "stored")
        kept, load = ast.Name(name, ast.Store()), plain_load(cell())
        if before:
            old = ast.NamedExpr(kept, load)
            loaded = ast.Name(name, ast.Load())
            value = self._changed(node, target, operator, loaded, right, by)
            return last_of(found, first_of(old, plain_store(cell(), value)))
        new = ast.NamedExpr(kept, self._changed(node, target, operator, load, right, by))
        stored = plain_store(cell(), ast.Name(name, ast.Load()))
        return last_of(found, first_of(new, stored))

    def _changed(
        self,
        node: Node,
        target: Node,
        operator: str,
        old: ast.expr,
        right: ast.expr,
        by: Node | None,
    ) -> ast.expr:
        """What `x += y` keeps in x. Without a node of its own y is the 1 of `x++`."""
        to = self.kind(target)
        of = INT if by is None else self.kind(by)
        if by is not None and not of.is_number:
            return self.no_number(node, by, f"{operator}= is asked of")
        made = self.computed(node, operator, (old, target), (right, by), by=of)
        if not to.is_number:
            return made
        if to == BOOL:
            return boolean(made)
        return converted(made, self.arithmetic_kind(operator, to, of), to)

    def _cell_twice(self, target: Node) -> tuple[ast.expr | None, Callable[[], ast.expr]]:
        """What finds the cell of an lvalue once, if that takes something; and the cell."""
        cell = self.cell(target)
        if not any(isinstance(each, ast.Await | ast.NamedExpr) for each in ast.walk(cell)):
            return None, lambda: copied(cell)
        name = self.scope.fresh("cell")
        found = ast.NamedExpr(ast.Name(name, ast.Store()), cell)
        return found, lambda: ast.Name(name, ast.Load())
