"""A case that was explored, with all that formats for other programs tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from racer.catalogue.parameters import Value
from racer.exploration.judgement import Judgement
from racer.exploration.result import Result


@dataclass(frozen=True, slots=True)
class ExploredCase:
    """A scenario with its parameters, what exploring it found, and what was left of that.

    reference   as `racer explore` takes it
    what_ifs    those of the parameters that are not what the code under test does
    files       the witness file of each label that has one, as a path to show
    trailer     the result in a line for a mail; empty where there was no program
    """

    reference: str
    result: Result
    judgement: Judgement
    parameters: Mapping[str, Value] = field(default_factory=dict)
    what_ifs: Mapping[str, Value] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    trailer: str = ""
