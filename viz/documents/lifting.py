"""What a function of C was taken to mean, as one JSON document."""

from __future__ import annotations

from racer.c_source.compilers import Compiled
from racer.c_source.translating import Lifted
from racer.exploration.witness_file import racer_version
from racer.viz.documents.parts import Entry, Number, dumped


class PieceOf(Entry, frozen=True, kw_only=True):
    """A piece of C and what it means.

    path    its file
    line    where it begins
    column  from 1
    c       its text
    python  what it means, as an expression of Python; null where it does nothing
    origin  the file whose entry says so, or that it is a function of the input
    why     what the entry says besides; null for nothing
    """

    path: str
    line: Number
    column: Number
    c: str
    python: str | None
    origin: str
    why: str | None


class RefusedPiece(Entry, frozen=True, kw_only=True):
    """A piece of C that means nothing to the model.

    path   its file
    line   where it begins
    text   why it means nothing
    entry  the entry of a map that would do; null where none would
    """

    path: str
    line: Number
    text: str
    entry: str | None


class LiftedDocument(Entry, frozen=True, kw_only=True, tag_field="schema", tag="racer-lifted/1"):
    """What `racer lift-c --json` prints.

    schema      the kind of document and its version
    racer       the version that wrote it
    function    its name
    path        its file
    line        where it is
    parameters  its names for them
    compiled    what a compiler was taken to make of plain loads: "written", "fused", "sunk"
    whole       whether all of it was translated
    python      what it is in Python, with the functions of the input that it calls
    fused       how many plain loads have the value of one before them
    sunk        how many assignments of plain loads come later
    pieces      what means something, by line
    refused     what does not, by line
    notes       what was left out or had to be chosen, a sentence each
    """

    racer: str
    function: str
    path: str
    line: Number
    parameters: list[str]
    compiled: Compiled
    whole: bool
    python: str
    fused: Number
    sunk: Number
    pieces: list[PieceOf]
    refused: list[RefusedPiece]
    notes: list[str]


def lifted_document(found: Lifted, compiled: Compiled) -> str:
    """The document as text."""
    return dumped(
        LiftedDocument(
            racer=racer_version(),
            function=found.name,
            path=found.path,
            line=found.line,
            parameters=list(found.parameters),
            compiled=compiled,
            whole=not found.refusals,
            python=found.python,
            fused=found.fused,
            sunk=found.sunk,
            pieces=[
                PieceOf(
                    path=row.path,
                    line=row.line,
                    column=row.column,
                    c=row.c,
                    python=row.python or None,
                    origin=row.origin,
                    why=row.why or None,
                )
                for row in found.rows
            ],
            refused=[
                RefusedPiece(
                    path=each.path, line=each.line, text=each.text, entry=each.entry or None
                )
                for each in found.refusals
            ],
            notes=found.warnings,
        )
    )
