"""What a function of C takes and returns, as far as its own text says, and whether another fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from racer.c_source.inputs import FunctionText
from racer.c_source.parsing import Function, declared_name, parsed, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_SAYS_NOTHING: Final = re.compile(r"\b(?:static|inline|extern|const|volatile)\b")


@dataclass(frozen=True, slots=True)
class Prototype:
    """Types as text, `struct page *`; of a function without parameters there are none."""

    returns: str
    parameters: tuple[str, ...]


def prototype_of(function: FunctionText) -> Prototype:
    """That of a function of the input. Errors: UsageError where the grammar finds no function."""
    return _of(parsed(function))


def prototype_in(text: str) -> Prototype:
    """That of a declaration without its semicolon: `bool f(struct page *page)`."""
    return _of(parsed(FunctionText("", "", 1, 1, f"{text} {{ }}")))


def misfit(found: Prototype, role: Prototype) -> str:
    """Why a function cannot be called where another one is, as a clause about it; empty: it can.

    It may lack parameters at the end, which it is then not given. Of numbers any type will do.
    """
    number = len(role.parameters)
    if not found.parameters and number:
        return f"it has no parameter, and is to be given {role.parameters[0]}"
    if len(found.parameters) > number:
        return f"it has {len(found.parameters)} parameters, and is given {number}"
    for at, (own, given) in enumerate(zip(found.parameters, role.parameters, strict=False), 1):
        if own != given and ("*" in own + given or "struct" in own + given):
            return f"its parameter {at} is {own}, and is given {given}"
    return ""


def _of(function: Function) -> Prototype:
    head, stars = function.node.child_by_field_name("declarator"), ""
    while head is not None and head.type != "function_declarator":
        stars += "*" if head.type == "pointer_declarator" else ""
        head = head.child_by_field_name("declarator")
    listed = head.child_by_field_name("parameters") if head is not None else None
    children = listed.named_children if listed is not None else []
    return Prototype(
        _type(function.node, stars),
        tuple(_type(each, _stars(each)) for each in children if declared_name(each)),
    )


def _type(node: Node, stars: str) -> str:
    found = node.child_by_field_name("type")
    text = " ".join(_SAYS_NOTHING.sub(" ", text_of(found) if found is not None else "").split())
    return f"{text} {stars}" if stars else text


def _stars(node: Node) -> str:
    """Those of a parameter; an array is a pointer, too."""
    stars, at = "", node.child_by_field_name("declarator")
    while at is not None:
        stars += "*" if at.type in ("pointer_declarator", "array_declarator") else ""
        at = at.child_by_field_name("declarator")
    return stars
