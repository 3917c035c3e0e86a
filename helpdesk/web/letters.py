"""Letters in words: each in its reader's language, as text and as HTML, with the addresses of our pages.

Nothing in a letter is loaded from anywhere, so nobody learns that it was opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, format_date, format_time
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts.entering import OFFER_LINK_LASTS
from helpdesk.accounts.organisation import setting
from helpdesk.intake.masking import Mark, split_marks
from helpdesk.notifications.keeping import Words
from helpdesk.notifications.links import SIGNED_LINK, STATUS_PAGE
from helpdesk.notifications.mime import one_line
from helpdesk.notifications.models import LetterKind
from helpdesk.routing.models import Offer
from helpdesk.web.answering.desk import Desk
from helpdesk.web.answering.page import reasons
from helpdesk.web.labels import CIRCUITS, DECLINE_REASONS, label
from helpdesk.web.wording import mark_label, refusal

LONGEST_SUBJECT = 200
_GAPS = re.compile(r"\n(?:[ \t]*\n){2,}")

# Whoever asked reads no reference of ours: it is for the inside.
SUBJECTS: Mapping[LetterKind, Any] = {
    LetterKind.RECEIVED: _l("We have received your question"),
    LetterKind.DETAIL_WANTED: _l("We need a detail to answer your question"),
    LetterKind.ANSWERED: _l("The answer to your question"),
    LetterKind.OFFER: _l("Can you answer this question? %(ref)s"),
    LetterKind.WITHDRAWN: _l("You need not answer any more: %(ref)s"),
    LetterKind.DECLINED: _l("Declined, who is next? %(ref)s"),
    LetterKind.REDIRECTED: _l("Passed on: %(ref)s"),
    LetterKind.TO_APPROVE: _l("An answer for you to approve: %(ref)s"),
    LetterKind.RETURNED: _l("Your answer came back with a comment: %(ref)s"),
    LetterKind.READY: _l("Ready to publish: %(ref)s"),
    LetterKind.REVERTED: _l("To approve again: %(ref)s"),
    LetterKind.PUBLISHED: _l("Published: %(ref)s"),
    LetterKind.REPLIED: _l("The asker wrote back: %(ref)s"),
    LetterKind.ESCALATED: _l("Confidential: a question for your circuit, %(ref)s"),
}


@dataclass(frozen=True)
class Action:
    """The one button of a letter, or none."""

    url: str | None = None
    label: str = ""
    note: str | None = None


def render(kind: LetterKind, content: Mapping[str, Any], language: str) -> Words:
    """The letter `kind` with what `notifications.contents` says of it, in `language` ("fr" or "en").

    Needs the application's context, and no request.
    """
    with force_locale(language):
        subject = str(SUBJECTS[kind]) % {"ref": content["ref"]}
        return filled(kind, subject, _ACTIONS[kind](content), {**content, **_sayings(content)}, language)


def filled(kind: LetterKind, subject: str, action: Action, content: Mapping[str, Any], language: str) -> Words:
    """The letter of this kind with what its templates say and the one button. Inside `force_locale(language)`."""
    context = {
        **content,
        "locale": language,
        "organisation": {"name": setting("name")},
        "subject": subject,
        "name": content["person"].name if content["person"] else None,
        "action_url": action.url,
        "action_label": action.label,
        "link_note": action.note,
    }
    return Words(
        subject=one_line(subject)[:LONGEST_SUBJECT],
        text=_GAPS.sub("\n\n", _filled(f"letters/{kind}.txt", context)).strip() + "\n",
        html=_filled(f"letters/{kind}.html", context),
    )


def _filled(name: str, context: Mapping[str, Any]) -> str:
    # Not flask.render_template: what pages share (person, theme, navigation) belongs to a request.
    words: str = current_app.jinja_env.get_template(name).render(context)
    return words


def _sayings(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the templates say words with, and the facts of this letter that are codes."""
    said: dict[str, Any] = {"quoted": quoted, "in_words": in_words, "deadline": deadline}
    if "asked_by" in content:
        said["reasons"] = reasons(Desk(content["offer"], content["offer"].person))
    if content.get("reason"):
        code = str(content["reason"])
        said["why"] = label(DECLINE_REASONS, code) if code in DECLINE_REASONS else refusal(f"publish_{code}")
    if "circuit" in content:
        said["circuit_name"] = label(CIRCUITS, content["circuit"])
    return said


