"""How documents of the port become Whoosh documents: the schema, and one function per kind.

All kinds live in one Whoosh index, so that one commit holds a whole batch and its watermark. Each text
field exists once per language. Of our own classes only those of `whoosh_terms` go into the schema: it is pickled into
the index.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from whoosh import fields

from helpdesk.search.alike import FAMILIES as ASKED
from helpdesk.search.alike import KIND as ASKED_KIND
from helpdesk.search.alike import sizes_of, terms_of
from helpdesk.search.index import (
    AnswerDocument,
    AskedDocument,
    Document,
    PersonDocument,
    PrecedentDocument,
    TicketDocument,
    TopicDocument,
)
from helpdesk.search.query import Query, pairs_of
from helpdesk.search.scoring import Family
from helpdesk.search.text import ANALYSER_VERSION, LANGUAGES, analyse, terms_each
from helpdesk.search.whoosh_terms import TERMS

SCHEMA_VERSION = 3
"""Raised with every change below: an index made by another version is rebuilt."""

VERSION = f"{SCHEMA_VERSION}.{ANALYSER_VERSION}"

DECLARED = Family("person", {"title": 1.0, "profile": 1.0, "topics": 1.0, "department": 0.3}, b=1.0, k1=3.0)
HISTORY = Family("person", {"history": 1.0}, b=1.0, k1=3.0, power=2, common=True, most_terms=256)
PAIRS = Family("person", {"pairs": 0.5}, b=1.0, k1=3.0, power=2, pairs=True, most_terms=256)
TOPICS = Family("topic", {"words": 1.0})
PRECEDENTS = Family("precedent", {"question": 1.0, "answer": 0.4}, common=True)

FAMILIES = (DECLARED, HISTORY, PAIRS, TOPICS, PRECEDENTS, *ASKED)

KIND_OF_FIELD = {name: family.kind for family in FAMILIES for name in family.fields}

META = "meta"
"""Key of the document that carries the watermark."""


@cache
def field_name(name: str, language: str) -> str:
    return f"{name}_{language}"


def schema() -> fields.Schema:
    texts = {field_name(name, language): TERMS() for name in KIND_OF_FIELD for language in LANGUAGES}
    staff = {field_name("find", language): TERMS(places=True) for language in LANGUAGES}
    return fields.Schema(
        key=fields.ID(unique=True, stored=True),
        kind=fields.ID(),
        readers=fields.KEYWORD(),
        facts=fields.STORED(),
        **texts,
        **staff,
    )


def whoosh_document(document: Document) -> dict[str, Any]:
    """The keyword arguments of `add_document`."""
    return {"key": document.key, **_BODIES[type(document)](document)}


def meta_document(watermark: int) -> dict[str, Any]:
    return {"key": META, "kind": META, "facts": json.dumps({"watermark": watermark})}


def watermark_of(stored: Mapping[str, Any]) -> int:
    """What `meta_document` was made with."""
    return int(json.loads(stored["facts"])["watermark"])


def _texts(name: str, text: str) -> dict[str, list[str]]:
    if not text:
        return {}
    return {field_name(name, language): terms for language, terms in terms_each(text).items()}


def _person(document: PersonDocument) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": "person"}
    for name in (*DECLARED.fields, *HISTORY.fields):
        body |= _texts(name, getattr(document, name))
    return body | _pairs(document.history)


def _pairs(history: str) -> dict[str, list[str]]:
    """Neighbouring terms of each line."""
    found: dict[str, list[str]] = {field_name("pairs", language): [] for language in LANGUAGES}
    for line in history.splitlines():
        for language, terms in terms_each(line).items():
            found[field_name("pairs", language)] += pairs_of(terms)
    return {name: terms for name, terms in found.items() if terms}


def _topic(document: TopicDocument) -> dict[str, Any]:
    return {"kind": "topic", **_texts("words", document.words)}


def _precedent(document: PrecedentDocument) -> dict[str, Any]:
    credited = {str(person): strength for person, strength in document.credits.items()}
    return {
        "kind": "precedent",
        "facts": json.dumps({"credits": credited}),
        **_texts("question", document.question),
        **_texts("answer", document.answer),
    }


def _asked(document: AskedDocument) -> dict[str, Any]:
    asked = terms_of(Query.of(document.text, document.language), document.heading)
    texts = {field_name(name, language): list(counts.elements()) for (name, language), counts in asked.items()}
    return {"kind": ASKED_KIND, "facts": json.dumps({"sizes": sizes_of(asked)}), **texts}


def _for_staff(document: TicketDocument | AnswerDocument) -> dict[str, Any]:
    languages = (document.language,) if document.language in LANGUAGES else LANGUAGES
    found = {field_name("find", lang): [token.term for token in analyse(document.text, lang)] for lang in languages}
    kind = "ticket" if isinstance(document, TicketDocument) else "answer"
    return {"kind": kind, "readers": " ".join(sorted(document.readers)), **found}


_BODIES: dict[type, Any] = {
    PersonDocument: _person,
    TopicDocument: _topic,
    PrecedentDocument: _precedent,
    TicketDocument: _for_staff,
    AnswerDocument: _for_staff,
    AskedDocument: _asked,
}
