"""Statements of C as blocks of Python with jumps between them: any goto, any switch.

A block is run from its first statement to its last, and ends in a jump, a branch or a return.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from racer.c_source.expressions import Expressions
from racer.c_source.kinds import converted, promoted
from racer.c_source.nodes import struct_named
from racer.c_source.parsing import Function, declared_name, is_before_block, text_of
from racer.c_source.snippets import place

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(eq=False, slots=True)
class Block:
    """Statements, and what comes after them.

    end   "return": `value` is returned; "jump": `ways` has one; "branch": `value` decides, `ways`
          has the way if it is true, and the other
    node  where in the C its end is
    """

    statements: list[ast.stmt] = field(default_factory=list)
    end: str = ""
    value: ast.expr | None = None
    ways: list[Block] = field(default_factory=list)
    node: Node | None = None


@dataclass(slots=True)
class _Around:
    """Where `break` and `continue` lead."""

    broken: Block | None = None
    continued: Block | None = None
    cases: list[tuple[Node | None, Block]] | None = None  # of the switch; None is `default`


class Statements:
    """The blocks of one function; `first` is where it begins."""

    def __init__(self, function: Function, expressions: Expressions) -> None:
        self.function = function
        self._expressions = expressions
        self._scope = expressions.scope
        self._labels: dict[str, Block] = {}
        self._returns = expressions.returned_by(function)
        self._around = _Around()
        self._now = self.first = Block()
        self._statement(function.body())
        self._end("return", function.body())
        for name, block in self._labels.items():
            if not block.end and not block.statements:
                expressions.refuse(function.body(), f"there is no label {name!r}")

    # Blocks.

    def _end(self, end: str, node: Node, *ways: Block, value: ast.expr | None = None) -> None:
        """End this block, unless it has ended; what follows is run by who jumps there."""
        if not self._now.end:
            now = self._now
            now.end, now.ways, now.value, now.node = end, list(ways), value, node
        self._now = Block()

    def _go_on(self, block: Block, node: Node) -> None:
        """What follows is in that block, and this one leads there."""
        self._end("jump", node, block)
        self._now = block

    def _do(self, node: Node, made: ast.expr | None) -> None:
        if made is not None:
            self._add(node, ast.Expr(made))

    def _add(self, node: Node, statement: ast.stmt) -> None:
        place(statement, self.function, node)
        self._now.statements.append(statement)

    def _assign(self, node: Node, name: str, value: ast.expr) -> None:
        self._add(node, ast.Assign([ast.Name(name, ast.Store())], value))

    def _branch(self, node: Node, yes: Block, no: Block) -> None:
        self._end("branch", node, yes, no, value=self._expressions.condition(node))

    # Statements.

    def _statement(self, node: Node) -> None:
        method = getattr(self, f"_{node.type}", None)
        if method is None:
            kind = node.type.replace("_", " ")
            text = f"{kind} is not translated: {text_of(node)[:60]}"
            if node.type != "ERROR":  # that was told when it was parsed
                self._expressions.refuse(node, text)
            return
        method(node)

    def _compound_statement(self, node: Node) -> None:
        self._scope.blocks.append({})
        for child in node.named_children:
            self._statement(child)
        self._scope.blocks.pop()

    def _function_definition(self, node: Node) -> None:
        """To the grammar, a macro with a block may be a function within one."""
        name = text_of(node).partition("(")[0]
        self._expressions.refuse(
            node, f"the macro {name} has a block: write out what it does in a copy of the file"
        )

    def _comment(self, node: Node) -> None:
        """Nothing."""

    def _expression_statement(self, node: Node) -> None:
        if is_before_block(node):
            self._function_definition(node)
            return
        for child in node.named_children:
            if text_of(child) == "fallthrough":
                continue
            if child.type == "assignment_expression" and self._assigned(node, child):
                continue
            self._do(node, self._expressions.effect(child))

    def _assigned(self, node: Node, child: Node) -> bool:
        """An assignment to a local, as a statement."""
        target = child.child_by_field_name("left")
        value = child.child_by_field_name("right")
        operator = child.child_by_field_name("operator")
        assert target is not None and value is not None and operator is not None
        local = self._expressions.local_of(target)
        if local is None or text_of(operator) != "=":
            return False
        made = self._expressions.value(value)
        self._assign(node, local.python, self._expressions.taken(child, local, value, made))
        return True

    def _declaration(self, node: Node) -> None:
        kinds = [text_of(each) for each in node.children if each.type == "storage_class_specifier"]
        of_type = node.child_by_field_name("type")
        for child in node.children_by_field_name("declarator"):
            value = child.child_by_field_name("value") if child.type == "init_declarator" else None
            inner = child.child_by_field_name("declarator") if value is not None else child
            assert inner is not None
            if inner.type == "function_declarator":
                continue
            pointer = inner.type == "pointer_declarator"
            whole = of_type is not None and of_type.type in ("struct_specifier", "union_specifier")
            scalar = inner.type != "array_declarator" and (pointer or not whole)
            if "static" in kinds:
                self._expressions.refuse(child, f"a static local is shared: {text_of(child)}")
            made = None if value is None or not scalar else self._expressions.value(value)
            if value is not None and not scalar:
                self._expressions.refuse(child, f"no scalar is made here: {text_of(child)[:60]}")
            name = declared_name(child)
            struct = struct_named(of_type)
            declared = text_of(of_type) if of_type is not None else ""
            local = self._scope.declare(
                name,
                struct,
                pointer=pointer,
                scalar=scalar,
                of_type=declared,
                kind=self._expressions.declared(declared),
            )
            if made is not None and value is not None:
                made = self._expressions.taken(child, local, value, made)
                self._assign(child, local.python, made)

    def _if_statement(self, node: Node) -> None:
        yes, after = Block(), Block()
        other = node.child_by_field_name("alternative")
        no = after if other is None else Block()
        self._branch(self._part(node, "condition"), yes, no)
        self._now = yes
        self._statement(self._part(node, "consequence"))
        self._go_on(after, node)
        if other is not None:
            self._now = no
            self._statement(other)
            self._go_on(after, node)

    def _else_clause(self, node: Node) -> None:
        for child in node.named_children:
            self._statement(child)

    def _while_statement(self, node: Node) -> None:
        test, body, after = Block(), Block(), Block()
        self._go_on(test, node)
        self._branch(self._part(node, "condition"), body, after)
        self._loop(node, body, after, test)
        self._go_on(test, node)
        self._now = after

    def _do_statement(self, node: Node) -> None:
        body, test, after = Block(), Block(), Block()
        self._go_on(body, node)
        self._loop(node, body, after, test)
        self._go_on(test, node)
        self._branch(self._part(node, "condition"), body, after)
        self._now = after

    def _for_statement(self, node: Node) -> None:
        self._scope.blocks.append({})
        first = node.child_by_field_name("initializer")
        if first is not None:
            if first.type == "declaration":
                self._declaration(first)
            else:
                self._do(first, self._expressions.effect(first))
        test, body, update, after = Block(), Block(), Block(), Block()
        self._go_on(test, node)
        condition = node.child_by_field_name("condition")
        if condition is None:
            self._go_on(body, node)
        else:
            self._branch(condition, body, after)
        self._loop(node, body, after, update)
        self._go_on(update, node)
        step = node.child_by_field_name("update")
        if step is not None:
            self._do(step, self._expressions.effect(step))
        self._go_on(test, node)
        self._now = after
        self._scope.blocks.pop()

    def _loop(self, node: Node, body: Block, broken: Block, continued: Block) -> None:
        outer = self._around
        self._around = _Around(broken, continued)
        self._now = body
        self._statement(self._part(node, "body"))
        self._around = outer

    def _switch_statement(self, node: Node) -> None:
        condition = self._part(node, "condition")
        name, after = self._scope.fresh("switched"), Block()
        made, kind = self._expressions.value(condition), self._expressions.kind(condition)
        if kind.is_number:
            made = converted(made, kind, promoted(kind))
        self._assign(condition, name, made)
        chooses, outer = self._now, self._around
        self._around = _Around(after, outer.continued, [])
        self._now = Block()
        self._statement(self._part(node, "body"))
        self._go_on(after, node)
        cases = self._around.cases or []
        self._around = outer
        self._now = chooses
        for value, block in cases:
            if value is not None:
                case = self._expressions.value(value)
                of_case = self._expressions.kind(value)
                if kind.is_number and of_case.is_number:
                    case = converted(case, of_case, promoted(kind))
                elif kind.is_number or of_case.is_number:
                    part = value if kind.is_number else condition
                    self._expressions.no_number(part, part, "a case compares a number with")
                test = ast.Compare(ast.Name(name, ast.Load()), [ast.Eq()], [case])
                place(test, self.function, value)
                following = Block()
                self._end("branch", value, block, following, value=test)
                self._now = following
        default = next((block for value, block in cases if value is None), after)
        self._end("jump", node, default)
        self._now = after

    def _case_statement(self, node: Node) -> None:
        if self._around.cases is None:
            self._expressions.refuse(node, "a case that is no part of a switch")
            return
        block, value = Block(), node.child_by_field_name("value")
        self._go_on(block, node)
        self._around.cases.append((value, block))
        for child in node.named_children:
            if child != value:
                self._statement(child)

    def _break_statement(self, node: Node) -> None:
        self._leave(node, self._around.broken)

    def _continue_statement(self, node: Node) -> None:
        self._leave(node, self._around.continued)

    def _leave(self, node: Node, way: Block | None) -> None:
        if way is None:
            text = f"{text_of(node).rstrip(';')} is in no loop: that of a macro is not known"
            self._expressions.refuse(node, text)
        self._end("jump", node, way or Block())

    def _goto_statement(self, node: Node) -> None:
        self._end("jump", node, self._label(text_of(self._part(node, "label"))))

    def _labeled_statement(self, node: Node) -> None:
        label = self._part(node, "label")
        self._go_on(self._label(text_of(label)), label)
        for child in node.named_children:
            if child != label:
                self._statement(child)

    def _label(self, name: str) -> Block:
        return self._labels.setdefault(name, Block())

    def _return_statement(self, node: Node) -> None:
        value = None
        if node.named_children:
            part = node.named_children[0]
            value = self._expressions.value(part)
            what = f"what {self.function.name}() returns"
            value = self._expressions.kept(node, part, value, self._returns, what)
            place(value, self.function, node)
        self._end("return", node, value=value)

    def _part(self, node: Node, name: str) -> Node:
        found = node.child_by_field_name(name)
        assert found is not None, f"{node.type} without {name}"
        return found
