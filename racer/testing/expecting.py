"""What a test expects of a case: a verdict, all labels, and how often, where it says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from racer.catalogue.scenario import Expected
from racer.errors import UsageError
from racer.exploration.judgement import Judgement, judge
from racer.exploration.result import Result
from racer.words.counts import count_text

Expect = str | Sequence[str] | Mapping[str, int | None] | Expected


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is declared, and of some labels the exact number of interleavings that show them."""

    declared: Expected
    counts: Mapping[str, int] = field(default_factory=dict)

    def judged(self, result: Result) -> Judgement:
        """The result against what is declared."""
        return judge(result, self.declared, None)

    def why_not(self, result: Result) -> Iterator[str]:
        """What keeps the result from being what is expected, a sentence each; none: nothing."""
        judgement = self.judged(result)
        expected, shown = self.declared.labels, judgement.labels
        for label in sorted(set(shown) - set(expected)):
            yield f"{label}: not expected ({judgement.declaration})"
        if result.bound is None:
            for label in sorted(set(expected) - set(shown)):
                yield f"{label}: expected, and no interleaving shows it"
            if judgement.as_expected is False and set(shown) == set(expected):
                yield f"endless threads: {judgement.declaration} is expected"
        threads = () if result.loaded is None else result.loaded.program.instances()
        if result.interleavings == 1 and len(threads) > 1:
            names = ", ".join(each.name for each in threads)
            yield (
                f"error: one interleaving of {len(threads)} threads ({names}): they are never "
                f"concurrent, so nothing was tested.\n"
                f"Usual cause: each waits for all that another one does, or all but one are "
                f"blocked from the start.\n"
                f"Try: let two of them take a step in either order; a single thread needs no racer."
            )
        if result.bound is not None:
            yield "error: a limit cut the search, and what was not searched is not tested."
        for label, count in self.counts.items():
            found = result.violations.get(label)
            if found is None:
                continue  # which was told
            if found.interleavings is None:
                yield f"{label}: {count} interleavings expected; {uncounted_text(result)}"
            elif found.interleavings != count:
                yield (
                    f"{label}: {count_text(count)} interleavings expected, and "
                    f"{count_text(found.interleavings)} show it"
                )


def uncounted_text(result: Result) -> str:
    """Why it is not known how many interleavings show a label."""
    return f"not counted: {result.uncounted or 'a livelock has no end, so it is none'}"


def expectation(expect: Expect | None, declared: Expected | None) -> Expectation:
    """What a test gives as `expect`; by default what the scenario declares, else "pass".

    Where that is what the scenario declares, the reason stands for it, too.

    Errors   UsageError for what is none of these.
    """
    if expect is None:
        return Expectation(declared or Expected("pass"))
    found = _given(expect)
    told = found.declared
    if declared is not None and (told.verdict, sorted(told.labels)) == (
        declared.verdict,
        sorted(declared.labels),
    ):
        return replace(found, declared=replace(declared, loops=told.loops))
    return found


def _given(expect: Expect) -> Expectation:
    if isinstance(expect, Expected):
        return Expectation(expect)
    if expect == "pass":
        return Expectation(Expected("pass"))
    if expect == "fail":
        raise UsageError(
            "expect='fail' would take any violation for the one that is meant: name the labels, "
            "as expect='lost' or expect=('lost', 'deadlock')."
        )
    if isinstance(expect, str):
        return Expectation(Expected("fail", (expect,)))
    if isinstance(expect, Mapping):
        counts = {label: count for label, count in expect.items() if count is not None}
        if all(_is_label(each) for each in expect) and all(map(_is_count, counts.values())):
            return Expectation(_fail(tuple(expect), expect), counts)
    elif isinstance(expect, Sequence) and all(_is_label(each) for each in expect):
        return Expectation(_fail(tuple(expect), expect))
    raise _no_expectation(expect)


def _fail(labels: tuple[str, ...], expect: object) -> Expected:
    if not labels:
        raise _no_expectation(expect)
    return Expected("fail", labels)


def _no_expectation(expect: object) -> UsageError:
    return UsageError(
        f"expect={expect!r} is nothing that a result can be held against: give it 'pass', a label, "
        f"labels in a tuple, {{label: number of interleavings}}, or an Expected."
    )


def _is_label(each: object) -> bool:
    return isinstance(each, str) and each != ""


def _is_count(each: object) -> bool:
    return isinstance(each, int) and not isinstance(each, bool) and each > 0
