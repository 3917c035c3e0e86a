"""Precedents told again with how near their meaning is to the question's: what an embedding model adds to an index.

Only what the index found is looked at, so this changes the order and never what is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from helpdesk.search.index import PeopleFound, PrecedentsFound, TopicsFound
from helpdesk.search.query import Query

Measure = Callable[[str, Sequence[str]], Mapping[str, float]]
"""A text and the keys of precedents → the nearness of those that are known, -1 to 1."""


class Retrieval(Protocol):
    """What the matcher asks of an index."""

    def people(self, query: Query) -> PeopleFound: ...

    def topics(self, query: Query) -> TopicsFound: ...

    def precedents(self, query: Query) -> PrecedentsFound: ...


class Nearer:
    """An index whose precedents carry their nearness, as far as `measure` knows it."""

    def __init__(self, index: Retrieval, measure: Measure) -> None:
        self._index, self._measure = index, measure

    def people(self, query: Query) -> PeopleFound:
        return self._index.people(query)

    def topics(self, query: Query) -> TopicsFound:
        return self._index.topics(query)

    def precedents(self, query: Query) -> PrecedentsFound:
        return with_nearness(query, self._index.precedents(query), self._measure)


def with_nearness(query: Query, found: PrecedentsFound, measure: Measure) -> PrecedentsFound:
    """What was found, each with its nearness where that is known."""
    known = measure(query.text, [hit.key for hit in found.hits]) if found.hits else {}
    if not known:
        return found
    return replace(found, hits=tuple(replace(hit, nearness=known.get(hit.key)) for hit in found.hits))
