"""When two suspended runs of a thread are the same node: position, locals and value stack.

Two runs that stand at the same code position with equal locals and an equal value stack continue
alike whatever results they are given: a coroutine has no other state, and threads share cells and
nothing else. So they are one node of the automaton, and a retry loop becomes a cycle. Locals that
are not looked at any more do not count (`liveness.py`). Where equality cannot be *shown*,
`coroutine_key` gives None and the caller falls back to the history of results, which is always
sound and only larger; `unlike` then says which local it was.

What the key consists of is `encoding.py`'s.
"""

from __future__ import annotations

from collections.abc import Coroutine, Hashable, Mapping
from typing import Any

from racer.automata.encoding import Encoder
from racer.automata.frames import NotSeen, layout_is_known
from racer.automata.habits import Habits
from racer.automata.known import Known
from racer.automata.unlike import Unknown, Unlike


class Identifier:
    """Gives suspended runs their keys, and keeps alive whatever a key names by `id`.

    Objects that cells have held are immutable by contract, whatever their type: `trust` takes
    them, so that a thread that holds one in a local is still identified by its locals.

    unlike   what could not be compared in the run that was asked for last; None: it all could
    """

    def __init__(self) -> None:
        self.unlike: Unlike | None = None
        self._known = Known()

    def trust(self, value: object) -> None:
        """Take `value`, which a cell holds, for immutable."""
        self._known.trusted[id(value)] = value

    def leave(self, item: object) -> None:
        """Compare no run that holds `item`, unless it is a value: others may hold and change it."""
        self._known.left[id(item)] = item

    def take_for(self, same: Mapping[int, object]) -> None:
        """Take code, or a namespace, for what stands under its id: it is a copy of that."""
        self._known.aliases.update(same)

    def is_trusted(self, value: object) -> bool:
        """Whether that very object was given to trust()."""
        return id(value) in self._known.trusted

    def coroutine_key(
        self, coroutine: Coroutine[Any, Any, object], habits: Habits
    ) -> Hashable | None:
        """Equal for two suspended coroutines of one thread only if they continue alike.

        None where that is not shown. `habits` are those of the thread's code.
        """
        self.unlike = None
        if not layout_is_known():
            return None
        try:
            return Encoder(self._known, habits).run(coroutine)
        except Unknown as error:
            self.unlike = error.unlike
        except (NotSeen, RecursionError):
            pass
        return None

    def function_key(self, function: object) -> Hashable | None:
        """A key for a function given to update() or wait_until(), which may be a new lambda.

        Equal keys mean equal code over equal captured values. None where that is not shown.
        """
        try:
            return Encoder(self._known, Habits(asks_identity=False)).value(function)
        except (Unknown, NotSeen, RecursionError):
            return None
