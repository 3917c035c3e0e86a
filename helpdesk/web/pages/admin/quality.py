"""How good routing is, week by week, and how far it goes by itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts.organisation import setting
from helpdesk.reports.routing_quality import MOST_WEEKS, WEEKS, Quality, Week, outcomes, quality
from helpdesk.routing.budget import Outcome, Outlook, outlook
from helpdesk.routing.confidence import Mode
from helpdesk.routing.steering import answering_departments, chosen_mode, steer
from helpdesk.web.charts import Columns, columns, curve, named_places
from helpdesk.web.forms.routing import SteeringForm, budgets_offered, shown_steering
from helpdesk.web.looks import number
from helpdesk.web.pages.admin.place import blueprint, clash, page, save
from helpdesk.web.quality_wording import rounded, verdict
from helpdesk.web.signing_in import back_to, me

SPANS = (4, 12, 26, 52)
JUDGED_EVERY = 100
"""Decided tickets after which a threshold is found anew, in what a budget would have meant."""


@dataclass(frozen=True)
class Series:
    """A figure of each week: how it is read, how it is told, and out of how many."""

    code: str
    title: Any
    about: Any
    value: Callable[[Week], float | None]
    words: Callable[[float], str]
    of: Callable[[Week], int]
    of_what: Any
    most: float | None = None


def _hours(value: float) -> str:
    return str(_("%(hours)s h", hours=number(round(value, 1))))


def _plain(value: float) -> str:
    return number(round(value, 2))


SERIES = (
    Series(
        "first", _l("Right at the first attempt"),
        _l("Answered questions whose first suggestion was who answered them, by the week of the suggestion."),
        lambda week: week.first.value, rounded, lambda week: week.first.count, _l("Answered questions"), 1.0,
    ),
    Series(
        "yes", _l("First offers accepted"), _l("Of the first offers that got an answer."),
        lambda week: week.said_yes.value, rounded, lambda week: week.said_yes.count, _l("Offers answered"), 1.0,
    ),
    Series(
        "declines",
        _l("Declined"),
        _l("Times per question that was offered."),
        lambda week: week.declines_per_ticket,
        _plain,
        lambda week: week.asked,
        _l("Questions offered"),
    ),
    Series(
        "redirects", _l("Passed on to somebody else"), _l("Times per question that was offered."),
        lambda week: week.redirects_per_ticket, _plain, lambda week: week.asked, _l("Questions offered"),
    ),
    Series(
        "lost", _l("Time lost by wrong routing"),
        _l("From an offer that was declined, passed on or not answered to the next offer: half took longer."),
        lambda week: week.lost_hours, _hours, lambda week: len(week.lost), _l("Offers that went wrong"),
    ),
    Series(
        "abstained", _l("“I don’t know”"), _l("Questions for which Relais suggested nobody."),
        lambda week: week.abstention.value, rounded, lambda week: week.suggested, _l("Questions"), 1.0,
    ),
    Series(
        "automatic", _l("Sent by itself"),
        _l("Questions for which Relais asked somebody without waiting for a person."),
        lambda week: week.automatic_rate.value, rounded, lambda week: week.suggested, _l("Questions"), 1.0,
    ),
    Series(
        "automatic_wrong", _l("Sent by itself to the wrong person"), _l("Of the answered questions sent by itself."),
        lambda week: week.automatic_wrong.value, rounded, lambda week: week.automatic_wrong.count,
        _l("Answered questions"), 1.0,
    ),
)  # fmt: skip


@blueprint.route("/quality", methods=["GET", "POST"])
def quality_of_routing() -> ResponseReturnValue:
    """The figures, and the switches of modes below them."""
    known, departments = outcomes(), answering_departments()
    outlooks = [outlook(known, budget, JUDGED_EVERY) for budget in budgets_offered(setting("wrong_route_budget"))]
    form = SteeringForm(data=shown_steering(departments))
    form.offer(outlooks, departments)

    def shown() -> dict[str, Any]:
        return shown_steering(answering_departments())

    if not form.is_submitted():
        form.remember(shown())
    elif form.validate() and save(form, lambda: _steer(form), now=shown) is not None:
        flash(_("Saved."), "success")
        return back_to(url_for("admin.quality_of_routing"))
    return page(
        "quality.html",
        form.status,
        form=form,
        clash=clash(form, "setting", None),
        spans=SPANS,
        **_figures(quality(_weeks_asked()), known, outlooks),
    )


def _steer(form: SteeringForm) -> bool:
    steer(Mode(form.mode.data), float(form.budget.data), form.departments.values(), by=me())
    return True


def _figures(found: Quality, known: Sequence[Outcome], outlooks: Sequence[Outlook]) -> dict[str, Any]:
    present = next(each for each in outlooks if each.budget == setting("wrong_route_budget"))
    return {
        "found": found,
        "verdict": verdict(found, chosen_mode(), present, len(known)),
        "judged": present.judged,
        "marks": curve(found.curve),
        "charts": [(series, _drawn(series, found.weeks), _rows(series, found.weeks)) for series in SERIES],
        "named": {place: _day(found.weeks[place]) for place in sorted(named_places(len(found.weeks)))},
        "rounded": rounded,
        "count_of_weeks": len(found.weeks),
    }


def _drawn(series: Series, weeks: Sequence[Week]) -> Columns | None:
    values = [series.value(week) for week in weeks]
    return columns(values, series.most) if any(value is not None for value in values) else None


def _rows(series: Series, weeks: Sequence[Week]) -> list[dict[str, Any]]:
    """The latest week first."""
    return [
        {"week": _day(week), "value": None if value is None else series.words(value), "of": series.of(week)}
        for week in reversed(weeks)
        for value in (series.value(week),)
    ]


def _day(week: Week) -> str:
    return str(format_date(week.start, "d MMM"))


def _weeks_asked() -> int:
    written = request.args.get("weeks", "")
    chosen = int(written) if written.isascii() and written.isdigit() and len(written) < 4 else WEEKS
    return min(max(chosen, 1), MOST_WEEKS)


@blueprint.get("/quality/weeks.csv")
def quality_as_csv() -> ResponseReturnValue:
    """The weeks as a table for a spreadsheet; a share of too few is left empty."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(["week", *(part for series in SERIES for part in (series.code, f"{series.code}_of"))])
    for week in quality(_weeks_asked()).weeks:
        cells: list[Any] = [week.start.date().isoformat()]
        for series in SERIES:
            value = series.value(week)
            cells += ["" if value is None else round(value, 4), series.of(week)]
        table.writerow(cells)
    disposition = {"Content-Disposition": 'attachment; filename="routing-quality.csv"'}
    return Response(file.getvalue(), mimetype="text/csv", headers=disposition)
