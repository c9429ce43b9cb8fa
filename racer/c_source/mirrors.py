"""Which functions of the kernel scenarios mirror, and whether these are what they were.

A model says it where it says where it is from: in the header of its file,

    Source     mm/page_alloc.c prep_new_page(), rmqueue_buddy(); mm/internal.h set_page_refcounted()

and in the docstring of a function that begins with the name of one, `get_any_page(): ...`, which is
then looked for in the files that the header names. It is read as text; no model is run.

What a function was is recorded as a hash of its text without comments and white space, in
`mirrored.json` beside the models, with the version of the tree.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from racer.c_source.extents import extents, normalised
from racer.c_source.trees import Tree
from racer.errors import RacerError, UsageError
from racer.files import readable, shown_path, write_atomically
from racer.lang.modelled import first_call

RECORD: Final = "mirrored.json"
_SCHEMA: Final = "racer-mirrored/1"
_PART: Final = re.compile(r"^Source[ ]{2,}(\S.*(?:\n[ ]+\S.*)*)", re.MULTILINE)
_NAMED: Final = re.compile(r"(?P<path>\b[\w.-]+(?:/[\w.-]+)+\.[ch]\b)|\b(?P<name>[A-Za-z_]\w*)\(\)")
_MACRO: Final = r"^[ \t]*#[ \t]*define[ \t]+{name}\b(?:\\\n|[^\n])*"

State = Literal["same", "changed", "gone", "new", "absent", "not recorded"]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A function that models mirror.

    path    the file that it is in, or is said to be in
    models  the files of the models that name it, as they are shown
    """

    path: str
    name: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drifted:
    """What became of a mirrored function.

    state  "absent": not there, as when it was recorded; "new": it is there now, and was not
    line   where it is now; 0 where it is not there
    """

    mirrored: Mirrored
    state: State
    line: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: the version of the tree, and by file and function a hash, or None of one
    that was not there."""

    tree: str
    functions: Mapping[str, Mapping[str, str | None]]

    def of(self, path: str, name: str) -> tuple[bool, str | None]:
        """Whether it was recorded, and its hash."""
        own = self.functions.get(path, {})
        return name in own, own.get(name)


@dataclass(frozen=True, slots=True)
class Drift:
    """All mirrored functions of some models, by file and name.

    tree       the version of the tree that was looked at
    since      that of the tree that was recorded; empty for none
    missing    files that the tree has not
    forgotten  what was recorded and is named by no model any more, as `PATH: f()`
    unplaced   as in Mirrors
    """

    tree: str
    since: str
    functions: tuple[Drifted, ...]
    missing: tuple[str, ...]
    forgotten: tuple[str, ...]
    unplaced: tuple[str, ...]

    def those(self, *states: State) -> tuple[Drifted, ...]:
        return tuple(each for each in self.functions if each.state in states)

    @property
    def drifted(self) -> tuple[Drifted, ...]:
        """Those that are not what they were."""
        return self.those("changed", "gone", "new")


class Definitions:
    """The functions and macros of a tree's files, each file read once. Without a tree: none."""

    def __init__(self, tree: Tree | None) -> None:
        self._tree = tree
        self._texts: dict[str, str | None] = {}
        self._found: dict[str, dict[str, list[tuple[int, str]]]] = {}

    def has(self, path: str) -> bool:
        return self._text(path) is not None

    def hash_of(self, path: str, name: str) -> tuple[str | None, int]:
        """The hash of all definitions of that name in a file, and the line of the first; None and 0
        where there is none."""
        found = self._functions(path).get(name) or self._macros(path, name)
        if not found:
            return None, 0
        text = "\n".join(normalised(each) for _, each in found)
        return hashlib.sha256(text.encode()).hexdigest()[:16], found[0][0]

    def _text(self, path: str) -> str | None:
        if path not in self._texts:
            there = self._tree is not None and self._tree.has(path)
            known = self._tree.file(path) if self._tree is not None and there else None
            self._texts[path] = None if known is None else "\n".join(known.lines.values()) + "\n"
        return self._texts[path]

    def _functions(self, path: str) -> dict[str, list[tuple[int, str]]]:
        if path not in self._found:
            text = self._text(path) or ""
            lines = text.split("\n")
            found: dict[str, list[tuple[int, str]]] = {}
            for each in extents(text):
                own = "\n".join(lines[each.first - 1 : each.last])
                found.setdefault(each.name, []).append((each.first, own))
            self._found[path] = found
        return self._found[path]

    def _macros(self, path: str, name: str) -> list[tuple[int, str]]:
        text = self._text(path) or ""
        return [
            (text.count("\n", 0, found.start()) + 1, found[0])
            for found in re.finditer(_MACRO.format(name=re.escape(name)), text, re.MULTILINE)
        ]


@dataclass(frozen=True, slots=True)
class Mirrors:
    """What models mirror, by file and name; and functions that docstrings alone name and that are
    in none of their headers' files, each as `MODEL: f()`."""

    functions: tuple[Mirrored, ...]
    unplaced: tuple[str, ...]


