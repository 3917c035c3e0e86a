"""The operator's tool: as the program it is, and, where a test is about what a command does, without starting one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import servers
from config import PROJECT
from helpdesk import cli
from helpdesk.web.limits import limiter


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def program(data: Path, *arguments: str, **extra: str) -> Ran:
    """Run `bin/relais` on a data folder, with these settings and no other."""
    command = [str(PROJECT / "bin" / "relais"), "--data", str(data), *arguments]
    run = subprocess.run(
        command, env=servers.environment(extra), capture_output=True, text=True, timeout=120, check=False
    )
    return Ran(run.returncode, run.stdout, run.stderr)


def relais(data: Path, *arguments: str, **extra: str) -> Ran:
    """The same in this process, which has imported everything already: a new Python needs seconds for that."""
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    settings = patch.dict(os.environ, servers.environment(extra), clear=True)
    with settings, limits_kept(), contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            code = cli.main(["--data", str(data), *arguments])
        except SystemExit as end:  # argparse's
            code = int(end.code or 0)
    return Ran(code, *(each.buffer.getvalue().decode() for each in (stdout, stderr)))


@contextlib.contextmanager
def limits_kept() -> Iterator[None]:
    """What counts requests is one for the process, and would go on with the Redis of the application made inside."""
    before = dict(vars(limiter))
    try:
        yield
    finally:
        vars(limiter).clear()
        vars(limiter).update(before)


def document(data: Path, *arguments: str, **extra: str) -> Any:
    """What a command that succeeds prints as JSON."""
    run = relais(data, *arguments, "--json", **extra)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
