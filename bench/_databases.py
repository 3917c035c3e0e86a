"""Databases to be measured, by name, on SQLite or on a private PostgreSQL."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench import _postgresql
from config import Settings


class NoServer(Exception):
    """PostgreSQL is not installed here."""


class Databases:
    """Data folders with a database each."""

    def __init__(self, folder: Path, redis_url: str, conninfo: str | None) -> None:
        self._folder, self._redis_url, self._conninfo = folder, redis_url, conninfo

    def settings(self, name: str) -> Settings:
        """The settings of the database `name`, which is made if it is not there."""
        folder = self._folder / name
        extra = {"RELAIS_DATA_DIR": str(folder), "REDIS_URL": self._redis_url, "LOG_LEVEL": "ERROR"}
        if self._conninfo is not None:
            if not folder.exists():
                self._run(f"CREATE DATABASE {name}")
            extra["DATABASE_URL"] = self._url(name)
        folder.mkdir(exist_ok=True)
        return Settings.load(extra)

    def copy(self, name: str, to: str) -> Settings:
        """A database like another, which nobody uses meanwhile."""
        if self._conninfo is not None:
            self._run(f"CREATE DATABASE {to} TEMPLATE {name}")
        shutil.copytree(self._folder / name, self._folder / to)
        return self.settings(to)

    def drop(self, name: str) -> None:
        if self._conninfo is not None:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")
        shutil.rmtree(self._folder / name)

    def settle(self, name: str) -> None:
        """Let the server tidy up what was written, as it does by itself in time; SQLite is left as it is in service."""
        if self._conninfo is not None:
            with psycopg.connect(self._conninfo, dbname=name, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def backends(self, name: str) -> list[Path]:
        """Where the kernel tells how long the server's processes for this database have run."""
        if self._conninfo is None:
            return []
        with psycopg.connect(self._conninfo) as connection:
            rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [name]).fetchall()
        return [Path(f"/proc/{pid}/schedstat") for (pid,) in rows]

    def _url(self, name: str) -> str:
        parts = psycopg.conninfo.conninfo_to_dict(self._conninfo or "")
        return f"postgresql+psycopg://{parts['user']}@/{name}?host={parts['host']}"

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._conninfo or "", autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def databases(folder: Path, redis_url: str, *, postgresql: bool) -> Iterator[Databases]:
    """Raises NoServer."""
    if not postgresql:
        yield Databases(folder, redis_url, None)
        return
    programs = _postgresql.programs()
    if programs is None:
        raise NoServer("PostgreSQL's programs (initdb, postgres) were not found")
    with _postgresql.server(programs) as conninfo:
        yield Databases(folder, redis_url, conninfo)
