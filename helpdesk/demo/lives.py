"""What becomes of one question of the demo, step by step, through the verbs that everybody uses.

A life is a generator: it does one thing, then yields how long it takes until the next. How far it goes depends on how
late the question came, so that every working list has something in it today.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Role
from helpdesk.accounts.directory import person_with
from helpdesk.accounts.models import SYSTEM, Person
from helpdesk.answers.approving import approve, eligible_approvers, return_draft
from helpdesk.answers.recording import answer_with
from helpdesk.answers.reusing import reuse, usable
from helpdesk.answers.validity import day_of
from helpdesk.answers.writing import save_draft, submit
from helpdesk.db import db
from helpdesk.intake.cleaning import clean
from helpdesk.intake.receiving import receive
from helpdesk.publishing.posting import publish, text_for
from helpdesk.routing.models import DeclineReason, Topic
from helpdesk.routing.offering import accept, decline, offer
from helpdesk.tickets import triaging
from helpdesk.tickets.classes import class_of
from helpdesk.tickets.closing import close
from helpdesk.tickets.models import Question, Ticket
from helpdesk.tickets.workflow import Outcome, State

# Where the last questions stop, the newest first; every earlier one goes to its end.
STOPS = (
    "received", "received", "offered", "received", "answering", "triaged", "submitted", "ready", "received", "offered",
    "answering", "triaged", "received", "submitted", "ready", "declined", "offered", "answering", "returned",
    "received", "triaged", "ready", "submitted", "answering", "offered", "ready", "submitted", "returned", "offered",
)  # fmt: skip
LATE = ("fr-007", "fr-022", "fr-045", "en-012")  # nobody got round to these: they are late today
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


def stops_of(rows: list[dict[str, Any]]) -> list[str]:
    """How far each question goes ("end" for most): the last ones that somebody has to answer stop on the way."""
    stops = ["end"] * len(rows)
    to_answer = [number for number, row in enumerate(rows) if _is_to_be_answered(row)]
    for number, stop in zip(reversed(to_answer), STOPS, strict=False):
        stops[number] = stop
    return ["triaged" if row["id"] in LATE else stop for row, stop in zip(rows, stops, strict=True)]


def life_of(row: dict[str, Any], stop: str) -> Iterator[timedelta]:
    """The life of one question, up to `stop`."""
    chance = random.Random(row["id"])  # noqa: S311  the same demo every day
    ticket = _ask(row)
    if stop == "received":
        return
    yield _minutes(chance, 12, 80)
    by = _person(chance.choice(COMMUNITY_MANAGERS))
    _triage(ticket, row, by)
    if stop == "triaged":
        return
    yield _minutes(chance, 2, 15)
    yield from _after_triage(ticket, row, row["expect"]["action"], stop, by, chance)


def _is_to_be_answered(row: dict[str, Any]) -> bool:
    expect = row["expect"]
    action, sensitivity = expect["action"], SENSITIVITIES.get(expect.get("sensitivity", ""))
    return action in ("route", "route_multi", "reuse", "handoff") and sensitivity != "press"


def _after_triage(
    ticket: Ticket, row: dict[str, Any], action: str, stop: str, by: Person, chance: random.Random
) -> Iterator[timedelta]:
    expect = row["expect"]
    if action == "escalate" or ticket.sensitivity == "press":  # what belongs to the press is never offered
        circuit = "press" if ticket.sensitivity == "press" else "legal" if "droit" in expect["triage"] else "data"
        triaging.escalate(ticket, by=by, circuit=circuit, reason=_ESCALATED[circuit])
    elif action == "clarify":
        triaging.ask_clarification(ticket, by=by, wording=_CLARIFY[row["lang"]])
    elif action in ("no_reply", "moderate", "thank", "voc", "abstain", "merge"):
        yield from _close(ticket, action, by)
    elif action == "reuse" and _reusable(ticket, expect) and stop in ("ready", "end"):
        answer = answer_with(expect["official_answer"])
        assert answer is not None
        reuse(ticket, answer, by=by)
        if stop != "ready":
            yield _minutes(chance, 4, 30)
            _publish(ticket, row, by)
    else:
        yield from _answer(ticket, row, stop, by, chance)


def _close(ticket: Ticket, action: str, by: Person) -> Iterator[timedelta]:
    if action == "merge":
        lead = _lead_of_the_night()
        if lead is not None and lead.id != ticket.id:
            triaging.merge(ticket, lead, by=by)
        return
    yield timedelta(minutes=25)
    outcome = Outcome.HANDED_OFF if action in ("thank", "voc") else Outcome.NO_REPLY
    other = _person(COMMUNITY_MANAGERS[(COMMUNITY_MANAGERS.index(by.handle) + 1) % 3])
    close(ticket, by=other, outcome=outcome, reason=_CLOSED[action])


def _answer(ticket: Ticket, row: dict[str, Any], stop: str, by: Person, chance: random.Random) -> Iterator[timedelta]:
    """The long way: an expert is asked, answers, somebody else approves, and it is posted."""
    expert = _first_there(row["expect"]["experts"])
    if expert is None:
        return
    if stop == "declined":
        declined = offer(ticket, expert, by=by)
        yield _minutes(chance, 30, 90)
        decline(declined, by=expert, reason=DeclineReason.OVERLOADED, note="", instead=expert.backup)
        return
    asked = offer(ticket, expert, by=by)
    if stop == "offered":
        return
    yield _minutes(chance, 20, 400)
    accept(asked, by=expert)
    if stop == "answering":
        yield _minutes(chance, 15, 60)
        _draft(ticket, row, expert, unfinished=True)
        return
    yield _minutes(chance, 30, 900)
    draft = _draft(ticket, row, expert)
    submit(ticket, draft.revision, by=expert)
    if stop == "submitted":
        return
    yield _minutes(chance, 20, 400)
    approver = chance.choice(eligible_approvers(ticket))
    if stop == "returned":
        return_draft(ticket, draft.revision, by=approver, comment=_RETURNED[row["lang"]])
        return
    approve(ticket, draft.revision, by=approver)
    if stop == "ready":
        return
    yield _minutes(chance, 5, 60)
    _publish(ticket, row, by)
    yield timedelta(days=7)
    if ticket.state is State.ANSWERED and ticket.state_since < clock.now() - timedelta(days=6):
        close(ticket, by=by, outcome=Outcome.ANSWERED, reason="Sept jours sans nouvelle : répondu.")


# --- steps ------------------------------------------------------------------------------------------------------------


def _ask(row: dict[str, Any]) -> Ticket:
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


def _triage(ticket: Ticket, row: dict[str, Any], by: Person) -> None:
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


def _draft(ticket: Ticket, row: dict[str, Any], expert: Person, *, unfinished: bool = False) -> Any:
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
        title=_title(ticket),
        sources=_SOURCES[row["lang"]],
        language=row["lang"],
    )


def _title(ticket: Ticket) -> str:
    """What the answer is about: the first topic, in the words of the ticket's language."""
    topic = db.session.get(Topic, ticket.topic_rows[0].topic_id) if ticket.topic_rows else None
    return topic.label(ticket.language or "fr") if topic else ""


