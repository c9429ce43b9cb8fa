"""Values of C as what they meet has them: converted, compared, computed with and kept by type.

What a model holds as a text or an object is no number there, though it is one in C: to compare it
with a number, to compute with it or to ask whether it is 0 has no answer, and is refused.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from racer.c_source.kinds import (
    ADDRESS,
    BOOL,
    NULL,
    REFUSED,
    SYMBOL,
    Kind,
    common,
    constant_in,
    converted,
    narrowed,
)
from racer.c_source.nodes import child_of, short, without_parentheses
from racer.c_source.parsing import text_of
from racer.c_source.scopes import Local
from racer.c_source.snippets import boolean, null
from racer.c_source.typed import Typed

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
_LEAVES: Final = frozenset(("+", "-", "*", "<<"))  # what may come to more than its type holds
_HELPERS: Final = {"/": "quotient", "%": "remainder"}


class Conversions(Typed):
    """What is made of the values of one function."""

    def no_number(self, node: Node, part: Node, what: str) -> ast.expr:
        """Refuse what takes a number where the model holds none."""
        kind = self.kind(part)
        if kind == REFUSED:
            return self.located(node, ast.Constant(None))
        if kind in (ADDRESS, NULL):
            return self.refuse(node, f"{what} an address: {short(node)}")
        inner = self._culprit(part)
        name = _named(inner)
        if self.scope.find(name) is not None:
            text = f"{what} {name!r}, which holds what is no number to the model: {short(node)}"
            write = f"what {name} is assigned as a number in [types], if it is one to the model"
            return self.refuse(node, text, write)
        text = f"{what} {short(inner)}, which is no number by the map: {short(node)}"
        write = (
            f'[types] int = ["{name}"], if the model holds the numbers that C has there ("void *" '
            f"for an address); else what C asks of it as an entry of [calls]"
        )
        return self.refuse(node, text, write)

    def _culprit(self, node: Node) -> Node:
        """The part of an expression because of which it is no number."""
        node = without_parentheses(node)
        match node.type:
            case "conditional_expression":
                chosen = node.child_by_field_name("consequence") or child_of(node, "condition")
                parts = [chosen, child_of(node, "alternative")]
            case "comma_expression":
                parts = [child_of(node, "right")]
            case "cast_expression":
                parts = [child_of(node, "value")]
            case "assignment_expression":
                parts = [child_of(node, "left")]
            case "update_expression":
                parts = [child_of(node, "argument")]
            case _:
                return node
        return next((self._culprit(each) for each in parts if not self.kind(each).is_number), node)

    def truth(self, node: Node, made: ast.expr) -> ast.expr:
        """A value of which only counts whether it is 0."""
        if self.kind(node) == SYMBOL:
            return self.no_number(node, node, "it is asked whether there is")
        return made

    def compared(
        self, node: Node, operator: type[ast.cmpop], left: ast.expr, right: ast.expr
    ) -> ast.expr:
        """Two operands, compared as C converts them."""
        one, other = child_of(node, "left"), child_of(node, "right")
        kinds = self.kind(one), self.kind(other)
        if kinds[0].is_number and kinds[1].is_number:
            to = common(*kinds)
            left, right = converted(left, kinds[0], to), converted(right, kinds[1], to)
        elif REFUSED not in kinds:
            for kind, part, made in ((kinds[0], one, right), (kinds[1], other, left)):
                against = kinds[1] if part is one else kinds[0]
                zero = against.is_number and constant_in(made) == 0 and kind in (ADDRESS, NULL)
                if not kind.is_number and against.is_number and not zero:
                    return self.no_number(node, part, "a number is compared with")
            if operator not in (ast.Eq, ast.NotEq):
                part = other if kinds[0].is_number else one
                return self.no_number(node, part, "it is asked for the order of")
            if ADDRESS in kinds or NULL in kinds:
                left, right = null(left), null(right)
        return ast.Compare(left, [operator()], [right])

    def computed(
        self,
        node: Node,
        operator: str,
        left: tuple[ast.expr, Node],
        right: tuple[ast.expr, Node | None],
        by: Kind | None = None,
    ) -> ast.expr:
        """Two operands, computed with as C converts them; `by` is the kind of a right one that has
        no node."""
        if operator not in _ARITHMETIC and operator not in _HELPERS:
            return self.refuse(node, f"the operator {operator!r} is not translated")
        of = self.kind(left[1])
        by = by or (SYMBOL if right[1] is None else self.kind(right[1]))
        for kind, part in ((of, left[1]), (by, right[1])):
            if not kind.is_number and part is not None:
                return self.no_number(node, part, f"{operator} is asked of")
        to = self.arithmetic_kind(operator, of, by)
        one, other = converted(left[0], of, to), right[0]
        if operator in ("<<", ">>"):
            count = constant_in(other)
            if count is not None and not 0 <= count < to.bits:
                text = f"a value of {to.bits} bits is shifted by {count}, which C does not define"
                return self.refuse(node, f"{text}: {short(node)}")
            if count is None:
                called = ast.Name("distance", ast.Load())
                other = ast.Call(called, [other, ast.Constant(to.bits)], [])
        else:
            other = converted(other, by, to)
        if operator in _HELPERS:
            return ast.Call(ast.Name(_HELPERS[operator], ast.Load()), [one, other], [])
        made = ast.BinOp(one, _ARITHMETIC[operator](), other)
        return narrowed(made, to) if operator in _LEAVES else made

    def kept(self, node: Node, part: Node, made: ast.expr, to: Kind, what: str) -> ast.expr:
        """A value as what has that kind keeps it; `what` says in words where it goes."""
        of = self.kind(part)
        if of == REFUSED:
            return made
        if to == BOOL:
            return boolean(self.truth(part, made))
        if to == ADDRESS:
            return null(made)
        if not to.is_number:
            return made
        if not of.is_number:
            return self.no_number(node, part, f"{what} gets")
        return converted(made, of, to)

    def put(self, node: Node, part: Node, made: ast.expr, to: Kind, target: Node) -> ast.expr:
        """A value as a cell keeps it. One that has no numbers by the map is given none."""
        if to == SYMBOL and self.kind(part).is_number:
            return self.no_number(node, target, "a number is stored to")
        return self.kept(node, part, made, to, short(target))

    def taken(self, node: Node, local: Local, part: Node, made: ast.expr) -> ast.expr:
        """A value as a local has it. One that is declared as an integer may hold what is no number
        to the model, and then always counts as that."""
        to_numbers = local.pointer and self.declared(local.of_type).is_number
        if to_numbers and self.kind(part) == ADDRESS and not self.pointed(part).is_number:
            self.scope.symbols.add(f"*{local.python}")
        if local.kind.is_number and local.kind != BOOL and self.kind(part) in (SYMBOL, ADDRESS):
            self.scope.symbols.add(local.python)
            return made
        return self.kept(node, part, made, local.kind, f"the local {local.python!r}")

    def cast(self, node: Node, part: Node, to: Kind) -> ast.expr:
        """A value as another type has it."""
        value = self.value(part)
        if to.is_number and to != BOOL and not self.kind(part).is_number:
            return value  # an address as a number is none to the model
        return self.kept(node, part, value, to, f"({to.name})")


def _named(node: Node) -> str:
    """The name by which [types] has what a value is of."""
    if node.type == "call_expression":
        arguments = child_of(node, "arguments").named_children
        inner = without_parentheses(arguments[0]) if len(arguments) == 1 else None
        if inner is not None and inner.type == "field_expression":
            return f".{text_of(child_of(inner, 'field'))}"
        return text_of(child_of(node, "function"))
    if node.type == "field_expression":
        return f".{text_of(child_of(node, 'field'))}"
    return text_of(node)
