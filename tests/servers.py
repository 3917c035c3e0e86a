"""Real servers for the tests, each private to the run and on loopback or a Unix socket only.

Plain context managers: `conftest.py` decides how long each lives. All of them end when the test run ends,
even by SIGKILL, where `setpriv` exists (any current Linux). As a program, `python tests/servers.py COMMAND…`
runs a command with TEST_DATABASE_URL naming a private PostgreSQL, on which the suite then runs.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller

from config import PROJECT, SETTING_NAMES
from helpdesk.supervision import redis

READY = "Relais is ready: "


class ServerFailed(Exception):
    """A server the tests need did not start; the message holds what it said."""


def until(ready: Callable[[], bool], within: float, what: str, process: subprocess.Popen[Any]) -> None:
    """Wait until `ready()`; raises ServerFailed when the process ends or the seconds are over."""
    end = time.monotonic() + within
    while not ready():
        if process.poll() is not None:
            raise ServerFailed(f"{what} ended with code {process.returncode}")
        if time.monotonic() > end:
            process.kill()
            process.wait()
            raise ServerFailed(f"{what} was not ready after {within:g} seconds")
        time.sleep(0.02)


def ending_with_us(number: str = "TERM") -> list[str]:
    """What to put before a command so that the program gets a signal when the test run dies."""
    return ["setpriv", "--pdeathsig", number] if shutil.which("setpriv") else []


def free_port() -> int:
    """A port of the loopback address that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def valkey() -> Iterator[str]:
    """The bundled Redis on a private socket. Yields its URL (`unix:///…`)."""
    folder = Path(tempfile.mkdtemp(prefix="relais-redis-"))
    unix_socket = folder / "redis.sock"
    command = [*ending_with_us(), *redis.start_line(redis.find_binary(), folder, unix_socket)]
    process = subprocess.Popen([*command, "--appendonly", "no"], stdout=subprocess.DEVNULL)
    try:
        until(lambda: redis.answers(unix_socket), 15, "the test Redis", process)
        yield f"unix://{unix_socket}"
    finally:
        _end(process, signal.SIGKILL)  # it keeps nothing
        shutil.rmtree(folder)


def postgresql_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, newest version first; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A private PostgreSQL cluster that listens on a Unix socket only and is as fast as it is forgetful.

    Yields the URL of its empty database `relais`; `another_database(url)` makes more. Raises ServerFailed
    when PostgreSQL is not installed.
    """
    binaries = postgresql_binaries()
    if binaries is None:
        raise ServerFailed("PostgreSQL is not installed (apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="relais-pg-"))
    as_user = _as_somebody_else(folder)
    try:
        data = folder / "data"
        making = [
            str(binaries / "initdb"),
            "--no-sync",
            "--auth=trust",
            "--username=relais",
            "--encoding=UTF8",
        ]
        making += ["--locale=C", "--pgdata", str(data)]
        run = subprocess.run([*as_user, *making], capture_output=True, text=True, cwd=folder, check=False)
        if run.returncode:
            raise ServerFailed(f"initdb: {run.stdout}{run.stderr}")
        with _running_postgresql(binaries, data, folder, as_user):
            url = f"postgresql+psycopg://relais@/postgres?host={folder}"
            yield another_database(url, "relais")
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _running_postgresql(binaries: Path, data: Path, folder: Path, as_user: Sequence[str]) -> Iterator[None]:
    options = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "80",
    }
    command: list[str] = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder), "-h", ""]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    prefix = [*as_user, "--pdeathsig", "INT"] if as_user else ending_with_us("INT")
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([*prefix, *command], stdout=output, stderr=output, cwd=folder)
    try:
        until(lambda: _connects(f"host={folder} user=relais dbname=postgres"), 30, "PostgreSQL", process)
        yield
    except ServerFailed as failure:
        raise ServerFailed(f"{failure}: {log.read_text(encoding='utf-8', errors='replace')}") from failure
    finally:
        _end(process, signal.SIGINT)  # SIGTERM would wait for every pooled connection


def another_database(url: str, name: str) -> str:
    """An empty database in the cluster of `url`, in the place of one of that name. Returns its URL."""
    server = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(server, autocommit=True) as connection:
        current = connection.info.dbname
        if current == name:
            raise ValueError("a database cannot be replaced through a connection to itself")
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.replace(f"/{current}?", f"/{name}?")


def _connects(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _as_somebody_else(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: give the folder to another user and say how to become that one."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@dataclass
class MailSink:
    """An SMTP server that keeps what it is given. `refuse` answers every letter with that line instead."""

    host: str
    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuse: str | None = None

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}?starttls=never&from=relais@example.org"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        letter = message_from_bytes(envelope.original_content or envelope.content, policy=policy.default)
        self.letters.append(letter)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@contextlib.contextmanager
def mail_sink() -> Iterator[MailSink]:
    """A real SMTP server on a free loopback port."""
    sink = MailSink("127.0.0.1", free_port())
    controller = Controller(sink, hostname=sink.host, port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


@dataclass
class Served:
    """A whole running Relais: `url`, the supervisor's `process`, and where its output goes."""

    url: str
    process: subprocess.Popen[bytes]
    data_dir: Path
    stdout: Path
    stderr: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def programs(self) -> dict[int, str]:
        """Every process that runs below the supervisor (Linux), by number, with its command line."""
        return {pid: command_line(pid) for pid in family(self.pid)}

    @property
    def said(self) -> str:
        """All of stdout so far."""
        return self.stdout.read_text(encoding="utf-8")

    def stop(self, number: int = signal.SIGTERM, within: float = 10) -> int:
        """Ask it to stop and wait. Returns the exit code; raises TimeoutExpired when it takes longer."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(within)


def serve_command(data_dir: Path, *arguments: str) -> list[str]:
    """`bin/serve` on a data folder and any free port (unless the arguments name one)."""
    port = [] if "--port" in arguments else ["--port", "0"]
    return [str(PROJECT / "bin" / "serve"), "--data", str(data_dir), *port, *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for `bin/` commands: this Python as it is, and no setting that is around by chance."""
    left_out = {suffixed for name in SETTING_NAMES for suffixed in (name, f"{name}_FILE")}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"HELPDESK_NO_VENV": "1"} | dict(extra or {})


