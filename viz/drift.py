"""What became of the functions that models mirror, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racer.c_source.mirrors import Drift, Drifted
from racer.viz.wrapping import filled

_WORDS = {
    "changed": "has changed",
    "gone": "is gone",
    "new": "is there now, and was not",
    "not recorded": "was not recorded",
}


def drift_text(directory: str, found: Drift) -> str:
    """The headline, each function that is not what it was, and what else is to be known."""
    parts = ["\n".join([filled(f"models in {directory}, tree {found.tree}"), _headline(found)])]
    parts += _by_file(found.those("changed", "gone", "new", "not recorded"))
    parts += [filled(text, hang=2) for text in _remarks(found)]
    return "\n\n".join(parts)


def _headline(found: Drift) -> str:
    number = len(found.functions) - len(found.those("absent"))
    drifted = len(found.drifted)
    if not found.functions:
        return filled("NOTHING  no model names a function that it mirrors")
    functions = f"{number} {'function' if number == 1 else 'functions'}"
    if not found.since:
        return filled(f"NOT RECORDED  {functions} mirrored; nothing was recorded", hang=2)
    new = len(found.those("not recorded"))
    more = f"; {new} not recorded" if new else ""
    if drifted:
        what = f"of {functions} {drifted} not what it was in {found.since}"
        return filled(f"DRIFTED  {what}{more}", hang=2)
    if new:
        return filled(f"NOT RECORDED  of {functions} {new}; all others are as they were", hang=2)
    return filled(f"AS RECORDED  {functions}, each as it was in {found.since}", hang=2)


def _by_file(functions: Sequence[Drifted]) -> Iterator[str]:
    for path in dict.fromkeys(each.mirrored.path for each in functions):
        lines = [path]
        for each in functions:
            if each.mirrored.path == path:
                where = f" (line {each.line})" if each.line else ""
                models = ", ".join(each.mirrored.models)
                text = f"{each.mirrored.name}() {_WORDS[each.state]}{where}: {models}"
                lines.append(filled(text, "  ", hang=6))
        yield "\n".join(lines)


def _remarks(found: Drift) -> Iterator[str]:
    if found.since and found.since != found.tree:
        yield (
            f"The tree is {found.tree}, and what was recorded is of {found.since}: what differs "
            f"may have been changed in any version between them."
        )
    absent = [each.mirrored.name for each in found.those("absent")]
    if absent:
        nor = ", nor when it was recorded" if found.since else ""
        yield f"Not in this tree{nor}: {_listed(absent)}."
    if found.missing:
        yield f"Files that are not in this tree: {', '.join(found.missing)}."
    if found.unplaced:
        yield (
            f"Named in a docstring, and in none of the files of its header: "
            f"{'; '.join(found.unplaced)}."
        )
    if found.forgotten:
        yield f"Recorded, and named by no model any more: {'; '.join(found.forgotten)}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{name}()" for name in names)
