"""What tests of C share: pieces of it as a source, shipped maps, and a thread run to its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from racer.c_source.compilers import Compiled
from racer.c_source.inputs import Source, read_source
from racer.c_source.mapping import MAPS, Map, load_map
from racer.c_source.translating import Lifted, translated
from racer.files import BUNDLED

DATA = Path(__file__).parent / "data"
PAGE_MODEL = BUNDLED / "kernel" / "page_model.toml"
KERNEL = MAPS / "kernel.toml"


def source_of(tmp_path: Path, text: str, name: str = "piece.c") -> Source:
    path = tmp_path / name
    path.write_text(text)
    return read_source(str(path))


def lift(
    tmp_path: Path,
    text: str,
    name: str = "f",
    known: Map | None = None,
    compiled: Compiled = "written",
) -> Lifted:
    return translated(source_of(tmp_path, text), name, known or load_map(KERNEL), compiled)


def ran(lifted: Lifted, *arguments: Any, names: Mapping[str, object] | None = None) -> Any:
    """What a function comes to that makes no access."""
    coroutine = lifted.bound(names or {})(*arguments)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it makes an access")
