"""What the matcher says of a ticket, as the page shows it: people with reasons, official answers, why not others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import current_app, url_for
from flask_babel import format_date, gettext, ngettext
from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Department, Person
from helpdesk.answers.models import OfficialAnswer
from helpdesk.answers.reusing import fits
from helpdesk.db import db
from helpdesk.routing.matching import EarlierAnswer, SuggestedExpert, Suggestions, suggestions_for
from helpdesk.routing.reasons import Reason, ReasonKind
from helpdesk.routing.wording import Words, reason_in_words, why_answer_is_not_usable
from helpdesk.search.index import IndexUnusable
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.seeing import visible_to
from helpdesk.web.labels import LANGUAGES, label
from helpdesk.web.language import language_now, time_zone
from helpdesk.web.likeness import closeness, is_against, why
from helpdesk.web.pages.triage.alike import AlikeQuestion, alike_questions

LIBRARY = "library.answer"  # the page of one official answer, when this installation has it
WORDS_SHOWN = 260


@dataclass
class Advice:
    """What the page says of who could answer. `ready` False: the index can't be read just now."""

    ready: bool = True
    mode: str = "propose"
    people: list[dict[str, Any]] = field(default_factory=list)
    not_chosen: list[dict[str, Any]] = field(default_factory=list)
    officials: list[dict[str, Any]] = field(default_factory=list)
    topic_ids: list[int] = field(default_factory=list)
    same: list[AlikeQuestion] = field(default_factory=list)
    """Open questions that seem to ask the same."""
    similar: list[Ticket] = field(default_factory=list)
    """Answered ones."""
    words: list[str] = field(default_factory=list)


def advice_for(ticket: Ticket, reader: Person, topics: Mapping[int, str]) -> Advice:
    """The suggestions for `ticket` in the words of `reader`. `topics`: how they are called, by id."""
    try:
        said = suggestions_for(ticket)
    except IndexUnusable:
        return Advice(ready=False)
    names = Names(_people_named(said), topics)
    words = Words(gettext, ngettext, names)
    answers = _answers(said.official_answers, said)
    earlier = _earlier_tickets(said, reader)
    shown = _Shown(names, words, answers, earlier)
    return Advice(
        mode=str(said.mode),
        people=[shown.expert(each) for each in said.experts],
        not_chosen=[
            {"person": names.people[other.person_id], "why": reason_in_words(other.why, words)["text"]}
            for other in said.not_chosen
        ],
        officials=[shown.official(each, ticket) for each in said.official_answers if each.answer_id in answers],
        topic_ids=list(said.topics),
        same=alike_questions(ticket, [each for each in said.similar_tickets if each.is_open], earlier, names),
        similar=[
            earlier[each.ticket_id] for each in said.similar_tickets if each.ticket_id in earlier and not each.is_open
        ],
        words=_matched_words(said),
    )


class PersonNamed(NamedTuple):
    handle: str
    name: str
    title: str
    department: str | None
    max_open: int


@dataclass(frozen=True)
class Names:
    """How ids, languages and dates are called for the reader (`routing.wording.Names`)."""

    people: Mapping[int, PersonNamed]
    topics: Mapping[int, str]

    def person(self, person_id: int) -> str:
        return self.people[person_id].name

    def topic(self, topic_id: int) -> str:
        return self.topics.get(topic_id, "")

    def language(self, code: str) -> str:
        name = label(LANGUAGES, code)
        return name.lower() if language_now() == "fr" else name  # French does not capitalise languages

    def day(self, iso: str) -> str:
        return str(format_date(datetime.fromisoformat(iso).astimezone(ZoneInfo(time_zone())).date(), "long"))


