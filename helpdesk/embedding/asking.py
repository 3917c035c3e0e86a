"""Asking the program that runs the embedding model how near precedents are to a question.

The model lives in one process per machine (`workers.meaning`), so that no page and no other worker pays for it. Who
asks waits for a moment at most: without an answer matching goes on without, and for a while nobody asks again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from config import Settings
from helpdesk import clock

log = logging.getLogger(__name__)

PATIENCE, PATIENCE_OF_WORKERS = 0.25, 5.0
"""Seconds a page waits; those whom nobody waits for can wait longer."""
LEFT_ALONE = 30.0
"""Seconds without asking after an answer failed to come."""


class _Line:
    """How this process reaches the model; None: no model is named."""

    socket: Path | None = None
    patience = PATIENCE


def connect(settings: Settings) -> None:
    """Say where this process finds the model, if one is named."""
    _Line.socket = settings.meaning_socket if settings.embedding_model else None
    _Line.patience = PATIENCE


def is_on() -> bool:
    """Whether a model is named in the settings."""
    return _Line.socket is not None


def be_patient() -> None:
    """Nobody waits for this process."""
    _Line.patience = PATIENCE_OF_WORKERS


def nearness(text: str, keys: Sequence[str]) -> Mapping[str, float]:
    """Of those precedents that have a vector by now, the nearness to `text`, -1 to 1. Empty without an answer."""
    if _Line.socket is None or _is_left_alone(mark := unanswered(_Line.socket)):
        return {}
    try:
        found: Mapping[str, float] = exchange(_Line.socket, {"text": text, "keys": list(keys)}, _Line.patience)["near"]
    except (OSError, ValueError, KeyError) as error:
        _leave_alone(mark, error)
        return {}
    mark.unlink(missing_ok=True)
    return found


def unanswered(path: Path) -> Path:
    """A file that is there while the program at this socket does not answer. Most who ask live shortly: one of them
    is enough to find out, and to say so."""
    return path.with_name("unanswered")


def _is_left_alone(mark: Path) -> bool:
    try:
        return 0 <= clock.now().timestamp() - mark.stat().st_mtime < LEFT_ALONE
    except FileNotFoundError:
        return False


def _leave_alone(mark: Path, error: Exception) -> None:
    if not mark.exists():
        log.warning("the embedding model does not answer (%s): matching goes on without it", error)
    mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark.touch()


def exchange(path: Path, asked: Mapping[str, Any], patience: float) -> Any:
    """One question, one answer, both a line of JSON, within `patience` seconds. Raises OSError, ValueError."""
    deadline = time.monotonic() + patience
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(patience)
        line.connect(str(path))
        line.sendall(json.dumps(asked).encode() + b"\n")
        read = bytearray()
        while not read.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in time")
            line.settimeout(left)
            piece = line.recv(65536)
            if not piece:
                raise ConnectionError("the answer broke off")
            read += piece
    return json.loads(read)
