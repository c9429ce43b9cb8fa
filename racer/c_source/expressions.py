"""Expressions of C as expressions of Python: accesses become `await`s, at the C's lines.

What C leaves open is taken from left to right; what is short-circuited in C is in Python. Every
name that is no local, and every access, means what the map says, or is refused.

Bound    Integers have no width: what would wrap around in C does not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from racer.c_source.calls import Calls
from racer.c_source.nodes import (
    called,
    child_of,
    number_in,
    short,
    without_parentheses,
)
from racer.c_source.parsing import text_of
from racer.c_source.snippets import (
    assigned,
    boolean,
    copied,
    first_of,
    is_simple,
    last_of,
    null,
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
_NARROW: Final = frozenset(
    (
        *(
            "u8",
            "u16",
            "u32",
            "s8",
            "s16",
            "s32",
            "char",
            "unsigned char",
            "short",
            "unsigned short",
        ),
        *("int", "unsigned int", "unsigned", "uint8_t", "uint16_t", "uint32_t"),
    )
)
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
            if any(self._is_pointer(child_of(node, each)) for each in ("left", "right")):
                left, right = null(left), null(right)
            return ast.Compare(left, [_COMPARES[operator]()], [right])
        return self._combined(node, operator, left, right)

    def _is_pointer(self, node: Node) -> bool:
        local = self.local_of(node)
        return local is not None and local.pointer

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
        to = text_of(child_of(node, "type"))
        if "volatile" in to.split():
            write = "READ_ONCE() or WRITE_ONCE() in a copy of the file"
            return self.refuse(node, f"an access by way of {to!r} is not translated", write)
        if to in _NARROW:
            where = f"{self.function.text.path}:{self.function.line_of(node)}"
            self.notes.warn(f"{where}: ({to}) leaves the value as it is: integers have no width")
        value = self.value(child_of(node, "value"))
        if to in ("bool", "_Bool"):
            return boolean(value)
        return null(value) if to.endswith("*") else value

    def _string_literal(self, node: Node) -> ast.expr:
        return ast.Constant(text_of(node).strip('"'))

    def _call_expression(self, node: Node) -> ast.expr:
        made = self.call(node)
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
            return ast.NamedExpr(ast.Name(local.python, ast.Store()), assigned(local, value))
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
            value = assigned(local, self._combined(node, operator, old, right))
            new = ast.NamedExpr(ast.Name(local.python, ast.Store()), value)
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