def _publish(ticket: Ticket, row: dict[str, Any], by: Person) -> None:
    channel = row["channel"]
    url = WHERE[channel].format(f"{row['id']}-reponse") if channel in WHERE else None
    posted = text_for(ticket, ticket.channel).text if url else None
    publish(ticket, by=by, url=url, posted_text=posted)


def _reusable(ticket: Ticket, expect: dict[str, Any]) -> bool:
    answer = answer_with(expect.get("official_answer") or "")
    if answer is None:
        return False
    return usable(answer, today=day_of(clock.now()), language=ticket.language, channel=ticket.channel) is None


def _first_there(handles: list[str]) -> Person | None:
    people = [person for person in (person_with(handle) for handle in handles) if person is not None]
    there = [each for each in people if each.has(Role.EXPERT) and each.absence_at(clock.now()) is None]
    return there[0] if there else None


def _lead_of_the_night() -> Ticket | None:
    first = select(Ticket).join(Question, Question.ticket_id == Ticket.id).where(Question.external_id == "burst-01")
    return db.session.scalar(first)


def _person(handle: str) -> Person:
    person = person_with(handle)
    assert person is not None, handle
    return person


def _minutes(chance: random.Random, least: int, most: int) -> timedelta:
    return timedelta(minutes=chance.randint(least, most))


_CLARIFY = {
    "fr": "Bonjour, qu’est-ce qui ne marche pas : internet, le mobile, la télévision ou l’espace client ? "
    "Et depuis quand ?",
    "en": "Hello, what would you like help with: broadband, mobile, TV or your online account?",
}
_CLOSED = {
    "no_reply": "Moquerie, sans question.",
    "moderate": "Message indésirable, masqué sur le canal.",
    "thank": "Remerciée ; transmis à l’équipe.",
    "voc": "Idée notée pour la synthèse du mois.",
    "abstain": "Hors de notre champ.",
}
_ESCALATED = {
    "press": "Presse ou élu : jamais dans le circuit des experts.",
    "legal": "Délai légal à tenir.",
    "data": "Rumeur à vérifier avant de dire quoi que ce soit.",
}
_RETURNED = {
    "fr": "Merci. Pouvez-vous donner le délai exact, et dire où trouver le formulaire ?",
    "en": "Thank you. Could you give the exact delay and say where the form is?",
}
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
