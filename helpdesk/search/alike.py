"""How much of one question another one holds: words, pairs of words, and pieces of words together. Pure.

Words are scored as everywhere (see `scoring`), those of the heading once more; pairs of neighbouring words, and pieces
of four letters inside words, find what is spelt or inflected otherwise and the names of things ("FSDownload"). The
score is what is found; the share, how much that is of what the question would reach against itself (1: the very same):

    score = Σ_family weight · score_family
    share = Σ_family part · share_family / Σ part,   share_family = (score / own + score / own of the other) / 2

A short question is easily held by a long one, so a share is taken both ways. What the other would reach against itself
is estimated from how many terms it has: measured, that is as good as working it out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.languages import LANGUAGES
from helpdesk.search.prepared import Family, Source
from helpdesk.search.query import Query
from helpdesk.search.scoring import Question
from helpdesk.search.text import fold
from helpdesk.search.top import Places

KIND = "asked"
HEADING = Family(KIND, {"heading": 1.0}, common=True)
WORDS = Family(KIND, {"asked": 1.0}, common=True, most_terms=256)
PAIRS = Family(KIND, {"pairs": 0.5}, common=True, most_terms=256)
PIECES = Family(KIND, {"pieces": 0.3}, common=True, most_terms=512)
PARTS: Mapping[Family, float] = {HEADING: 0.5, WORDS: 1.0, PAIRS: 0.5, PIECES: 1.0}
"""How much each family counts in a share, whatever it weighs in the score."""
FAMILIES = tuple(PARTS)

NO_LANGUAGE = LANGUAGES[0]
"""Pairs and pieces are kept once, under this language: nothing of another language would match them anyway."""
PIECE = 4
LONGEST_IN_PIECES = 600
"""Characters of a text that are cut into pieces."""
LONGEST_HEADING = 200
MOST_TIMES_LONGER = 4.0
"""The shorter of two is held by the longer at most this many times as much as the other way round."""
LOOKED_AT = 4
"""How many times as many as are asked for each family proposes."""
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s|\n")

Terms = Mapping[tuple[str, str], Counter[str]]
"""By field and language, how often each term occurs."""


def heading_of(subject: str | None, text: str) -> str:
    """The subject, or the first sentence where there is none."""
    return (subject or _SENTENCE.split(text.strip(), maxsplit=1)[0])[:LONGEST_HEADING]


def terms_of(query: Query, heading: str) -> Terms:
    """What is kept of a question, and what is asked for. `heading` stands in `query` as well."""
    headline = Query.of(heading, query.language)
    stems = [token.term for token in query.tokens[query.first_language()]]
    found = {
        ("pieces", NO_LANGUAGE): Counter(_pieces(query.text)),
        ("pairs", NO_LANGUAGE): Counter(f"{one} {two}" for one, two in pairwise(stems)),
    }
    for language in LANGUAGES:
        found["heading", language] = headline.terms(language, common=True)
        found["asked", language] = query.terms(language, common=True)
    return found


def sizes_of(terms: Terms) -> list[int]:
    """How many distinct terms each family has; languages differ too little to keep each."""
    fields = [next(iter(family.fields)) for family in FAMILIES]
    return [max(len(counts) for (name, _), counts in terms.items() if name == field) for field in fields]


def _pieces(text: str) -> Iterator[str]:
    """Every four letters that follow one another inside a word; a shorter word whole."""
    for word in _WORD.findall(fold(text[:LONGEST_IN_PIECES])):
        yield from (word[at : at + PIECE] for at in range(max(1, len(word) - PIECE + 1)))


class Alike:
    """One question put to the open questions of a source."""

    def __init__(self, query: Query, heading: str, source: Source) -> None:
        """`heading`: what `heading_of` says of it."""
        terms = terms_of(query, heading)
        self._sizes = sizes_of(terms)
        self._asked = [Question(family, source) for family in FAMILIES]
        self._own = [0.0] * len(FAMILIES)
        if source.size(KIND):
            for number, family in enumerate(FAMILIES):
                self._ask(number, next(iter(family.fields)), terms, query, source)

    def _ask(self, number: int, name: str, terms: Terms, query: Query, source: Source) -> None:
        spoken = {NO_LANGUAGE: 1.0} if (name, LANGUAGES[-1]) not in terms else query.weights
        counts = {(lang, term): n for lang in spoken for term, n in terms[name, lang].items()}
        for language, share in spoken.items():
            self._asked[number].ask(list(terms[name, language]), language, share)
        averages = {language: source.average(name, language) for language in spoken}
        self._own[number] = self._asked[number].own_score(counts, averages)

    def best(self, limit: int) -> Places:
        """Where the best stand, best first: of those that any of the families puts among its best."""
        found = np.unique(np.concatenate([question.best(LOOKED_AT * limit) for question in self._asked]))
        return found[np.lexsort((found, -self._totals(found).sum(axis=0)))][:limit]

    def scores(self, places: Places) -> list[float]:
        scores: list[float] = self._totals(places).sum(axis=0).tolist()
        return scores

    def shares(self, places: Places, sizes: Sequence[Sequence[int]]) -> list[float]:
        """How much of the question each place holds and the other way round, 0 to 1. `sizes`: `sizes_of` each place."""
        total = np.zeros(len(places))
        theirs = np.maximum(1, np.array(sizes, float).reshape(len(places), len(FAMILIES)))
        for number, (part, own) in enumerate(zip(PARTS.values(), self._own, strict=True)):
            if own > 0:
                mine = np.minimum(1.0, self._asked[number].gains(places).totals / own)
                longer = np.minimum(MOST_TIMES_LONGER, self._sizes[number] / theirs[:, number])
                total += part * np.minimum(1.0, mine * (1 + longer) / 2)
        shares: list[float] = (total / sum(PARTS.values())).tolist()
        return shares

    def _totals(self, places: Places) -> NDArray[np.float64]:
        return np.array([question.gains(places).totals for question in self._asked])


def own_score(asked: Question, query: Query, family: Family, name: str, source: Source) -> float:
    """What `query`, put as `asked`, would score against itself, were it in the field `name` and nowhere else."""
    terms = {lang: query.terms(lang, common=family.common) for lang in query.weights}
    counts = {(lang, term): count for lang, found in terms.items() for term, count in found.items()}
    return asked.own_score(counts, {lang: source.average(name, lang) for lang in query.weights})
