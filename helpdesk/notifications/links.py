"""The addresses that a letter does not keep, because whoever has them needs no password. Pure.

They are put in when the letter goes out: the signed link of an offer is made then, and the address of an asker's page
is worked out with the installation's key. A copy of the database holds neither.
"""

from __future__ import annotations

SIGNED_LINK = "https://relais.invalid/signed-link"  # what stands in their place; nothing answers at this name
STATUS_PAGE = "https://relais.invalid/status-page"


def with_addresses(words: str, *, signed_link: str, status_page: str) -> str:
    """`words` (of a letter, text or HTML) with the addresses where they belong."""
    return words.replace(SIGNED_LINK, signed_link).replace(STATUS_PAGE, status_page)


def without_secrets(words: str, base_url: str, offer_id: int | None) -> str:
    """`words` for a page that shows the letter: an offer's page that needs signing in, and no asker's page."""
    offer = f"{base_url}/questions/{offer_id}" if offer_id else f"{base_url}/questions"
    return with_addresses(words, signed_link=offer, status_page=f"{base_url}/status/…")
