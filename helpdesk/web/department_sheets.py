"""The tables of the department page, from which its charts, its CSV files and its spreadsheet are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from flask_babel import gettext as _

from helpdesk.accounts.models import Department
from helpdesk.reports.flow import Flow, Quality, Theme
from helpdesk.reports.response_times import KEPT, LATE, Figures, ResponseTimes
from helpdesk.routing.shares import Share
from helpdesk.web.clock_wording import CLOCKS
from helpdesk.web.labels import label
from helpdesk.web.looks import local_date
from helpdesk.web.sheets import Cell, Column, Form, Sheet

SHOWN = (
    *("department", "accept", "answer", "validate"),
    *("triage", "route", "post", "public", "acknowledge", "next_reply"),
)
"""Clocks in the order in which a head reads them: theirs first."""
PARTS = ("accept", "answer", "validate", "triage", "route", "post", "asker")
OURS = frozenset({"accept", "answer", "validate"})
CURVE_SHARES = (0.25, 0.5, 0.75, 0.9, 0.95)

Behind = Callable[..., str]
"""Address of the tickets behind a figure: `behind(stage=…, outcome=…)`, with `first` and `last` for other days."""


def kept(found: ResponseTimes, behind: Behind) -> Sheet:
    """Kept or not, per stage."""
    rows = [
        [
            Cell(label(CLOCKS, stage)),
            Cell(figures.count, behind(stage=stage, outcome="ended")),
            Cell(figures.kept.value),
            Cell(figures.outcomes[KEPT], behind(stage=stage, outcome=KEPT)),
            Cell(figures.late, behind(stage=stage, outcome=LATE)),
            Cell(found.before[stage].kept.value),
            Cell(found.running[stage].count, behind(stage=stage, outcome="running")),
            Cell(found.running[stage].late, behind(stage=stage, outcome="open_late")),
        ]
        for stage in SHOWN
        for figures in [found.stages[stage]]
        if says_something(found, stage)
    ]
    columns = [
        Column(_("Stage")),
        Column(_("How many"), Form.COUNT),
        Column(_("In time"), Form.SHARE),
        Column(_("Kept in time"), Form.COUNT),
        Column(_("Late"), Form.COUNT),
        Column(_("Before"), Form.SHARE),
        Column(_("Open now"), Form.COUNT),
        Column(_("Open and late"), Form.COUNT),
    ]
    return Sheet("kept", _("Kept or not, by stage"), columns, rows)


def weeks(found: ResponseTimes, stage: str, behind: Behind) -> Sheet:
    """How long one stage took, week by week."""
    rows = [
        [
            Cell(local_date(week.start, "short")),
            Cell(figures.count, behind(stage=stage, outcome="ended", first=week.start, last=_sunday(week.start))),
            Cell(figures.kept.value),
            Cell(figures.median),
            Cell(figures.p90),
            Cell(figures.target),
        ]
        for week in found.weeks
        for figures in [week.stages[stage]]
    ]
    columns = [
        Column(_("Week of")),
        Column(_("Answers"), Form.COUNT),
        Column(_("In time"), Form.SHARE),
        Column(_("Half within"), Form.DURATION),
        Column(_("Nine in ten within"), Form.DURATION),
        Column(_("Target"), Form.DURATION),
    ]
    return Sheet("weeks", _("How long it took, week by week"), columns, rows)


def parts(found: ResponseTimes) -> Sheet:
    """Where the time goes: the median of each part, ours and not ours."""
    rows = [
        [
            Cell(label(CLOCKS, part)),
            Cell(_("Ours") if part in OURS else _("Not ours")),
            Cell(figures.median),
            Cell(figures.p90),
            Cell(figures.count),
        ]
        for part in PARTS
        for figures in [found.stages[part]]
    ]
    columns = [
        Column(_("Stage")),
        Column(_("Whose")),
        Column(_("Half within"), Form.DURATION),
        Column(_("Nine in ten within"), Form.DURATION),
        Column(_("How many"), Form.COUNT),
    ]
    return Sheet("parts", _("Where the time goes"), columns, rows)


def shape(figures: Figures) -> Sheet:
    """Within which time which share ended."""
    rows = [[Cell(share), Cell(figures.within(share))] for share in CURVE_SHARES]
    columns = [Column(_("Share of the answers"), Form.SHARE), Column(_("Within"), Form.DURATION)]
    return Sheet("shape", _("How the times are spread"), columns, rows)


def flows(came: Flow, behind: Behind) -> Sheet:
    """What came in and what became of it."""
    counted = (
        (_("Came in"), came.came_in, {"stage": "department", "outcome": "started"}),
        (_("Were answered"), came.answered, {"stage": "department", "outcome": "ended"}),
        (_("Went on in private"), came.handed_off, {"stage": "public", "outcome": "handed_off"}),
        (_("Declined"), came.declined, {"outcome": "turned_down"}),
        (_("Passed on to others"), came.passed_out, {"outcome": "passed_out"}),
        (_("Passed on from others"), came.passed_in, {"outcome": "passed_in"}),
    )
    rows = [[Cell(what), Cell(count, behind(**about))] for what, count, about in counted]
    return Sheet(
        "flow", _("What came in and what became of it"), [Column(_("What")), Column(_("Times"), Form.COUNT)], rows
    )


def quality(found: Quality, behind: Behind, withdrawn_url: str) -> Sheet:
    """What had to be done again, and whether it helped."""
    counted = (
        (_("Returned by approvers"), found.returned, behind(outcome="returned")),
        (_("Reopened"), found.reopened, behind(outcome="reopened")),
        (_("Corrected after it was posted"), found.corrected, behind(outcome="corrected")),
        (_("Official answers withdrawn"), Share(found.withdrawn, 0), withdrawn_url),
        (_("It helped"), found.helped, behind(outcome="helped")),
        (_("It did not help"), Share(found.not_helped, found.helped.count), behind(outcome="not_helped")),
    )
    rows = [
        [Cell(what), Cell(part.hits, url), Cell(part.count or None), Cell(part.value)] for what, part, url in counted
    ]
    columns = [
        Column(_("What")),
        Column(_("Times"), Form.COUNT),
        Column(_("Of how many"), Form.COUNT),
        Column(_("Share"), Form.SHARE),
    ]
    return Sheet("quality", _("What had to be done again, and whether it helped"), columns, rows)


def matrix(came: Flow, departments: Mapping[int, Department]) -> Sheet:
    """From which department to which questions were passed on."""
    named = sorted(
        {each for way in came.between for each in way if each in departments}, key=lambda i: departments[i].name
    )
    nobody = any(to not in departments for _from, to in came.between)
    targets: Sequence[int] = [*named, 0] if nobody else named
    rows = [
        [Cell(departments[from_].name), *(Cell(came.between.get((from_, to)) or None) for to in targets)]
        for from_ in named
        if any(way[0] == from_ for way in came.between)
    ]
    headings = [departments[to].name if to else _("Nobody named") for to in targets]
    columns = [Column(_("From department")), *(Column(heading, Form.COUNT) for heading in headings)]
    return Sheet("matrix", _("Who passes questions on to whom"), columns, rows)


def subjects(found: Sequence[Theme], language: str) -> Sheet:
    """The topics asked about most; how it was before, where anything is known of that."""
    columns = [Column(_("Topic")), Column(_("Questions"), Form.COUNT)]
    rows = [[Cell(theme.topic.label(language)), Cell(theme.count)] for theme in found]
    if any(theme.before is not None for theme in found):
        columns += [Column(_("Before, on average"), Form.COUNT), Column(_("New topic"))]
        for row, theme in zip(rows, found, strict=True):
            before = None if theme.before is None else round(theme.before, 1)
            row += [Cell(before), Cell(_("New") if theme.is_new else None)]
    return Sheet("topics", _("What people ask about most"), columns, rows)


def says_something(found: ResponseTimes, stage: str) -> bool:
    return bool(found.stages[stage].outcomes.total() or found.running[stage].count or found.before[stage].kept.count)


def _sunday(monday: date) -> date:
    return date.fromordinal(monday.toordinal() + 6)
