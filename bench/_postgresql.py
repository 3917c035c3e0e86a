"""PostgreSQL's own full-text search, for comparison: a private server on a Unix socket, where it is installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psycopg

TOP = 10
STARTS_WITHIN = 60.0
"""Seconds."""
_OPTIONS = {
    "fsync": "off",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "512MB",
    "max_parallel_workers_per_gather": "0",  # all that a question costs is spent in one process
    "max_parallel_maintenance_workers": "0",
}


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, newest version first; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


@contextlib.contextmanager
def server(binaries: Path) -> Iterator[str]:
    """A fresh cluster that ends with the benchmark. Yields what to connect with."""
    with tempfile.TemporaryDirectory(prefix="relais-bench-pg-") as name:
        folder = Path(name)
        other = _somebody_else(folder)
        data = str(folder / "data")
        making = ["--no-sync", "--auth=trust", "--username=relais", "--encoding=UTF8", "--locale=C", "--pgdata", data]
        subprocess.run([*other, str(binaries / "initdb"), *making], cwd=folder, check=True, capture_output=True)
        command = [*other, str(binaries / "postgres"), "-D", data, "-k", name, "-h", ""]
        command += [part for option, value in _OPTIONS.items() for part in ("-c", f"{option}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            conninfo = f"host={name} user=relais dbname=postgres"
            _wait_for(conninfo, process)
            yield conninfo
        finally:
            process.send_signal(signal.SIGINT)  # SIGTERM would wait for open connections
            process.wait()


class PostgreSQL:
    """A table with a GIN index over tsvectors, ranked by `ts_rank`."""

    def __init__(self, conninfo: str) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._backend = Path(f"/proc/{self._connection.info.backend_pid}/schedstat")

    def build(self, documents: Iterable[list[str]]) -> None:
        self._connection.execute("CREATE TABLE text (number integer PRIMARY KEY, body tsvector)")
        self._connection.execute("CREATE TEMPORARY TABLE raw (number integer, body text)")
        with self._connection.cursor().copy("COPY raw FROM STDIN") as copy:
            for number, terms in enumerate(documents):
                copy.write_row((number, " ".join(terms)))
        self._connection.execute("INSERT INTO text SELECT number, to_tsvector('simple', body) FROM raw")
        self._connection.execute("DROP TABLE raw")
        self._connection.execute("CREATE INDEX ON text USING gin (body)")
        self._connection.execute("VACUUM ANALYZE text")

    def ask(self, terms: list[str]) -> list[int]:
        rows = self._connection.execute(
            "SELECT number FROM text, to_tsquery('simple', %s) AS asked WHERE body @@ asked"
            " ORDER BY ts_rank(body, asked) DESC LIMIT %s",
            (" | ".join(terms), TOP),
        )
        return [number for (number,) in rows]

    def spent(self) -> float:
        """Seconds of processor time so far, of the server's process for this connection and of our own."""
        return time.process_time() + int(self._backend.read_text().split()[0]) / 1e9

    def close(self) -> None:
        self._connection.close()


def _wait_for(conninfo: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            psycopg.connect(conninfo, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _somebody_else(folder: Path) -> Sequence[str]:
    """PostgreSQL refuses to run as root: give the folder to another user and say how to become that one."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
