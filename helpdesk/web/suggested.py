"""Suggestions as people and programs read them: names and sentences in the reader's language."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from flask_babel import format_date, get_locale, gettext, ngettext, to_user_timezone
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.answers.models import OfficialAnswer
from helpdesk.db import db
from helpdesk.routing.matching import Suggestions
from helpdesk.routing.models import Topic
from helpdesk.routing.reasons import Reason
from helpdesk.routing.wording import Words, reason_in_words, why_answer_is_not_usable
from helpdesk.search.index import PrecedentKind
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.seeing import visible_tickets
from helpdesk.web.likeness import why


class _Names:
    """How ids are called, each looked up once."""

    def __init__(self) -> None:
        self.person = lru_cache(self._person)
        self.topic = lru_cache(self._topic)

    def _person(self, person_id: int) -> str:
        return db.session.get_one(Person, person_id).name

    def _topic(self, topic_id: int) -> str:
        locale = get_locale()
        return db.session.get_one(Topic, topic_id).label(locale.language if locale else "fr")

    def language(self, code: str) -> str:
        locale = get_locale()
        return str(locale.languages.get(code, code)) if locale else code

    def day(self, iso: str) -> str:
        return str(format_date(to_user_timezone(datetime.fromisoformat(iso)), "long"))


def in_readers_words() -> Words:
    return Words(gettext, ngettext, _Names())


def suggestions_document(suggestions: Suggestions, reader: Person | None) -> dict[str, Any]:
    """What the API answers. Tickets that `reader` may not see are left out; all are without a reader."""
    words = in_readers_words()
    people = _people(suggestions)
    refs = _refs(suggestions, reader)
    return {
        "mode": str(suggestions.mode),
        "experts": [
            {
                "person": people[expert.person_id].handle,
                "name": people[expert.person_id].name,
                "department": _department(people[expert.person_id]),
                "probability": round(expert.probability, 3),
                "confidence": str(expert.confidence),
                "score": round(expert.score, 3),
                "points": {part: round(points, 3) for part, points in expert.parts.items()},
                "reasons": [_reason(reason, words, refs) for reason in expert.reasons],
            }
            for expert in suggestions.experts
        ],
        "not_chosen": [
            {"person": people[other.person_id].handle, "why": reason_in_words(other.why, words)["text"]}
            for other in suggestions.not_chosen
        ],
        "official_answers": _answers(suggestions, words),
        "similar_tickets": [
            {
                "ref": refs[ticket.ticket_id],
                "similarity": round(ticket.similarity, 3),
                "open": ticket.is_open,
                "duplicate": ticket.is_duplicate,
                "reasons": [{"kind": str(each.sign), "text": why(each, words.names)} for each in ticket.reasons],
            }
            for ticket in suggestions.similar_tickets
            if ticket.ticket_id in refs
        ],
    }


def _people(suggestions: Suggestions) -> dict[int, Person]:
    ids = [expert.person_id for expert in suggestions.experts]
    ids += [other.person_id for other in suggestions.not_chosen]
    return {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))}


def _department(person: Person) -> str | None:
    return person.department.code if person.department else None


def _refs(suggestions: Suggestions, reader: Person | None) -> dict[int, str]:
    """References of the earlier tickets that the reader may see."""
    ids = {ticket.ticket_id for ticket in suggestions.similar_tickets}
    for expert in suggestions.experts:
        for reason in expert.reasons:
            ids |= {p["id"] for p in reason.data.get("precedents", ()) if p["kind"] == PrecedentKind.TICKET}
    if reader is None or not ids:
        return {}
    rows = db.session.scalars(visible_tickets(reader).where(Ticket.id.in_(ids)))
    return {ticket.id: ticket.ref for ticket in rows}


def _reason(reason: Reason, words: Words, refs: dict[int, str]) -> dict[str, Any]:
    said = reason_in_words(reason, words)
    document: dict[str, Any] = {"kind": said["kind"], "text": said["text"]}
    if "words" in said:
        document["terms"] = said["words"]
    tickets = [refs[p["id"]] for p in said.get("precedents", ()) if p["kind"] == "ticket" and p["id"] in refs]
    if tickets:
        document["tickets"] = tickets
    return document


def _answers(suggestions: Suggestions, words: Words) -> list[dict[str, Any]]:
    ids = [answer.answer_id for answer in suggestions.official_answers]
    rows = {row.id: row for row in db.session.scalars(select(OfficialAnswer).where(OfficialAnswer.id.in_(ids)))}
    return [
        {
            "id": rows[answer.answer_id].code,
            "title": rows[answer.answer_id].current.title,
            "similarity": round(answer.similarity, 3),
            "usable": answer.usable,
            "why_not": why_answer_is_not_usable(answer.why_not, words) if answer.why_not else None,
        }
        for answer in suggestions.official_answers
    ]
