"""`racer drift`: whether the functions that models mirror are what they were."""

from __future__ import annotations

from pathlib import Path

from racer.c_source.mirrors import drift, record, recorded, version_of
from racer.c_source.trees import Tree, tree_at
from racer.catalogue.discovery import LOCAL, files_below
from racer.cli.guard import emit
from racer.cli.statuses import NOT_AS_DECLARED, OK
from racer.errors import UsageError
from racer.files import BUNDLED, shown_path
from racer.viz.documents.drift import drift_document
from racer.viz.drift import drift_text


def drift_command(directory: str | None, base: str, *, wants_record: bool, json: bool) -> int:
    """Compare with what was recorded, or record; 1 where some function is not what it was."""
    tree = tree_at(base)
    if wants_record:
        return _record(directory, tree)
    found = []
    for each in directories(directory):
        files = files_below(each)
        found.append((shown_path(each), drift(files, tree, recorded(each))))
    drifted = any(each.drifted or each.those("not recorded") for _, each in found)
    if json:
        emit(drift_document(version_of(tree), found, drifted=drifted))
    else:
        emit("\n\n".join(drift_text(*each) for each in found))
    return NOT_AS_DECLARED if drifted else OK


def _record(directory: str | None, tree: Tree) -> int:
    """What was recorded stands beside the models that the user may change: his own first."""
    place = directories(directory)[-1]
    path = record(place, files_below(place), tree)
    emit(f"recorded of {version_of(tree)}: {shown_path(path)}")
    return OK


def directories(directory: str | None) -> list[Path]:
    """Those that come with racer, then ./scenarios; or the one that is named."""
    if directory is not None:
        if not Path(directory).is_dir():
            raise UsageError(f"{directory}: there is no such directory of models.")
        return [Path(directory)]
    bundled, local = BUNDLED.resolve(), Path(LOCAL)
    return [bundled] if not local.is_dir() or local.resolve() == bundled else [bundled, local]
