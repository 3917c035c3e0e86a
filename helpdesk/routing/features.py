"""A question as numbers for the learned model: stems, pairs of words and pieces of words, hashed. Pure.

No dictionary is kept: a feature is a bucket of `BUCKETS`, found by a checksum, so two machines and two years agree on
it. Two blocks count alike whatever their length: what is said (stems, pairs of stems that stand near one another in
either order, neighbouring words as written, with the first and the last) and how it is written (pieces of 2 to 5
letters of each word, folded; they survive slips of the pen and the wrong stemmer).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from helpdesk.search.query import Query
from helpdesk.search.text import fold

BUCKETS = 1 << 16
PIECES = (2, 3, 4, 5)
"""Letters in a piece of a word; the edges of the word count as one each."""
NEAR = 4
"""Stems at most so far apart make a pair."""
MOST_WORDS = 600
"""Words of a question that are looked at: the first."""

_WORD = re.compile(r"[^\W_]+|[?!]")

Buckets = NDArray[np.int64]
Amounts = NDArray[np.float32]


class Block(NamedTuple):
    """Distinct buckets, ascending, and how often each occurred."""

    buckets: Buckets
    counts: NDArray[np.int64]


class Counted(NamedTuple):
    """What a question holds, before it is known how telling each feature is."""

    said: Block
    written: Block


class Vector(NamedTuple):
    """A point of length 1 (or 0, when nothing is known of it): distinct buckets and their amounts."""

    buckets: Buckets
    amounts: Amounts


def counted(query: Query) -> Counted:
    """The features of a question. The same text in the same language always gives the same."""
    stems = [token.term for token in query.tokens[query.first_language()] if token.weight][:MOST_WORDS]
    words = _WORD.findall(fold(query.text))[:MOST_WORDS]
    said = [_bucket("w " + stem) for stem in stems]
    said += [_bucket(f"n {one} {next_}") for one, next_ in pairwise(["^", *words, "$"])]
    said += [_bucket("p " + " ".join(sorted(pair))) for pair in _near(stems)]
    return Counted(_block(said), _block(bucket for word in words for bucket in _pieces(word)))


class Word(NamedTuple):
    """A word of the question, where it stands, and the buckets that it alone gives."""

    start: int
    end: int
    buckets: Buckets


def words_of(query: Query) -> list[Word]:
    """The words that say something, in order."""
    return [
        Word(
            token.start,
            token.end,
            np.array([_bucket("w " + token.term), *_pieces(fold(query.text[token.start : token.end]))], dtype=np.int64),
        )
        for token in query.tokens[query.first_language()][:MOST_WORDS]
        if token.weight and not token.common
    ]


def _near(stems: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs that do not touch; of those that do the words are taken."""
    for place, stem in enumerate(stems):
        for other in stems[place + 2 : place + NEAR + 1]:
            yield stem, other


def weighed(features: Counted, telling: Amounts) -> Vector:
    """The features as one point: each by how telling its bucket is, repeats hardly adding, blocks alike long."""
    parts = [_unit(block, telling) for block in features]
    buckets = np.concatenate([block.buckets for block in features])
    amounts = np.concatenate(parts)
    distinct, places = np.unique(buckets, return_inverse=True)
    together = np.bincount(places, weights=amounts, minlength=len(distinct)).astype(np.float32)
    return Vector(distinct, _of_length_one(together))


def _unit(block: Block, telling: Amounts) -> Amounts:
    return _of_length_one(((1 + np.log(block.counts)) * telling[block.buckets]).astype(np.float32))


def _of_length_one(amounts: Amounts) -> Amounts:
    length = float(np.sqrt(np.dot(amounts, amounts)))
    return amounts / np.float32(length) if length > 0 else amounts


def _block(buckets: Iterable[int]) -> Block:
    return Block(*np.unique(np.fromiter(buckets, dtype=np.int64), return_counts=True))


def _bucket(feature: str) -> int:
    return crc32(feature.encode()) % BUCKETS


@lru_cache(maxsize=50_000)
def _pieces(word: str) -> tuple[int, ...]:
    """The pieces of one word; one that is too short for a length stands for itself."""
    edged = f"<{word}>"
    pieces = {edged}.union(edged[start : start + size] for size in PIECES for start in range(len(edged) - size + 1))
    return tuple(sorted(_bucket("l " + piece) for piece in pieces))
