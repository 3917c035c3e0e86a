"""Channel accounts."""

from __future__ import annotations

from typing import Any

from helpdesk.accounts.models import SYSTEM
from helpdesk.channels.registry import KINDS, put_channel
from helpdesk.counts import Counts
from helpdesk.loading.entries import entries_of, take_each

# The kind that counts characters as the network does, for accounts that are served by hand.
KIND_BY_CODE = {"google_avis": "reviews"}


def load(document: dict[str, Any], counts: Counts) -> None:
    take_each(entries_of(document, "channels"), _channel, counts)


def _channel(entry: dict[str, Any]) -> str:
    kind = entry["kind"]
    if kind == "manual":
        kind = KIND_BY_CODE.get(entry["id"], entry["id"] if entry["id"] in KINDS else "manual")
    _row, what = put_channel(
        entry["id"],
        by=SYSTEM,
        kind=kind,
        account=str(entry.get("account", "")),
        public=entry.get("public", True),
        max_characters=None if kind == "webform" else entry.get("max_chars"),
        url_counts_as=entry.get("url_counts_as"),
    )
    return what
