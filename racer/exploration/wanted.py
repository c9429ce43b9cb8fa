"""What is to be explored, and how far."""

from __future__ import annotations

from dataclasses import dataclass

from racer.errors import UsageError
from racer.machine.models import model
from racer.search.limits import Tell


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

    def __post_init__(self) -> None:
        model(self.memory)
        if self.max_states is not None and self.max_states < 1:
            raise UsageError(
                f"max_states={self.max_states} would search nothing: it must be 1 or more."
            )
        if self.timeout is not None and not self.timeout > 0:
            raise UsageError(
                f"timeout={self.timeout} would search nothing: it must be above 0 seconds."
            )

    @property
    def out_of_time(self) -> str:
        """What is said of a search that the timeout cuts."""
        return f"timeout of {self.timeout or 0:g} s"