@contextlib.contextmanager
def served(
    data_dir: Path, *arguments: str, extra: Mapping[str, str] | None = None, within: float = 120
) -> Iterator[Served]:
    """A whole `bin/serve`, ready. Stopped at the end when the test has not ended it itself.

    Raises ServerFailed with all it said when it does not become ready.
    """
    outputs = Path(tempfile.mkdtemp(prefix="relais-serve-"))
    stdout, stderr = outputs / "stdout", outputs / "stderr"
    with stdout.open("wb") as out, stderr.open("wb") as err:
        command = [*ending_with_us(), *serve_command(data_dir, *arguments)]
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment(extra))
    try:
        until(lambda: _ready_line(stdout) is not None, within, "bin/serve", process)
        yield Served(_ready_line(stdout) or "", process, data_dir, stdout, stderr)
    except ServerFailed as failure:
        raise ServerFailed(f"{failure}: {stdout.read_text()}{stderr.read_text()}") from failure
    finally:
        _end(process, signal.SIGTERM)
        shutil.rmtree(outputs)


def children_of(pid: int) -> set[int]:
    """The processes whose parent is `pid` (Linux)."""
    try:
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except (FileNotFoundError, ProcessLookupError):
        return set()


def family(pid: int) -> set[int]:
    """The processes below `pid`, at any depth (Linux)."""
    below = children_of(pid)
    return below.union(*(family(child) for child in below))


def alive(pid: int) -> bool:
    """Whether a process exists and does not only wait to be collected (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def command_line(pid: int) -> str:
    """The command of a process, as typed; empty when it is gone (Linux)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def eventually(condition: Callable[[], object], within: float = 10) -> bool:
    """Whether the condition comes true within so many seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def _ready_line(stdout: Path) -> str | None:
    """The address announced on stdout, once its line is complete."""
    for line in stdout.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith(READY) and line.endswith("\n"):
            return line.removeprefix(READY).strip()
    return None


def main(command: Sequence[str]) -> int:
    """Run a command beside a private PostgreSQL. Returns its exit code."""
    with postgresql() as url:
        return subprocess.run(command, env=os.environ | {"TEST_DATABASE_URL": url}, check=False).returncode


def _end(process: subprocess.Popen[Any], number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
