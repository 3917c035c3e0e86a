"""What the organisation's own decided questions teach: one linear score per expert. Pure.

For every expert a support vector machine with squared hinge loss tells their questions from all others. It is trained
by dual coordinate descent (Hsieh and others 2008, "A Dual Coordinate Descent Method for Large-scale Linear SVM"): each
question is looked at in turn, and only experts whose margin it violates are touched. That is why fifteen thousand
questions of a hundred and fifty experts take seconds, and why a question more is one more step of the same kind.

A score near 1 says "theirs", near -1 "not theirs". Scores are for comparing people over one question.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from mmap import mmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.routing.features import BUCKETS, Amounts, Counted, Vector, Word, weighed

ROUNDS = 6
"""How often each question is looked at."""
LOOSENESS = 1.0
"""How much a violated margin costs against large weights (the C of the literature)."""
HALF_LIFE = timedelta(days=180)
"""A decided question counts half after this time: people change jobs."""
FAVOUR = 0.05
"""What an expert with e times fewer questions than another is given: the many drown the few (the logit adjustment of
Menon and others 2021, "Long-tail learning via logit adjustment", in small)."""
MOST_WORDS_TOLD, SHARE_OF_BEST = 5, 0.25
"""Words said to speak for somebody, at most, and how much of the best each of them must."""
STILL = 1e-4
"""A smaller change of a multiplier is none."""

_FORMAT = "relais-linear/2"
_ALIGNED = 64


def importance(age: timedelta) -> float:
    """How much a question decided `age` ago still counts, 0 to 1."""
    return float(0.5 ** (max(age, timedelta()) / HALF_LIFE))


class Example(NamedTuple):
    """A decided question: who answered it, and how much it still counts (1: as a fresh one)."""

    features: Counted
    experts: tuple[int, ...]
    importance: float = 1.0


@dataclass(frozen=True)
class LinearModel:
    """What was learned. `weights[bucket, place]` belongs to `experts[place]`."""

    experts: tuple[int, ...]
    questions: tuple[int, ...]
    """For each expert, how many questions were learned from."""
    weights: NDArray[np.floating]
    """Of 32 bits when it was just learned, of 16 when it was kept."""
    holding: NDArray[np.int32]
    """Questions that hold each bucket."""
    learned: int
    """Questions learned from."""
    fitted: int = 0
    """How many of them when all were last learned together."""
    through: int = 0
    """The number of the last of them, as whoever keeps the model counts."""

    @classmethod
    def fit(cls, examples: Sequence[Example]) -> LinearModel:
        """Learn from nothing. The same examples in the same order give the same model."""
        counts = Counter(expert for example in examples for expert in example.experts)
        experts = tuple(sorted(counts))
        weights = np.zeros((BUCKETS, len(experts)), dtype=np.float32)
        count = len(examples)
        model = cls(experts, tuple(counts[e] for e in experts), weights, _holding(examples), count, fitted=count)
        model._descend(weights, examples)
        return model

    def updated(self, examples: Sequence[Example], rehearsed: Sequence[Example] = ()) -> LinearModel:
        """The model with some newer questions learned too.

        `rehearsed` are some that were learned before, of everybody: looked at again beside the new ones, so that these
        are told from them and what was known stays. About as many as there are new ones are enough.
        A new expert starts as the mean of the others, which is a "no" to everything, and not as nothing, which would
        beat every "no".
        """
        counts = Counter(expert for example in examples for expert in example.experts)
        new = sorted(set(counts) - set(self.experts))
        start = self.weights.mean(axis=1, keepdims=True) if self.experts else np.zeros((BUCKETS, 1))
        weights = np.concatenate([self.weights, *[start] * len(new)], axis=1).astype(np.float32)
        counts.update(dict(zip(self.experts, self.questions, strict=True)))
        experts = (*self.experts, *new)
        model = LinearModel(
            experts,
            tuple(counts[expert] for expert in experts),
            weights,
            self.holding + _holding(examples),
            self.learned + len(examples),
            self.fitted,
            self.through,
        )
        model._descend(weights, [*rehearsed, *examples])
        return model

    def up_to(self, through: int) -> LinearModel:
        """The same, known to hold all up to a number."""
        return replace(self, through=through)

    def scores(self, features: Counted) -> Mapping[int, float]:
        """Every expert's score for one question."""
        vector = weighed(features, self._telling)
        found = vector.amounts @ self.weights[vector.buckets].astype(np.float32) + self._favour
        return dict(zip(self.experts, found.tolist(), strict=True))

    def speaking_for(self, expert: int, features: Counted, words: Sequence[Word]) -> list[tuple[int, int]]:
        """Where the words stand that speak most for an expert, best first; none when nothing of them does."""
        if expert not in self.experts:
            return []
        vector, column = weighed(features, self._telling), self.experts.index(expert)
        gains = vector.amounts * self.weights[vector.buckets, column].astype(np.float32)
        own = [(float(gains[np.isin(vector.buckets, word.buckets)].sum()), word.start, word.end) for word in words]
        best = max((gain for gain, _, _ in own), default=0.0)
        told = sorted(each for each in own if each[0] > SHARE_OF_BEST * best and best > 0)
        return [(start, end) for _, start, end in reversed(told[-MOST_WORDS_TOLD:])]

    @cached_property
    def _favour(self) -> Amounts:
        questions = np.array(self.questions, dtype=np.float32)
        return (-FAVOUR * np.log(questions / questions.mean())).astype(np.float32) if len(questions) else questions

    @cached_property
    def _telling(self) -> Amounts:
        """How telling each bucket is: the fewer questions hold it, the more."""
        return (np.log((self.learned + 1) / (self.holding + 1)) + 1).astype(np.float32)

    def _descend(self, weights: NDArray[np.float32], examples: Sequence[Example]) -> None:
        telling, place = self._telling, {expert: place for place, expert in enumerate(self.experts)}
        vectors = [weighed(example.features, telling) for example in examples]
        signs = np.full((len(examples), len(self.experts)), -1, dtype=np.float32)
        for row, example in enumerate(examples):
            signs[row, [place[expert] for expert in example.experts]] = 1
        give = np.array([0.5 / (LOOSENESS * max(example.importance, 1e-3)) for example in examples], dtype=np.float32)
        multipliers = np.zeros_like(signs)
        order = np.random.default_rng(len(examples))
        for _ in range(ROUNDS):
            for row in order.permutation(len(examples)):
                _step(weights, vectors[row], signs[row], multipliers[row], give[row])

    def to_bytes(self) -> bytes:
        """For keeping. Weights are halved in precision, which no ranking notices."""
        head = {
            "format": _FORMAT,
            "experts": self.experts,
            "questions": self.questions,
            "learned": self.learned,
            "fitted": self.fitted,
            "through": self.through,
            "buckets": BUCKETS,
        }
        line = json.dumps(head).encode()
        line += b" " * (-(len(line) + 1) % _ALIGNED) + b"\n"
        return b"".join((line, self.holding.tobytes(), self.weights.astype(np.float16).tobytes()))

    @classmethod
    def from_bytes(cls, kept: bytes | mmap) -> LinearModel:
        """What `to_bytes` gave; of a mapped file only what is asked for is read.

        Raises ValueError for anything else, also for another number of buckets.
        """
        start = kept.find(b"\n") + 1
        head = json.loads(kept[:start] or b"null")
        if not isinstance(head, dict) or (head.get("format"), head.get("buckets")) != (_FORMAT, BUCKETS):
            raise ValueError("not a model of this version")
        experts, body = tuple(head["experts"]), start + BUCKETS * np.dtype(np.int32).itemsize
        if len(kept) != body + BUCKETS * len(experts) * np.dtype(np.float16).itemsize:
            raise ValueError("a model cut short")
        holding = np.frombuffer(kept, dtype=np.int32, count=BUCKETS, offset=start)
        weights = np.frombuffer(kept, dtype=np.float16, offset=body).reshape(BUCKETS, len(experts))
        questions = tuple(head["questions"])
        return cls(experts, questions, weights, holding, head["learned"], head["fitted"], head["through"])


def _holding(examples: Sequence[Example]) -> NDArray[np.int32]:
    held = [block.buckets for example in examples for block in example.features]
    return (
        np.bincount(np.concatenate(held), minlength=BUCKETS).astype(np.int32) if held else np.zeros(BUCKETS, np.int32)
    )


def _step(
    weights: NDArray[np.float32],
    vector: Vector,
    signs: NDArray[np.float32],
    multipliers: NDArray[np.float32],
    give: np.float32,
) -> None:
    """One question: move the multiplier of each expert to its best, and their weights with it."""
    if not len(vector.buckets):
        return
    rows = weights[vector.buckets]
    slope = signs * (vector.amounts @ rows) - 1 + give * multipliers
    better = np.maximum(multipliers - slope / (1 + give), 0)
    change = better - multipliers
    moved = np.flatnonzero(np.abs(change) > STILL)
    if len(moved):
        multipliers[moved] = better[moved]
        weights[np.ix_(vector.buckets, moved)] += np.outer(vector.amounts, change[moved] * signs[moved])
