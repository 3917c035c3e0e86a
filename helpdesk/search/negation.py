"""Which words of a text stand under a negation: "je capte la 4G" and "je ne capte pas la 4G" share every word. Pure.

Analysis drops "ne", "pas" and "not" like every small word; where two questions are compared they make all the
difference. What is negated is the verb inside "ne … pas", and the few words after the negation in the same clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from helpdesk.search.folding import fold_with_origins, original_spans
from helpdesk.search.text import analyse

REACH = 4
"""Words after a negation that may stand under it, at most."""
BETWEEN = 4
"""Words between "ne" and "pas", at most."""

_WORDS = re.compile(r"n't(?!\w)|[^\W_]+?(?=n't(?!\w))|[^\W_]+'(?=\w)|[^\W_]+(?:-[^\W_]+)*|[.,;:!?()…\n]")
_OPENING = frozenset({"ne", "n'"})
_CLOSING = frozenset({"pas", "plus", "jamais", "rien", "guere", "point", "aucun", "aucune", "personne"})
_ALONE = {
    "fr": frozenset({"pas", "jamais", "sans", "aucun", "aucune", "ni"}),
    "en": frozenset({
        "n't", "not", "never", "cannot", "without", "no", "nor", "neither",
        "cant", "didnt", "doesnt", "hasnt", "havent", "isnt", "wasnt", "wont",
    }),
}  # fmt: skip
"""What negates by itself. "Plus" does not: "plus de débit" is more of it."""
_AFTER_THE_VERB = frozenset({"pas", "jamais"})
_NOT_NEGATIVE = frozenset({"mal", "seulement", "uniquement", "forcement", "only", "just", "matter", "doubt", "doute"})
"""After a negation, these make it none: "pas mal", "not only", "sans doute"."""
_CLAUSE_ENDS = frozenset(".,;:!?()…\n") | frozenset({
    "mais", "et", "ou", "car", "donc", "que", "qu'", "qui", "quand", "lorsque", "lorsqu'", "depuis", "alors", "si",
    "puisque", "puisqu'", "parce",
    "but", "and", "or", "because", "since", "when", "while", "so", "if", "that", "who", "which", "although",
})  # fmt: skip


def negated_terms(text: str, language: str) -> frozenset[str]:
    """The telling terms of `text`, as `analyse` gives them for `language` ("fr" or "en"), that stand under a
    negation at least once."""
    folded, origins = fold_with_origins(text)
    spans = original_spans(list(_negated(folded, language)), origins)
    return frozenset(
        token.term
        for token in (analyse(text, language) if spans else ())
        if not token.common and any(start <= token.start < end for start, end in spans)
    )


def opposed_terms(one: str, other: str, language: str) -> frozenset[str]:
    """The telling terms that both texts hold and that exactly one of them negates."""
    held = _held(one, language) & _held(other, language)
    return held & (negated_terms(one, language) ^ negated_terms(other, language))


def _held(text: str, language: str) -> frozenset[str]:
    return frozenset(token.term for token in analyse(text, language) if not token.common)


def _negated(folded: str, language: str) -> Iterator[tuple[int, int]]:
    """The spans of the words that stand under a negation."""
    found = list(_WORDS.finditer(folded))
    words = [match.group() for match in found]
    place = 0
    while place < len(words):
        here = place
        place += 1
        under: Sequence[int] = ()
        if language == "fr" and words[here] in _OPENING:
            closing = _closing(words, here)
            if closing is not None:
                under, place = [*range(here + 1, closing), *_reached(words, closing)], closing + 1
        elif words[here] in _ALONE[language] and not _is_none(words, here):
            under = _reached(words, here)
            if words[here] in _AFTER_THE_VERB and here and words[here - 1] not in _CLAUSE_ENDS:
                under = [here - 1, *under]  # "ça marche pas"
        yield from (found[each].span() for each in under)


def _closing(words: Sequence[str], opening: int) -> int | None:
    """Where the "pas" of a "ne" stands, in the same clause."""
    for place in range(opening + 1, min(opening + BETWEEN + 2, len(words))):
        if words[place] in _CLOSING:
            return place
        if words[place] in _CLAUSE_ENDS:
            return None
    return None


def _is_none(words: Sequence[str], place: int) -> bool:
    return place + 1 < len(words) and words[place + 1] in _NOT_NEGATIVE


def _reached(words: Sequence[str], place: int) -> Sequence[int]:
    """The places of the words after a negation, to the end of its clause."""
    last = place + 1
    while last < len(words) and last - place <= REACH and words[last] not in _CLAUSE_ENDS:
        last += 1
    return range(place + 1, last)
