"""The addresses that a letter does not keep, because whoever has them needs no password. Pure.

They are put in when the letter goes out: the signed link (of an offer, of a week's figures) is made then, and the
address of an asker's page is worked out with the installation's key. A copy of the database holds neither.
"""

from __future__ import annotations

SIGNED_LINK = "https://relais.invalid/signed-link"  # what stands in their place; nothing answers at this name
STATUS_PAGE = "https://relais.invalid/status-page"


def with_addresses(words: str, *, signed_link: str, status_page: str) -> str:
    """`words` (of a letter, text or HTML) with the addresses where they belong."""
    return words.replace(SIGNED_LINK, signed_link).replace(STATUS_PAGE, status_page)


def without_secrets(words: str, base_url: str, instead: str) -> str:
    """`words` for a page that shows the letter: `instead` of the signed link the path of a page that needs signing in,
    and no asker's page."""
    return with_addresses(words, signed_link=f"{base_url}{instead}", status_page=f"{base_url}/status/…")
