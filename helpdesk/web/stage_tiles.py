"""One small picture per stage, all alike, so that they are read against one another."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.reports.response_times import Figures, ResponseTimes
from helpdesk.web import time_charts
from helpdesk.web.clock_wording import CLOCKS
from helpdesk.web.department_sheets import OURS, SHOWN, Behind, says_something
from helpdesk.web.labels import label
from helpdesk.web.looks import number, percent
from helpdesk.web.response_wording import FAIR, GOOD
from helpdesk.web.sheets import duration

DEPARTMENT = "department"


@dataclass(frozen=True)
class Tile:
    """`share` in words ("92 %"; "–" where too few are known), `counted` the numbers it is made of, and `url` the
    questions they stand for; `usual` the median against the target; `late` how many are open and late now."""

    stage: str
    name: str
    ours: bool
    tone: str
    share: str
    counted: str
    url: str
    change: str | None
    usual: str
    late: int
    late_url: str
    spark: time_charts.Lines


def tone_of(value: float | None) -> str:
    """plain, good, care or alarm."""
    if value is None:
        return "plain"
    return "good" if value >= GOOD else "care" if value >= FAIR else "alarm"


def tiles(found: ResponseTimes, behind: Behind) -> list[Tile]:
    """The stages of which something is known, the department's own first; of the others those with a target."""
    return [
        _tile(found, stage, behind)
        for stage in SHOWN
        if says_something(found, stage) and (_is_ours(stage) or found.stages[stage].kept.count)
    ]


def _is_ours(stage: str) -> bool:
    return stage in OURS or stage == DEPARTMENT


def _tile(found: ResponseTimes, stage: str, behind: Behind) -> Tile:
    figures = found.stages[stage]
    kept = figures.kept
    return Tile(
        stage=stage,
        name=label(CLOCKS, stage),
        ours=_is_ours(stage),
        tone=tone_of(kept.value),
        share=_headline(figures),
        counted=_counted(figures),
        url=behind(stage=stage, outcome="ended"),
        change=_change(kept.value, found.before[stage].kept.value),
        usual=_usual(figures),
        late=found.running[stage].late,
        late_url=behind(stage=stage, outcome="open_late"),
        spark=time_charts.spark([week.stages[stage].median for week in found.weeks], figures.target),
    )


def _headline(figures: Figures) -> str:
    """The share kept; where nothing was promised, the usual time."""
    if figures.kept.value is not None:
        return percent(round(figures.kept.value, 2))
    return duration(figures.median) if not figures.kept.count and figures.median is not None else "–"


def _counted(figures: Figures) -> str:
    kept = figures.kept
    if kept.count:
        return str(_("%(kept)s of %(count)s in time", kept=number(kept.hits), count=number(kept.count)))
    return str(ngettext("%(num)d, without a target", "%(num)d, without a target", figures.count))


def _change(now: float | None, before: float | None) -> str | None:
    """In points, rounded: percentages of percentages mislead."""
    if now is None or before is None:
        return None
    points = round(100 * now) - round(100 * before)
    if not points:
        return str(_("as before"))
    return str(_("%(points)s points", points=f"{points:+d}".replace("-", "\N{MINUS SIGN}")))


def _usual(figures: Figures) -> str:
    if figures.median is None:
        return str(_("too few to tell a time"))
    if figures.target is None:
        return str(_("usual time"))
    return str(
        _("half within %(time)s, target %(target)s", time=duration(figures.median), target=duration(figures.target))
    )
