"""How much each part of the evidence counts: the matcher's own weights, or what an organisation chose. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from helpdesk.routing.evidence import WEIGHTS, Part

MOST = 20.0
"""No weight is larger: the largest of the matcher's own are below 4."""


def weights_of(chosen: Mapping[str, Any]) -> Mapping[Part, float]:
    """The matcher's own weights with the `chosen` ones in their place. What it does not know (any more) is left out."""
    known = {part: chosen[part] for part in WEIGHTS if part in chosen and is_weight(chosen[part])}
    return {**WEIGHTS, **known}


def is_weight(value: Any) -> bool:
    """Whether `value` can be a weight: a number from 0 (does not count) to `MOST`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and 0 <= value <= MOST
