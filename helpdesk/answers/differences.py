"""What changed between two versions of a text, word by word. Nothing is lost, and long texts don't make
anyone wait.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True)
class Piece:
    """A stretch of text. The same and removed pieces joined give the text before; same and added, the text
    after.
    """

    kind: Kind
    text: str


_JOINED = "\u0300-\u036f\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff"
_WORD = re.compile(rf"\w[\w{_JOINED}]*['’]?|\s+|[^\w\s](?:[{_JOINED}]+[^\w\s]?)*")
_SENTENCE = re.compile(r"[^\n.!?…]*(?:\n|[.!?…]+\s*|\Z)")

# At most this many words may differ before sentences are compared instead; the work grows with its square.
_MOST_WORDS = 800
_MOST_WORDS_IN_A_PASSAGE = 120


def differences(before: str, after: str) -> list[Piece]:
    """The pieces in reading order, what was removed before what replaces it. Texts too different are told
    whole.
    """
    words = _WORD.findall(before), _WORD.findall(after)
    steps = shortest_edit(*words, most=_MOST_WORDS)
    if steps is None:
        steps = _by_sentences(before, after)
    return _readable(steps)


def _by_sentences(before: str, after: str) -> list[Piece]:
    sentences = _cut(_SENTENCE, before), _cut(_SENTENCE, after)
    steps = shortest_edit(*sentences, most=_MOST_WORDS)
    if steps is None:
        return _all_but_the_ends(_WORD.findall(before), _WORD.findall(after))
    pieces: list[Piece] = []
    for piece in _joined(steps):
        if piece.kind == "added" and pieces and pieces[-1].kind == "removed":
            removed = pieces.pop().text
            words = _WORD.findall(removed), _WORD.findall(piece.text)
            inside = shortest_edit(*words, most=_MOST_WORDS_IN_A_PASSAGE)
            pieces += [Piece("removed", removed), piece] if inside is None else inside
        else:
            pieces.append(piece)
    return pieces


def _cut(pattern: re.Pattern[str], text: str) -> list[str]:
    return [piece for piece in pattern.findall(text) if piece]


def shortest_edit(before: Sequence[str], after: Sequence[str], *, most: int) -> list[Piece] | None:
    """The least removals and additions that lead from one list of texts to the other, or None if more than
    `most`.

    Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), after the common ends are taken off.
    """
    start, end = _common_ends(before, after)
    middle = _edit(before[start : len(before) - end], after[start : len(after) - end], most)
    if middle is None:
        return None
    same_start = [Piece("same", text) for text in before[:start]]
    return same_start + middle + [Piece("same", text) for text in before[len(before) - end :]]


def _common_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many texts at the start are the same in both lists, and how many of the others at the end."""
    shorter = min(len(before), len(after))
    start = 0
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, end


def _all_but_the_ends(before: Sequence[str], after: Sequence[str]) -> list[Piece]:
    start, end = _common_ends(before, after)
    pieces = [
        Piece("same", "".join(before[:start])),
        Piece("removed", "".join(before[start : len(before) - end])),
        Piece("added", "".join(after[start : len(after) - end])),
        Piece("same", "".join(before[len(before) - end :])),
    ]
    return [piece for piece in pieces if piece.text]


def _edit(before: Sequence[str], after: Sequence[str], most: int) -> list[Piece] | None:
    furthest = {1: 0}  # diagonal → how far in `before` the paths with this many edits reach
    history: list[dict[int, int]] = []
    for edits in range(min(most, len(before) + len(after)) + 1):
        history.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            down = _goes_down(furthest, diagonal, edits)
            x = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            y = x - diagonal
            while x < len(before) and y < len(after) and before[x] == after[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(before) and y >= len(after):
                return _walk_back(before, after, history)
    return None


def _goes_down(furthest: dict[int, int], diagonal: int, edits: int) -> bool:
    """Whether the best path to this diagonal ends with an addition rather than a removal."""
    if diagonal == -edits:
        return True
    return diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1]


def _walk_back(before: Sequence[str], after: Sequence[str], history: list[dict[int, int]]) -> list[Piece]:
    pieces: list[Piece] = []
    x, y = len(before), len(after)
    for edits in range(len(history) - 1, -1, -1):
        furthest, diagonal = history[edits], x - y
        down = _goes_down(furthest, diagonal, edits)
        earlier_x = furthest[diagonal + 1] if down else furthest[diagonal - 1]
        earlier_y = earlier_x - (diagonal + 1 if down else diagonal - 1)
        while x > max(earlier_x, 0) and y > max(earlier_y, 0):
            x, y = x - 1, y - 1
            pieces.append(Piece("same", before[x]))
        if edits:
            pieces.append(Piece("added", after[earlier_y]) if down else Piece("removed", before[earlier_x]))
            x, y = earlier_x, earlier_y
    return pieces[::-1]


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours put together: at most one removed, then one added piece between two that stay."""
    joined: list[Piece] = []
    removed: list[str] = []
    added: list[str] = []
    same: list[str] = []

    def close(changes: bool) -> None:
        for kind, texts in (("removed", removed), ("added", added)) if changes else (("same", same),):
            if texts:
                joined.append(Piece(kind, "".join(texts)))  # type: ignore[arg-type]
                texts.clear()

    for piece in pieces:
        if piece.kind == "same":
            close(changes=True)
            same.append(piece.text)
        else:
            close(changes=False)
            (removed if piece.kind == "removed" else added).append(piece.text)
    close(changes=True)
    close(changes=False)
    return joined


def _readable(pieces: list[Piece]) -> list[Piece]:
    """Changes separated by a mere blank become one change: "huit jours" for "dix mois", not two halves."""
    joined = _joined(pieces)
    merged: list[Piece] = []
    for place, piece in enumerate(joined):
        between = 0 < place < len(joined) - 1
        if piece.kind == "same" and between and piece.text.isspace() and "\n" not in piece.text:
            merged += [Piece("removed", piece.text), Piece("added", piece.text)]
        else:
            merged.append(piece)
    return _joined(merged)
