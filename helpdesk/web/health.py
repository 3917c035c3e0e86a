"""Probes for machines: is the process alive, can it do its work, and the figures an operator scrapes."""

from __future__ import annotations

import ipaddress

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select

from helpdesk import outbox
from helpdesk.accounts.access import Role
from helpdesk.db import db
from helpdesk.outbox import OutboxRow
from helpdesk.readiness import findings
from helpdesk.tickets.models import QueueCount

blueprint = Blueprint("health", __name__)


def prepare(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/health/live")
def live() -> ResponseReturnValue:
    return jsonify({"status": "live"})


@blueprint.get("/health/ready")
def ready() -> ResponseReturnValue:
    """200 when database, Redis, a worker and the index can be used; else 503 naming what cannot."""
    found = findings(current_app.extensions["relais_settings"])
    usable = all(problem is None for problem in found.values())
    body = {
        "status": "ready" if usable else "not ready",
        "parts": {part: problem or "usable" for part, problem in found.items()},
        "not_usable": [part for part, problem in found.items() if problem],
    }
    return jsonify(body), 200 if usable else 503


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Prometheus text. For operators: from this machine, or signed in as an administrator."""
    if not (_from_this_machine() or (current_user.is_authenticated and current_user.has(Role.ADMINISTRATOR))):
        abort(404)
    registry = CollectorRegistry()
    tickets = Gauge("relais_tickets", "Tickets in each working list", ["queue"], registry=registry)
    for queue, count in db.session.execute(
        select(QueueCount.queue, func.sum(QueueCount.count)).group_by(QueueCount.queue)
    ):
        tickets.labels(str(queue)).set(count)
    rows = Gauge("relais_outbox_rows", "Outbox rows not yet done", ["lane", "state"], registry=registry)
    waiting = select(OutboxRow.lane, OutboxRow.state, func.count()).where(OutboxRow.state != outbox.RowState.DONE)
    for lane, state, count in db.session.execute(waiting.group_by(OutboxRow.lane, OutboxRow.state)):
        rows.labels(str(lane), str(state)).set(count)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _from_this_machine() -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback and "X-Forwarded-For" not in request.headers
    except ValueError:
        return False
