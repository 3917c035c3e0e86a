"""Response-time policies: in which order they are tried, what each promises, and applying them to open tickets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.db import db, transaction
from helpdesk.errors import BadInput, NotFound, Problem
from helpdesk.sla.models import CalendarVersion, PolicyVersion
from helpdesk.sla.policy import CLOCKS, CONDITIONS
from helpdesk.sla.retiming import changes_of, count_open, open_tickets
from helpdesk.sla.versioning import latest_policies, put_policy
from helpdesk.tickets.retargeting import ask_to_apply
from helpdesk.web import clock_wording
from helpdesk.web.forms.admin import AdministrationForm
from helpdesk.web.forms.admin_clocks import (
    WORKING,
    NewPolicyForm,
    PolicyForm,
    calendars_for_clocks,
    shown_policy,
)
from helpdesk.web.pages.admin.place import blueprint, clash, page, save
from helpdesk.web.signing_in import back_to, me

LOOKED_THROUGH = 2_000
"""Open tickets that a preview looks through; it says when there are more."""


@dataclass(frozen=True)
class Preview:
    """What applying the policies in force would change."""

    open_count: int
    looked_through: int
    tickets: int
    changes: list[tuple[tuple[str, int | None, int | None], int]]
    late_on_change: int


@blueprint.get("/policies")
def policies() -> ResponseReturnValue:
    """All of them, in the order in which they are tried."""
    rows = [(row, row.document["policies"][0]) for row in latest_policies()]
    used = [(row, entry) for row, entry in rows if not entry.get("retired")]
    return page(
        "policies.html",
        policies=used,
        retired=[row for row, entry in rows if entry.get("retired")],
        clocks=CLOCKS,
        words=clock_wording,
    )


@blueprint.route("/new/policy", methods=["GET", "POST"])
def new_policy() -> ResponseReturnValue:
    """Add one."""
    form = NewPolicyForm()
    _choices(form)
    if form.validate_on_submit():
        row = save(form, lambda: _add(form), names=_names(form.code.data))
        if row is not None:
            flash(_("The policy is added. It holds for clocks that start from now on."), "success")
            return back_to(url_for("admin.policies"))
    return _page(form, None)


@blueprint.route("/policies/<code>", methods=["GET", "POST"])
def policy(code: str) -> ResponseReturnValue:
    """One of them."""
    last = _found(code)
    shown = shown_policy(last.document["policies"][0])
    form = PolicyForm(data=shown)
    _choices(form)
    if not form.is_submitted():
        form.remember(shown)
    elif form.validate():
        done = save(
            form,
            lambda: put_policy(form.entry(code), by=me()),
            now=lambda: shown_policy(_found(code).document["policies"][0]),
            names=_names(code),
        )
        if done is not None:
            row, what = done
            said = (
                _("Nothing had changed.")
                if what == "unchanged"
                else _("Saved as version %(number)s.", number=row.version)
            )
            flash(said, "success")
            return back_to(url_for("admin.policies"))
    return _page(form, last)


@blueprint.route("/policies/apply", methods=["GET", "POST"], endpoint="apply_policies")
def apply_policies() -> ResponseReturnValue:
    """What applying them to open tickets would change; posting does it."""
    form = AdministrationForm()
    if form.validate_on_submit():
        with transaction():
            ask_to_apply(by=me())
        flash(_("The policies are being applied. Each question that changes says so in its history."), "success")
        return back_to(url_for("admin.policies"))
    return page("policies_apply.html", form.status, form=form, preview=preview(), words=clock_wording)


def preview() -> Preview:
    """Look through open tickets and count what would change. Nothing is written."""
    after, looked, tickets, late = 0, 0, 0, 0
    changes: Counter[tuple[str, int | None, int | None]] = Counter()
    while looked < LOOKED_THROUGH and (some := open_tickets(after)):
        after, looked = some[-1].id, looked + len(some)
        for _ticket, found in changes_of(some):
            tickets += 1
            for each in found:
                changes[each.clock.name, each.before.minutes if each.before else None, each.after.minutes] += 1
                late += each.late_on_change
    return Preview(count_open(), looked, tickets, list(islice(changes.most_common(), 50)), late)


def _add(form: NewPolicyForm) -> PolicyVersion:
    if any(row.code == form.code.data for row in latest_policies()):
        raise BadInput([Problem("code", "code_taken")])
    return put_policy(form.entry(form.code.data), by=me())[0]


def _page(form: PolicyForm, last: PolicyVersion | None) -> ResponseReturnValue:
    return page(
        "policy.html",
        form.status,
        form=form,
        policy=last,
        clocks=CLOCKS,
        working=WORKING,
        conditions=CONDITIONS,
        clash=clash(form, "policy", last.id if last else None),
    )


def _choices(form: PolicyForm) -> None:
    codes = list(db.session.scalars(select(CalendarVersion.code).distinct().order_by(CalendarVersion.code)))
    for name in WORKING:
        form[f"in_{name}"].choices = calendars_for_clocks(codes)


def _names(code: str) -> dict[str, str]:
    """Which field of the form a problem of the document belongs to."""
    place = f"policies.{code}"
    found = {f"{place}.targets.{name}": f"target_{name}" for name in CLOCKS}
    found |= {f"{place}.calendar.{name}": f"in_{name}" for name in WORKING}
    found |= {f"{place}.applies_to.{fact}": f"if_{fact}" for fact in CONDITIONS}
    return found | {place: "order"}


def _found(code: str) -> PolicyVersion:
    row = next((row for row in latest_policies() if row.code == code), None)
    if row is None:
        raise NotFound()
    return row
