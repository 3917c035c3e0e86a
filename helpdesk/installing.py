"""Making `.venv` and keeping it in step with the hash-locked requirements. Standard library only.

A stamp inside `.venv` names the lock file, the Python and the venv it was filled for; when it matches,
nothing is done and nothing is locked. Otherwise the installation runs under a lock on the project's folder,
so that two commands started at once install once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NETWORK_SIGNS = (
    "temporary failure in name resolution",
    "name or service not known",
    "nodename nor servname",
    "newconnectionerror",
    "connection refused",
    "network is unreachable",
    "read timed out",
    "connecttimeouterror",
    "proxyerror",
    "max retries exceeded",
    "dns error",
    "error sending request",
    "failed to fetch",
    "client error (connect)",
)


class InstallationFailed(Exception):
    """The requirements could not be installed; the message is one sentence that says what to do."""


def running_inside(venv: Path) -> bool:
    """Whether this Python is the one of `venv`."""
    return Path(sys.prefix).resolve() == venv.resolve()


def ensure(venv: Path, lock: Path) -> Path:
    """Make `venv` hold what the lock file names, and return its Python. Raises InstallationFailed."""
    python = venv / "bin" / "python"
    if _up_to_date(venv, lock):
        return python
    if not lock.is_file():
        raise InstallationFailed(f"{lock} is missing: the checkout is incomplete, so fetch it again.")
    with _alone(venv.parent):
        if not _up_to_date(venv, lock):  # somebody else may have installed while we waited
            _install(venv, lock)
    return python


def _install(venv: Path, lock: Path) -> None:
    say("Setting up: installing the requirements into .venv (once; about a minute).")
    installer = shutil.which("uv")
    if not _usable(venv, needs_pip=installer is None):
        _make(venv, needs_pip=installer is None)
    python = str(venv / "bin" / "python")
    if installer:
        command = [installer, "pip", "install", "--quiet", "--require-hashes", "--python", python]
    else:
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--no-input", "--retries", "2", "--timeout", "15", "--require-hashes"]
    run = subprocess.run([*command, "-r", str(lock)], env=_environment(), capture_output=True, text=True, check=False)
    if run.returncode:
        raise InstallationFailed(_explain(run.stdout + run.stderr, venv))
    _stamp(venv, lock).write_text(_fingerprint(venv, lock), encoding="ascii")
    say("Setting up: done.")


def _make(venv: Path, *, needs_pip: bool) -> None:
    """A fresh venv in the place of whatever is there. Raises InstallationFailed."""
    command = [sys.executable, "-m", "venv", "--clear", *([] if needs_pip else ["--without-pip"]), str(venv)]
    run = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return
    shutil.rmtree(venv, ignore_errors=True)
    output = run.stdout + run.stderr
    if "ensurepip" in output or "No module named venv" in output:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise InstallationFailed(
            f"This Python cannot make virtual environments; install the package that adds it: apt install {package}"
        )
    raise InstallationFailed(f"{venv} could not be made: {_last_line(output)}")


def _usable(venv: Path, *, needs_pip: bool) -> bool:
    """Whether the venv's Python starts, is recent enough and finds its own installer.

    An interrupted installation, or a system that replaced its Python under us, leaves one that does not.
    """
    python = venv / "bin" / "python"
    probe = "import sys; assert sys.version_info >= (3, 11)" + ("; import pip" if needs_pip else "")
    if not (venv / "pyvenv.cfg").is_file() or not os.access(python, os.X_OK):
        return False
    run = subprocess.run([python, "-c", probe], env=_environment(), capture_output=True, check=False)
    return run.returncode == 0


def _up_to_date(venv: Path, lock: Path) -> bool:
    try:
        return _stamp(venv, lock).read_text(encoding="ascii") == _fingerprint(venv, lock)
    except OSError:
        return False


def _stamp(venv: Path, lock: Path) -> Path:
    return venv / f".{lock.stem}.stamp"


def _fingerprint(venv: Path, lock: Path) -> str:
    """Changes with the lock, the venv, and the Python behind it (a link that an upgrade may move)."""
    python = os.path.realpath(venv / "bin" / "python", strict=True)
    parts = (lock.read_bytes(), (venv / "pyvenv.cfg").read_bytes(), os.fsencode(python))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock on the project's folder itself, which leaves no lock file behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Setting up: another command is installing the requirements; waiting for it.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _environment() -> dict[str, str]:
    """Without what would leak this program's import path or another environment into the installer."""
    left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    # Byte-compiled here and now, so that no later start meets a library's compile-time warnings.
    return environment | {"UV_COMPILE_BYTECODE": "1"}


def _explain(output: str, venv: Path) -> str:
    lowered = output.lower()
    if any(sign in lowered for sign in NETWORK_SIGNS):
        return (
            "The requirements could not be downloaded: no connection to the package index. "
            "Connect to the network (or set its proxy) and try again."
        )
    if "do not match the hashes" in lowered or "hash mismatch" in lowered:
        return "A downloaded requirement does not match its locked hash and was refused: " + _last_line(output)
    if "no space left" in lowered:
        return f"The disk that holds {venv} is full: make about 600 MB of room and try again."
    return f"The requirements could not be installed into {venv}: {_last_line(output)}"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith(("error", "fatal"))] or lines
    return telling[-1] if telling else "the installer said nothing."


def say(message: str) -> None:
    """Progress goes to stderr: stdout belongs to the command's result."""
    print(message, file=sys.stderr, flush=True)
