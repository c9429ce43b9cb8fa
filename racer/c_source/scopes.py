"""The locals of a function of C, and what each is called in Python."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Local:
    """A local, or parameter: its name in Python, and what C declares of it.

    struct   the name of the struct that it points to; empty for none
    pointer  it is an address
    scalar   it has one value, and no parts
    boolean  it is a bool: what is assigned to it becomes True or False
    """

    python: str
    struct: str = ""
    pointer: bool = False
    scalar: bool = True
    boolean: bool = False


@dataclass(slots=True)
class Scope:
    """The locals by their names in C, in blocks within blocks; Python has one of all."""

    reserved: frozenset[str]
    blocks: list[dict[str, Local]] = field(default_factory=lambda: [{}])
    used: set[str] = field(default_factory=set)

    def find(self, name: str) -> Local | None:
        return next((block[name] for block in reversed(self.blocks) if name in block), None)

    def declare(
        self, name: str, struct: str, *, pointer: bool, scalar: bool, of_type: str = ""
    ) -> Local:
        boolean = of_type in ("bool", "_Bool") and not pointer
        local = Local(self.fresh(name), struct, pointer, scalar, boolean)
        self.blocks[-1][name] = local
        return local

    def fresh(self, name: str) -> str:
        """A name like that which nothing has in this function."""
        taken = keyword.iskeyword(name) or name in self.reserved
        found = f"{name}_" if taken else name
        number = 2
        while found in self.used:
            found = f"{name}_{number}"
            number += 1
        self.used.add(found)
        return found
