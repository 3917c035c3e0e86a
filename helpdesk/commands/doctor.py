"""`bin/relais doctor`: one line for each thing Relais needs, with what to do about it. Changes nothing."""

from __future__ import annotations

import argparse
import shutil
import smtplib
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from config import MailServer, Settings
from helpdesk import clock, outbox, revisions
from helpdesk.cli import AS_IT_IS
from helpdesk.commands import Commands, Result
from helpdesk.db import db
from helpdesk.embedding.asking import exchange
from helpdesk.embedding.folder import problem_with
from helpdesk.outbox import OutboxRow, RowState
from helpdesk.search.access import index_problem, open_index
from helpdesk.search.following import lag

GOOD, WARNING, PROBLEM = "ok", "warning", "problem"
FULL_BELOW, TIGHT_BELOW = 500_000_000, 2_000_000_000  # bytes free
CLOCKS_AGREE_WITHIN = timedelta(seconds=5)
HELD_UP_AFTER = timedelta(minutes=5)
START = "Start Relais (bin/serve), or its workers where they run apart."


@dataclass(frozen=True)
class Finding:
    """What one check found: a state (GOOD, WARNING, PROBLEM), what is so, and what to do about it."""

    state: str
    what: str
    advice: str = ""


def register(commands: Commands) -> None:
    """`doctor`, which must work on whatever it finds."""
    parser = commands.add_parser("doctor", help="checks everything Relais needs, and says what to do")
    parser.set_defaults(database=AS_IT_IS)


def run(args: argparse.Namespace, app: Flask) -> Result:
    """Exit code 1 when there is a problem; a warning alone is 0. The document: `healthy` and `checks`."""
    settings: Settings = app.extensions["relais_settings"]
    checked = CHECKS | ({"meaning": check_meaning} if settings.embedding_model else {})
    found = {name: check(settings) for name, check in checked.items()}
    lines = []
    for name, finding in found.items():
        advice = f" {finding.advice}" if finding.advice else ""
        lines.append(f"{finding.state:8}{name:11} {finding.what}{advice}")
    healthy = all(finding.state != PROBLEM for finding in found.values())
    checks = [{"check": name, **asdict(finding)} for name, finding in found.items()]
    return Result(lines, {"healthy": healthy, "checks": checks}, exit_code=0 if healthy else 1)


def check_settings(settings: Settings) -> Finding:
    """They are well-formed, or this program would not have come so far; are they wise?"""
    if stat.S_IMODE(settings.data_dir.stat().st_mode) & 0o077:
        return Finding(WARNING, f"others may look into {settings.data_dir}.", f"chmod 700 {settings.data_dir}")
    address = urlsplit(settings.base_url)
    if address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
        return Finding(WARNING, f"BASE_URL {settings.base_url} is not encrypted.", "Put HTTPS in front.")
    return Finding(GOOD, f"data in {settings.data_dir}, served as {settings.base_url}.")


def check_database(_settings: Settings) -> Finding:
    dialect = db.engine.dialect.name
    try:
        query = "SELECT sqlite_version()" if dialect == "sqlite" else "SHOW server_version"
        version = db.session.scalar(text(query))
    except SQLAlchemyError as error:
        db.session.rollback()
        return Finding(PROBLEM, f"{_reason(error)}.", "Check DATABASE_URL and that the server runs.")
    return Finding(GOOD, f"{dialect} {version}.")


def check_migrations(_settings: Settings) -> Finding:
    try:
        current, newest = revisions.current(), revisions.newest()
    except SQLAlchemyError as error:
        return Finding(PROBLEM, f"{_reason(error)}.", "See above.")
    if current is None:
        return Finding(PROBLEM, "the database has no tables yet.", "Start bin/serve once, which makes them.")
    if current != newest:
        what = f"the database is at {current}, this version needs {newest}."
        return Finding(PROBLEM, what, "Start bin/serve once, which brings it up to date.")
    return Finding(GOOD, f"at {current}, the newest.")


def check_redis(settings: Settings) -> Finding:
    which = "REDIS_URL" if settings.redis_url else "the bundled server"
    try:
        facts = outbox.redis().info("server")
        policy = outbox.redis().info("memory")["maxmemory_policy"]
    except RedisError as error:
        return Finding(PROBLEM, f"{which} does not answer ({error}).", START)
    version = facts.get("valkey_version") or facts["redis_version"]
    if policy != "noeviction":
        return Finding(WARNING, f"{version} may throw jobs away ({policy}).", "Set maxmemory-policy noeviction.")
    return Finding(GOOD, f"{which}, version {version}.")


