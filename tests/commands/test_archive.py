"""A backup holds every row exactly, moves between databases, and is refused when anything is wrong."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import stat
import tarfile
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    create_engine,
    func,
    insert,
    select,
)

import servers
from helpdesk import archive, rows

schema = MetaData()
thing = Table(
    "thing",
    schema,
    Column("id", Integer, primary_key=True),
    Column("words", Text, nullable=False),
    Column("at", DateTime(timezone=True)),
    Column("day", Date),
    Column("hour", Time),
    Column("raw", LargeBinary),
    Column("ratio", Float),
    Column("price", Numeric(20, 6)),
    Column("so", Boolean),
    Column("facts", JSON(none_as_null=True)),
    Column("favourite", ForeignKey("part.code", use_alter=True, name="fk_favourite")),
)
part = Table(
    "part",
    schema,
    Column("code", String(20), primary_key=True),
    Column("thing_id", ForeignKey("thing.id", ondelete="CASCADE"), nullable=False),
    Column("above", ForeignKey("part.code")),
)

INSTANT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)
ODD_TEXT = 'é ’ « »\u00a0\u202e emoji 🧑‍🚒 <script>\n\ttab \\ "quoted" \x7f'
FULL = {
    "id": 7,
    "words": ODD_TEXT,
    "at": INSTANT,
    "day": date(2024, 2, 29),
    "hour": time(23, 59, 59),
    "raw": bytes(range(256)),
    "ratio": 0.1 + 0.2,
    "price": Decimal("1234567.891000"),
    "so": False,
    "facts": {"a": [1, 2.5, None, ODD_TEXT], "b": {}},
    "favourite": "second",
}
EMPTY = dict.fromkeys(FULL, None) | {"id": 8, "words": ""}
PARTS = [
    {"code": "first", "thing_id": 7, "above": "second"},
    {"code": "second", "thing_id": 7, "above": None},
]


@contextmanager
def sqlite_at(path: Path):
    engine = create_engine(f"sqlite:///{path}")
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def postgresql_url():
    if servers.postgresql_binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    with servers.postgresql() as url:
        yield url


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "data"
    (folder / "attachments" / "2026").mkdir(parents=True)
    (folder / "attachments" / "2026" / "é.pdf").write_bytes(b"%PDF")
    (folder / "secret_key").write_text("the secret")
    (folder / "relais.db").write_text("not kept as a file")
    return folder


@pytest.fixture
def full_database(tmp_path):
    with sqlite_at(tmp_path / "source.db") as engine:
        fill(engine)
        yield engine


def fill(engine) -> None:
    """All kinds of values, in tables that refer to one another in a circle."""
    schema.create_all(engine)
    naive = engine.dialect.name == "sqlite"
    full = FULL | ({"at": INSTANT.replace(tzinfo=None)} if naive else {})
    with engine.begin() as connection:
        connection.execute(insert(thing), [full | {"favourite": None}, EMPTY])
        connection.execute(insert(part), PARTS[1])
        connection.execute(insert(part), PARTS[0])
        connection.execute(thing.update().where(thing.c.id == 7).values(favourite="second"))


def back_up(engine, target: Path, data_dir: Path) -> archive.Manifest:
    with engine.connect() as connection:
        return archive.write(target, connection, data_dir, revision="abc", made_at="2026-01-01T00:00:00+00:00")


def restore(engine, source: Path, room: Path) -> None:
    schema.create_all(engine)
    with archive.opened(source, room) as (manifest, stage), archive.unchecked(engine) as connection:
        archive.read_tables(connection, manifest, stage)


def everything(engine) -> tuple[list[dict], list[dict]]:
    with engine.connect() as connection:
        things = [dict(row._mapping) for row in connection.execute(select(thing).order_by(thing.c.id))]
        parts = [dict(row._mapping) for row in connection.execute(select(part).order_by(part.c.code))]
    for row in things:
        if row["at"] is not None:
            row["at"] = row["at"].replace(tzinfo=UTC) if row["at"].tzinfo is None else row["at"].astimezone(UTC)
    return things, parts


def test_every_value_comes_back_as_it_was(full_database, data_dir, tmp_path):
    manifest = back_up(full_database, tmp_path / "b", data_dir)
    assert manifest.tables == {"part": 2, "thing": 2}
    with sqlite_at(tmp_path / "target.db") as target:
        restore(target, tmp_path / "b", tmp_path)
        assert everything(target) == ([FULL, EMPTY], PARTS)
        with sqlite3.connect(tmp_path / "target.db") as raw:
            nulls = raw.execute("SELECT count(*) FROM thing WHERE facts IS NULL AND id = 8").fetchone()
        raw.close()
        assert nulls == (1,)


@pytest.mark.postgresql
def test_a_backup_moves_between_databases(postgresql_url, data_dir, tmp_path, full_database):
    back_up(full_database, tmp_path / "from-sqlite", data_dir)
    postgresql = create_engine(postgresql_url)
    try:
        restore(postgresql, tmp_path / "from-sqlite", tmp_path)
        assert everything(postgresql) == ([FULL, EMPTY], PARTS)
        with postgresql.begin() as connection:  # numbering goes on, and references are checked again
            assert connection.scalar(insert(thing).values(words="new").returning(thing.c.id)) == 9
            connection.execute(thing.delete().where(thing.c.id == 9))
            back = rows.shapes(connection)
        assert [shape.kinds["thing_id"] for shape in back if shape.name == "part"] == ["plain"]
        back_up(postgresql, tmp_path / "from-postgresql", data_dir)
        with sqlite_at(tmp_path / "again.db") as again:
            restore(again, tmp_path / "from-postgresql", tmp_path)
            assert everything(again) == ([FULL, EMPTY], PARTS)
    finally:
        postgresql.dispose()


def test_instants_with_an_offset_are_written_in_utc():
    written = rows.KINDS["instant"].write(INSTANT.astimezone(timezone(timedelta(hours=2))))
    assert written == INSTANT.isoformat()


def test_rows_there_before_are_replaced(full_database, data_dir, tmp_path):
    back_up(full_database, tmp_path / "b", data_dir)
    with full_database.begin() as connection:
        connection.execute(insert(thing).values(id=99, words="later"))
    restore(full_database, tmp_path / "b", tmp_path)
    assert everything(full_database) == ([FULL, EMPTY], PARTS)


def test_many_rows_go_through_in_batches(data_dir, tmp_path):
    count = 3 * rows.AT_ONCE + 1
    with sqlite_at(tmp_path / "many.db") as engine:
        schema.create_all(engine)
        with engine.begin() as connection:
            connection.execute(insert(thing), [{"id": n, "words": str(n)} for n in range(count)])
        assert back_up(engine, tmp_path / "b", data_dir).tables["thing"] == count
        with sqlite_at(tmp_path / "target.db") as target:
            restore(target, tmp_path / "b", tmp_path)
            with target.connect() as connection:
                assert connection.scalar(select(func.count()).select_from(thing)) == count


def test_what_the_data_folder_keeps_is_in_it_and_nothing_else(full_database, data_dir, tmp_path):
    manifest = back_up(full_database, tmp_path / "b", data_dir)
    kept = {name for name in manifest.files if name.startswith("data/")}
    assert kept == {"data/secret_key", "data/attachments/2026/é.pdf"}
    target = tmp_path / "new"
    (target / "attachments").mkdir(parents=True)
    (target / "attachments" / "old.pdf").touch()
    with archive.opened(tmp_path / "b", tmp_path) as (_, stage):
        archive.put_files(stage, target)
    assert (target / "attachments" / "2026" / "é.pdf").read_bytes() == b"%PDF"
    assert (target / "secret_key").read_text() == "the secret"
    assert stat.S_IMODE((target / "secret_key").stat().st_mode) == 0o600
    assert not (target / "attachments" / "old.pdf").exists()


def test_the_file_is_private_and_appears_in_one_piece(full_database, data_dir, tmp_path):
    target = tmp_path / "b"
    target.write_text("an older backup")
    back_up(full_database, target, data_dir)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


# --- what is refused ---


def members(source: Path) -> dict[str, bytes]:
    with tarfile.open(source) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def pack(target: Path, content: dict[str, bytes]) -> Path:
    with tarfile.open(target, "w:gz") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return target


@pytest.fixture
def good(full_database, data_dir, tmp_path):
    back_up(full_database, tmp_path / "good", data_dir)
    return members(tmp_path / "good")


def refusal(source: Path, room: Path) -> str:
    with pytest.raises(archive.ArchiveDamaged) as caught, archive.opened(source, room):
        pytest.fail("it was handed out")
    assert [path for path in room.iterdir() if path.name.startswith(".restore-")] == []
    return str(caught.value)


def with_manifest(good: dict[str, bytes], **changes) -> dict[str, bytes]:
    manifest = json.loads(good["manifest.json"]) | changes
    return good | {"manifest.json": json.dumps(manifest).encode()}


def test_an_altered_row_is_noticed(good, tmp_path):
    good["tables/part.jsonl"] = good["tables/part.jsonl"].replace(b"first", b"worst")
    said = refusal(pack(tmp_path / "bad", good), tmp_path)
    assert "tables/part.jsonl does not have its checksum" in said


def test_a_missing_file_is_noticed(good, tmp_path):
    del good["data/secret_key"]
    assert "data/secret_key is missing" in refusal(pack(tmp_path / "bad", good), tmp_path)


def test_a_file_that_was_cut_off_is_noticed(full_database, data_dir, tmp_path):
    back_up(full_database, tmp_path / "b", data_dir)
    whole = (tmp_path / "b").read_bytes()
    for length in (0, 1, 20, len(whole) // 4, len(whole) // 2):
        (tmp_path / "cut").write_bytes(whole[:length])
        refusal(tmp_path / "cut", tmp_path)


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "zipped").write_bytes(gzip.compress(b"hello"))
    assert "cannot be read as a backup" in refusal(tmp_path / "text", tmp_path)
    assert "cannot be read as a backup" in refusal(tmp_path / "zipped", tmp_path)
    assert "cannot be read as a backup" in refusal(tmp_path / "missing", tmp_path)
    assert "does not begin with a manifest" in refusal(pack(tmp_path / "tar", {"x": b""}), tmp_path)
    assert "is empty" in refusal(pack(tmp_path / "none", {}), tmp_path)
    assert "manifest cannot be read" in refusal(pack(tmp_path / "odd", {"manifest.json": b"[]"}), tmp_path)


def test_a_file_the_manifest_does_not_name_is_refused(good, tmp_path):
    said = refusal(pack(tmp_path / "bad", good | {"../../evil": b"x"}), tmp_path)
    assert "../../evil, which its manifest does not name" in said


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "data/../../evil"])
def test_a_manifest_that_reaches_outside_is_refused(good, tmp_path, name):
    changed = with_manifest(good, files={name: "0" * 64}) | {name: b"x"}
    assert "outside of itself" in refusal(pack(tmp_path / "bad", changed), tmp_path)


def test_a_link_in_the_place_of_a_file_is_refused(good, tmp_path):
    pack(tmp_path / "bad", {"manifest.json": good["manifest.json"]})
    with tarfile.open(tmp_path / "link", "w:gz") as tar:
        for name, kind in (("manifest.json", tarfile.REGTYPE), ("data/secret_key", tarfile.SYMTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = len(good[name]) if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(good[name]))
    assert "data/secret_key, which its manifest" in refusal(tmp_path / "link", tmp_path)


def test_a_format_of_the_future_is_refused(good, tmp_path):
    said = refusal(pack(tmp_path / "bad", with_manifest(good, format=2)), tmp_path)
    assert "format 2; this version of Relais reads 1" in said


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("part", b'{"code":"x","thing_id":12345,"above":null}\n', "refer to rows of thing it lacks"),
        ("part", b'{"code":"x","colour":"red"}\n', "has no column colour"),
        ("thing", b'{"id":1,"words":"x","at":"yesterday"}\n', "cannot be read"),
        ("thing", b"", "has 0 rows instead of 1"),
    ],
)
def test_rows_that_do_not_fit_are_refused_whole(tmp_path, table, line, said):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / f"{table}.jsonl").write_bytes(line)
    manifest = archive.Manifest(1, "", "abc", {table: 1}, {})
    with sqlite_at(tmp_path / "target.db") as engine:
        fill(engine)
        with pytest.raises(archive.ArchiveDamaged, match=said), archive.unchecked(engine) as connection:
            archive.read_tables(connection, manifest, tmp_path)
        assert everything(engine) == ([FULL, EMPTY], PARTS)


def test_a_table_nobody_knows_is_refused(tmp_path):
    manifest = archive.Manifest(1, "", "abc", {"unheard_of": 0}, {})
    with (
        sqlite_at(tmp_path / "target.db") as engine,
        pytest.raises(archive.ArchiveDamaged, match="tables nobody knows: unheard_of"),
        archive.unchecked(engine) as connection,
    ):
        archive.read_tables(connection, manifest, tmp_path)
