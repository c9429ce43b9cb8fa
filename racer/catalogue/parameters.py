"""Parameters of a scenario: what each may be, read from its type, and checks of given values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from racer.catalogue.in_c import InC, Patched, place_in
from racer.errors import ProgramError, UsageError, suggestion

Value = bool | int | str
Kind = Literal["int", "bool", "str", "choice"]
_Mark = TypeVar("_Mark")

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True}
_BOOLEANS |= {"false": False, "no": False, "off": False, "0": False}
_SUPPORTED = (
    "A scenario's parameter is an int (or Annotated[int, Range(1, 8)]), a bool, a str, or a "
    "Literal of texts or integers."
)
_WHAT_IF = "what if"  # what a value is called that the code under test does not have


@dataclass(frozen=True, slots=True)
class Range:
    """What an int parameter of a scenario may be: `Annotated[int, Range(1, 8)]`.

    The integers from `low` to `high`, both included.

    Errors   ProgramError when `low` is above `high`.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ProgramError(f"Range({self.low}, {self.high}) is empty: low must not pass high.")

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


@dataclass(frozen=True, slots=True, init=False)
class WhatIf:
    """Values of a parameter that are not what the code under test does.

        FlagsRmw = Annotated[Literal["split", "atomic"], WhatIf("atomic")]

    Such as a fix that nobody has made, a bug made up to see that it is found, a state that cannot
    be. Reports say so wherever they name such a value, and no claim is answered by it "as the C
    is". `values` are of a Literal, a bool or an int.

    Errors   ProgramError without values; from @scenario, for a value that the parameter may not
             have.
    """

    values: tuple[Value, ...]

    def __init__(self, *values: Value) -> None:
        if not values:
            raise ProgramError("WhatIf() names no value: name those that are no more than that.")
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True)
class Configured:
    """A parameter of which one system has one value, and others another.

        CheckPages = Annotated[bool, Configured()]

    How it was built and set up, and which version it is. An answer to a claim, as the C is, may
    depend on such a parameter; of any other all that can happen does.
    """


