"""Ten edits that are typical for a model, and the schedules that were saved before them.

They were written down before any of them was tried. Each is of the text, as somebody would make it,
and leaves the race there. What is to hold: eight of them break no schedule that was saved.
"""

from __future__ import annotations

from typing import Any, Final

from racer import Program

# An object with a count of references. Two puts take it down and then look whether it is 0: both
# may see that, and free twice. A look may find the pointer, and the object freed behind it.
BEFORE: Final = """
from racer import Memory, Program, Thread, Violation


def model() -> Program:
    mem = Memory()
    refs = mem.cell("refs", 2)
    pointer = mem.cell("pointer", "object")
    freed = mem.cell("freed", 0)
    age = mem.cell("age", 0)
    looks = mem.cell("looks", 0)

    async def put() -> None:
        await age.load()
        await refs.fetch_add(-1)
        if await refs.load() == 0:
            await pointer.store(None)
            if await freed.fetch_add(1):
                raise Violation("freed twice")

    async def look() -> None:
        if await pointer.load() is not None:
            await looks.fetch_add(1)
            if await freed.load():
                raise Violation("used after free")
        await age.store(1)

    return Program(mem, {"put": Thread(put, copies=2), "look": Thread(look)})
"""

LABELS: Final = ("freed twice", "used after free")

# By what is done: each text is replaced by the other, everywhere.
EDITS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "lines move, and a helper is made of some steps": (
        ("def model() -> Program:\n", 'def model() -> Program:\n    """An object."""\n\n'),
        (
            "    async def put() -> None:\n",
            "    async def free() -> None:\n"
            "        # by whoever sees 0\n"
            "        await pointer.store(None)\n"
            "        if await freed.fetch_add(1):\n"
            '            raise Violation("freed twice")\n\n'
            "    async def put() -> None:\n",
        ),
        (
            "            await pointer.store(None)\n"
            "            if await freed.fetch_add(1):\n"
            '                raise Violation("freed twice")\n',
            "            await free()\n",
        ),
    ),
    "a thread counts what it does, first of all": (
        (
            "        await age.load()\n",
            "        await looks.fetch_add(1)\n        await age.load()\n",
        ),
    ),
    "a step is added between two that matter": (
        (
            "        if await refs.load() == 0:\n",
            "        await age.load()\n        if await refs.load() == 0:\n",
        ),
        (
            "            if await freed.load():\n",
            "            await age.load()\n            if await freed.load():\n",
        ),
    ),
    "a step that did nothing is gone": (
        ("        await age.load()\n", ""),
        ("            await looks.fetch_add(1)\n", ""),
    ),
    "a thread is added that has no part in it": (
        (
            "    return Program(",
            "    async def aging() -> None:\n"
            "        await age.fetch_add(1)\n"
            "        await looks.load()\n\n"
            "    return Program(",
        ),
        ('"look": Thread(look)}', '"look": Thread(look), "aging": Thread(aging)}'),
    ),
    "values are others": (
        ('"pointer", "object"', '"pointer", ("page", 3)'),
        ('"age", 0', '"age", 7'),
        ("freed.fetch_add(1)", "freed.fetch_add(16)"),
    ),
    "an operation is another one that does the same": (
        ("refs.fetch_add(-1)", "refs.update(lambda n: n - 1)"),
        ("pointer.store(None)", "pointer.swap(None)"),
    ),
    "a thread is run once more": (
        ('"refs", 2', '"refs", 3'),
        ("copies=2", "copies=3"),
    ),
    "a cell has another name": (('"refs"', '"count"'),),
    "a thread has another name": (('"put": Thread', '"release": Thread'),),
}

# What makes an end of it: the count is taken down and looked at in one step, and who looks has a
# reference of its own.
MENDED: Final = (
    (
        "        await refs.fetch_add(-1)\n        if await refs.load() == 0:\n",
        "        if await refs.fetch_add(-1) == 1:\n",
    ),
    ('"refs", 2', '"refs", 3'),
    ("        await age.store(1)\n", "        await put()\n        await age.store(1)\n"),
)


def model(edits: tuple[tuple[str, str], ...] = ()) -> Program:
    """The program, once its text was edited."""
    text = BEFORE
    for old, new in edits:
        assert old in text, f"there is no {old!r} to edit"
        text = text.replace(old, new)
    space: dict[str, Any] = {"__name__": "edited"}
    exec(compile(text, "edited.py", "exec"), space)
    made: Program = space["model"]()
    return made
