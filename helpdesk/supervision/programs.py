"""Which programs make up a running Relais on one machine, and what each is started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config import PROJECT, SETTING_NAMES, Settings
from helpdesk.supervision import redis
from helpdesk.supervision.children import Child
from helpdesk.supervision.keeping import StartFailed

THREADS = 16  # per web process: a page waits for the database more than it computes
# Seconds each may take to end by itself. Their sum, with a second telling for each, stays under ten.
WEB_ENDS_WITHIN, SCHEDULER_ENDS_WITHIN, WORKERS_END_WITHIN, REDIS_ENDS_WITHIN = 3.0, 0.5, 2.0, 1.5
MEANING_ENDS_WITHIN = WORKERS_END_WITHIN  # it ends with them


@dataclass(frozen=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{_bracketed(self.host)}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """The host for a client on this machine, also when the server listens on every address."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104


@dataclass(frozen=True)
class Programs:
    """Makes the programs of one run, not yet started."""

    settings: Settings
    environment: Mapping[str, str]
    logs: Path

    def bundled_redis(self, lock: int) -> Child:
        """The bundled Redis, which keeps the descriptor `lock` open for as long as it lives."""
        folder = self.settings.data_dir / "redis"
        command = redis.start_line(redis.find_binary(), folder, self.settings.redis_socket)
        log = self.logs / "redis.log"
        return Child("Redis", command, log, self.environment, folder, REDIS_ENDS_WITHIN, keep_open=(lock,))

    def worker(self, number: int) -> Child:
        return self._python(f"worker {number}", ["workers"], WORKERS_END_WITHIN)

    def meaning(self) -> Child:
        """Runs the embedding model that the settings name."""
        return self._python("meaning", ["workers.meaning"], MEANING_ENDS_WITHIN)

    def scheduler(self) -> Child:
        return self._python("scheduler", ["workers.schedule"], SCHEDULER_ENDS_WITHIN)

    def web(self, listener: int) -> Child:
        """The web server, on a socket that exists already: while it starts again, clients wait, not fail."""
        options = gunicorn_options(self.settings, f"fd://{listener}")
        child = self._python("web server", ["gunicorn", *options, "wsgi:app"], WEB_ENDS_WITHIN)
        child.keep_open = (listener,)
        return child

    def preparation(self, *, demo: bool, past: bool = True) -> Child:
        """Migrates the database and loads the demo (`past`: and leaves its earlier weeks to the workers); ends by
        itself. What it found is in `prepared.json`."""
        options = ["--into", str(self.prepared), *["--demo"] * demo, *["--past"] * (demo and past)]
        return self._python("preparation", ["helpdesk", "relais", "prepare", *options], 1.0)

    @property
    def prepared(self) -> Path:
        return self.logs / "prepared.json"

    def _python(self, name: str, module: list[str], stop_within: float) -> Child:
        log = self.logs / f"{name.split()[0]}.log"
        command = [sys.executable, "-P", "-m", *module]
        return Child(name, command, log, self.environment, PROJECT, stop_within)


def child_environment(settings: Settings, address: Address, environ: Mapping[str, str]) -> dict[str, str]:
    """What the programs are started with: the same settings, whatever folder they run in."""
    environment = dict(environ)
    for name in SETTING_NAMES:
        if environment.get(f"{name}_FILE"):
            environment[f"{name}_FILE"] = str(Path(environment[f"{name}_FILE"]).absolute())
    environment.pop("RELAIS_DATA_DIR_FILE", None)
    environment["RELAIS_DATA_DIR"] = str(settings.data_dir)
    if not environment.get("BASE_URL") and not environment.get("BASE_URL_FILE"):
        environment["BASE_URL"] = f"http://{_bracketed(address.reachable_host)}:{address.port}"
    environment["PYTHONPATH"] = str(PROJECT)
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def gunicorn_options(settings: Settings, bind: str) -> list[str]:
    """How the web server is run, here and (with another address) in production."""
    options = {
        "--bind": bind,
        "--worker-class": "gthread",
        "--workers": str(settings.web_workers),
        "--threads": str(THREADS),
        "--timeout": "60",
        "--graceful-timeout": "2",
        "--keep-alive": "5",
        "--max-requests": "5000",
        "--max-requests-jitter": "500",
        "--limit-request-line": "8190",
        "--log-level": settings.log_level.lower(),
        # TRUSTED_PROXIES alone says which forwarded headers count; the application reads them.
        "--forwarded-allow-ips": "",
    }
    if Path("/dev/shm").is_dir():  # noqa: S108 (heartbeats must not wait for a disk)
        options["--worker-tmp-dir"] = "/dev/shm"  # noqa: S108
    return ["--no-control-socket", *(part for option in options.items() for part in option)]


def private_folder(folder: Path) -> Path:
    """Make a folder only this user can enter. Raises StartFailed when it is somebody else's."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.stat().st_uid
    except OSError as error:
        raise StartFailed(f"The folder {folder} cannot be made: {error.strerror or error}.") from error
    if owner != os.geteuid() or folder.is_symlink():
        raise StartFailed(f"The folder {folder} belongs to somebody else: remove it, or choose another data folder.")
    return folder


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
