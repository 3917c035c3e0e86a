"""A ticket's log in plain words: one entry per event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext

from helpdesk.tickets.models import Event
from helpdesk.tickets.workflow import Kind
from helpdesk.web.labels import CIRCUITS, CLASSES, DECLINE_REASONS, OUTCOMES, label
from helpdesk.web.wording import REFUSALS


def _(message: str, **values: Any) -> str:
    """gettext, which says of itself only that it returns something."""
    return str(gettext(message, **values))


SIGNS: Mapping[Kind, tuple[str, str | None]] = {
    Kind.RECEIVED: ("inbox", None),
    Kind.CLAIMED: ("hand-index", None),
    Kind.RELEASED: ("arrow-counterclockwise", None),
    Kind.SUGGESTED: ("lightbulb", None),
    Kind.TRIAGED: ("tags", None),
    Kind.OFFERED: ("send", None),
    Kind.DECLINED: ("x-lg", None),
    Kind.REDIRECTED: ("signpost-split", None),
    Kind.WITHDRAWN: ("arrow-counterclockwise", None),
    Kind.EXPIRED: ("clock-history", "alarm"),
    Kind.ACCEPTED: ("check2", "good"),
    Kind.CLARIFICATION_ASKED: ("question-circle", None),
    Kind.ASKER_REPLIED: ("reply", None),
    Kind.DRAFTED: ("pencil", None),
    Kind.SUBMITTED: ("send-check", None),
    Kind.RETURNED: ("arrow-left", None),
    Kind.REFUSED_APPROVAL: ("shield-lock", "alarm"),
    Kind.APPROVED: ("patch-check", "good"),
    Kind.REUSED: ("journal-check", "good"),
    Kind.REVERTED: ("arrow-counterclockwise", "alarm"),
    Kind.PUBLISHED: ("globe", "good"),
    Kind.PUBLICATION_FAILED: ("exclamation-triangle", "alarm"),
    Kind.CLOSED: ("archive", None),
    Kind.REOPENED: ("arrow-repeat", None),
    Kind.MERGED: ("diagram-3", None),
    Kind.ESCALATED: ("shield-lock", "alarm"),
    Kind.RELEASED_TO_ROUTE: ("signpost-2", None),
    Kind.ORIGINAL_READ: ("eye", None),
    Kind.ERASED: ("trash", None),
    Kind.RETARGETED: ("clock-history", None),
    Kind.JUDGED: ("chat-left-text", None),
}


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `note` is what somebody wrote to explain it."""

    icon: str
    text: str
    who: str | None
    at: datetime
    note: str | None = None
    tone: str | None = None


@dataclass(frozen=True)
class Names:
    """How ids in the facts are called: people by id, tickets by id (None: not for this reader)."""

    people: Mapping[int, str]
    tickets: Mapping[int, str]

    def person(self, person_id: Any) -> str:
        return self.people.get(person_id) or _("somebody")

    def ticket(self, ticket_id: Any) -> str:
        return self.tickets.get(ticket_id) or _("another question")


def entry(event: Event, names: Names, note: str | None = None) -> Entry:
    """The line for one event."""
    icon, tone = SIGNS[event.kind]
    who = event.actor.name if event.actor else {"asker": _("The asker"), "system": "Relais"}.get(event.role)
    return Entry(icon, sentence(event, names), who, event.at, note, tone)


def people_in(events: list[Event]) -> set[int]:
    """The ids of people that the facts name: load their names together."""
    keys = ("person_id", "instead_id")
    return {event.facts[key] for event in events for key in keys if event.facts.get(key)}


def sentence(event: Event, names: Names) -> str:
    """What happened, as the end of a sentence that begins with who did it."""
    told = _TOLD.get(event.kind)
    return told(event.facts, names) if told else _simple(event.kind)


def change_in_words(change: Mapping[str, Any]) -> str:
    """What somebody else did first (`events.last_change`), without its details."""
    kind = change.get("kind")
    if kind is None:
        return _("Somebody else changed this question in the meantime.")
    did = _simple(Kind(kind)) or _SHORT[Kind(kind)]()
    who = {"asker": _("The asker"), "system": "Relais"}.get(str(change["by"]), str(change["by"]))
    return _("%(who)s %(did)s", who=who, did=did)


def _simple(kind: Kind) -> str:
    return {
        Kind.CLAIMED: _("took it"),
        Kind.RELEASED: _("let go of it"),
        Kind.SUGGESTED: _("worked out who could answer"),
        Kind.CLARIFICATION_ASKED: _("asked the asker for a detail"),
        Kind.ASKER_REPLIED: _("wrote back"),
        Kind.REFUSED_APPROVAL: _("tried to approve their own answer: refused"),
        Kind.APPROVED: _("approved the answer"),
        Kind.REUSED: _("chose an official answer in force"),
        Kind.RELEASED_TO_ROUTE: _("gave it back to the normal path"),
        Kind.ORIGINAL_READ: _("read the original text"),
        Kind.ERASED: _("erased the asker’s personal data"),
        Kind.RETARGETED: _("applied the new targets to it"),
    }.get(kind, "")


