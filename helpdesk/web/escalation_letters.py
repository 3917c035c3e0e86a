"""Warnings in words: one letter with everything its reader is to be told of clocks, what they can do about it first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts.entering import OFFER_LINK_LASTS
from helpdesk.escalation.digests import Digest, Line
from helpdesk.escalation.models import Part
from helpdesk.notifications.contents import LONGEST_EXCERPT, shortened
from helpdesk.notifications.keeping import Words
from helpdesk.notifications.links import SIGNED_LINK
from helpdesk.notifications.models import LetterKind
from helpdesk.tickets.workflow import State
from helpdesk.web.clock_wording import CLOCKS
from helpdesk.web.labels import label
from helpdesk.web.letters import Action, address, deadline, filled, in_words, quoted

LISTED = 20
"""Questions of one part that are listed; of more only the number is told, and where they all are."""
HEADINGS: Mapping[Part, Any] = {
    Part.OWNER: _l("Waiting for you"),
    Part.BACKUP: _l("Somebody you stand in for"),
    Part.HEAD: _l("In your department"),
    Part.COMMITTEE: _l("Far past their time"),
}
WHY: Mapping[Part, Any] = {
    Part.OWNER: _l("You receive this letter because it is your turn."),
    Part.BACKUP: _l("You receive this letter because you stand in for somebody who has not replied."),
    Part.HEAD: _l("You receive this letter because you head the department whose time runs."),
    Part.COMMITTEE: _l(
        "You receive this letter because the committee is told what takes half as long again as promised."
    ),
}


def digest_words(digest: Digest, language: str) -> Words:
    """The letter of `digest` in `language`. Needs the application's context, and no request."""
    with force_locale(language):
        parts = [(part, _by_ticket(digest.lines, part)) for part in Part]
        content = {
            "person": digest.person,
            "groups": [(HEADINGS[part], told[:LISTED], len(told) - LISTED) for part, told in parts if told],
            "reasons_why": [WHY[part] for part, told in parts if told],
            "one": len({line.ticket.id for line in digest.lines}) == 1,
            "step": lambda line: label(CLOCKS, line.clock),
            "page": page,
            "excerpt": lambda line: shortened(line.ticket.question.text, LONGEST_EXCERPT),
            "quoted": quoted,
            "in_words": in_words,
            "deadline": deadline,
        }
        return filled(LetterKind.WARNED, _subject(digest.lines), _action(digest), content, language)


def _by_ticket(lines: Sequence[Line], part: Part) -> list[list[Line]]:
    """The lines of one part, those of a ticket together, in the order of the first of each."""
    found: dict[int, list[Line]] = {}
    for line in lines:
        if line.part is part:
            found.setdefault(line.ticket.id, []).append(line)
    return list(found.values())


def _subject(lines: Sequence[Line]) -> str:
    late = {line.ticket.ref for line in lines if line.late}
    soon = {line.ticket.ref for line in lines} - late
    if len(late | soon) == 1:
        return str(_("Late: %(ref)s", ref=min(late)) if late else _("Due soon: %(ref)s", ref=min(soon)))
    if late and soon:
        return str(_("%(late)d questions late, %(soon)d due soon", late=len(late), soon=len(soon)))
    if late:
        return str(ngettext("%(num)d question late", "%(num)d questions late", len(late)))
    return str(ngettext("%(num)d question due soon", "%(num)d questions due soon", len(soon)))


def page(line: Line) -> str | None:
    """Where the reader goes on with it; None when it is not for their eyes."""
    ref = line.ticket.ref
    if not line.sees:
        return None
    if line.offer_id is not None:
        return address("expert.question", offer_id=line.offer_id)
    if line.part is Part.OWNER and line.ticket.state is State.VALIDATING and line.clock == "validate":
        return address("approval.ticket", ref=ref)
    if line.part is Part.OWNER and line.ticket.state is State.READY and line.clock == "post":
        return address("publication.ticket", ref=ref)
    return address("triage.ticket", ref=ref)


def _action(digest: Digest) -> Action:
    """What opens the one question, or the list that holds them all."""
    first = digest.lines[0]
    if digest.only_offer_id is not None:
        note = _(
            "The link opens this one question without a password, and works for %(days)s days. It stands for you: do "
            "not pass it on.",
            days=OFFER_LINK_LASTS.days,
        )
        return Action(SIGNED_LINK, _("See the question and reply"), note)
    if len({line.ticket.id for line in digest.lines}) == 1:
        return Action(page(first), _("Open the question")) if first.sees else Action()
    if all(line.ticket.restricted for line in digest.lines):
        return Action(address("triage.inbox", queue="restricted"), _("Restricted questions"))
    if first.part is Part.HEAD:
        return Action(address("department.open_questions", late="1"), _("All late questions"))
    if first.offer_id is not None:
        return Action(address("expert.home"), _("See my questions"))
    if first.part is Part.OWNER and first.clock == "validate":
        return Action(address("approval.queue"), _("Read and decide"))
    return Action(address("triage.inbox", queue="late"), _("All late questions"))
