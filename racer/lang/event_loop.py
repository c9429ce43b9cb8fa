"""What tasks of an event loop await to yield to it."""

from __future__ import annotations

from racer.lang.asking import can_be_cancelled, cancel, operation, perform
from racer.lang.checkpoints import CANCELLED, lets_others_go, may_be_cancelled


@operation
async def checkpoint() -> None:
    """Let other tasks of the event loop go first, as `await asyncio.sleep(0)` does. One step.

    With Program(..., event_loop=True), a thread goes on undisturbed until it comes to one of these,
    or has to wait. In any other program it is a step that touches nothing.

    Errors   Cancelled, if the thread is made with cancellable=True, and is cancelled here.
    """
    if not can_be_cancelled():
        await perform(lets_others_go())
    elif await perform(may_be_cancelled()) == CANCELLED:
        cancel()
