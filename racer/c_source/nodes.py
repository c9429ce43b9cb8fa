"""Pieces of C's syntax: how their parts are found, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from racer.c_source.parsing import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

# What may do something besides having a value.
EFFECTS: Final = frozenset(("call_expression", "assignment_expression", "update_expression"))


def child_of(node: Node, name: str) -> Node:
    """The part of that name, which is there by the grammar."""
    found = node.child_by_field_name(name)
    assert found is not None, f"{node.type} without {name}"
    return found


def without_parentheses(node: Node) -> Node:
    while node.type == "parenthesized_expression" and len(node.named_children) == 1:
        node = node.named_children[0]
    return node


def inside(node: Node) -> Iterator[Node]:
    """A node and all within it."""
    yield node
    for child in node.named_children:
        yield from inside(child)


def has_effects(node: Node) -> bool:
    return any(each.type in EFFECTS for each in inside(node))


def struct_named(node: Node | None) -> str:
    """The struct that a type names, or the type that is named as one: refcount_t."""
    if node is None:
        return ""
    if node.type == "type_identifier":
        return text_of(node)
    found = re.search(r"\b(?:struct|union)\s+(\w+)", text_of(node))
    return found[1] if found else ""


def called(node: Node) -> str:
    """What kind of piece it is, in words."""
    if node.type == "compound_statement":
        return "a block as an expression, ({ ... }),"
    return node.type.replace("_", " ")


def short(node: Node) -> str:
    """Its text, as far as it fits a message."""
    text = text_of(node)
    return text if len(text) <= 60 else f"{text[:57]}..."


def number_in(text: str) -> int | None:
    """The integer that a literal is; None for what is none."""
    plain = re.sub(r"[uUlL]+$", "", text).replace("'", "")
    try:
        return int(plain, 8 if re.fullmatch(r"0[0-7]+", plain) else 0)
    except ValueError:
        return None
