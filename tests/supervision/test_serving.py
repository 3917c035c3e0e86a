"""`bin/serve` as a whole: it comes up, goes down and comes back without leaving anything behind."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config import Settings
from helpdesk.serving import serve
from helpdesk.supervision.programs import Address, child_environment, gunicorn_options
from servers import Served, alive, children_of, command_line, environment, eventually, free_port, serve_command, served

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")


def get(url: str, path: str = "/health/live") -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def answers(url: str) -> bool:
    try:
        return get(url) == 200
    except (OSError, http.client.HTTPException):
        return False


def start_refused(data_dir: Path, *arguments: str, **extra: str) -> tuple[int, str]:
    """Run a `bin/serve` that is expected to give up: its exit code and what it said on stderr."""
    run = subprocess.run(
        serve_command(data_dir, *arguments),
        env=environment(extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout == ""
    return run.returncode, run.stderr


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served")) as relais:
        yield relais


def programs(relais: Served, part: str) -> list[int]:
    """The numbers of the supervisor's own programs whose command line matches, oldest first."""
    own = children_of(relais.pid)
    return [pid for pid in sorted(own) if re.search(part, command_line(pid))]


def test_it_says_once_that_it_is_ready(running):
    assert running.said.count("Relais is ready: http://127.0.0.1:") == 1
    assert running.said.startswith("Relais is ready: ")
    assert get(running.url) == 200


def test_empty_data_bring_a_link_for_the_first_administrator(running):
    lines = running.said.splitlines()
    assert "first administrator" in lines[1]
    link = lines[2].strip()
    assert link.startswith(running.url + "/")
    assert get(running.url, urlsplit(link).path) == 200


def test_a_second_start_on_the_same_data_is_refused(running):
    code, said = start_refused(running.data_dir)
    assert code == 1
    assert said == (
        f"Relais is already running on {running.data_dir} (process {running.pid}): stop it first, "
        "or choose another folder with --data.\n"
    )
    assert get(running.url) == 200


def test_a_taken_port_is_refused_before_anything_is_started(running, tmp_path):
    port = urlsplit(running.url).port
    code, said = start_refused(tmp_path / "data", "--port", str(port))
    assert (code, said.count("\n")) == (1, 1)
    assert f"Port {port} of 127.0.0.1 is taken by another program" in said
    assert not (tmp_path / "data" / "redis").exists()


@linux
@pytest.mark.parametrize("part", ["valkey-server", "-m workers$", "-m workers.schedule$", "-m gunicorn"])
def test_what_is_killed_comes_back(running, part):
    before = programs(running, part)
    os.kill(before[0], signal.SIGKILL)
    assert eventually(lambda: set(programs(running, part)) - set(before), within=30)
    assert eventually(lambda: len(programs(running, part)) == len(before))
    assert not alive(before[0])
    assert eventually(lambda: answers(running.url), within=30)
    assert "ended unexpectedly (SIGKILL); starting it again" in running.stderr.read_text()


def ends_in_time_and_leaves_nothing_behind(relais: Served, number: int) -> None:
    started = relais.programs()
    for part in ("valkey-server", "workers", "workers.schedule", "gunicorn"):
        assert any(part in command for command in started.values())
    began = time.monotonic()
    assert relais.stop(number) == 0
    assert time.monotonic() - began < 10
    assert [command for pid, command in started.items() if alive(pid)] == []
    assert not answers(relais.url)
    assert not (relais.data_dir / "redis" / "redis.sock").exists()
    assert relais.stderr.read_text().endswith("Stopping.\n")


@linux
def test_interrupted_it_ends_in_time_and_leaves_nothing_behind(tmp_path):
    with served(tmp_path / "data") as relais:
        ends_in_time_and_leaves_nothing_behind(relais, signal.SIGINT)


@linux
def test_killed_it_leaves_no_orphan_starts_again_at_once_and_ends_in_time(tmp_path):
    port = str(free_port())
    with served(tmp_path / "data", "--port", port) as relais:
        started = relais.programs()
        os.kill(relais.pid, signal.SIGKILL)
        relais.process.wait()
        with served(tmp_path / "data", "--port", port) as again:
            assert get(again.url) == 200
            assert eventually(lambda: not any(alive(pid) for pid in started))
            ends_in_time_and_leaves_nothing_behind(again, signal.SIGTERM)


@linux
def test_it_stops_while_it_is_still_starting(tmp_path):
    command = serve_command(tmp_path / "data")
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert eventually((tmp_path / "data" / "redis" / "redis.sock").exists, within=30)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout, stderr) == (0, "", "Stopping.\n")
    assert not (tmp_path / "data" / "redis" / "redis.sock").exists()


def test_wrong_settings_are_all_named_before_anything_is_started(tmp_path):
    code, said = start_refused(tmp_path / "data", WEB_WORKERS="none", LOG_LEVEL="loud", REDIS_URL="x")
    assert code == 1
    assert [line.split(":")[0].strip() for line in said.splitlines()[1:]] == [
        "REDIS_URL",
        "WEB_WORKERS",
        "LOG_LEVEL",
    ]


def test_a_redis_that_does_not_answer_is_named_without_its_password(tmp_path):
    code, said = start_refused(tmp_path / "data", REDIS_URL=f"redis://:hush@127.0.0.1:{free_port()}/0")
    assert code == 1
    assert "The Redis of REDIS_URL does not answer" in said
    assert "hush" not in said


def test_a_failed_preparation_is_told_with_its_reason(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "relais.db").write_text("this is not a database, and long enough to be seen as none")
    code, said = start_refused(tmp_path / "data")
    assert code == 1
    assert "The preparation failed (exit code 1)" in said
    assert "not a database" in said


def test_wrong_usage_has_its_own_exit_code(capsys):
    for arguments in (["--port", "65536"], ["--port", "http"], ["extra"]):
        with pytest.raises(SystemExit) as left:
            serve(arguments)
        assert left.value.code == 2
    assert "from 0 (any free port) to 65535" in capsys.readouterr().err


@pytest.fixture
def settings(tmp_path):
    return Settings.load({"RELAIS_DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("host", "url", "base_url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://0.0.0.0:81", "http://127.0.0.1:81"),
        ("::", "http://[::]:81", "http://[::1]:81"),
        ("relais.lan", "http://relais.lan:81", "http://relais.lan:81"),
    ],
)
def test_the_address_people_use_follows_the_one_served(settings, host, url, base_url):
    address = Address(host, 81)
    assert address.url == url
    assert child_environment(settings, address, {})["BASE_URL"] == base_url


def test_programs_find_the_same_settings_wherever_they_run(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"BASE_URL": "https://relais.example.org", "SECRET_KEY_FILE": "key", "RELAIS_DATA_DIR_FILE": "x"}
    made = child_environment(settings, Address("127.0.0.1", 81), given)
    assert made["BASE_URL"] == "https://relais.example.org"
    assert made["SECRET_KEY_FILE"] == str(tmp_path / "key")
    assert made["RELAIS_DATA_DIR"] == str(settings.data_dir)
    assert "RELAIS_DATA_DIR_FILE" not in made


def test_the_web_server_opens_no_control_socket_and_believes_no_proxy_by_itself(settings):
    options = gunicorn_options(settings, "fd://3")
    assert "--no-control-socket" in options
    assert options[options.index("--forwarded-allow-ips") + 1] == ""


def test_a_busy_port_of_another_kind_of_program_is_told_too(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, said = start_refused(tmp_path / "data", "--port", str(other.getsockname()[1]))
    assert code == 1
    assert "is taken by another program: stop that, or choose another with --port." in said
