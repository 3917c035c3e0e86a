"""Everything HTTP: one blueprint per audience, and what all pages share."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Settings
from helpdesk.web import api, errors, health, language, limits, looks, protection, signing_in


def prepare(app: Flask, settings: Settings) -> None:
    """Give `app` its pages and what they share."""
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

    found = [
        import_module(f"{pages.__name__}.{module.name}") for module in pkgutil.iter_modules(pages.__path__)
    ]
    return [module.blueprint for module in found if hasattr(module, "blueprint")]
