"""The types of expressions of C: of which kind each value is, by what is declared and the map."""

from __future__ import annotations

import ast
from abc import abstractmethod
from typing import TYPE_CHECKING, Final

from racer.c_source.kinds import (
    ADDRESS,
    BOOL,
    INT,
    NULL,
    REFUSED,
    SYMBOL,
    Kind,
    common,
    constant_in,
    kind_named,
    kind_of_literal,
    promoted,
)
from racer.c_source.lvalues import Lvalues
from racer.c_source.mapping import Entry
from racer.c_source.nodes import child_of, number_in, without_parentheses
from racer.c_source.parsing import Function, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPARES: Final = frozenset(("==", "!=", "<", "<=", ">", ">="))


class Typed(Lvalues):
    """The kinds of the expressions of one function."""

    @abstractmethod
    def signature_of(self, name: str) -> Function | None:
        """The function of the input that a call of that name is; None for none."""

    @abstractmethod
    def constant_kind(self, name: str) -> Kind:
        """Of a #define of the input; SYMBOL where it is none."""

    # Kinds.

    def declared(self, text: str) -> Kind:
        """The kind of a type; a typedef may be in the map."""
        found = kind_named(text)
        if found != SYMBOL:
            return found
        if text.split()[:1] == ["enum"] and "*" not in text:
            return INT
        return self.known.kind_of(text) or SYMBOL

    def kind(self, node: Node) -> Kind:
        """Of which kind the value of an expression is."""
        node = without_parentheses(node)
        method = getattr(self, f"_kind_of_{node.type}", None)
        if method is None:
            return SYMBOL if hasattr(self, f"_{node.type}") else REFUSED
        found: Kind = method(node)
        return found

    def _kind_of_number_literal(self, node: Node) -> Kind:
        value = number_in(text_of(node))
        return REFUSED if value is None else kind_of_literal(text_of(node), value)

    def _kind_of_char_literal(self, node: Node) -> Kind:
        return INT

    def _kind_of_true(self, node: Node) -> Kind:
        return BOOL

    _kind_of_false = _kind_of_true

    def _kind_of_null(self, node: Node) -> Kind:
        return NULL

    def _kind_of_identifier(self, node: Node) -> Kind:
        name = text_of(node)
        local = self.scope.find(name)
        if local is not None:
            return local.kind
        if name in ("true", "false"):
            return BOOL
        if name == "NULL":
            return NULL
        entry = self.known.named(name)
        if entry is None:
            found = self.constant_kind(name)
            return REFUSED if found == SYMBOL else found
        return self._of_entry(entry, name)

    def _kind_of_binary_expression(self, node: Node) -> Kind:
        operator = text_of(child_of(node, "operator"))
        if operator in _COMPARES or operator in ("&&", "||"):
            return BOOL
        left, right = (self.kind(child_of(node, each)) for each in ("left", "right"))
        if left == ADDRESS:
            return ADDRESS
        return self.arithmetic_kind(operator, left, right)

    def arithmetic_kind(self, operator: str, left: Kind, right: Kind) -> Kind:
        if not left.is_number or not right.is_number:
            return REFUSED
        return promoted(left) if operator in ("<<", ">>") else common(left, right)

    def _kind_of_unary_expression(self, node: Node) -> Kind:
        if text_of(child_of(node, "operator")) == "!":
            return BOOL
        found = self.kind(child_of(node, "argument"))
        return promoted(found) if found.is_number else REFUSED

    def _kind_of_conditional_expression(self, node: Node) -> Kind:
        chosen = node.child_by_field_name("consequence") or child_of(node, "condition")
        return self._joined(self.kind(chosen), self.kind(child_of(node, "alternative")))

    def _joined(self, one: Kind, other: Kind) -> Kind:
        if one.is_number and other.is_number:
            return common(one, other)
        if one == REFUSED or other == REFUSED:
            return REFUSED
        if ADDRESS in (one, other):
            return ADDRESS
        return one if one == other else SYMBOL

    def _kind_of_comma_expression(self, node: Node) -> Kind:
        return self.kind(child_of(node, "right"))

    def _kind_of_cast_expression(self, node: Node) -> Kind:
        to = self.declared(text_of(child_of(node, "type")))
        return self._kind_of_cast(to, child_of(node, "value"))

    def _kind_of_pointer_expression(self, node: Node) -> Kind:
        if text_of(child_of(node, "operator")) == "&":
            return ADDRESS
        return self.pointed(child_of(node, "argument"))

    def _kind_of_field_expression(self, node: Node) -> Kind:
        argument, name = child_of(node, "argument"), text_of(child_of(node, "field"))
        struct = self._struct_of(argument)
        entry = self.known.field_of(struct, name)
        if entry is None:
            return REFUSED
        said = self.known.kind_of(*([f"{struct}.{name}"] if struct else []), f".{name}")
        if said is not None or entry.value is None:
            return said or SYMBOL
        return self._of_tree(entry.value.tree, [])

    def _kind_of_subscript_expression(self, node: Node) -> Kind:
        name = text_of(child_of(node, "argument")).split("->")[-1]
        return self.known.kind_of(f"{name}[]") or SYMBOL

    def _kind_of_assignment_expression(self, node: Node) -> Kind:
        return self.kind(child_of(node, "left"))

    def _kind_of_update_expression(self, node: Node) -> Kind:
        return self.kind(child_of(node, "argument"))

    def cast_of(self, node: Node) -> tuple[Kind, Node] | None:
        """Of `(u8)(x)`, which is a call to the grammar, the type and what is cast."""
        called, arguments = child_of(node, "function"), child_of(node, "arguments").named_children
        to = self.declared(text_of(without_parentheses(called)))
        is_cast = called.type == "parenthesized_expression" and len(arguments) == 1
        return (to, arguments[0]) if is_cast and to.is_number else None

    def _kind_of_cast(self, to: Kind, part: Node) -> Kind:
        of = self.kind(part)
        if of == REFUSED or to in (BOOL, ADDRESS):
            return REFUSED if of == REFUSED else to
        return to if of.is_number else SYMBOL

    def _kind_of_call_expression(self, node: Node) -> Kind:
        cast = self.cast_of(node)
        if cast is not None:
            return self._kind_of_cast(*cast)
        called, arguments = child_of(node, "function"), child_of(node, "arguments").named_children
        if called.type == "field_expression":
            name = f"->{text_of(child_of(called, 'field'))}"
            arguments = [child_of(called, "argument"), *arguments]
        else:
            name = text_of(called)
        if name == "IS_ENABLED":
            return BOOL
        function = self.signature_of(name)
        if function is not None:
            return self.returned_by(function)
        entry = self.known.call(name)
        if entry is None or entry.nothing:
            return REFUSED
        return self._of_entry(entry, name, arguments)

    def pointed(self, node: Node) -> Kind:
        """The kind of what an address is that of."""
        node = without_parentheses(node)
        if node.type == "pointer_expression" and text_of(child_of(node, "operator")) == "&":
            return self.kind(child_of(node, "argument"))
        local = self.local_of(node)
        if local is None or not local.pointer or f"*{local.python}" in self.scope.symbols:
            return SYMBOL
        return self.declared(local.of_type)

    def returned_by(self, function: Function) -> Kind:
        """The kind that a function of C is declared to return."""
        declarator = function.node.child_by_field_name("declarator")
        if declarator is not None and declarator.type == "pointer_declarator":
            return ADDRESS
        of_type = function.node.child_by_field_name("type")
        return SYMBOL if of_type is None else self.declared(text_of(of_type))

    def parameters(self, function: Function) -> list[tuple[Node, Kind]]:
        """The parameters of a function of C, and their kinds."""
        found = []
        for node in function.parameter_nodes():
            declarator, of_type = (node.child_by_field_name(e) for e in ("declarator", "type"))
            kind = SYMBOL
            if declarator is not None and declarator.type != "identifier":
                kind = ADDRESS
            elif of_type is not None:
                kind = self.declared(text_of(of_type))
            found.append((node, kind))
        return found

    # What entries of the map come to.

    def _of_entry(self, entry: Entry, name: str, arguments: list[Node] | None = None) -> Kind:
        said = self.known.kind_of(name)
        if said is not None:
            return said
        return SYMBOL if entry.value is None else self._of_tree(entry.value.tree, arguments or [])

    def _of_tree(self, tree: ast.expr, arguments: list[Node]) -> Kind:
        """What a template comes to by its text: a truth value, a constant, one of its arguments."""
        found = constant_in(tree)
        if found is not None and not (isinstance(tree, ast.Constant) and tree.value is True):
            is_bool = isinstance(tree, ast.Constant) and isinstance(tree.value, bool)
            return BOOL if is_bool else kind_of_literal("0", abs(found))
        match tree:
            case ast.Constant(value=None):
                return NULL
            case ast.Constant(value=True) | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return BOOL
            case ast.Name(id=name):
                argument = _argument(name, arguments)
                return SYMBOL if argument is None else self._of_argument(name, argument)
            case ast.Await(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="load"))
            ) if "_cell_" in name:
                argument = _argument(name, arguments)
                return SYMBOL if argument is None else self.kind(argument)
            case ast.Await(
                value=ast.Call(
                    func=ast.Attribute(
                        value=ast.Name(id=name), attr="load" | "swap" | "compare_exchange"
                    )
                )
            ) if name.startswith("_slot__"):
                argument = _argument(name, arguments)
                return SYMBOL if argument is None else self.pointed(argument)
            case ast.NamedExpr(value=value):
                return self._of_tree(value, arguments)
            case ast.Subscript(
                value=ast.Tuple(elts=parts), slice=ast.Constant(value=int() as chosen)
            ) if chosen < len(parts):
                return self._of_tree(parts[chosen], arguments)
            case ast.IfExp(body=yes, orelse=no):
                return self._joined(self._of_tree(yes, arguments), self._of_tree(no, arguments))
            case ast.BoolOp(values=values):
                kinds = {self._of_tree(each, arguments) for each in values}
                return BOOL if kinds == {BOOL} else SYMBOL
            case ast.Call(func=ast.Name(id="min" | "max"), args=[one, other]):
                kinds_of = [self._of_tree(each, arguments) for each in (one, other)]
                both = self._joined(*kinds_of)
                fits = both.is_number and all(
                    both.holds(kind) or self._is_small(each, arguments)
                    for kind, each in zip(kinds_of, (one, other), strict=True)
                )
                return both if fits else SYMBOL
        return SYMBOL

    def _is_small(self, tree: ast.expr, arguments: list[Node]) -> bool:
        """Whether it is an argument that is a literal, which any type holds that has no sign."""
        argument = _argument(tree.id, arguments) if isinstance(tree, ast.Name) else None
        return argument is not None and argument.type == "number_literal"

    def _of_argument(self, name: str, argument: Node) -> Kind:
        found = self.kind(argument)
        return found if "_cell_" not in name else ADDRESS


def _argument(name: str, arguments: list[Node]) -> Node | None:
    """What stands for a place in a template, if it is one."""
    number = name.rpartition("_")[2]
    if not name.startswith("_slot_") or not number.isdecimal():
        return None
    return arguments[int(number) - 1] if int(number) <= len(arguments) else None
