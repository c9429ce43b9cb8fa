"""What a thread has for the length of an `async with` block, and gives back where that is left."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING


class Block:
    """It is taken where the block begins, and given back however that is left."""

    __slots__ = ()

    if TYPE_CHECKING:  # of each kind its own

        async def _take(self) -> None: ...

        async def _give(self) -> None: ...

    async def __aenter__(self) -> None:
        await self._take()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not GeneratorExit:  # an abandoned run takes no further step
            await self._give()
