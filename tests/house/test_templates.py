"""Templates: each compiles, each is used, and each form carries its token."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import meta

from config import PROJECT

FOLDER = PROJECT / "templates"
TEMPLATES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
NAMES = [path.relative_to(FOLDER).as_posix() for path in TEMPLATES]


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles_and_includes_what_exists(app, name: str):
    environment = app.jinja_env
    assert environment.get_template(name) is not None
    source, _path, _fresh = environment.loader.get_source(environment, name)
    for other in meta.find_referenced_templates(environment.parse(source)):
        assert other is None or other in NAMES or other.startswith("bootstrap5/")


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.suffix == ".html"], ids=lambda path: path.name)
def test_every_form_that_posts_carries_a_token(path: Path):
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL | re.IGNORECASE):
        assert re.search(r"\bcsrf(_token)?\(\)|hidden_tag\(\)", form), form[:200]


def test_every_template_is_used(app):
    sources = [path.read_text(encoding="utf-8") for path in TEMPLATES]
    sources += [path.read_text(encoding="utf-8") for path in (PROJECT / "helpdesk").rglob("*.py")]
    text = "\n".join(sources)
    unused = [
        name
        for name in NAMES
        if name not in text
        and not re.match(r"errors/\d+\.html$|letters/", name)  # named by number and by kind
        and not re.search(rf"[\"'/]{Path(name).name}|\(\"{Path(name).stem}\"", text)  # by its place's own function
    ]
    assert unused == []
