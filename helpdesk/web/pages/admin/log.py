"""The log: who did what outside of tickets."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts.directory import person_called
from helpdesk.accounts.models import Person
from helpdesk.errors import BadInput
from helpdesk.reports.audit import lines
from helpdesk.web.audit_wording import ACTIONS, in_words
from helpdesk.web.pages.admin.place import blueprint, number_asked, page, words_asked
from helpdesk.web.wording import sentence


@blueprint.get("/log")
def log() -> ResponseReturnValue:
    """`?person=` (short name, address or name) who acted, `?action=` what was done."""
    words, action = words_asked("person"), words_asked("action")
    action = action if action in ACTIONS else ""
    person, unknown = _person(words)
    found = None
    if unknown is None:
        found = lines(person=person, action=action or None, after=number_asked("after"), before=number_asked("before"))
    kept = {"person": words or None, "action": action or None}
    return page(
        "log.html",
        found=found,
        unknown=unknown,
        words=words,
        action=action,
        actions=ACTIONS,
        in_words=in_words,
        address=lambda **changes: url_for("admin.log", **{**kept, **changes}),
    )


def _person(words: str) -> tuple[Person | None, str | None]:
    """The person asked for, or the sentence that says why there is none."""
    if not words:
        return None, None
    try:
        return person_called(words), None
    except BadInput as refusal:
        return None, sentence(refusal.problems[0])
