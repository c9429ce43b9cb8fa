"""A directory of Python files as one package, whose imports stay inside it.

A scenario may import what lies beside it in any of the ways in which people write that, and gets
those files, whatever is installed or importable under the same name:

    from .helper import x             the relative form
    from scenarios.helper import x    by the name of the directory, here scenarios/
    import helper                     as a script can, if nothing else has that name

A file that lies in a package of the user's (directories with an `__init__.py`) is a module of
that package. In sys.modules all of these have names of racer's own, so that two directories of
one name never meet, and nothing that is imported later is hidden. A directory of which a file
has changed is loaded anew, as a whole.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import re
import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from racer.errors import ProgramError, RacerError, UsageError
from racer.files import BUNDLED, readable, shown_path, source_line
from racer.interrupts import is_from_outside
from racer.lang.patience import Endless, in_good_time

_PREFIX = "racer_in_"
_LARGEST = 1 << 24  # bytes of a source file


def load_file(path: Path) -> ModuleType:
    """Import a Python file as a module of its directory's package.

    Errors   ProgramError with the file, the line and the exception; the caller sees no traceback.
    """
    given, path = path, path.resolve()
    known = _endless.get(path)
    if known is not None and known[0] == _stamp(path):
        raise ProgramError(known[1])
    try:
        return in_good_time(lambda: _imported(given, path))
    except Endless as error:
        text = f"{shown_path(path)} cannot be loaded: {error}."
        _endless[path] = (_stamp(path), text)
        raise ProgramError(text) from None


def _imported(given: Path, path: Path) -> ModuleType:
    try:
        source_of(given)
        if path.suffix != ".py":
            raise UsageError("it is not a Python source file (its name must end in .py).")
        if path.is_relative_to(BUNDLED.resolve()):
            parts = path.relative_to(BUNDLED.resolve()).with_suffix("").parts
            return importlib.import_module(".".join(("racer.scenarios", *parts)))
        return _package_of(path.parent).load(path)
    except BaseException as error:  # also SystemExit: a file does not end the process
        if is_from_outside(error):
            raise
        if isinstance(error, OSError) and error.filename in (given, str(given)):
            raise ProgramError(f"{shown_path(given)} cannot be loaded: {error.strerror}") from error
        where = source_line(error, path)
        text = str(error) if isinstance(error, RacerError) else f"{type(error).__name__}: {error}"
        raise ProgramError(
            f"{shown_path(path)} cannot be loaded: {_in_their_words(text)}\n  at {where}"
        ) from error


def read_files(of: Path | None = None) -> list[Path]:
    """The files of the user's that were read so far: all, or those of the package of one."""
    packages = list(_by_root.values())
    if of is not None:
        file = of.resolve()
        packages = [package for package in packages if file in set(package.files)]
    return sorted({path for package in packages for path in package.files})


def source_of(path: Path) -> bytes:
    """The text of a Python file. Errors: OSError, also for what would never end, as a fifo."""
    return readable(path, _LARGEST)


class _Package:
    """A directory and its subdirectories under one name of racer's own.

    `called` is the directory's own name, by which its files may import each other.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.name = name
        self.called = root.name
        self._loaded: dict[Path, tuple[int, int]] = {}  # what files were like when they were read

    def load(self, path: Path) -> ModuleType:
        parts = path.relative_to(self.root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        return importlib.import_module(".".join((self.name, *parts)))

    def begin(self) -> None:
        """Put the package itself into sys.modules; its `__init__.py` is run, if it has one."""
        init = self.root / "__init__.py"
        spec = ModuleSpec(self.name, None, is_package=True)
        if init.is_file():
            loader = _Loader(self, self.name, str(init))
            spec = ModuleSpec(self.name, loader, origin=str(init), is_package=True)
        spec.submodule_search_locations = [str(self.root)]
        module = importlib.util.module_from_spec(spec)
        module.__path__ = [str(self.root)]
        sys.modules[self.name] = module
        if spec.loader is not None:
            try:
                spec.loader.exec_module(module)
            except BaseException:
                self.forget()
                raise

    def forget(self) -> None:
        for name in [n for n in sys.modules if n == self.name or n.startswith(f"{self.name}.")]:
            del sys.modules[name]

    @property
    def files(self) -> Iterable[Path]:
        """Those that were read."""
        return self._loaded

    def note(self, path: Path) -> None:
        """A file is about to be read."""
        self._loaded[path] = _stamp(path)

    def is_stale(self) -> bool:
        return any(_stamp(path) != stamp for path, stamp in self._loaded.items())

    def has(self, parts: Sequence[str]) -> bool:
        """Whether there is a file or directory for a module of that path."""
        return _is_module(self.root.joinpath(*parts[:1])) if parts else False


class _Loader(SourceFileLoader):
    """Runs a file of a package with an `import` of its own."""

    def __init__(self, package: _Package, name: str, path: str) -> None:
        super().__init__(name, path)
        self._package = package

    def exec_module(self, module: ModuleType) -> None:
        self._package.note(Path(self.path))
        own = dict(vars(builtins))
        own["__import__"] = _Import(self._package, Path(self.path).parent)
        module.__dict__["__builtins__"] = own
        super().exec_module(module)

    def cache_from_source(self, path: str) -> None:
        """No compiled files beside a user's scenarios: they are edited all the time."""

    def get_code(self, fullname: str) -> types.CodeType | None:
        source = source_of(Path(self.path))
        return self.source_to_code(source, self.path)