def check_workers(_settings: Settings) -> Finding:
    try:
        workers = Worker.all(connection=outbox.redis())
        waiting = db.session.scalar(select(func.min(OutboxRow.run_at)).where(OutboxRow.state == RowState.WAITING))
        failed = db.session.scalar(select(func.count()).where(OutboxRow.state == RowState.FAILED)) or 0
    except RedisError:
        return Finding(PROBLEM, "cannot be asked while Redis is away.", "See above.")
    except SQLAlchemyError as error:
        db.session.rollback()
        return Finding(PROBLEM, f"what waits for them cannot be counted ({_reason(error)}).", "See above.")
    if not workers:
        return Finding(PROBLEM, "none is running.", START)
    if waiting is not None and clock.now() - waiting > HELD_UP_AFTER:
        since = int((clock.now() - waiting).total_seconds() // 60)
        return Finding(PROBLEM, f"the oldest job has been waiting for {since} minutes.", "Read log/worker.log.")
    if failed:
        return Finding(WARNING, f"{failed} jobs failed for good.", "The outbox page shows why; send them again.")
    return Finding(GOOD, f"{len(workers)} running, nothing held up.")


def check_index(settings: Settings) -> Finding:
    problem = index_problem(settings)
    if problem:
        return Finding(PROBLEM, f"{problem}.", "Rebuild it: bin/relais reindex")
    try:
        behind = lag(open_index(settings))
    except SQLAlchemyError as error:
        db.session.rollback()
        return Finding(PROBLEM, f"cannot be compared with the database ({_reason(error)}).", "See above.")
    if behind:
        return Finding(WARNING, f"{behind} changes behind.", "Running workers catch up; ask again in a minute.")
    return Finding(GOOD, "usable and up to date.")


def check_meaning(settings: Settings) -> Finding:
    """The embedding model, which nothing depends on: matching goes on without it."""
    problem = problem_with(settings.embedding_model) if settings.embedding_model else None
    if problem is None:
        try:
            state = exchange(settings.meaning_socket, {}, patience=2.0)
        except (OSError, ValueError) as error:
            return Finding(WARNING, f"the embedding model does not answer ({error}).", START)
        problem = state["problem"]
        if problem is None:
            return Finding(GOOD, f"the embedding model is loaded and knows {state['known']} precedents.")
    return Finding(WARNING, f"matching goes on without the embedding model: {problem}", "See RELAIS_EMBEDDING_MODEL.")


def check_mail(settings: Settings) -> Finding:
    server = settings.mail_server
    if server is None:
        return Finding(WARNING, "SMTP_URL is not set: letters are kept, not sent.", "Set it when you go live.")
    try:
        _greet(server)
    except (OSError, smtplib.SMTPException) as error:
        return Finding(PROBLEM, f"{server.host}:{server.port} refuses us ({error}).", "Check SMTP_URL.")
    return Finding(GOOD, f"{server.host}:{server.port} takes letters from {server.sender}.")


def _greet(server: MailServer) -> None:
    """Do all that sending needs short of a letter. Raises OSError, SMTPException."""
    kind = smtplib.SMTP_SSL if server.tls else smtplib.SMTP
    with kind(server.host, server.port, timeout=10) as client:
        client.ehlo()
        offered = client.has_extn("starttls")
        if server.starttls == "always" or (server.starttls == "if-offered" and offered and not server.tls):
            client.starttls()
            client.ehlo()
        if server.username:
            client.login(server.username, server.password or "")
        client.noop()


def check_clock(_settings: Settings) -> Finding:
    """This machine's clock against those of the servers it works with: deadlines depend on them."""
    others: dict[str, datetime] = {}
    try:
        seconds, microseconds = outbox.redis().time()
        others["Redis"] = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    except RedisError:
        pass  # said by its own line
    if db.engine.dialect.name == "postgresql":
        try:
            others["the database"] = db.session.scalar(text("SELECT clock_timestamp()"))
        except SQLAlchemyError:
            db.session.rollback()  # said by its own line
    for name, time in others.items():
        if abs(time - clock.now()) > CLOCKS_AGREE_WITHIN:
            apart = abs(time - clock.now()).total_seconds()
            return Finding(PROBLEM, f"{apart:.0f} seconds apart from {name}.", "Synchronise both (NTP).")
    return Finding(GOOD, f"{clock.now():%Y-%m-%d %H:%M:%S} UTC.")


def check_disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir).free
    what = f"{free / 1e9:.1f} GB free for {settings.data_dir}."
    if free < FULL_BELOW:
        return Finding(PROBLEM, what, "Make room now: nothing can be written soon.")
    return Finding(WARNING, what, "Make room.") if free < TIGHT_BELOW else Finding(GOOD, what)


def _reason(error: Exception) -> str:
    """The database driver's own words, on one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")


CHECKS: dict[str, Callable[[Settings], Finding]] = {
    "settings": check_settings,
    "database": check_database,
    "migrations": check_migrations,
    "redis": check_redis,
    "workers": check_workers,
    "index": check_index,
    "mail": check_mail,
    "clock": check_clock,
    "disk": check_disk,
}
