"""A thread's functions written anew, so that they go through sets in an order that is asked for.

In which order a set is gone through, and what hash() gives, differs with the hash seed of the
process, what id() gives from run to run, and no thread may depend on it. What it does with sets of
its own cannot be seen from outside. So its functions are compiled once more from their source, with
a call around whatever goes through something: loops, comprehensions, unpacking, and calls of
functions that do, such as list() or str.join(). Run so, it must do the same in any order.

Nothing is changed in place: functions that the thread's own one reaches by name, closure, or as an
argument are copied with it.

Bound    not methods of classes, nor functions that stand in containers; and not functions whose
         source is not to be had, or is not what runs (pytest rewrites asserts). Sets within
         another value that is handed to such a call.
"""

from __future__ import annotations

import ast
import collections
import dis
import functools
import heapq
import itertools
import linecache
import sys
import types
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from racer.automata.orders import Order, arranged
from racer.errors import Location
from racer.lang.whose import is_a_users, line_of

ORDER: Final = "the order in which it iterates over a set"
_HASH: Final = "what hash() gives"
_ID: Final = "what id() gives"
# What the differing one differs with, and what to try.
_WITH_SEED: Final = (
    "which differs with the hash seed",
    "Try: iterate over sorted(...), or use a tuple where the order matters.",
)
_WITH_RUN: Final = (
    "which is an address, and differs from run to run",
    "Try: give each object a number or a name of its own, and go by that.",
)

_MOST_OBJECTS: Final = 1 << 32

_EACH: Final = "__racer_each__"
_CALLED: Final = "__racer_called__"
_SHOWN: Final = "__racer_shown__"

# Functions that go through what they are given; `hash` gives what differs by itself.
_GO_THROUGH: Final = (
    *(list, tuple, dict, str, repr, iter, enumerate, zip, map, filter, min, max, sorted, sum),
    *(functools.reduce, heapq.nlargest, heapq.nsmallest, heapq.merge),
    *(collections.deque, collections.Counter, collections.OrderedDict),
    *(each for each in vars(itertools).values() if isinstance(each, type)),
)
_IDS: Final = frozenset(map(id, _GO_THROUGH))
_METHODS: Final = frozenset(
    {
        (str, "join"),
        (list, "extend"),
        (list, "sort"),
        (collections.deque, "extend"),
        (dict, "fromkeys"),
    }
)


def may_differ(codes: Iterable[types.CodeType], constants: Iterable[object]) -> bool:
    """Whether code may go through a set, or call hash() or id(): it makes one, or there is one to
    go through among what it takes for constant."""
    return any(map(_makes_a_set, codes)) or any(
        isinstance(each, set | frozenset) and _differs(each) for each in constants
    )


_SET_OPCODES: Final = frozenset(
    dis.opmap[name] for name in ("BUILD_SET", "SET_ADD", "SET_UPDATE") if name in dis.opmap
)
_OPERATORS: Final = frozenset(
    number for name, number in dis.opmap.items() if name.startswith("BINARY_")
)


_NAMES: Final = frozenset({"set", "frozenset", "hash", "id"})


def _makes_a_set(code: types.CodeType) -> bool:
    opcodes = set(code.co_code[::2])
    if opcodes & _SET_OPCODES or not _NAMES.isdisjoint(code.co_names):
        return True
    if opcodes & _OPERATORS and not {"keys", "items"}.isdisjoint(code.co_names):
        return True  # views of dicts, combined, are sets
    if not any(type(each) is frozenset for each in code.co_consts):
        return False
    before = None
    for each in dis.get_instructions(code):
        if before is not None and each.opname != "CONTAINS_OP":
            return True  # a set that is written out, and not only asked what it contains
        constant = each.opname == "LOAD_CONST" and isinstance(each.argval, frozenset)
        before = each if constant else None
    return False


def differs(what: str = ORDER, where: str = "") -> tuple[str, str]:
    """That something depends on that, as a clause; and what to try."""
    why, remedy = _WITH_RUN if what == _ID else _WITH_SEED
    return f"depends on {what}{where}, {why}", remedy


