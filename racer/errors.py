"""Errors: each says what could not be done, how far it got, the usual cause, what to try.

`RacerError` is the root of what a user can cause; the command line prints its text and
never a traceback. `InternalError` is not one of them: it is a bug in racer and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

# Why a thread may do otherwise than it did before, and what helps.
HIDDEN_STATE: Final = (
    "Usual cause: threads share something that is not a cell (a closure, a global, an object in\n"
    "their arguments), or use a clock or random numbers.\n"
    "Try: make it a cell, or a local of the thread."
)


class RacerError(Exception):
    """The root of all errors that the user can mend: in a model, a name, a parameter, a file."""


class ProgramError(RacerError):
    """A Program, Scenario or Claim that is not well formed: a name twice, a wrong kind of value."""


class ModelError(RacerError):
    """A thread or predicate of the model failed: the model is broken, not the code under test.

    An exception that is neither a Violation nor a failed assert, shared state that is no cell, a
    forgotten `await`, a predicate that raises.

    thread    the thread that fails
    step      which of its steps it fails at, from 1
    schedule  thread names, one per step of the whole program: how to get there

    Each is None where it does not apply.
    """

    def __init__(
        self,
        text: str,
        *,
        thread: str | None = None,
        step: int | None = None,
        schedule: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(text)
        self.thread = thread
        self.step = step
        self.schedule = schedule


class UsageError(RacerError):
    """A wrong name or value on the command line or in an API call (exit status 2)."""


class WitnessError(RacerError):
    """A witness file that cannot be read, or that belongs to another program (exit status 2)."""


class ReplayDiverged(RacerError):
    """A schedule could not be followed, or no longer shows its label (exit status 4).

    step      the position in the schedule, from 1
    thread    the one that was to move
    expected  the operation, or the violation, that should have come, as text
    found     what came instead, as text
    """

    def __init__(self, *, step: int, thread: str, expected: str, found: str, hint: str) -> None:
        super().__init__(
            f"replay diverged at step {step}, thread {thread}:\n"
            f"  expected  {expected}\n  found     {found}\n{hint}"
        )
        self.step = step
        self.thread = thread
        self.expected = expected
        self.found = found


class InternalError(Exception):
    """A bug in racer itself, never the user's."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"this is a bug in racer, not in your model: {text}\n"
            "Please report it with the scenario and the command line."
        )


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a user's source file, and the function that it is a line of, where known.

    `models` is the function of the code under test that this one is a model of: `f()`.
    """

    path: str
    line: int
    function: str = field(default="", compare=False)
    models: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def suggestion(wrong: str, known: list[str]) -> str:
    """`; did you mean 'x'?` when a known name is near, and the known names in any case."""
    from difflib import get_close_matches  # only on the way to an error: keeps start-up short

    near = get_close_matches(wrong, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{hint} Known: {', '.join(known) if known else 'none'}"
