"""Who does items, in which order, and what becomes of those whose process ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from racer.errors import ProgramError, RacerError, UsageError
from racer.lang.cgroups import least_cores
from racer.sharing.crew import ALONE, JOBS, Crew, Lost, Queue, cores, default_jobs, done
from tests.lang.test_memory_use import write
from tests.sharing import work

TWO = Crew(2)


def answers(function: object, items: list[object], crew: Crew) -> list[object]:
    """In the order of the items."""
    came = dict(done(function, items, crew))  # type: ignore[arg-type]
    assert sorted(came) == list(range(len(items)))
    return [came[number].value() for number in sorted(came)]


@pytest.mark.thorough
def test_answers_do_not_depend_on_who_gives_them(capfd: pytest.CaptureFixture[str]) -> None:
    items: list[object] = [3, 1, 4, 1, 5]
    assert answers(work.squared, items, ALONE) == [9, 1, 16, 1, 25]
    assert capfd.readouterr().out.count("square") == 5
    came = dict(done(work.squared, items, TWO))
    assert [came[at].value() for at in range(5)] == [9, 1, 16, 1, 25]
    assert [came[at].said for at in range(5)] == [f"square of {item}\n" for item in items]
    assert capfd.readouterr() == ("", "")  # it is told where the items are, in their order


@pytest.mark.thorough
def test_what_an_item_raises_is_raised_where_it_is_asked_for() -> None:
    came = dict(done(work.refused, [2, 3, 4], TWO))
    assert (came[0].value(), came[2].value()) == (2, 4)
    with pytest.raises(ProgramError, match="3 is odd"):
        came[1].value()
    came = dict(done(work.unfit, [7, 8], TWO))
    with pytest.raises(RacerError, match=r"^7 and 7$"):  # its class cannot be made again
        came[0].value()


@pytest.mark.thorough
def test_a_process_that_ends_takes_one_item_with_it() -> None:
    found = answers(work.killed_at_two, [0, 1, 2, 3, 4], TWO)
    lost = found.pop(2)
    assert isinstance(lost, Lost) and "ended, twice" in lost.text
    assert found == [0, 1, 3, 4]


@pytest.mark.thorough
def test_an_item_whose_process_somebody_killed_is_done_again(tmp_path: Path) -> None:
    mark = str(tmp_path / "killed")
    assert answers(work.killed_once, [(at, mark) for at in range(5)], TWO) == [0, 1, 2, 3, 4]


@pytest.mark.thorough
def test_what_a_share_of_the_memory_is_too_little_for_is_done_again_with_all_of_it() -> None:
    """One process may use 12 of the 16 GiB, each of two 6: 7 are too much for one of two."""
    assert answers(work.seven_gigabytes, [1, 2, 3], TWO) == ["there is memory"] * 3


@pytest.mark.thorough
def test_items_are_done_in_the_directory_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert answers(work.where, [1, 2], TWO) == [str(tmp_path)] * 2


def test_one_item_is_done_here() -> None:
    assert TWO.is_alone(1)
    assert not TWO.is_alone(2)
    assert answers(os.path.basename, ["a/b"], TWO) == ["b"]


def test_the_kind_that_took_longest_comes_first_once_each_has_been_tried() -> None:
    """Items 0, 2, 4 are of kind a, 1, 3, 5 of kind b: one of each; then b took 3 s, a 1 s; the
    larger one of b comes before the other, and so it is with a."""
    queue = Queue(["a", "b"] * 3, [0, 0, 1, 1, 2, 2])
    assert [queue.take(), queue.take()] == [4, 5]
    queue.took(4, 1.0)
    queue.took(5, 3.0)
    assert [queue.take() for _ in range(4)] == [3, 1, 2, 0]
    assert not queue


def test_the_mean_of_a_kind_counts() -> None:
    """a takes 9 s and 1 s, 5 on average; b takes 6 s."""
    queue = Queue(["a", "a", "b", "a", "b"], [0] * 5)
    assert [queue.take(), queue.take(), queue.take()] == [0, 2, 1]
    for number, seconds in ((0, 9.0), (1, 1.0), (2, 6.0)):
        queue.took(number, seconds)
    assert [queue.take(), queue.take()] == [4, 3]


def test_the_smallest_are_done_here_while_that_may_be_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racer.sharing.crew._hands", None)  # nobody else is asked
    came = list(done(os.path.basename, ["a/bcd", "e", "f/g"], TWO, sizes=[5, 1, 3], by_itself=99))
    assert [(number, each.value()) for number, each in came] == [(1, "e"), (2, "g"), (0, "bcd")]


def test_as_many_processes_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(JOBS, "7")
    assert (default_jobs(), Crew().processes(3), Crew().processes(9)) == (7, 3, 7)
    assert Crew(2).processes(9) == 2
    monkeypatch.setenv(JOBS, "")
    assert default_jobs() == cores() >= 1
    for wrong in ("0", "many", "-1"):
        monkeypatch.setenv(JOBS, wrong)
        with pytest.raises(UsageError, match=f"RACER_JOBS={wrong}"):
            default_jobs()


CGROUP = {"proc/self/cgroup": "0::/user/racer.scope"}
V1 = {"proc/self/cgroup": "4:cpu,cpuacct:/jobs\n0::/"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({**CGROUP, "sys/fs/cgroup/user/cpu.max": "max 100000"}, None),
        ({**CGROUP, "sys/fs/cgroup/user/cpu.max": "200000 100000"}, 2),
        ({**CGROUP, "sys/fs/cgroup/user/cpu.max": "250000 100000"}, 3),  # two and a half: three
        (
            {
                **CGROUP,
                "sys/fs/cgroup/user/cpu.max": "400000 100000",
                "sys/fs/cgroup/user/racer.scope/cpu.max": "50000 100000",
            },
            1,
        ),
        ({**V1, "sys/fs/cgroup/cpu/jobs/cpu.cfs_quota_us": "300000"}, 3),
        ({**V1, "sys/fs/cgroup/cpu/jobs/cpu.cfs_quota_us": "-1"}, None),  # no limit
    ],
)
def test_cores_are_those_that_cgroups_allow(
    files: dict[str, object], expected: int | None, tmp_path: Path
) -> None:
    assert least_cores(write(tmp_path, files)) == expected
