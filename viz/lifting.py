"""What a function of C was taken to mean, piece by piece, as text."""

from __future__ import annotations

from racer.c_source.notes import Row
from racer.c_source.translating import Lifted
from racer.viz.wrapping import filled


def lifted_text(found: Lifted) -> str:
    """Every piece of the C with what it means, and what means nothing with the entry to write."""
    head = f"{found.path}:{found.line}  {found.name}({', '.join(found.parameters)})"
    parts = [head, *(_row(row, found.path) for row in found.rows)]
    if found.fused or found.sunk:
        parts.append(filled(f"As compiled: {_compiled(found)}."))
    parts += [filled(f"Note: {note}", hang=2) for note in found.warnings]
    parts.append(_end(found))
    return "\n".join(parts)


def _row(row: Row, path: str) -> str:
    where = f"{row.line}" if row.path == path else f"{row.path}:{row.line}"
    lines = [filled(f"{where:>5}  {row.c}", hang=9)]
    if row.python:
        lines.append(filled(f"= {row.python}", " " * 9, hang=11))
    if row.why:
        mark = f"({row.why})" if row.python else f"nothing: {row.why}"
        lines.append(filled(mark, " " * 9, hang=9))
    return "\n".join(lines)


def _compiled(found: Lifted) -> str:
    said = []
    if found.fused:
        said.append(f"{found.fused} plain loads have the value of one before them")
    if found.sunk:
        said.append(f"{found.sunk} assignments of plain loads come later")
    return "; ".join(said)


def _end(found: Lifted) -> str:
    if not found.refusals:
        return filled(f"Lifted whole. What it means is said by {_joined(_origins(found))}.")
    number = len(found.refusals)
    lines = [
        filled(
            f"Not lifted: {number} {'place means' if number == 1 else 'places mean'} nothing to "
            f"the model."
        )
    ]
    for each in found.refusals:
        lines.append(filled(f"{each.path}:{each.line}: {each.text}", "  ", hang=4))
        if each.entry:
            lines.append(f"    write: {each.entry}")
    if any(each.entry for each in found.refusals):
        lines.append(filled(found.missing_in))
    return "\n".join(lines)


def _origins(found: Lifted) -> list[str]:
    return list(dict.fromkeys(row.origin for row in found.rows)) or ["the C alone"]


def _joined(texts: list[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
