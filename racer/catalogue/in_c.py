"""C in place of a model's functions: `racer explore split_race --patch v11.mbox`.

A type of a parameter is marked with the roles for which C can be given:

    Version = Annotated[
        Literal["v9", "v10"],
        InC(
            Path(__file__).with_name("page_model.toml"),
            Role("classifier", ("HWPoisonKernelOwned", "is_kernel_owned_page"), is_value=True),
            Role("handlable", ("HWPoisonHandlable",)),
        ),
    ]

Beside `v9` and `v10` such a parameter takes `[v10+]FILE[:FUNCTION][@TREE]`: the C of a file, as
`racer lift-c` reads it, for all roles of which FILE has a function, or for that of FUNCTION alone.
The scenario asks for it where it would use its own:

    in_c = lifted(variant, "classifier", zone=zone)
    classify = CLASSIFIERS[variant] if in_c is None else in_c
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from racer.catalogue.packages import load_file
from racer.errors import ProgramError, UsageError
from racer.files import shown_path

if TYPE_CHECKING:  # C is read only where somebody asks for it
    from racer.c_source.compilers import Compiled
    from racer.c_source.inputs import Source
    from racer.c_source.mapping import Map
    from racer.c_source.translating import Lifted

_TEXT: Final = re.compile(
    r"(?:(?P<base>\w+)\+)?(?P<file>[^:@]*[./][^:@]*)(?::(?P<function>\w+))?(?:@(?P<tree>.+))?"
)


@dataclass(frozen=True, slots=True)
class Role:
    """What a function of C can be to a model.

    name       by which the scenario asks for it
    functions  its names in C, in all versions so far
    is_value   it is what the parameter is about: with it none of the other values counts
    prototype  what the model calls, as C has it: `bool f(struct page *page, unsigned long flags)`.
               C that cannot be called so is refused, and of a name that is none of `functions` what
               returns another type; it may lack parameters at the end. Empty: nothing is compared
    """

    name: str
    functions: tuple[str, ...]
    is_value: bool = False
    prototype: str = ""


@dataclass(frozen=True, slots=True, init=False)
class InC:
    """A parameter for which C can be given: the map of its names, and the roles.

    Beside a user's scenarios, in ./scenarios, a map of the same name extends it.
    """

    map: Path
    roles: tuple[Role, ...]

    def __init__(self, map: Path, *roles: Role) -> None:
        object.__setattr__(self, "map", map)
        object.__setattr__(self, "roles", roles)

    def role_of(self, function: str) -> Role | None:
        return next((each for each in self.roles if function in each.functions), None)

    def known_names(self) -> str:
        """The functions that it has roles for, in words."""
        return ", ".join(f"{name}()" for role in self.roles for name in role.functions)


@dataclass(frozen=True, slots=True)
class Place:
    """A value of such a parameter, in its parts; those that are not said are empty."""

    base: str
    file: str
    function: str
    tree: str

    def __str__(self) -> str:
        base = f"{self.base}+" if self.base else ""
        function = f":{self.function}" if self.function else ""
        tree = f"@{self.tree}" if self.tree else ""
        return f"{base}{self.file}{function}{tree}"


def place_in(text: str) -> Place | None:
    """The parts of a text that names C; None for one that cannot."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    return Place(*(found[each] or "" for each in ("base", "file", "function", "tree")))


class Patched(str):
    """The value of a parameter, with the C that was given for roles of it.

    As a text it is the value that the C is given beside; or, if that is what the parameter is
    about, the place of the C, so that it is none of the parameter's own values.
    """

    __slots__ = ("functions", "mark", "source")

    functions: dict[str, str]
    mark: InC
    source: Source


def patched(mark: InC, text: str, default: str) -> Patched:
    """The value for a scenario. `default`: beside which C is given that names no other.

    Errors   UsageError for what cannot be read, and has no function for any of the roles.
    """
    from racer.c_source.inputs import read_source

    place = place_in(text)
    assert place is not None
    source = read_source(place.file, place.tree or None)
    functions = _functions(mark, place, source)
    return given(mark, source, functions, place.base or default, text)


def given(
    mark: InC, source: Source, functions: dict[str, str], beside: str, text: str = ""
) -> Patched:
    """The value for a scenario, of what was read already. `functions` are by the names of their
    roles; `beside` is the value that they are given beside; `text` the place of the C."""
    for role in mark.roles:
        if role.name in functions:
            _require_fit(role, source, functions[role.name])
    is_value = any(role.is_value and role.name in functions for role in mark.roles)
    made = Patched((text or source.shown) if is_value else beside)
    made.functions, made.mark, made.source = functions, mark, source
    return made


