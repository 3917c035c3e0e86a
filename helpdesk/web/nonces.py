"""What tells a second click from a second question: a random name that each page with a form carries."""

from __future__ import annotations

import hashlib
import re
import secrets

_NONCE = re.compile(r"[\w-]{16,40}", re.ASCII)


def nonce_for(kept: str | None) -> str:
    """The nonce of a form that is shown: the one it came with, so that sending again is the same, or a new one."""
    return kept if kept and _NONCE.fullmatch(kept) else secrets.token_urlsafe(16)


def name_of(door: str, nonce: str | None, *content: str | None) -> str | None:
    """The `external_id` of what was sent: the same for a second click, another one for other content of the same page.

    None when the nonce is not one of ours; nothing tells a second click then.
    """
    if not nonce or not _NONCE.fullmatch(nonce):
        return None
    sent = "\0".join(part or "" for part in content).encode("utf-8", "surrogatepass")
    return f"{door}-{nonce}-{hashlib.sha256(sent).hexdigest()[:16]}"
