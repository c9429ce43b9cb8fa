"""Where scenarios are found: those that come with racer, ./scenarios, any file and directory.

A file that cannot be loaded never hides the others: it is kept in the catalogue with the
reason, and named when it is asked for.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from racer.catalogue.packages import load_file, source_of
from racer.catalogue.scenario import Scenario
from racer.errors import ProgramError, RacerError, UsageError, suggestion
from racer.files import BUNDLED, shown_path

LOCAL = "scenarios"  # a directory of that name in the current one is looked into
_SCENARIO = re.compile(r"^@scenario\b|^\w+ = scenario\(", re.MULTILINE)
_CLAIM = re.compile(r"\bClaim\(")


@dataclass(frozen=True, slots=True)
class Found:
    """A scenario and the reference that finds it again from the same directory.

    `installed`: it came with racer. `hides`: it is a local one, and an installed one has its name.
    """

    scenario: Scenario
    reference: str
    installed: bool = False
    hides: bool = False

    @property
    def saved_reference(self) -> str:
        """The reference for a witness: with the file, if it is not installed, so that it can be
        found from other directories, and another scenario of that name is not taken for it."""
        return self.scenario.name if self.installed else file_reference(self.scenario)


def origin_text(found: Found) -> str:
    """Where a local scenario is, and that it is taken in place of the installed one if it is."""
    where = shown_path(found.scenario.source.path)
    return f"{where}, not the installed scenario of that name" if found.hides else where


@dataclass(frozen=True, slots=True)
class Broken:
    """A file of scenarios that could not be loaded, and why."""

    path: Path
    error: str

    def defines(self, name: str) -> bool:
        """Whether its text, which could not be loaded, has a function of that name."""
        return _defines(self.path, name)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that can be named without a path, by name; and what could not be loaded."""

    found: tuple[Found, ...]
    broken: tuple[Broken, ...]


def catalogue(name: str | None = None) -> Catalogue:
    """The scenarios that come with racer and those of ./scenarios, which win over them.

    With a name, only files that define a function of that name are loaded.
    """
    local, local_broken = _load_all(_defining(name, _local_files()))
    installed, installed_broken = _load_all(_defining(name, _installed_files()))
    mine, theirs = ({each.name for each in some} for some in (local, installed))
    shown = local + [scenario for scenario in installed if scenario.name not in mine]
    shown.sort(key=lambda scenario: (scenario.name, scenario.source.path))
    names = [scenario.name for scenario in shown]
    found = tuple(
        Found(
            each,
            each.name if names.count(each.name) == 1 else file_reference(each),
            installed=each.name not in mine,
            hides=each.name in mine and each.name in theirs,
        )
        for each in shown
    )
    return Catalogue(found, tuple(local_broken + installed_broken))


def modules() -> tuple[list[ModuleType], list[Broken]]:
    """The files of scenarios that load, those of ./scenarios first; and those that do not."""
    loaded: list[ModuleType] = []
    broken: list[Broken] = []
    for file in [*_local_files(), *_installed_files()]:
        try:
            loaded.append(load_file(file))
        except RacerError as error:  # whatever it raises, load_file() makes one of it
            broken.append(Broken(file, str(error)))
    return loaded, broken


def modules_in(path: Path) -> tuple[list[ModuleType], list[Broken]]:
    """A file, or those files of a directory in which claims are made, and that load; and those that
    do not.

    Errors   UsageError for what is not there; ProgramError for a file that cannot be loaded.
    """
    if not path.is_dir():
        _require_file(path)
        return [load_file(path)], []
    loaded: list[ModuleType] = []
    broken: list[Broken] = []
    for file in _making(_CLAIM, files_below(path)):
        try:
            loaded.append(load_file(file))
        except RacerError as error:
            broken.append(Broken(file, str(error)))
    return loaded, broken


def find_all(path: Path) -> tuple[list[Found], list[Broken]]:
    """The scenarios of a file, or of all files in a directory and below it, by file and name; and
    the files that cannot be loaded.

    Of a directory, those files are loaded whose text makes a scenario.

    Errors   UsageError where there is none; ProgramError for a file that cannot be loaded.
    """
    if path.is_dir():
        scenarios, broken = _load_all(_making(_SCENARIO, files_below(path)))
    else:
        _require_file(path)
        scenarios, broken = scenarios_of(load_file(path)), []
    if not scenarios and not broken:
        raise _without_scenario(path)
    return [Found(each, file_reference(each)) for each in scenarios], broken


def makes(path: Path) -> bool:
    """Whether it is a public file whose text makes scenarios or claims."""
    text = _text_of(path) if _is_public(path.name) else ""
    return any(made.search(text) for made in (_SCENARIO, _CLAIM))


def is_path(reference: str) -> bool:
    """Whether a word of the command line can only be the path of a file or directory."""
    return "::" not in reference and (
        reference.endswith(".py") or "/" in reference or reference in (".", "..")
    )


def find(reference: str) -> Found:
    """The scenario of a name, of `path/to/file.py::name`, or the only one of `path/to/file.py`.

    Errors   UsageError for a name that is not known or not unique; ProgramError for a file that
             cannot be loaded.
    """
    path, separator, name = reference.rpartition("::")
    if separator:
        return _find_in_file(Path(path), name)
    if reference.endswith(".py") or "/" in reference:
        return _find_in_file(Path(reference), None)
    return _find_by_name(reference)


