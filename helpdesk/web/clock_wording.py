"""Words for clocks: their names, how they end, why a stretch began, what policies look at, and durations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from helpdesk.sla.policy import Miss
from helpdesk.web.looks import number

CLOCKS: Mapping[str, Any] = {
    "triage": _l("Triage"),
    "route": _l("Choosing whom to ask"),
    "accept": _l("Acceptance"),
    "answer": _l("Writing the answer"),
    "validate": _l("Validation"),
    "post": _l("Publication"),
    "acknowledge": _l("First public word"),
    "public": _l("From question to answer"),
    "next_reply": _l("Next reply"),
    "department": _l("Department’s total"),
    "legal": _l("Legal time limit"),
    "asker": _l("Waiting for the asker"),
}
OUTCOMES: Mapping[str, Any] = {
    "running": _l("Running"),
    "paused": _l("Paused"),
    "kept": _l("Kept in time"),
    "late": _l("Late"),
    "late_on_change": _l("Late because of a change"),
    "done": _l("Over"),
    "declined": _l("Turned down"),
    "expired": _l("No reply"),
    "reassigned": _l("Given to a colleague"),
    "redirected": _l("Went to another department"),
    "withdrawn": _l("Taken back"),
    "reverted": _l("Sent back to validation"),
    "reused": _l("Answered with an official answer"),
    "merged": _l("Merged into another"),
    "escalated": _l("Restricted circuit"),
    "released": _l("Back to the normal path"),
    "no_reply": _l("Closed without a reply"),
    "handed_off": _l("Went on in private"),
    "no_detail": _l("No detail came"),
    "unanswered": _l("Closed without an answer"),
    "closed": _l("Closed"),
}
TONES: Mapping[str, str] = {"kept": "good", "late": "alarm", "late_on_change": "care", "paused": "note"}
WHY: Mapping[str, Any] = {
    "received": _l("the question came in"),
    "triaged": _l("it was triaged"),
    "offered": _l("somebody was asked"),
    "declined": _l("who was asked declined"),
    "redirected": _l("it was passed on"),
    "withdrawn": _l("the question was taken back"),
    "expired": _l("who was asked did not reply"),
    "accepted": _l("somebody accepted to answer"),
    "clarification_asked": _l("a detail was asked for"),
    "asker_replied": _l("the asker wrote back"),
    "pause_over": _l("seven days without a reply"),
    "submitted": _l("the answer was handed over"),
    "returned": _l("the answer was returned"),
    "approved": _l("the answer was approved"),
    "reused": _l("an official answer was chosen"),
    "reverted": _l("the answer was sent back to validation"),
    "reopened": _l("it was opened again"),
    "escalated": _l("it went to a restricted circuit"),
    "released_to_route": _l("it came back to the normal path"),
}
FACTS: Mapping[str, Any] = {
    "priority": _l("Priority"),
    "channel": _l("Channel"),
    "channel_class": _l("Kind of channel"),
    "class": _l("Kind of question"),
    "topic": _l("Topic"),
    "department": _l("Department"),
}
REMARKS: Mapping[str, Any] = {
    "arrived_late": _l("We heard of “%(what)s” %(duration)s after it happened: it counts from when it happened."),
    "out_of_order": _l("“%(what)s” happened %(duration)s before what stands above it in the log: no clock goes back."),
}


A_SPLIT_SECOND = 1e-6
"""Minutes: what arithmetic may have taken from a whole one."""


def duration(minutes: float) -> str:
    """Minutes as people say them: "45 min", "2 h", "2 h 05 min". Only full minutes count, everywhere: what took 59
    minutes and a half did not take an hour."""
    whole = int(minutes + A_SPLIT_SECOND)
    if not whole and minutes > A_SPLIT_SECOND:
        return str(gettext("less than a minute"))
    hours, rest = divmod(whole, 60)
    if not hours:
        return str(gettext("%(minutes)s min", minutes=rest))
    if not rest:
        return str(gettext("%(hours)s h", hours=number(hours)))
    return str(gettext("%(hours)s h %(minutes)s min", hours=number(hours), minutes=f"{rest:02}"))


def conditions(applies_to: Mapping[str, Any]) -> list[str]:
    """What a policy is for, as sentences; none for the one for everything."""
    return [
        gettext("%(name)s: %(value)s", name=FACTS.get(fact, fact), value=_values(wanted))
        for fact, wanted in applies_to.items()
    ]


def missed(miss: Miss) -> str:
    """Why a policy does not apply."""
    found = ", ".join(miss.found) or gettext("none")
    return str(
        ngettext(
            "%(fact)s: wants %(wanted)s, and it is %(found)s",
            "%(fact)s: wants one of %(wanted)s, and it is %(found)s",
            len(miss.wanted),
            fact=FACTS.get(miss.fact, miss.fact),
            wanted=", ".join(miss.wanted),
            found=found,
        )
    )


def _values(wanted: Any) -> str:
    return ", ".join(map(str, wanted)) if isinstance(wanted, list | tuple) else str(wanted)
