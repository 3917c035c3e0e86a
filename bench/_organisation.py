"""The organisation that the benchmarks work for: the demo's, without its questions."""

from __future__ import annotations

from sqlalchemy import select

from config import Settings
from helpdesk import create_app
from helpdesk.accounts.entering import create_token
from helpdesk.accounts.models import SYSTEM, Person, TokenScope
from helpdesk.db import db, transaction
from helpdesk.demo import documents
from helpdesk.loading import load_documents
from helpdesk.migrating import migrate

MANAGER = "cm-1"


def token_of_manager(settings: Settings, scope: TokenScope = TokenScope.INTAKE) -> str:
    """Make the database of `settings` with the demo's organisation. Returns an API token of its community manager."""
    app = create_app(settings)
    migrate(app)
    with app.app_context():
        with transaction() as session:
            counts = load_documents(documents.read().organisation)
            if counts.refused:
                raise ValueError(f"the demo's documents do not fit: {counts.refused[:3]}")
            manager = session.scalars(select(Person).where(Person.handle == MANAGER)).one()
            _token, secret = create_token(manager, scope, by=SYSTEM)
        db.session.remove()
        db.engine.dispose()
    return secret
