"""What somebody saw before they changed it, so that two people at once do not undo one another unknowingly.

A form carries a mark of each value it showed. When it comes back, a value whose mark no longer fits was changed by
somebody else meanwhile. What the reader did not touch can then be taken over; what both changed is theirs to decide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Changed:
    """A value that is no longer what the reader saw. `touched`: the reader changed it too."""

    name: str
    now: Any
    touched: bool


def marks(values: Mapping[str, Any]) -> str:
    """A short text that stands for these values (plain JSON ones), for a hidden field."""
    return json.dumps({name: _mark(value) for name, value in values.items()}, separators=(",", ":"))


def changed(seen: str, typed: Mapping[str, Any], now: Mapping[str, Any]) -> list[Changed]:
    """The values of `now` that were not seen and differ from those typed. Without marks nothing was seen."""
    known = _read(seen)
    return [
        Changed(name, value, touched=_mark(typed.get(name)) != known.get(name))
        for name, value in now.items()
        if known.get(name) != _mark(value) and typed.get(name) != value
    ]


def _mark(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _read(seen: str) -> dict[str, Any]:
    try:
        found = json.loads(seen)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
