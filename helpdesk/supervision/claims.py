"""What one running Relais holds for itself: its data folder and its port.

The lock on the data folder goes with the process that holds it, whatever way it ends. Its file holds the
process number while Relais runs and is emptied at an orderly end; so what is found in it at the next start
tells whether the last run was cut short, and its programs may need a moment to be gone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path

from helpdesk.supervision.interruptions import Deadline, Interruptions

AFTER_A_CRASH = 10.0  # seconds that what is left of a killed run is given to end


class ClaimRefused(Exception):
    """Somebody else holds it, or it cannot be had; one sentence that says what to do."""


class FolderClaim:
    """The exclusive lock on a data folder. Raises ClaimRefused when another process holds it."""

    def __init__(self, data_dir: Path) -> None:
        self._descriptor = _open(data_dir / "running.lock")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 100, 0).decode("ascii", errors="replace").strip()
            os.close(self._descriptor)
            who = f" (process {holder})" if holder else ""
            raise ClaimRefused(
                f"Relais is already running on {data_dir}{who}: stop it first, or choose another folder with --data."
            ) from None
        self.was_cut_short = bool(os.pread(self._descriptor, 1, 0))
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode("ascii"), 0)

    def release(self) -> None:
        """Give it up after an orderly end."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def lock_inherited_by_redis(folder: Path, wait: Interruptions, patience: float) -> int:
    """A lock that the bundled Redis inherits and so holds for as long as it lives, even without its parent.

    Two servers on one append-only file would destroy it. Returns the open descriptor.
    """
    descriptor = _open(folder / "running.lock")
    deadline = Deadline(patience)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if deadline.over:
                os.close(descriptor)
                raise ClaimRefused(
                    f"The Redis of an earlier run still works in {folder}: wait a moment and start again."
                ) from None
        wait.pause(0.1)


def claim_port(host: str, port: int, wait: Interruptions, patience: float) -> socket.socket:
    """A socket bound to the address and not yet listening: until it listens, clients are refused.

    Waits up to `patience` seconds for a port in use. Port 0 takes any free one. Raises ClaimRefused.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ClaimRefused(f"{host} is not the name or address of a host: choose another with --host.") from error
    deadline = Deadline(patience)
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            return listener
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE or deadline.over:
                raise ClaimRefused(_why_not(error, host, port)) from error
        wait.pause(0.2)


def listen(listener: socket.socket) -> None:
    """From now on clients are let in. Raises ClaimRefused when another program was quicker."""
    try:
        listener.listen(2048)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise ClaimRefused(_why_not(error, host, port)) from error


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken by another program: stop that, or choose another with --port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} is reserved to administrators: choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: choose another with --host."
    return f"Port {port} of {host} cannot be used: {error.strerror or error}."


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ClaimRefused(f"The data folder cannot be used: {path}: {error.strerror or error}.") from error
