"""The part of a text where searched words stand, cut into pieces that are marked or not. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk.search.text import LANGUAGES, analyse_each, fold

WIDTH = 200
LEAD = 60
"""Characters shown before the first word found."""


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    found: bool = False


def excerpt(text: str, words: str, width: int = WIDTH) -> list[Piece]:
    """About `width` characters of `text` from a little before the first of `words`, which are marked.

    Without a word found: the beginning. Cuts fall between words and are shown by "…".
    """
    spans = _spans(text, words)
    start = _cut(text, max(0, spans[0][0] - LEAD)) if spans else 0
    end = len(text) if len(text) <= start + width else _cut(text, start + width)
    pieces = [Piece("…")] if start else []
    position = start
    for first, last in spans:
        if first >= position and last <= end:
            pieces += [Piece(text[position:first]), Piece(text[first:last], found=True)]
            position = last
    pieces.append(Piece(text[position:end] + ("…" if end < len(text) else "")))
    return [piece for piece in pieces if piece.text]


def _cut(text: str, near: int) -> int:
    """The end of the word before `near`, unless that word is longer than anybody would read."""
    space = text.rfind(" ", max(0, near - 30), near)
    return near if space < 0 else space + 1


def _spans(text: str, words: str) -> list[tuple[int, int]]:
    """Where any of `words` stands in `text`, in either language; `abcd*` marks the words that begin so."""
    begun = tuple(fold(word.rstrip("*")) for word in words.split() if word.endswith("*"))
    wanted = {
        language: {token.term for token in tokens if not token.common}
        for language, tokens in analyse_each(words.replace('"', " ")).items()
    }
    tokens = analyse_each(text)
    found = {
        (token.start, token.end)
        for language in LANGUAGES
        for token in tokens[language]
        if token.term in wanted[language] or (begun and fold(text[token.start : token.end]).startswith(begun))
    }
    return list(_apart(sorted(found)))


def _apart(spans: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    last = 0
    for start, end in spans:
        if start >= last:
            yield start, end
            last = end
