"""Channels that are there from the start: our own form, and what questions are loaded under."""

from __future__ import annotations

from helpdesk.accounts.models import SYSTEM
from helpdesk.channels.models import Channel
from helpdesk.channels.registry import channel_with, put_channel

WEB_FORM = "web"
IMPORT = "import"


def form_channel() -> Channel:
    """The channel of the public form, made on first use. An administrator may close it: see `Channel.accepts`."""
    return channel_with(WEB_FORM) or put_channel(WEB_FORM, by=SYSTEM, kind="webform")[0]


def import_channel() -> Channel:
    """The channel of questions loaded from a file that names none, made on first use."""
    return channel_with(IMPORT) or put_channel(IMPORT, by=SYSTEM, kind="manual", public=False)[0]
