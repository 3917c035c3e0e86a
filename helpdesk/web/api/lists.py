"""Who one is, and what a client needs to fill its lists."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk.accounts.models import Department, Person
from helpdesk.channels.models import Channel
from helpdesk.routing.models import Topic
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.documents import (
    channel_document,
    department_document,
    person_document,
    topic_document,
)
from helpdesk.web.api.schemas import (
    ChannelSchema,
    DepartmentSchema,
    MeSchema,
    PageQuery,
    PersonSchema,
    TopicSchema,
    page_of,
)
from helpdesk.web.api.walking import walk


@api.get("/me")
@api.output(MeSchema)
@described("The person the token acts for")
def me() -> Any:
    return person_document(actor()) | {"email": actor().email}


@api.get("/people")
@api.input(PageQuery, location="query", arg_name="query")
@api.output(page_of(PersonSchema))
@described("Active people, by handle")
def people(query: dict[str, Any]) -> Any:
    rows, cursor = walk(select(Person).where(Person.active), Person.handle, query["limit"], query.get("cursor"))
    return {"items": [person_document(row) for row in rows], "next_cursor": cursor}


@api.get("/departments")
@api.input(PageQuery, location="query", arg_name="query")
@api.output(page_of(DepartmentSchema))
@described("Departments, by code")
def departments(query: dict[str, Any]) -> Any:
    active = select(Department).where(Department.active)
    rows, cursor = walk(active, Department.code, query["limit"], query.get("cursor"))
    return {"items": [department_document(row) for row in rows], "next_cursor": cursor}


@api.get("/topics")
@api.input(PageQuery, location="query", arg_name="query")
@api.output(page_of(TopicSchema))
@described("Topics, by code")
def topics(query: dict[str, Any]) -> Any:
    rows, cursor = walk(select(Topic).where(Topic.active), Topic.code, query["limit"], query.get("cursor"))
    return {"items": [topic_document(row) for row in rows], "next_cursor": cursor}


@api.get("/channels")
@api.input(PageQuery, location="query", arg_name="query")
@api.output(page_of(ChannelSchema))
@described("Active channels, by code")
def channels(query: dict[str, Any]) -> Any:
    active = select(Channel).where(Channel.active)
    rows, cursor = walk(active, Channel.code, query["limit"], query.get("cursor"))
    return {"items": [channel_document(row) for row in rows], "next_cursor": cursor}
