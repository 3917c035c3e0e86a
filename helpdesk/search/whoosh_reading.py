"""One open state of a Whoosh index, for one thread: postings for the scorer, and the staff's search.

Whoosh's matchers share a file position, so a snapshot must never be used by two threads.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from whoosh import query as wq
from whoosh.collectors import TimeLimit, TimeLimitCollector
from whoosh.index import FileIndex
from whoosh.searching import Searcher

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.index import Found, FoundPage
from helpdesk.search.scoring import Block, Source
from helpdesk.search.text import LANGUAGES, analyse, fold
from helpdesk.search.whoosh_compat import SharpBM25F, blocks, lengths

TIME_LIMIT = 0.2
"""Seconds a staff search may take before it answers with what it has."""

SHORTEST_BEGINNING = 4
"""Letters before a `*`: fewer would walk through too much of the dictionary."""

DEEPEST = 500
"""A staff search never goes further than this many results; a narrower one is more use."""


class Snapshot:
    """The index as it was at one generation."""

    def __init__(self, index: FileIndex) -> None:
        self._searcher: Searcher = index.searcher(weighting=SharpBM25F())
        self._segments = [_Segment(reader, start) for reader, start in self._searcher.reader().leaf_readers()]
        self._sizes: dict[str, int] = {}
        self._averages: dict[str, float] = {}

    def close(self) -> None:
        self._searcher.close()

    def source(self) -> Source:
        return Source(self.size, self.average, self.postings, self.frequency)

    def size(self, kind: str) -> int:
        if kind not in self._sizes:
            self._sizes[kind] = sum(segment.living(kind) for segment in self._segments)
        return self._sizes[kind]

    def average(self, name: str, language: str) -> float:
        field = layout.field_name(name, language)
        if field not in self._averages:
            total = sum(segment.total_length(field) for segment in self._segments)
            size = self.size(layout.KIND_OF_FIELD[name])
            self._averages[field] = total / size if total and size else 1.0
        return self._averages[field]

    def postings(self, name: str, language: str, term: str) -> Iterator[Block]:
        field = layout.field_name(name, language)
        for segment in self._segments:
            yield from segment.postings(field, term)

    def frequency(self, name: str, language: str, term: str) -> int:
        field = layout.field_name(name, language)
        return sum(int(segment.reader.doc_frequency(field, term)) for segment in self._segments)

    def stored(self, number: int) -> tuple[str, dict[str, Any]]:
        """The key of a document and the facts kept with it."""
        kept = self._searcher.stored_fields(number)
        return kept["key"], json.loads(kept["facts"]) if "facts" in kept else {}

    def watermark(self) -> int:
        number = self._searcher.document_number(key=layout.META)
        if number is None:
            raise LookupError("the index carries no watermark")
        return int(self.stored(number)[1]["watermark"])

    def find(self, words: str, allowed: frozenset[str], limit: int, after: Found | None) -> FoundPage:
        asked = _staff_query(words)
        if asked is None or not allowed:
            return FoundPage()
        readers = wq.Or([wq.Term("readers", key) for key in sorted(allowed)])
        collector = self._searcher.collector(limit=DEEPEST)
        timed = TimeLimitCollector(collector, TIME_LIMIT, use_alarm=False)
        complete = True
        try:
            self._searcher.search_with_collector(wq.And([asked, wq.ConstantScoreQuery(readers, 0.0)]), timed)
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


class _Segment:
    """One segment: its reader, where its numbers start, its deleted documents, and field lengths once
    read."""

    def __init__(self, reader: Any, start: int) -> None:
        self.reader = reader
        self._start = start
        # an index without any document is read by a class that has neither dictionary nor deletions
        self._deleted = frozenset(reader._perdoc.deleted_docs() if hasattr(reader, "_perdoc") else ())
        self._lengths: dict[str, Sequence[float]] = {}

    def living(self, kind: str) -> int:
        count = int(self.reader.doc_frequency("kind", kind))
        if count and self._deleted:
            count -= sum(n in self._deleted for ids, _ in blocks(self.reader, "kind", kind) for n in ids)
        return count

    def postings(self, field: str, term: str) -> Iterator[Block]:
        if not hasattr(self.reader, "_terms"):
            return
        for numbers, weights in blocks(self.reader, field, term):
            yield Block(self._start, numbers, weights, self._lengths_of(field), self._deleted)

    def total_length(self, field: str) -> float:
        """The lengths of a field in living documents, together."""
        if not hasattr(self.reader, "_terms"):
            return 0.0
        found = self._lengths_of(field)
        return float(sum(found) - sum(found[number] for number in self._deleted))

    def _lengths_of(self, field: str) -> Sequence[float]:
        if field not in self._lengths:
            self._lengths[field] = lengths(self.reader, field)
        return self._lengths[field]


# --- the staff's search ------------------------------------------------------------------------------------


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
