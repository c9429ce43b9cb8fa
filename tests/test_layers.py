"""The layout shows the architecture: rooms in layers, and no cycle of files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from racer.search.components import components
from racer.search.edges import Edges

ROOT = Path(__file__).parent.parent
RACER = ROOT / "racer"

# From the bottom up: a file imports only from its own room and from those of lower lines.
LAYERS = [
    ["racer.errors", "racer.files", "racer.interrupts"],
    ["racer.lang"],
    ["racer.c_source"],
    ["racer.automata"],
    ["racer.replaying"],
    ["racer.catalogue"],
    ["racer.words"],
    ["racer.sharing"],
    ["racer.machine"],
    ["racer.native"],
    ["racer.search"],
    ["racer.axiomatic"],
    ["racer.executions"],
    ["racer.explanation"],
    ["racer.exploration"],
    ["racer.graph_witnesses"],
    ["racer.fences", "racer.exporting"],
    ["racer.certificates"],
    ["racer.claims"],
    ["racer.difference"],
    ["racer.graphs"],
    ["racer.viz"],
    ["racer.artefacts"],
    ["racer.api", "racer.cli", "racer.testing"],
    ["racer.__main__"],
]
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}


def modules() -> dict[str, Path]:
    """racer's own, by name; the scenarios are models and not part of it."""
    found = {}
    for path in sorted([*RACER.rglob("*.py"), *(RACER / "viz").rglob("*.py")]):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if parts[1] != "scenarios":
            found[name] = path
    return found


MODULES = modules()


def imports(path: Path) -> set[str]:
    """Modules and names imported anywhere in a file, for the type checker only, too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def layer_of(module: str) -> int | None:
    """The rank of the layer that a module, or the room it is in, belongs to."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        rank = RANK.get(".".join(parts[:length]))
        if rank is not None:
            return rank
    return None


def test_the_whole_of_racer_is_looked_at() -> None:
    assert {"racer.viz.mail", "racer.lang.operations", "racer.cli.commands"} <= set(MODULES)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_imports_only_from_its_own_layer_or_lower_ones(module: str) -> None:
    if module == "racer":  # the package itself is the public face of all layers
        return
    own = layer_of(module)
    assert own is not None, f"{module} has no layer: put it into LAYERS"
    above = sorted(name for name in imports(MODULES[module]) if (layer_of(name) or 0) > own)
    assert above == []


def cycles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """The sets of names each of which leads to all others of it."""
    names = sorted(graph)
    number = {name: at for at, name in enumerate(names)}
    edges = Edges([[(0, number[goal]) for goal in sorted(graph[name])] for name in names])
    members: dict[int, list[str]] = {}
    for name, component in zip(names, components(edges), strict=True):
        members.setdefault(component, []).append(name)
    return (each for each in members.values() if len(each) > 1)


def test_no_two_files_import_each_other_be_it_for_the_type_checker_only() -> None:
    graph = {
        name: {each for each in imports(path) if each in MODULES and each != name}
        for name, path in MODULES.items()
        if name != "racer"
    }
    for name in graph:
        graph[name].discard("racer")
    assert list(cycles(graph)) == []


def test_a_cycle_would_be_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}
    assert list(cycles(graph)) == [["a", "b", "c"]]


OPERATIONS = {
    "Flush",
    *("Load", "Store", "WaitUntil"),
    *("ReadModifyWrite", "Swap", "CompareExchange", "FetchAdd", "Update", "UpdateWhen"),
    *("Acquire", "TryAcquire", "Release", "Fence", "Choose"),
    *("_Counting", "Increment", "Decrement", "IncrementNotZero", "DecrementAndTest"),
    *("Act", "Enlist", "Woken", "Notify", "Look", "Awaken", "SetTo", "IsSet"),
    *("Down", "TryDown", "Up", "Put", "TryPut", "Get", "TryGet", "Close"),
    *("Enter", "TryEnter", "Leave", "CountDown", "AwaitLatch", "Arrive", "GoOn"),
    *(
        "WaitFor",
        "OwnStore",
        "OwnLoad",
        "LoadAll",
        "Access",
        "Allocate",
        "GiveBack",
        "Initialise",
        "Free",
    ),
    *("OfCall", "BeginCall", "EndCall", "Checkpoint", "WouldWait"),
    *("ReadLock", "ReadUnlock", "Synchronize", "GracePeriod", "FreeLater", "NextToFree"),
}
DEFINE_OPERATIONS = (
    *("racer.lang.operations", "racer.lang.refcounts", "racer.lang.sync.act", "racer.lang.pools"),
    *("racer.lang.watches", "racer.lang.per_thread", "racer.lang.specs.linearizable"),
    "racer.lang.checkpoints",
    *(f"racer.lang.sync.{name}" for name in ("conditions", "events")),
    *(f"racer.lang.sync.{name}" for name in ("meetings", "queues", "rcu", "rwlocks", "semaphores")),
)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nobody_asks_an_operation_for_its_class(module: str) -> None:
    """Only where operations are defined, and where threads call them, have they names."""
    if module in (*DEFINE_OPERATIONS, "racer.lang.cells", "racer.lang.changes"):
        return
    named = {
        name.rpartition(".")[2]
        for name in imports(MODULES[module])
        if name.startswith(DEFINE_OPERATIONS)
    }
    assert named & OPERATIONS == set()


def test_every_operation_is_known_to_this_test() -> None:
    defined = {"Operation"}  # and whatever has one of these as a base
    for module in DEFINE_OPERATIONS:
        for node in ast.parse(MODULES[module].read_text()).body:
            if isinstance(node, ast.ClassDef) and defined & set(map(ast.unparse, node.bases)):
                defined.add(node.name)
    assert defined - {"Operation", "CellOperation"} == OPERATIONS


def test_only_the_scheduler_imports_trio() -> None:
    users = [
        name
        for name, path in MODULES.items()
        if any(each.split(".")[0] == "trio" for each in imports(path))
    ]
    assert users == ["racer.replaying.scheduler"]


def test_exactly_one_function_yields_to_whoever_runs_a_thread() -> None:
    """A `yield` inside a types.coroutine is where modelled code stops; there is one."""
    found = []
    for name, path in MODULES.items():
        if name == "racer.automata.frames":  # its probe is never part of a model
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
                if "types.coroutine" in decorators:
                    found.append(f"{name}.{node.name}")
    assert found == ["racer.lang.asking._hand_over"]


def test_no_memory_model_is_asked_for_by_its_name_but_where_models_are_listed() -> None:
    """`== "sc"` is for what says that it is about sequential consistency only."""
    found = []
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and any(
                isinstance(each, ast.Constant) and each.value in ("sc", "tso", "arm64", "lkmm")
                for each in node.comparators
            ):
                found.append(name)
    assert found == ["racer.explanation.exact"]


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").rglob("*.py")), ids=lambda p: p.name)
def test_scenarios_use_only_public_names_of_racer_and_each_other(path: Path) -> None:
    import racer

    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "racer" and rest:
            assert rest in racer.__all__, f"{path.name} imports {name}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_file_has_grown_past_comfort(module: str) -> None:
    assert len(MODULES[module].read_text().splitlines()) <= 420
