"""Whoosh's own queries over our posting lists: the matcher walks as a list of postings would."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import query as wq
from whoosh.index import FileIndex
from whoosh.matching import ReadTooFar

from helpdesk.search import whoosh_fields as layout
from helpdesk.search.postings import pack, unpack
from helpdesk.search.whoosh_codec import ArrayMatcher
from helpdesk.search.whoosh_compat import DurableStorage
from helpdesk.search.whoosh_terms import Places
from helpdesk.search.whoosh_writing import ArrayWriter

WORDS = ("fibre", "fibres", "box", "boxe", "sim", "puk", "eau")


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=400, unique=True).map(sorted),
    st.lists(st.none() | st.integers(0, 5100), max_size=30),
)
def test_the_matcher_walks_and_skips_like_a_list(numbers, steps):
    weights = [float(number % 7 + 1) for number in numbers]
    values = [bytes([number % 250]) for number in numbers]
    matcher = ArrayMatcher(unpack(pack(numbers, weights, [number % 200 for number in numbers], values), 0), Places())
    at = 0
    for step in steps:
        if at >= len(numbers):
            break
        assert (matcher.id(), matcher.weight(), matcher.value()) == (numbers[at], weights[at], values[at])
        assert matcher.block_min_id() <= matcher.id() <= matcher.block_max_id()
        assert matcher.block_max_weight() >= matcher.weight()
        copied = matcher.copy()
        if step is None:
            matcher.next()
            at += 1
        else:
            matcher.skip_to(step)
            at += sum(number < step for number in numbers[at:])
        assert list(copied.all_ids())[-1] == numbers[-1]
    assert matcher.is_active() == (at < len(numbers))
    assert list(matcher.all_ids()) == numbers[at:]
    if not matcher.is_active():
        with pytest.raises(ReadTooFar):
            matcher.next()
    matcher.reset()
    assert matcher.id() == numbers[0]


@settings(deadline=None)
@given(st.lists(st.integers(0, 100_000), max_size=50, unique=True).map(sorted))
def test_places_come_back(places):
    kept = Places().encode(places)
    assert Places().decode_positions(kept) == places
    assert Places().decode_frequency(kept) == len(places)


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(texts, min_size=1, max_size=8), min_size=1, max_size=4), texts.map(lambda words: words[:3]))
def test_all_words_phrases_and_beginnings_find_what_reading_everything_finds(tmp_path_factory, segments, words):
    index = FileIndex.create(DurableStorage(str(tmp_path_factory.mktemp("index"))), layout.schema(), "MAIN")
    written = [text for segment in segments for text in segment]
    for segment in segments:
        writer = ArrayWriter(index)
        for text in segment:
            writer.add_document(key=f"k{written.index(text)}", find_fr=text)
        writer.commit(merge=False)

    def found(query):
        with index.searcher() as searcher:
            return sorted(searcher.search(query, limit=None).docs())

    def expected(holds):
        return [number for number, text in enumerate(written) if holds(text)]

    terms = [wq.Term("find_fr", word) for word in words]
    start = words[0][:3]
    assert found(wq.And(terms)) == expected(lambda text: set(words) <= set(text))
    assert found(wq.Or(terms)) == expected(lambda text: set(words) & set(text))
    assert found(wq.Prefix("find_fr", start)) == expected(lambda text: any(word.startswith(start) for word in text))
    assert found(wq.Phrase("find_fr", words)) == expected(
        lambda text: any(text[at : at + len(words)] == words for at in range(len(text)))
    )
