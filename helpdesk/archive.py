"""The one file of a backup: all rows as JSON lines, the secret key, the attachments, and their checksums.

A gzipped tar that begins with `manifest.json`. It is independent of the database it came from: a backup made
on SQLite restores on PostgreSQL, and one made by an older version is brought up to date after it is read.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, Engine, ForeignKeyConstraint, MetaData, Table, inspect, text
from sqlalchemy.schema import AddConstraint, DropConstraint

from helpdesk import rows

FORMAT = 1
MANIFEST = "manifest.json"
# What is kept of the data folder; the rest is the database, derived from it, or of the moment.
KEPT_FILES = ("secret_key",)
KEPT_FOLDERS = ("attachments",)


class ArchiveDamaged(Exception):
    """The file is no backup, or not what was written; one sentence that says which part."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: rows per table, and the SHA-256 of every file in it."""

    format: int
    made_at: str
    revision: str
    tables: dict[str, int]
    files: dict[str, str]


def write(target: Path, connection: Connection, data_dir: Path, *, revision: str, made_at: str) -> Manifest:
    """Write the backup, in one move at the end. `connection` must see one unchanging state of all tables."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
        stage = Path(name)
        (stage / "tables").mkdir()
        tables = {
            shape.name: rows.write_lines(connection, shape, stage / "tables" / f"{shape.name}.jsonl")
            for shape in rows.shapes(connection)
        }
        files = {f"tables/{table}.jsonl": stage / "tables" / f"{table}.jsonl" for table in tables}
        files |= {f"data/{path.relative_to(data_dir).as_posix()}": path for path in _kept(data_dir)}
        sums = {member: _digest(path) for member, path in files.items()}
        manifest = Manifest(FORMAT, made_at, revision, tables, sums)
        (stage / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
        packed = stage / "backup.tar.gz"
        _pack(packed, {MANIFEST: stage / MANIFEST} | files)
        packed.replace(target)
    return manifest


def _pack(target: Path, members: dict[str, Path]) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it holds secrets
    with (
        os.fdopen(descriptor, "wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=4) as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as tar,
    ):
        for member, path in members.items():
            tar.add(path, member)
    with target.open("rb") as packed:
        os.fsync(packed.fileno())


@contextlib.contextmanager
def opened(source: Path, room: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest and a folder with the verified files; nothing is handed out before all is verified.

    `room` is a folder on the disk that may hold the unpacked files. Raises ArchiveDamaged.
    """
    with tempfile.TemporaryDirectory(dir=room, prefix=".restore-") as name:
        stage = Path(name)
        try:
            with tarfile.open(source, mode="r|gz") as tar:
                manifest = _unpack(tar, stage)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, OSError) as error:
            raise ArchiveDamaged(f"{source} cannot be read as a backup: {error}.") from error
        for member, digest in manifest.files.items():
            path = stage / member
            if not path.is_file():
                raise ArchiveDamaged(f"{source} is incomplete: {member} is missing.")
            if _digest(path) != digest:
                raise ArchiveDamaged(f"{source} is damaged: {member} does not have its checksum.")
        yield manifest, stage


def _unpack(tar: tarfile.TarFile, stage: Path) -> Manifest:
    """Unpack the plain files the manifest names, and refuse any other member."""
    manifest: Manifest | None = None
    for member in tar:
        content = tar.extractfile(member) if member.isreg() else None
        if manifest is None:
            if member.name != MANIFEST or content is None:
                raise ArchiveDamaged("This is not a backup of Relais: it does not begin with a manifest.")
            manifest = _manifest(content.read())
            continue
        if content is None or member.name not in manifest.files:
            raise ArchiveDamaged(f"The backup holds {member.name}, which its manifest does not name.")
        path = stage / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)
    if manifest is None:
        raise ArchiveDamaged("The backup is empty.")
    return manifest


