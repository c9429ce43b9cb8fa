"""Namespaces of modules as a whole, for code that can change them by names that are computed.

What code names is looked at name by name (`reaching.py`). Where it names `setattr`, `globals` or
the like, nobody knows what it changes: then all names of the modules of the user's, of builtins
and of those that the code comes to are compared with what they held before anything ran.

Bound    What a host changes in its modules while a model is looked at is taken for the model's, but
         for what it does whenever garbage is collected.
"""

from __future__ import annotations

import builtins
import dis
import gc
import sys
import types
from collections.abc import Collection, Iterable
from typing import Any, Final

from racer.automata.held import same
from racer.automata.reaching import UNBOUND
from racer.lang.whose import is_a_users, is_racers_own

_CHANGING: Final = (
    *("setattr", "delattr", "globals", "vars", "eval", "exec", "__setattr__", "__delattr__"),
    *("__dict__", "__globals__", "__builtins__", "f_globals", "f_builtins"),
)
_CHANGERS: Final = tuple(vars(builtins)[name] for name in _CHANGING[:6])
_FINDING: Final = frozenset({"modules", "import_module", "__import__"})  # modules by their names
_PYTHONS: Final = frozenset({"__warningregistry__", "__builtins__"})


def may_change_any(codes: Iterable[types.CodeType], constants: Iterable[object]) -> bool:
    """Whether codes, or what they reach, can change names that they do not have as such."""
    if any(not _NAMES.isdisjoint(code.co_names) for code in codes):
        return True
    return any(item is each for item in constants for each in _CHANGERS)


_NAMES: Final = _FINDING.union(_CHANGING)


class Namespaces:
    """What all modules but racer's own held at one time, by the id of the dict that it is in."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[dict[str, Any], dict[str, Any], str]] = {}
        self.renew()

    def renew(self) -> None:
        """Compare with what they hold now from here on: a host has changed what is its own."""
        known = [(name, space) for space, _, name in self._before.values()]
        self._before.clear()
        for name, module in sys.modules.copy().items():
            if isinstance(module, types.ModuleType) and not is_racers_own(name):
                self.add(name, vars(module))
        for name, space in known:
            self.add(name, space)

    def add(self, name: str, space: dict[str, Any]) -> None:
        """One more that is called so, as it is now, unless it is known."""
        if id(space) not in self._before:
            self._before[id(space)] = space, dict(space), name

    def of(
        self, codes: Iterable[types.CodeType], come_to: Iterable[tuple[str, dict[str, Any]]]
    ) -> list[int]:
        """Which may be changed by codes that come to these: for changed() and restore()."""
        for name, space in come_to:
            self.add(name, space)
        reached = {id(space) for _, space in come_to}
        anywhere = any(not _FINDING.isdisjoint(code.co_names) for code in codes)
        return [
            key
            for key, (_, _, name) in self._before.items()
            if anywhere or key in reached or name == "builtins" or is_a_users(name)
        ]

    def changed(self, which: Collection[int]) -> str | None:
        """The module and the name of one that holds something else now; None: none does.

        Not a module that was imported since.
        """
        for key in which:
            now, before, module = self._before[key]
            if len(now) == len(before) and same(now.values(), before.values()):
                continue
            for name in {**before, **now}:
                value = now.get(name, UNBOUND)
                imported = isinstance(value, types.ModuleType) and name not in before
                if imported or name in _PYTHONS:
                    continue
                if value is not before.get(name, UNBOUND) and not _collecting_stores(now, name):
                    return f"{module}.{name}"
        return None

    def restore(self, which: Collection[int]) -> None:
        """Put back what was there, and leave alone what is as it was."""
        for key in which:
            now, before, _ = self._before[key]
            for name in [each for each in now if each not in before and each not in _PYTHONS]:
                if not isinstance(now[name], types.ModuleType):
                    del now[name]
            for name, value in before.items():
                if now.get(name, UNBOUND) is not value:
                    now[name] = value


def _collecting_stores(space: dict[str, Any], name: str) -> bool:
    """Whether that name of a module is stored by what runs when garbage is collected, at any time:
    it notes how long that takes, say."""
    for each in gc.callbacks:
        if isinstance(each, types.FunctionType) and each.__globals__ is space:
            instructions = dis.get_instructions(each.__code__)
            if any(i.opname == "STORE_GLOBAL" and i.argval == name for i in instructions):
                return True
    return False
