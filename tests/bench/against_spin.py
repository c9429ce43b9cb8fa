"""racer against SPIN on `aba`, measured in one run; prints tables in GitHub's markdown.

    python tests/bench/against_spin.py [--pairs 1,1 3,3 ...] [--repeat N]

The tools take turns, and the fastest of N runs of each part counts. Before that, both are run
without any reduction, and have to find equally many states (`CHECKED`).

Exit status 0 measured; 1 the tools disagree, or one of them failed; 2 spin or gcc is absent, or
wrong usage.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from measured import Limits, Measured, Size, Tool
from racer_side import Racer, RacerFailed, counts
from spin_side import Spin, SpinFailed

PAIRS: tuple[Size, ...] = ((1, 1), (2, 2), (3, 3), (5, 3), (8, 3))
# Without reductions SPIN stores exactly the states that racer has over minimal automata: the
# model keeps no local variable, and a place in it is what a node is in an automaton. That holds
# for this model, not for Promela models as such; where it fails the two programs differ.
CHECKED: tuple[Size, ...] = ((1, 1), (2, 2), (3, 3))
UNREDUCED = Spin("SPIN, `-DNOREDUCE`", private=False, reduce=False)
RACER = Racer()
TOOLS: tuple[Tool, ...] = (
    RACER,
    Spin("SPIN", private=False),
    Spin("SPIN, `local`", private=True),
)

LEGEND = """\
States and transitions: in the search that decides the verdict. Search: `lift` and `search` of
racer, `pan` of SPIN. Whole: `process` of racer; `spin -a`, `gcc` and `pan` of SPIN. Ratio: to
racer in the same run. `>`: cut by a limit, see the parts. `local`: SPIN is told which accesses
commute with all others."""

Table = dict[Size, dict[str, Measured]]  # rows by the name of the tool


class Disagreement(Exception):
    """The tools say different things of the same program; the text says which."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, measure, print; see the head of this file for the exit status."""
    options = _parser().parse_args(arguments)
    missing = [name for name in ("spin", "gcc") if shutil.which(name) is None]
    if missing:
        _say(f"{' and '.join(missing)} not found: on Debian, apt-get install spin gcc")
        return 2
    limits = Limits(options.timeout, options.memory)
    machine = _machine()
    try:
        checked = [_checked(size, limits) for size in CHECKED]
        table = _measured(options.pairs, options.repeat, limits)
    except (Disagreement, SpinFailed, RacerFailed) as error:
        _say(f"error: {error}")
        return 1
    print("\n".join([*machine, "", *checked, ""]))
    print("\n".join([*_comparison(table), "", LEGEND, ""]))
    print("\n".join(_parts(table)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--pairs", nargs="+", type=_size, default=PAIRS, metavar="R,K", help="readers,rounds")
    add("--repeat", type=_positive, default=3, metavar="N", help="best of N runs")
    add("--timeout", type=_positive, default=120, metavar="S", help="seconds for one search")
    add("--memory", type=_positive, default=4096, metavar="MB", help="for SPIN's verifier")
    return parser


def _size(text: str) -> Size:
    found = re.fullmatch(r"([1-8]),([1-8])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 3,3: readers and rounds, 1 to 8")
    return int(found[1]), int(found[2])


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _machine() -> list[str]:
    """What the numbers depend on: processor, how busy it is, versions."""
    return [
        f"- {_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start",
        f"- {platform.python_implementation()} {platform.python_version()}",
        f"- {_first_line('spin', '-V')}",
        f"- {_first_line('gcc', '--version')}",
    ]


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def _checked(size: Size, limits: Limits) -> str:
    """Unreduced, the tools have the same states. Errors: Disagreement, SpinFailed."""
    _say(f"checking {_shown(size)}")
    ours, theirs = counts(size), UNREDUCED.measure(size, limits)
    if theirs.cut is not None:
        raise SpinFailed(f"cut at {theirs.cut} at {_shown(size)}, so nothing is checked.")
    if ours.states != theirs.states:
        raise Disagreement(
            f"unreduced, racer has {ours.states:,} states at {_shown(size)} and SPIN "
            f"{theirs.states:,}: aba.pml.in is not the program of scenarios/aba.py, or one of "
            "the tools is wrong."
        )
    return (
        f"- {_shown(size)} without reductions: {ours.states:,} states, the same in both; "
        f"{ours.canonical:,} in racer up to symmetry"
    )


def _measured(sizes: Iterable[Size], repeat: int, limits: Limits) -> Table:
    """The best of all runs. The tools take turns; a run that was cut is not repeated."""
    table: Table = {size: {} for size in sizes}
    for number in range(repeat):
        for size, rows in table.items():
            _say(f"run {number + 1} of {repeat}, {_shown(size)}")
            for tool in TOOLS:
                best = rows.get(tool.name)
                if best is None:
                    rows[tool.name] = tool.measure(size, limits)
                elif best.cut is None:
                    rows[tool.name] = best.or_faster(tool.measure(size, limits))
            _check_verdicts(size, rows)
    return table


def _check_verdicts(size: Size, rows: Mapping[str, Measured]) -> None:
    """Runs that were not cut agree. Errors: Disagreement."""
    verdicts = {name: row.misclassified for name, row in rows.items() if row.cut is None}
    if len(set(verdicts.values())) > 1:
        raise Disagreement(f"'misclassified' at {_shown(size)}: {verdicts}")


def _comparison(table: Table) -> list[str]:
    head = ("readers, rounds", "tool", "states", "transitions", "misclassified")
    lines = _head((*head, "search", "ratio", "whole", "ratio"), text_columns=2)
    for size, rows in table.items():
        for name, row in rows.items():
            more = "> " if row.cut else ""
            found = "found" if row.misclassified else "not found" if row.cut else "never"
            cells = [_shown(size), name, f"{more}{row.states:,}", f"{more}{row.transitions:,}"]
            cells += [found, *_times(row, rows[RACER.name])]
            lines.append(_line(cells))
    return lines


def _times(row: Measured, ours: Measured) -> list[str]:
    """Search and whole, each with its ratio to racer's."""
    more = "> " if row.cut else ""
    cells = []
    for mine, racers in ((row.search, ours.search), (row.whole, ours.whole)):
        spent, ratio = row.spent(mine), row.spent(mine) / ours.spent(racers)
        shown = f"> {math.floor(ratio):,}" if row.cut else _ratio(ratio)  # a bound, not rounded up
        cells += [f"{more}{spent:.3f} s", "1" if row is ours else "" if ours.cut else shown]
    return cells


def _parts(table: Table) -> list[str]:
    lines = _head(("readers, rounds", "tool", "seconds by part"), text_columns=3)
    for size, rows in table.items():
        for name, row in rows.items():
            cut = f" (cut at {row.cut})" if row.cut else ""
            lines.append(_line((_shown(size), name, _listed(row.seconds) + cut)))
    return lines


def _listed(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{part} {taken:.3f}" for part, taken in seconds.items())


def _head(columns: Sequence[str], *, text_columns: int) -> list[str]:
    rules = ["---" if at < text_columns else "---:" for at in range(len(columns))]
    return [_line(columns), _line(rules)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _shown(size: Size) -> str:
    return f"({size[0]}, {size[1]})"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