def mirrors(files: Sequence[Path], definitions: Definitions, known: Recorded | None) -> Mirrors:
    """What the models in these files mirror. A function that is named without its file is in that
    file of the header's in which it is found, or else was recorded."""
    models: dict[tuple[str, str], list[str]] = {}
    unplaced: list[str] = []
    for file in files:
        named, without_file, paths = _named_in(file)
        for name in without_file:
            path = _place_of(name, paths, definitions, known)
            if path is None:
                unplaced.append(f"{shown_path(file)}: {name}()")
            else:
                named.append((path, name))
        for key in dict.fromkeys(named):
            models.setdefault(key, []).append(shown_path(file))
    found = [Mirrored(*key, tuple(sorted(own))) for key, own in sorted(models.items())]
    return Mirrors(tuple(found), tuple(sorted(unplaced)))


def _named_in(file: Path) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """The functions that a model's header names, with their files; those that docstrings name
    besides; and the header's files. Errors: UsageError for a file that is no Python."""
    try:
        module = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise UsageError(
            f"cannot read which functions {shown_path(file)} mirrors: {error}.\n"
            f"Usual cause: a slip in that file.\nTry: python -m py_compile {shown_path(file)}"
        ) from error
    part = _PART.search(inspect.cleandoc(ast.get_docstring(module) or ""))
    paths: list[str] = []
    found: list[tuple[str, str]] = []
    for each in _NAMED.finditer(part[1] if part else ""):
        if each["path"]:
            paths.append(each["path"])
        elif paths:
            found.append((paths[-1], each["name"]))
    named = {name for _, name in found}
    others = [
        first_call(ast.get_docstring(node) or "").removesuffix("()")
        for node in ast.walk(module)
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    ]
    more = [name for name in dict.fromkeys(others) if name.isidentifier() and name not in named]
    return found, more if paths else [], list(dict.fromkeys(paths))


def _place_of(
    name: str, paths: Sequence[str], definitions: Definitions, known: Recorded | None
) -> str | None:
    there = [path for path in paths if definitions.hash_of(path, name)[0]]
    there += [path for path in paths if known is not None and known.of(path, name)[0]]
    return there[0] if there else None


def recorded(directory: Path) -> Recorded | None:
    """What was recorded for the models of a directory; None where nothing was.

    Errors   UsageError for a file that cannot be read.
    """
    path = directory / RECORD
    if not path.exists():
        return None
    try:
        found = json.loads(readable(path, 1 << 24))
        if found["schema"] != _SCHEMA:
            raise ValueError(f"its schema is {found['schema']!r}")
        functions = {str(file): dict(own) for file, own in found["functions"].items()}
        return Recorded(str(found["tree"]), functions)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"cannot read {shown_path(path)}: {error}.\n"
            f"Usual cause: it was edited by hand.\nTry: `racer drift --base TREE --record`."
        ) from error


def drift(files: Sequence[Path], tree: Tree, known: Recorded | None) -> Drift:
    """What became of the functions that these models mirror, in that tree.

    Errors   UsageError for a tree that has none of their files.
    """
    definitions = Definitions(tree)
    all_of_them = mirrors(files, definitions, known)
    found = all_of_them.functions
    paths = sorted({each.path for each in found})
    missing = tuple(path for path in paths if not definitions.has(path))
    if found and len(missing) == len(paths):
        raise UsageError(
            f"{tree.shown} has none of the {len(paths)} files that scenarios mirror, such as "
            f"{paths[0]}.\nUsual cause: it is not the top directory of a tree.\n"
            f"Try: --base with the directory in which {paths[0].partition('/')[0]}/ lies."
        )
    named = {(each.path, each.name) for each in found}
    forgotten = tuple(
        f"{path}: {name}()"
        for path, own in sorted((known.functions if known else {}).items())
        for name in sorted(own)
        if (path, name) not in named
    )
    return Drift(
        tree=version_of(tree),
        since=known.tree if known else "",
        functions=tuple(_drifted(each, definitions, known) for each in found),
        missing=missing,
        forgotten=forgotten,
        unplaced=all_of_them.unplaced,
    )


def version_of(tree: Tree) -> str:
    """The version that its Makefile says, else the name of its directory."""
    return tree.version or tree.path.resolve().name


def _drifted(each: Mirrored, definitions: Definitions, known: Recorded | None) -> Drifted:
    now, line = definitions.hash_of(each.path, each.name)
    was_recorded, before = known.of(each.path, each.name) if known else (False, None)
    state: State
    if not was_recorded:
        state = "not recorded" if now else "absent"
    elif now == before:
        state = "same" if now else "absent"
    elif before is None:
        state = "new"
    else:
        state = "changed" if now else "gone"
    return Drifted(each, state, line)


def record(directory: Path, files: Sequence[Path], tree: Tree) -> Path:
    """Write what the functions are that these models mirror, beside them.

    Errors   UsageError as drift(); RacerError where the file cannot be written.
    """
    drift(files, tree, None)  # so that a wrong tree is refused before anything is written
    definitions = Definitions(tree)
    functions: dict[str, dict[str, str | None]] = {}
    for each in mirrors(files, definitions, None).functions:
        own = functions.setdefault(each.path, {})
        own[each.name] = definitions.hash_of(each.path, each.name)[0]
    content = {"schema": _SCHEMA, "tree": version_of(tree), "functions": functions}
    path = directory / RECORD
    try:
        write_atomically(path, (json.dumps(content, indent=1) + "\n").encode(), "mirrored")
    except OSError as error:
        raise RacerError(f"cannot write {shown_path(path)}: {error.strerror}.") from error
    return path