def is_below_here(reference: str) -> bool:
    """Whether `path/to/file.py::name` is a scenario below the current directory, by its text."""
    path, _, name = reference.rpartition("::")
    file = Path(path)
    if ".." in file.parts or not file.resolve().is_relative_to(Path.cwd().resolve()):
        return file.resolve().is_relative_to(BUNDLED.resolve())
    return not file.exists() or _defines(file, name)


def _find_by_name(name: str) -> Found:
    known = catalogue(name)
    matching = [each for each in known.found if each.scenario.name == name]
    if not matching:  # it may have been made without a `def` of that name
        known = catalogue()
        matching = [each for each in known.found if each.scenario.name == name]
    if len(matching) == 1:
        return matching[0]
    if matching:
        choices = " or ".join(each.reference for each in matching)
        raise UsageError(f"two scenarios are named {name!r}: say which, {choices}.")
    for broken in known.broken:
        if broken.defines(name):
            raise ProgramError(f"scenario {name!r} is not available: {broken.error}")
    names = [each.scenario.name for each in known.found]
    text = f"there is no scenario {name!r}{suggestion(name, names)}"
    if Path(f"{name}.py").is_file():
        text += f"\nA file is named with its ending: {name}.py"
    for broken in known.broken:
        text += f"\nNot loaded: {broken.error}"
    raise UsageError(text)


def _find_in_file(path: Path, name: str | None) -> Found:
    _require_file(path)
    if path.is_dir():
        raise UsageError(f"cannot load scenarios from {str(path)!r}: the file is a directory.")
    scenarios = scenarios_of(load_file(path))
    names = [scenario.name for scenario in scenarios]
    if not scenarios:
        raise _without_scenario(path)
    if name is None and len(scenarios) > 1:
        choices = ", ".join(f"{path}::{each}" for each in names)
        raise UsageError(f"{shown_path(path)} has {len(scenarios)} scenarios; say which: {choices}")
    for scenario in scenarios:
        if name is None or scenario.name == name:
            return Found(scenario, file_reference(scenario))
    raise UsageError(f"{shown_path(path)} has no scenario {name!r}{suggestion(name or '', names)}")


def _require_file(path: Path) -> None:
    if not path.exists():
        raise UsageError(f"cannot load scenarios from {str(path)!r}: the file does not exist.")


def _without_scenario(path: Path) -> UsageError:
    return UsageError(
        f"{shown_path(path)} has no scenario: put @scenario on a function that returns "
        "a Program (from racer import scenario)."
    )


def reference_of(scenario: Scenario) -> str:
    """By which commands and witnesses find a scenario again: a name, if it came with racer."""
    installed = Path(scenario.source.path).resolve().is_relative_to(BUNDLED.resolve())
    return scenario.name if installed else file_reference(scenario)


def file_reference(scenario: Scenario) -> str:
    """`path/to/file.py::name`, from the current directory."""
    return f"{shown_path(scenario.source.path)}::{scenario.name}"


def _defining(name: str | None, files: list[Path]) -> list[Path]:
    return files if name is None else [file for file in files if _defines(file, name)]


def _defines(file: Path, name: str) -> bool:
    """Whether the text of a file has a function of that name."""
    return re.search(rf"^def {re.escape(name)}\b", _text_of(file), re.MULTILINE) is not None


def _text_of(file: Path) -> str:
    """Empty for a file that cannot be read."""
    try:
        return source_of(file).decode(errors="replace")
    except OSError:
        return ""


def _load_all(files: list[Path]) -> tuple[list[Scenario], list[Broken]]:
    scenarios: list[Scenario] = []
    broken: list[Broken] = []
    for file in files:
        try:
            scenarios += scenarios_of(load_file(file))
        except RacerError as error:
            broken.append(Broken(file, str(error)))
    return scenarios, broken


def _installed_files() -> list[Path]:
    return _public_files(BUNDLED.resolve())


def _local_files() -> list[Path]:
    local = Path(LOCAL)
    return [] if local.resolve() == BUNDLED.resolve() else _public_files(local)


def _public_files(directory: Path) -> list[Path]:
    """Those in the directory, and below it those whose text makes a scenario."""
    below = [file for file in files_below(directory) if file.parent != directory]
    return _files_in(directory) + _making(_SCENARIO, below)


def _making(made: re.Pattern[str], files: list[Path]) -> list[Path]:
    """Those in whose text something is made."""
    return [file for file in files if made.search(_text_of(file))]


def files_below(directory: Path) -> list[Path]:
    """The public files in a directory and below it, by path.

    Nothing below a virtual environment, which has a copy of everything.
    """
    found: list[Path] = []
    for at, below, names in os.walk(directory):
        below[:] = sorted(
            each
            for each in below
            if each[0] not in "._" and not Path(at, each, "pyvenv.cfg").exists()
        )
        found += [Path(at, each) for each in sorted(names) if _is_public(each)]
    return found


def _files_in(directory: Path) -> list[Path]:
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(
            f"cannot look for scenarios in {shown_path(directory)}: {error.strerror}."
        ) from error
    return [directory / each for each in sorted(names) if _is_public(each)]


def _is_public(name: str) -> bool:
    return name.endswith(".py") and not name.startswith("_")


def scenarios_of(module: ModuleType) -> list[Scenario]:
    """The scenarios that a module defines, not those it imports; by name."""
    found = {
        id(each): each
        for each in vars(module).values()
        if isinstance(each, Scenario) and each.module == module.__name__
    }
    return sorted(found.values(), key=lambda scenario: scenario.name)
