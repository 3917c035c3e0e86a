"""Response times in plain words: the names of the stages, and what the figures come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.reports.response_times import ResponseTimes
from helpdesk.web.looks import number, percent
from helpdesk.web.sheets import duration

STAGES: Mapping[str, Any] = {
    "triage": _l("Triage"),
    "route": _l("Choosing whom to ask"),
    "accept": _l("Acceptance"),
    "answer": _l("Writing the answer"),
    "validate": _l("Approval"),
    "post": _l("Publication"),
    "acknowledge": _l("First sign of life"),
    "public": _l("From question to answer"),
    "next_reply": _l("Reply to a follow-up"),
    "department": _l("The department’s part"),
    "legal": _l("Legal time limit"),
}
OUTCOMES: Mapping[str, Any] = {
    "kept": _l("in time"),
    "late": _l("late"),
    "late_on_change": _l("late when the priority was raised"),
    "done": _l("without a target"),
    "ended": _l("all that ended"),
    "running": _l("open"),
    "open_late": _l("open and late"),
    "declined": _l("declined"),
    "redirected": _l("passed on"),
    "reassigned": _l("given to somebody else"),
    "expired": _l("not taken up"),
    "withdrawn": _l("withdrawn"),
    "returned": _l("returned for correction"),
    "merged": _l("attached to another question"),
    "closed": _l("closed without an answer"),
    "handed_off": _l("continued in private"),
    "no_reply": _l("closed without reply"),
    "no_detail": _l("the asker gave no detail"),
    "escalated": _l("restricted circuit"),
    "reverted": _l("sent back to approval"),
}
GOOD, FAIR = 0.9, 0.75
"""From which share kept on a stage is shown as good, and as fair."""


@dataclass(frozen=True)
class Verdict:
    """`tone`: plain, good, care or alarm."""

    tone: str
    headline: str
    lines: list[str]


def verdict(found: ResponseTimes, stage: str) -> Verdict:
    """What the page comes to, in a sentence or three: the stage, how it was before, what is late now."""
    figures, before = found.stages[stage], found.before[stage].kept
    kept = figures.kept
    lines = []
    if kept.value is None:
        tone, headline = "plain", _("Too few answers in this period to speak of a share: %(count)s.", count=kept.count)
    else:
        tone = "good" if kept.value >= GOOD else "care" if kept.value >= FAIR else "alarm"
        headline = _(
            "%(kept)s of %(count)s answers were given in time: %(share)s.",
            kept=number(kept.hits),
            count=number(kept.count),
            share=percent(round(kept.value, 2)),
        )
        if before.value is not None:
            lines.append(_("It was %(share)s in the four periods before.", share=percent(round(before.value, 2))))
    if figures.median is not None and figures.p90 is not None:
        lines.append(
            _(
                "Half of the answers took at most %(median)s of working time, nine in ten at most %(p90)s.",
                median=duration(figures.median),
                p90=duration(figures.p90),
            )
        )
    return Verdict(tone, str(headline), [str(line) for line in lines])
