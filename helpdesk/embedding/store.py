"""The vectors of precedents, in one SQLite file beside the index: derived, so it may be thrown away at any time.

One process has it open (see `workers.meaning`). Another model has a file of its own.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from helpdesk.embedding.model import Vectors

log = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE IF NOT EXISTS vector (key TEXT PRIMARY KEY, digest BLOB NOT NULL, amounts BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""
_ASKED_AT_ONCE = 500


class Store:
    """Key of a precedent → its vector, and marks of how far the database was read. Raises sqlite3.Error."""

    def __init__(self, folder: Path, identity: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{identity}.vectors"
        for other in folder.glob("*.vectors*"):
            if not other.name.startswith(self.path.name):
                other.unlink()  # of a model that was replaced
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            log.warning("the vectors kept in %s can't be read (%s): they are made anew", self.path, error)
            self._connection.close()
            self._remove()
            self._open()

    def _open(self) -> None:
        # Several threads of one process, each statement by itself.
        self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=15)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLES)

    def _remove(self) -> None:
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()

    def close(self) -> None:
        self._connection.close()

    def discard(self) -> None:
        """Begin with nothing: what is kept turned out to be torn, or of another database."""
        self.close()
        self._remove()
        self._open()

    def count(self) -> int:
        """How many precedents have a vector."""
        return int(self._connection.execute("SELECT count(*) FROM vector").fetchone()[0])

    def mark(self, name: str) -> int | None:
        row = self._connection.execute("SELECT number FROM mark WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def set_mark(self, name: str, number: int) -> None:
        self._connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, number))

    def lacking(self, texts: Mapping[str, str]) -> list[str]:
        """Those keys whose text has no vector yet."""
        known: dict[str, bytes] = {}
        for keys in _some(list(texts)):
            query = f"SELECT key, digest FROM vector WHERE key IN ({_marks(keys)})"  # noqa: S608 - marks only
            known.update(self._connection.execute(query, keys))
        return [key for key, text in texts.items() if known.get(key) != _digest(text)]

    def put(self, texts: Mapping[str, str], vectors: Vectors) -> None:
        """Keep one vector for each text, in the same order."""
        rows = [
            (key, _digest(text), vector.astype(np.float16).tobytes())
            for (key, text), vector in zip(texts.items(), vectors, strict=True)
        ]
        self._connection.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", rows)

    def remove(self, keys: Iterable[str]) -> None:
        self._connection.executemany("DELETE FROM vector WHERE key = ?", [(key,) for key in keys])

    def nearness(self, vector: Vectors, keys: Sequence[str]) -> dict[str, float]:
        """The cosine between `vector` (of length 1) and those of `keys` that are known, -1 to 1."""
        found: dict[str, float] = {}
        for some in _some(list(dict.fromkeys(keys))):
            query = f"SELECT key, amounts FROM vector WHERE key IN ({_marks(some)})"  # noqa: S608 - marks only
            for key, amounts in self._connection.execute(query, some).fetchall():
                other = np.frombuffer(amounts, dtype=np.float16).astype(np.float32)
                found[key] = float(other @ vector) if len(other) == len(vector) else 0.0
        return found


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _some(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _ASKED_AT_ONCE] for start in range(0, len(keys), _ASKED_AT_ONCE))


def _marks(keys: Sequence[str]) -> str:
    return ", ".join("?" * len(keys))
