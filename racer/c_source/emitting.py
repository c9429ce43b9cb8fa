"""Blocks with jumps as one coroutine of Python.

A block that one other leads to is written where that one ends. The others are numbered, and a loop
goes to the one that is next. A local that a block's successors do not look at is None there: so it
counts for no node, though to Python each of them may follow any other.

Source   Aho, Lam, Sethi, Ullman, "Compilers", 2nd ed., 9.2.5 (which locals are live).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from racer.c_source.blocks import Block
from racer.c_source.parsing import Function
from racer.c_source.snippets import place


def shortened(first: Block) -> None:
    """Lead past blocks that do nothing but lead on."""
    for block in reachable(first):
        block.ways = [_behind(way) for way in block.ways]


def _behind(block: Block) -> Block:
    seen = {id(block)}
    while block.end == "jump" and not block.statements and id(block.ways[0]) not in seen:
        block = block.ways[0]
        seen.add(id(block))
    return block


def reachable(first: Block) -> list[Block]:
    """The blocks that can be come to, in the order in which they are met."""
    found, seen, todo = [], {id(first)}, [first]
    while todo:
        block = todo.pop()
        found.append(block)
        for way in reversed(block.ways):
            if id(way) not in seen:
                seen.add(id(way))
                todo.append(way)
    return found


def names_in(tree: ast.AST, kind: type[ast.expr_context]) -> Iterator[str]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Name) and isinstance(each.ctx, kind):
            yield each.id


def live_before(blocks: list[Block]) -> dict[int, frozenset[str]]:
    """By the id of each block: the locals that may be looked at in it or after it, before they are
    assigned. One that is assigned within an expression counts as looked at, if it is at all."""
    loads: dict[int, set[str]] = {}
    kills: dict[int, set[str]] = {}
    for block in blocks:
        load: set[str] = set()
        kill: set[str] = set()
        for each in (*block.statements, *([block.value] if block.value is not None else ())):
            load |= set(names_in(each, ast.Load)) - kill
            if isinstance(each, ast.Assign):
                kill |= set(names_in(each.targets[0], ast.Store))
        loads[id(block)], kills[id(block)] = load, kill
    live = {id(block): frozenset[str]() for block in blocks}
    changed = True
    while changed:
        changed = False
        for block in reversed(blocks):
            after = frozenset[str]().union(*(live[id(way)] for way in block.ways))
            now = frozenset(loads[id(block)] | (after - kills[id(block)]))
            if now != live[id(block)]:
                live[id(block)], changed = now, True
    return live


def coroutine(
    function: Function,
    name: str,
    parameters: Iterable[str],
    first: Block,
    at: str,
    declared: Iterable[str] = (),
) -> ast.AsyncFunctionDef:
    """The function; `at` is a name for the number of the block that is next, `declared` are names
    of locals."""
    return _Emitting(function, first, at, list(parameters), set(declared)).made(name)


class _Emitting:
    def __init__(
        self, function: Function, first: Block, at: str, parameters: list[str], declared: set[str]
    ) -> None:
        self._function = function
        self._at = at
        self._parameters = parameters
        blocks = reachable(first)
        self._live = live_before(blocks)
        self._locals = sorted(
            {name for b in blocks for s in b.statements for name in names_in(s, ast.Store)}
            | {name for b in blocks if b.value for name in names_in(b.value, ast.Store)}
            | set(parameters)
        )
        looked_at = {
            name
            for b in blocks
            for each in (*b.statements, *([b.value] if b.value else ()))
            for name in names_in(each, ast.Load)
        }
        self._unassigned = (looked_at & declared) - set(self._locals)
        leads = [way for block in blocks for way in block.ways]
        counts = {id(block): sum(way is block for way in leads) for block in blocks}
        numbered = [b for b in blocks if b is first or counts[id(b)] > 1]
        self._numbers = {id(block): number for number, block in enumerate(numbered)}
        self._numbered = numbered
        self._loops = counts[id(first)] > 0 or len(numbered) > 1

    def made(self, name: str) -> ast.AsyncFunctionDef:
        body: list[ast.stmt] = [ast.Expr(ast.Constant(f"{self._function.name}()"))]
        unset = sorted(self._unassigned)
        if unset:  # that of C which is never assigned is a local all the same
            targets: list[ast.expr] = [ast.Name(each, ast.Store()) for each in unset]
            never = ast.Assign(targets, ast.Constant(None))
            body.append(ast.If(ast.Constant(False), [never], []))
        if self._loops:
            body.append(self._goto(0))
            inner: list[ast.stmt] = []
            for number, block in enumerate(self._numbered):
                test = ast.Compare(
                    ast.Name(self._at, ast.Load()), [ast.Eq()], [ast.Constant(number)]
                )
                written = self._written(block)
                rest = [each for each in self._numbered if each is not block]
                inner.append(ast.If(test, written, []) if rest else ast.Pass())
                if not rest:
                    inner[-1:] = written
            body.append(ast.While(ast.Constant(True), inner, []))
        else:
            body += self._written(self._numbered[0])
        arguments = ast.arguments(
            [], [ast.arg(each) for each in self._parameters], None, [], [], None, []
        )
        made = ast.AsyncFunctionDef(name=name, args=arguments, body=body, decorator_list=[])
        if "type_params" in made._fields:  # since CPython 3.12
            vars(made)["type_params"] = []
        place(made, self._function, self._function.node)
        for each in ast.walk(made):
            if isinstance(each, ast.arg):
                each.lineno = each.end_lineno = self._function.line
                each.col_offset = each.end_col_offset = 0
        made.lineno = self._function.line
        return made

    def _goto(self, number: int) -> ast.stmt:
        return ast.Assign([ast.Name(self._at, ast.Store())], ast.Constant(number))

    def _written(self, block: Block) -> list[ast.stmt]:
        made = [*block.statements]
        end: list[ast.stmt]
        if block.end in ("return", ""):  # that of a block without an end was refused
            end = [ast.Return(block.value)]
        elif block.end == "jump":
            end = self._way(block.ways[0])
        else:
            assert block.value is not None
            yes, no = (self._way(way) for way in block.ways)
            end = [ast.If(block.value, yes, []), *no]
        for each in end:
            if block.node is not None:
                place(each, self._function, block.node)
        return made + end

    def _way(self, way: Block) -> list[ast.stmt]:
        """What leads to a block."""
        number = self._numbers.get(id(way))
        if number is None:
            return self._written(way)
        dead = [name for name in self._locals if name not in self._live[id(way)]]
        made: list[ast.stmt] = []
        if dead:
            targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in dead]
            made.append(ast.Assign(targets, ast.Constant(None)))
        if len(self._numbered) > 1:
            made.append(self._goto(number))
        return [*made, ast.Continue()]
