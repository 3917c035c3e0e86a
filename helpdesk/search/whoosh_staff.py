"""The staff's search, with Whoosh's own queries: all the words, phrases, beginnings; only what one may read."""

from collections.abc import Iterable
from typing import Any

from whoosh import query as wq
from whoosh.collectors import TimeLimit, TimeLimitCollector, WrappingCollector
from whoosh.searching import Searcher

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.index import Found, FoundPage
from helpdesk.search.text import LANGUAGES, analyse, fold

TIME_LIMIT = 0.2
"""Seconds a staff search may take before it answers with what it has."""

SHORTEST_BEGINNING = 4
"""Letters before a `*`: fewer would walk through too much of the dictionary."""

DEEPEST = 500
"""A staff search never goes further than this many results; a narrower one is more use."""


Readable = bytes
"""By Whoosh's document number: 1 for a document that somebody may read, else 0."""


class _ReadableCollector(WrappingCollector):
    """Collects only what may be read. Whoosh's own filter is not asked when a time limit is wrapped around it."""

    def __init__(self, child: Any, readable: Readable) -> None:
        super().__init__(child)
        self._readable = readable

    def collect(self, sub_docnum: int) -> Any:
        return self.child.collect(sub_docnum) if self._readable[self.offset + sub_docnum] else None


def find(searcher: Searcher, words: str, readable: Readable, limit: int, after: Found | None) -> FoundPage:
    """See `Index.find`. Not for two threads on one searcher."""
    asked = _staff_query(words)
    if asked is None or 1 not in readable:
        return FoundPage()
    collector = _ReadableCollector(searcher.collector(limit=DEEPEST), readable)
    timed = TimeLimitCollector(collector, TIME_LIMIT, use_alarm=False)
    complete = True
    try:
        searcher.search_with_collector(asked, timed)
    except TimeLimit:
        complete = False
    finally:
        if timed.timer:
            timed.timer.cancel()
    hits = [Found(hit["key"], round(float(hit.score), 6)) for hit in timed.results()]
    hits.sort(key=_place)
    if after is not None:
        hits = [hit for hit in hits if _place(hit) > _place(after)]
    return FoundPage(tuple(hits[:limit]), complete)


def _place(hit: Found) -> tuple[float, str]:
    return (-hit.score, hit.key)


def _staff_query(words: str) -> wq.Query | None:
    """All the words, each in French or in English; quoted words in a row; `abcd*` as a beginning."""
    parts: list[wq.Query] = []
    for position, piece in enumerate(words.split('"')):
        if position % 2:
            parts.extend(_phrase(piece))
        else:
            begun = [word for word in piece.split() if word.endswith("*")]
            parts.extend(_beginning(fold(word.rstrip("*"))) for word in begun)
            parts.extend(_words(" ".join(word for word in piece.split() if word not in begun)))
    return wq.And(parts) if parts else None


def _words(piece: str) -> list[wq.Query]:
    """One clause a word. Words that carry no subject are not asked for, unless there are no others."""
    cuts = list(zip(*(analyse(piece, language) for language in LANGUAGES), strict=True))
    telling = [tokens for tokens in cuts if not any(token.common for token in tokens)]
    return [_either(token.term for token in tokens) for tokens in telling or cuts]


def _either(terms: Iterable[str]) -> wq.Query:
    pairs = zip(LANGUAGES, terms, strict=True)
    return wq.Or([wq.Term(layout.field_name("find", language), term) for language, term in pairs])


def _beginning(start: str) -> wq.Query:
    """Words that begin so. The index holds stems, maybe shorter than what was typed: those count too."""
    ways: list[wq.Query] = []
    for language in LANGUAGES:
        field = layout.field_name("find", language)
        if len(start) >= SHORTEST_BEGINNING:
            ways.append(wq.Prefix(field, start))
        shortest = max(SHORTEST_BEGINNING, len(start) - 5)
        ways.extend(wq.Term(field, start[:length]) for length in range(shortest, len(start)))
    return wq.Or(ways) if ways else _either((start, start))


def _phrase(piece: str) -> list[wq.Query]:
    ways = []
    for language in LANGUAGES:
        terms = [token.term for token in analyse(piece, language)]
        if terms:
            ways.append(wq.Phrase(layout.field_name("find", language), terms))
    return [wq.Or(ways)] if ways else []
