"""Response times in plain words: what the figures of a department come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.reports.response_times import ResponseTimes
from helpdesk.web.clock_wording import CLOCKS, OUTCOMES
from helpdesk.web.labels import label
from helpdesk.web.looks import number, percent
from helpdesk.web.sheets import duration

COUNTED: Mapping[str, Any] = {
    **OUTCOMES,
    "ended": _l("All that ended"),
    "running": _l("Open"),
    "open_late": _l("Open and late"),
}
"""What a figure counts: the ways in which a clock ends, and a few more."""
GOOD, FAIR = 0.9, 0.75
"""From which share kept on a stage is shown as good, and as fair."""


@dataclass(frozen=True)
class Verdict:
    """`tone`: plain, good, care or alarm."""

    tone: str
    headline: str
    lines: list[str]


def verdict(found: ResponseTimes, stage: str) -> Verdict:
    """What the page comes to, in a sentence or three: how one stage was kept, how it was before, how long it took."""
    figures, before = found.stages[stage], found.before[stage].kept
    kept = figures.kept
    lines = []
    if not kept.count and figures.count:
        tone, headline = "plain", _("No target was promised for this: %(count)s ended.", count=number(figures.count))
    elif kept.value is None:
        tone, headline = "plain", _("Too few in this period to speak of a share: %(count)s.", count=kept.count)
    else:
        tone = "good" if kept.value >= GOOD else "care" if kept.value >= FAIR else "alarm"
        headline = _(
            "%(stage)s: %(kept)s of %(count)s in time, %(share)s.",
            stage=label(CLOCKS, stage),
            kept=number(kept.hits),
            count=number(kept.count),
            share=percent(round(kept.value, 2)),
        )
        if before.value is not None:
            lines.append(_("It was %(share)s in the four periods before.", share=percent(round(before.value, 2))))
    if figures.median is not None and figures.p90 is not None:
        lines.append(
            _(
                "Half took at most %(median)s of working time, nine in ten at most %(p90)s.",
                median=duration(figures.median),
                p90=duration(figures.p90),
            )
        )
    return Verdict(tone, str(headline), [str(line) for line in lines])
