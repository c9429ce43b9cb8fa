"""What a suspended frame holds: its locals by name, and its value stack.

`gc.get_referents(coroutine)` lists what it holds: a header (names, frame, function, code), then the
bound locals in the order of the code, then the value stack with the iterators of `for` loops, then
an exception that is being handled. CPython promises none of this, so `layout_is_known` checks it
on a coroutine whose content is known before anything relies on it, and `held_by` compares the
locals with those that the frame names.

Source   CPython Objects/genobject.c gen_traverse, Python/frame.c _PyFrame_Traverse (3.11-3.14).
"""

from __future__ import annotations

import functools
import gc
import types
from typing import Any, Final, NamedTuple

from racer.automata.liveness import locals_of

# What awaits the next value of an async generator. While it is suspended, that has begun to run.
_NEXT: Final = "async_generator_asend"


class Held(NamedTuple):
    """What a frame holds.

    names     of the objects, one each; None: they are not known, and all are in `objects`
    bound     the names of all locals that have a value
    objects   what the locals hold
    stack     what is on the value stack, which is as deep at the same place of the code, and the
              exception that is being handled
    """

    names: tuple[str, ...] | None
    bound: tuple[str, ...]
    objects: tuple[object, ...]
    stack: tuple[object, ...]


class NotSeen(Exception):
    """What is suspended cannot be looked into."""


def awaited_by(awaited: Any) -> Any:
    """What something suspended waits for; None: for whoever resumes it. Errors: NotSeen."""
    if isinstance(awaited, types.CoroutineType):
        return awaited.cr_await
    if isinstance(awaited, types.GeneratorType):
        return awaited.gi_yieldfrom
    if isinstance(awaited, types.AsyncGeneratorType):
        return awaited.ag_await
    if type(awaited).__name__ == _NEXT:
        held = gc.get_referents(awaited)
        if len(held) == 1 and isinstance(held[0], types.AsyncGeneratorType):
            return held[0]
    raise NotSeen  # an awaitable of its own kind


def has_frame(awaited: Any) -> bool:
    """Whether there is a frame to it, or it only passes on what it waits for."""
    return type(awaited).__name__ != _NEXT


def frame_of(suspended: Any) -> Any:
    """The frame of a coroutine or of a generator of any kind; None: it has ended."""
    for name in ("cr_frame", "gi_frame", "ag_frame"):
        if hasattr(suspended, name):
            return getattr(suspended, name)
    raise NotSeen


class Place(NamedTuple):
    """A local in a frame: its name, and whether functions capture it."""

    name: str
    captured: bool


def places(code: types.CodeType) -> tuple[Place, ...]:
    """The locals of a code, in the order in which a frame has them."""
    captured = (*code.co_cellvars, *code.co_freevars)
    return tuple([Place(name, name in captured) for name in locals_of(code)])


def held_by(suspended: Any, frame: Any, of_code: tuple[Place, ...], *, keep: bool) -> Held:
    """What a suspended frame holds; `of_code` are the places of its code.

    `keep` says that the thread may have what `f_locals` gives. If not, it is emptied: up to CPython
    3.12 a frame keeps it, and no local that was in it would die before the next is asked for.

    Errors   NotSeen.
    """
    found = _referents(suspended, frame)
    shown = frame.f_locals
    held = _by_name(of_code, shown, found)
    if not keep and isinstance(shown, dict):
        shown.clear()
    return held


def _by_name(of_code: tuple[Place, ...], content: Any, found: list[object]) -> Held:
    names: list[str] = []
    for name, captured in of_code:
        if not captured and name not in content:
            continue  # not bound
        item = found[len(names)] if len(names) < len(found) else None
        if not (_holds(item, name, content) if captured else item is content[name]):
            return Held(None, tuple(content), tuple(found), ())
        names.append(name)
    # What is being handled is not there before the first time, and None where that is over.
    end = len(found) - (1 if found[len(names) :] and found[-1] is None else 0)
    bound = tuple(names)
    return Held(bound, bound, tuple(found[: len(names)]), tuple(found[len(names) : end]))


def _holds(item: object, name: str, content: Any) -> bool:
    """Whether it is the cell of a captured variable that the frame shows so."""
    if not isinstance(item, types.CellType):
        return False
    try:
        found = item.cell_contents
    except ValueError:  # not bound
        return name not in content
    return name in content and found is content[name]


def _referents(suspended: Any, frame: Any) -> list[object]:
    """What follows the header, in which stand names, frame and code, then function and code."""
    items = gc.get_referents(suspended)
    code = frame.f_code
    for position, item in enumerate(items):
        if item is frame or item is code or isinstance(item, str):
            continue
        if isinstance(item, types.FunctionType) and item.__code__ is code:
            if position + 1 < len(items) and items[position + 1] is code:
                return items[position + 2 :]
            break
        if not (isinstance(item, dict) and item is frame.f_locals):
            break
    raise NotSeen


# --- whether CPython lays frames out as it is written above ----------------------------------


@types.coroutine
def _suspend(value: object) -> Any:
    return (yield value)


def _remaining(iterator: Any) -> list[object]:
    """What an iterator over a sequence has still to give, read without moving it."""
    _, (sequence,), *position = iterator.__reduce__()
    return list(sequence)[(position[0] if position else None) or 0 :]


async def _probe(first: object, second: object) -> Any:
    def captures() -> object:
        return second

    try:
        raise LookupError(captures)
    except LookupError:
        for index in range(3, 9):
            del first
            return (second, index, await _suspend("inner"))
    return None


def _shown(suspended: Any, frame: Any) -> Held:
    return held_by(suspended, frame, places(frame.f_code), keep=False)


@functools.cache
def layout_is_known() -> bool:
    """Whether gc shows a suspended frame as this file expects: checked on a known coroutine."""
    second = ("second",)
    probe: Any = _probe(("first",), second)
    try:
        probe.send(None)
        inner = probe.cr_await
        names, _, objects, stack = _shown(probe, probe.cr_frame)
        numbers = [item for item in stack if type(item) is type(iter(range(0)))]
        *rest, raised = [item for item in stack if type(item) is not type(iter(range(0)))]
        return (
            names is not None
            and sorted(names) == ["captures", "index", "second"]
            and objects[names.index("index")] == 3
            and rest == [None, second, 3, inner]
            and isinstance(raised, LookupError)
            and [_remaining(each) for each in numbers] == [[4, 5, 6, 7, 8]]
            and _shown(inner, inner.gi_frame)[1:] == (("value",), ("inner",), ())
        )
    except (AttributeError, TypeError, ValueError, NotSeen):
        return False
    finally:
        probe.close()
