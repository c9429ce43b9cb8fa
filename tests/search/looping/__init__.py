"""Programs that loop, with what liveness has to say of them derived beside each."""

from tests.search.looping import daemons, locks, perpetual, several, waiting
from tests.search.looping.declaring import CASES, Make

__all__ = ["CASES", "Make", "daemons", "locks", "perpetual", "several", "waiting"]
