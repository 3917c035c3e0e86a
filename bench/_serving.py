"""What the benchmarks share: private servers that end with the benchmark, on loopback and a Unix socket only."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from config import PROJECT, SETTING_NAMES, Settings
from helpdesk.supervision import redis
from helpdesk.supervision.programs import gunicorn_options

READY_WITHIN = 120.0  # seconds


class NotReady(Exception):
    """A server did not start; the message holds what it said."""


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A private folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def private_redis(folder: Path) -> Iterator[str]:
    """The bundled Redis as `bin/serve` starts it. Yields its URL."""
    folder.mkdir(mode=0o700)
    unix_socket = folder / "redis.sock"
    with _running(redis.start_line(redis.find_binary(), folder, unix_socket), {}, folder / "log") as process:
        _until(lambda: redis.answers(unix_socket), process, folder / "log")
        yield f"unix://{unix_socket}"


@contextlib.contextmanager
def web_server(module: str, settings: Settings, environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """`module` (such as "wsgi:app") under gunicorn with the options of `bin/serve`. Yields its port."""
    port = free_port()
    options = gunicorn_options(settings, f"127.0.0.1:{port}")
    command = [sys.executable, "-P", "-m", "gunicorn", *options, module]
    with _running(command, environment, log) as process:
        _until(lambda: _accepts(port), process, log)
        yield port


@contextlib.contextmanager
def job_worker(environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """A worker process for all lanes. Work that was put down before it is there waits for it."""
    with _running([sys.executable, "-P", "-m", "workers"], environment, log):
        yield


def program_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a server: no setting that is around by chance."""
    left_out = {suffixed for name in SETTING_NAMES for suffixed in (name, f"{name}_FILE")}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {"PYTHONPATH": str(PROJECT)} | dict(extra)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    prefix = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*prefix, *command], env=os.environ | dict(environment), stdout=output, stderr=output, cwd=PROJECT
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def _until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_WITHIN
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise NotReady(log.read_text(encoding="utf-8", errors="replace"))
        time.sleep(0.05)


def _accepts(port: int) -> bool:
    """Whether a worker answers: the listening socket alone is there before the application is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True
