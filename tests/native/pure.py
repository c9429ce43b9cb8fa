"""Searches in Python alone, where the library is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from racer.native.library import Loaded
from racer.search import compiled, compiled_preemptions


@contextmanager
def in_python() -> Iterator[None]:
    """As if there were no library."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (compiled, compiled_preemptions):
            patch.setattr(module, "loaded", lambda: Loaded(None, "a test wants none"))
        yield
