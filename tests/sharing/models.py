"""A directory of models that is hard to explore elsewhere, and what is left of it."""

from __future__ import annotations

from pathlib import Path

# Values of classes of its own, prints, an error, and a name that another file has, too.
FIRST = """
import enum
from dataclasses import dataclass
from racer import Memory, Program, Thread, Violation, scenario

class Kind(enum.Enum):
    SLAB = 1
    BUDDY = 2

@dataclass(frozen=True)
class Page:
    kind: Kind
    number: int = 10**9

class Torn(Violation):
    pass

@scenario
def pages() -> Program:
    print("pages are made")
    mem = Memory()
    page = mem.cell("page", Page(Kind.SLAB))
    async def change():
        await page.update(lambda before: Page(Kind.BUDDY, before.number))
        return Page(Kind.BUDDY)
    async def look():
        if await page.load() != await page.load():
            raise Torn("torn", effect="panic")
        return 10**9
    return Program(mem, {"C": Thread(change), "L": Thread(look)})

@scenario
def same() -> Program:
    mem = Memory()
    x = mem.cell("x", 0)
    async def thread():
        seen = await x.load()
        await x.store(seen + 1)
        if await x.load() == 1:
            raise Violation("lost")
    return Program(mem, {"T": Thread(thread, copies=2)})

@scenario
def wrong() -> Program:
    raise KeyError("it cannot be made")
"""
SECOND = FIRST.replace("copies=2", "copies=3").replace("def pages", "def folios")


def files(directory: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in sorted(directory.iterdir())}
