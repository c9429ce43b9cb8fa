"""The locals of a function of C, and what each is called in Python."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field

from racer.c_source.kinds import ADDRESS, BOOL, SYMBOL, Kind


@dataclass(frozen=True, slots=True)
class Local:
    """A local, or parameter: its name in Python, and what C declares of it.

    struct   the name of the struct that it points to; empty for none
    pointer  it is an address
    scalar   it has one value, and no parts
    of_type  the type that C declares, without what makes a pointer of it
    kind     what its value is to the model
    """

    python: str
    struct: str = ""
    pointer: bool = False
    scalar: bool = True
    of_type: str = ""
    kind: Kind = SYMBOL

    @property
    def boolean(self) -> bool:
        """Whether what is assigned to it becomes True or False."""
        return self.kind == BOOL


@dataclass(slots=True)
class Scope:
    """The locals by their names in C, in blocks within blocks; Python has one of all.

    symbols  the Python names of those that are declared as integers, and are assigned what is none
             to the model; `*` and the name, of those that are addresses of such
    in_c     by their Python names what C calls them
    """

    reserved: frozenset[str]
    blocks: list[dict[str, Local]] = field(default_factory=lambda: [{}])
    used: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    in_c: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> Local | None:
        return next((block[name] for block in reversed(self.blocks) if name in block), None)

    def declare(
        self,
        name: str,
        struct: str,
        *,
        pointer: bool,
        scalar: bool,
        of_type: str = "",
        kind: Kind = SYMBOL,
    ) -> Local:
        python = self.fresh(name)
        kind = ADDRESS if pointer else SYMBOL if python in self.symbols else kind
        local = Local(python, struct, pointer, scalar, of_type, kind)
        self.blocks[-1][name] = local
        self.in_c[python] = name
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
