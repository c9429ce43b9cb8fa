"""A search on disk, from which another process goes on where this one was.

The file is an SQLite database: what is added to it is there as a whole or not at all, whenever the
process is killed, and nobody else opens it meanwhile. Each search of an exploration is a part of
it, to which states are added in the order in which they were found, with their moves.

Bound    searches of automata that are closed, by the engine in Python: numbers of nodes that are
         given as a search asks for them would be others in another run, and the compiled engine
         finds states as fast as they can be read
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from racer.errors import RacerError, UsageError
from racer.files import shown_path

_FORMAT: Final = 1  # goes up with what an older racer cannot read
_RACERS: Final = 0x72616372  # how SQLite marks whose a file is
_SECONDS: Final = 5.0  # between two times that something is written,
_SHARE: Final = 20  # and so many times what that took
_AT_ONCE: Final = 50_000  # states that are packed before they are written
_SCHEMA: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE searches (name TEXT PRIMARY KEY, made TEXT);
CREATE TABLE parts (search TEXT, kind TEXT, number INTEGER, data BLOB,
                    PRIMARY KEY (search, kind, number));
"""


class Searched(Protocol):
    """A search as far as it is: its states, whence each was found, and the moves of all in the
    order in which they were found."""

    @property
    def states(self) -> Sequence[int]: ...
    @property
    def parents(self) -> Sequence[int]: ...
    @property
    def moves(self) -> array[int]: ...
    @property
    def goals(self) -> array[int]: ...


