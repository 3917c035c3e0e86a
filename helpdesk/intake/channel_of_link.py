"""On which of our channels a public post stands, told from its link. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from helpdesk.intake.links import canonical_link, split_link

# Hosts of the large networks, and the kind (or code) of channel they stand for.
_NETWORKS = {
    "x.com": "x",
    "facebook.com": "facebook",
    "instagram.com": "instagram",
    "linkedin.com": "linkedin",
    "bsky.app": "bluesky",
    "youtube.com": "youtube",
    "youtu.be": "youtube",
    "google.com": "reviews",
    "google.fr": "reviews",
    "maps.app.goo.gl": "reviews",
    "g.page": "reviews",
}
_HOST_IN_ACCOUNT = re.compile(r"[a-z0-9](?:[\w-]*\.)+[a-z]{2,}")
_MASTODON_POST = re.compile(r"/@[^/]+/\d+")
_DISCOURSE_TOPIC = re.compile(r"/t/[^/]+/\d+")


class Place(Protocol):
    """What is looked at of a channel."""

    @property
    def code(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def account(self) -> str: ...


Found = TypeVar("Found", bound=Place)


def channel_of_link(link: str, channels: Sequence[Found]) -> Found | None:
    """The channel whose account names the link's host, else the first of the network, else None: ask the person."""
    parts = split_link(canonical_link(link))
    if parts is None:
        return None
    host = parts.hostname or ""
    for channel in channels:
        if any(_same_site(host, named) for named in _HOST_IN_ACCOUNT.findall(channel.account.lower())):
            return channel
    network = next((kind for site, kind in _NETWORKS.items() if _same_site(host, site)), None)
    if network is None and _MASTODON_POST.match(parts.path):
        network = "mastodon"
    if network is None and _DISCOURSE_TOPIC.match(parts.path):
        network = "discourse"
    return next((channel for channel in channels if network in (channel.kind, channel.code)), None)


def _same_site(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}")
