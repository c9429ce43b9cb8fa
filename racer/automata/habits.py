"""What a thread's code may look at besides values: frames, identity, and where dicts have holes.

Each makes more of a suspended run count for which node it is. It is read off all code that is
known to run, by the names that it uses and the functions that it reaches by other names.

Bound    Names that are computed (`getattr(builtins, "lo" + "cals")`) are not seen, nor is code
         before it is known; under all of it there is the net of racer/exploration/covering.py.
"""

from __future__ import annotations

import builtins
import dis
import sys
import types
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from racer.automata.doubles import asks_identity

# Functions that show, or run code that sees, the locals of whoever calls them.
_SHOW_LOCALS: Final = ("locals", "vars", "dir", "eval", "exec", "breakpoint")
# Names by which code comes to frames, and to who else holds an object.
_FRAMES: Final = frozenset(
    {
        *("_getframe", "_current_frames", "currentframe", "f_locals", "f_back", "inspect"),
        *("tb_frame", "cr_frame", "gi_frame", "ag_frame", "settrace", "setprofile"),
        *("getrefcount", "get_referrers", "get_referents", "get_objects"),
    }
)
_SHOWING: Final = (*(getattr(builtins, name) for name in _SHOW_LOCALS), sys._getframe)
# By these a dict loses a key, so that its iterators may count places that are empty.
_TAKING_OUT: Final = frozenset({"pop", "popitem", "clear", "move_to_end", "__delitem__"})
_DELETING: Final = dis.opmap["DELETE_SUBSCR"]


class Habits(NamedTuple):
    """What the code of a thread may do.

    looks_at_frames   it may read any local of any frame of the thread
    asks_identity     it may compare by `is` or id() what is otherwise told apart by value
    takes_out         it may take something out of a dict
    """

    looks_at_frames: bool = True
    asks_identity: bool = True
    takes_out: bool = True


def habits_of(codes: Collection[types.CodeType], constants: Iterable[object]) -> Habits:
    """What a thread may do that runs these codes, and reaches these objects."""
    names = {name for code in codes for name in code.co_names}
    found = list(constants)
    looks = not names.isdisjoint((*_SHOW_LOCALS, *_FRAMES)) or any(map(_shows_frames, found))
    takes = not names.isdisjoint(_TAKING_OUT) or any(_DELETING in _opcodes(code) for code in codes)
    return Habits(looks, any(map(asks_identity, found)), takes)


def _shows_frames(item: object) -> bool:
    if isinstance(item, types.FunctionType):
        return item.__module__ == "inspect"
    return any(item is each for each in _SHOWING)


def _opcodes(code: types.CodeType) -> bytes:
    return code.co_code[::2]
