"""A scenario that takes a function as C, and versions of that function."""

from __future__ import annotations

from pathlib import Path

SCENARIO = '''"""A flag is read while it is set.

Source     lib/flag.c is_steady(), set_flag()
"""

from pathlib import Path
from typing import Annotated, Literal

from racer import InC, Memory, Program, Role, Thread, Violation, lifted, scenario

IN_C = InC(Path(__file__).with_name("flags.toml"), Role("check", ("is_steady",), is_value=True))


class Flag:
    def __init__(self, mem):
        self.set = mem.cell("set", 0)


async def once(flag):
    return 1


@scenario
def steady(*, variant: Annotated[Literal["once"], IN_C] = "once") -> Program:
    """R asks whether the flag is steady, W sets it."""
    mem = Memory()
    flag = Flag(mem)
    check = lifted(variant, "check") or once

    async def asks():
        if not await check(flag):
            raise Violation("torn")

    async def sets():
        await flag.set.store(1)

    return Program(mem, {"R": Thread(asks), "W": Thread(sets)})
'''
MAP = """extends = "kernel"

[fields]
set = { cell = "$1.set" }
"""
# The flag may be set between the two loads; of one load there is nothing to be torn.
TWICE = """static bool is_steady(struct flag *f)
{
\tint first = READ_ONCE(f->set);

\treturn first == READ_ONCE(f->set);
}
"""
ONCE = """static bool is_steady(struct flag *f)
{
\tint first = READ_ONCE(f->set);

\treturn first == first;
}
"""
UNKNOWN = """static bool is_steady(struct flag *f)
{
\treturn guess(f);
}
"""
FILE = "#include <linux/flag.h>\n\nint flags = 1;\n"


def project(here: Path, text: str) -> None:
    """The scenario in ./scenarios, and a tree with the file in that version."""
    (here / "scenarios").mkdir()
    (here / "scenarios" / "steady.py").write_text(SCENARIO)
    (here / "scenarios" / "flags.toml").write_text(MAP)
    (here / "tree" / "lib").mkdir(parents=True)
    (here / "tree" / "lib" / "flag.c").write_text(text)
