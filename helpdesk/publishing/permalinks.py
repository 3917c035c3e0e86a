"""Is this the address of what was posted? A complete link, on the site where the question was asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpdesk.intake.links import LONGEST_LINK, canonical_link, host_of, is_acceptable_link

# Where the accounts of a kind live, when neither the question nor the account says so.
SITES: dict[str, tuple[str, ...]] = {
    "x": ("x.com",),
    "facebook": ("facebook.com",),
    "instagram": ("instagram.com",),
    "linkedin": ("linkedin.com",),
    "bluesky": ("bsky.app",),
    "youtube": ("youtube.com", "youtu.be"),
    "reviews": ("google.com", "google.fr", "goo.gl", "g.page", "g.co"),
    "google_avis": ("google.com", "google.fr", "goo.gl", "g.page", "g.co"),
}
_SERVER_OF_A_HANDLE = re.compile(r"@[\w.\-]+@((?:[\w\-]+\.)+[\w\-]+)")


def problem_of(url: str, *, kind: str, account: str = "", question_urls: Sequence[str] = ()) -> str | None:
    """Why `url` can't be where the answer stands, as a code (bad_link, other_site); None when it can.

    The right sites are those of the question, of the channel's account, and of its kind of network; when none of the
    three is known, any site is right.
    """
    if not is_acceptable_link(url) or len(canonical_link(url)) > LONGEST_LINK:
        return "bad_link"
    sites = right_sites(kind=kind, account=account, question_urls=question_urls)
    host = _host(url)
    return None if not sites or any(host == site or host.endswith(f".{site}") for site in sites) else "other_site"


def right_sites(*, kind: str, account: str = "", question_urls: Sequence[str] = ()) -> list[str]:
    """The hosts where an answer on this channel can stand, the most telling first."""
    found = [_host(url) for url in question_urls if url]
    if account.startswith(("http://", "https://")):
        found.append(_host(account))
    elif server := _SERVER_OF_A_HANDLE.fullmatch(account.strip()):
        found.append(server[1].lower())
    return list(dict.fromkeys([site for site in found if site] + list(SITES.get(kind, ()))))


def _host(url: str) -> str:
    return host_of(canonical_link(url))
