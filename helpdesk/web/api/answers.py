"""Official answers: searching and reading them and their versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk.accounts.access import Can
from helpdesk.answers.models import AnswerVersion, OfficialAnswer
from helpdesk.answers.recording import answer_with
from helpdesk.errors import NotFound
from helpdesk.tickets.seeing import ensure_role
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.documents import answer_document, version_document
from helpdesk.web.api.schemas import AnswersQuery, OfficialAnswerDetailSchema, OfficialAnswerSchema, PageQuery, VersionSchema, page_of
from helpdesk.web.api.walking import walk


def the_answer(code: str) -> OfficialAnswer:
    ensure_role(actor(), Can.SEE_OFFICIAL_ANSWERS)
    answer = answer_with(code)
    if answer is None:
        raise NotFound()
    return answer


@api.get("/official-answers")
@api.input(AnswersQuery, location="query", arg_name="query")
@api.output(page_of(OfficialAnswerSchema))
@described("Search official answers")
def official_answers(query: dict[str, Any]) -> Any:
    from helpdesk.answers.listing import page

    ensure_role(actor(), Can.SEE_OFFICIAL_ANSWERS)
    found = page(
        actor(),
        words=query.get("q"),
        status=query.get("status"),
        topic=query.get("topic"),
        language=query.get("language"),
        limit=query["limit"],
        cursor=query.get("cursor"),
    )
    return {"items": [answer_document(answer) for answer in found.items], "next_cursor": found.next_cursor}


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
