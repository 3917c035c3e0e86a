"""`python3 -m helpdesk serve|test|relais …`: what the commands in `bin/` hand over to.

Standard library only until it runs inside `.venv`, which it makes and fills itself (`helpdesk.installing`).
HELPDESK_NO_VENV=1 skips that, for containers and packages that bring the requirements in another way.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
USAGE = "usage: python3 -m helpdesk serve|test|relais [ARGUMENTS]"


def main() -> int:
    """Install what is missing, start again inside `.venv`, and hand over to the command."""
    if sys.version_info < (3, 11):  # noqa: UP036 (someone may call it without bin/)
        print(f"Relais needs Python 3.11 or later; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    if os.name != "posix":
        print("Relais runs on Linux and macOS; on Windows, use WSL or a container.", file=sys.stderr)
        return 1
    command, arguments = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if command not in ("serve", "test", "relais"):
        print(USAGE, file=sys.stderr)
        return 2
    if os.environ.get("HELPDESK_NO_VENV") != "1":
        from helpdesk import installing

        lock = PROJECT / ("requirements-dev.txt" if command == "test" else "requirements.txt")
        try:
            python = installing.ensure(PROJECT / ".venv", lock)
        except installing.InstallationFailed as failure:
            print(failure, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
        if not installing.running_inside(PROJECT / ".venv"):
            os.execv(python, [str(python), "-P", "-m", "helpdesk", *sys.argv[1:]])  # noqa: S606
    return hand_over(command, arguments)


def hand_over(command: str, arguments: list[str]) -> int:
    """Run the command in this process (tests: become pytest). Returns the exit code."""
    if command == "serve":
        from helpdesk.serving import serve

        return serve(arguments)
    if command == "relais":
        from helpdesk.cli import main as relais

        return relais(arguments)
    arguments = [_from_here(argument) for argument in arguments]
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606
    raise AssertionError("execv does not return")


def _from_here(argument: str) -> str:
    """A test path means the same after the change of folder: `house/test_x.py::test_y` becomes absolute."""
    path, separator, test = argument.partition("::")
    if argument.startswith("-") or not Path(path).exists():
        return argument
    return f"{Path(path).resolve()}{separator}{test}"


if __name__ == "__main__":
    sys.exit(main())