def in_words(text: str | None) -> str:
    """A masked text with its marks as words: ⟦phone⟧ becomes [telephone number hidden]."""
    pieces = split_marks(text or "")
    return "".join(f"[{mark_label(piece.kind)}]" if isinstance(piece, Mark) else piece for piece in pieces)


def quoted(text: str | None) -> str:
    """A text as it is quoted in plain letters: "> " before each line."""
    return "\n".join(f"> {line}".rstrip() for line in in_words(text).splitlines())


def deadline(instant: datetime) -> str:
    """ "Thursday, November 26, 2026 at 12:00", in the reader's language and the organisation's time."""
    return str(_("%(day)s at %(time)s", day=format_date(instant, "full"), time=format_time(instant, "short")))


# --- addresses --------------------------------------------------------------------------------------------------------


def address(endpoint: str, **values: Any) -> str:
    """The full address of a page of ours."""
    settings = current_app.extensions["relais_settings"]
    path = current_app.url_map.bind("relais.invalid").build(endpoint, values)
    return f"{settings.base_url}{path}"


def _follow(_content: Mapping[str, Any]) -> Action:
    return Action(
        STATUS_PAGE,
        _("Follow your question"),
        _("Keep this address to yourself: whoever has it can read your question and its answer."),
    )


def _reply(_content: Mapping[str, Any]) -> Action:
    return Action(STATUS_PAGE, _("Reply on the page of your question"))


def _read_answer(_content: Mapping[str, Any]) -> Action:
    return Action(STATUS_PAGE, _("See the answer on its page"))


def _answer_offer(_content: Mapping[str, Any]) -> Action:
    note = _(
        "You can accept, say no, or name somebody else. The link opens this one question without a password, and works "
        "for %(days)s days. It stands for you: do not pass it on.",
        days=OFFER_LINK_LASTS.days,
    )
    return Action(SIGNED_LINK, _("See the question and reply"), note)


def _none(_content: Mapping[str, Any]) -> Action:
    return Action()


def _choose_next(content: Mapping[str, Any]) -> Action:
    return _ticket_page(content, _("Choose who is next"))


def _open_ticket(content: Mapping[str, Any]) -> Action:
    return _ticket_page(content, _("Open the question"))


def _publish(content: Mapping[str, Any]) -> Action:
    return Action(address("publication.ticket", ref=content["ref"]), _("See the answer and publish it"))


def _approve(content: Mapping[str, Any]) -> Action:
    return Action(address("approval.ticket", ref=content["ref"]), _("Read and decide"))


def _revise(content: Mapping[str, Any]) -> Action:
    return _expert_page(content, _("Revise the answer"))


def _see_reply(content: Mapping[str, Any]) -> Action:
    return _expert_page(content, _("Open the question"))


def _see_post(content: Mapping[str, Any]) -> Action:
    return Action(content["permalink"], _("See it where it was posted")) if content["permalink"] else Action()


def _ticket_page(content: Mapping[str, Any], words: str) -> Action:
    return Action(address("triage.ticket", ref=content["ref"]), words)


def _expert_page(content: Mapping[str, Any], words: str) -> Action:
    """The expert's own page of their offer; without an offer (a restricted circuit), the ticket's."""
    offer: Offer | None = content["offer"]
    if offer is None or content["person"] is None or offer.person_id != content["person"].id:
        return _ticket_page(content, words)
    return Action(address("expert.question", offer_id=offer.id), words)


_ACTIONS: Mapping[LetterKind, Callable[[Mapping[str, Any]], Action]] = {
    LetterKind.RECEIVED: _follow,
    LetterKind.DETAIL_WANTED: _reply,
    LetterKind.ANSWERED: _read_answer,
    LetterKind.OFFER: _answer_offer,
    LetterKind.WITHDRAWN: _none,
    LetterKind.DECLINED: _choose_next,
    LetterKind.REDIRECTED: _open_ticket,
    LetterKind.TO_APPROVE: _approve,
    LetterKind.RETURNED: _revise,
    LetterKind.READY: _publish,
    LetterKind.REVERTED: _approve,
    LetterKind.PUBLISHED: _see_post,
    LetterKind.REPLIED: _see_reply,
    LetterKind.ESCALATED: _open_ticket,
}
