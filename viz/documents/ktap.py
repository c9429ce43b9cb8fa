"""Results as KTAP, the Kernel Test Anything Protocol, version 1: what a kernel's CI reads.

A test for each scenario, or claim. It is "ok" if that is as declared: a violation that is declared
is what the test is for. Where a limit cut it, the directive is TIMEOUT; where it does not run,
ERROR; where it was not come to, SKIP.

Source   Documentation/dev-tools/ktap.rst of Linux; tools/testing/kunit/kunit_parser.py, which knows
         of directives only SKIP, and takes the others for diagnostics of what is "not ok"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racer.claims.deciding import Decided
from racer.viz.claims import expected_text
from racer.viz.documents.case import ExploredCase, Told
from racer.viz.summary import result_line, verdict_text
from racer.words.printable import safe_line


def ktap(cases: Sequence[Told]) -> str:
    """The lines, without a newline at the end."""
    tests = [
        _explored(each) if isinstance(each, ExploredCase) else _not_explored(each.name, each.why)
        for each in cases
    ]
    return "\n".join(_document(tests))


def claims_ktap(decided: Sequence[Decided], missing: Sequence[tuple[str, str]]) -> str:
    """The same of claims; of those that were not decided the name, and why if it is an error."""
    one = len({each.memory for each in decided}) == 1
    tests = [_claim(each, "" if one else f" memory={each.memory}") for each in decided]
    return "\n".join(_document([*tests, *(_not_explored(name, why) for name, why in missing)]))


_Test = tuple[bool, str, str, tuple[str, ...]]  # ok, its name, directive and data, diagnostics


def _explored(case: ExploredCase) -> _Test:
    told = [verdict_text(case.result, case.judgement), result_line(case.result), case.trailer]
    told += [f"witness: {path}" for path in case.files.values()]
    cut = ""
    if case.standing == "cut":
        cut = f"TIMEOUT {case.result.bound}"
    return case.standing == "as declared", case.name, cut, tuple(told)


def _not_explored(name: str, why: str) -> _Test:
    first, _, further = why.partition("\n")
    return not why, name, f"ERROR {first}" if why else "SKIP interrupted before it", (further,)


def _claim(decided: Decided, under: str) -> _Test:
    """`under`: what is said of the memory model beside the name."""
    told = (decided.claim.text, f"answer: {decided.answer}", f"expected: {expected_text(decided)}")
    directive = "TIMEOUT a limit cut the search" if decided.cut else ""
    if decided.unasked is not None:
        directive = f"SKIP {decided.memory} cannot be asked"
    return decided.as_expected, f"{decided.claim.name}{under}", directive, told


def _document(tests: Sequence[_Test]) -> Iterator[str]:
    yield "KTAP version 1"
    yield f"1..{len(tests)}"
    for number, (ok, name, directive, told) in enumerate(tests, 1):
        for line in "\n".join(each for each in told if each).splitlines():
            yield f"# {_line(line)}"
        data = f" # {_line(directive)}" if directive else ""
        yield f"{'ok' if ok else 'not ok'} {number} {_description(name)}{data}"


def _line(text: str) -> str:
    return " ".join(safe_line(text).split())


def _description(name: str) -> str:
    """Any text but #, which begins the data."""
    return _line(name).replace("#", "%23")
