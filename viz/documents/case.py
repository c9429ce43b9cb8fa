"""A case that was explored, with all that formats for other programs tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from racer.catalogue.parameters import Value, show_parameters
from racer.errors import Location
from racer.exploration.judgement import Judgement, Standing, standing
from racer.exploration.result import Result


@dataclass(frozen=True, slots=True)
class ExploredCase:
    """A scenario with its parameters, what exploring it found, and what was left of that.

    reference   as `racer explore` takes it
    changed     what tells the case from that by default: parameters, and the memory model
    what_ifs    those of the parameters that are not what the code under test does
    source      where the scenario is defined
    files       the witness file of each label that has one, as a path to show
    trailer     the result in a line for a mail; empty where there was no program
    pictures    of each label that was explained a sequence diagram, in Mermaid
    document    what --json has of it, and
    flows       what --sarif has, a result for each of its labels, if these were made where it was
                explored: elsewhere, values of the model are texts, of which less can be told
    """

    reference: str
    result: Result
    judgement: Judgement
    parameters: Mapping[str, Value] = field(default_factory=dict)
    changed: Mapping[str, Value] = field(default_factory=dict)
    what_ifs: Mapping[str, Value] = field(default_factory=dict)
    source: Location | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    trailer: str = ""
    pictures: Mapping[str, str] = field(default_factory=dict)
    document: Struct | None = None
    flows: tuple[Struct, ...] | None = None

    @property
    def name(self) -> str:
        """The scenario, with what tells the case from that by default."""
        return " ".join(part for part in (self.reference, show_parameters(self.changed)) if part)

    @property
    def standing(self) -> Standing:
        """How it stands to what is declared."""
        return standing(self.result, self.judgement)


@dataclass(frozen=True, slots=True)
class NotExplored:
    """A file that does not load, a scenario that does not run, or one that was not come to.

    `why` is the error; empty for what was not come to. It names a file that does not load itself.
    """

    name: str
    why: str
    is_file: bool = False

    @property
    def told(self) -> str:
        """The error, with what it is of."""
        return self.why if self.is_file else f"{self.name}: {self.why}"


Told = ExploredCase | NotExplored
