"""The layout shows the architecture: a file imports only from lower layers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the bottom up; the modules of one line are one layer, and may not form a cycle.
LAYERS = [
    ["racer.errors"],
    ["racer.values", "racer.counts"],
    ["racer.operations"],
    ["racer.steps", "racer.watches"],
    ["racer.memory", "racer.patience"],
    ["racer.program"],
    ["racer.events"],
    ["racer.lift"],
    ["racer.scheduler", "racer.system"],
    ["racer.models"],
    ["racer.result"],
    ["racer.replaying"],
    ["racer.exploration"],
    ["racer.difference"],
    ["racer.files", "racer.parameters"],
    ["racer.registry"],
    ["racer.discovery"],
    ["racer.claims"],
    ["racer.witness", "racer.explanation"],
    ["racer.graphs"],
    ["viz"],
    ["racer.cli"],
    ["racer.__main__"],
]
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in ("racer", "viz"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append((name, path))
    return found


def imports(path: Path) -> set[str]:
    """Modules imported at run time; those under TYPE_CHECKING are for the type checker only."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def layer_of(module: str) -> int | None:
    """The rank of the layer that a module, or the package it is in, belongs to."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        rank = RANK.get(".".join(parts[:length]))
        if rank is not None:
            return rank
    return None


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value))
def test_every_module_imports_only_from_its_own_layer_or_lower_ones(
    module: str, path: Path
) -> None:
    if module == "racer":  # the package itself is the public face of all layers
        return
    own = layer_of(module)
    assert own is not None, f"{module} has no layer: put it into LAYERS"
    above = sorted(name for name in imports(path) if (layer_of(name) or 0) > own)
    assert above == []


def test_only_the_scheduler_imports_trio() -> None:
    users = [
        name for name, path in modules() if any(i.split(".")[0] == "trio" for i in imports(path))
    ]
    assert users == ["racer.scheduler"]


def test_exactly_one_function_yields_to_whoever_runs_a_thread() -> None:
    """A `yield` inside a types.coroutine is where modelled code stops; there is one."""
    found = []
    for name, path in modules():
        if name == "racer.lift.identity":  # its probe is never part of a model
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
                if "types.coroutine" in decorators:
                    found.append(f"{name}.{node.name}")
    assert found == ["racer.steps._hand_over"]


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.py")), ids=lambda p: p.name)
def test_scenarios_use_only_public_names_of_racer_and_each_other(path: Path) -> None:
    import racer

    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "racer" and rest:
            assert rest in racer.__all__, f"{path.name} imports {name}"
        assert package != "viz"


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value))
def test_no_file_has_grown_past_comfort(module: str, path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 420
