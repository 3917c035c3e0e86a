"""`bin/relais backup FILE` and `restore FILE`: one file that holds all that cannot be rebuilt."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, inspect, text

from config import PROJECT, Settings
from helpdesk import archive, clock, revisions, rows
from helpdesk.cli import AS_IT_IS
from helpdesk.commands import CommandRefused, Commands, Result
from helpdesk.db import db
from helpdesk.migrating import migrate
from helpdesk.supervision.claims import ClaimRefused, FolderClaim

DERIVED = ("index",)  # made again from the database


def register(commands: Commands) -> None:
    """Two commands, which see the database as it is: both must work before an upgrade."""
    backup = commands.add_parser("backup", help="writes one file that holds all that cannot be rebuilt")
    backup.add_argument("file", type=Path, metavar="FILE", help="where to; an older backup there is replaced")
    backup.set_defaults(database=AS_IT_IS, run=run_backup)
    restore = commands.add_parser("restore", help="puts a backup into an empty data folder and database")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--force", action="store_true", help="replace what is there")
    restore.set_defaults(database=AS_IT_IS, run=run_restore)


def run_backup(args: argparse.Namespace, app: Flask) -> Result:
    """Relais may go on running: the backup shows one moment. The document is the manifest without sums."""
    settings = _settings(app)
    revision = revisions.current()
    if revision is None:
        raise CommandRefused("There is nothing to back up: the database has no tables yet.")
    target = args.file.absolute()
    if not target.parent.is_dir():
        raise CommandRefused(f"The folder {target.parent} does not exist.")
    try:
        with _one_moment() as connection:
            manifest = archive.write(
                target, connection, settings.data_dir, revision=revision, made_at=clock.now().isoformat()
            )
    except OSError as error:
        raise CommandRefused(f"{target} cannot be written: {error.strerror or error}.") from error
    count = sum(manifest.tables.values())
    size = target.stat().st_size
    lines = [f"{target}: {count} rows of {len(manifest.tables)} tables, {size / 1e6:.1f} MB."]
    if "data/secret_key" in manifest.files:
        lines.append("It holds personal data and the secret key: keep it safe.")
    else:
        lines.append("It holds personal data: keep it safe. SECRET_KEY comes from outside: keep that yourself.")
    document = asdict(manifest) | {"file": str(target), "bytes": size, "rows": count}
    del document["files"]
    return Result(lines, document)


def run_restore(args: argparse.Namespace, app: Flask) -> Result:
    """Verify the whole file first; then the tables of its time, its rows, its files, and today's tables."""
    settings = _settings(app)
    try:
        claim = FolderClaim(settings.data_dir)
    except ClaimRefused as error:
        raise CommandRefused(str(error)) from error
    try:
        with archive.opened(args.file, settings.data_dir) as (manifest, stage):
            if not revisions.known(manifest.revision):
                raise CommandRefused(
                    f"The backup was made by a newer Relais (tables at {manifest.revision}): update first."
                )
            if not args.force:
                _refuse_unless_empty(settings.data_dir)
            _drop_everything()
            upgrade(directory=str(PROJECT / "migrations"), revision=manifest.revision)
            with archive.unchecked(db.engine) as connection:
                archive.read_tables(connection, manifest, stage)
            migrate(app)
            archive.put_files(stage, settings.data_dir)
            for name in DERIVED:
                shutil.rmtree(settings.data_dir / name, ignore_errors=True)
    except archive.ArchiveDamaged as error:
        raise CommandRefused(str(error)) from error
    finally:
        claim.release()
    count = sum(manifest.tables.values())
    lines = [f"Restored {count} rows of {len(manifest.tables)} tables, as they were at {manifest.made_at}."]
    if os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE"):
        lines.append("SECRET_KEY is set from outside: links and sessions work only if it is the one of then.")
    return Result(lines, {"rows": count, "tables": manifest.tables, "made_at": manifest.made_at})


def _settings(app: Flask) -> Settings:
    settings: Settings = app.extensions["relais_settings"]
    return settings


@contextlib.contextmanager
def _one_moment() -> Iterator[Connection]:
    """A connection whose reads all see the same state, while others write."""
    options = {"isolation_level": "REPEATABLE READ"} if db.engine.dialect.name == "postgresql" else {}
    with db.engine.connect().execution_options(**options) as connection:
        yield connection


def _refuse_unless_empty(data_dir: Path) -> None:
    with db.engine.connect() as connection:
        empty = rows.is_empty(connection)
    if not empty or any(path.is_file() for name in archive.KEPT_FOLDERS for path in (data_dir / name).rglob("*")):
        raise CommandRefused("There are data already: choose an empty folder and database, or use --force.")


def _drop_everything() -> None:
    """Remove all tables, in any order."""
    with archive.unchecked(db.engine) as connection:
        cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
        quote = connection.dialect.identifier_preparer.quote
        for name in inspect(connection).get_table_names():
            connection.execute(text(f"DROP TABLE {quote(name)}{cascade}"))
