"""What a compiler may make of plain loads: one of several in a row, or one that comes later.

A plain load is `await x.f.load("plain")`. Fused, one that follows another of the same cell, with
nothing between them but such loads and what is worked out from them, is no load: it has the value
of the first. Sunk, an assignment of what plain loads come to is moved down, past loads of other
cells, as far as where its value is looked at; on ways on which nobody does it is gone.

Source   Documentation/memory-barriers.txt, "COMPILER BARRIER"; tools/memory-model/Documentation/
         access-marking.txt
Bound    A compiler may do more than that: move plain loads past stores, or make one two.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Literal, get_args

from racer.c_source.blocks import Block
from racer.c_source.calls import BARRIER
from racer.c_source.emitting import live_before, names_in, reachable
from racer.c_source.snippets import copied

Compiled = Literal["written", "fused", "sunk"]
COMPILED: tuple[Compiled, ...] = get_args(Compiled)


def is_plain_load(node: ast.AST) -> bool:
    return _order_of_load(node) == "plain"


def _order_of_load(node: ast.AST) -> str | None:
    """ "plain", "once", ... of `await cell.load(...)`; None of anything else."""
    match node:
        case ast.Await(value=ast.Call(func=ast.Attribute(attr="load"), args=arguments)):
            match arguments:
                case []:
                    return "once"
                case [ast.Constant(value=str(order))]:
                    return order
    return None


def fuse(first: Block, fresh: Callable[[str], str]) -> int:
    """Make one of plain loads in a row, within each block; how many are gone."""
    gone = 0
    for block in reachable(first):
        fusing = _Fusing(fresh)
        for statement in block.statements:
            fusing.through(statement)
        if block.value is not None:
            block.value = fusing.expression(block.value)
        gone += fusing.finish(block)
    return gone


class _Fusing:
    """Goes through a block in the order in which Python works it out."""

    def __init__(self, fresh: Callable[[str], str]) -> None:
        self._fresh = fresh
        self._known: dict[str, ast.NamedExpr] = {}  # loads whose values are at hand
        self._made: dict[int, ast.NamedExpr] = {}
        self._uses: dict[int, int] = {}

    def through(self, node: ast.AST) -> None:
        for name, part in ast.iter_fields(node):
            if isinstance(part, ast.expr):
                setattr(node, name, self.expression(part))
            elif isinstance(part, list):
                part[:] = [self.expression(e) if isinstance(e, ast.expr) else e for e in part]
                for each in part:
                    if isinstance(each, ast.keyword):
                        self.through(each)
        if isinstance(node, ast.Assign):
            self._forget(names_in(node.targets[0], ast.Store))

    def expression(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.BoolOp(values=values):
                values[0] = self.expression(values[0])
                after = dict(self._known)
                for at in range(1, len(values)):
                    values[at] = self.expression(values[at])
                self._both(after, self._known)
                return node
            case ast.IfExp():
                node.test = self.expression(node.test)
                before = dict(self._known)
                node.body = self.expression(node.body)
                after, self._known = self._known, before
                node.orelse = self.expression(node.orelse)
                self._both(after, self._known)
                return node
            case ast.Lambda():
                return node
            case ast.NamedExpr():
                node.value = self.expression(node.value)
                self._forget([node.target.id])
                return node
            case ast.Constant(value=value) if value == BARRIER:
                self._known.clear()
                return node
        if not is_plain_load(node):
            self.through(node)
            if isinstance(node, ast.Await):
                self._known.clear()
            return node
        assert isinstance(node, ast.Await) and isinstance(node.value, ast.Call)
        self.through(node.value.func)
        key = ast.dump(node)
        known = self._known.get(key)
        if known is not None:
            self._uses[id(known)] += 1
            return ast.copy_location(ast.Name(known.target.id, ast.Load()), node)
        target = ast.copy_location(ast.Name("", ast.Store()), node)
        made = ast.copy_location(ast.NamedExpr(target, node), node)
        made.target.id = f"_{id(made)}"
        self._known[key], self._made[id(made)], self._uses[id(made)] = made, made, 0
        return made

    def _both(self, one: dict[str, ast.NamedExpr], other: dict[str, ast.NamedExpr]) -> None:
        """What is known whichever way was taken."""
        self._known = {key: each for key, each in one.items() if other.get(key) is each}

    def _forget(self, names: Iterator[str] | list[str]) -> None:
        for name in names:
            for key in [key for key in self._known if f"id='{name}'" in key]:
                del self._known[key]

    def finish(self, block: Block) -> int:
        """Name the values that are used again, and take out what is not; how many uses."""
        names = {f"_{at}": self._fresh("read") for at in self._made if self._uses[at]}
        finishing = _Finishing(names)
        for statement in block.statements:
            finishing.visit(statement)
        if block.value is not None:
            block.value = finishing.visit(block.value)
        return sum(self._uses.values())


class _Finishing(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        self.generic_visit(node)
        if node.target.id.startswith("_") and node.target.id[1:].isdigit():
            return node.value
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        node.id = self._names.get(node.id, node.id)
        return node


def sink(first: Block) -> int:
    """Move assignments of plain loads down to where they are looked at; how many were moved.

    They come past no block that several lead to, and so into no loop, nor around one.
    """
    moved: set[int] = set()
    while any(_sunk(block, reachable(first), moved) for block in reachable(first)):
        pass
    return len(moved)


def _sunk(block: Block, blocks: list[Block], moved: set[int]) -> bool:
    """Move what can be moved to the end of the block into those after it."""
    if block.end == "return" or (block.end == "jump" and _leads(block.ways[0], blocks) > 1):
        return False
    for at in range(len(block.statements) - 1, -1, -1):
        statement = block.statements[at]
        if not _can_sink(statement):
            continue
        assert isinstance(statement, ast.Assign)
        rest = [*block.statements[at + 1 :], *([block.value] if block.value is not None else [])]
        if not all(_passes(statement, each) for each in rest):
            continue
        live = live_before(blocks)  # with it in its place, where it ends what was live before it
        del block.statements[at]
        moved.add(statement.lineno)
        name = next(names_in(statement.targets[0], ast.Store))
        for number, way in enumerate(block.ways):
            if name in live[id(way)]:
                if _leads(way, blocks) == 1:
                    way.statements.insert(0, copied(statement))
                else:
                    block.ways[number] = Block([copied(statement)], "jump", None, [way], block.node)
        return True
    return False


def _leads(goal: Block, blocks: list[Block]) -> int:
    """How often blocks lead to one."""
    return sum(way is goal for each in blocks for way in each.ways)


def _can_sink(statement: ast.stmt) -> bool:
    """Whether it assigns what plain loads come to, and does nothing else."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return False
    inner = list(ast.walk(statement.value))
    awaits = [each for each in inner if isinstance(each, ast.Await)]
    effects = any(isinstance(each, ast.NamedExpr) for each in inner)
    return bool(awaits) and all(map(is_plain_load, awaits)) and not effects