class _Import:
    """What `import` does in a file of a package: first, what lies in it."""

    def __init__(self, package: _Package, directory: Path) -> None:
        self._package = package
        self._directory = directory

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        wanted = list(fromlist or ())
        if level == 0:
            top, *rest = name.split(".")
            if top == self._package.called and self._is_own(rest, wanted):
                return self._import([self._package.name, *rest], wanted)
            if self._is_sibling(top):
                inside = self._directory.relative_to(self._package.root).parts
                beside = [self._package.name, *inside]
                module = self._import([*beside, top, *rest], wanted)
                return module if wanted else sys.modules[".".join([*beside, top])]
        return builtins.__import__(name, globals, locals, fromlist or (), level)

    def _is_own(self, rest: list[str], wanted: list[str]) -> bool:
        return any(self._package.has(parts) for parts in (rest, *([each] for each in wanted)))

    def _is_sibling(self, top: str) -> bool:
        """Whether a file beside this one is meant: it never hides anything else."""
        if not _is_module(self._directory / top) or top in sys.builtin_module_names:
            return False
        return top not in sys.modules and PathFinder.find_spec(top) is None

    def _import(self, parts: list[str], wanted: list[str]) -> ModuleType:
        """The module, with those of the wanted names in it that are modules themselves; without
        any wanted, the package that its first name stands for."""
        module = importlib.import_module(".".join(parts))
        for each in wanted:
            inner = ".".join([*parts, each])
            if not hasattr(module, each) and importlib.util.find_spec(inner) is not None:
                importlib.import_module(inner)
        return module if wanted else sys.modules[parts[0]]


class _Finder(MetaPathFinder):
    """Finds modules of packages that are loaded here, and no others."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(_PREFIX) or path is None:
            return None
        package = _by_name.get(fullname.partition(".")[0])
        spec = PathFinder.find_spec(fullname, path)
        if package is not None and spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(package, fullname, spec.loader.path)
        return spec


_endless: dict[Path, tuple[tuple[int, int], str]] = {}  # files that ran too long, and the error
_by_root: dict[Path, _Package] = {}
_by_name: dict[str, _Package] = {}


def _package_of(directory: Path) -> _Package:
    """The package that a directory is, or is in; loaded anew if a file of it has changed."""
    root = directory
    while (root / "__init__.py").is_file() and (root.parent / "__init__.py").is_file():
        root = root.parent
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    package = _by_root.get(root)
    if package is None:
        package = _by_root[root] = _Package(root, _free_name(root.name))
        _by_name[package.name] = package
    elif package.is_stale():
        package.forget()
        importlib.invalidate_caches()
    if package.name not in sys.modules:
        package.begin()
    return package


def _free_name(called: str) -> str:
    """A name that no package has; the same for the same order of loading."""
    stem = _PREFIX + (re.sub(r"\W", "_", called) or "root")
    names = [stem, *(f"{stem}_{n}" for n in range(2, len(_by_name) + 2))]
    return next(name for name in names if name not in _by_name)


def _in_their_words(text: str) -> str:
    """Without the names that only racer has for packages."""
    for package in _by_name.values():
        text = text.replace(f"{package.name}.", f"{package.called}.").replace(
            f"'{package.name}'", f"'{package.called}'"
        )
    return text


def _is_module(path: Path) -> bool:
    return path.with_name(f"{path.name}.py").is_file() or path.is_dir()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
