"""`racer schema`: the JSON Schemas of what --json prints."""

from __future__ import annotations

from racer.cli.guard import emit
from racer.cli.statuses import OK
from racer.viz.documents.schemas import kinds_text, schema_text


def schema_command(kind: str | None) -> int:
    """The schema of a kind of document, or a list of these. Errors: UsageError."""
    emit(kinds_text() if kind is None else schema_text(kind).rstrip())
    return OK
