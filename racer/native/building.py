"""Compiling the library: what build_hook.py does for `pip install`, and this, run, in a checkout.

It is imported before racer is installed, so it needs Python alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SOURCES: Final = HERE / "source"
LIBRARY: Final = HERE / "racer_kernel.so"  # of that name everywhere: nobody else loads it
# What it was made of, and what came of that: to load one that was truncated would end the process.
SEAL: Final = HERE / "racer_kernel.seal"
PURE: Final = "RACER_PURE"  # set to anything but 0: no library is made, or used

# Warnings are errors. No -march: a wheel is for every machine of its platform.
FLAGS: Final = (
    *("-std=c11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden"),
    *("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wno-sign-conversion", "-Werror"),
)


class NotBuilt(Exception):
    """The library could not be made; the text says why."""


def is_pure() -> bool:
    """Whether it was asked that there be no library."""
    return os.environ.get(PURE, "0") not in ("", "0")


def digest_of_sources() -> str:
    """Another one for other sources."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.[ch]")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def seal_of(library: Path) -> str:
    """What SEAL has to say of a library: its sources, and its bytes."""
    return f"{digest_of_sources()} {hashlib.sha256(library.read_bytes()).hexdigest()}"


def compiler() -> list[str] | None:
    """The command of a C compiler: CC, one of the machine, or else zig's; None if there is none."""
    named = os.environ.get("CC")
    if named:
        return shlex.split(named)
    own = system_compiler()
    if own is not None:
        return own
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]
    return None


def system_compiler() -> list[str] | None:
    """The command of a C compiler that is installed."""
    configured = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    for name in ("cc", "gcc", "clang", *configured):
        if shutil.which(name):
            return [name]
    return None


def build() -> tuple[Path, Path]:
    """Compile the library into its place, with its seal: both files.

    Errors   NotBuilt.
    """
    compile_to(LIBRARY)
    made = _beside(SEAL)
    made.write_text(seal_of(LIBRARY))
    made.replace(SEAL)
    return LIBRARY, SEAL


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}")


def compile_to(goal: Path, flags: Sequence[str] = ()) -> None:
    """Compile the library, and put it in its place only when it is whole.

    Errors   NotBuilt.
    """
    command = compiler()
    if command is None:
        raise NotBuilt("there is no C compiler: neither cc, gcc nor clang, nor the wheel ziglang")
    made = _beside(goal)
    source = str(SOURCES / "racer_kernel.c")
    try:
        subprocess.run(
            [*command, *FLAGS, *flags, "-o", str(made), source],
            check=True,
            capture_output=True,
            text=True,
        )
        made.replace(goal)
    except OSError as error:
        raise NotBuilt(f"{shlex.join(command)} cannot be run: {error}") from error
    except subprocess.CalledProcessError as error:
        raise NotBuilt(f"{shlex.join(command)} failed:\n{error.stderr.strip()}") from error
    finally:
        made.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        print(build()[0])
    except NotBuilt as error:
        sys.exit(f"The compiled search cannot be made: {error}")