def _require_fit(role: Role, source: Source, name: str) -> None:
    """Errors: UsageError for a function that cannot be what the role is."""
    if not role.prototype:
        return
    from racer.c_source.prototypes import misfit, prototype_in, prototype_of

    function = source.function(name)
    found, wanted = prototype_of(function), prototype_in(role.prototype)
    why = misfit(found, wanted)
    if not why and name not in role.functions and found.returns != wanted.returns:
        why = f"it returns {found.returns}, and the {role.name} {wanted.returns}"
    if why:
        known = " or ".join(f"{each}()" for each in role.functions)
        raise UsageError(
            f"{name}() at {function.path}:{function.first} cannot be taken as the {role.name}: "
            f"{why}.\nUsual cause: the name of another function.\n"
            f"Try: the function that has the part of {known}."
        )


def parts_of(mark: InC, value: Patched) -> str:
    """Which function stands for each role, in sentences; of what the input has and what was not
    named to be taken, too."""
    said, own, left = [], [], []
    names = _those_that_count(value.source)
    for role in mark.roles:
        name = value.functions.get(role.name)
        if name is None:
            own.append(f"{role.name} ({value})" if role.is_value else role.name)
            there = [each for each in role.functions if each in names]
            left += [f"{each}() of {value.source.shown}" for each in there]
        elif name in role.functions:
            said.append(f"{name}() is the {role.name}")
        else:
            said.append(f"{name}() is taken as {role.functions[-1]}(), the {role.name}")
    text = f"In C: {', '.join(said)}."
    if own:
        text += f" The model's own: {', '.join(own)}."
    return f"{text} Not taken: {', '.join(left)}." if left else text


def _functions(mark: InC, place: Place, source: Source) -> dict[str, str]:
    """By the name of each role the function that has it."""
    if place.function:
        role = mark.role_of(place.function) or next((r for r in mark.roles if r.is_value), None)
        if role is None:
            raise UsageError(
                f"{place.function}() has no role in the scenario. These have: {mark.known_names()}."
            )
        source.function(place.function)  # refused if it is not there, or not whole
        return {role.name: place.function}
    names = _those_that_count(source)
    found: dict[str, str] = {}
    for name in names:
        role = mark.role_of(name)
        if role is not None:
            found[role.name] = name
    if not found:
        what = "has" if source.kind == "C file" else "changes"
        shown = ", ".join(f"{name}()" for name in names[:6]) or "no function"
        raise UsageError(
            f"{source.shown} {what} no function with a role in the scenario. These have one: "
            f"{mark.known_names()}. It {what} {shown}{', ...' if len(names) > 6 else ''}.\n"
            f"Try: --patch {place.file}:FUNCTION, if it has another name now."
        )
    for name in found.values():
        source.function(name)
    return found


def _those_that_count(source: Source) -> list[str]:
    """Of a patch, the functions that it changes; of a file all."""
    from racer.c_source.translating import changed_functions

    if source.kind == "C file":
        return source.names()
    changed = changed_functions(source)
    return [each for each in source.names() if each in changed]


def lifted(
    value: str, role: str, /, *, compiled: Compiled = "written", **context: object
) -> Callable[..., Coroutine[Any, Any, Any]] | None:
    """The C that was given for a role, as an async function of its parameters; None: there is none.

    value     of the parameter, as the scenario was given it
    compiled  what a compiler makes of its plain loads: "written" as the C has them; "fused" one of
              several in a row; "sunk" fused, and moved down to where their values are looked at
    context   what entries of the map use besides the arguments

    Errors    UsageError with the places in the C that mean nothing to the model, and what to write;
              where it is to be sunk, and nothing can be
    """
    if not isinstance(value, Patched) or role not in value.functions:
        return None
    known = map_of(value.mark)
    made = _translated(value, role, known, compiled)
    if compiled == "sunk" and not made.sunk:
        raise UsageError(
            f"{made.name}() at {made.path}:{made.line} has no plain loads that a compiler could "
            f"move down: whatever they come to is looked at before the next access."
        )
    return made.bound({**_names(known), **context})


def map_of(mark: InC) -> Map:
    """The map of a parameter, with what the user's own adds to it. Errors: UsageError."""
    from racer.c_source.mapping import load_map

    return load_map(mark.map, *own_map(mark.map))


def own_map(shipped: Path) -> list[Path]:
    """The user's map of that name, in ./scenarios, if there is one."""
    from racer.c_source.mapping import OWN

    own = OWN / shipped.name
    return [own] if own.exists() and own.resolve() != shipped.resolve() else []


def _translated(value: Patched, role: str, known: Map, compiled: Compiled) -> Lifted:
    from racer.c_source.translating import translated

    return translated(value.source, value.functions[role], known, compiled)


def _names(known: Map) -> dict[str, object]:
    """What the Python names of a map are. Errors: ProgramError."""
    return dict(_named(known))


def _named(known: Map) -> Iterator[tuple[str, object]]:
    for name, path in known.python.items():
        module = load_file(path)
        if not hasattr(module, name):
            raise ProgramError(
                f"{shown_path(known.path)} names {name!r} of {shown_path(path)}, which has none."
            )
        yield name, getattr(module, name)
