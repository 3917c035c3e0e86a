"""The single steps in the life of a question of the demo, each by the verb that everybody uses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import SYSTEM, Person
from helpdesk.answers.recording import answer_with
from helpdesk.answers.reusing import usable
from helpdesk.answers.validity import day_of
from helpdesk.answers.writing import save_draft
from helpdesk.db import db
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.publishing.posting import publish, text_for
from helpdesk.routing.models import Topic
from helpdesk.tickets import triaging
from helpdesk.tickets.classes import class_of
from helpdesk.tickets.models import Question, Ticket

WHERE = {
    "mastodon": "https://social.oceliane.example/@oceliane/{}",
    "discourse": "https://forum.oceliane.example/t/{}",
    "facebook": "https://www.facebook.com/oceliane-fictif/posts/{}",
    "x": "https://x.com/oceliane_fictif/status/{}",
    "google_avis": "https://g.page/oceliane-fictif/{}",
    "rss": "https://forum.example/t/{}",
}
SENSITIVITIES = {
    "juridique": "legal",
    "donnees-personnelles": "personal_data",
    "presse-ou-elu": "press",
    "prix-ou-engagement-financier": "money",
}
COMMUNITY_MANAGERS = ("cm-1", "cm-2", "cm-3")


def ask(row: dict[str, Any]) -> Ticket:
    channel = row["channel"]
    submission = clean(
        text=row["text"].strip(),
        channel=channel,
        now=clock.now(),
        external_id=row["id"],
        url=WHERE[channel].format(row["id"]) if channel in WHERE else None,
        posted_at=row["received_at"] if row["received_at"] <= clock.now() else None,
        author={"handle": row.get("author")},
    )
    return receive(submission, by=SYSTEM, origin="load").ticket


def triage_as(ticket: Ticket, row: dict[str, Any], by: Person) -> None:
    expect = row["expect"]
    codes = expect.get("topics") or []
    topics = {topic.code: topic for topic in db.session.scalars(select(Topic).where(Topic.code.in_(codes)))}
    triaging.triage(
        ticket,
        by=by,
        class_=class_of(expect["triage"]) or "question",
        priority=expect["priority"],
        topics=[topics[code] for code in codes if code in topics],
        sensitivity=SENSITIVITIES.get(expect.get("sensitivity", "")),
        language=row["lang"],
    )


def draft_answer(ticket: Ticket, row: dict[str, Any], expert: Person, *, unfinished: bool = False) -> Any:
    """The answer written for this question, or its official answer in force, or the topic's general words."""
    written = row.get("written") or _WRITTEN[row["lang"]]
    known = answer_with(row["expect"].get("official_answer") or "")
    body = known.current.body if known is not None and not row.get("written") else written["body"]
    short = known.current.short if known is not None and not row.get("written") else written["short"]
    return save_draft(
        ticket,
        by=expert,
        body=body.split(". ")[0] + "…" if unfinished else body,
        short="" if unfinished else short,
        title=row.get("title") or _title(ticket),
        sources=_SOURCES[row["lang"]],
        language=row["lang"],
    )


def _title(ticket: Ticket) -> str:
    """What the answer is about: the first topic, in the words of the ticket's language."""
    topic = db.session.get(Topic, ticket.topic_rows[0].topic_id) if ticket.topic_rows else None
    return topic.label(ticket.language or "fr") if topic else ""


def publish_answer(ticket: Ticket, row: dict[str, Any], by: Person) -> None:
    channel = row["channel"]
    url = WHERE[channel].format(f"{row['id']}-reponse") if channel in WHERE else None
    posted = text_for(ticket, ticket.channel).text if url else None
    publish(ticket, by=by, url=url, posted_text=posted)


def reusable(ticket: Ticket, expect: dict[str, Any]) -> bool:
    answer = answer_with(expect.get("official_answer") or "")
    if answer is None:
        return False
    return usable(answer, today=day_of(clock.now()), language=ticket.language, channel=ticket.channel) is None


def first_there(handles: list[str]) -> Person | None:
    people = [person for person in (person_with(handle) for handle in handles) if person is not None]
    there = [each for each in people if each.has(Role.EXPERT) and each.absence_at(clock.now()) is None]
    return there[0] if there else None


def lead_of_the_night() -> Ticket | None:
    first = select(Ticket).join(Question, Question.ticket_id == Ticket.id).where(Question.external_id == "burst-01")
    return db.session.scalar(first)


def person(handle: str) -> Person:
    person = person_with(handle)
    assert person is not None, handle
    return person


_SOURCES = {"fr": "Guide interne du service, mis à jour ce mois-ci.", "en": "The department's own guide, this month."}
_WRITTEN = {
    "fr": {
        "body": "Merci pour votre message. Notre équipe a vérifié : la marche à suivre est dans Mon Océliane, "
        "rubrique « Assistance ». Le suivi s’y fait étape par étape, et vous êtes prévenu à chaque changement.",
        "short": "Merci. La marche à suivre et le suivi sont dans Mon Océliane > Assistance.",
    },
    "en": {
        "body": "Thank you for your message. Our team checked: the steps are in Mon Océliane, under Support. You can "
        "follow each of them there, and you are told of every change.",
        "short": "Thank you. The steps and the follow-up are in Mon Océliane > Support.",
    },
}
