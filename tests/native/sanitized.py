"""Search generated programs by a library that was compiled with sanitizers, which end the process
at what is undefined: python -m tests.native.sanitized LIBRARY"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from racer.native import building, library
from tests.corpus import corpus
from tests.native.test_agreement import (
    assert_one_graph,
    assert_the_same_edges,
    assert_the_same_schedules,
    ways,
)
from tests.programs import build


def main() -> None:
    sanitized = Path(sys.argv[1])
    seal = sanitized.with_suffix(".seal")
    seal.write_text(building.seal_of(sanitized))
    library.LIBRARY, library.SEAL = sanitized, seal  # type: ignore[misc]
    library.loaded.cache_clear()
    assert library.loaded().why is None, library.loaded().why
    searched = 0
    for sample in (*corpus(30), *corpus(10, unbounded=True)):
        for way in ways(build(sample)):
            assert_one_graph(way)
        assert_the_same_schedules(partial(build, sample))
        assert_the_same_edges(build(sample))
        searched += 1
    print(f"{searched} programs searched")


if __name__ == "__main__":
    main()
