"""The staff's search: questions and official answers that the person may see."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.errors import BadInput
from helpdesk.search.completing import completions
from helpdesk.search.filter_words import Filter, name_of
from helpdesk.search.finding import LONGEST_SEARCH, find
from helpdesk.search.narrowing import Sought, sought
from helpdesk.search.results import Results
from helpdesk.web.language import language_now
from helpdesk.web.pages.triage.advice import answer_url
from helpdesk.web.searching import PARTS, advice, chip, completion_document, examples
from helpdesk.web.signing_in import demand, me

blueprint = Blueprint("search", __name__)
blueprint.before_request(demand(Can.SEE_TICKET))

SHOWN = 20


@blueprint.get("/search")
def results() -> ResponseReturnValue:
    """What holds all the words of `?q=` within its filters, best first; `?cursor=` goes on from the page before."""
    what = sought(_typed("q").strip(), me(), clock.now())
    found = _found(what, request.args.get("cursor") or None)
    return render_template(
        "search/results.html",
        searched=what.text,
        words=what.words,
        found=found,
        chips=[chip(each) for each in what.chosen],
        advice=[advice(each, what) for each in what.misunderstood],
        kinds=_kinds(what, found),
        parts=PARTS,
        examples=examples(),
        longest=LONGEST_SEARCH,
        first_page=not request.args.get("cursor"),
        next_url=url_for("search.results", q=what.text, cursor=found.next_cursor) if found.next_cursor else None,
        first_url=url_for("search.results", q=what.text),
        answer_url=answer_url,
    )


@blueprint.get("/search/completions")
def completed() -> Response:
    """How to go on with `?q=` where the caret stands (`?at=`, the end without it), for the list below the box."""
    text = _typed("q")
    at = request.args.get("at", len(text), type=int)
    found = completions(text, at, person=me(), language=language_now(), now=clock.now())
    answer = jsonify(items=[completion_document(each) for each in found])
    answer.headers["Cache-Control"] = "private, max-age=10"
    return answer


def _typed(name: str) -> str:
    return request.args.get(name, "").replace("\x00", " ")[:LONGEST_SEARCH]


def _found(what: Sought, cursor: str | None) -> Results:
    if not what.is_clear:
        return Results()
    try:
        return find(me(), what, limit=SHOWN, cursor=cursor)
    except BadInput:  # an address cut short on its way: the first page is what was meant
        return find(me(), what, limit=SHOWN)


def _kinds(what: Sought, found: Results) -> list[tuple[str, int, str]]:
    """Questions and official answers, how many there are, and where only they are shown; when there are both."""
    if found.counts is None or not (found.counts.tickets and found.counts.answers):
        return []
    kind = name_of(Filter.KIND, language_now())
    counted = (("ticket", found.counts.tickets), ("answer", found.counts.answers))
    typed = {"ticket": "question", "answer": "réponse" if language_now() == "fr" else "answer"}
    return [(code, count, url_for("search.results", q=f"{what.text} {kind}:{typed[code]}")) for code, count in counted]
