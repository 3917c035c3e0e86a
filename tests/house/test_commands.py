"""The commands in `bin/`: they find what they need, or say in one sentence what is wrong."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT
from helpdesk import cli, installing
from helpdesk.commands import CommandRefused, Result, WrongUsage
from helpdesk.errors import NotFound
from servers import environment

COMMANDS = ("serve", "test", "relais")
IN_THE_CONTRACT = {
    "backup",
    "bench",
    "doctor",
    "load",
    "match",
    "people",
    "reindex",
    "replay",
    "restore",
    "routing-eval",
    "sla",
    "token",
    "verify",
}


def bin_relais(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    command = [str(PROJECT / "bin" / "relais"), *arguments]
    env = environment(extra)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def bare_path(tmp_path):
    """A PATH with a shell's few tools and no Python; tests add what they call one."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in ("sh", "dirname", "readlink"):
        (folder / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is not on the PATH"))
    return folder


def run_bare(bare_path: Path, command: str) -> subprocess.CompletedProcess[str]:
    script = str(PROJECT / "bin" / command)
    env = {"PATH": str(bare_path)}
    return subprocess.run([script], env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_python_there_is_one_sentence(bare_path, command):
    run = run_bare(bare_path, command)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert "there is no python3 on the PATH" in run.stderr
    assert "apt install python3 python3-venv" in run.stderr


def test_an_old_python_is_named(bare_path):
    fake = bare_path / "python3"
    fake.write_text('#!/bin/sh\ncase "$2" in *platform*) echo 3.9.2 ;; *) exit 1 ;; esac\n')
    fake.chmod(0o755)
    run = run_bare(bare_path, "relais")
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert "needs Python 3.11 or later, and python3 on the PATH is 3.9.2" in run.stderr


def test_a_newer_python_beside_an_old_one_is_found(bare_path):
    old = bare_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    newer = bare_path / "python3.12"
    newer.write_text('#!/bin/sh\ncase "$1" in -c) exit 0 ;; *) echo "$@" ;; esac\n')
    for program in (old, newer):
        program.chmod(0o755)
    run = run_bare(bare_path, "relais")
    assert run.stdout == "-P -m helpdesk relais\n"


def test_the_scripts_stay_within_posix_sh():
    if (dash := shutil.which("dash")) is None:
        pytest.skip("dash, the strictest shell at hand, is not installed")
    for command in (*COMMANDS, "launch"):
        subprocess.run([dash, "-n", PROJECT / "bin" / command], check=True)


def test_a_command_finds_the_project_through_links_from_anywhere(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "renamed").symlink_to(PROJECT / "bin" / "relais")
    (tmp_path / "link").symlink_to("first/renamed")
    (tmp_path / "config.py").write_text("raise SystemExit('the wrong config')\n")  # must not be imported
    run = subprocess.run(
        ["./link", "--help"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("usage: bin/relais")


def test_help_lists_every_command_of_the_contract():
    run = bin_relais("--help")
    listed = {line.split()[0] for line in run.stdout.splitlines() if line.startswith("    ") and line.strip()}
    assert listed >= IN_THE_CONTRACT
    assert "prepare" not in listed  # internal


@pytest.mark.parametrize("command", sorted(IN_THE_CONTRACT))
def test_each_command_has_its_own_help(command, capsys):
    with pytest.raises(SystemExit) as left:
        cli.build_parser().parse_args([command, "--help"])
    assert left.value.code == 0
    assert f"usage: bin/relais {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["backup"], ["token", "create"], ["match"]])
def test_wrong_usage_is_exit_code_two(arguments):
    with pytest.raises(SystemExit) as left:
        cli.build_parser().parse_args(arguments)
    assert left.value.code == 2


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    subparsers = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: below for action in subparsers for name, below in action.choices.items()}


def every_parser(parser: argparse.ArgumentParser):
    yield parser
    for below in commands_of(parser).values():
        yield from every_parser(below)


def test_every_command_speaks_json_and_has_something_to_run():
    for name, parser in commands_of(cli.build_parser()).items():
        assert callable(parser.get_default("run")), name
    for parser in every_parser(cli.build_parser()):
        assert any("--json" in action.option_strings for action in parser._actions), parser.prog


@pytest.mark.parametrize("arguments", [["--json", "doctor"], ["doctor", "--json"], ["--json", "doctor", "--json"]])
def test_json_may_be_asked_before_or_after_the_command(arguments):
    assert cli.build_parser().parse_args(arguments).json is True
    assert cli.build_parser().parse_args(["doctor"]).json is False


@pytest.fixture
def one_command(monkeypatch):
    """Run the frame around a command that does what the test says."""

    def run(action, *arguments: str) -> int:
        monkeypatch.setattr(cli, "_carry_out", lambda args: action(args))
        return cli.main([*arguments, "doctor"])

    return run


def refuse(error: Exception):
    def action(_args: argparse.Namespace) -> Result:
        raise error

    return action


def test_a_result_is_lines_for_people_or_one_document(one_command, capsys):
    result = Result(["été", "deux"], {"name": "été", "left": None}, exit_code=1)
    assert one_command(lambda _: result) == 1
    assert capsys.readouterr().out == "été\ndeux\n"


def test_the_document_is_utf8_json(tmp_path):
    run = bin_relais("--data", str(tmp_path), "doctor", "--json", PYTHONIOENCODING="ascii")
    assert isinstance(json.loads(run.stdout), dict)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (CommandRefused("Nobody has the handle x."), 1, "Nobody has the handle x.\n"),
        (NotFound(), 1, "Not found\n"),
        (WrongUsage("give one or the other"), 2, "bin/relais doctor: give one or the other\n"),
    ],
)
def test_refusals_are_one_line_on_stderr(one_command, capsys, error, code, said):
    assert one_command(refuse(error)) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", said)


def test_a_defect_is_not_hidden(one_command):
    with pytest.raises(ZeroDivisionError):
        one_command(refuse(ZeroDivisionError()))


def test_settings_are_complained_about_together(tmp_path):
    run = bin_relais("--data", str(tmp_path), "doctor", WEB_WORKERS="x", LOG_LEVEL="y")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.count("\n") == 3
    assert "Traceback" not in run.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    command = f"{PROJECT / 'bin' / 'relais'} --help | true"
    run = subprocess.run(["sh", "-c", command], env=environment(), capture_output=True, text=True, check=False)
    assert run.stderr == ""


# --- the requirements ---


@pytest.fixture
def checkout(tmp_path):
    """A folder with a lock file that asks for nothing, so that no test needs the network."""
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    return tmp_path


def test_the_environment_is_made_once_and_mended_when_broken(checkout, capsys):
    lock = checkout / "requirements.txt"
    python = installing.ensure(checkout / ".venv", lock)
    assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0
    assert "Setting up" in capsys.readouterr().err
    installing.ensure(checkout / ".venv", lock)
    assert capsys.readouterr().err == ""
    lock.write_text("# still nothing\n")
    installing.ensure(checkout / ".venv", lock)
    assert "Setting up: done." in capsys.readouterr().err
    python.unlink()
    python.symlink_to(checkout / "a-python-that-was-removed")
    installing.ensure(checkout / ".venv", lock)
    assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0


def test_two_commands_at_once_install_once(checkout):
    program = (
        "import sys, pathlib; from helpdesk import installing\n"
        f"home = pathlib.Path({str(checkout)!r})\n"
        "installing.ensure(home / '.venv', home / 'requirements.txt')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("Setting up: done." in text for text in said) == 1


@pytest.fixture
def failing_installer(checkout, monkeypatch):
    """Make the installer fail with these words, on an environment that looks usable."""

    def arrange(words: str) -> Path:
        fake = checkout / "uv"
        fake.write_text(f"#!/bin/sh\nprintf '%s\\n' \"{words}\" >&2\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setattr(installing, "_usable", lambda *_, **__: True)
        monkeypatch.setenv("PATH", f"{checkout}{os.pathsep}{os.environ['PATH']}")
        return checkout / "requirements.txt"

    return arrange


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Temporary failure in name resolution", "no connection to the package index"),
        ("error: Failed to fetch: dns error", "no connection to the package index"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "does not match its locked hash and was refused"),
        ("OSError: No space left on device", "is full"),
        ("ERROR: something new", "ERROR: something new"),
    ],
)
def test_a_failed_installation_is_explained(failing_installer, words, said):
    lock = failing_installer(words)
    with pytest.raises(installing.InstallationFailed, match=said) as caught:
        installing.ensure(lock.parent / ".venv", lock)
    assert "\n" not in str(caught.value)


def test_a_python_without_venv_names_the_package(checkout, monkeypatch):
    fake = checkout / "python3"
    fake.write_text("#!/bin/sh\necho 'The virtual environment was not created: ensurepip is not available.'\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    with pytest.raises(installing.InstallationFailed, match=f"apt install {package}"):
        installing.ensure(checkout / ".venv", checkout / "requirements.txt")
    assert not (checkout / ".venv").exists()


def test_a_missing_lock_says_so(checkout):
    with pytest.raises(installing.InstallationFailed, match="the checkout is incomplete"):
        installing.ensure(checkout / ".venv", checkout / "requirements-dev.txt")


def test_both_locks_agree_so_that_neither_command_undoes_the_other():
    def pins(name: str) -> dict[str, str]:
        lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
        found = (line.split(" ")[0].split("==") for line in lines if "==" in line and line[0].isalnum())
        return {package: version for package, version, *_ in found}

    runtime, development = pins("requirements.txt"), pins("requirements-dev.txt")
    assert len(runtime) > 20
    assert runtime.items() <= development.items()


def test_the_optional_extra_is_locked_and_takes_nothing_away_from_the_others():
    def versions(name: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for line in (PROJECT / name).read_text(encoding="utf-8").splitlines():
            if "==" in line and line[0].isalnum():
                package, _equals, version = line.split(" ")[0].partition("==")
                found.setdefault(package, set()).add(version)
        return found

    extra, runtime = versions("requirements-embeddings.txt"), versions("requirements.txt")
    wanted = [
        line for line in (PROJECT / "requirements-embeddings.in").read_text().splitlines() if line and line[0].isalnum()
    ]
    assert wanted
    assert set(wanted) <= extra.keys()
    assert not set(wanted) & runtime.keys()
    shared = extra.keys() & runtime.keys()
    assert "numpy" in shared
    assert [package for package in shared if not extra[package] <= runtime[package]] == []
    development = versions("requirements-dev.txt")
    apart = extra.keys() & development.keys() - shared
    assert [package for package in apart if not extra[package] & development[package]] == []


def test_the_package_imports_nothing_but_the_standard_library_until_it_must():
    program = (
        "import sys, helpdesk, helpdesk.installing, helpdesk.serving\n"
        "print([name for name in ('flask', 'sqlalchemy', 'redis', 'rq', 'whoosh') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
