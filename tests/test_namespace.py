"""What is installed owns no name but racer's, and does not mind what others have."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """racer as a wheel lays it out: one package, in which links have become folders."""
    site = tmp_path_factory.mktemp("site")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "racer", site / "racer", symlinks=False, ignore=ignored)
    assert not (site / "racer" / "viz").is_symlink()
    return site


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with folders `viz/` and `scenarios/` of its own."""
    for name in ("viz", "scenarios"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / "viz" / "text.py").write_text("raise SystemExit('not yours')\n")
    (tmp_path / "scenarios" / "helper.py").write_text("raise SystemExit('not yours')\n")
    return tmp_path


def run(project: Path, site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m` puts the project first on sys.path, as pytest does."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "racer", *words]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_a_project_may_have_folders_viz_and_scenarios_of_its_own(project: Path, site: Path) -> None:
    (project / "scenarios" / "helper.py").unlink()
    listed = run(project, site, "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "split_race\n" in listed.stdout
    explored = run(project, site, "explore", "aba")
    assert (explored.returncode, explored.stderr) == (0, "")
    assert (project / "racer-out" / "aba.misclassified.svg").is_file()


def test_a_file_of_the_projects_scenarios_that_is_none_hides_no_other(
    project: Path, site: Path
) -> None:
    listed = run(project, site, "list")
    assert listed.returncode == 2
    assert "split_race\n" in listed.stdout
    assert "scenarios/helper.py cannot be loaded: SystemExit: not yours" in listed.stderr


def test_installed_files_are_marked_where_a_path_is_shown(project: Path, site: Path) -> None:
    shown = run(project, site, "explore", "aba", "--json", "-o", "out")
    assert '"source": "<installed>/scenarios/aba.py:' in shown.stdout
    assert '"<installed>/scenarios/aba.py:' in (project / "out/aba.misclassified.json").read_text()


def test_a_local_scenario_in_place_of_an_installed_one_says_so(project: Path, site: Path) -> None:
    (project / "scenarios" / "helper.py").unlink()
    shutil.copy(ROOT / "scenarios" / "aba.py", project / "scenarios" / "aba.py")
    remark = "scenarios/aba.py, not the installed scenario of that name"
    assert f"aba  ({remark})" in run(project, site, "list").stdout
    assert f"\n({remark})\n" in run(project, site, "explore", "aba").stdout
