"""A text made ready to be compared with the index: its terms in each language, and how much each language
counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log
from zlib import crc32

from helpdesk.search.equivalents import NONE, Added, Equivalents
from helpdesk.search.text import LANGUAGES, Token, analyse_each, guess_language

Key = tuple[str, str]
"""A term in a language: ("fr", "raccord")."""

LONGEST_QUESTION = 20_000
SUBJECT = 2.0
"""What a word of a subject counts, of what a word of the text counts."""


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody asks, cut into terms. Spans refer to `text`."""

    text: str
    language: str | None
    """The language stated or guessed; None when nobody can tell."""
    tokens: Mapping[str, tuple[Token, ...]]
    weights: Mapping[str, float]
    """How much each language counts. An unknown language is asked in both, each for half."""

    added: Mapping[str, tuple[Added, ...]]
    """Per language, terms that mean the same as some of these, by the organisation's own list."""
    subject_end: int = 0
    """Where the subject ends that `text` begins with; 0 without one."""
    _asked: dict[tuple[str, bool], Mapping[str, float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `asked` found."""

    @classmethod
    def of(
        cls, text: str, language: str | None = None, subject: str | None = None, equivalents: Equivalents = NONE
    ) -> "Query":
        """The query for `text`, under its `subject`. A `language` other than French or English is treated as
        unknown."""
        text = (f"{subject}\n{text}" if subject else text)[:LONGEST_QUESTION]
        known = language if language in LANGUAGES else guess_language(text)
        tokens = {name: tuple(found) for name, found in analyse_each(text).items()}
        if known is None:
            tokens = _common_in_either(tokens)
        weights = {known: 1.0} if known else dict.fromkeys(LANGUAGES, 1 / len(LANGUAGES))
        added = {name: equivalents.added(tokens[name], name) for name in weights}
        return cls(text, known, tokens, weights, added, len(subject or ""))

    def asked(self, language: str, *, common: bool) -> Mapping[str, float]:
        """Each term and what it counts: more when it is repeated, as a long question repeats its subject. Words that
        carry no subject are left out unless `common`."""
        found = self._asked.get((language, common))
        if found is None:
            found = self._asked[language, common] = self._weighed(language, common)
        return found

    def _weighed(self, language: str, common: bool) -> dict[str, float]:
        weights: dict[str, float] = {}
        counts: Counter[str] = Counter()
        for term, start, _, says_nothing, weight in self.tokens[language]:
            if weight and (common or not says_nothing):
                weight = weight * SUBJECT if start < self.subject_end else weight
                weights[term] = max(weight, weights.get(term, 0.0))
                counts[term] += 1
        return {term: weight * _repeated(counts[term]) for term, weight in weights.items()}

    def pairs(self, language: str) -> dict[str, float]:
        """Neighbouring terms, each two as one term (see `pairs_of`), and what they count."""
        found = Counter(pairs_of([token.term for token in self.tokens[language] if token.weight]))
        return {pair: _repeated(count) for pair, count in found.items()}

    def terms(self, language: str, *, common: bool) -> Counter[str]:
        """How often each term occurs; words that carry no subject are left out unless `common`."""
        return Counter(t.term for t in self.tokens[language] if common or not t.common)

    def informative(self) -> set[str]:
        """The distinct terms that say something about the subject, in the language read first. Parts of codes are not
        among them."""
        return {t.term for t in self.tokens[self.first_language()] if t.weight >= 1 and not t.common}

    def as_asked(self, keys: Iterable[Key]) -> set[str]:
        """The terms of `keys`, and for those the asker did not write those that mean the same."""
        found = set(keys)
        terms = {term for _, term in found}
        for language, added in self.added.items():
            terms.update(*(each.asked for each in added if (language, each.term) in found))
        return terms

    def codes(self) -> set[str]:
        """Error codes and product names: terms of letters and digits together, such as r14, t105 or ria7."""
        return {t for t in self.informative() if any(map(str.isdigit, t)) and any(map(str.isalpha, t))}

    def spans(self, keys: set[Key]) -> list[tuple[int, int]]:
        """Where in `text` any of `keys` stands, or what means the same, in order; overlapping spans are joined."""
        found = sorted(
            (each.start, each.end)
            for listed in (self.tokens, self.added)
            for language, some in listed.items()
            for each in some
            if (language, each.term) in keys
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


def _repeated(count: int) -> float:
    """What a term counts that occurs so often (Manning, Raghavan and Schütze 2008, section 6.4.1)."""
    return 1 + log(count)


def _common_in_either(tokens: Mapping[str, tuple[Token, ...]]) -> dict[str, tuple[Token, ...]]:
    """The same tokens; a word that says nothing in one of the languages says nothing, as nobody knows which it is."""
    common = [any(token.common for token in found) for found in zip(*tokens.values(), strict=True)]
    return {
        language: tuple(token._replace(common=says_nothing) for token, says_nothing in zip(found, common, strict=True))
        for language, found in tokens.items()
    }
