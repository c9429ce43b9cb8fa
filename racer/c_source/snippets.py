"""Trees of Python that stand for pieces of C: how they are put together, and where they are."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from racer.c_source.parsing import Function

if TYPE_CHECKING:
    from tree_sitter import Node

_Tree = TypeVar("_Tree", bound=ast.AST)


def is_boolean(value: ast.expr) -> bool:
    """Whether it comes to True or False and nothing else."""
    match value:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Constant(value=constant):
            return isinstance(constant, bool)
        case ast.BoolOp(values=values):
            return all(map(is_boolean, values))
        case ast.Call(func=ast.Name(id="bool")):
            return True
    return False


def boolean(value: ast.expr) -> ast.expr:
    """True or False, as it is true or not."""
    return value if is_boolean(value) else ast.Call(ast.Name("bool", ast.Load()), [value], [])


def null(value: ast.expr) -> ast.expr:
    """A value that is an address: 0 is none."""
    is_zero = isinstance(value, ast.Constant) and type(value.value) is int and value.value == 0
    return ast.Constant(None) if is_zero else value


def is_simple(value: ast.expr) -> bool:
    """Whether it may be worked out twice as well as once."""
    return isinstance(value, ast.Name | ast.Constant)


def plain_load(cell: ast.expr) -> ast.expr:
    """A plain load of a cell."""
    load = ast.Attribute(cell, "load", ast.Load())
    return ast.Await(ast.Call(load, [ast.Constant("plain")], []))


def plain_store(cell: ast.expr, value: ast.expr) -> ast.expr:
    """A plain store to a cell."""
    store = ast.Attribute(cell, "store", ast.Load())
    return ast.Await(ast.Call(store, [value, ast.Constant("plain")], []))


def last_of(first: ast.expr | None, last: ast.expr) -> ast.expr:
    """The value of the last, after the first."""
    if first is None:
        return last
    return ast.Subscript(ast.Tuple([first, last], ast.Load()), ast.Constant(1), ast.Load())


def first_of(first: ast.expr, last: ast.expr) -> ast.expr:
    """The value of the first, and then the last is done."""
    return ast.Subscript(ast.Tuple([first, last], ast.Load()), ast.Constant(0), ast.Load())


def place(made: ast.AST, function: Function, node: Node) -> None:
    """Give whatever has no position yet that of the node."""
    line, column = function.line_of(node), node.start_point[1]
    end = function.text.first + node.end_point[0]
    for each in ast.walk(made):
        if isinstance(each, ast.expr | ast.stmt) and not hasattr(each, "lineno"):
            each.lineno, each.col_offset = line, column
            each.end_lineno, each.end_col_offset = end, node.end_point[1]


def slots_assigned(tree: ast.expr) -> list[str]:
    """The names that an expression assigns to."""
    return [each.target.id for each in ast.walk(tree) if isinstance(each, ast.NamedExpr)]


def copied(tree: _Tree) -> _Tree:
    """A tree of its own, with the positions that there are."""
    return copy.deepcopy(tree)


def filled(tree: ast.expr, arguments: Mapping[str, ast.expr]) -> ast.expr:
    """A copy of a template's tree, with arguments where it has places for them."""
    made: ast.expr = _Filling(arguments).visit(copied(tree))
    return made


class _Filling(ast.NodeTransformer):
    def __init__(self, arguments: Mapping[str, ast.expr]) -> None:
        self._arguments = arguments

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self._arguments.get(node.id)
        if found is None:
            return node
        if isinstance(node.ctx, ast.Store) and isinstance(found, ast.Name):
            return ast.Name(found.id, ast.Store())
        return copied(found)
