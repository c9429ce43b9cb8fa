"""What `pip install` does besides copying files: it compiles the search, where that can be done.

With a C compiler of the machine; where there is none, with zig's, which is then asked for as a
wheel for this build alone. Where neither works, or RACER_PURE=1 asks for that, racer is Python
alone, and says so here and with `racer --version`.
"""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ZIG = "ziglang>=0.13,<0.16"


def _building(root: str) -> ModuleType:
    """racer/native/building.py, which has to be had before racer is there."""
    path = Path(root, "racer", "native", "building.py")
    spec = importlib.util.spec_from_file_location("racer_building", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CompiledSearch(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the library into the checkout, where editable installs find it, and the wheel."""

    def dependencies(self) -> list[str]:
        building = _building(self.root)
        return [] if building.is_pure() or building.compiler() is not None else [ZIG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        building = _building(self.root)
        if building.is_pure():
            self.app.display_warning(f"{building.PURE} is set: racer will search in Python alone.")
            return
        try:
            files = building.build()
        except building.NotBuilt as error:
            self.app.display_warning(
                f"The compiled search was left out, and racer will search in Python alone: {error}"
            )
            return
        if version == "editable":
            return
        for file in files:
            build_data["force_include"][str(file)] = f"racer/native/{file.name}"
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"  # it knows no Python, so it is for every one
