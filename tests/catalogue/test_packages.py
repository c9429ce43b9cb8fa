"""A directory of scenarios is one package: what its files import is what lies beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from racer import Program, ProgramError, UsageError
from racer.catalogue.discovery import catalogue, find

MODEL = '''
from racer import Memory, Program, Thread, scenario
{imports}

@scenario
def {name}() -> Program:
    """{text}"""
    mem = Memory()
    x = mem.cell("x", 0)

    async def writer() -> None:
        await x.store({value})

    return Program(mem, {{"W": Thread(writer)}})
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def model(path: Path, name: str = "own", imports: str = "", value: str = "VALUE") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MODEL.format(name=name, imports=imports, value=value, text="Own."))


def helper(path: Path, value: int = 7) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"VALUE = {value}\n")


def stored(program: Program) -> object:
    """What the one thread of a model stores."""
    (instance,) = program.instances()
    run = instance.start()
    operation = run.pending.operation  # type: ignore[union-attr]
    run.close()
    return operation.value


@pytest.mark.parametrize(
    "imports",
    [
        "from .helper import VALUE",
        "from . import helper\nVALUE = helper.VALUE",
        "from scenarios.helper import VALUE",
        "from scenarios import helper\nVALUE = helper.VALUE",
        "import scenarios.helper\nVALUE = scenarios.helper.VALUE",
        "import scenarios.helper as other\nVALUE = other.VALUE",
        "from helper import VALUE",
        "import helper\nVALUE = helper.VALUE",
    ],
)
def test_a_file_gets_the_file_beside_it_however_it_imports_it(here: Path, imports: str) -> None:
    helper(here / "scenarios" / "helper.py")
    model(here / "scenarios" / "own.py", imports=imports)
    assert stored(find("own").scenario()) == 7


def test_an_import_within_a_function_stays_inside_too(here: Path) -> None:
    helper(here / "scenarios" / "helper.py")
    late = "def late():\n    from scenarios.helper import VALUE\n    return VALUE\n"
    model(here / "scenarios" / "own.py", imports=late, value="late()")
    program = find("own").scenario()
    assert stored(program) == 7


def test_the_helper_may_lie_in_a_folder_of_its_own(here: Path) -> None:
    helper(here / "scenarios" / "parts" / "helper.py")
    model(here / "scenarios" / "own.py", imports="from .parts.helper import VALUE")
    assert stored(find("own").scenario()) == 7


def test_a_package_with_an_init_file_is_one_with_the_directories_around_it(here: Path) -> None:
    for directory in ("project", "project/models"):
        (here / directory).mkdir()
        (here / directory / "__init__.py").write_text("")
    helper(here / "project" / "helper.py")
    for n, imports in enumerate(("from ..helper import VALUE", "from project.helper import VALUE")):
        model(here / "project" / "models" / f"own{n}.py", imports=imports)
        assert stored(find(f"project/models/own{n}.py").scenario()) == 7


def test_two_directories_of_one_name_never_meet(here: Path) -> None:
    for n, place in enumerate(("one", "two")):
        helper(here / place / "models" / "helper.py", value=n)
        model(here / place / "models" / "own.py", imports="from models.helper import VALUE")
    values = [stored(find(f"{place}/models/own.py").scenario()) for place in ("one", "two", "one")]
    assert values == [0, 1, 0]


def test_nothing_is_hidden_from_what_is_imported_later(here: Path) -> None:
    helper(here / "scenarios" / "helper.py")
    helper(here / "scenarios" / "json.py")
    model(here / "scenarios" / "own.py", imports="import json\nfrom helper import VALUE")
    assert stored(find("own").scenario()) == 7
    assert "helper" not in sys.modules and not hasattr(sys.modules["json"], "VALUE")
    assert str(here) not in sys.path and str(here / "scenarios") not in sys.path


def test_an_edited_file_is_loaded_anew_with_all_that_imports_it(here: Path) -> None:
    model(here / "scenarios" / "own.py", imports="from .helper import VALUE")
    for value in (7, 12345):
        helper(here / "scenarios" / "helper.py", value)
        assert stored(find("own").scenario()) == value


def test_a_local_copy_of_an_installed_scenario_uses_the_files_beside_it(here: Path) -> None:
    """A reviewer who edits the classifier gets the verdict about what is in front of him."""
    from racer.files import BUNDLED

    for file in sorted(BUNDLED.resolve().rglob("*.py")):
        copy = here / "scenarios" / file.relative_to(BUNDLED.resolve())
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text())
    found = find("split_race")
    assert found.hides and not found.installed
    classify = found.scenario().threads["classify"]
    assert classify.fn.__code__.co_filename == str(here / "scenarios/kernel/memory_failure.py")
    assert not find("scenarios/aba.py").installed


def test_a_file_of_scenarios_that_imports_itself_is_named_with_its_line(here: Path) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / "one.py").write_text("from .two import x\ny = 1\n")
    (here / "scenarios" / "two.py").write_text("from .one import y\nx = 1\n")
    model(here / "scenarios" / "own.py", value="1")
    known = catalogue()
    assert "own" in {each.scenario.name for each in known.found}
    assert len(known.broken) == 2
    for part in ("scenarios/one.py cannot be loaded", "circular import", "scenarios.one"):
        assert part in known.broken[0].error
    assert "racer_in_" not in known.broken[0].error
    assert "at scenarios/two.py:1" in known.broken[0].error


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"x", "is not a Python source file"),
        ("binary.py", b"\x00\xff\xfe", "scenarios/binary.py cannot be loaded"),
        ("broken.py", b"def x(:\n", "SyntaxError"),
    ],
)
def test_what_is_no_python_is_named(here: Path, name: str, content: bytes, said: str) -> None:
    (here / "scenarios").mkdir()
    (here / "scenarios" / name).write_bytes(content)
    with pytest.raises(ProgramError, match=said):
        find(f"scenarios/{name}::x")


def test_two_scenarios_of_one_name_are_told_apart_by_their_files(here: Path) -> None:
    for file in ("one", "two"):
        model(here / "scenarios" / f"{file}.py", name="same", value="1")
    with pytest.raises(UsageError, match=r"scenarios/one.py::same or scenarios/two.py::same"):
        find("same")
