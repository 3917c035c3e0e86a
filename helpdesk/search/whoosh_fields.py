"""How documents of the port become Whoosh documents: the schema, and one function per kind.

All kinds live in one Whoosh index, so that one commit holds a whole batch and its watermark. Each text
field exists once per language. Of our own classes only those of `whoosh_terms` go into the schema: it is pickled into
the index.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from whoosh import columns, fields

from helpdesk.search.alike import FAMILIES as ASKED
from helpdesk.search.alike import KIND as ASKED_KIND
from helpdesk.search.alike import sizes_of, terms_of
from helpdesk.search.asked import pieces_of
from helpdesk.search.index import (
    BREAK,
    AnswerDocument,
    AskedDocument,
    Document,
    PersonDocument,
    PrecedentDocument,
    TicketDocument,
    TopicDocument,
)
from helpdesk.search.prepared import Family
from helpdesk.search.query import Query, pairs_of
from helpdesk.search.text import ANALYSER_VERSION, LANGUAGES, analyse, terms_each
from helpdesk.search.whoosh_terms import TERMS

SCHEMA_VERSION = 5
"""Raised with every change below: an index made by another version is rebuilt."""

VERSION = f"{SCHEMA_VERSION}.{ANALYSER_VERSION}"

DECLARED = Family("person", {"title": 1.0, "profile": 1.0, "topics": 1.0, "department": 0.3}, b=1.0, k1=3.0)
HISTORY = Family("person", {"history": 1.0}, b=1.0, k1=3.0, power=2, common=True, most_terms=256)
PAIRS = Family("person", {"neighbours": 0.5}, b=1.0, k1=3.0, power=2, pairs=True, most_terms=256)
TOPICS = Family("topic", {"words": 1.0})
PRECEDENTS = Family("precedent", {"question": 1.0, "answer": 0.4}, common=True)

FAMILIES = (DECLARED, HISTORY, PAIRS, TOPICS, PRECEDENTS, *ASKED)

KIND_OF_FIELD = {name: family.kind for family in FAMILIES for name in family.fields}
if len(KIND_OF_FIELD) != sum(len(family.fields) for family in FAMILIES):
    raise RuntimeError("a field belongs to one kind of documents")


class Tier(NamedTuple):
    """Fields of a conversation that the same people may read: by stem, as written, and who."""

    stems: str | None
    written: str
    readers: str


OPEN = Tier("find", "written", "readers")
"""What everybody may read who sees the ticket."""
NOTES = Tier("notes", "notes_written", "notes_readers")
ASKER = Tier(None, "asker", "asker_readers")
TIERS = (OPEN, NOTES, ASKER)

PART_END = "¶"
"""The term between two parts of a conversation: nobody can ask for it."""
NUMBER, OPENED, DUE = "number", "opened", "due"
"""Columns, 32 bits each: what tells equal results apart; seconds since 1970, 0 for none."""
COLUMNS = (NUMBER, OPENED, DUE)

META = "meta"
"""Key of the document that carries the watermark."""


@cache
def field_name(name: str, language: str) -> str:
    return f"{name}_{language}"


SCORED_FOR_STAFF = tuple(field_name("find", language) for language in LANGUAGES)


def schema() -> fields.Schema:
    texts = {field_name(name, language): TERMS() for name in KIND_OF_FIELD for language in LANGUAGES}
    return fields.Schema(
        key=fields.ID(unique=True, stored=True),
        kind=fields.ID(),
        facts=fields.STORED(),
        **texts,
        **_staff_fields(),
    )


def _staff_fields() -> dict[str, fields.FieldType]:
    found: dict[str, fields.FieldType] = {tier.readers: fields.KEYWORD() for tier in TIERS}
    found["facets"] = fields.KEYWORD()
    for tier in TIERS:
        found[tier.written] = _unscored(TERMS())
        if tier.stems:
            stems = {field_name(tier.stems, language): TERMS(places=True) for language in LANGUAGES}
            found |= stems if tier is OPEN else {name: _unscored(field) for name, field in stems.items()}
    found |= {name: fields.COLUMN(columns.NumericColumn("I")) for name in COLUMNS}
    return found


def _unscored(field: TERMS) -> TERMS:
    """Lengths are not kept: each would be one more file in every segment."""
    field.scorable = False
    return field


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
    found: dict[str, list[str]] = {field_name("neighbours", language): [] for language in LANGUAGES}
    for line in history.splitlines():
        for language, terms in terms_each(line).items():
            found[field_name("neighbours", language)] += pairs_of(terms)
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


def number_of(key: str) -> int:
    """The number by which equal results are told apart: "ticket:7" → 14, "answer:7" → 15."""
    kind, _, row_id = key.partition(":")
    return int(row_id) * 2 + (kind == "answer")


def _ticket(document: TicketDocument) -> dict[str, Any]:
    body = _for_staff(document)
    if document.notes:
        body |= _read_by(NOTES, document.notes, document.notes_readers, LANGUAGES)
    if document.asker:
        body |= _read_by(ASKER, document.asker, document.asker_readers, ())
    if document.due_at is not None:
        body[DUE] = _seconds(document.due_at)
    return {"kind": "ticket", **body}


def _answer(document: AnswerDocument) -> dict[str, Any]:
    return {"kind": "answer", **_for_staff(document)}


def _for_staff(document: TicketDocument | AnswerDocument) -> dict[str, Any]:
    languages = (document.language,) if document.language in LANGUAGES else LANGUAGES
    body = _read_by(OPEN, document.text, document.readers, languages)
    body |= {"facets": " ".join(sorted(document.facets)), NUMBER: number_of(document.key)}
    return body | ({OPENED: _seconds(document.opened_at)} if document.opened_at else {})


def _read_by(tier: Tier, text: str, readers: frozenset[str], languages: Sequence[str]) -> dict[str, Any]:
    parts = text.split(BREAK)
    body: dict[str, Any] = {tier.readers: " ".join(sorted(readers))}
    body[tier.written] = list(dict.fromkeys(piece for part in parts for piece in pieces_of(part)))
    for language in languages:
        body[field_name(str(tier.stems), language)] = _stems(parts, language)
    return body


def _stems(parts: Iterable[str], language: str) -> list[str]:
    terms: list[str] = []
    for part in parts:
        terms += [PART_END] if terms else []
        terms += [token.term for token in analyse(part, language)]
    return terms


def _seconds(instant: datetime) -> int:
    return max(0, int(instant.timestamp()))


_BODIES: dict[type, Any] = {
    PersonDocument: _person,
    TopicDocument: _topic,
    PrecedentDocument: _precedent,
    TicketDocument: _ticket,
    AnswerDocument: _answer,
    AskedDocument: _asked,
}
