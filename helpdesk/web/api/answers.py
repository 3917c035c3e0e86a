"""Official answers: searching and reading them and their versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk import clock
from helpdesk.accounts.access import Can
from helpdesk.answers import library
from helpdesk.answers.models import AnswerVersion, OfficialAnswer
from helpdesk.answers.validity import day_of
from helpdesk.routing.topics import topic_with
from helpdesk.search.facets import ANSWERS_ONLY
from helpdesk.search.finding import find
from helpdesk.search.narrowing import sought
from helpdesk.tickets.seeing import ensure_role
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.documents import answer_document, version_document
from helpdesk.web.api.schemas import (
    MOST_PER_PAGE,
    AnswersQuery,
    OfficialAnswerDetailSchema,
    OfficialAnswerSchema,
    PageQuery,
    VersionSchema,
    page_of,
)
from helpdesk.web.api.walking import walk


def the_answer(code: str) -> OfficialAnswer:
    ensure_role(actor(), Can.SEE_OFFICIAL_ANSWERS)
    return library.answer_for(actor(), code)


@api.get("/official-answers")
@api.input(AnswersQuery, location="query", arg_name="query")
@api.output(page_of(OfficialAnswerSchema), description="Newest first; with `q` the best matches, on one page")
@described("Search official answers")
def official_answers(query: dict[str, Any]) -> Any:
    ensure_role(actor(), Can.SEE_OFFICIAL_ANSWERS)
    topic = topic_with(query["topic"]) if query.get("topic") else None
    if query.get("topic") and topic is None:
        return {"items": [], "next_cursor": None}
    ids = None
    if query.get("q"):
        found = find(actor(), sought(query["q"], actor(), clock.now()).within(ANSWERS_ONLY), limit=MOST_PER_PAGE)
        ids = [item.answer.id for item in found.items if item.answer]
    page = library.page(
        actor(),
        today=day_of(clock.now()),
        status=query.get("status"),
        topic=topic,
        language=query.get("language"),
        ids=ids,
        limit=query["limit"],
        cursor=query.get("cursor"),
    )
    items = [answer_document(item.answer, item.version) for item in page.items[: query["limit"]]]
    return {"items": items, "next_cursor": page.next_cursor}


@api.get("/official-answers/<code>")
@api.output(OfficialAnswerDetailSchema)
@described("Read one official answer")
def official_answer(code: str) -> Any:
    return answer_document(the_answer(code))


@api.get("/official-answers/<code>/versions")
@api.input(PageQuery, location="query", arg_name="query")
@api.output(page_of(VersionSchema), description="Oldest first")
@described("Read every sealed version of an official answer")
def official_answer_versions(code: str, query: dict[str, Any]) -> Any:
    answer = the_answer(code)
    versions = select(AnswerVersion).where(AnswerVersion.official_answer_id == answer.id)
    rows, cursor = walk(versions, AnswerVersion.version, query["limit"], query.get("cursor"))
    return {"items": [version_document(row) for row in rows], "next_cursor": cursor}
