"""How response times were kept: the figures of the department page, for programs."""

from __future__ import annotations

from typing import Any

from apiflask import Schema
from apiflask.fields import Date, Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf
from marshmallow import EXCLUDE

from helpdesk import clock
from helpdesk.answers.writing import today
from helpdesk.errors import NotFound
from helpdesk.reports.department import department_for, departments_of, sees_all
from helpdesk.reports.periods import between
from helpdesk.reports.response_times import STAGES, Running, response_times
from helpdesk.rollups.reading import ASKER
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described

TOLD = (*STAGES, ASKER)
"""The clocks, and the wait for the asker while an answer was being written, which nobody is held to."""


class PeriodQuery(Schema):
    class Meta:
        unknown = EXCLUDE

    department = String(validate=Length(1, 40), metadata={"description": "Of /departments; left out: all you see"})
    first = String(
        data_key="from", validate=Length(1, 40), metadata={"description": "The first day; left out: 13 weeks before"}
    )
    last = String(data_key="to", validate=Length(1, 40), metadata={"description": "The last day; left out: today"})


class StageSchema(Schema):
    stage = String(required=True, validate=OneOf(TOLD))
    count = Integer(required=True, metadata={"description": "Clocks that ran to their end in the period"})
    kept = Integer(required=True)
    late = Integer(required=True)
    open = Integer(required=True, metadata={"description": "Clocks that run now"})
    open_late = Integer(required=True, metadata={"description": "Those of them past their target"})
    median = Float(required=True, allow_none=True, metadata={"description": "Minutes; null under ten clocks"})
    p90 = Float(required=True, allow_none=True, metadata={"description": "Minutes; null under ten clocks"})
    target = Float(required=True, allow_none=True, metadata={"description": "Minutes promised most often"})


class ResponseTimesSchema(Schema):
    department = String(required=True, allow_none=True)
    first = Date(data_key="from", required=True)
    last = Date(data_key="to", required=True)
    stages = List(Nested(StageSchema), required=True)


@api.get("/reports/sla")
@api.input(PeriodQuery, location="query", arg_name="query")
@api.output(ResponseTimesSchema)
@described("How response times were kept, by stage")
def sla_report(query: dict[str, Any]) -> Any:
    code = query.get("department")
    seen = [department_for(actor(), code)] if code else departments_of(actor())
    if not seen:
        raise NotFound()
    period = between(query.get("first"), query.get("last"), today())
    ids = None if code is None and sees_all(actor()) else [department.id for department in seen]
    report = response_times(ids, period, clock.now())
    stages = [
        {
            "stage": stage,
            "count": figures.count,
            "kept": figures.outcomes["kept"],
            "late": figures.late,
            "open": running.count,
            "open_late": running.late,
            "median": _minutes(figures.median),
            "p90": _minutes(figures.p90),
            "target": _minutes(figures.target),
        }
        for stage in TOLD
        for figures, running in [(report.stages[stage], report.running.get(stage, Running()))]
    ]
    return {"department": code, "first": period.start, "last": period.last, "stages": stages}


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)