def _manifest(content: bytes) -> Manifest:
    try:
        manifest = Manifest(**json.loads(content))
        names = [PurePosixPath(name) for name in manifest.files]
    except (ValueError, TypeError, AttributeError) as error:
        raise ArchiveDamaged("This is not a backup of Relais: its manifest cannot be read.") from error
    if manifest.format != FORMAT:
        raise ArchiveDamaged(f"The backup has format {manifest.format}; this version of Relais reads {FORMAT}.")
    if any(name.is_absolute() or ".." in name.parts for name in names):
        raise ArchiveDamaged("The backup names files outside of itself and is refused.")
    return manifest


@contextlib.contextmanager
def unchecked(engine: Engine) -> Iterator[Connection]:
    """One transaction for `read_tables`; on SQLite with foreign keys off, said before it begins."""
    with engine.connect() as connection:
        raw = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
        if raw is not None:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            if raw is not None:
                raw.execute("PRAGMA foreign_keys=ON")


def read_tables(connection: Connection, manifest: Manifest, stage: Path) -> None:
    """Put all rows back, into tables that exist. References are checked once at the end.

    `connection` comes from `unchecked()`. Raises ArchiveDamaged when the rows do not fit together.
    """
    shapes = {shape.name: shape for shape in rows.shapes(connection)}
    unknown = set(manifest.tables) - set(shapes)
    if unknown:
        raise ArchiveDamaged(f"The backup has tables nobody knows: {', '.join(sorted(unknown))}.")
    with _references_later(connection, list(shapes)):
        for shape in shapes.values():
            connection.execute(shape.clause.delete())  # what migrations put there is in the backup too
        for name, count in manifest.tables.items():
            try:
                read = rows.read_lines(connection, shapes[name], stage / "tables" / f"{name}.jsonl")
            except (ValueError, TypeError) as error:
                raise ArchiveDamaged(f"The table {name} of the backup cannot be read: {error}.") from error
            if read != count:
                raise ArchiveDamaged(f"The table {name} of the backup has {read} rows instead of {count}.")
            rows.set_counters(connection, shapes[name])


@contextlib.contextmanager
def _references_later(connection: Connection, tables: list[str]) -> Iterator[None]:
    """Let rows come in any order: tables may refer to one another in circles.

    On SQLite `unchecked()` has turned foreign keys off; what they would have said is asked at the end. On
    PostgreSQL the constraints are taken away and put back, which checks them all, in one transaction.
    """
    if connection.dialect.name == "sqlite":
        yield
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken is not None:
            raise ArchiveDamaged(f"The backup has rows in {broken[0]} that refer to rows of {broken[2]} it lacks.")
        return
    constraints = list(_foreign_keys(connection, tables))
    for constraint in constraints:
        connection.execute(DropConstraint(constraint))
    yield
    for constraint in constraints:
        connection.execute(AddConstraint(constraint))


def _foreign_keys(connection: Connection, tables: list[str]) -> Iterator[ForeignKeyConstraint]:
    inspector = inspect(connection)
    metadata = MetaData()
    for name in tables:
        inspector.reflect_table(Table(name, metadata), include_columns=None, resolve_fks=False)
    for found in metadata.tables.values():
        yield from found.foreign_key_constraints


def put_files(stage: Path, data_dir: Path) -> None:
    """Put the kept files of a verified backup into the data folder, in the place of those there."""
    for folder in KEPT_FOLDERS:
        shutil.rmtree(data_dir / folder, ignore_errors=True)
    kept = stage / "data"
    for path in sorted(kept.rglob("*")) if kept.exists() else []:
        target = data_dir / path.relative_to(kept)
        if path.is_dir():
            target.mkdir(mode=0o700, exist_ok=True)
        else:
            path.chmod(0o600)
            path.replace(target)


def _kept(data_dir: Path) -> Iterator[Path]:
    for name in KEPT_FILES:
        if (data_dir / name).is_file():
            yield data_dir / name
    for name in KEPT_FOLDERS:
        yield from sorted(path for path in (data_dir / name).rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