@dataclass(frozen=True)
class _Shown:
    names: Names
    words: Words
    answers: Mapping[int, OfficialAnswer]
    tickets: Mapping[int, Ticket]

    def expert(self, said: SuggestedExpert) -> dict[str, Any]:
        person = self.names.people[said.person_id]
        return {
            "person": person,
            "confidence": str(said.confidence),
            "reasons": [self._reason(each) for each in said.reasons if each.kind is not ReasonKind.LOAD],
            "open": said.open_offers,
            "most": person.max_open,
        }

    def _reason(self, reason: Reason) -> dict[str, Any]:
        said = reason_in_words(reason, self.words)
        return said | {"links": [link for each in said.get("precedents", ()) if (link := self._link(each))]}

    def _link(self, precedent: Mapping[str, Any]) -> dict[str, str] | None:
        """Where the reader can check a precedent; None when they may not see it."""
        if precedent["kind"] == "ticket":
            ticket = self.tickets.get(precedent["id"])
            return {"label": ticket.ref, "url": url_for("triage.ticket", ref=ticket.ref)} if ticket else None
        answer = self.answers.get(precedent["id"])
        url = answer_url(answer) if answer else None
        return {"label": answer.current.title, "url": url} if answer and url else None

    def official(self, said: EarlierAnswer, ticket: Ticket) -> dict[str, Any]:
        answer = self.answers[said.answer_id]
        version = answer.current
        why_not = said.why_not
        if why_not is None and not fits(version, ticket.channel):
            why_not = "too_long"
        return {
            "id": answer.id,
            "title": version.title or answer.code,
            "excerpt": version.plain[:WORDS_SHOWN],
            "code": answer.code,
            "review_by": version.review_by,
            "usable": why_not is None,
            "why_not": self._why_not(why_not, said) if why_not else None,
            "similarity_word": closeness(said.similarity),
            "reasons": [why(each, self.names) for each in said.reasons if not is_against(each)],
            "uses": answer.uses,
            "url": answer_url(answer),
        }

    def _why_not(self, code: str, said: EarlierAnswer) -> str:
        veto = next((reason for reason in said.reasons if reason.sign == code), None)
        return why(veto, self.names) if veto is not None else _why_not(code, self.words)


def answer_url(answer: OfficialAnswer) -> str | None:
    """The page of an official answer in the library."""
    known = LIBRARY in current_app.view_functions
    return url_for(LIBRARY, code=answer.code) if known else None


def _why_not(code: str, words: Words) -> str:
    return gettext("Too long for this channel") if code == "too_long" else why_answer_is_not_usable(code, words)


def _matched_words(said: Suggestions) -> list[str]:
    """The asker's words that speak for those suggested, longest first, to mark them in the question."""
    found = {word for expert in said.experts for reason in expert.reasons for word in reason.data.get("words", ())}
    return sorted(found, key=lambda word: (-len(word), word))


_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_NAMED = (
    select(Person.id, Person.handle, Person.name, Person.title, Department.name, Person.max_open)
    .outerjoin(Person.department)
    .where(Person.id.in_(_IDS))
)
_OFFICIAL = select(OfficialAnswer).where(OfficialAnswer.id.in_(_IDS)).options(joinedload(OfficialAnswer.versions))


def _people_named(said: Suggestions) -> dict[int, PersonNamed]:
    named = {each.person_id for each in said.experts} | {each.person_id for each in said.not_chosen}
    for reason in [reason for each in said.experts for reason in each.reasons] + [each.why for each in said.not_chosen]:
        named |= {reason.data[key] for key in ("person", "delegate") if reason.data.get(key)}
    if not named:
        return {}
    return {row[0]: PersonNamed._make(row[1:]) for row in db.session.execute(_NAMED, {"ids": list(named)})}


def _answers(officials: Iterable[EarlierAnswer], said: Suggestions) -> dict[int, OfficialAnswer]:
    ids = {each.answer_id for each in officials} | _precedents(said, "official_answer")
    if not ids:
        return {}
    rows = db.session.scalars(_OFFICIAL, {"ids": list(ids)})
    return {row.id: row for row in rows.unique() if row.versions}


def _earlier_tickets(said: Suggestions, reader: Person) -> dict[int, Ticket]:
    ids = {each.ticket_id for each in said.similar_tickets} | _precedents(said, "ticket")
    if not ids:
        return {}
    rows = select(Ticket).where(Ticket.id.in_(ids), visible_to(reader))
    return {row.id: row for row in db.session.scalars(rows)}


def _precedents(said: Suggestions, kind: str) -> set[int]:
    return {
        precedent["id"]
        for expert in said.experts
        for reason in expert.reasons
        for precedent in reason.data.get("precedents", ())
        if precedent["kind"] == kind
    }
