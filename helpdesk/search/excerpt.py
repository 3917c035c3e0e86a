"""The parts of a conversation where searched words stand, cut into pieces that are marked or not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from helpdesk.search.asked import Asked, Clause, asked, pieces_of
from helpdesk.search.text import LANGUAGES, Token, analyse_each

WIDTH = 200
LEAD = 60
"""Characters shown before the first word found."""
# A combining accent belongs to the letter before it.
_WORD = re.compile("[^\\W_]+(?:[\u0300-\u036f]+[^\\W_]*)*")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    found: bool = False


class Reader:
    """Looks for the clauses of a search in one part of a conversation after the other, until all are found."""

    def __init__(self, sought: Asked) -> None:
        self._wanted = sought.wanted
        self._missing: dict[int, set[str]] = {n: set(clause.pieces) for n, clause in enumerate(self._wanted)}

    @property
    def has_all(self) -> bool:
        """Whether each clause was met somewhere, as the index would say."""
        return not self._missing

    def read(self, text: str) -> tuple[list[Span], bool]:
        """Where any of the clauses stands in `text`, and whether that says something new."""
        tokens, words = analyse_each(text), _written(text)
        spans: set[Span] = set()
        news = False
        for number, clause in enumerate(self._wanted):
            found, pieces, met = _met(clause, tokens, words)
            spans.update(found)
            missing = self._missing.get(number)
            if missing is None:
                continue
            news = news or met or bool(missing & pieces)
            missing -= pieces
            if met or (clause.pieces and not missing):
                del self._missing[number]
        return list(_apart(sorted(spans, key=lambda span: (span[0], -span[1])))), news


def excerpt(text: str, words: str, width: int = WIDTH) -> list[Piece]:
    """About `width` characters of `text` from a little before the first of `words`, which are marked.

    Without a word found: the beginning. Cuts fall between words and are shown by "…".
    """
    return cut(text, Reader(asked(words)).read(text)[0], width)


def cut(text: str, spans: Sequence[Span], width: int = WIDTH) -> list[Piece]:
    """The same, for words that are known to stand at `spans`."""
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
    space = max(text.rfind(blank, max(0, near - 30), near) for blank in " \n")
    return near if space < 0 else space + 1


def _written(text: str) -> list[tuple[str, int, int]]:
    return [(piece, found.start(), found.end()) for found in _WORD.finditer(text) for piece in pieces_of(found.group())]


def _met(
    clause: Clause, tokens: dict[str, list[Token]], words: Sequence[tuple[str, int, int]]
) -> tuple[list[Span], set[str], bool]:
    """Where a clause stands in a text, which of its pieces are there, and whether it is met by that alone."""
    spans = [
        (row[0].start, row[-1].end)
        for language in LANGUAGES
        if (terms := clause.terms.get(language))
        for row in _rows(tokens[language], terms)
    ]
    begun = [(start, end) for piece, start, end in words if clause.beginning and piece.startswith(clause.beginning)]
    written = [(piece, start, end) for piece, start, end in words if piece in clause.pieces]
    met = bool(spans or begun)
    return [*spans, *begun, *((start, end) for _piece, start, end in written)], {piece for piece, *_ in written}, met


def _rows(tokens: Sequence[Token], terms: Sequence[str]) -> Iterator[Sequence[Token]]:
    """Where the terms follow one another."""
    size = len(terms)
    for place, token in enumerate(tokens):
        row = tokens[place : place + size]
        if token.term == terms[0] and [each.term for each in row] == list(terms):
            yield row


def _apart(spans: Iterable[Span]) -> Iterable[Span]:
    last = 0
    for start, end in spans:
        if start >= last:
            yield start, end
            last = end
