"""Parameters of a scenario: what each may be, read from its type, and checks of given values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from racer.errors import ProgramError, UsageError, suggestion

Value = bool | int | str
Kind = Literal["int", "bool", "str", "choice"]

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True}
_BOOLEANS |= {"false": False, "no": False, "off": False, "0": False}
_SUPPORTED = (
    "A scenario's parameter is an int (or Annotated[int, Range(1, 8)]), a bool, a str, or a "
    "Literal of texts or integers."
)


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


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a scenario. `allowed` is for kind "choice", `range` for some ints."""

    name: str
    default: Value
    kind: Kind
    allowed: tuple[Value, ...] = ()
    range: Range | None = None

    @property
    def type_text(self) -> str:
        """What it may be, as `racer list` shows it."""
        match self.kind:
            case "int":
                return f"int {self.range}" if self.range else "int"
            case "bool":
                return "true | false"
            case "str":
                return "text"
            case "choice":
                return " | ".join(show_value(value) for value in self.allowed)

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
                    if type(each) is type(value) and each == value:
                        return each
        raise self._refused(value)

    def _refused(self, value: object) -> UsageError:
        text = f"parameter {self.name!r} cannot be {value!r}"
        if self.kind == "choice":
            return UsageError(text + suggestion(str(value), [show_value(v) for v in self.allowed]))
        return UsageError(f"{text}. It is: {self.type_text}.")


def show_value(value: object) -> str:
    """A parameter's value as `--set name=value` takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def show_parameters(values: Mapping[str, Value]) -> str:
    """`readers=1 rounds=2`, in the order given."""
    return " ".join(f"{name}={show_value(value)}" for name, value in values.items())


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
    return found


def _of_type(name: str, default: Value, annotation: Any) -> Parameter | None:
    """None when the type is none of those supported."""
    limits: Range | None = None
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *metadata = get_args(annotation)
            limits = next((each for each in metadata if isinstance(each, Range)), limits)
        elif hasattr(annotation, "__value__"):  # a `type X = ...` alias
            annotation = annotation.__value__
        else:
            break
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
