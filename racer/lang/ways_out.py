"""Whether a thread is written to run for ever: its code has no way out."""

from __future__ import annotations

import dis
import functools
import inspect
from types import CodeType
from typing import Final

_RETURNS: Final = frozenset({"RETURN_VALUE", "RETURN_CONST"})
_GOES_NOWHERE: Final = _RETURNS | {"RAISE_VARARGS", "RERAISE"}
_JUMPS_ALWAYS: Final = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})


def has_no_way_out(function: object) -> bool:
    """Whether no `return`, nor the end of the function, can be come to: `while True` without a
    `break`.

    Of an `async def`, also as a method or in a partial. Only its own code is looked at, so one
    that awaits another function that never ends is not. An exception may leave it all the same.
    """
    while isinstance(function, functools.partial):
        function = function.func
    if not inspect.iscoroutinefunction(function):
        return False
    code = getattr(function, "__code__", None)  # of a method, too
    return isinstance(code, CodeType) and not _returns(code)


@functools.lru_cache(maxsize=1024)
def _returns(code: CodeType) -> bool:
    """Whether an instruction that returns can be come to, if need be by way of an exception."""
    listing = dis.Bytecode(code)
    instructions = list(listing)
    position = {each.offset: at for at, each in enumerate(instructions)}
    handlers = getattr(listing, "exception_entries", ())
    waiting, seen = [0], {0}
    while waiting:
        at = waiting.pop()
        here = instructions[at]
        if here.opname in _RETURNS:
            return True
        goals = [position[e.target] for e in handlers if e.start <= here.offset < e.end]
        if here.opcode in dis.hasjrel or here.opcode in dis.hasjabs:
            goals.append(position[here.argval])
        if here.opname not in _GOES_NOWHERE and here.opname not in _JUMPS_ALWAYS:
            goals.append(at + 1)
        fresh = [goal for goal in goals if goal not in seen]
        seen.update(fresh)
        waiting += fresh
    return False
