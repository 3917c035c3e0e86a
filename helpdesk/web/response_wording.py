"""Response times in plain words: what the figures of a department come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from helpdesk.reports.department import Standing
from helpdesk.reports.response_times import STAGES, ResponseTimes
from helpdesk.web.clock_wording import CLOCKS, OUTCOMES
from helpdesk.web.labels import label
from helpdesk.web.looks import number, percent
from helpdesk.web.sheets import duration

COUNTED: Mapping[str, Any] = {
    **OUTCOMES,
    "ended": _l("All that ended"),
    "started": _l("Came in"),
    "running": _l("Open"),
    "open_late": _l("Open and late"),
    "returned": _l("Returned by approvers"),
    "reopened": _l("Reopened"),
    "corrected": _l("Corrected after it was posted"),
    "helped": _l("It helped"),
    "not_helped": _l("It did not help"),
    "turned_down": _l("Declined"),
    "passed_out": _l("Passed on to others"),
    "passed_in": _l("Passed on from others"),
}
"""What a figure counts: the ways in which a clock ends, and what else happened."""
GOOD, FAIR = 0.9, 0.75
"""From which share kept on a stage is shown as good, and as fair."""
JUDGED_BY = ("department", "answer", "public")
"""The stages that the verdict is about: the first of them with a target."""


@dataclass(frozen=True)
class Verdict:
    """`tone`: plain, good, care or alarm."""

    tone: str
    headline: str
    lines: list[str]


def verdict(found: ResponseTimes, stage: str | None = None) -> Verdict:
    """What the page comes to, in a sentence or three: how answers were kept, how it was before, how long they took.

    `stage`: by which answers are judged; None for the first of `JUDGED_BY` with a target.
    """
    stage = stage or next((each for each in JUDGED_BY if found.stages[each].kept.count), "answer")
    figures, before = found.stages[stage], found.before[stage].kept
    kept, lines = figures.kept, []
    if kept.value is None:
        tone, headline = "plain", _("Too few answers in this period to speak of a share: %(count)s.", count=kept.count)
    else:
        tone = "good" if kept.value >= GOOD else "care" if kept.value >= FAIR else "alarm"
        headline = _(
            "%(kept)s of %(count)s answers in time: %(share)s.",
            kept=number(kept.hits),
            count=number(kept.count),
            share=percent(round(kept.value, 2)),
        )
    if kept.value is not None and before.value is not None:
        lines.append(_("It was %(share)s in the four periods before.", share=percent(round(before.value, 2))))
    if figures.median is not None and figures.p90 is not None:
        times = {"median": duration(figures.median), "p90": duration(figures.p90)}
        lines.append(
            _("Half were written within %(median)s of working time, nine in ten within %(p90)s.", **times)
            if stage == "answer"
            else _("Half took at most %(median)s of working time, nine in ten at most %(p90)s.", **times)
        )
    return Verdict(tone, str(headline), [*(str(line) for line in lines), *_weakest(found, stage)])


def _weakest(found: ResponseTimes, told: str) -> Iterator[str]:
    """The other stage that was kept least, when it was not kept well."""
    shares = {stage: found.stages[stage].kept.value for stage in STAGES if stage != told}
    known = {stage: share for stage, share in shares.items() if share is not None and share < GOOD}
    if known:
        stage = min(known, key=lambda each: known[each])
        share = percent(round(known[stage], 2))
        yield str(_("Kept least: %(stage)s, %(share)s.", stage=label(CLOCKS, stage), share=share))


def urgency(now: Standing, most: int) -> Verdict:
    """What is open at this moment, in a sentence. Counts from `most` on are only known to be as many."""
    late = now.bands.late
    if not now.open_count:
        return Verdict("good", str(_("Nothing is open.")), [])
    if not late:
        return Verdict("good", str(_("Nothing is late.")), [])
    told = f"{number(late)}+" if late >= most else number(late)
    return Verdict(
        "alarm", str(ngettext("One question is late now.", "%(told)s questions are late now.", late, told=told)), []
    )
