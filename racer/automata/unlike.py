"""What keeps a suspended run from being told to be equal to another one."""

from __future__ import annotations

from typing import NamedTuple

from racer.errors import Location


class Unlike(NamedTuple):
    """What cannot be compared: of which kind, why, and the local that holds it with the line at
    which that is stored; None and the line that waits where it is no local."""

    kind: str
    why: str
    local: str | None
    where: Location


class Unknown(Exception):
    """Something in a run cannot be shown to be equal to anything."""

    def __init__(self, why: str = "not all of it can be seen") -> None:
        super().__init__(why)
        self.why = why
        self.unlike: Unlike | None = None
        self.users = False  # whether that is in code of the model's
