"""The result against what the scenario declares, and the exit status that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from racer.cli.guard import BOUND, NOT_AS_DECLARED, OK
from racer.registry import Expected
from racer.result import Result


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was declared, by the scenario or in its place by --expect, and whether it came so.

    `labels` are those shown: violations, and `sometimes` predicates that no state reaches.
    `as_expected` is None where nothing is declared, and where a limit cut the search.
    """

    declared: Expected | None
    override: Literal["pass", "fail"] | None
    labels: tuple[str, ...]
    as_expected: bool | None
    status: int

    @property
    def declaration(self) -> str:
        """What was declared, in short: `pass`, or `fail: misclassified`."""
        if self.override is not None or self.declared is None:
            return self.override or ""
        labels = ", ".join(self.declared.labels)
        text = f"{self.declared.verdict}: {labels}" if labels else self.declared.verdict
        if self.declared.loops is None:
            return text
        return f"{text}, loops in {', '.join(self.declared.loops) or 'no thread'}"


def judge(
    result: Result, declared: Expected | None, override: Literal["pass", "fail"] | None
) -> Judgement:
    """Hold a result against its declaration; --expect looks at the verdict only."""
    labels = tuple(sorted({*result.violations, *result.vacuous}))
    as_expected: bool | None = None
    status = OK if result.verdict == "pass" else NOT_AS_DECLARED
    if result.verdict == "bound":
        status = BOUND
    elif override is not None:
        as_expected = result.verdict == override
    elif declared is not None:
        as_expected = declared.agrees(result.verdict, labels, result.loops)
    if as_expected is not None:
        status = OK if as_expected else NOT_AS_DECLARED
    return Judgement(declared, override, labels, as_expected, status)