class Rewritten:
    """Copies of a thread's function and arguments that go through sets in `order`.

    same      what stands in for what: copies of codes and namespaces, by id, with the originals
    met       what differs with the hash seed, as a phrase, and where that was met first; None: it
              was not met
    """

    def __init__(self, order: Order, number: int) -> None:
        self._order = order
        self._number = number
        self.met: tuple[str, Location] | None = None
        self.same: dict[int, object] = {}
        self._kept: list[object] = []  # what `same` names by id
        self._copies: dict[int, object] = {}
        self._namespaces: dict[int, dict[str, Any]] = {}
        self._met_by_id: dict[int, tuple[object, int]] = {}  # objects, kept, with their numbers

    # --- copies ---------------------------------------------------------------------------------

    def copy(self, item: Any) -> Any:
        """A function that goes through sets in that order; anything else as it is."""
        known = self._copies.get(id(item))
        if known is not None:
            return known
        if isinstance(item, functools.partial):
            arguments = (self.copy(each) for each in item.args)
            return functools.partial(self.copy(item.func), *arguments, **item.keywords)
        if isinstance(item, types.MethodType):
            return types.MethodType(self.copy(item.__func__), item.__self__)
        if not isinstance(item, types.FunctionType) or not is_a_users(item.__module__ or ""):
            return item
        compiled = _compiled(item.__code__)
        if compiled is None:
            return item
        for new, old in _pairs(compiled, item.__code__):
            self._stands_for(new, old)
        cells = tuple(types.CellType() for _ in item.__closure__ or ())
        made = types.FunctionType(
            compiled, self._namespace(item.__globals__), item.__name__, item.__defaults__, cells
        )
        made.__kwdefaults__ = item.__kwdefaults__
        made.__qualname__ = item.__qualname__
        made.__dict__.update(item.__dict__)
        self._copies[id(item)] = made
        self._kept.append(item)
        for new_cell, cell in zip(cells, item.__closure__ or (), strict=True):
            with suppress(ValueError):  # not bound yet
                new_cell.cell_contents = self.copy(cell.cell_contents)
        return made

    def _namespace(self, names: dict[str, Any]) -> dict[str, Any]:
        known = self._namespaces.get(id(names))
        if known is None:
            known = self._namespaces[id(names)] = dict(names)
            self._stands_for(known, names)
            known |= {_EACH: self._each, _CALLED: self._called, _SHOWN: self._arranged}
            for name, value in names.items():
                if isinstance(value, types.FunctionType):
                    known[name] = self.copy(value)
        return known

    def what_differs(self) -> tuple[str, str]:
        """What was met first of what differs from run to run, with its line if that is known, as
        a clause; and what to try."""
        if self.met is None:
            return differs()
        what, where = self.met
        return differs(what, f" ({where})")

    def _stands_for(self, new: object, old: object) -> None:
        self.same[id(new)] = old
        self._kept += [new, old]

    # --- what the rewritten code calls ----------------------------------------------------------

    def _note(self, what: str = ORDER) -> None:
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get(_EACH) != self._each:
            frame = frame.f_back
        if self.met is None and frame is not None:
            self.met = what, line_of(frame)

    def _arranged(self, value: Any) -> Any:
        if type(value) not in (set, frozenset) or not _differs(value):
            return value
        self._note()
        return arranged(value, self._order)

    def _each(self, value: Any) -> Any:
        if type(value) not in (set, frozenset) or not _differs(value):
            return value
        self._note()
        return self._order(value)

    def _called(self, function: Any) -> Any:
        """What is called in place of a function that goes through its arguments."""
        if function is hash:
            return self._hash
        if function is id:
            return self._id
        owner = getattr(function, "__self__", None)
        if type(function) is types.BuiltinMethodType and not isinstance(owner, types.ModuleType):
            if isinstance(owner, set) and function.__name__ == "pop":
                return functools.partial(self._pop, owner)
            kind = owner if isinstance(owner, type) else type(owner)
            if (kind, function.__name__) not in _METHODS:
                return function
        elif id(function) not in _IDS:
            return function

        def call(*arguments: object, **named: object) -> object:
            return function(
                *map(self._handed, arguments),
                **{name: self._handed(value) for name, value in named.items()},
            )

        return call

    def _handed(self, value: Any) -> Any:
        """What is handed to a function that goes through it, or calls it for each."""
        stand_ins = {id(hash): self._hash, id(id): self._id}
        return stand_ins.get(id(value)) or self._arranged(value)

    def _pop(self, owner: set[Any]) -> object:
        if not _differs(owner):
            return owner.pop()
        self._note()
        first = self._order(owner)[0]
        owner.discard(first)
        return first

    def _hash(self, value: object) -> int:
        if hashes_alike(value):
            return hash(value)
        self._note(_HASH)
        return zlib.crc32(repr(value).encode(errors="surrogatepass")) + self._number

    def _id(self, value: object) -> int:
        """Another address: objects lie in the order in which they are met, or the other way round,
        and so far apart that remainders differ, too."""
        self._note(_ID)
        known = self._met_by_id.setdefault(id(value), (value, len(self._met_by_id) + 1))
        place = known[1] if self._number % 2 == 0 else _MOST_OBJECTS - known[1]
        return 16 * (place * (self._number + 1))


