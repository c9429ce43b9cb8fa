"""The result against what the scenario declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from racer.catalogue.scenario import Expected
from racer.exploration.result import Result
from racer.lang.outcomes import labels_in_order


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was declared, by the scenario or in its place by --expect, and whether it came so.

    `labels` are those shown: violations, and `sometimes` predicates that no state reaches.
    `as_expected` is None where nothing is declared, and where a limit cut the search before that
    was known: what was not seen may be there.
    """

    declared: Expected | None
    override: Literal["pass", "fail"] | None
    labels: tuple[str, ...]
    as_expected: bool | None

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


Standing = Literal["as declared", "not as declared", "cut"]


def standing(result: Result, judgement: Judgement) -> Standing:
    """How a result stands: as declared, which is to pass where nothing is; or "cut", where a limit
    kept that from being known."""
    as_expected = judgement.as_expected
    if as_expected is not None:
        return "as declared" if as_expected else "not as declared"
    if result.verdict == "bound" or (result.bound and judgement.declared is not None):
        return "cut"
    return "as declared" if result.verdict == "pass" else "not as declared"


def judge(
    result: Result, declared: Expected | None, override: Literal["pass", "fail"] | None
) -> Judgement:
    """Hold a result against its declaration; --expect looks at the verdict only."""
    labels = labels_in_order([*result.violations, *result.vacuous])
    return Judgement(declared, override, labels, _as_expected(result, declared, override, labels))


def _as_expected(
    result: Result,
    declared: Expected | None,
    override: Literal["pass", "fail"] | None,
    labels: tuple[str, ...],
) -> bool | None:
    if result.verdict == "bound":
        return None
    if override is not None:
        return result.verdict == override
    if declared is None:
        return None
    if result.bound is not None and set(labels) <= set(declared.labels):
        return None
    return declared.agrees(result.verdict, labels, result.loops)
