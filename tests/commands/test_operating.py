"""`backup`, `restore`, `doctor` and `bench` as an operator uses them: as programs, on data of their own."""

from __future__ import annotations

import json
import stat

import pytest

import servers
from builders.commanding import document, program, relais
from config import Settings
from helpdesk.commands import bench, doctor
from helpdesk.supervision.claims import FolderClaim


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A data folder with two people and an attachment, its backup, and the rows per table in that."""
    folder = tmp_path_factory.mktemp("original")
    data = folder / "data"
    for handle, name in (("adm-01", "Zoé Ångström"), ("exp-01", "Léa « l’experte » 🧑‍🚒")):
        run = relais(data, "people", "add", handle, "--name", name, "--role", "expert")
        assert run.returncode == 0, run.stderr
    (data / "attachments").mkdir()
    (data / "attachments" / "a.pdf").write_bytes(b"%PDF")
    made = document(data, "backup", str(folder / "backup"))
    assert made["tables"]["person"] == 2
    assert made["bytes"] == (folder / "backup").stat().st_size
    return data, folder / "backup", made["tables"]


def test_a_restored_folder_is_the_one_backed_up(original, tmp_path):
    data, backup, tables = original
    run = program(tmp_path / "new", "restore", str(backup))
    assert (run.returncode, run.stderr) == (0, "")
    assert "Restored" in run.stdout
    assert document(tmp_path / "new", "people", "list") == document(data, "people", "list")
    for name in ("secret_key", "attachments/a.pdf"):
        assert (tmp_path / "new" / name).read_bytes() == (data / name).read_bytes()
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600
    assert document(tmp_path / "new", "backup", str(tmp_path / "again"))["tables"] == tables


def test_restore_refuses_data_unless_forced(original, tmp_path):
    _, backup, _ = original
    assert relais(tmp_path / "data", "people", "add", "old-01", "--name", "Old").returncode == 0
    refused = relais(tmp_path / "data", "restore", str(backup))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "There are data already: choose an empty folder and database, or use --force.\n"
    assert [person["handle"] for person in document(tmp_path / "data", "people", "list")] == ["old-01"]
    forced = relais(tmp_path / "data", "restore", "--force", str(backup))
    assert forced.returncode == 0, forced.stderr
    handles = [person["handle"] for person in document(tmp_path / "data", "people", "list")]
    assert handles == ["adm-01", "exp-01"]


def test_restore_refuses_while_relais_runs(original, tmp_path):
    (tmp_path / "data").mkdir()
    claim = FolderClaim(tmp_path / "data")
    refused = relais(tmp_path / "data", "restore", str(original[1]))
    claim.release()
    assert refused.returncode == 1
    assert "Relais is already running on" in refused.stderr


def test_a_damaged_backup_changes_nothing(original, tmp_path):
    data, backup, _ = original
    (tmp_path / "cut").write_bytes(backup.read_bytes()[:-2000])
    refused = relais(data, "restore", "--force", str(tmp_path / "cut"))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert len(document(data, "people", "list")) == 2


def test_a_backup_that_cannot_be_written_says_why(original, tmp_path):
    data, _, _ = original
    refused = relais(data, "backup", str(tmp_path / "missing" / "b"))
    assert (refused.returncode, refused.stderr) == (1, f"The folder {tmp_path}/missing does not exist.\n")
    empty = relais(tmp_path / "empty", "backup", str(tmp_path / "b"))
    assert empty.stderr == "There is nothing to back up: the database has no tables yet.\n"


@pytest.mark.postgresql
def test_a_backup_from_sqlite_comes_to_life_on_postgresql(original, tmp_path):
    if servers.postgresql_binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    data, backup, _ = original
    with servers.postgresql() as url:
        run = relais(tmp_path / "new", "restore", str(backup), DATABASE_URL=url)
        assert run.returncode == 0, run.stderr
        people = document(tmp_path / "new", "people", "list", DATABASE_URL=url)
        assert people == document(data, "people", "list")
        added = relais(tmp_path / "new", "people", "add", "new-01", "--name", "New", DATABASE_URL=url)
        assert added.returncode == 0, added.stderr
        refused = relais(tmp_path / "new", "restore", str(backup), DATABASE_URL=url)
        assert refused.returncode == 1
        forced = relais(tmp_path / "new", "restore", "--force", str(backup), DATABASE_URL=url)
        assert forced.returncode == 0, forced.stderr
        assert len(document(tmp_path / "new", "people", "list", DATABASE_URL=url)) == 2


# --- doctor ---


def test_the_doctor_says_what_to_do_when_nothing_runs(tmp_path):
    run = relais(tmp_path / "data", "doctor", "--json")
    assert run.returncode == 1
    found = json.loads(run.stdout)
    assert found["healthy"] is False
    states = {each["check"]: each["state"] for each in found["checks"]}
    assert list(states) == list(doctor.CHECKS)
    for name in ("migrations", "redis", "workers", "index"):
        assert states[name] == "problem"
    for each in found["checks"]:
        assert each["state"] == "ok" or each["advice"], each


def test_the_doctor_finds_a_running_relais_healthy(tmp_path):
    with servers.mail_sink() as sink, servers.served(tmp_path / "data", extra={"SMTP_URL": sink.url}):

        def healthy() -> bool:
            return relais(tmp_path / "data", "doctor", SMTP_URL=sink.url).returncode == 0

        assert servers.eventually(healthy, within=60)
        lines = program(tmp_path / "data", "doctor", SMTP_URL=sink.url).stdout.splitlines()
        assert [line.split()[1] for line in lines] == list(doctor.CHECKS)
        assert {line.split()[0] for line in lines} == {"ok"}


@pytest.fixture
def load(tmp_path):
    def make(**environ: str) -> Settings:
        return Settings.load({"RELAIS_DATA_DIR": str(tmp_path / "data"), **environ})

    return make


def test_the_doctor_notices_an_open_data_folder(load):
    settings = load()
    settings.data_dir.chmod(0o755)
    finding = doctor.check_settings(settings)
    assert (finding.state, finding.advice) == ("warning", f"chmod 700 {settings.data_dir}")


def test_the_doctor_notices_an_address_without_encryption(load):
    assert doctor.check_settings(load(BASE_URL="http://relais.example.org")).state == "warning"
    assert doctor.check_settings(load(BASE_URL="https://relais.example.org")).state == "ok"
    assert doctor.check_settings(load(BASE_URL="http://localhost:8000")).state == "ok"


@pytest.mark.parametrize(("free", "state"), [(10**8, "problem"), (10**9, "warning"), (10**10, "ok")])
def test_the_doctor_looks_at_the_disk(load, monkeypatch, free, state):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert doctor.check_disk(load()).state == state


def test_the_doctor_notices_a_mail_server_that_is_away(load):
    finding = doctor.check_mail(load(SMTP_URL=f"smtp://127.0.0.1:{servers.free_port()}"))
    assert finding.state == "problem"
    assert "Check SMTP_URL" in finding.advice


# --- bench ---


@pytest.fixture
def benchmarks(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    (tmp_path / "fine.py").write_text(
        "import json, sys\nprint(json.dumps(sys.argv[1:]) if '--json' in sys.argv else 'people')\n"
    )
    (tmp_path / "broken.py").write_text("raise SystemExit(7)\n")
    (tmp_path / "_part.py").write_text("")


def run_bench(name: str, *arguments: str, as_json: bool = False):
    args = type("Arguments", (), {"name": name, "arguments": list(arguments), "json": as_json})()
    return bench.run(args, None)


@pytest.mark.usefixtures("benchmarks")
def test_a_benchmark_gets_its_arguments():
    assert bench.names() == ["broken", "fine"]
    assert run_bench("fine", "--rounds", "3", as_json=True).document == ["--rounds", "3", "--json"]
    assert run_bench("fine", "--json").document == ["--json"]
    assert run_bench("fine").exit_code == 0


@pytest.mark.usefixtures("benchmarks")
def test_an_unknown_or_broken_benchmark_is_refused():
    with pytest.raises(bench.CommandRefused, match="There is no benchmark slow; there are: broken, fine"):
        run_bench("slow")
    with pytest.raises(bench.CommandRefused, match=r"broke off \(exit code 7\)"):
        run_bench("broken")
