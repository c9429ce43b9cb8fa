"""What all keys of one program have in common, and what they keep alive."""

from __future__ import annotations

import types
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from racer.automata.frames import Place, places
from racer.automata.liveness import live_locals
from racer.lang.whose import is_racers_own, module_of


class Code(NamedTuple):
    """A code that runs. To look it up by its id costs less than to hash it."""

    code: types.CodeType
    live: Mapping[int, frozenset[str]]
    places: tuple[Place, ...]
    is_racers: bool


@dataclass(slots=True)
class Known:
    """What is known of objects, by id, for all keys of a program.

    kept      whatever a key names by `id`, lest another object gets it
    trusted   objects that do not change; others may hold them
    left      objects that others may hold and change
    keys      of frozen dataclasses: a Page or a word of flags is met in every run
    aliases   what stands for what: copies, with the originals
    codes     those that run, with what may be loaded from where on
    """

    kept: dict[int, object] = field(default_factory=dict)
    trusted: dict[int, object] = field(default_factory=dict)
    left: dict[int, object] = field(default_factory=dict)
    keys: dict[int, Hashable] = field(default_factory=dict)
    aliases: dict[int, object] = field(default_factory=dict)
    codes: dict[int, Code] = field(default_factory=dict)

    def code_of(self, frame: Any) -> Code:
        """What is known of the code that a frame runs."""
        code = frame.f_code
        found = self.codes.get(id(code))
        if found is None:
            own = is_racers_own(module_of(frame))
            found = self.codes[id(code)] = Code(code, live_locals(code), places(code), own)
        return found
