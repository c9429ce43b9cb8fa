"""What the translation of C has to tell: what each piece was taken to mean, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """A piece of C and what it means.

    origin  the file whose entry says so, or of a function of the input its place
    why     what the entry says besides; of what does nothing, the reason
    """

    path: str
    line: int
    column: int
    c: str
    python: str
    origin: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What cannot be translated: where, why, and the entry that would do it (empty: none would)."""

    path: str
    line: int
    text: str
    entry: str = ""

    def __str__(self) -> str:
        write = f"\n    write: {self.entry}" if self.entry else ""
        return f"{self.path}:{self.line}: {self.text}{write}"


@dataclass(slots=True)
class Notes:
    """What was noted while functions were translated."""

    rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, refusal: Refusal) -> None:
        if refusal not in self.refusals:
            self.refusals.append(refusal)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
