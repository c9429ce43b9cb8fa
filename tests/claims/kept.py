"""The schedules of all violations that cases of the claims show, for tests/schedules/.

python -m tests.claims.kept    # explores every case, minutes, and writes what is missing or
                               # no longer shown, as `pytest --racer-update` would
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from racer import Result, UsageError, explore
from racer.claims.deciding import case_key
from racer.claims.finding import known_claims
from racer.testing.cases import Case, Place, scenario_case
from racer.testing.schedules import Owner, keep, owner_of

ROOT: Final = Path(__file__).parent.parent.parent
SCHEDULES: Final = ROOT / "tests" / "schedules"


def cases() -> Iterator[tuple[Owner, Case]]:
    """Every case that some claim asks for and that can happen, once."""
    seen = set()
    for claim in known_claims()[0]:
        for ask in claim.asks:
            for point in ask.points():
                for parameters in ask.explored(point):
                    key = case_key(ask.scenario, parameters)
                    if key in seen:
                        continue
                    seen.add(key)
                    complete = ask.scenario.complete(parameters)
                    try:
                        case = scenario_case(ask.scenario, complete, "sc")
                    except UsageError:  # it cannot happen
                        continue
                    place = Place("", str(SCHEDULES), 0)
                    yield owner_of(case, place, 1, SCHEDULES, ROOT), case


def searched(case: Case) -> Result:
    """What the case shows, with the least schedule of each label."""
    return explore(case.program, count=False)


def main() -> int:
    """Write them all; say which."""
    for owner, case in cases():
        for path in keep(owner, case, searched(case), SCHEDULES):
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
