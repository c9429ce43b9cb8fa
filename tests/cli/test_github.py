"""In a workflow of GitHub, and nowhere else: annotations and a summary of the step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_schemas import MORE

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]


@pytest.fixture
def summary(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here))
    (here / "summary.md").write_text("before\n")
    return here / "summary.md"


def commands(err: str) -> list[tuple[str, dict[str, str], str]]:
    """The workflow commands of stderr, as a runner reads them: names, properties, texts."""
    found = []
    for line in err.splitlines():
        if match := re.fullmatch(r"::(\w+) (.*?)::(.*)", line):
            properties = dict(each.split("=", 1) for each in match[2].split(","))
            found.append(
                (
                    match[1],
                    {key: plain(value) for key, value in properties.items()},
                    plain(match[3]),
                )
            )
    return found


def plain(text: str) -> str:
    """As the runner undoes what is escaped: the percent sign last."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
        text = text.replace(code, character)
    return text.replace("%25", "%")


def line_of(here: Path, text: str, after: str = "") -> int:
    whole = (here / "models.py").read_text()
    return whole[: whole.index(text, whole.index(after))].count("\n") + 1


def test_what_is_not_as_declared_is_an_error_at_the_line_that_violates(
    racer: Run, here: Path, summary: Path
) -> None:
    status, _, err = racer("explore", "models.py::reads", "--expect", "pass")
    ((kind, properties, text),) = commands(err)
    assert (status, kind) == (1, "error")
    assert properties == {
        "file": "models.py",
        "line": str(line_of(here, "await x.load() != first")),
        "title": "racer: models.py::reads",
    }
    assert text.startswith("FAIL: torn  NOT as expected (pass)\n")
    assert "\nRacer: models.py::reads variant=torn sc FAIL torn 1/3 id=" in text


def test_a_limit_is_a_warning_and_what_is_as_declared_is_nothing(racer: Run, summary: Path) -> None:
    assert commands(racer("explore", "models.py::reads")[2]) == []
    ((kind, _, text),) = commands(racer("explore", "models.py::reads", "--max-states", "2")[2])
    assert kind == "warning" and "max_states=2" in text


def test_lines_are_told_from_the_root_of_the_repository(
    racer: Run, here: Path, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "sub").mkdir()
    (here / "models.py").rename(here / "sub" / "models.py")
    monkeypatch.chdir(here / "sub")
    ((_, properties, _),) = commands(racer("explore", "models.py::deadlocks")[2])
    assert properties["file"] == "sub/models.py"
    # Of no repository: what comes with racer.
    ((_, properties, _),) = commands(racer("explore", "aba", "--expect", "pass")[2])
    assert list(properties) == ["title"]


def test_a_title_and_a_text_are_escaped(racer: Run, here: Path, summary: Path) -> None:
    """Else a name would end the properties, or begin a command of its own."""
    (here / "odd.py").write_text(
        "from racer import Memory, Program, Thread, scenario\n\n\n"
        "@scenario\ndef odd(*, text: str = '') -> Program:\n"
        "    x = (mem := Memory()).cell('x', 0)\n\n"
        "    async def thread() -> None:\n"
        "        assert await x.load(), '100 %, 50%25::error::x\\n::error::y'\n\n"
        "    return Program(mem, {'T': Thread(thread)})\n"
    )
    ((kind, properties, text),) = commands(
        racer("explore", "odd.py::odd", "--set", "text=a,b=c::d%2C\n::error::z")[2]
    )
    assert kind == "error"
    assert properties["title"].startswith("racer: odd.py::odd text=a,b=c::d%2C")
    assert "100 %, 50%25::error::x" in text


def test_a_model_that_does_not_run_is_an_error(racer: Run, here: Path, summary: Path) -> None:
    (here / "scen").mkdir()
    (here / "scen" / "broken.py").write_text("@scenario\ndef broken(:\n")
    status, _, err = racer("explore", "scen")
    ((kind, properties, text),) = commands(err)
    assert (status, kind, list(properties)) == (2, "error", ["title"])
    assert "broken.py cannot be loaded" in text


def test_the_summary_is_a_table_with_each_schedule_below_it(racer: Run, summary: Path) -> None:
    racer("explore", "models.py::reads")
    text = summary.read_text()
    assert text.startswith("before\n### racer\n\n| scenario |")
    assert "| models.py::reads | FAIL | as declared | fail: torn; 3 interleavings; " in text
    assert text.count("```mermaid\nsequenceDiagram\n") == 1 and text.count("```\n") == 1
    assert "\n    Racer: models.py::reads variant=torn sc FAIL torn 1/3 id=" in text
    racer("explore", "models.py", "--max-states", "20")
    more = summary.read_text().removeprefix(text)
    assert "| models.py::deadlocks | FAIL | **not as declared** | fail: deadlock; 1 inter" in more
    assert "| models.py::build\\_raises | ERROR |  | scenario 'build\\_raises' with n=1" in more


def test_no_cell_of_the_table_is_markup(racer: Run, here: Path, summary: Path) -> None:
    (here / "m.py").write_text(
        "from racer import Memory, Program, Thread, Violation, scenario\n\n\n"
        "@scenario\ndef m() -> Program:\n"
        "    x = (mem := Memory()).cell('x', 0)\n\n"
        "    async def thread() -> None:\n"
        "        await x.load()\n"
        "        raise Violation('a|b `c` <b>\\n| d |')\n\n"
        "    return Program(mem, {'T': Thread(thread)})\n"
    )
    racer("explore", "m.py::m")
    (row,) = [line for line in summary.read_text().splitlines() if line.startswith("| m.py")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert "<b>" not in row and "`" not in row


def test_a_summary_that_cannot_be_written_is_told_and_changes_no_status(
    racer: Run, here: Path, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "none" / "summary.md"))
    status, _, err = racer("explore", "models.py::reads")
    assert status == 0 and err.startswith("note: no summary was written for GitHub: ")


def test_claims_that_have_another_answer_are_errors_and_all_are_in_the_summary(
    racer: Run, here: Path, summary: Path
) -> None:
    (here / "more.py").write_text(MORE)
    assert commands(racer("claims", "more.py")[2]) == []
    more = MORE.replace('Answer("refuted")', 'Answer("holds")')
    (here / "more.py").write_text(more)
    ((kind, properties, text),) = commands(racer("claims", "more.py", "--ktap")[2])
    assert (kind, properties) == ("error", {"title": "racer: claim W1"})
    assert text == "it never hangs: refuted (expected: holds)"
    rows = [line for line in summary.read_text().splitlines() if line.startswith("| W1")]
    assert [row.split(" | ")[2] for row in rows] == ["as declared", "**not as declared**"]
    limit = ("--max-states", "1")
    assert commands(racer("claims", "more.py", "--json", *limit)[2])[0][0] == "warning"


def test_elsewhere_nothing_is_told(
    racer: Run, here: Path, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    assert racer("explore", "models.py::reads", "--expect", "pass")[2] == ""
    assert summary.read_text() == "before\n"
