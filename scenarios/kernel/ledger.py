"""The ledger of a call: what its caller holds and was told. The model keeps it, the C has none.

It is handed along beside the lines that mirror the C: `ledger` in memory_failure.py is never what
they decide by. It is a value, and each entry makes a new one, so that racer can compare suspended
threads and see their loops.

Labels     reference_leaked     the caller holds a reference when it is over
           reference_put_twice  it is about to put one more than it had
           reference_not_held   it goes on to handle a page as if it had a reference
           unprinted            the log has no "unhandlable page" of an errno that it has one of, or
                                has one of none: -EIO and -ENOTRECOVERABLE are told alike, so that
                                the log does not say which it was
"""

from dataclasses import dataclass, replace
from typing import Literal

from racer import Violation

from .allocator import Zone, put_page
from .classifier import MF, Truth, Verdict
from .pages import Page

Got = Literal[0, 1, "-EIO", "-EBUSY", "-ENOTRECOVERABLE"]  # what get_hwpoison_page() returns

PRINTED_OF: tuple[Got, ...] = ("-EIO", "-ENOTRECOVERABLE")


@dataclass(frozen=True, slots=True)
class Ledger:
    """How a call stands: references held, answers given so far."""

    references: int  # of the caller's, to p's folio: taken less put
    truth: Truth = "true"  # of the answers; the last that was wrong, if one was
    hit: bool = False  # an answer was "kernel-owned"
    got: Got | None = None  # what get_hwpoison_page() returned last
    printed: bool = False  # and whether it printed "unhandlable page"


def opened(flags: MF) -> Ledger:
    """The ledger of a call that begins."""
    return Ledger(references=1 if flags.count_increased else 0)


def told(ledger: Ledger, verdict: Verdict) -> Ledger:
    """The classifier has answered."""
    return replace(
        ledger,
        truth=ledger.truth if verdict.truth == "true" else verdict.truth,
        hit=ledger.hit or verdict.kernel_owned,
    )


def returned(ledger: Ledger, got: Got, *, printed: bool) -> Ledger:
    """get_hwpoison_page() has returned."""
    return replace(ledger, got=got, printed=printed)


def taken(ledger: Ledger) -> Ledger:
    """The caller has got a reference."""
    return replace(ledger, references=ledger.references + 1)


def handed_on(ledger: Ledger) -> Ledger:
    """The caller's reference is the poisoned page's from now on: nobody puts it."""
    return replace(ledger, references=ledger.references - 1)


async def put_held(zone: Zone, p: Page, ledger: Ledger, where: str) -> Ledger:
    """put_page(p) of a reference that the caller holds, or takes itself to hold.

    One that it does not hold is somebody else's, whose page may be freed under him: the model
    ends here. `where` in the call that is, is the violation's effect.
    """
    if ledger.references == 0:
        raise Violation("reference_put_twice", effect=where)
    await put_page(zone, p)
    return replace(ledger, references=ledger.references - 1)


def settle(ledger: Ledger, result: str) -> None:
    """The call is over, with this result: raise a Violation if its references are not even, or if
    the log does not have what it should."""
    if ledger.references > 0:
        raise Violation("reference_leaked", effect=result)
    if ledger.references < 0:
        raise Violation("reference_not_held", effect=result)
    if ledger.printed != (ledger.got in PRINTED_OF):
        raise Violation("unprinted", effect=result)
