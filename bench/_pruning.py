"""What is lost when long questions are first asked with their rarest terms only, as big indexes are."""

from __future__ import annotations

from bench._corpus import Corpus
from bench._search_engines import TOP, Relais

ASKED = 200
"""Paraphrases; more than there are so many terms in each."""
LEAST_TERMS = 30
KEPT = 0.6
"""How much of a document its paraphrase keeps."""


def pruning(relais: Relais, corpus: Corpus, size: int, questions: list[list[str]]) -> dict[str, float]:
    """Of questions, the share of the exhaustive ten that pruning finds; of paraphrases of documents, the points (of
    100) by which fewer find their document among ten."""
    shares = []
    for terms in questions:
        exact = relais.ask(terms)
        shares.append(len(set(exact) & set(relais.ask_pruned(terms))) / len(exact))
    exactly = pruned = asked = 0
    for number, terms in corpus.paraphrases(size, ASKED, LEAST_TERMS, KEPT):
        asked += 1
        exactly += number in relais.ask(terms)
        pruned += number in relais.ask_pruned(terms)
    return {
        "share of the exhaustive ten found by pruning": sum(shares) / len(shares),
        f"hit@{TOP} of paraphrases": 100 * exactly / asked,
        f"hit@{TOP} lost by pruning, points": 100 * (exactly - pruned) / asked,
    }
