"""A scenario in words, as its file tells them: the question, and what each parameter stands for."""

from __future__ import annotations

import inspect
import re
import sys

from racer.catalogue.scenario import Scenario

_QUESTION = "Question"


def question(scenario: Scenario) -> str:
    """What the scenario asks: the part of that name in the header of its file; else empty.

    A part begins with its name at the margin, and its further lines are indented.
    """
    header = getattr(sys.modules.get(scenario.module), "__doc__", None)
    return entry(inspect.cleandoc(header or ""), _QUESTION)


def parameter_text(scenario: Scenario, name: str) -> str:
    """What a parameter is, in words: the entry of that name in the scenario's docstring."""
    return entry(scenario.doc, name)


def entry(text: str, name: str) -> str:
    """What a text says of a name: `name   words` at the margin, with its further lines, which are
    indented; on one line. Empty where it says nothing."""
    found = re.search(rf"^{re.escape(name)}[ ]{{2,}}(\S.*(?:\n[ ]+\S.*)*)", text, re.MULTILINE)
    return "" if found is None else " ".join(found[1].split())
