"""Addresses of public posts: which are accepted, and when two of them lead to the same post."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

LONGEST_LINK = 2_000

# What networks and mail programs add to follow a reader around; none of it says which post is meant.
_FOLLOWING = re.compile(
    r"(?:utm_\w*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid?|li_fat_id"
    r"|mc_[ce]id|mkt_tok|_hs\w+|vero_\w+|ref_src|ref_url|__cft__\S*|__tn__|__xts__\S*|mibextid|rdid"
    r"|share_id|phpsessid|jsessionid|trk|trackingid|lipi|cmpid|xtor|at_medium|at_campaign)\Z",
    re.IGNORECASE,
)
_ONLY_ON = {
    "x.com": {"s", "t"},
    "instagram.com": {"img_index"},
    "facebook.com": {"ref", "refsrc", "_rdr", "_rdc"},
    "youtube.com": {"si", "feature"},
    "youtu.be": {"si", "feature"},
}
_SESSION = re.compile(r"[0-9a-f]{32}\Z")  # what phpBB adds as `sid`
_SAME_HOST = {"twitter.com": "x.com", "fb.com": "facebook.com", "old.reddit.com": "reddit.com"}
_HOST_PREFIX = re.compile(r"\A(?:www\d?|m|mobile|touch|mbasic)\.(?=[^.]+\.[^.]+)")
_LABEL = r"[^\W_](?:[\w\-]{0,61}[^\W_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.){{0,30}}{_LABEL}\.?\Z|[0-9a-fA-F:.]{{2,45}}\Z")
_ANCHOR_OF_A_POST = re.compile(r"[\w\-]*\d[\w\-]*\Z")
_SAFE_IN_PATH = "/!$&'()*+,;=:@~-._"


def is_acceptable_link(url: str) -> bool:
    """Whether `url` can be shown as a link to a public post: http or https, a host, no password, nothing
    invisible.
    """
    if len(url) > LONGEST_LINK or any(character.isspace() or not character.isprintable() for character in url):
        return False
    parts = split_link(url)
    return (
        parts is not None
        and parts.scheme in ("http", "https")
        and parts.username is None
        and "\\" not in url
        and _HOST.match(parts.hostname or "") is not None
    )


def canonical_link(url: str) -> str:
    """One spelling for all the links to one post, used to notice duplicates (never shown, never followed).

    Scheme, `www.` and mobile hosts, default ports, tracking parameters, their order and a last slash do not
    count. An anchor counts only when it names a post (`#p123`). A link that can't be read is given back as
    it is.
    """
    parts = split_link(url.strip())
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return url.strip()
    host = _canonical_host(parts)
    path = unquote(parts.path, errors="surrogateescape")
    path = quote(path, safe=_SAFE_IN_PATH, errors="surrogateescape")
    path = re.sub(r"/{2,}", "/", path).rstrip("/")
    dropped = _ONLY_ON.get(host, set())
    pairs = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        if not (_FOLLOWING.match(name) or name in dropped or (name == "sid" and _SESSION.match(value)))
    )
    query = f"?{urlencode(pairs, errors='surrogateescape')}" if pairs else ""
    anchor = f"#{parts.fragment}" if _ANCHOR_OF_A_POST.match(parts.fragment) else ""
    return f"https://{host}{path}{query}{anchor}"


def _canonical_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = host.lower()
    host = _HOST_PREFIX.sub("", host)
    host = _SAME_HOST.get(host, host)
    if ":" in host:
        host = f"[{host}]"
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def host_of(url: str) -> str:
    """The host a link leads to, in lower case; nothing for what only looks like a link, such as "https://["."""
    parts = split_link(url)
    return (parts.hostname or "").lower() if parts else ""


def split_link(url: str) -> SplitResult | None:
    """The parts of `url`, or None when it is no address at all, as with a bad port or a broken IPv6 host."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
