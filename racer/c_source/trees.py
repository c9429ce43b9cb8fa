"""A tree of sources, as `--base` names it, and files as text."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from racer.c_source.known import Known
from racer.errors import RacerError, UsageError
from racer.files import readable, shown_path

MOST: Final = 64 << 20  # bytes; a mailbox of a year of a list would be more, and take minutes
_GZIP: Final = b"\x1f\x8b"


def content_of(path: Path) -> bytes:
    """The bytes of a file of text, unpacked where it is compressed as lore's mailboxes are.

    Errors   UsageError for what is no file, is empty, too large, or a binary.
    """
    shown = shown_path(path)
    try:
        content = readable(path, MOST)
        if content.startswith(_GZIP):
            content = _unpacked(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(f"{shown} is compressed, and cannot be unpacked: {error}.") from error
    except OSError as error:
        raise UsageError(f"cannot read {shown}: {error.strerror or error}.") from error
    if len(content) > MOST:
        raise UsageError(
            f"{shown} is larger than {MOST >> 20} MiB unpacked.\nTry: a mailbox of one series."
        )
    if b"\0" in content:
        raise UsageError(
            f"{shown} is a binary: there is a zero byte at {content.index(0):,}.\n"
            f"Try: a mail, a mailbox, a diff or a file of C."
        )
    if not content.strip():
        raise UsageError(f"{shown} is empty.")
    return content


def _unpacked(content: bytes) -> bytes:
    """No more than is allowed, and one byte by which that can be told."""
    unpacker = zlib.decompressobj(wbits=31)
    found = unpacker.decompress(content, MOST + 1)
    if not unpacker.eof and len(found) <= MOST:
        raise EOFError("it ends too early")
    return found


def text_of(content: bytes) -> str:
    """Text with lines that end in a line feed; a byte that is no UTF-8 is a mark that says so."""
    text = content.decode("utf-8", errors="replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n")


def known_file(path: str, content: bytes) -> Known:
    """A file of which all lines are known; `path` is that in its tree."""
    text = text_of(content)
    lines = text.removesuffix("\n").split("\n") if text else []
    return Known(path, dict(enumerate(lines, 1)), whole=True)


@dataclass(frozen=True, slots=True)
class Tree:
    """A directory in which files lie as patches name them."""

    path: Path

    @property
    def shown(self) -> str:
        return shown_path(self.path)

    def has(self, path: str) -> bool:
        return self.place(path).is_file()

    def place(self, path: str) -> Path:
        return self.path / path

    def file(self, path: str) -> Known:
        """A file of it. Errors: UsageError."""
        if not self.place(path).is_file():
            raise UsageError(
                f"{self.shown} has no file {path}.\n"
                f"Usual cause: it is the tree of another version, or a directory in one.\n"
                f"Try: the top directory of the version that the patch is for."
            )
        return known_file(path, content_of(self.place(path)))

    @property
    def version(self) -> str:
        """What its Makefile says, such as 6.12; empty where there is none that does."""
        try:
            text = text_of(readable(self.place("Makefile"), 1 << 20))
        except OSError:
            return ""
        found = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL)[ \t]*=[ \t]*(\d+)", text, re.M))
        numbers = [found.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
        if numbers[2] == "0":
            numbers.pop()
        return ".".join(each for each in numbers if each)


def tree_at(path: str) -> Tree:
    """The tree that a user names. Errors: UsageError for what is no directory."""
    if not Path(path).is_dir():
        raise UsageError(
            f"--base {path}: there is no such directory.\n"
            f"Try: the top directory of an unpacked tree, such as linux-6.12."
        )
    return Tree(Path(path))


def no_patch(shown: str, why: str, remedy: str) -> RacerError:
    """The error of a file without what it was named for."""
    return UsageError(f"{shown} has no patch: {why}.\nTry: {remedy}.")
