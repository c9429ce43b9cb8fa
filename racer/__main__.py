"""What the command `racer` runs, and `python -m racer`.

Loading the command line takes a tenth of a second, in which Ctrl-C is no reason for a traceback.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys

# What racer is made of; a file of such a name in the current directory would be taken for it.
_NEEDED = {
    *("attr", "graphviz", "idna", "jinja2", "markupsafe", "msgspec", "outcome", "rich"),
    *("sniffio", "sortedcontainers", "trio", "typer"),
}

# What a search makes stays. So many objects more are made before Python looks for garbage, and
# through all of them so much more rarely: 3 % of the time of `racer claims`.
_BEFORE_COLLECTING = (20_000, 50, 100)

_LAST_SECONDS = 0.5  # for threads to end that are about to


def main() -> int:
    """Run the command line and return the exit status."""
    try:
        from racer import interrupts
        from racer.cli import main as run

        interrupts.process_ends_after()
        gc.set_threshold(*_BEFORE_COLLECTING)
        status = run()
        import signal

        gc.freeze()  # else all states are looked through once more on the way out

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said
        _wait_for_nobody(status)
        return status
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted before the result was shown\n")
        return 130


def _wait_for_nobody(status: int) -> None:
    """End here where a thread that a model started would be waited for, perhaps for ever.

    Those of pools of processes end by themselves, once they have seen these end.
    """
    import threading
    import time

    due = time.monotonic() + _LAST_SECONDS
    for each in threading.enumerate():
        if each is not threading.main_thread() and not each.daemon:
            each.join(max(0.0, due - time.monotonic()))
    if all(each.daemon or each is threading.main_thread() for each in threading.enumerate()):
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, which was told
            stream.flush()
    os._exit(status)


def _look_here_last() -> None:
    """With `python -m racer` the current directory comes first among the places of modules.

    So a typer.py or json.py there would be taken for the module. It is put last, and that is said.
    """
    try:
        here = os.getcwd()
        if sys.path[:1] not in ([""], [here]):
            return
        sys.path.append(sys.path.pop(0))
        files = os.listdir(here)
    except OSError:
        return
    hidden = sorted(file for file in files if _hides(file, here))
    if hidden:
        sys.stderr.write(
            f"note: {', '.join(hidden)} in the current directory has the name of a module that "
            f"racer or Python needs; it is not taken for that. Usual remedy: rename it.\n"
        )


def _hides(file: str, here: str) -> bool:
    name, ending = os.path.splitext(file)
    if name not in _NEEDED and name not in sys.stdlib_module_names:
        return False
    return ending == ".py" or os.path.isfile(os.path.join(here, file, "__init__.py"))


if __name__ == "__main__":
    _look_here_last()
    sys.exit(main())