def _differs(items: Collection[object]) -> bool:
    """Whether a set is iterated in another order in another process."""
    return len(items) > 1 and not all(map(hashes_alike, items))


def hashes_alike(value: object) -> bool:
    """Whether its hash is the same in every process."""
    if isinstance(value, tuple):
        return all(map(hashes_alike, value))
    return type(value) in (bool, int, float, complex)


# --- source ---------------------------------------------------------------------------------------


# Of these nodes, what is gone through, called or shown whatever else they are like.
_WRAPPED: Final[dict[type[ast.AST], tuple[str, str]]] = {
    ast.For: ("iter", _EACH),
    ast.YieldFrom: ("value", _EACH),
    ast.FormattedValue: ("value", _SHOWN),
    ast.Call: ("func", _CALLED),
}


class _Writer(ast.NodeTransformer):
    """Puts a call around whatever is gone through."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        part, name = _WRAPPED.get(type(node)) or _wrapped_if(node)
        if part:
            setattr(node, part, _around(name, getattr(node, part)))
        return node


def _wrapped_if(node: ast.AST) -> tuple[str, str]:
    """The same of nodes that go through something only in some forms; empty texts: not so."""
    match node:
        case ast.comprehension(is_async=0):
            return ("iter", _EACH)
        case ast.Starred(ctx=ast.Load()) | ast.AugAssign(op=ast.Add()):
            return ("value", _EACH)
        case ast.Assign(targets=targets):
            unpacks = all(isinstance(target, ast.Tuple | ast.List) for target in targets)
            return ("value", _EACH) if unpacks else ("", "")
    return ("", "")


def _around(name: str, value: ast.expr) -> ast.expr:
    call = ast.Call(ast.Name(name, ast.Load()), [value], [])
    return ast.fix_missing_locations(ast.copy_location(call, value))


def _compiled(code: types.CodeType) -> types.CodeType | None:
    """The code as it is when its source is rewritten; None where that source is not what runs."""
    lines = linecache.getlines(code.co_filename)
    if not lines:
        return None
    return _rewritten_source("".join(lines), code.co_filename).get(code)


@functools.lru_cache(maxsize=16)
def _rewritten_source(source: str, path: str) -> Mapping[types.CodeType, types.CodeType]:
    """By each code of a file, what it becomes."""
    try:
        tree = ast.parse(source, path)
        plain = compile(tree, path, "exec", dont_inherit=True)
        written = compile(_Writer().visit(ast.parse(source, path)), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return {old: new for new, old in _pairs(written, plain)}


def _pairs(
    new: types.CodeType, old: types.CodeType
) -> Iterator[tuple[types.CodeType, types.CodeType]]:
    """Two codes and those within them, side by side: rewriting adds and leaves out none."""
    yield new, old
    inner = [[c for c in each.co_consts if isinstance(c, types.CodeType)] for each in (new, old)]
    for one, other in zip(*inner, strict=True):
        yield from _pairs(one, other)
