"""Everything HTTP: one blueprint per audience, and what all pages share."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from config import Settings
from helpdesk.db import LARGEST_ID
from helpdesk.web import api, bodies, errors, health, language, limits, looks, protection, signing_in


class RowNumber(IntegerConverter):
    """`<int:...>` in an address: a number that a row may have. A larger one is no page, rather than a fault."""

    def __init__(self, url_map: Map, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max", LARGEST_ID)
        super().__init__(url_map, *args, **kwargs)


def prepare(app: Flask, settings: Settings) -> None:
    """Give `app` its pages and what they share."""
    app.url_map.converters["int"] = RowNumber
    app.before_request(bodies.refuse_nul)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    protection.prepare(app)
    language.prepare(app)
    limits.prepare(app, settings)
    signing_in.prepare(app)
    looks.prepare(app)
    errors.prepare(app)
    health.prepare(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    api.prepare(app)


def blueprints() -> list[Blueprint]:
    """The `blueprint` of each module in `helpdesk.web.pages`."""
    from helpdesk.web import pages

    found = [import_module(f"{pages.__name__}.{module.name}") for module in pkgutil.iter_modules(pages.__path__)]
    return [module.blueprint for module in found if hasattr(module, "blueprint")]
