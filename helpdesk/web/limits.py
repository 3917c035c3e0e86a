"""How often an address may do a thing. Counted in Redis; in this process's memory while Redis is away."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from config import Settings

limiter = Limiter(key_func=get_remote_address)

# Named where they are used, so that an operator finds them in one place.
PUBLIC_QUESTIONS = "10 per minute; 60 per hour"
SIGN_IN = "10 per minute; 50 per hour"


def prepare(app: Flask, settings: Settings) -> None:
    url = settings.redis_connection_url()
    app.config.update(
        RATELIMIT_STORAGE_URI=url.replace("unix://", "redis+unix://", 1) if url.startswith("unix:") else url,
        RATELIMIT_STORAGE_OPTIONS={"socket_timeout": 1, "socket_connect_timeout": 1},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADERS_ENABLED=False,
        RATELIMIT_KEY_PREFIX="relais",
    )
    limiter.init_app(app)
