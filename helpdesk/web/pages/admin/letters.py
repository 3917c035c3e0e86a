"""Letters: what went out, what is kept, and what failed."""

from __future__ import annotations

from flask import current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from config import Settings
from helpdesk.db import transaction
from helpdesk.notifications.models import LetterState
from helpdesk.notifications.resending import CAN_GO_AGAIN, send_again
from helpdesk.notifications.sending import shown
from helpdesk.reports.outgoing import MOST_COUNTED, letter_counts, letter_with
from helpdesk.reports.outgoing import letters as some_letters
from helpdesk.web.pages.admin.place import LARGEST_ID, blueprint, number_asked, page
from helpdesk.web.signing_in import back_to, me

# In the order in which they ask for a look.
ORDER = (
    LetterState.FAILED,
    LetterState.UNCERTAIN,
    LetterState.KEPT,
    LetterState.WAITING,
    LetterState.HANDING_OVER,
    LetterState.SENT,
    LetterState.NOT_NEEDED,
)


@blueprint.get("/letters")
def letters() -> ResponseReturnValue:
    """The letters in one state, `?state=`; without it the first state that has any."""
    counts = letter_counts()
    asked = request.args.get("state", "")
    filled = next((state for state in ORDER if counts[state]), LetterState.SENT)
    state = LetterState(asked) if asked in list(LetterState) else filled
    return page(
        "letters.html",
        walk=some_letters(state, after=number_asked("after"), before=number_asked("before")),
        state=state,
        order=ORDER,
        counts=counts,
        most_counted=MOST_COUNTED,
        mail_server=_settings().mail_server,
        again=_can_go_again(),
        address=lambda **changes: url_for("admin.letters", **{"state": state.value, **changes}),
    )


@blueprint.get(f"/letters/<int(max={LARGEST_ID}):letter_id>")
def letter(letter_id: int) -> ResponseReturnValue:
    """One letter as it is kept; what it says of a restricted question is for the people named there only."""
    row = letter_with(letter_id)
    hidden = row.ticket is not None and row.ticket.restricted
    text = shown(row.text, row, _settings().base_url)
    return page("letter.html", letter=row, text=text, hidden=hidden, again=_can_go_again())


def _can_go_again() -> frozenset[LetterState]:
    """Kept letters can go once there is a mail server."""
    return CAN_GO_AGAIN if _settings().mail_server else CAN_GO_AGAIN - {LetterState.KEPT}


def _settings() -> Settings:
    settings: Settings = current_app.extensions["relais_settings"]
    return settings


@blueprint.post(f"/letters/<int(max={LARGEST_ID}):letter_id>/send-again")
def send_letter_again(letter_id: int) -> ResponseReturnValue:
    """Try a letter again that failed, or of which nobody knows whether it went."""
    with transaction():
        send_again(letter_with(letter_id), by=me())
    flash(_("The letter is on its way again."), "success")
    return back_to(url_for("admin.letters"))


def _can_go() -> frozenset[LetterState]:
    """The letters with a button: without a mail server those kept would only be kept again."""
    has_server = current_app.extensions["relais_settings"].mail_server is not None
    return CAN_GO_AGAIN if has_server else CAN_GO_AGAIN - {LetterState.KEPT}
