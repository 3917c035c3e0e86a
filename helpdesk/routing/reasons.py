"""Why somebody is suggested or not: facts a person can check, never sentences. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ReasonKind(StrEnum):
    """For somebody suggested: WORDS to DELEGATE. For somebody not chosen: ABSENCE, and what follows."""

    WORDS = "words"
    TOPIC = "topic"
    PRECEDENT = "precedent"
    CODE = "code"
    HISTORY = "history"
    LEARNED = "learned"
    MEANING = "meaning"
    SILENCE = "silence"
    LANGUAGE = "language"
    LOAD = "load"
    DELEGATE = "delegate"
    ABSENCE = "absence"
    OVERLOAD = "overload"
    DECLINED = "declined"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact a person can check. `data` holds ids, numbers, spans and ISO dates only: sentences are made
    later."""

    kind: ReasonKind
    data: Mapping[str, Any] = field(default_factory=dict)
