"""What names of C mean to a model: a map, written as TOML.

    extends = "kernel"              # a map that comes with racer, or one beside this file
    context = ["zone"]              # what the model gives besides the arguments of the function

    [python]                        # where the Python names of entries come from
    buddy = ["is_free_buddy_page"]  # modules beside this file

    [calls]                         # functions and macros; $1 is the first argument
    compound_head = "await $1.info.load() or $1"
    READ_ONCE = "await $cell1.load()"
    pr_err = { nothing = "a line in the log" }

    [fields]                        # x->f; $1 is x. For one struct only: "folio.flags"
    page_type = { cell = "$1.page_type" }
    page = { at = "$1" }            # &x->f
    pfn = "$1.pfn"                  # a value that nobody stores to

    [names]                         # constants, and variables of the file
    EBUSY = "16"

    [types]                         # what gives numbers, as C has them: by their type in C
    int = ["atomic_*", ".nr"]       # calls and names; x->nr, "zone.nr" of one struct; typedefs

    [config]                        # for #ifdef and IS_ENABLED()
    CONFIG_MMU = true

An entry is a Python expression over `$1`, `$2`, ...; the address of a cell is the cell, so that
of atomic_inc(&x->f) `$1` is one. `$cell1` is the cell that an argument is itself: of
READ_ONCE(x->f). `$local1` is a local that `&x` names, and may be assigned to; `$new1` one that a
macro declares. The call "page +" is a pointer to a struct page, $1, and a number, $2.

What has several parts is a table: `is` the expression, `why` a word about it for who reads the
listing, `drops = [2]` arguments that mean nothing. `nothing` says why a call does nothing at all;
its arguments are not looked at. `barrier = true`: no compiler moves an access across it.

A value is no number of C's unless the map says so, in [types], or it is a constant or a truth
value as it stands: a model may hold the word of a type as a text. So it is compared with its like
only; it cannot be compared with a number, computed with, or tested. "void *" says that it is an
address: that, or None.

What extends a map wins over it, name by name.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from racer.c_source.kinds import SYMBOL, Kind, kind_named
from racer.errors import UsageError, suggestion
from racer.files import BUNDLED, INSTALLED, readable, shown_path

Section = Literal["calls", "fields", "names"]

MAPS: Final = Path(__file__).parent / "maps"  # those that come with racer
OWN: Final = Path("scenarios")  # where a user's map of the same name extends one of these
_LARGEST: Final = 1 << 20  # bytes of a map
_SLOT: Final = re.compile(r"\$(cell|local|new)?(\d+)")
_SECTIONS: Final = ("calls", "fields", "names")
_TEXTS: Final = {
    "calls": ("is", "nothing", "why"),
    "fields": ("is", "cell", "at", "why"),
    "names": ("is", "why"),
}
_FLAGS: Final = ("barrier",)


@dataclass(frozen=True, slots=True)
class Template:
    """A Python expression with places for arguments: names such as `_slot_cell_1`."""

    text: str
    tree: ast.expr
    slots: tuple[tuple[str, int], ...]  # kind ("", "cell", ...) and number, in textual order

    def uses(self, number: int) -> bool:
        return any(each == number for _, each in self.slots)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one name means. Of `value`, `cell`, `at` a call and a name have `value` alone.

    nothing  why a call does nothing; empty if it does something
    origin   the file that says so
    """

    section: Section
    name: str
    origin: str
    value: Template | None = None
    cell: Template | None = None
    at: Template | None = None
    nothing: str = ""
    why: str = ""
    barrier: bool = False
    drops: tuple[int, ...] = ()


@dataclass(slots=True)
class Map:
    """All that is known of a kernel's names.

    types   by name the kind of what gives numbers; one that ends in `*` is of all that begin so
    python  for each Python name that entries use the file of the module that has it
    own     the entries of a user's file alone: one of these that never occurs is told
    """

    path: Path
    entries: dict[tuple[Section, str], Entry] = field(default_factory=dict)
    config: dict[str, bool] = field(default_factory=dict)
    context: tuple[str, ...] = ()
    python: dict[str, Path] = field(default_factory=dict)
    types: dict[str, Kind] = field(default_factory=dict)
    own: list[Entry] = field(default_factory=list)

    @property
    def where_to_write(self) -> str:
        """Into which file a user writes an entry that is missing, as a sentence."""
        if not _is_shipped(self.path):
            return f"Write what is missing into {shown_path(self.path)}."
        own = OWN / self.path.name
        return f"Write what is missing into {own}, which extends {_shown(self.path)}."

    def call(self, name: str) -> Entry | None:
        return self.entries.get(("calls", name))

    def named(self, name: str) -> Entry | None:
        return self.entries.get(("names", name))

    def field_of(self, struct: str, name: str) -> Entry | None:
        """What `->name` is of that struct, or else of any."""
        entry = self.entries.get(("fields", f"{struct}.{name}")) if struct else None
        return entry or self.entries.get(("fields", name))

    def kind_of(self, *names: str) -> Kind | None:
        """What [types] says of the first of these names of which it says anything."""
        for name in names:
            exact = self.types.get(name)
            if exact is not None:
                return exact
            fit = [each for each in self.types if each[-1] == "*" and name.startswith(each[:-1])]
            if fit:
                return self.types[max(fit, key=len)]
        return None

    def knows(self, section: Section, name: str) -> str:
        """`; did you mean ...?` where an entry has nearly that name; else empty."""
        from difflib import get_close_matches  # only on the way to an error

        known = [each for of, each in self.entries if of == section]
        near = get_close_matches(name, known, n=1, cutoff=0.85)
        return f"; did you mean {near[0]!r}?" if near else ""


