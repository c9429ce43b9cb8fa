"""SPIN on one size of `aba`: the model, the verifier made from it, and its run."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from measured import Limits, Measured, Size, Stopwatch
from promela import aba_model

# Safety only: no cycle detection. Everything else is SPIN's default, partial-order reduction too.
FLAGS = ("-O2", "-w", "-DSAFETY")
# log2 of the slots of pan's hash table. 24 is the default, and takes 0.1 s to clear, which
# would be most of the time at small sizes; so the fastest of these counts.
TABLES = (24, 20, 16)
PARTS = ("spin -a", "gcc", "pan")


class SpinFailed(Exception):
    """SPIN, gcc or the verifier did not do what they were made to do; the text says what."""


@dataclass(frozen=True, slots=True)
class Spin:
    """SPIN with or without `private` cells, with or without its partial-order reduction."""

    name: str
    private: bool
    reduce: bool = True

    def measure(self, size: Size, limits: Limits) -> Measured:
        """One run: generate, compile, verify to the end, with every size of the table.

        Errors   SpinFailed.
        """
        watch = Stopwatch()
        with TemporaryDirectory() as temporary:
            directory = Path(temporary)
            model = aba_model(*size, private=self.private)
            (directory / "aba.pml").write_text(model)
            with watch.timing("spin -a"):
                _run(("spin", "-a", "aba.pml"), directory)
            with watch.timing("gcc"):
                _run(("gcc", *self._flags(limits), "-o", "pan", "pan.c"), directory)
            for table in TABLES:
                with watch.timing("pan"):
                    text, cut = _verify(("./pan", "-c0", f"-w{table}"), directory, limits)
                if cut:
                    break
        return self._measured(text, watch, cut)

    def _flags(self, limits: Limits) -> list[str]:
        return [*FLAGS, f"-DMEMLIM={limits.megabytes}", *([] if self.reduce else ["-DNOREDUCE"])]

    def _measured(self, text: str, watch: Stopwatch, cut: str | None) -> Measured:
        for trouble in ("search depth too small", "pan:1: invalid end state"):
            if trouble in text:
                raise SpinFailed(f"the verifier reports {trouble!r}:\n{text}")
        return Measured(
            _number(r"(\S+) states, stored", text),
            _number(r"(\S+) transitions", text),
            _number(r"errors: (\d+)", text) > 0,
            watch.seconds,
            ("pan",),
            PARTS,
            cut,
        )


def _run(command: Sequence[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SpinFailed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _verify(command: Sequence[str], directory: Path, limits: Limits) -> tuple[str, str | None]:
    """What the verifier printed, and the limit that cut it. -c0: it does not stop at errors.

    When the time is up it is interrupted, for then it prints what it has found so far.
    """
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, text=True) as process:
        try:
            text, _ = process.communicate(timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            text, _ = process.communicate()
            return text, f"{limits.seconds} s"
    return text, f"{limits.megabytes:,} MB" if "MEMLIM bound" in text else None


def _number(pattern: str, text: str) -> int:
    """A number of the report; large ones are printed like 1.7144e+08, so as rounded."""
    found = re.search(pattern, text)
    if found is None:
        raise SpinFailed(f"the verifier's report has no {pattern!r}:\n{text}")
    return int(float(found[1]))
