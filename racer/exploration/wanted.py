"""What is to be explored, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from racer.automata.fingerprints import numbering_of
from racer.automata.lifting import Lifted
from racer.errors import UsageError
from racer.machine.models import require_memory
from racer.search.limits import Tell

if TYPE_CHECKING:
    from racer.search.checkpoints import Checkpoint, SavedSearch

Method = Literal["pct", "pos"]
MOST_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Single runs, drawn by lot, in place of a search: for what cannot be exhausted.

    method  "pct": priorities of threads that change at `depth` - 1 steps, which finds whatever
            takes so many steps in order with a probability that is told; "pos": priorities of
            steps, drawn again where they conflict
    runs    how many, 1 or more
    depth   of "pct": how many steps have to come in order for what is looked for; from 1 to 20
    steps   of "pct": how many steps no run has more of; None: a quarter more than the longest of
            100 runs that are drawn before
    seed    of the lots: the same runs for the same number

    Errors   UsageError for what allows no run.
    """

    method: Method = "pct"
    runs: int = 1_000
    depth: int = 3
    steps: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            known = " or ".join(repr(each) for each in get_args(Method))
            raise UsageError(f"a Sample's method is {known}, not {self.method!r}.")
        if self.runs < 1:
            raise UsageError(f"runs={self.runs} would sample nothing: it must be 1 or more.")
        if not 1 <= self.depth <= MOST_DEPTH:
            raise UsageError(f"depth={self.depth}: it is from 1 to {MOST_DEPTH}.")
        if self.steps is not None and self.steps < 1:
            raise UsageError(f"steps={self.steps}: it must be 1 or more.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be explored, and how far: the parameters of explore(), which explains them.

    Errors   UsageError for a memory model that racer lacks, or a limit that allows nothing.
    """

    memory: str = "sc"
    reduce: bool = True
    count: bool | None = None
    minimise: bool = True
    max_states: int | None = None
    timeout: float | None = None
    progress: Tell | None = None
    deadline: float | None = None  # a time.monotonic() value; None: the timeout from the start on
    reduced_graph: bool = False  # it is wanted for itself, to be drawn
    sample: Sample | None = None
    checkpoint: Checkpoint | None = None  # where searches are saved, and go on from

    def __post_init__(self) -> None:
        require_memory(self.memory)
        if self.max_states is not None and self.max_states < 1:
            raise UsageError(
                f"max_states={self.max_states} would search nothing: it must be 1 or more."
            )
        if self.timeout is not None and not self.timeout > 0:
            raise UsageError(
                f"timeout={self.timeout} would search nothing: it must be above 0 seconds."
            )

    def saved(self, name: str, lifted: Lifted) -> SavedSearch | None:
        """Where a search of that name is saved, if it is of automata that are closed."""
        if self.checkpoint is None or not lifted.closed:
            return None
        how = f"{name} {self.memory} {'reduced' if self.reduce else 'whole'}"
        return self.checkpoint.part(f"{how} {numbering_of(lifted)}")

    @property
    def out_of_time(self) -> str:
        """What is said of a search that the timeout cuts."""
        return f"timeout of {self.timeout or 0:g} s"
