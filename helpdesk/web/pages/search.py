"""The staff's search: questions and official answers that the person may see."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts.access import Can
from helpdesk.errors import BadInput
from helpdesk.search.finding import Results, find
from helpdesk.web.pages.triage.advice import answer_url
from helpdesk.web.signing_in import demand, me

blueprint = Blueprint("search", __name__)
blueprint.before_request(demand(Can.SEE_TICKET))

SHOWN = 20
LONGEST = 200


@blueprint.get("/search")
def results() -> ResponseReturnValue:
    """What holds all the words of `?q=`, best first; `?cursor=` goes on from the page before."""
    words = request.args.get("q", "").replace("\x00", " ").strip()[:LONGEST]
    found = _found(words, request.args.get("cursor") or None)
    return render_template(
        "search/results.html",
        searched=words,
        found=found,
        first_page=not request.args.get("cursor"),
        next_url=url_for("search.results", q=words, cursor=found.next_cursor) if found.next_cursor else None,
        first_url=url_for("search.results", q=words),
        answer_url=answer_url,
    )


def _found(words: str, cursor: str | None) -> Results:
    try:
        return find(me(), words, limit=SHOWN, cursor=cursor)
    except BadInput:  # an address cut short on its way: the first page is what was meant
        return find(me(), words, limit=SHOWN)
