"""What becomes of one question of the demo, step by step, through the verbs that everybody uses.

A life is a generator: it does one thing, then yields how long it takes until the next. How far it goes depends on how
late the question came, so that every working list has something in it today.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from helpdesk import clock
from helpdesk.accounts.models import Person
from helpdesk.answers.approving import approve, eligible_approvers, return_draft
from helpdesk.answers.recording import answer_with
from helpdesk.answers.reusing import reuse
from helpdesk.answers.writing import submit
from helpdesk.demo.steps import (
    COMMUNITY_MANAGERS,
    SENSITIVITIES,
    ask,
    draft_answer,
    first_there,
    lead_of_the_night,
    person,
    publish_answer,
    reusable,
    triage_as,
)
from helpdesk.routing.models import DeclineReason
from helpdesk.routing.offering import accept, decline, offer
from helpdesk.tickets import triaging
from helpdesk.tickets.closing import close
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.workflow import Outcome, State

# Where the last questions stop, the newest first; every earlier one goes to its end.
STOPS = (
    "received", "received", "offered", "received", "answering", "triaged", "submitted", "ready", "received", "offered",
    "answering", "triaged", "received", "submitted", "ready", "declined", "offered", "answering", "returned",
    "received", "triaged", "ready", "submitted", "answering", "offered", "ready", "submitted", "returned", "offered",
)  # fmt: skip
LATE = ("fr-007", "fr-022", "fr-045", "en-012")  # nobody got round to these: they are late today


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
    ticket = ask(row)
    if stop == "received":
        return
    yield minutes(chance, 12, 80)
    by = person(chance.choice(COMMUNITY_MANAGERS))
    triage_as(ticket, row, by)
    if stop == "triaged":
        return
    yield minutes(chance, 2, 15)
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
    elif action == "reuse" and reusable(ticket, expect) and stop in ("ready", "end"):
        answer = answer_with(expect["official_answer"])
        assert answer is not None
        reuse(ticket, answer, by=by)
        if stop != "ready":
            yield minutes(chance, 4, 30)
            publish_answer(ticket, row, by)
    else:
        yield from _answer(ticket, row, stop, by, chance)


def _close(ticket: Ticket, action: str, by: Person) -> Iterator[timedelta]:
    if action == "merge":
        lead = lead_of_the_night()
        if lead is not None and lead.id != ticket.id:
            triaging.merge(ticket, lead, by=by)
        return
    yield timedelta(minutes=25)
    outcome = Outcome.HANDED_OFF if action in ("thank", "voc") else Outcome.NO_REPLY
    other = person(COMMUNITY_MANAGERS[(COMMUNITY_MANAGERS.index(by.handle) + 1) % 3])
    close(ticket, by=other, outcome=outcome, reason=_CLOSED[action])


def _answer(ticket: Ticket, row: dict[str, Any], stop: str, by: Person, chance: random.Random) -> Iterator[timedelta]:
    """The long way: an expert is asked, answers, somebody else approves, and it is posted."""
    expert = first_there(row["expect"]["experts"])
    if expert is None:
        return
    if stop == "declined":
        declined = offer(ticket, expert, by=by)
        yield minutes(chance, 30, 90)
        decline(declined, by=expert, reason=DeclineReason.OVERLOADED, note="", instead=expert.backup)
        return
    asked = offer(ticket, expert, by=by)
    if stop == "offered":
        return
    yield minutes(chance, 20, 400)
    accept(asked, by=expert)
    if stop == "answering":
        yield minutes(chance, 15, 60)
        draft_answer(ticket, row, expert, unfinished=True)
        return
    yield minutes(chance, 30, 900)
    draft = draft_answer(ticket, row, expert)
    submit(ticket, draft.revision, by=expert)
    if stop == "submitted":
        return
    yield minutes(chance, 20, 400)
    approver = chance.choice(eligible_approvers(ticket))
    if stop == "returned":
        return_draft(ticket, draft.revision, by=approver, comment=_RETURNED[row["lang"]])
        return
    approve(ticket, draft.revision, by=approver)
    if stop == "ready":
        return
    yield minutes(chance, 5, 60)
    publish_answer(ticket, row, by)
    yield timedelta(days=7)
    if ticket.state is State.ANSWERED and ticket.state_since < clock.now() - timedelta(days=6):
        close(ticket, by=by, outcome=Outcome.ANSWERED, reason="Sept jours sans nouvelle : répondu.")


def minutes(chance: random.Random, least: int, most: int) -> timedelta:
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
