"""racer on one size of `aba`: as a process, and its parts within this one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from measured import Limits, Measured, Size, Stopwatch

import racer
from racer.machine.loaded import load_program
from racer.scenarios.aba import aba
from racer.search.graph import search
from racer.search.limits import Budget
from racer.search.state_graph import StateGraph
from racer.search.stubborn import StubbornSets
from racer.search.symmetry import Symmetric

ROOT = Path(racer.__file__).parents[1]
LABEL = "misclassified"
BOUND = 3  # the exit status when a limit cut the search


class RacerFailed(Exception):
    """The process did not end as declared; the text is what it printed."""


@dataclass(frozen=True, slots=True)
class Racer:
    """racer with its defaults, except that interleavings are not counted.

    `lift` and `search` are what decides the verdict; `explore()` has them too, and the schedule
    with fewest preemptions for each label and outcome, replayed on trio; `process` is the
    command, which starts Python, explores, and writes the witness and its pictures.
    """

    name: str = "racer"

    def measure(self, size: Size, limits: Limits) -> Measured:
        """One run. Errors: RacerFailed."""
        watch, seconds = Stopwatch(), limits.seconds
        graph = _searched(size, seconds, watch)
        with watch.timing("explore()"):
            readers, rounds = size
            result = racer.explore(
                aba(readers=readers, rounds=rounds), count=False, timeout=seconds
            )
        with watch.timing("process"):
            within = _process(size, seconds)
        complete = within and graph.complete and result.bound is None
        return Measured(
            len(graph.states),
            graph.transitions,
            LABEL in result.violations,
            watch.seconds,
            ("lift", "search"),
            ("process",),
            None if complete else f"{seconds} s",
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """All reachable states over minimal automata, one by one and up to symmetry."""

    states: int
    canonical: int | None


def counts(size: Size) -> Counts:
    readers, rounds = size
    result = racer.explore(aba(readers=readers, rounds=rounds), count=True)
    return Counts(result.states, result.canonical)


def _searched(size: Size, seconds: int, watch: Stopwatch) -> StateGraph:
    """The graph on which `explore` decides, made in the same way."""
    readers, rounds = size
    program = aba(readers=readers, rounds=rounds)
    budget = Budget(deadline=time.monotonic() + seconds)
    with watch.timing("lift"):
        loaded = load_program(program)
        system = loaded.system("sc")
        quotient, choose = Symmetric(system), StubbornSets(system)
    with watch.timing("search"), loaded.in_use():
        return search(quotient, (), budget, choose)


def _process(size: Size, seconds: int) -> bool:
    """Run the command; False when its limit cut it. Errors: RacerFailed."""
    readers, rounds = size
    command = [sys.executable, "-m", "racer", "explore", "aba", "--no-count"]
    command += ["--set", f"readers={readers}", "--set", f"rounds={rounds}"]
    command += ["--timeout", f"{seconds}"]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with TemporaryDirectory() as directory:
        done = subprocess.run(
            [*command, "-o", directory],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode not in (0, BOUND):
        raise RacerFailed(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return done.returncode == 0
