"""Whoosh as it comes, for comparison: its own codec, its own matchers of both kinds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from whoosh import analysis, fields, index, query
from whoosh.query.compound import Or

TOP = 10


class StockWhoosh:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        cut = analysis.RegexTokenizer(r"[^ ]+")
        schema = fields.Schema(body=fields.TEXT(analyzer=cut, phrase=False))
        self._index = index.create_in(str(folder), schema)

    def build(self, documents: Iterable[list[str]]) -> None:
        writer = self._index.writer(limitmb=512)
        for terms in documents:
            writer.add_document(body=" ".join(terms))
        writer.commit()
        self._searcher = self._index.searcher()

    def ask(self, terms: list[str], kind: int = Or.ARRAY_MATCHER) -> list[int]:
        wanted = Or([query.Term("body", term) for term in terms])
        wanted.matcher_type = kind
        return [number for _score, number in self._searcher.search(wanted, limit=TOP).top_n]

    def ask_tree(self, terms: list[str]) -> list[int]:
        """As it does by itself above 5000 documents: with a tree of matchers."""
        return self.ask(terms, Or.DEFAULT_MATCHER)
