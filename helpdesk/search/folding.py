"""Letters as words are compared: lower case, without accents, ligatures or typographic marks. Pure.

Every character is folded by itself, through its compatibility decomposition (Unicode NFKD) without the marks that
combine: a text composes or decomposes its accents (NFC, NFD) to the same letters.
"""

import unicodedata
from collections.abc import Sequence

_LETTERS = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "ς": "σ"}
_MARKS = dict.fromkeys("’‘ʼ′´`＇", "'") | dict.fromkeys("‐‑‒–—−", "-")


class _Folding(dict[int, str]):
    """Character → folded string, learned as characters are met; fit for `str.translate`."""

    def __missing__(self, code: int) -> str:
        character = unicodedata.normalize("NFC", chr(code))
        folded = _MARKS.get(character)
        if folded is None:
            plain = unicodedata.normalize("NFKD", character)
            lowered = "".join(c for c in plain if not unicodedata.combining(c)).lower()
            visible = (c for c in lowered if unicodedata.category(c) not in ("Cf", "Mn"))
            folded = "".join(_LETTERS.get(c) or _MARKS.get(c) or c for c in visible)
        self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    """`text` in lower case without accents or ligatures: the form in which words are compared as written."""
    return text.translate(_FOLDING)


def fold_with_origins(text: str) -> tuple[str, list[int] | None]:
    """The folded text and, where lengths differ, the original position of each folded character (and of
    the end)."""
    if text.isascii():
        return text.lower(), None
    folded = text.translate(_FOLDING)
    if all(len(_FOLDING[ord(character)]) == 1 for character in set(text)):
        return folded, None
    origins: list[int] = []
    for position, character in enumerate(text):
        origins.extend([position] * len(_FOLDING[ord(character)]))
    origins.append(len(text))
    return folded, origins


def original_end(origins: list[int], end: int) -> int:
    """Where the original character that gave the folded character before `end` stops, its accents included."""
    last = origins[end - 1]
    while origins[end] == last:
        end += 1
    return origins[end]


def original_spans(spans: Sequence[tuple[int, int]], origins: list[int] | None) -> Sequence[tuple[int, int]]:
    """Spans of the folded text, none of them empty, as spans of the original."""
    if origins is None:
        return spans
    return [(origins[start], original_end(origins, end)) for start, end in spans]
