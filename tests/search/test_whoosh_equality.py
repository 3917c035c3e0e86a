"""Scores are those of stock Whoosh: its own codec and matchers, an exhaustive search, and a weighting with our figures.

The weighting is told N, df and average length per field, counted here from the documents that are alive.
"""

import math
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import fields, formats, query, scoring
from whoosh.filedb.filestore import RamStorage
from whoosh.index import FileIndex
from whoosh.util.numeric import byte_to_length, length_to_byte
from whoosh.writing import NO_MERGE, SegmentWriter

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.prepared import Family
from helpdesk.search.scoring import Question
from helpdesk.search.whoosh_compat import DurableStorage, merge_tiers
from helpdesk.search.whoosh_reading import Snapshot
from helpdesk.search.whoosh_writing import ArrayWriter, opened

WORDS = ("fibre", "box", "voyant", "facture", "R14", "réseau", "été", "sim", "puk", "eau", "été2", "x" * 40)
SHARES = {"fr": 1.0, "en": 0.5}
FIELDS = ("question_fr", "question_en", "answer_fr", "answer_en")


class Plain(fields.FieldType):
    """Terms with Whoosh's own format and codec."""

    def __init__(self):
        super().__init__(formats.Frequency(), analyzer=None, scorable=True)

    def index(self, value, **_options):
        return [
            (term.encode(), count, float(count), count.to_bytes(4, "big")) for term, count in Counter(value).items()
        ]


class Told(scoring.BM25F):
    """BM25F with figures that were counted elsewhere."""

    def __init__(self, family, living, boosts):
        super().__init__(B=family.b, K1=family.k1)
        self._family, self._living, self._boosts = family, living, boosts

    def scorer(self, searcher, fieldname, text, qf=1):
        made = super().scorer(searcher, fieldname, text, qf)
        lengths = [byte_to_length(length_to_byte(len(document.get(fieldname, ())))) for document in self._living]
        made.avgfl = (sum(lengths) / len(lengths) if lengths else 0) or 1
        holding = sum(text.decode() in document.get(fieldname, ()) for document in self._living)
        made.idf = math.log(1 + (len(self._living) - holding + 0.5) / (holding + 0.5)) ** self._family.power
        name, _, language = fieldname.rpartition("_")
        made.idf *= self._family.fields[name] * self._boosts[language]
        made.setup(searcher, fieldname, text)
        return made


texts = st.lists(st.sampled_from(WORDS), max_size=30)
documents = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, texts))
batches = st.lists(st.dictionaries(st.integers(0, 15), st.none() | documents, max_size=12), min_size=1, max_size=6)
families = st.builds(
    Family,
    st.just("precedent"),
    st.sampled_from([{"question": 1.0}, {"question": 1.0, "answer": 0.4}]),
    b=st.sampled_from([0.0, 0.3, 0.75, 1.0]),
    k1=st.sampled_from([0.5, 1.2, 8.0]),
    power=st.sampled_from([1, 2]),
)


def written(writer, batch, mergetype, numbers_of):
    for key, document in sorted(batch.items()):
        for number in numbers_of(f"k{key}"):
            writer.delete_document(number)
        if document is not None:
            kept = {name: terms for name, terms in document.items() if terms}
            writer.add_document(key=f"k{key}", kind="precedent", **kept)
    writer.commit(mergetype=mergetype)


def stock_index(changes):
    texts_of = {name: Plain() for name in FIELDS}
    schema = fields.Schema(key=fields.ID(stored=True, unique=True), kind=fields.ID, **texts_of)
    index = RamStorage().create_index(schema)
    for batch in changes:
        with index.searcher() as searcher:
            written(
                SegmentWriter(index), batch, NO_MERGE,
                lambda key, searcher=searcher: [n for n in (searcher.document_number(key=key),) if n is not None],
            )  # fmt: skip
    return index


def our_index(folder, changes, merged):
    index = FileIndex.create(DurableStorage(str(folder)), layout.schema(), "MAIN")
    snapshot = Snapshot(index)
    for batch in changes:
        policy = (lambda writer, segments: merge_tiers(writer, segments, together=2)) if merged else NO_MERGE
        written(ArrayWriter(index), batch, policy, snapshot.numbers_of)
        snapshot = Snapshot(opened(folder), snapshot)
    return snapshot


def living(changes):
    alive = {}
    for batch in changes:
        alive |= batch
    return {key: document for key, document in alive.items() if document is not None}


def stock_scores(index, family, alive, asked):
    weighting = Told(family, list(alive.values()), SHARES)
    terms = [
        query.Term(layout.field_name(name, language), term.encode())
        for name in family.fields
        for language, listed in asked.items()
        for term in listed
    ]
    with index.searcher(weighting=weighting) as searcher:
        found = searcher.search(query.Or(terms), limit=None, optimize=False)
        return {hit["key"]: hit.score for hit in found}


@settings(max_examples=60, deadline=None)
@given(batches, families, st.lists(st.sampled_from([*WORDS, "absent"]), min_size=1, unique=True), st.booleans())
def test_scores_equal_those_of_stock_whoosh(changes, family, words, merged):
    asked = {"fr": words, "en": words[: len(words) // 2]}
    alive = living(changes)
    expected = stock_scores(stock_index(changes), family, alive, asked)
    with tempfile.TemporaryDirectory(prefix="relais-") as folder:
        snapshot = our_index(Path(folder), changes, merged)
        question = Question(family, snapshot)
        for language, share in SHARES.items():
            question.ask(asked[language], language, share)
        gains = question.hits(1000)
        keys = [stored.key for stored in snapshot.stored(gains.places)]
        assert dict(zip(keys, gains.totals.tolist(), strict=True)) == pytest.approx(expected, rel=1e-6)
        assert gains.totals.tolist() == sorted(gains.totals.tolist(), reverse=True)
        assert [sum(words.values()) for words in gains.words()] == pytest.approx(gains.totals.tolist())
        rough = question.exact_best(1000)
        assert sorted(rough.tolist()) == sorted(gains.places.tolist())