def _passes(statement: ast.Assign, other: ast.AST) -> bool:
    """Whether a compiler may move the assignment behind that."""
    stored = set(names_in(statement.targets[0], ast.Store))
    looked_at = set(names_in(statement.value, ast.Load))
    if stored & {each.id for each in ast.walk(other) if isinstance(each, ast.Name)}:
        return False
    if looked_at & set(names_in(other, ast.Store)):
        return False
    mine = {_cell_of(each) for each in ast.walk(statement.value) if isinstance(each, ast.Await)}
    for each in ast.walk(other):
        if isinstance(each, ast.Constant) and each.value == BARRIER:
            return False
        if isinstance(each, ast.Await):
            if _order_of_load(each) not in ("plain", "once") or _cell_of(each) in mine:
                return False
        elif isinstance(each, ast.Call) and not _is_load_call(each):
            return False
    return True


def _cell_of(node: ast.Await) -> str:
    """The last name of the cell that is loaded: cells of other names are other cells."""
    assert isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute)
    cell = node.value.func.value
    return cell.attr if isinstance(cell, ast.Attribute) else ast.dump(cell)


def _is_load_call(node: ast.Call) -> bool:
    if isinstance(node.func, ast.Name):
        return node.func.id in ("bool", "quotient", "remainder")
    return isinstance(node.func, ast.Attribute) and node.func.attr == "load"
