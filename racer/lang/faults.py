"""What a model raises to end the process is a fault of the model's, not the end of racer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from racer.errors import ModelError
from racer.interrupts import Stop


@contextmanager
def told_as_the_models() -> Iterator[None]:
    """Around whatever calls modelled code: also what compares, hashes or shows its values.

    Errors   ModelError in place of SystemExit and of all else that is no Exception, but for Ctrl-C
             and what else comes from outside.
    """
    try:
        yield
    except (Exception, Stop, KeyboardInterrupt):
        raise
    except BaseException as error:
        what = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise ModelError(
            f"the model raised {what}, which would have ended racer without an answer.\n"
            f"Usual cause: sys.exit() or quit() in a method of a value, such as __eq__ or __hash__."
        ) from error
