"""Items on a cluster of Dask's, or on one that is made for them on this machine.

Workers find scenarios and racer by their own files, so each looks, before it does anything, whether
these are the same as here. It does one item at a time, in the directory that the command was given
in. Whoever is lost with a worker is done again by another one, as Dask has it, which gives up after
some (`distributed.scheduler.allowed-failures`).

Source   https://distributed.dask.org/en/stable/api.html
"""

from __future__ import annotations

import logging
import platform
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from racer.catalogue.packages import read_files
from racer.errors import UsageError
from racer.lang.memory_use import divide
from racer.lang.patience import when_stuck
from racer.sharing.parcels import packed
from racer.sharing.processes import end_stuck
from racer.sharing.sources import digests, first_other
from racer.sharing.working import Raised, Told, carried_out

LOCAL: Final = "local"
PATIENCE: Final = 10.0  # seconds for a scheduler to answer, and again for its first worker
_COUNTED: Final = 2.0  # seconds between two looks how many workers there are
_EXTRA: Final = "pip install 'racer[cluster]'"


class ClusterHands:
    """The workers of a cluster, however many there are; of a local one, so many."""

    def __init__(self, address: str, processes: int) -> None:
        self.broken = False
        self._distributed = _imported()
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is told with it
        self._cluster: Any = None
        self._waiting: dict[Any, int] = {}
        self._client: Any = self._connected(address, processes)
        self._expected = digests(read_files())
        self._counted = 0.0
        self._workers: Mapping[str, int] = {}
        self._count()

    def free(self) -> int:
        """How many jobs could be started now."""
        if time.monotonic() - self._counted > _COUNTED:
            self._count()
        return max(1, len(self._workers)) - len(self._waiting)

    def start(self, number: int, job: bytes) -> None:
        """Give a job of that number to one that is free."""
        future = self._client.submit(
            _carried_out, job, self._crowd(), self._expected, pure=False, key=f"racer-{id(job)}"
        )
        self._waiting[future] = number

    def wait(self) -> list[tuple[int, bytes | None]]:
        """Wait for some to be done: what came of them; None: who did it is gone."""
        finished = self._distributed.wait(list(self._waiting), return_when="FIRST_COMPLETED").done
        found: list[tuple[int, bytes | None]] = []
        for future in finished:
            number = self._waiting.pop(future)
            found.append((number, future.result() if future.status == "finished" else None))
        return sorted(found, key=lambda pair: pair[0])

    def close(self, *, at_once: bool) -> None:
        """Let them go; `at_once`, whatever they are at."""
        with suppress(Exception):  # a scheduler that has gone, which was told
            if at_once:
                self._client.cancel(list(self._waiting), force=True)
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def _connected(self, address: str, processes: int) -> Any:
        if address == LOCAL:
            self._cluster = self._distributed.LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                memory_limit=0,  # which is racer's own
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
            return self._distributed.Client(self._cluster)
        try:
            client = self._distributed.Client(address, timeout=PATIENCE)
        except (OSError, ValueError, TypeError) as error:  # a TimeoutError is an OSError
            raise UsageError(
                f"no scheduler of a Dask cluster answered at {address} within {PATIENCE:g} s: "
                f"{_first_line(error)}.\n"
                f"Usual cause: it does not run, or has another address, or another version of "
                f"distributed.\n"
                f"Try: dask scheduler, which says its address; or --cluster local."
            ) from error
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except OSError as error:
            client.close()
            raise UsageError(
                f"the cluster at {address} has no worker, and none came within {PATIENCE:g} s.\n"
                f"Try: dask worker {address} --nthreads 1 --nworkers auto, on each machine."
            ) from error
        return client

    def _count(self) -> None:
        self._workers = self._client.nthreads() if self._cluster is None else self._of_local()
        self._counted = time.monotonic()

    def _of_local(self) -> Mapping[str, int]:
        return {str(name): 1 for name in self._cluster.workers}

    def _crowd(self) -> int:
        """How many workers share a machine's memory, at most."""
        if self._cluster is not None:
            return len(self._workers)
        hosts = Counter(address.rpartition(":")[0] for address in self._workers)
        return max(hosts.values(), default=1)


def _imported() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise UsageError(
            f"--cluster takes the package distributed, which is not there: {error}.\nTry: {_EXTRA}"
        ) from error
    return distributed


def _carried_out(job: bytes, crowd: int, expected: dict[str, str]) -> bytes:
    """Runs on a worker."""
    other = first_other(expected)
    if other:
        error = UsageError(
            f"the worker on {platform.node()} has another {other} than this machine, or none.\n"
            f"Usual cause: it does not share the directory, or has another version of racer.\n"
            f"Try: the same racer on all machines, and scenarios in a directory that all share."
        )
        return packed(Told(Raised(error), "", 0.0))
    divide(crowd)
    when_stuck(end_stuck)
    return carried_out(job)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")
