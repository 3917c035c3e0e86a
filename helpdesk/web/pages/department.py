"""The department head's page, read in a minute: what is late now, how times were kept, and where the time went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.accounts.models import Department
from helpdesk.answers.writing import today
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.reports import behind as tickets_behind
from helpdesk.reports import flow as flows
from helpdesk.reports.department import department_for, departments_of, sees_all, standing
from helpdesk.reports.periods import LAST_WEEKS, USUAL, Period, between, last_weeks
from helpdesk.reports.response_times import STAGES, ResponseTimes, response_times
from helpdesk.reports.staffing import expiring, load
from helpdesk.rollups.following import lag
from helpdesk.tickets import queues
from helpdesk.tickets.models import Ticket
from helpdesk.web import department_sheets, response_wording, stage_tiles, time_charts
from helpdesk.web.charts import named_places
from helpdesk.web.clock_wording import CLOCKS
from helpdesk.web.labels import label
from helpdesk.web.looks import local_date
from helpdesk.web.sheets import Sheet, as_csv, as_workbook, duration, told
from helpdesk.web.signing_in import demand, me

blueprint = Blueprint("department", __name__, url_prefix="/department")
blueprint.before_request(demand(Can.SEE_DEPARTMENT))

ALL = "all"
"""In the place of a code: every department, for those who may see them."""
STAGE = "answer"
"""The stage the page begins with."""
LISTED = 6
"""Open questions on the page itself; the rest is one click away."""
MOST_WEEKS = 520
BEHIND = 1000
"""Changes the figures may be behind the log before the page says so."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Bar:
    """A part of the time: whose it is, its median in seconds, and its place in the bar of all."""

    part: str
    ours: bool
    median: float
    piece: time_charts.Piece


@dataclass(frozen=True)
class Asked:
    """What the address asks for. `department` None: all that the reader may see."""

    department: Department | None
    departments: Sequence[Department]
    period: Period
    weeks: int | None
    stage: str

    @property
    def ids(self) -> list[int] | None:
        """None: every department, and what belongs to none yet."""
        if self.department is None and sees_all(me()):
            return None
        return [each.id for each in ([self.department] if self.department else self.departments)]

    @property
    def code(self) -> str:
        return self.department.code if self.department else ALL

    @property
    def name(self) -> str:
        return self.department.name if self.department else str(_("All departments"))

    def address(self, endpoint: str = "department.home", **changes: Any) -> str:
        """The same question on another page, or with something changed."""
        period = {"weeks": self.weeks} if self.weeks else {"from": self.period.start, "to": self.period.last}
        return url_for(endpoint, **{"code": self.code, **period, "stage": self.stage, **changes})


@blueprint.get("")
def home() -> ResponseReturnValue:
    """`?code=` chooses the department, `?weeks=` or `?from=&to=` the period, `?stage=` whose times are drawn."""
    asked = _asked()
    found = response_times(asked.ids, asked.period, clock.now())
    figures, weeks = found.stages[asked.stage], [week.stages[asked.stage] for week in found.weeks]
    now = standing(me(), asked.ids)
    came, sheets = _read(asked, found)
    return render_template(
        "department/home.html",
        asked=asked,
        verdict=response_wording.verdict(found),
        urgency=response_wording.urgency(now, queues.MOST_COUNTED),
        standing=now,
        bands=time_charts.stacked([now.bands.late, now.bands.soon, now.bands.later]),
        first=_first(asked),
        tiles=stage_tiles.tiles(found, partial(_behind, asked)),
        sheets={each.code: each for each in sheets},
        came=came,
        load=load(asked.ids, clock.now()),
        expiring=expiring(me(), asked.ids, today()),
        figures=figures,
        lines=time_charts.lines([[week.p90 for week in weeks], [week.median for week in weeks]], figures.target),
        named={place: local_date(found.weeks[place].start, "d MMM") for place in named_places(len(weeks))},
        curve=time_charts.curve(figures.times, figures.target) if figures.median is not None else None,
        bars=_bars(found),
        stages=[(stage, label(CLOCKS, stage)) for stage in department_sheets.SHOWN],
        spans=LAST_WEEKS,
        catching_up=lag() > BEHIND,
        names={code: label(CLOCKS, code) for code in (*STAGES, *department_sheets.PARTS)},
        most_counted=queues.MOST_COUNTED,
        told=told,
        time=duration,
    )


@blueprint.get("/open")
def open_questions() -> ResponseReturnValue:
    """What is open in the department, most urgent first; `?late=1` keeps what is overdue."""
    asked, late = _asked(), request.args.get("late") == "1"
    cursor = request.args.get("cursor") or None
    page = queues.page(me(), None, departments=asked.ids, late=late, cursor=cursor, limit=50)
    marks = {"late": "1"} if late else {}
    return render_template(
        "department/open.html",
        asked=asked,
        late=late,
        page=page,
        address=lambda **changes: asked.address("department.open_questions", **marks, **changes),
    )


