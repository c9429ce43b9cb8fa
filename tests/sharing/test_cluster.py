"""--cluster: the same bytes on a Dask cluster, and plain words where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from racer.errors import UsageError
from racer.sharing import cluster
from racer.sharing.cluster import ClusterHands
from racer.sharing.crew import Crew, Lost, done
from racer.sharing.sources import digests
from racer.sharing.working import Job, Raised, unpacked
from tests.sharing import work
from tests.sharing.models import FIRST, SECOND, files

if TYPE_CHECKING:
    from tests.command_line import Run

pytest_plugins = ["tests.command_line"]  # the fixtures `here` and `racer`
pytestmark = pytest.mark.thorough


def test_without_the_package_it_says_what_to_install(
    racer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # which makes its import fail
    status, out, err = racer("claims", "C1", "C2", "--cluster", "local")
    assert (status, out) == (2, "")
    assert "pip install 'racer[cluster]'" in err


@pytest.fixture
def distributed() -> Any:
    return pytest.importorskip("distributed")


def test_an_address_where_nobody_answers_is_told(
    racer: Run, distributed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    status, out, err = racer("claims", "C1", "C2", "--cluster", "tcp://127.0.0.1:9")
    assert (status, out) == (2, "")
    assert "no scheduler of a Dask cluster answered at tcp://127.0.0.1:9 within 0.2 s" in err


@pytest.fixture
def address(distributed: Any) -> Iterator[str]:
    """Of a cluster with two workers, in processes of their own."""
    local = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    yield local.scheduler_address
    local.close()


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_and_loses_one_item_with_a_worker(
    racer: Run, here: Path, address: str
) -> None:
    """Workers that were there before, in another directory; one of them is killed, again and again,
    by an item."""
    directory = here / "models"
    directory.mkdir()
    (directory / "a.py").write_text(FIRST)
    (directory / "b.py").write_text(SECOND)
    words = ["explore", "models", "--json", "-o", "out"]
    alone = racer(*words, "--jobs", "1")
    left = files(here / "out")
    for each in (here / "out").iterdir():
        each.unlink()
    assert racer(*words, "--cluster", address) == alone
    assert files(here / "out") == left
    came = dict(done(work.killed_at_two, [0, 1, 2, 3], Crew(cluster=address)))
    found = [came[number].value() for number in range(4)]
    assert isinstance(found.pop(2), Lost)
    assert found == [0, 1, 3]


def test_a_cluster_that_is_made_for_the_command(distributed: Any) -> None:
    came = dict(done(work.squared, [2, 3], Crew(2, "local")))
    assert [came[number].value() for number in range(2)] == [4, 9]


@pytest.mark.slow
def test_a_cluster_without_workers_is_told(
    distributed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as empty,
        pytest.raises(UsageError, match="has no worker, and none came within 1 s"),
    ):
        ClusterHands(empty.scheduler_address, 2)


def test_a_worker_with_other_files_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "when_stuck", lambda tell: None)  # this process is no worker
    model = tmp_path / "model.py"
    model.write_text("x = 1\n")
    expected = digests([model])
    job = Job(work.squared, 3).packed()
    assert unpacked(cluster._carried_out(job, 1, expected)).answer == 9
    model.write_text("x = 2\n")
    refused = unpacked(cluster._carried_out(job, 1, expected)).answer
    assert isinstance(refused, Raised) and str(model) in str(refused.error)
    older = unpacked(cluster._carried_out(job, 1, {"racer": "another"})).answer
    assert isinstance(older, Raised) and "another racer than this machine" in str(older.error)