@dataclass(frozen=True, slots=True)
class Meanings:
    """What each value of a parameter stands for, in words, for `racer list NAME`.

        Annotated[Literal["split", "atomic"], Meanings({"split": "a load and a store", ...})]

    It may tell of more values than a parameter has: types that share them share this as well.

    Errors   ProgramError, from @scenario, where a value of a Literal or a bool is left out.
    """

    texts: Mapping[Value, str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a scenario. `allowed` is for kind "choice", `range` for some ints.

    `what_ifs` are the values that are not what the code under test does; `configured`: a system
    has one of the values; `meanings` are values in words, where these were declared; `in_c`: the
    place of C is a value, too.
    """

    name: str
    default: Value
    kind: Kind
    allowed: tuple[Value, ...] = ()
    range: Range | None = None
    what_ifs: tuple[Value, ...] = ()
    configured: bool = False
    meanings: Mapping[Value, str] = field(default_factory=dict)
    in_c: InC | None = None

    @property
    def type_text(self) -> str:
        """What it may be, as `racer list` shows it: "split; what if atomic"."""
        match self.kind:
            case "int":
                text = f"int {self.range}" if self.range else "int"
            case "str":
                text = "text"
            case "bool" | "choice":
                text = _either(each for each in self.choices if not self.is_what_if(each))
        if not self.what_ifs:
            return text
        return "; ".join(part for part in (text, f"{_WHAT_IF} {self._what_ifs_text()}") if part)

    def _what_ifs_text(self) -> str:
        numbers = sorted(each for each in self.what_ifs if isinstance(each, int))
        if self.kind == "int" and numbers == [*range(numbers[0], numbers[-1] + 1)]:
            return str(numbers[0]) if len(numbers) == 1 else str(Range(numbers[0], numbers[-1]))
        return _either(self.what_ifs)

    @property
    def choices(self) -> tuple[Value, ...]:
        """Its values, where it has few; none of an int or a text."""
        return (True, False) if self.kind == "bool" else self.allowed

    def is_what_if(self, value: Value) -> bool:
        """Whether a value is not what the code under test does."""
        return _among(value, self.what_ifs)

    def meaning(self, value: Value) -> str:
        """What a value stands for, in words; empty where that was not declared."""
        return next((text for key, text in self.meanings.items() if _same(key, value)), "")

    def is_in_c(self, value: object) -> bool:
        """Whether a value is the place of C that is given for it."""
        if self.in_c is None or not isinstance(value, str) or _among(value, self.allowed):
            return False
        place = place_in(value)
        return place is not None and (not place.base or _among(place.base, self.allowed))

    def parse(self, text: str) -> Value:
        """The value of a text from the command line.

        Errors   UsageError naming the parameter, the text, and what is allowed.
        """
        value: Value | None = text
        if self.kind == "int":
            try:
                value = int(text)
            except ValueError:
                value = None
        elif self.kind == "bool":
            value = _BOOLEANS.get(text.lower())
        elif self.kind == "choice":
            value = next((each for each in self.allowed if show_value(each) == text), None)
            value = text if value is None and self.is_in_c(text) else value
        if value is None:
            raise self._refused(text)
        return self.check(value)

    def check(self, value: object) -> Value:
        """The value itself, when it is one that this parameter may have.

        Errors   UsageError naming the parameter, the value, and what is allowed.
        """
        match self.kind:
            case "int":
                if type(value) is int and (
                    self.range is None or self.range.low <= value <= self.range.high
                ):
                    return value
            case "bool":
                if type(value) is bool:
                    return value
            case "str":
                if type(value) is str:
                    return value
            case "choice":
                for each in self.allowed:
                    if _same(each, value):
                        return each
                if isinstance(value, Patched) or (type(value) is str and self.is_in_c(value)):
                    return value
        raise self._refused(value)

    def _refused(self, value: object) -> UsageError:
        text = f"parameter {self.name!r} cannot be {value!r}"
        if self.kind == "choice":
            known = [show_value(each) for each in self.allowed]
            if isinstance(value, str) and self.in_c is None and place_in(value) is not None:
                return UsageError(f"{text}: no C can be given for it. Known: {', '.join(known)}")
            return UsageError(text + suggestion(str(value), known))
        return UsageError(f"{text}. It is: {self.type_text}.")


def _same(one: object, other: object) -> bool:
    """Whether two values are one: True is not 1."""
    return type(one) is type(other) and one == other


def _among(value: object, values: Iterable[Value]) -> bool:
    return any(_same(value, each) for each in values)


def _either(values: Iterable[Value]) -> str:
    return " | ".join(show_value(value) for value in values)


def show_value(value: object) -> str:
    """A parameter's value as `--set name=value` takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def show_parameters(values: Mapping[str, Value]) -> str:
    """`readers=1 rounds=2`, in the order given."""
    return " ".join(f"{name}={show_value(value)}" for name, value in values.items())


def what_if_text(values: Mapping[str, Value]) -> str:
    """Those parameters of a case that are not what the code under test does; empty for none."""
    return f"{_WHAT_IF}: {show_parameters(values)}" if values else ""


def marked_what_if(text: str) -> str:
    """A value, or what it stands for, marked as one that the code under test does not have."""
    return f"{text} ({_WHAT_IF})"


def parameters_of(function: Callable[..., object]) -> tuple[Parameter, ...]:
    """The parameters that a scenario function declares.

    Errors   ProgramError naming the parameter whose declaration cannot be used.
    """
    return tuple(
        _parameter(function, declared)
        for declared in inspect.signature(function).parameters.values()
    )


def _parameter(function: Callable[..., object], declared: inspect.Parameter) -> Parameter:
    where = f"scenario {function.__name__!r}, parameter {declared.name!r}"
    if declared.kind not in (declared.KEYWORD_ONLY, declared.POSITIONAL_OR_KEYWORD):
        raise ProgramError(f"{where}: write it as a keyword parameter with a default.")
    if declared.default is declared.empty:
        raise ProgramError(f"{where} has no default: a scenario must run without any being set.")
    annotation = declared.annotation
    if annotation is declared.empty:
        annotation = type(declared.default)
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, getattr(function, "__globals__", {}))
        except Exception as error:
            raise ProgramError(
                f"{where}: its type {annotation!r} cannot be read ({error}). {_SUPPORTED}"
            ) from error
    found = _of_type(declared.name, declared.default, annotation)
    if found is None:
        raise ProgramError(f"{where}: its type is {annotation!r}. {_SUPPORTED}")
    try:
        found.check(declared.default)
    except UsageError as error:
        raise ProgramError(f"{where}: the default does not fit the type: {error}") from None
    _check_marks(found, where)
    return found


def _check_marks(parameter: Parameter, where: str) -> None:
    for value in parameter.what_ifs:
        try:
            parameter.check(value)
        except UsageError as error:
            raise ProgramError(f"{where}: WhatIf({value!r}) is no value of it: {error}") from None
    if parameter.meanings:
        for value in parameter.choices:
            if not parameter.meaning(value):
                raise ProgramError(f"{where}: its Meanings do not say what {value!r} stands for.")


def _of_type(name: str, default: Value, annotation: Any) -> Parameter | None:
    """None when the type is none of those supported."""
    marks: list[object] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *metadata = get_args(annotation)
            marks = [*metadata, *marks]
        elif hasattr(annotation, "__value__"):  # a `type X = ...` alias
            annotation = annotation.__value__
        else:
            break
    found = _plain(name, default, annotation, _last(marks, Range))
    if found is None:
        return None
    what_if, meanings = _last(marks, WhatIf), _last(marks, Meanings)
    return replace(
        found,
        what_ifs=() if what_if is None else what_if.values,
        configured=_last(marks, Configured) is not None,
        meanings={} if meanings is None else meanings.texts,
        in_c=_last(marks, InC),
    )


def _last(marks: Sequence[object], kind: type[_Mark]) -> _Mark | None:
    """The outermost mark of a kind: it stands for those within."""
    return next((each for each in reversed(marks) if isinstance(each, kind)), None)


def _plain(name: str, default: Value, annotation: Any, limits: Range | None) -> Parameter | None:
    """A parameter of a type without its marks."""
    if get_origin(annotation) is Literal:
        allowed = get_args(annotation)
        fits = limits is None and all(type(each) in (int, str) for each in allowed)
        return Parameter(name, default, "choice", allowed) if fits else None
    if annotation is int:
        return Parameter(name, default, "int", range=limits)
    if limits is not None:
        return None
    if annotation is bool:
        return Parameter(name, default, "bool")
    return Parameter(name, default, "str") if annotation is str else None