@blueprint.get("/questions")
def behind() -> ResponseReturnValue:
    """The questions behind a figure: `?stage=` and `?outcome=`, of the department and period asked for."""
    asked = _asked()
    outcome = request.args.get("outcome", tickets_behind.ENDED)
    if outcome not in response_wording.COUNTED:
        raise NotFound()
    cursor = request.args.get("cursor") or None
    page = tickets_behind.behind(me(), asked.ids, asked.period, asked.stage, outcome, clock.now(), cursor)
    return render_template(
        "department/behind.html",
        asked=asked,
        page=page,
        counted=_counted(asked.stage, outcome),
        address=lambda **changes: asked.address("department.behind", outcome=outcome, **changes),
    )


@blueprint.get("/figures/<sheet>.csv")
def figures(sheet: str) -> ResponseReturnValue:
    """One table of the page as CSV."""
    asked = _asked()
    found = response_times(asked.ids, asked.period, clock.now())
    for each in _read(asked, found)[1]:
        if each.code == sheet:
            return _download(as_csv(each), f"{asked.code}-{sheet}-{asked.period.start}.csv", "text/csv; charset=utf-8")
    raise NotFound()


@blueprint.get("/figures.xlsx")
def workbook() -> ResponseReturnValue:
    """Every table of the page as one spreadsheet."""
    asked = _asked()
    found = response_times(asked.ids, asked.period, clock.now())
    about = [
        (str(_("Department")), asked.name),
        (str(_("From")), asked.period.start.isoformat()),
        (str(_("To")), asked.period.last.isoformat()),
        (str(_("Stage drawn")), label(CLOCKS, asked.stage)),
        (str(_("Times")), str(_("Minutes of working time in the calendar that was promised"))),
    ]
    return _download(as_workbook(_read(asked, found)[1], about), f"{asked.code}-{asked.period.start}.xlsx", XLSX)


def _counted(stage: str, outcome: str) -> str:
    """What is listed, in words."""
    words = label(response_wording.COUNTED, outcome)
    if outcome in tickets_behind.HAPPENED:
        return words
    return str(_("%(stage)s: %(outcome)s", stage=label(CLOCKS, stage), outcome=words))


def _first(asked: Asked) -> list[Ticket]:
    """What needs looking at first: late, longest overdue first, then what is most urgent."""
    late = queues.page(me(), None, departments=asked.ids, late=True, limit=LISTED).items
    others = queues.page(me(), None, departments=asked.ids, limit=LISTED).items if len(late) < LISTED else []
    return [*late, *(ticket for ticket in others if ticket not in late)][:LISTED]


def _asked() -> Asked:
    """What the address says. Raises NotFound for what the reader may not see, BadInput for a period that is none."""
    code, stage = request.args.get("code"), request.args.get("stage", STAGE)
    departments = departments_of(me())
    everything = code == ALL and len(departments) > 1
    if stage not in STAGES:
        raise NotFound()
    first, last = request.args.get("from"), request.args.get("to")
    weeks = request.args.get("weeks", USUAL, type=int) if not (first or last) else None
    period = last_weeks(min(max(weeks, 1), MOST_WEEKS), today()) if weeks is not None else between(first, last, today())
    return Asked(None if everything else department_for(me(), code), departments, period, weeks, stage)


def _read(asked: Asked, found: ResponseTimes) -> tuple[flows.Flow, list[Sheet]]:
    """What came and went, and every table of the page."""
    came = flows.flow(asked.ids, asked.period, found.stages)
    names = {each.id: each for each in db.session.scalars(select(Department))}
    tickets = partial(_behind, asked)
    return came, [
        department_sheets.kept(found, tickets),
        department_sheets.weeks(found, asked.stage, tickets),
        department_sheets.parts(found),
        department_sheets.shape(found.stages[asked.stage]),
        department_sheets.flows(came, tickets),
        department_sheets.matrix(came, names),
        department_sheets.quality(came.quality, tickets, url_for("library.answers", status="withdrawn")),
        department_sheets.subjects(flows.themes(asked.ids, asked.period), str(get_locale())),
    ]


def _behind(asked: Asked, *, first: date | None = None, last: date | None = None, **about: Any) -> str:
    """The address of the questions behind a figure of the page."""
    days = {"weeks": None, "from": first, "to": last} if first else {}
    return asked.address("department.behind", **about, **days)


def _bars(found: ResponseTimes) -> list[Bar]:
    """The parts whose median is known, in one bar."""
    known = [part for part in department_sheets.PARTS if found.stages[part].median is not None]
    pieces = time_charts.stacked([found.stages[part].median or 0.0 for part in known])
    return [
        Bar(part, part in department_sheets.OURS, found.stages[part].median or 0.0, piece)
        for part, piece in zip(known, pieces, strict=True)
    ]


def _download(body: str | bytes, name: str, kind: str) -> Response:
    answer = Response(body, content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
