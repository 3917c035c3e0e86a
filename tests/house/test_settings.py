"""The settings: read once, complained about together, documented everywhere they should be."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT, SETTING_NAMES, ConfigurationError, Settings, kept_secret_key

SECRET = "s" * 40


def load(tmp_path: Path, **environ: str) -> Settings:
    return Settings.load({"RELAIS_DATA_DIR": str(tmp_path / "data"), **environ})


def problems(tmp_path: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, **environ)
    return caught.value.problems


def test_nothing_need_be_set(tmp_path):
    settings = load(tmp_path)
    data = (tmp_path / "data").resolve()
    assert settings.data_dir == data
    assert settings.database_url == f"sqlite:///{data}/relais.db"
    assert settings.redis_url is None
    assert settings.redis_connection_url() == f"unix://{data}/redis/redis.sock"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.smtp_url is None
    assert settings.mail_server is None
    assert (settings.web_workers, settings.job_workers, settings.trusted_proxies) == (2, 2, 0)
    assert settings.log_level == "INFO"
    assert len(settings.secret_key) >= 32


def test_the_data_folder_is_var_unless_chosen(monkeypatch):
    made = []
    monkeypatch.setattr("config._make_private_folder", lambda folder: made.append(folder) or True)
    settings = Settings.load({"SECRET_KEY": SECRET})
    assert settings.data_dir == PROJECT / "var"
    assert made == [PROJECT / "var"]


def test_the_data_folder_and_the_secret_are_private(tmp_path):
    settings = load(tmp_path)
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.data_dir / "secret_key").stat().st_mode) == 0o600


def test_the_secret_is_kept(tmp_path):
    assert load(tmp_path).secret_key == load(tmp_path).secret_key


def test_a_given_secret_is_not_written_down(tmp_path):
    settings = load(tmp_path, SECRET_KEY=SECRET)
    assert settings.secret_key == SECRET
    assert list(settings.data_dir.iterdir()) == []


def test_processes_that_start_together_agree_on_the_secret(tmp_path):
    program = (
        f"from pathlib import Path; from config import kept_secret_key\nprint(kept_secret_key(Path({str(tmp_path)!r})))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=PROJECT)
        for _ in range(6)
    ]
    keys = {process.communicate()[0].strip() for process in running}
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_damaged_secret_is_reported_and_not_replaced(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text("short")
    assert "damaged" in problems(tmp_path)[0]
    assert (tmp_path / "data" / "secret_key").read_text() == "short"
    with pytest.raises(ValueError, match="damaged"):
        kept_secret_key(tmp_path / "data")


def test_everything_wrong_is_reported_together(tmp_path):
    wrong = {
        "DATABASE_URL": "mysql://host/name",
        "REDIS_URL": "http://host",
        "SECRET_KEY": "short",
        "BASE_URL": "relais.example.org",
        "SMTP_URL": "mail.example.org",
        "WEB_WORKERS": "many",
        "JOB_WORKERS": "0",
        "LOG_LEVEL": "loud",
        "TRUSTED_PROXIES": "-1",
    }
    said = problems(tmp_path, **wrong)
    assert sorted(line.split(":")[0] for line in said) == sorted(wrong)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("DATABASE_URL", "relais.db", "not a URL"),
        ("DATABASE_URL", "sqlite:///relais.db", "four slashes"),
        ("DATABASE_URL", "sqlite://", "four slashes"),
        ("DATABASE_URL", "sqlite:////tmp/:memory:", "four slashes"),
        ("DATABASE_URL", "postgresql://host", "names no database"),
        ("DATABASE_URL", "postgresql://user:hush@host:port/name", "host or port"),
        ("REDIS_URL", "redis://", "names no host"),
        ("REDIS_URL", "unix://", "names no socket"),
        ("SECRET_KEY", "hush", "secrets.token_urlsafe"),
        ("BASE_URL", "https://example.org/relais", "no path"),
        ("BASE_URL", "ftp://example.org", "https://"),
        ("SMTP_URL", "smtp://", "smtp://user:password@host:587"),
        ("SMTP_URL", "smtp://host?starttls=maybe", "always, if-offered, never"),
        ("SMTP_URL", "smtp://host?tls=yes", "does not know tls"),
        ("SMTP_URL", "smtp://host?from=nobody", "one e-mail address"),
        ("SMTP_URL", "smtp://:hush@host", "no user"),
        ("WEB_WORKERS", "65", "from 1 to 64"),
        ("WEB_WORKERS", "٢", "from 1 to 64"),
        ("TRUSTED_PROXIES", "1.5", "from 0 to 10"),
        ("LOG_LEVEL", "TRACE", "DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_malformed_setting_says_what_to_do_and_no_secret(tmp_path, name, value, hint):
    (said,) = problems(tmp_path, **{name: value})
    assert said.startswith(f"{name}: ")
    assert hint in said
    assert "hush" not in said


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_uses_the_current_driver(tmp_path, scheme):
    settings = load(tmp_path, DATABASE_URL=f"{scheme}://user:p%40ss@host:5433/relais?sslmode=require")
    assert settings.database_url == "postgresql+psycopg://user:p%40ss@host:5433/relais?sslmode=require"


def test_any_setting_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text(f"  {SECRET}\n")
    (tmp_path / "data-dir").write_text(f"{tmp_path}/elsewhere\n")
    settings = Settings.load(
        {"SECRET_KEY_FILE": str(tmp_path / "key"), "RELAIS_DATA_DIR_FILE": str(tmp_path / "data-dir")}
    )
    assert settings.secret_key == SECRET
    assert settings.data_dir == (tmp_path / "elsewhere").resolve()


def test_a_file_that_cannot_be_used_is_reported(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "latin").write_bytes(b"\xe9")
    said = problems(
        tmp_path,
        SECRET_KEY_FILE=str(tmp_path / "missing"),
        BASE_URL_FILE=str(tmp_path / "empty"),
        SMTP_URL_FILE=str(tmp_path / "latin"),
        LOG_LEVEL_FILE="whatever",
        LOG_LEVEL="INFO",
    )
    joined = "\n".join(said)
    assert len(said) == 4
    for hint in ("cannot be read", "is empty", "not UTF-8", "not both"):
        assert hint in joined


def test_an_empty_value_counts_as_not_set(tmp_path):
    assert load(tmp_path, SMTP_URL="", WEB_WORKERS="", SECRET_KEY_FILE="").web_workers == 2


def test_a_data_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"RELAIS_DATA_DIR: .*is not a folder"):
        Settings.load({"RELAIS_DATA_DIR": str(tmp_path / "file")})
    with pytest.raises(ConfigurationError, match=r"RELAIS_DATA_DIR: Not a directory"):
        Settings.load({"RELAIS_DATA_DIR": str(tmp_path / "file" / "below")})


def test_a_data_folder_that_is_not_writable_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(ConfigurationError, match="is not writable; choose another or change its owner"):
        load(tmp_path)


def test_a_long_data_folder_has_a_short_socket_that_every_process_finds(tmp_path):
    long = tmp_path / ("d" * 90)
    environ = {"RELAIS_DATA_DIR": str(long)}
    first, again = Settings.load(environ), Settings.load(environ)
    assert len(os.fsencode(first.redis_socket)) <= 100
    assert first.redis_socket == again.redis_socket
    assert first.redis_socket != Settings.load({"RELAIS_DATA_DIR": f"{long}x"}).redis_socket


def test_letters_go_where_the_address_says(tmp_path):
    url = "smtp://us%40er:p%2Fw@mail.example.org?starttls=always&from=answers@example.org"
    server = load(tmp_path, SMTP_URL=url).mail_server
    assert server is not None
    assert (server.host, server.port, server.tls, server.starttls) == (
        "mail.example.org",
        587,
        False,
        "always",
    )
    assert (server.username, server.password, server.sender) == ("us@er", "p/w", "answers@example.org")
    encrypted = load(tmp_path, SMTP_URL="smtps://mail", BASE_URL="https://relais.example.org").mail_server
    assert encrypted is not None
    assert (encrypted.port, encrypted.tls, encrypted.sender) == (465, True, "relais@relais.example.org")


def test_the_example_lists_exactly_the_settings_there_are():
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^# ([A-Z_]+)=", example, re.MULTILINE)) == sorted(SETTING_NAMES)


def test_every_setting_is_a_field_and_every_field_a_setting():
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert fields == {name.removeprefix("RELAIS_").lower() for name in SETTING_NAMES}


def test_the_defaults_of_the_example_are_the_defaults(tmp_path):
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    written = dict(re.findall(r"^# ([A-Z_]+)=(.+)$", example, re.MULTILINE))
    settings = load(tmp_path)
    for name in ("BASE_URL", "WEB_WORKERS", "JOB_WORKERS", "LOG_LEVEL", "TRUSTED_PROXIES"):
        assert written[name] == str(getattr(settings, name.lower()))
    load(tmp_path, **{name: value for name, value in written.items() if name != "RELAIS_DATA_DIR"})


def test_every_setting_is_explained_where_people_read():
    pages = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages if page.exists())
    assert [name for name in SETTING_NAMES if f"`{name}`" not in text] == []
