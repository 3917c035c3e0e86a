"""A text made ready to be compared with the index: its terms in each language, and how much each language
counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from zlib import crc32

from helpdesk.search.text import LANGUAGES, Token, analyse_each, guess_language

Key = tuple[str, str]
"""A term in a language: ("fr", "raccord")."""

LONGEST_QUESTION = 20_000


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody asks, cut into terms. Spans refer to `text`."""

    text: str
    language: str | None
    """The language stated or guessed; None when nobody can tell."""
    tokens: Mapping[str, tuple[Token, ...]]
    weights: Mapping[str, float]
    """How much each language counts. An unknown language is asked in both, each for half."""

    @classmethod
    def of(cls, text: str, language: str | None = None) -> "Query":
        """The query for `text`. A `language` other than French or English is treated as unknown."""
        text = text[:LONGEST_QUESTION]
        known = language if language in LANGUAGES else guess_language(text)
        tokens = {name: tuple(found) for name, found in analyse_each(text).items()}
        weights = {known: 1.0} if known else dict.fromkeys(LANGUAGES, 1 / len(LANGUAGES))
        return cls(text, known, tokens, weights)

    def terms(self, language: str, *, common: bool) -> Counter[str]:
        """How often each term occurs; words that carry no subject are left out unless `common`."""
        return Counter(t.term for t in self.tokens[language] if common or not t.common)

    def asked(self, language: str, *, common: bool) -> dict[str, float]:
        """Each term and what it counts: 1, and more when it is repeated, as a long question repeats its subject."""
        return _weighed(self.terms(language, common=common))

    def pairs(self, language: str) -> dict[str, float]:
        """Neighbouring terms, each two as one term (see `pairs_of`), and what they count."""
        return _weighed(Counter(pairs_of([token.term for token in self.tokens[language]])))

    def informative(self) -> set[str]:
        """The distinct terms that say something about the subject, in the language read first."""
        return set(self.terms(self.first_language(), common=False))

    def codes(self) -> set[str]:
        """Error codes and product names: terms of letters and digits together, such as r14, t105 or ria7."""
        terms = self.terms(self.first_language(), common=False)
        return {t for t in terms if any(map(str.isdigit, t)) and any(map(str.isalpha, t))}

    def spans(self, keys: set[Key]) -> list[tuple[int, int]]:
        """Where in `text` any of `keys` stands, in order; overlapping spans are joined."""
        found = sorted(
            (token.start, token.end)
            for language, tokens in self.tokens.items()
            for token in tokens
            if (language, token.term) in keys
        )
        joined: list[tuple[int, int]] = []
        for start, end in found:
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def first_language(self) -> str:
        return self.language or LANGUAGES[0]


PAIRS = 1 << 18
"""Pairs are numbered by a checksum, so that a million texts do not make a dictionary of millions of them."""


def pairs_of(terms: Sequence[str]) -> list[str]:
    """Each two neighbours as one term: "carte bleue" says more than the two words apart."""
    return [f"{crc32(f'{one} {next_}'.encode()) % PAIRS:x}" for one, next_ in pairwise(terms)]


def _weighed(counts: Counter[str]) -> dict[str, float]:
    """1 + ln(n) for a term that occurs n times (Manning, Raghavan and Schütze 2008, section 6.4.1)."""
    return {term: 1 + log(count) for term, count in counts.items()}
