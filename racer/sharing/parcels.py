"""What goes from one process to another: as bytes, with texts in place of what is a model's.

A model's class may have another name in another process, or be another one by then, and a function
of a model's is found by no name at all. So of a value of the model's its text goes, as reports have
it (`describe`), in a Parcel's stand-in. Whatever was one object is one object on the other side:
what changed in a step is told by that.
"""

from __future__ import annotations

import io
import pickle
import types
from dataclasses import dataclass
from typing import Any, Final

from racer.lang.outcomes import Violation
from racer.lang.values import describe
from racer.lang.whose import is_a_users

_FUNCTIONS: Final = (types.FunctionType, types.MethodType)
_SMALL: Final = range(-5, 257)  # of which Python has one object each, always


@dataclass(frozen=True, slots=True, repr=False)
class StandIn:
    """A value of the model's, as text; the number tells it from another one of that text."""

    text: str
    number: int

    def __repr__(self) -> str:
        return self.text


def packed(value: object) -> bytes:
    """As bytes. Errors: as pickle has them, for what is neither plain data nor a model's."""
    file = io.BytesIO()
    packer = _Packer(file)
    packer.dump(value)
    return pickle.dumps((packer.kept, file.getvalue()), pickle.HIGHEST_PROTOCOL)


def unpacked(found: bytes) -> Any:
    """What was packed, by a process of the same racer."""
    kept, inner = pickle.loads(found)
    return _Unpacker(io.BytesIO(inner), kept).load()


class _Packer(pickle.Pickler):
    """`kept` has what goes beside: texts of the model's values, and numbers that are one object."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.kept: list[object] = []
        self._numbers: dict[int, str] = {}
        self._held: list[object] = []  # else another object could have the same id

    def persistent_id(self, found: object) -> str | None:
        kind = type(found)
        if kind is int:
            if found in _SMALL:
                return None
        elif kind is not float and not _is_models(found):
            return None
        number = self._numbers.get(id(found))
        if number is None:
            number = self._numbers[id(found)] = str(len(self.kept))
            self._held.append(found)
            self.kept.append(_instead(found, len(self.kept)))
        return number


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, kept: list[object]) -> None:
        super().__init__(file)
        self._kept = kept

    def persistent_load(self, number: str) -> object:
        return self._kept[int(number)]


def _is_models(found: object) -> bool:
    """Whether it is of a class of a module of the user's; a function, also if no name finds it."""
    if isinstance(found, _FUNCTIONS):
        named = "<" not in getattr(found, "__qualname__", "<")
        return not named or is_a_users(str(getattr(found, "__module__", "")))
    if isinstance(found, type | types.BuiltinFunctionType):
        return False
    return is_a_users(type(found).__module__)


def _instead(found: object, number: int) -> object:
    if type(found) in (int, float):
        return found
    if isinstance(found, Violation):  # of a class of the model's
        return Violation(found.label, found.effect)
    return StandIn(describe(found), number)