def load_map(path: Path, *more: Path) -> Map:
    """The map of a file, with what it extends; `more` extend it in turn.

    Errors   UsageError naming the file, and the entry that cannot be used.
    """
    found = _loaded(path, ())
    for each in more:
        _extend(found, each, (path,))
    if _is_shipped(found.path):
        found.own = []
    return found


def _is_shipped(path: Path) -> bool:
    return any(path.resolve().is_relative_to(each.resolve()) for each in (MAPS, BUNDLED))


def _loaded(path: Path, outer: tuple[Path, ...]) -> Map:
    found = Map(path)
    _extend(found, path, outer)
    return found


def _extend(found: Map, path: Path, outer: tuple[Path, ...]) -> None:
    where = _shown(path)
    if path in outer[:-1] or len(outer) > 8:
        raise UsageError(f"the map {where} extends itself: by {', '.join(map(_shown, outer))}.")
    document = _read(path, where)
    for name in _texts(document.pop("extends", ()), where, "extends"):
        places = [each / f"{name}.toml" for each in (path.parent, MAPS, BUNDLED / "kernel")]
        base = next((each for each in places if each.exists() and each != path), None)
        if base is None:
            raise UsageError(
                f"{where} extends {name!r}: there is no {name}.toml beside it, nor with racer."
            )
        _extend(found, base, (*outer, path))
    found.path = path
    found.context = tuple(
        dict.fromkeys((*found.context, *_texts(document.pop("context", ()), where, "context")))
    )
    for module, names in _table(document.pop("python", {}), where, "python").items():
        for name in _texts(names, where, f"python.{module}"):
            found.python[name] = path.parent / f"{module.replace('.', '/')}.py"
    for of_type, names in _table(document.pop("types", {}), where, "types").items():
        kind = kind_named(of_type)
        if kind == SYMBOL:
            raise UsageError(
                f"{where}: [types] {of_type} is no type of an integer in C.\n"
                f"Try: bool, int, unsigned int, long, unsigned long, u8 to s64, or void *."
            )
        for name in _texts(names, where, f"types.{of_type}"):
            found.types[name] = kind
    for name, value in _table(document.pop("config", {}), where, "config").items():
        if not isinstance(value, bool):
            raise UsageError(f"{where}: [config] {name} is true or false, not {value!r}.")
        found.config[name] = value
    found.own = []
    for section in _SECTIONS:
        for name, value in _table(document.pop(section, {}), where, section).items():
            entry = _entry(section, name, value, where)
            found.entries[section, name] = entry
            found.own.append(entry)
    if document:
        known = ["extends", "context", "python", "types", "config", *_SECTIONS]
        wrong = next(iter(document))
        raise UsageError(f"{where} has {wrong!r}{suggestion(wrong, known)}")


def _shown(path: Path) -> str:
    """The path in reports, which is the same on every machine for what comes with racer."""
    return f"{INSTALLED}maps/{path.name}" if path.parent == MAPS else shown_path(path)


def _read(path: Path, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(readable(path, _LARGEST).decode())
    except OSError as error:
        raise UsageError(f"cannot read the map {where}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the map {where} is no TOML: {error}.") from error


def _table(value: object, where: str, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: [{name}] is a table, not {value!r}.")
    return value


def _texts(value: object, where: str, name: str) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(each, str) for each in texts):
        raise UsageError(f"{where}: {name} is a list of texts, not {value!r}.")
    return tuple(texts)


def _entry(section: Section, name: str, value: object, where: str) -> Entry:
    parts = {"is": value} if isinstance(value, str) else value
    if not isinstance(parts, dict):
        raise UsageError(f"{where}: [{section}] {name} is a text or a table, not {value!r}.")
    known = [*_TEXTS[section], *_FLAGS, "drops"]
    for key, part in parts.items():
        fits = isinstance(part, str) if key in _TEXTS[section] else key in known
        if not fits:
            raise UsageError(f"{where}: [{section}] {name} has {key} = {part!r}{_keys(key, known)}")
    means = [key for key in ("is", "cell", "at", "nothing") if key in parts]
    if not means:
        raise UsageError(f"{where}: [{section}] {name} says nothing of what it is.")
    made = {
        key: template(parts[key], f"{where}: [{section}] {name}")
        for key in ("is", "cell", "at")
        if key in parts
    }
    return Entry(
        section,
        name,
        where,
        value=made.get("is"),
        cell=made.get("cell"),
        at=made.get("at"),
        nothing=parts.get("nothing", ""),
        why=parts.get("why", ""),
        barrier=bool(parts.get("barrier", False)),
        drops=tuple(parts.get("drops", ())),
    )


def _keys(key: str, known: Iterable[str]) -> str:
    names = list(known)
    return suggestion(key, names) if key not in names else ", which is a text."


def template(text: str, where: str) -> Template:
    """The expression of an entry. Errors: UsageError."""
    slots = tuple((found[1] or "", int(found[2])) for found in _SLOT.finditer(text))
    written = _SLOT.sub(lambda found: slot_name(found[1] or "", int(found[2])), text)
    try:
        tree = ast.parse(written.strip(), mode="eval").body
    except SyntaxError as error:
        raise UsageError(f"{where} = {text!r} is no Python expression: {error.msg}.") from error
    for each in ast.walk(tree):  # a position is that of the C for which it is used: see place()
        for name in each._attributes:
            delattr(each, name)
    return Template(text, tree, slots)


def slot_name(kind: str, number: int) -> str:
    """The Python name that stands for a place in a template."""
    return f"_slot_{kind}_{number}"
