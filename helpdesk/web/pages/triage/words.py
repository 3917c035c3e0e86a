"""The asker's words that speak for those suggested, found again in the question to mark them there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    text: str
    found: bool = False


def around(text: str, words: Sequence[str]) -> Iterator[Part]:
    """`text` in pieces: the whole words given (as the asker wrote them), and what stands between them."""
    if not words:
        yield Part(text)
        return
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    for number, piece in enumerate(re.split(rf"(?<!\w)({either})(?!\w)", text)):
        if piece:
            yield Part(piece, found=bool(number % 2))
