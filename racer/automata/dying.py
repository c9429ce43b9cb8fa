"""Which objects die without anybody noticing, so that it does not matter who held them last.

A local that is not looked at any more keeps its object until it is stored again. That is no part
of a node only if nothing happens then: no `__del__`, no callback of a weak reference, no `finally`
of a generator that is left where it waits.
"""

from __future__ import annotations

import enum
import gc
import types
import weakref
from collections.abc import Mapping
from typing import Any

from racer.automata.objects import (
    ATOMS,
    CONTAINERS,
    HANDLES,
    MANY,
    attributes_of,
    base_in_c,
    dict_of,
    is_value,
    slots_if_plain,
)
from racer.lang.watches import Window


def dies_unnoticed(item: object, shared: Mapping[int, object]) -> bool:
    """Whether nothing can be seen of it if an object, and all that it alone holds, dies.

    `shared` are objects that others hold, by id: they do not die with it.
    """
    return _unnoticed(item, shared, set())


def _unnoticed(item: Any, shared: Mapping[int, object], met: set[int]) -> bool:
    kind = type(item)
    if kind in ATOMS or isinstance(item, (*HANDLES, type, enum.Enum)) or kind is Window:
        return True
    if id(item) in shared or id(item) in met:
        return True
    met.add(id(item))
    if len(met) > MANY or weakref.getweakrefcount(item):
        return False
    parts = _parts(item, kind)
    return parts is not None and all(_unnoticed(part, shared, met) for part in parts)


def _parts(item: Any, kind: type) -> list[Any] | None:
    """What an object holds; None: it may do something when it dies."""
    if kind is types.FunctionType:
        return [item.__closure__, item.__defaults__, item.__kwdefaults__, item.__dict__]
    if kind is types.BuiltinFunctionType:
        return [item.__self__]
    if kind in CONTAINERS:
        return gc.get_referents(item)
    if is_value(kind):
        return []
    base = base_in_c(kind)
    slots = slots_if_plain(kind, base) if base in (object, tuple) else None
    if slots is None:
        return None
    content = tuple.__iter__(item) if base is tuple else ()
    return [*content, dict_of(item), *(held for _, held in attributes_of(item, slots))]
