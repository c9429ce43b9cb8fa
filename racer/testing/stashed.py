"""What the plugin keeps at pytest's objects: of an item, and of a whole run."""

from __future__ import annotations

from typing import Final

import pytest

checks: Final = pytest.StashKey[int]()  # of a test: so many it has made
names: Final = pytest.StashKey[list[str]]()  # of a test: what its files were called
kept: Final = pytest.StashKey[list[str]]()  # of a run: what interrupted checks have left
