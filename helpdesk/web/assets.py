"""What a page loads: one style sheet, one small icon sprite, our own scripts, all under a versioned address.

Bootstrap's style sheet and icons are read from the installed Bootstrap-Flask wheel, so nothing of theirs is kept in
this project. Every address carries a digest of what it serves: a browser may keep it for a year, and never sees an
old one.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, g, request, send_from_directory, url_for
from markupsafe import Markup, escape

from helpdesk.web.icon_names import NAMES

STATIC = Path(__file__).parent / "static"
# Order matters: tokens first, then what everything uses, then one file per component; paper comes last.
STYLES = (
    "tokens", "base", "shell", "forms", "chips", "people", "queue", "ticket", "triage", "search", "expert", "editor",
    "differences", "review", "tables", "charts", "admin", "public", "print",
)  # fmt: skip
YEAR = 365 * 24 * 3600

assets = Blueprint("assets", __name__, url_prefix="/assets")


def _bootstrap(path: str) -> str:
    return (files("flask_bootstrap") / "static" / "bootstrap5" / path).read_text(encoding="utf-8")


def follow_the_system(css: str) -> str:
    """Repeat each `[data-bs-theme=dark]` rule for `[data-bs-theme=auto]` where the system prefers dark.

    Bootstrap knows two themes; this adds "as my system" without writing the dark palette twice. The repeat follows the
    rule it repeats, so that the order of the sheet, and with it who wins, stays the same.
    """
    rule = re.compile(r"(?P<selector>[^{}@/;]*\[data-bs-theme=dark\][^{}@]*)\{(?P<body>[^{}]*)\}")

    def twice(found: re.Match[str]) -> str:
        selector = found["selector"].replace("data-bs-theme=dark", "data-bs-theme=auto")
        return f"{found[0]}@media (prefers-color-scheme:dark){{{selector.strip()}{{{found['body']}}}}}"

    return rule.sub(twice, css)


def style_sheet() -> str:
    """Bootstrap, then our own components, as one sheet."""
    ours = "\n".join((STATIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
    theirs = re.sub(r"/\*# sourceMappingURL.*?\*/", "", _bootstrap("css/bootstrap.min.css"))
    return follow_the_system(theirs + re.sub(r"/\*.*?\*/\n?", "", ours, flags=re.DOTALL))


def icon_sprite() -> str:
    """The icons this project uses, and no others (the whole set weighs over a megabyte).

    Raises LookupError when the wheel lacks one, so that a missing icon shows at start and not as an empty square.
    """
    symbols = dict(
        re.findall(r'(?s)<symbol [^>]*id="([^"]+)"[^>]*>(.*?)</symbol>', _bootstrap("icons/bootstrap-icons.svg"))
    )
    if lacking := sorted(NAMES - symbols.keys()):
        raise LookupError(f"Bootstrap-Flask has no icon named {', '.join(lacking)}")
    body = "".join(f'<symbol id="{name}" viewBox="0 0 16 16">{symbols[name]}</symbol>' for name in sorted(NAMES))
    return f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>'


@dataclass
class Shelf:
    """The made files, kept in memory with their compressed form, and the digest that stands for all of them."""

    @cached_property
    def made(self) -> dict[str, tuple[str, bytes]]:
        """File name to (content type, bytes)."""
        return {
            "relais.css": ("text/css; charset=utf-8", style_sheet().encode()),
            "icons.svg": ("image/svg+xml", icon_sprite().encode()),
        }

    @cached_property
    def compressed(self) -> dict[str, bytes]:
        return {name: gzip.compress(content, 9, mtime=0) for name, (_kind, content) in self.made.items()}

    @cached_property
    def version(self) -> str:
        digest = hashlib.sha256(b"".join(content for _kind, content in self.made.values()))
        for path in sorted(STATIC.rglob("*")):
            if path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()[:12]


_shelf = Shelf()


def _kept(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = YEAR
    response.cache_control.immutable = True
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@assets.get("/<version>/<path:filename>")
def asset_file(version: str, filename: str) -> Response:
    """One file. An address of an earlier version is answered with today's file, so that an open tab keeps working."""
    if filename not in _shelf.made:
        return _kept(send_from_directory(STATIC, filename)) if not filename.startswith("css/") else abort(404)
    content_type, content = _shelf.made[filename]
    response = Response(content, content_type=content_type)
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(_shelf.compressed[filename])
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return _kept(response)


def asset(filename: str) -> str:
    """The versioned address of `relais.css`, `icons.svg`, or a file of `static/` such as `js/app.js`."""
    addresses: dict[str, str] = g.setdefault("asset_addresses", {})  # a page draws dozens of icons from one file
    if filename not in addresses:
        addresses[filename] = url_for("assets.asset_file", version=_shelf.version, filename=filename)
    return addresses[filename]


def icon(name: str, label: str | None = None) -> Markup:
    """One icon. Without `label` it is decoration, hidden from screen readers; with one it is an image of that name.

    Raises LookupError for a name that `icon_names.py` does not list.
    """
    if name not in NAMES:
        raise LookupError(f"add {name!r} to helpdesk/web/icon_names.py to use this icon")
    return _drawing(name, str(label or ""), asset("icons.svg"))


@lru_cache(maxsize=1024)
def _drawing(name: str, label: str, sprite: str) -> Markup:
    speech = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    drawing = Markup('<svg class="icon" {} width="16" height="16" viewBox="0 0 16 16"><use href="{}#{}"></use></svg>')
    return drawing.format(speech, escape(sprite), name)


def register(app: Flask) -> None:
    """Serve the assets of `app` and give its templates `asset()` and `icon()`."""
    app.register_blueprint(assets)
    app.jinja_env.globals.update(asset=asset, icon=icon)
