"""What can be wrong with an execution file that can be read."""

from __future__ import annotations

from racer.errors import RacerError


class Refuted(RacerError):
    """The execution is not one of the program, or the model does not allow it."""


class NotKnown(RacerError):
    """Whether it is one cannot be told."""
