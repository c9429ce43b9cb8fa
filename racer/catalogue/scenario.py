"""Scenarios: a function of parameters that returns a Program, and what it is expected to show.

    @scenario(expect=lambda variant: Expected("fail", ("misclassified",), "reads only the head"))
    def split_race(*, variant: Literal["headonly", "v9"] = "v9") -> Program:
        '''A tail page is classified while its huge page is split.'''

Where scenarios are found is `racer.catalogue.discovery`.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, overload

from racer.catalogue.in_c import Patched, parts_of, patched
from racer.catalogue.parameters import Parameter, Range, Value, parameters_of, show_parameters
from racer.errors import Location, ProgramError, RacerError, UsageError, suggestion
from racer.files import shown_path, source_line
from racer.interrupts import is_from_outside
from racer.lang.patience import Endless, in_good_time
from racer.lang.program import Program

__all__ = ["Expected", "Range", "Scenario", "scenario"]

Build = Callable[..., Program]
MODEL = "memory"  # what `expect` is given the memory model as, unless a parameter has that name


@dataclass(frozen=True, slots=True)
class Expected:
    """What a scenario is declared to show: the regression it stands for.

    verdict  "pass" or "fail"
    labels   of a "fail" all labels, in a tuple: violations, and the names of `sometimes`
             predicates that no state reaches; of a "pass" none
    because  the reason in a sentence, which the report repeats, and a brief; of several labels each
             has its own, by label, else a brief has none
    loops    names of all threads that can take steps for ever, in a tuple; None declares nothing
             about that
    fixed_by parameters and their values that would help, all others as they are. A brief repeats
             that, if with these it is declared to pass, or to fail without the label it tells of

    Errors   ProgramError for another verdict, a "fail" without labels or a "pass" with some or
             with what fixes it, and a reason of what is none of the labels.
    """

    verdict: Literal["pass", "fail"]
    labels: tuple[str, ...] = ()
    because: str | Mapping[str, str] = field(default="", hash=False)
    loops: tuple[str, ...] | None = None
    fixed_by: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.verdict not in ("pass", "fail"):
            raise ProgramError(f"Expected({self.verdict!r}): a verdict is 'pass' or 'fail'.")
        if isinstance(self.labels, str) or (self.verdict == "pass") == bool(self.labels):
            raise ProgramError(
                f"Expected({self.verdict!r}, {self.labels!r}): a 'fail' names all of its labels "
                "in a tuple, a 'pass' has none."
            )
        if isinstance(self.loops, str):
            raise ProgramError(f"Expected(loops={self.loops!r}): name the threads in a tuple.")
        if not isinstance(self.because, str):
            others = [label for label in self.because if label not in self.labels]
            if others:
                raise ProgramError(
                    f"Expected(because=...): {others[0]!r} is none of the labels {self.labels!r}."
                )
        if self.verdict == "pass" and self.fixed_by:
            raise ProgramError(f"Expected('pass', fixed_by={self.fixed_by!r}): nothing is to fix.")

    @property
    def reason(self) -> str:
        """Why it comes out so, as one text; what several labels have in common is said once."""
        if isinstance(self.because, str):
            return self.because
        return "; ".join(
            dict.fromkeys(self.because[each] for each in self.labels if each in self.because)
        )

    def reason_of(self, label: str) -> str:
        """Why it has the label; empty where that is not said of this one alone."""
        if isinstance(self.because, str):
            return self.because if self.labels == (label,) else ""
        return self.because.get(label, "")

    def agrees(self, verdict: str, labels: Iterable[str], loops: tuple[str, ...] | None) -> bool:
        """Whether a result with this verdict, labels and endless threads is as declared.

        `loops` None stands for a result that does not know them: they are not compared then.
        """
        shown = (verdict, tuple(sorted(labels)))
        if shown != (self.verdict, tuple(sorted(self.labels))):
            return False
        return self.loops is None or loops is None or loops == tuple(sorted(self.loops))


Expectation = Expected | Callable[..., Expected | None] | None


@dataclass(frozen=True, eq=False)
class Scenario:
    """A named family of Programs, made by @scenario: call it with keywords to get one of them.

    name        of the function
    doc         its docstring; `summary` is the first line of that
    parameters  in the order of declaration, each with its default and what it may be
    source      the file and line where it is defined
    expect      what it is declared to show, or a function that says so; None: nothing

    Errors   UsageError when it is called with a parameter that it lacks, or with a value that the
             parameter may not have; ProgramError when its function fails or returns no Program.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    source: Location
    module: str
    function: Build
    expect: Expectation = None

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]

    def __call__(self, **given: object) -> Program:
        return self.build(**given)

    def build(self, **given: object) -> Program:
        """Make the Program of these parameters; those not given have their defaults.

        Errors   UsageError for a wrong parameter, and any that the function raises itself;
                 ProgramError when the function raises anything else, returns no Program, or has
                 not returned after ten seconds.
        """
        values = self.complete(given)
        with _Reported(self, values):
            program = in_good_time(lambda: self.function(**self._given(values)))
        if isinstance(program, Program):
            return program
        if isinstance(program, types.CoroutineType):
            program.close()
            remedy = "It is an async function: write it as `def`; only threads are async."
        else:
            remedy = "Return Program(memory, threads)."
        raise ProgramError(
            f"{self._called(values)} at {self._where()} returned a {type(program).__name__}, "
            f"not a Program. {remedy}"
        )

    def _given(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """The values as the function gets them: the place of C with what is read there."""
        given = dict(values)
        for each in self.parameters:
            value = values[each.name]
            if isinstance(value, Patched):
                continue
            if each.in_c is not None and each.is_in_c(value):
                given[each.name] = patched(each.in_c, str(value), str(each.default))
        return given

    def parts_in_c(self, values: Mapping[str, Value]) -> list[str]:
        """Of each parameter for which C is given, which function of it stands for what."""
        given = self._given(values)
        return [
            parts_of(each.in_c, value)
            for each in self.parameters
            if each.in_c is not None and isinstance(value := given[each.name], Patched)
        ]

    def in_c(self, values: Mapping[str, Value]) -> bool:
        """Whether C is given for any of its parameters."""
        return any(each.is_in_c(values.get(each.name)) for each in self.parameters)

    def expected(self, under: str = "sc", /, **given: object) -> Expected | None:
        """What the scenario is declared to show with these parameters, under the memory model of
        that name; None when nothing is, and when C is given for a parameter. What does not ask for
        the model is declared of all.

        Errors   UsageError for a wrong parameter; ProgramError when `expect` fails, returns
                 neither an Expected nor None, or has not returned after ten seconds.
        """
        values, expect = self.complete(given), self.expect
        if expect is None or self.in_c(values):
            return None
        if isinstance(expect, Expected):
            return self._checked(expect, values)
        with _Reported(self, values, " while declaring what it expects"):
            asked = _accepted(expect, values, under)
            declared = in_good_time(lambda: expect(**asked))
        if declared is None:
            return None
        if isinstance(declared, Expected):
            return self._checked(declared, values)
        raise ProgramError(
            f"{self._called(values)} at {self._where()}: `expect` returned "
            f"a {type(declared).__name__}. Return Expected(...) or None."
        )

    def _checked(self, declared: Expected, values: dict[str, Value]) -> Expected:
        """Errors: ProgramError where it is said to be fixed by what it cannot be given."""
        try:
            self.complete({**values, **declared.fixed_by})
        except UsageError as error:
            where = f"{self._called(values)} at {self._where()}"
            raise ProgramError(f"{where}: Expected(fixed_by=...): {error}") from None
        return declared

    def complete(self, given: Mapping[str, object]) -> dict[str, Value]:
        """All parameters in the order of declaration: those given, checked, and the defaults."""
        self._refuse_unknown(given)
        return {
            parameter.name: parameter.check(given.get(parameter.name, parameter.default))
            for parameter in self.parameters
        }

    def what_ifs(self, parameters: Mapping[str, Value]) -> dict[str, Value]:
        """Those of the parameters that are not what the code under test does, the defaults
        included."""
        values = self.complete(parameters)
        return {
            each.name: values[each.name]
            for each in self.parameters
            if each.is_what_if(values[each.name])
        }

    def parse(self, texts: Mapping[str, str]) -> dict[str, Value]:
        """As `complete`, for values given as text (`--set name=value`)."""
        self._refuse_unknown(texts)
        return self.complete(
            {
                parameter.name: parameter.parse(texts[parameter.name])
                for parameter in self.parameters
                if parameter.name in texts
            }
        )

    def _refuse_unknown(self, given: Mapping[str, object]) -> None:
        known = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in known:
                raise UsageError(
                    f"scenario {self.name!r} has no parameter {name!r}{suggestion(name, known)}"
                )

    def _called(self, values: dict[str, Value]) -> str:
        with_values = f" with {show_parameters(values)}" if values else ""
        return f"scenario {self.name!r}{with_values}"

    def _where(self) -> Location:
        return Location(shown_path(self.source.path), self.source.line)


@overload
def scenario(function: Build, /) -> Scenario: ...
@overload
def scenario(*, expect: Expectation = None) -> Callable[[Build], Scenario]: ...
def scenario(
    function: Build | None = None, /, *, expect: Expectation = None
) -> Scenario | Callable[[Build], Scenario]:
    """Make a scenario of a function of keyword parameters with defaults that returns a Program.

        @scenario(expect=Expected("fail", ("torn",), "the second load can see the store"))
        def reads(*, writers: Annotated[int, Range(1, 4)] = 1, twice: bool = True) -> Program:
            "R reads x while W writes it."

    It is written as `@scenario` or `@scenario(expect=...)`. A parameter is an int, which Range may
    limit, a bool, a str, or a Literal of texts or integers. WhatIf marks values that are not what
    the code under test does. The docstring is what `racer list` and reports show: its first line,
    and for `racer list NAME` a line for each parameter, with the name before it.

    expect   what it is declared to show: an Expected, or a function that returns one (or None)
             and takes those parameters that matter to it, by name, and `memory`, the name of the
             memory model, if that does. Without it nothing is declared, and the command line takes
             "pass" for success.

    Errors   ProgramError for a parameter without a default or of another type.
    """
    if function is None:
        return lambda function: _scenario(function, expect)
    return _scenario(function, expect)


class _Reported:
    """Turns what a scenario's own code raises into an error that names it, without traceback."""

    def __init__(self, owner: Scenario, values: dict[str, Value], when: str = "") -> None:
        self.owner = owner
        self.values = values
        self.when = when

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None or isinstance(error, UsageError) or is_from_outside(error):
            return
        if isinstance(error, Endless):
            raise ProgramError(
                f"{self.owner._called(self.values)} could not be built{self.when}: {error}."
            ) from None
        where = source_line(error, self.owner.source.path)
        text = str(error) if isinstance(error, RacerError) else f"{type(error).__name__}: {error}"
        raise ProgramError(
            f"{self.owner._called(self.values)} could not be built{self.when}: {text}\n  at {where}"
        ) from error


def _scenario(function: Build, expect: Expectation) -> Scenario:
    code = getattr(function, "__code__", None)
    if not isinstance(function, types.FunctionType) or code is None:
        raise ProgramError(f"@scenario belongs on a function, not on {function!r}.")
    return Scenario(
        name=function.__name__,
        doc=inspect.getdoc(function) or "",
        parameters=parameters_of(function),
        source=Location(code.co_filename, code.co_firstlineno),
        module=function.__module__,
        function=function,
        expect=expect,
    )


def _accepted(
    function: Callable[..., Any], values: dict[str, Value], under: str
) -> dict[str, Value]:
    """Those of the values that the function has a parameter for, and the memory model if it has
    one for that."""
    declared = inspect.signature(function).parameters
    model: dict[str, Value] = {MODEL: under} if MODEL in declared else {}
    if any(each.kind is each.VAR_KEYWORD for each in declared.values()):
        return {**model, **values}
    return {name: v for name, v in {**model, **values}.items() if name in declared}