# Without details, for who came second.
_SHORT: Mapping[Kind, Any] = {
    Kind.RECEIVED: lambda: _("received the question"),
    Kind.TRIAGED: lambda: _("triaged it"),
    Kind.OFFERED: lambda: _("asked an expert"),
    Kind.DECLINED: lambda: _("declined"),
    Kind.REDIRECTED: lambda: _("passed it on"),
    Kind.WITHDRAWN: lambda: _("took the question back from the expert"),
    Kind.EXPIRED: lambda: _("ended an offer that had no reply"),
    Kind.ACCEPTED: lambda: _("accepted to answer"),
    Kind.DRAFTED: lambda: _("saved a draft"),
    Kind.SUBMITTED: lambda: _("handed the answer over for approval"),
    Kind.RETURNED: lambda: _("returned the answer to its author"),
    Kind.REVERTED: lambda: _("sent the answer back to validation"),
    Kind.PUBLISHED: lambda: _("published the answer"),
    Kind.PUBLICATION_FAILED: lambda: _("could not publish the answer"),
    Kind.CLOSED: lambda: _("closed it"),
    Kind.REOPENED: lambda: _("opened it again"),
    Kind.MERGED: lambda: _("merged it with another question"),
    Kind.ESCALATED: lambda: _("moved it to a restricted circuit"),
    Kind.JUDGED: lambda: _("said whether the answer helped"),
}


def _received(facts: Mapping[str, Any], names: Names) -> str:
    return {
        "form": _("received the question by the public form"),
        "paste": _("pasted the question from a public post"),
        "api": _("received the question from another program"),
        "load": _("received the question from a file"),
    }.get(str(facts.get("origin")), _("received the question"))


def _triaged(facts: Mapping[str, Any], names: Names) -> str:
    class_ = label(CLASSES, facts["class"])
    before, now = facts.get("previous_priority"), facts["priority"]
    if before and before != now:
        return _("triaged it: %(class)s, priority %(before)s → %(now)s", **{"class": class_}, before=before, now=now)
    return _("triaged it: %(class)s, priority %(now)s", **{"class": class_}, now=now)


def _declined(facts: Mapping[str, Any], names: Names) -> str:
    why = label(DECLINE_REASONS, facts["reason"])
    if facts.get("instead_id"):
        return _("declined: %(why)s. Proposes %(name)s instead", why=why, name=names.person(facts["instead_id"]))
    return _("declined: %(why)s", why=why)


def _redirected(facts: Mapping[str, Any], names: Names) -> str:
    if facts.get("instead_id"):
        return _("passed it on to %(name)s", name=names.person(facts["instead_id"]))
    return _("passed it on to another department")


def _reverted(facts: Mapping[str, Any], names: Names) -> str:
    reason = str(facts["reason"])
    why = REFUSALS.get(reason) or REFUSALS.get(f"answer_{reason}")
    return _("sent the answer back to validation. %(why)s", why=why) if why else _SHORT[Kind.REVERTED]()


def _published(facts: Mapping[str, Any], names: Names) -> str:
    return {
        "equal": _("published the answer, word for word as approved"),
        "form": _("published the answer; only its form differs from what was approved"),
        "different": _("published the answer; what was posted differs from what was approved"),
    }.get(str(facts["verdict"]), _("published the answer"))


def _reopened(facts: Mapping[str, Any], names: Names) -> str:
    if facts["reason"] == "unmerged":
        return _("took the two questions apart again")
    return _("opened it again: the asker wrote back") if facts["reason"] == "asker_replied" else _("opened it again")


_TOLD: Mapping[Kind, Any] = {
    Kind.RECEIVED: _received,
    Kind.TRIAGED: _triaged,
    Kind.OFFERED: lambda facts, names: _("asked %(name)s to answer", name=names.person(facts["person_id"])),
    Kind.DECLINED: _declined,
    Kind.REDIRECTED: _redirected,
    Kind.WITHDRAWN: lambda facts, names: _(
        "took the question back from %(name)s", name=names.person(facts["person_id"])
    ),
    Kind.EXPIRED: lambda facts, names: _(
        "ended the offer to %(name)s: no reply in time", name=names.person(facts["person_id"])
    ),
    Kind.ACCEPTED: lambda facts, names: (
        _("accepted to answer, from the letter") if facts.get("by_link") else _("accepted to answer")
    ),
    Kind.DRAFTED: lambda facts, names: _("saved draft %(number)s", number=facts["revision"]),
    Kind.SUBMITTED: lambda facts, names: _("handed draft %(number)s over for approval", number=facts["revision"]),
    Kind.RETURNED: lambda facts, names: _("returned draft %(number)s to its author", number=facts["revision"]),
    Kind.REVERTED: _reverted,
    Kind.PUBLISHED: _published,
    Kind.PUBLICATION_FAILED: lambda facts, names: _("could not publish the answer"),
    Kind.CLOSED: lambda facts, names: _("closed it: %(outcome)s", outcome=label(OUTCOMES, facts["outcome"])),
    Kind.REOPENED: _reopened,
    Kind.MERGED: lambda facts, names: _("merged it with %(ref)s", ref=names.ticket(facts["into_ticket_id"])),
    Kind.ESCALATED: lambda facts, names: _(
        "moved it to a restricted circuit: %(circuit)s", circuit=label(CIRCUITS, facts["circuit"])
    ),
    Kind.JUDGED: lambda facts, names: (
        _("said that the answer helped") if facts["helped"] else _("said that the answer did not help")
    ),
}
