"""What somebody else did first, in words: the `what_changed` of a Conflict for the person who came second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.web.wording import refusal

SAID: Mapping[str, Any] = {
    "claimed": _l("%(name)s took it."),
    "released": _l("%(name)s gave it back."),
    "triaged": _l("%(name)s changed its class, priority or topics."),
    "offered": _l("%(name)s asked somebody to answer it."),
    "declined": _l("%(name)s declined it."),
    "redirected": _l("%(name)s passed it on."),
    "withdrawn": _l("%(name)s took the question back."),
    "expired": _l("The time to reply ran out."),
    "accepted": _l("%(name)s accepted it."),
    "clarification_asked": _l("%(name)s asked the asker for a detail."),
    "asker_replied": _l("The asker replied."),
    "drafted": _l("%(name)s saved another version of the text."),
    "submitted": _l("%(name)s handed the text over to the approver."),
    "returned": _l("%(name)s returned the text with a comment."),
    "approved": _l("%(name)s approved the text."),
    "reused": _l("%(name)s used an official answer that was there."),
    "reverted": _l("The text went back to the approver."),
    "published": _l("%(name)s published the answer."),
    "closed": _l("%(name)s closed it."),
    "reopened": _l("%(name)s opened it again."),
    "merged": _l("%(name)s merged it with another question."),
    "escalated": _l("It was handed to a restricted circuit."),
    "released_to_route": _l("%(name)s brought it back from a restricted circuit."),
}


def change_in_words(what_changed: Any) -> str:
    """One sentence for what `Conflict.what_changed` holds: an event as `events.last_change` tells it, or a code."""
    if not isinstance(what_changed, Mapping):
        return refusal(str(what_changed or "changed_meanwhile"))
    said = SAID.get(str(what_changed.get("kind")))
    if said is None:
        return refusal("changed_meanwhile")
    by = str(what_changed.get("by") or "")
    name = {"system": "Relais", "asker": _("The asker")}.get(by, by)
    return str(said) % {"name": name}
