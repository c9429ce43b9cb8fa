"""Tiers: `quick` is what one runs while editing; without -m all but `slow` run, as in CI."""

from __future__ import annotations

import builtins
import functools
import gc
import os
import signal
import string
import sys
from collections.abc import Callable, Iterator

import hypothesis
import pytest

from racer.automata.lifting import lift
from racer.lang import memory_use
from racer.lang.memory_use import MemoryLimit
from tests.automata import hidden_places
from tests.corpus import ENOUGH_WORK

for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # commands tell GitHub where these are set
    os.environ.pop(name, None)

# One process, where a test does not say: else each command that explores several would start more.
os.environ["RACER_JOBS"] = "1"

# Rooms whose tests explore whole scenarios, or many generated programs, or start processes.
THOROUGH = (
    *("generated", "kernel", "cli", "claims", "oracles", "viz/test_html", "graphs"),
    *(
        "test_readme",
        "test_writing",
        "test_project_page",
        "test_series_page",
        "testing",
        "schedules",
    ),
)

pytest_plugins = ("pytester",)

# Of a CI that the tests run in; what is told there is otherwise, in pytest's summaries, too.
for name in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(name, None)

# Always the same examples, however long each takes on a busy machine.
hypothesis.settings.register_profile("always the same", deadline=None, derandomize=True)
hypothesis.settings.load_profile("always the same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.nodeid.removeprefix("tests/")
        heavy = place.startswith(THOROUGH) or any(
            item.get_closest_marker(name) for name in ("slow", "thorough")
        )
        if not heavy:
            item.add_marker(pytest.mark.quick)


@pytest.fixture
def brief_lifting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explorations give up lifting soon where automata do not converge: see ENOUGH_WORK."""
    monkeypatch.setattr("racer.machine.loaded.lift", functools.partial(lift, work=ENOUGH_WORK))
    monkeypatch.setattr("racer.exploration.searching.WORK", ENOUGH_WORK)


MemoryReadings = Callable[[Callable[[], int | None], MemoryLimit | None], None]


@pytest.fixture
def memory_readings(monkeypatch: pytest.MonkeyPatch) -> MemoryReadings:
    """Puts other readings in place of the memory that is used, and of the limit.

    They are then looked at whenever they are asked for, however soon after the last time.
    """

    def put(used: Callable[[], int | None], limit: MemoryLimit | None) -> None:
        monkeypatch.setattr(memory_use, "_looked", memory_use._Looked())
        monkeypatch.setattr(memory_use, "_LOOKS", 0.0)
        monkeypatch.setattr(memory_use, "memory_used", used)
        monkeypatch.setattr(memory_use, "memory_limit", lambda: limit)

    return put


@pytest.fixture
def signals_as_at_a_terminal() -> Iterator[None]:
    """A background job has Ctrl-C ignored; what happens where it is not is what is tested."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def process_as_it_was() -> Iterator[None]:
    """What the places of tests/automata/hidden_places.py change of the process is put back."""
    home, limit = os.getcwd(), sys.getrecursionlimit()
    yield
    os.chdir(home)
    sys.setrecursionlimit(limit)
    gc.enable()
    os.environ.pop("RACER_TEST_SEEN", None)
    for space in (vars(string), vars(builtins), vars(hidden_places)):
        space.pop("seen_by_racer_test", None)
