"""What the command `racer` runs, and `python -m racer`.

Loading the command line takes a tenth of a second, in which Ctrl-C is no reason for a traceback.
"""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the command line and return the exit status."""
    try:
        from racer.cli import main as run

        status = run()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said
        return status
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted before the result was shown\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
