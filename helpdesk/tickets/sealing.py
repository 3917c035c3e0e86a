"""Hash chains: each row carries the digest of its content and of the row before. Pure.

A row altered, removed or put in behind the application's back breaks the chain at that row.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any


def canonical(value: Any) -> Any:
    """Plain JSON values; instants in UTC with microseconds, so that every database gives the same text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return value


def seal(previous: str, *content: Any) -> str:
    """SHA-256 (hexadecimal) of the previous seal and this content, as canonical JSON."""
    text = json.dumps(
        [previous, canonical(content)], ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str
    )
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 (hexadecimal) of a text exactly as it stands, in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
