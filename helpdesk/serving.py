"""`bin/serve`: everything one machine needs, in the foreground, from the database to the web server.

Order: claim the data folder and the port; Redis; database migrated (and the demo loaded); workers; scheduler;
web. It ends in the opposite order, within ten seconds, leaving nothing behind.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config import ConfigurationError, Settings
from helpdesk.embedding.folder import problem_with
from helpdesk.supervision import claims, redis
from helpdesk.supervision.interruptions import Interruptions, StopRequested
from helpdesk.supervision.keeping import Keeper, StartFailed
from helpdesk.supervision.programs import Address, Programs, child_environment, private_folder

REDIS_WITHIN = 120.0  # seconds: a large append-only file takes its time to load
WEB_WITHIN = 120.0


def serve(arguments: list[str]) -> int:
    """Run Relais until it is told to stop. Returns 0 after an orderly end, 1 when it could not start."""
    options = _parser().parse_args(arguments)
    if options.data:
        os.environ["RELAIS_DATA_DIR"] = str(Path(options.data).expanduser().absolute())
        os.environ.pop("RELAIS_DATA_DIR_FILE", None)
    try:
        settings = Settings.load()
    except ConfigurationError as error:
        progress("Relais cannot start; these settings need attention:")
        for problem in error.problems:
            progress(f"  {problem}")
        return 1
    wait = Interruptions()
    with wait.watched():
        try:
            _run(settings, options, wait)
        except StopRequested:
            return 0
        except (claims.ClaimRefused, redis.NoRedis, StartFailed) as error:
            progress(str(error))
            return 1
    return 0


def _run(settings: Settings, options: argparse.Namespace, wait: Interruptions) -> None:
    claim = claims.FolderClaim(settings.data_dir)
    try:
        patience = claims.AFTER_A_CRASH if claim.was_cut_short else 0.0
        with claims.claim_port(options.host, options.port, wait, patience) as listener:
            address = Address(options.host, listener.getsockname()[1])
            _Run(settings, address, listener, wait).serve(options, patience=patience)
    finally:
        claim.release()


class _Run:
    """The order in which the programs of one run come and go."""

    def __init__(self, settings: Settings, address: Address, listener: socket.socket, wait: Interruptions) -> None:
        self.settings, self.address, self.listener, self.wait = settings, address, listener, wait
        environment = child_environment(settings, address, os.environ)
        self.programs = Programs(settings, environment, private_folder(settings.data_dir / "log"))
        self.keeper = Keeper(wait, progress)

    def serve(self, options: argparse.Namespace, *, patience: float) -> None:
        """Start everything in order and keep it running. Raises StopRequested, StartFailed, ClaimRefused."""
        programs = self.programs
        try:
            if self.settings.redis_url is None:
                self._start_redis(patience)
            else:
                _check_redis(self.settings.redis_url)
            prepared = self._prepare(demo=options.demo, past=not options.without_past)
            for number in range(1, self.settings.job_workers + 1):
                self.keeper.start(programs.worker(number), stage="workers")
            self._start_meaning()
            self.keeper.start(programs.scheduler(), stage="scheduler")
            claims.listen(self.listener)
            web = programs.web(self.listener.fileno())
            self.keeper.start(web, stage="web", ready=self._web_answers, within=WEB_WITHIN)
            _announce(self.address, prepared)
            self.keeper.keep_running()
        except StopRequested:
            progress("Stopping.")
            raise
        finally:
            self.listener.close()  # clients are refused from now on instead of waiting in vain
            self.keeper.stop(["web", "scheduler", "workers", "preparation", "redis"])

    def _start_redis(self, patience: float) -> None:
        folder = private_folder(self.settings.data_dir / "redis")
        unix_socket = self.settings.redis_socket
        private_folder(unix_socket.parent)
        child = self.programs.bundled_redis(claims.lock_inherited_by_redis(folder, self.wait, patience))
        self.keeper.start(child, stage="redis", ready=lambda: redis.answers(unix_socket), within=REDIS_WITHIN)

    def _start_meaning(self) -> None:
        """The embedding model, where one is named. Relais starts without one that can't be used."""
        folder = self.settings.embedding_model
        problem = problem_with(folder) if folder else None
        if problem:
            progress(f"Matching goes on without an embedding model (RELAIS_EMBEDDING_MODEL): {problem}")
        elif folder:
            self.keeper.start(self.programs.meaning(), stage="workers")

    def _prepare(self, *, demo: bool, past: bool) -> dict[str, Any]:
        """Migrate the database and load the demo, before anything else uses it."""
        if demo:
            progress("Loading the demo (the first time takes a while).")
        child = self.programs.preparation(demo=demo, past=past)
        self.keeper.run_to_end(child, stage="preparation")
        prepared: dict[str, Any] = json.loads(self.programs.prepared.read_text(encoding="utf-8"))
        self.programs.prepared.unlink()  # it may hold a link that is good for one use
        return prepared

    def _web_answers(self) -> bool:
        connection = http.client.HTTPConnection(self.address.reachable_host, self.address.port, timeout=2)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _announce(address: Address, prepared: Mapping[str, Any]) -> None:
    say(f"Relais is ready: {address.url}")
    accounts = prepared["accounts"]
    if accounts:
        say("Sign in as one of these people (passwords of the demo, not for real use):")
        widths = [max(len(row[column]) for row in accounts) for column in range(3)]
        for row in accounts:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            say(f"  {'  '.join(cells)}".rstrip())
    if prepared["first_administrator_link"]:
        say("Nobody has an account yet. Open this link once to create the first administrator:")
        say(f"  {prepared['first_administrator_link']}")


def _check_redis(url: str) -> None:
    """Raises StartFailed when the Redis of REDIS_URL cannot be reached."""
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with contextlib.closing(Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)) as client:
            client.ping()
    except (RedisError, OSError) as error:
        raise StartFailed(f"The Redis of REDIS_URL does not answer: {error} Check the address.") from error


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("must be a number from 0 (any free port) to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/serve",
        description="Run everything Relais needs on one machine, in the foreground. Ctrl-C stops it.",
        epilog="Settings come from the environment: see .env.example.",
    )
    parser.add_argument("--demo", action="store_true", help="load a fictional organisation to try Relais with")
    parser.add_argument(
        "--without-past",
        action="store_true",
        help="with --demo: leave out the weeks before, which are played meanwhile",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="the port to listen on (default: %(default)s)")
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: RELAIS_DATA_DIR, else var/)")
    return parser


def say(line: str) -> None:
    """One line of the result on stdout. A reader who has gone away does not end the service."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def progress(line: str) -> None:
    """One line for whoever watches, on stderr."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)
