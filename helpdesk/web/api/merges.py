"""Two tickets that ask the same: merging one into the other, and taking them apart again."""

from __future__ import annotations

from typing import Any

from helpdesk.errors import BadInput, NotFound, Problem
from helpdesk.routing import merging
from helpdesk.tickets import seeing, unmerging
from helpdesk.web.api.authority import actor
from helpdesk.web.api.blueprint import api, described
from helpdesk.web.api.changing import Answer, changing
from helpdesk.web.api.documents import merged_document
from helpdesk.web.api.schemas import MergedSchema, MergeSchema, VersionedSchema


@api.post("/tickets/<ref>/merge")
@api.input(MergeSchema, arg_name="body")
@api.output(MergedSchema)
@described("Close a ticket because another one, still open, asks the same", 409, 413, 415)
@changing
def merge(ref: str, body: dict[str, Any]) -> Answer:
    """Whoever asked hears the answer of the other one.

    Where the two name other codes, places or technologies, or one denies what the other says, `reason` is needed (422
    with the code `vetoed`, and what conflicts in `detail`); it is kept in the log.
    """
    row = seeing.ticket_for(actor(), ref)
    try:
        into = seeing.ticket_for(actor(), body["into"])
    except NotFound:
        raise BadInput([Problem("into", "unknown_reference")]) from None
    merging.merge(row, into, by=actor(), reason=body.get("reason") or "", version=body.get("version"))
    return merged_document(row, actor()), 200


@api.post("/tickets/<ref>/unmerge")
@api.input(VersionedSchema, arg_name="body")
@api.output(MergedSchema)
@described("Take a merged ticket apart again, until the other one is answered", 409, 413, 415)
@changing
def unmerge(ref: str, body: dict[str, Any]) -> Answer:
    row = unmerging.unmerge(seeing.ticket_for(actor(), ref), by=actor(), version=body.get("version"))
    return merged_document(row, actor()), 200
