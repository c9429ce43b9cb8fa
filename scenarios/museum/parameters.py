"""What all of the museum take: the kernel before the fix, or after it."""

from typing import Annotated, Literal

from racer import Configured, Meanings

Fix = Annotated[
    Literal["before", "after"],
    Configured(),
    Meanings({"before": "the kernel before the fix", "after": "the kernel with it"}),
]
