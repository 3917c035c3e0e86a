"""The engines that `bench search` compares, each behind the same two calls: built from documents, asked for ten."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import tantivy

from bench._whoosh_stock import StockWhoosh
from helpdesk.search.prepared import Family
from helpdesk.search.scoring import Question
from helpdesk.search.whoosh_reading import Snapshot
from helpdesk.search.whoosh_writing import fill, opened

TOP = 10
ONE_FIELD = Family("precedent", {"question": 1.0}, most_terms=1000)


class Engine(Protocol):
    def build(self, documents: Iterable[list[str]]) -> None:
        """Index the documents, numbered from 0."""

    def ask(self, terms: list[str]) -> list[int]:
        """Where the ten best documents stand that hold any of the terms, as the engine numbers them."""


class Relais:
    """The disjunction as the matcher runs it, exact at every size, on one field in one language."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._snapshot: Snapshot | None = None

    def build(self, documents: Iterable[list[str]]) -> None:
        self._folder.mkdir()
        fill(
            self._folder,
            ({"key": f"d:{n}", "kind": "precedent", "question_fr": terms} for n, terms in enumerate(documents)),
            watermark=0,
        )
        self._snapshot = Snapshot(opened(self._folder))

    def ask(self, terms: list[str]) -> list[int]:
        assert self._snapshot is not None
        question = Question(ONE_FIELD, self._snapshot)
        question.ask(terms, "fr")
        return question.exact_best(TOP).tolist()

    def ask_pruned(self, terms: list[str]) -> list[int]:
        """The same with the rarest terms first, as above 300,000 documents."""
        assert self._snapshot is not None
        question = Question(ONE_FIELD, self._snapshot)
        question.ask(terms, "fr")
        return question.pruned(TOP).places.tolist()

    def forget(self) -> None:
        """Make it look up every term again."""
        assert self._snapshot is not None
        self._snapshot.forget_terms()


class Tantivy:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("body", tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=str(folder))

    def build(self, documents: Iterable[list[str]]) -> None:
        writer = self._index.writer(heap_size=512_000_000, num_threads=1)
        for terms in documents:
            writer.add_document(tantivy.Document(body=" ".join(terms)))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def ask(self, terms: list[str]) -> list[int]:
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "body", term, index_option="freq"))
            for term in terms
        ]
        found = self._searcher.search(tantivy.Query.boolean_query(clauses), TOP, count=False)
        return [address.doc for _score, address in found.hits]


class Fts5:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._connection = sqlite3.connect(folder / "fts.db")
        self._connection.execute("CREATE VIRTUAL TABLE text USING fts5(body, content='', tokenize='unicode61')")

    def build(self, documents: Iterable[list[str]]) -> None:
        rows = ((number, " ".join(terms)) for number, terms in enumerate(documents))
        with self._connection:
            self._connection.executemany("INSERT INTO text(rowid, body) VALUES (?, ?)", rows)
            self._connection.execute("INSERT INTO text(text) VALUES ('optimize')")

    def ask(self, terms: list[str]) -> list[int]:
        wanted = " OR ".join(terms)
        rows = self._connection.execute(
            "SELECT rowid FROM text WHERE text MATCH ? ORDER BY rank LIMIT ?", (wanted, TOP)
        )
        return [number for (number,) in rows]


def engines(folder: Path, stock: bool) -> dict[str, Engine]:
    """All of them, each with a folder of its own; `stock` Whoosh is slow to build and to ask."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found: dict[str, Engine] = {
        "relais": Relais(folder / "relais"),
        "tantivy": Tantivy(folder / "tantivy"),
        "fts5": Fts5(folder / "fts5"),
    }
    return found | ({"whoosh": StockWhoosh(folder / "whoosh")} if stock else {})
