"""Store buffers are in the table of memory models while a test of this room runs."""

from __future__ import annotations

import functools

import pytest

from racer.machine import models
from tests.machine.store_buffers import StoreBuffers
from tests.machine.store_buffers_storage import StoreBufferStorage

DEPTHS = (1, 2)


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for depth in DEPTHS:
        model = models.Model(
            functools.partial(StoreBuffers, depth=depth),
            functools.partial(StoreBufferStorage, depth=depth),
        )
        monkeypatch.setitem(models.MODELS, f"buffers{depth}", model)
