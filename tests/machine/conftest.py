"""Total store order with buffers of a given depth is in the table of memory models while a test of
this room runs."""

from __future__ import annotations

import functools

import pytest

from racer.machine import models
from racer.machine.tso import TotalStoreOrder
from racer.replaying.store_buffers import StoreBufferStorage

DEPTHS = (1, 2)


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for depth in DEPTHS:
        model = models.Model(
            functools.partial(TotalStoreOrder, depth=depth),
            functools.partial(StoreBufferStorage, depth=depth),
        )
        monkeypatch.setitem(models.MODELS, f"buffers{depth}", model)