class Checkpoint:
    """The file of --checkpoint, while it is open."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database
        self.failure = ""  # why nothing is saved any more

    @property
    def is_empty(self) -> bool:
        """Whether no search is in it."""
        (count,) = self._database.execute("SELECT count(*) FROM searches").fetchone()
        return not count

    def part(self, name: str) -> SavedSearch:
        """What there is of a search of that name."""
        return SavedSearch(self, self._database, name)


class SavedSearch:
    """The part of a checkpoint that is of one search."""

    def __init__(self, whole: Checkpoint, database: sqlite3.Connection, name: str) -> None:
        self._whole = whole
        self._database = database
        self._name = name
        self._states = self._expanded = self._transitions = 0  # that are on disk
        self._parts = 0
        self._due = time.monotonic() + _SECONDS

    def made(self) -> dict[str, Any] | None:
        """What was said of it when it was saved last; None where there is nothing."""
        row = self._database.execute(
            "SELECT made FROM searches WHERE name = ?", (self._name,)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def arrays(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """What was saved of that: `states` as a list, the others as they were."""
        self._states, self._expanded = made["states"], made["expanded"]
        self._transitions, self._parts = made["transitions"], made["parts"]
        states: list[int] = []
        for data in self._read("states"):
            width = data[0] + 256 * data[1]
            states += [
                int.from_bytes(data[at : at + width], "little") for at in range(2, len(data), width)
            ]
        found: dict[str, Any] = {"states": states}
        for kind in ("parents", "first", "last", "moves", "goals"):
            found[kind] = array("q")
            for data in self._read(kind):
                found[kind].frombytes(data)
            if sys.byteorder != "little":
                found[kind].byteswap()
        found["full"] = b"".join(self._read("full"))
        lengths = {"states": made["states"], "parents": made["states"]}
        lengths |= dict.fromkeys(("first", "last", "full"), made["expanded"])
        lengths |= dict.fromkeys(("moves", "goals"), made["transitions"])
        if any(len(found[kind]) != length for kind, length in lengths.items()):
            raise sqlite3.DatabaseError("some of it is missing: malformed")
        return found

    def is_due(self) -> bool:
        """Whether so much time has passed that it is worth the writing."""
        return time.monotonic() >= self._due

    def save(
        self,
        graph: Searched,
        states: int,
        expanded: int,
        transitions: int,
        full: Callable[[int], bool],
        row: Callable[[int], tuple[int, int]],
        more: Mapping[str, Any],
    ) -> None:
        """Add what is new of a search: so many states, of which the first `expanded` have moves.

        full    whether all moves of a state were explored when it was expanded first
        row     where these lie
        more    what is said of it besides, as JSON has it
        """
        if self._whole.failure:
            return
        began = time.monotonic()
        try:
            with self._database:
                self._add(graph, states, expanded, transitions, full, row)
                made = {
                    "states": states,
                    "expanded": expanded,
                    "transitions": transitions,
                    "parts": self._parts,
                    **more,
                }
                self._database.execute(
                    "INSERT OR REPLACE INTO searches VALUES (?, ?)", (self._name, json.dumps(made))
                )
        except sqlite3.Error as error:  # a full disk, say: what was saved before is there
            self._whole.failure = str(error)
        self._states, self._expanded, self._transitions = states, expanded, transitions
        now = time.monotonic()
        self._due = now + max(_SECONDS, _SHARE * (now - began))

    def _add(
        self,
        graph: Searched,
        states: int,
        expanded: int,
        transitions: int,
        full: Callable[[int], bool],
        row: Callable[[int], tuple[int, int]],
    ) -> None:
        for start in range(self._states, states, _AT_ONCE):
            piece = graph.states[start : min(states, start + _AT_ONCE)]
            width = max(1, (max(map(int.bit_length, piece)) + 7) // 8)
            packed = b"".join(state.to_bytes(width, "little") for state in piece)
            self._write("states", width.to_bytes(2, "little") + packed)
            self._write_numbers("parents", array("q", graph.parents[start : start + len(piece)]))
        for start in range(self._expanded, expanded, _AT_ONCE):
            numbers = range(start, min(expanded, start + _AT_ONCE))
            rows = [row(each) for each in numbers]
            self._write_numbers("first", array("q", [each[0] for each in rows]))
            self._write_numbers("last", array("q", [each[1] for each in rows]))
            self._write("full", bytes(map(full, numbers)))
        for start in range(self._transitions, transitions, 8 * _AT_ONCE):
            end = min(transitions, start + 8 * _AT_ONCE)
            self._write_numbers("moves", graph.moves[start:end])
            self._write_numbers("goals", graph.goals[start:end])

    def forget(self) -> None:
        """Remove it: the search begins anew."""
        with self._database:
            self._database.execute("DELETE FROM searches WHERE name = ?", (self._name,))
            self._database.execute("DELETE FROM parts WHERE search = ?", (self._name,))

    def _write_numbers(self, kind: str, numbers: array[int]) -> None:
        if sys.byteorder != "little":
            numbers = array("q", numbers)
            numbers.byteswap()
        self._write(kind, numbers.tobytes())

    def _write(self, kind: str, data: bytes) -> None:
        self._parts += 1
        self._database.execute(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)",
            (self._name, kind, self._parts, zlib.compress(data, 1)),
        )

    def _read(self, kind: str) -> Iterator[bytes]:
        rows = self._database.execute(
            "SELECT data FROM parts WHERE search = ? AND kind = ? AND number <= ? ORDER BY number",
            (self._name, kind, self._parts),
        )
        for (data,) in rows:
            yield zlib.decompress(data)


@contextmanager
def checkpoint(path: Path, about: Mapping[str, str]) -> Iterator[Checkpoint]:
    """The file, made where there is none, for an exploration that is told `about`: by what it rests
    on, with the words for that.

    Errors   UsageError for a file of something else, or of another exploration; one that is damaged
             or in use; and where it cannot be written.
    """
    try:
        database = sqlite3.connect(path, timeout=0.0, isolation_level="IMMEDIATE")
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    try:
        _take(database, path)
        _require_same(database, path, about)
        yield Checkpoint(path, database)
    except (sqlite3.Error, zlib.error) as error:
        raise _unusable(path, error) from error
    finally:
        database.close()


def _take(database: sqlite3.Connection, path: Path) -> None:
    """Keep others out, and make what is not there."""
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("BEGIN EXCLUSIVE")
    (whose,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    if tables and path.stat().st_size < pages * size:
        raise sqlite3.DatabaseError("it ends too early: malformed")
    if not tables and not whose:
        for statement in _SCHEMA.strip().split(";")[:-1]:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {_RACERS}")
        database.execute(f"PRAGMA user_version = {_FORMAT}")
    elif whose != _RACERS:
        raise _NotRacers
    elif version != _FORMAT:
        raise UsageError(
            f"{shown_path(path)} is a checkpoint of format {version}, and this racer has format "
            f"{_FORMAT}.\nTry: the racer that made it, or another file."
        )
    database.commit()


def _require_same(database: sqlite3.Connection, path: Path, about: Mapping[str, str]) -> None:
    known = dict(database.execute("SELECT name, value FROM about").fetchall())
    if not known:
        with database:
            database.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        return
    for name in (*about, *known):
        if known.get(name) != about.get(name):
            if name in ("scenario", "parameters", "memory model"):
                told = f"{name} {known.get(name)}, and this is {about.get(name)}"
            else:
                told = f"another {name}: it has changed since"
            raise UsageError(
                f"{shown_path(path)} is the checkpoint of another exploration: of {told}.\n"
                f"Try: another file; or remove this one, and all is searched anew."
            )


class _NotRacers(sqlite3.DatabaseError):
    """A database of somebody else's."""


def _unusable(path: Path, error: sqlite3.Error | zlib.error) -> RacerError:
    name, text = shown_path(path), str(error)
    if isinstance(error, _NotRacers) or "not a database" in text:
        return UsageError(
            f"{name} is no checkpoint of racer's, and is left as it is.\nTry: another file."
        )
    if "locked" in text:
        return UsageError(
            f"{name} is in use: another process searches with that checkpoint.\n"
            f"Try: wait for it, or another file."
        )
    if isinstance(error, zlib.error) or "malformed" in text:
        why = text.removesuffix(": malformed")
        return UsageError(
            f"{name} is damaged ({why}), so it is not known how far the search was.\n"
            f"Usual cause: a disk that was full, or a file that was copied while it was written.\n"
            f"Try: remove it, and all is searched anew."
        )
    return UsageError(f"the checkpoint {name} cannot be used: {text}.")
