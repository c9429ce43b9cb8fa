"""Code that is run under some hash seeds, since what differs with them differs by process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def under_seeds(code: str) -> list[str]:
    """What the code prints under each."""
    return [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for seed in ("0", "1", "2", "3", "7")
    ]
