"""The what-if of a department: its last weeks played again with one more expert, other hours, another target."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from helpdesk import clock
from helpdesk.errors import BadInput
from helpdesk.reports.department import department_for, departments_of
from helpdesk.reports.periods import USUAL
from helpdesk.reports.what_if import calendars
from helpdesk.reports.what_if import what_if as played_again
from helpdesk.web import what_if_wording
from helpdesk.web.forms.what_if import WhatIfForm
from helpdesk.web.pages import department as place
from helpdesk.web.sheets import duration
from helpdesk.web.sheets import told as told_cell
from helpdesk.web.signing_in import me


@place.blueprint.get("/what-if")
def what_if() -> ResponseReturnValue:
    """`?code=` and `?weeks=` say what is played again, `?experts=`, `?calendar=` and `?target=` what is changed."""
    department = department_for(me(), request.args.get("code"))
    typed = MultiDict(request.args)
    typed.setdefault("weeks", str(USUAL))
    typed["experts"] = typed.get("experts", "").strip().replace("\N{MINUS SIGN}", "-")
    form, known = WhatIfForm(typed), calendars()
    form.offer(known)
    trial = None
    if form.validate():
        try:
            trial = played_again(department, form.weeks.data or USUAL, form.changes, clock.now())
        except BadInput as refusal:
            form.refuse(refusal.problems)
    found, changes = (trial.comparison, form.changes) if trial else (None, None)
    parts = what_if_wording.changed(changes, known) if changes else []
    page = render_template(
        "department/what_if.html",
        department=department,
        departments=departments_of(me()),
        form=form,
        trial=trial,
        parts=parts,
        verdict=what_if_wording.verdict(found, parts) if found else None,
        bars=what_if_wording.rows(found, bool(parts)) if found else [],
        table=what_if_wording.table(found, bool(parts)) if found else None,
        lines=what_if_wording.told(trial) if trial and found else [],
        too_few=what_if_wording.too_few(trial) if trial and not found else None,
        told=told_cell,
        whole=what_if_wording.whole,
        usual=duration(trial.usual_target) if trial and trial.usual_target else None,
    )
    return page, 422 if form.errors else 200
