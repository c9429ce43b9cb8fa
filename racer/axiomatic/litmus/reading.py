"""Which front end reads a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from racer.axiomatic.litmus.aarch64 import read_aarch64
from racer.axiomatic.litmus.c import read_c
from racer.axiomatic.litmus.data import LitmusTest
from racer.axiomatic.litmus.text import Sections, Source, sections
from racer.axiomatic.litmus.x86 import read_x86

_READERS: Final[Mapping[str, Callable[[Source, Sections], LitmusTest]]] = {
    "C": read_c,
    "X86": read_x86,
    "AArch64": read_aarch64,
}


def read_test(name: str, text: str) -> LitmusTest:
    """The test that a file's text is. Errors: Unreadable, with file and line."""
    source = Source(name, text)
    found = sections(source)
    read = _READERS.get(found.architecture)
    if read is None:
        known = ", ".join(_READERS)
        raise source.error(0, f"tests in {found.architecture} are not supported: {known} are")
    test = read(source, found)
    _places_exist(test)
    return test


def _places_exist(test: LitmusTest) -> None:
    """What the condition names is there. Errors: Unreadable."""
    for place, at in test.condition.named.items():
        if place.thread:
            if not any(each.name == place.thread for each in test.threads):
                raise test.source.error(at, f"{place}: there is no thread P{place.thread}")
        elif place.name not in test.initial:
            raise test.source.error(
                at,
                f"{place} is never initialised, and no thread knows a location of that name",
                "Usual cause: a slip in the name. Try: give it a value where the test begins.",
            )
