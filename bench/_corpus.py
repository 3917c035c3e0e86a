"""Questions that nobody asked: terms drawn as they are in a language, so that every engine gets the same ones.

The share of documents that hold a term of a question is what costs time. It is 0.02 in the mean here, as in French
manual pages (0.026) and English encyclopaedia sentences (0.011). Topics make terms come together, as in real texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

TERMS = 180_000
TOPICS = 300
TOPIC_TERMS = 400
FLATTENED = 14
"""Added to each term's rank: stop words have gone before a text gets here."""
SHORTEST, LONGEST = 8, 45
"""Terms of a document: 15 to 80 words without those that carry no subject."""


class Corpus:
    """As many documents as wanted, always the same ones."""

    def __init__(self, seed: int = 20) -> None:
        generator = np.random.default_rng(seed)
        self._seed = seed
        chances = (np.arange(TERMS) + FLATTENED) ** -1.1
        self._cumulated = np.cumsum(chances / chances.sum())
        # Each topic has terms of its own, mostly rare ones.
        self._topics = generator.integers(200, TERMS // 4, (TOPICS, TOPIC_TERMS))
        self._topic_chances = np.cumsum(1 / np.arange(3, TOPIC_TERMS + 3))
        self._topic_chances /= self._topic_chances[-1]
        self._words = np.array([_word(number) for number in range(TERMS)])

    @classmethod
    @cache
    def shared(cls) -> Corpus:
        """The one with the usual seed: its words are long to make."""
        return cls()

    def documents(self, count: int) -> Iterator[list[str]]:
        """The terms of `count` documents."""
        for _topic, terms in self.about(count):
            yield terms

    def about(self, count: int) -> Iterator[tuple[int, list[str]]]:
        """The same documents, each with the number of its topic."""
        for start in range(0, count, 1000):
            yield from self._batch(start, min(1000, count - start))

    def words_of(self, topic: int) -> list[str]:
        """The words of a topic, the commonest first."""
        found: list[str] = self._words[self._topics[topic]].tolist()
        return found

    def questions(self, count: int, terms: int) -> list[list[str]]:
        """`count` questions of `terms` different terms each, about one topic each."""
        generator = np.random.default_rng(self._seed + terms)
        found = []
        while len(found) < count:
            drawn = self._draw(generator, terms * 3, int(generator.integers(TOPICS)))
            different = list(dict.fromkeys(drawn.tolist()))
            if len(different) >= terms:
                found.append(self._words[different[:terms]].tolist())
        return found

    def paraphrases(self, size: int, count: int, least: int, kept: float) -> Iterator[tuple[int, list[str]]]:
        """Documents of `least` terms and more among `size`, each by its number with some of its terms replaced."""
        generator = np.random.default_rng([self._seed, size, count])
        found = 0
        while found < count:
            start = int(generator.integers(size // 1000)) * 1000
            place = int(generator.integers(1000))
            topic, terms = list(self._batch(start, 1000))[place]
            if len(terms) < least:
                continue
            found += 1
            own = generator.permutation(terms)[: round(kept * len(terms))].tolist()
            others = self._words[self._draw(generator, len(terms) - len(own), topic)].tolist()
            yield start + place, list(dict.fromkeys([*own, *others]))

    def _batch(self, start: int, count: int) -> Iterator[tuple[int, list[str]]]:
        generator = np.random.default_rng([self._seed, start])
        for length, topic in zip(
            generator.integers(SHORTEST, LONGEST + 1, count), generator.integers(TOPICS, size=count), strict=True
        ):
            yield int(topic), self._words[self._draw(generator, int(length), int(topic))].tolist()

    def _draw(self, generator: np.random.Generator, count: int, topic: int) -> np.ndarray:
        chances = generator.random((2, count))
        common = np.searchsorted(self._cumulated, chances[0])
        own = self._topics[topic][np.searchsorted(self._topic_chances, chances[0])]
        return np.where(chances[1] < 0.25, own, common)


def _word(number: int) -> str:
    """A made-up word of consonants and vowels in turns: two letters for each digit."""
    syllables = ""
    number += 400
    while number:
        number, digit = divmod(number, 75)
        syllables += "bcdfghjlmnprstv"[digit // 5] + "aeiou"[digit % 5]
    return syllables
