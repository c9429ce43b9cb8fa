"""The library as ctypes has it; and if it is not used, why.

It is loaded when it is first asked for. A call lets other threads of Python go on meanwhile.
"""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Final, Literal

from racer.native.building import LIBRARY, PURE, SEAL, is_pure, seal_of

_Ints = ctypes.POINTER(ctypes.c_int32)
_Longs = ctypes.POINTER(ctypes.c_int64)
_Words = ctypes.POINTER(ctypes.c_uint64)
_Places = ctypes.c_void_p  # of arrays that lie where others keep them

_REPAIR: Final = "python -m racer.native.building makes it"

# By function: what it gives, and what it takes.
_SIGNATURES: Final[dict[str, tuple[object, tuple[object, ...]]]] = {
    "new": (ctypes.c_void_p, (_Longs,)),
    "free": (None, (ctypes.c_void_p,)),
    "node": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, _Ints,
                              ctypes.c_int32, _Ints, ctypes.c_int32)),
    "special": (ctypes.c_int32, (ctypes.c_void_p, *(ctypes.c_int32,) * 5, _Ints)),
    "row": (ctypes.c_int32, (ctypes.c_void_p, *(ctypes.c_int32,) * 4, _Ints)),
    "target": (None, (ctypes.c_void_p, *(ctypes.c_int32,) * 4)),
    "predicate": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, _Ints, _Ints)),
    "truth": (None, (ctypes.c_void_p, ctypes.c_int32, _Words, ctypes.c_int32)),
    "reduce": (ctypes.c_int32, (ctypes.c_void_p, _Longs)),
    "conflict": (None, (ctypes.c_void_p, *(ctypes.c_int32,) * 3)),
    "preempt": (ctypes.c_int32, (ctypes.c_void_p, _Longs)),
    "preempt_run": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64)),
    "end": (None, (ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)),
    "settled": (ctypes.c_uint64, (ctypes.c_void_p,)),
    "met": (ctypes.c_uint64, (ctypes.c_void_p, ctypes.c_int32)),
    "mark": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_int32)),
    "marked": (ctypes.c_uint64, (ctypes.c_void_p, _Words)),
    "start": (ctypes.c_int32, (ctypes.c_void_p, _Words)),
    "run": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)),
    "given": (ctypes.c_int32, (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, _Ints, _Words,
                               ctypes.c_uint64)),
    "finish": (None, (ctypes.c_void_p,)),
    "forget_slots": (None, (ctypes.c_void_p,)),
    "array": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_int32)),
    "sizes": (None, (ctypes.c_void_p, _Words)),
    "labels": (ctypes.c_int32, (ctypes.c_void_p, _Words)),
    "edges": (ctypes.c_uint64, (ctypes.c_void_p, _Places, _Places, ctypes.c_uint64)),
    "orbits": (None, (ctypes.c_void_p, _Words)),
    "order": (ctypes.c_uint64, (ctypes.c_uint64, *(_Places,) * 5)),
    "limbs": (ctypes.c_uint64, (ctypes.c_uint64, *(_Places,) * 6)),
    "paths": (None, (ctypes.c_uint64, *(_Places,) * 4, ctypes.c_uint64, _Places)),
    "ends": (ctypes.c_uint64, (ctypes.c_uint64, *(_Places,) * 3)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loaded:
    """The library, or why there is none, as a phrase."""

    library: ctypes.CDLL | None
    why: str | None = None


@functools.cache
def loaded() -> Loaded:
    """The library of this process."""
    if is_pure():
        return Loaded(None, f"{PURE} is set")
    try:
        seal = SEAL.read_text()
        is_ours, is_whole = zip(seal.split(), seal_of(LIBRARY).split(), strict=True)
    except (OSError, ValueError):
        return Loaded(None, f"it was not compiled; {_REPAIR}")
    if is_ours[0] != is_ours[1]:
        return Loaded(None, f"it was compiled from other sources; {_REPAIR}")
    if is_whole[0] != is_whole[1]:
        return Loaded(None, f"it is not as it was compiled; {_REPAIR}")
    try:
        found = ctypes.CDLL(str(LIBRARY))
        for name, (gives, takes) in _SIGNATURES.items():
            function = getattr(found, f"racer_{name}")
            function.restype, function.argtypes = gives, takes
    except (OSError, AttributeError) as error:
        text = str(error).replace("\n", " ")
        return Loaded(None, f"it cannot be loaded: {text}; {_REPAIR}")
    return Loaded(found)


Engine = Literal["compiled", "python"]


def engine_text() -> str:
    """What searches are done by in this process, where a program allows it; and if that is not the
    compiled one, why."""
    why = loaded().why
    return "compiled" if why is None else f"python (no compiled search: {why})"
