"""What a browser's form may hold. A body that is not UTF-8 is refused: guessing would change what a person wrote."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import abort, request

from helpdesk.errors import BadInput, Problem

URL_ENCODED = "application/x-www-form-urlencoded"


def refuse_broken_text() -> None:
    """A `before_request` check of a blueprint. Raises BadInput when a form's text is not UTF-8.

    It reads the body, so it must come before the form is read: the view is exempt from the general CSRF check.
    """
    if request.method != "POST" or request.mimetype != URL_ENCODED:
        return
    body = request.get_data()
    try:
        unquote_to_bytes(body).decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput([Problem("text", "not_utf8")]) from None


def refuse_nul() -> None:
    """A NUL in an address names nothing: no database keeps one in a text, and some refuse to be asked for it."""
    if "\0" in request.path:
        abort(404)
    if any("\0" in value for values in request.args.listvalues() for value in values):
        raise BadInput([Problem("address", "invalid")])


def one_kind_of_line(text: str | None) -> str:
    """A text as it was typed: browsers send every line end of a form as CR LF, whatever the person pressed."""
    return (text or "").replace("\r\n", "\n")
