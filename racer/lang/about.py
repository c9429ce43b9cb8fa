"""What a program is of, in words: for whoever reads a mail about it and does not have the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from racer.errors import ProgramError


@dataclass(frozen=True, slots=True)
class About:
    """Words for a mail about a Program: who is who, what a label comes to, which code it models.

        About(
            names={"q": "the ring buffer", "head": "where the consumer reads next"},
            labels={"lost": "an element that was pushed is never popped"},
            models="ring.c of libring 2.1",
        )

    names    by the name of an object that cells are of ("p", where cells are p.flags and p.refs),
             or of a cell: what it is. A mail tells of those that its steps touch.
    labels   by label: what is wrong then, as half a sentence in the terms of the code
    effects  by a Violation's effect: what follows from it, as half a sentence
    models   the code that is modelled: a tree, a version, a series of patches

    Errors   ProgramError for what is no text.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    effects: Mapping[str, str] = field(default_factory=dict)
    models: str = ""

    def __post_init__(self) -> None:
        for each in fields(self):
            given = getattr(self, each.name)
            texts = [given] if each.name == "models" else [*given, *given.values()]
            if not all(isinstance(text, str) for text in texts):
                raise ProgramError(f"About(...): `{each.name}` holds something that is no text.")

    def comes_to(self, label: str, effect: str) -> str:
        """What a label with an effect comes to: "it panics: p is called a slab, and was none"."""
        known = (self.effects.get(effect, ""), self.labels.get(label, ""))
        return ": ".join(text for text in known if text)

    def names_in(self, cells: list[str]) -> tuple[tuple[str, str], ...]:
        """Of what the cells are, or are of, in the order of declaration."""
        met = {part for cell in cells for part in (cell, cell.partition(".")[0])}
        return tuple((name, text) for name, text in self.names.items() if name in met)
