"""When the library is not used, and that this is said; and that it does nothing undefined."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from racer.native import building, library

NEEDS_COMPILER = pytest.mark.skipif(
    building.system_compiler() is None, reason="there is no C compiler"
)
_MACHINE = 18  # of an ELF file, which processor it is for


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the library, which is what would be loaded, and is as it should be."""
    if library.loaded().library is None:
        pytest.skip(f"there is no library: {library.loaded().why}")
    own, seal = tmp_path / building.LIBRARY.name, tmp_path / building.SEAL.name
    shutil.copy(building.LIBRARY, own)
    shutil.copy(building.SEAL, seal)
    monkeypatch.setattr(library, "LIBRARY", own)
    monkeypatch.setattr(library, "SEAL", seal)
    monkeypatch.delenv(building.PURE, raising=False)
    library.loaded.cache_clear()
    yield own
    library.loaded.cache_clear()


def why() -> str:
    library.loaded.cache_clear()
    found = library.loaded()
    assert (found.library is None) == (found.why is not None)
    assert library.engine_text().startswith("compiled" if found.why is None else "python (")
    return found.why or "it is used"


def test_a_library_as_it_was_compiled_is_used(copy: Path) -> None:
    assert why() == "it is used"


def test_one_that_is_not_there_is_not(copy: Path) -> None:
    copy.unlink()
    assert why().startswith("it was not compiled")


def test_one_without_its_seal_is_not(copy: Path) -> None:
    (copy.parent / building.SEAL.name).write_text("")
    assert why().startswith("it was not compiled")


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_one_that_was_truncated_is_not_even_loaded(copy: Path, share: float) -> None:
    """Its pages past the end would be the end of the process, by a signal."""
    whole = copy.read_bytes()
    copy.write_bytes(whole[: int(len(whole) * share)])
    assert why().startswith("it is not as it was compiled")


def test_one_of_other_sources_is_not(copy: Path) -> None:
    """As after a `git pull` in a checkout: states would be packed otherwise, say."""
    seal = copy.parent / building.SEAL.name
    sources, _, whole = seal.read_text().partition(" ")
    seal.write_text(f"{sources[::-1]} {whole}")
    assert why().startswith("it was compiled from other sources")


@pytest.mark.skipif(sys.platform != "linux", reason="what is changed is a field of ELF")
def test_one_for_another_processor_is_not(copy: Path) -> None:
    changed = bytearray(copy.read_bytes())
    changed[_MACHINE : _MACHINE + 2] = (0xF3).to_bytes(2, "little")  # RISC-V
    if bytes(changed) == copy.read_bytes():
        pytest.skip("this is that processor")
    copy.write_bytes(changed)
    (copy.parent / building.SEAL.name).write_text(building.seal_of(copy))
    assert why().startswith("it cannot be loaded: ")


@pytest.mark.parametrize(
    ("value", "is_pure"), [("1", True), ("yes", True), ("0", False), ("", False)]
)
def test_nor_is_any_where_that_is_asked(
    copy: Path, monkeypatch: pytest.MonkeyPatch, value: str, is_pure: bool
) -> None:
    monkeypatch.setenv(building.PURE, value)
    assert (why() == f"{building.PURE} is set") == is_pure


@NEEDS_COMPILER
def test_a_source_with_a_warning_is_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "source"
    shutil.copytree(building.SOURCES, sources)
    with open(sources / "graphs.c", "a") as file:
        file.write("\nstatic int nobody_calls(int unused)\n{\n\treturn 0;\n}\n")
    monkeypatch.setattr(building, "SOURCES", sources)
    with pytest.raises(building.NotBuilt, match="unused"):
        building.compile_to(tmp_path / "made.so")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "compiler", lambda: None)
    with pytest.raises(building.NotBuilt, match="there is no C compiler"):
        building.compile_to(tmp_path / "made.so")


@NEEDS_COMPILER
@pytest.mark.slow
def test_it_does_nothing_undefined(tmp_path: Path) -> None:
    """With what watches every access and every sum: the agreement suite, in part, once more."""
    sanitized = tmp_path / "sanitized.so"
    try:
        building.compile_to(
            sanitized,
            ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
        )
    except building.NotBuilt as error:
        pytest.skip(f"the compiler has no sanitizers: {error}")
    compiler = building.compiler() or []
    runtime = subprocess.run(
        [*compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    found = subprocess.run(
        [sys.executable, "-m", "tests.native.sanitized", str(sanitized)],
        env={**os.environ, "LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert found.returncode == 0, found.stderr[-5_000:]
    assert found.stdout == "40 programs searched\n"
