"""What `racer explore` leaves on disk: for each label a witness file, an SVG and a DOT picture."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from racer.errors import RacerError
from racer.exploration.witness_file import SavedWitness, save
from racer.files import shown_path, write_atomically
from racer.viz.wrapping import WIDTH

_NAME_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Written:
    """The files of one label, as paths to show; `failure` says what could not be written.

    `svg` is the picture itself, None when it could not be drawn.
    """

    witness: str | None
    pictures: tuple[str, ...]
    failure: str | None
    svg: bytes | None


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """The file of --html as a path to show, or what kept it from being written."""

    path: str | None
    failure: str | None


def write(
    directory: Path, name: str, saved: SavedWitness, dot: str | None, *, png: bool = False
) -> Written:
    """Write NAME.LABEL.json, .svg, .dot and, if asked for, .png; whatever can be written is.

    Without `dot` there are no pictures.

    Errors   none: a failure is part of the answer, because the verdict must still be shown.
    """
    from racer.viz.diagram.drawing import render

    stem = f"{name}.{file_label(saved.label)}"
    witness: str | None = None
    pictures: list[str] = []
    svg: bytes | None = None
    try:
        directory.mkdir(parents=True, exist_ok=True)
        save(saved, directory / f"{stem}.json")
        witness = shown_path(directory / f"{stem}.json")
        if dot is None:
            return Written(witness, (), None, None)
        write_atomically(directory / f"{stem}.dot", dot.encode())
        pictures.append(shown_path(directory / f"{stem}.dot"))
        svg = render(dot, "svg")
        write_atomically(directory / f"{stem}.svg", svg)
        pictures.insert(0, shown_path(directory / f"{stem}.svg"))
        if png:
            write_atomically(directory / f"{stem}.png", render(dot, "png"))
            pictures.insert(1, shown_path(directory / f"{stem}.png"))
    except OSError as error:
        what = shown_path(error.filename) if isinstance(error.filename, str) else str(directory)
        return Written(witness, tuple(pictures), f"cannot write {what}: {error.strerror}", svg)
    except RacerError as error:
        return Written(witness, tuple(pictures), str(error), svg)
    return Written(witness, tuple(pictures), None, svg)


def replay_command(witness: str) -> str:
    """What replays a witness file, for a shell."""
    return f"racer replay {shlex.quote(witness)}"


def mailed_replay_command(witness: str) -> str:
    """The same in lines of at most 72 columns of 7-bit characters, which a shell joins again.

    Other characters need a shell that knows $'...': bash, zsh, or any of POSIX 2024.
    """
    command = replay_command(witness)
    if len(command) <= WIDTH and command.isascii() and command.isprintable():
        return command
    lines = ["racer replay "]
    piece = ""
    for character in witness:
        if len(_quoted(piece + character)) > WIDTH - len("\\"):
            lines.append(_quoted(piece))
            piece = ""
        piece += character
    return "\\\n".join([*lines, _quoted(piece)])


def _quoted(text: str) -> str:
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    octal = (
        chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\{byte:03o}"
        for byte in os.fsencode(text)
    )
    return f"$'{''.join(octal)}'"


def file_label(label: str) -> str:
    """A label as part of a file name, different for different labels.

    A label of plain characters is itself; any other keeps those it has, and gets a digest.
    """
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", label).strip("-")[:_NAME_LIMIT].strip("-")
    if plain == label:
        return plain
    digest = hashlib.sha256(label.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain or 'label'}-{digest}"
