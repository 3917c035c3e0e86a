"""What pages load: nothing from elsewhere, nothing missing, and each theme complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import PROJECT
from helpdesk.web import assets
from helpdesk.web.icon_names import NAMES

TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))
STYLES = sorted((assets.STATIC / "css").glob("*.css"))
SCRIPTS = sorted((assets.STATIC / "js").glob("*.js"))


def test_the_sprite_holds_each_icon_once():
    sprite = assets.icon_sprite()
    assert sorted(re.findall(r'<symbol id="([^"]+)"', sprite)) == sorted(NAMES)


def test_an_icon_nobody_listed_is_refused():
    with pytest.raises(LookupError, match="no-such-icon"):
        assets.icon("no-such-icon")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_templates_draw_listed_icons_only(template: Path):
    text = template.read_text(encoding="utf-8")
    drawn = re.findall(r"icon\('([a-z0-9-]+)'", text) + re.findall(r"(?:icon|icon_name)='([a-z0-9-]+)'", text)
    assert set(drawn) <= NAMES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_templates_hold_no_inline_style_or_script(template: Path):
    text = re.sub(r"\{#.*?#\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r'\sstyle="', text)
    assert not re.search(r'\son[a-z]+="', text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_every_style_sheet_is_served():
    assert {path.stem for path in STYLES} == set(assets.STYLES)


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=lambda path: path.name)
def test_styles_and_scripts_fetch_nothing_from_elsewhere(path: Path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"@import\s+url|url\(\s*['\"]?(?:https?:)?//", text)
    assert not re.search(r"""(?:from|import\()\s*['"](?!\./)""", text)


def test_the_system_theme_repeats_the_dark_one():
    css = assets.follow_the_system("[data-bs-theme=dark] .card{color:red}")
    assert css == (
        "[data-bs-theme=dark] .card{color:red}@media (prefers-color-scheme:dark){[data-bs-theme=auto] .card{color:red}}"
    )


def test_each_colour_of_the_light_theme_has_a_dark_one():
    tokens = (assets.STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    light, dark = (re.search(rf"(?s)\[data-bs-theme={name}\] \{{(.*?)\n\}}", tokens) for name in ("light", "dark"))
    assert light
    assert dark
    assert set(re.findall(r"(--[a-z-]+):", light[1])) == set(re.findall(r"(--[a-z-]+):", dark[1]))
