"""An index as the production code writes it, of people, topics and precedents that nobody wrote."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from bench._corpus import TOPICS, Corpus
from helpdesk.search import whoosh_fields as layout
from helpdesk.search.builds import Builds
from helpdesk.search.documents import LONGEST_HISTORY
from helpdesk.search.index import Document, PersonDocument, PrecedentDocument, PrecedentKind, TopicDocument
from helpdesk.search.text import LANGUAGES, terms_each
from helpdesk.search.whoosh_writing import fill

EXPERTS_OF_A_TOPIC = 2
PEOPLE = TOPICS * EXPERTS_OF_A_TOPIC
ANSWER_TERMS = 20

_One = TypeVar("_One")


def made_documents(corpus: Corpus, count: int) -> Iterator[Document]:
    """`count` precedents with questions and answers, those who answered them, and the topics they are about."""
    histories: defaultdict[int, deque[str]] = defaultdict(lambda: deque(maxlen=LONGEST_HISTORY))
    for number, (topic, terms) in enumerate(corpus.about(count)):
        histories[_expert(topic, number)].append(" ".join(terms))
        yield precedent(corpus, number, topic, terms)
    for topic in range(TOPICS):
        words = corpus.words_of(topic)
        yield TopicDocument(topic + 1, " ".join(words[:12]))
        for number in range(EXPERTS_OF_A_TOPIC):
            person = _expert(topic, number)
            described = " ".join(words[number * 15 : number * 15 + 40])
            yield PersonDocument(person, "", described, " ".join(words[:12]), words[0], "\n".join(histories[person]))


def precedent(corpus: Corpus, number: int, topic: int, terms: list[str]) -> PrecedentDocument:
    """A question about a topic; the answer takes up some of its words."""
    answer = [*terms[::3], *corpus.words_of(topic)[number % 50 : number % 50 + ANSWER_TERMS - len(terms[::3])]]
    credited = {_expert(topic, number): 1.0}
    return PrecedentDocument(PrecedentKind.TICKET, number, " ".join(terms), " ".join(answer), credited)


def _expert(topic: int, number: int) -> int:
    return 1 + topic * EXPERTS_OF_A_TOPIC + number % EXPERTS_OF_A_TOPIC


class Cut(dict[str, tuple[str, ...]]):
    """Documents as Whoosh gets them, each word cut but once: the index is measured here, not the analyser."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        cut = terms_each(word)
        self[word] = tuple(cut[language][0] for language in LANGUAGES)
        return self[word]

    def document(self, document: Document) -> dict[str, Any]:
        """The same as `whoosh_document` makes of it."""
        names = [name for name in layout.KIND_OF_FIELD if getattr(document, name, "")]
        made = layout.whoosh_document(replace(document, **dict.fromkeys(names, "")))
        for name in names:
            terms = [self[word] for word in getattr(document, name).split()]
            for number, language in enumerate(LANGUAGES):
                made[layout.field_name(name, language)] = [cut[number] for cut in terms]
        return made


def build(folder: Path, corpus: Corpus, count: int) -> float:
    """Build an index of `count` precedents in `folder`, as `WhooshIndex.rebuild` does. Returns the seconds of processor
    time that the index takes, without those for making and cutting texts."""
    folder.mkdir(mode=0o700)
    builds, making, cut = Builds(folder), Spent(), Cut()
    started = time.process_time()
    with builds.new(layout.VERSION) as made:
        fill(made, making.on(map(cut.document, made_documents(corpus, count))), 0)
    builds.use(made)
    return time.process_time() - started - making.seconds


class Spent:
    """The seconds of processor time that a source takes to make what it yields: to be taken off whoever reads it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def on(self, source: Iterable[_One]) -> Iterator[_One]:
        each = iter(source)
        while True:
            started = time.process_time()
            try:
                one = next(each)
            except StopIteration:
                return
            finally:
                self.seconds += time.process_time() - started
            yield one
