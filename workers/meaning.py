"""`python -m workers.meaning`: runs the embedding model that RELAIS_EMBEDDING_MODEL names, for all of this machine.

It answers how near precedents are to a question (`helpdesk.embedding.asking`), and gives new precedents their vectors
in between. It holds no secret and changes nothing in the database; killed and started again it goes on where it was.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import signal
import socketserver
import sqlite3
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from helpdesk import create_app
from helpdesk.embedding.asking import unanswered
from helpdesk.embedding.catching_up import catch_up
from helpdesk.embedding.model import Model, ModelUnusable, Vectors, load
from helpdesk.embedding.store import Store
from helpdesk.search.index import IndexBusy
from helpdesk.supervision.programs import private_folder
from workers import logs

log = logging.getLogger(__name__)

AT_A_TIME, PAUSE = 5.0, 2.0
"""Seconds of looking for precedents that lack a vector, and between two looks that found none."""
REMEMBERED = 2_000
"""Questions whose vector is remembered: a page is opened more than once."""
YIELD = 0.002
"""Seconds in which a question that waits comes first."""


class Meaning:
    """The model and its vectors, for many threads. Until both are there, nothing is near."""

    def __init__(self) -> None:
        self.problem: str | None = "the model is being loaded"
        self.store: Store | None = None
        self._model: Model | None = None
        self._turn = threading.Lock()
        self._vector_of = lru_cache(maxsize=REMEMBERED)(lambda text: self.encode([text])[0])

    def begin(self, model: Model, store: Store) -> None:
        self._model, self.store, self.problem = model, store, None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, when it is their turn."""
        if self._model is None:
            raise ModelUnusable("the model is not loaded")
        with self._turn:
            return self._model.encode(texts)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """To {"text", "keys"} the nearness of those that are known; to anything else how things stand."""
        if self.store is None:
            return {"near": {}, "problem": self.problem, "known": 0}
        if "text" not in asked:
            return {"near": {}, "problem": self.problem, "known": self.store.count()}
        return {"near": self.store.nearness(self._vector_of(asked["text"]), asked["keys"])}


class _Conversation(socketserver.StreamRequestHandler):
    """One question and its answer."""

    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # who asked did not wait
            self.wfile.write(json.dumps(self.server.meaning.answer(json.loads(self.rfile.readline()))).encode() + b"\n")


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, meaning: Meaning) -> None:
        self.meaning = meaning
        super().__init__(str(path), _Conversation)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.error("a question about nearness went unanswered", exc_info=sys.exc_info())


def main() -> int:
    settings = Settings.load()
    logs.configure(settings.log_level)
    if settings.embedding_model is None:
        log.error("RELAIS_EMBEDDING_MODEL names no folder: there is nothing to run")
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    folder = private_folder(settings.data_dir / "meaning")
    with _alone(folder) as alone:
        if not alone:
            log.error("another process runs the model for %s already", settings.data_dir)
            return 1
        run(settings, settings.embedding_model, stop)
    return 0


@contextlib.contextmanager
def _alone(folder: Path) -> Any:
    """Whether this is the only process that writes vectors there."""
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def run(settings: Settings, model_folder: Path, stop: threading.Event) -> None:
    """Answer until told to stop. A model that can't be loaded is said once; then there is only that to tell."""
    path = settings.meaning_socket
    private_folder(path.parent)
    path.unlink(missing_ok=True)
    unanswered(path).unlink(missing_ok=True)
    meaning = Meaning()
    with _Server(path, meaning) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        try:
            model = load(model_folder)
            meaning.begin(model, Store(settings.data_dir / "meaning", model.identity))
            log.info("the embedding model in %s is loaded", model_folder)
        except ModelUnusable as unusable:
            meaning.problem = str(unusable)
            log.error("matching goes on without the embedding model: %s", unusable)
        else:
            _keep_up(settings, meaning, stop)
        stop.wait()
        server.shutdown()
    path.unlink(missing_ok=True)


def _keep_up(settings: Settings, meaning: Meaning, stop: threading.Event) -> None:
    """Give precedents their vectors until told to stop."""
    app = create_app(settings)
    store = meaning.store
    assert store is not None

    def encode(texts: Sequence[str]) -> Vectors:
        if stop.wait(YIELD):
            raise InterruptedError
        return meaning.encode(texts)

    while not stop.is_set():
        done = 0
        try:
            with app.app_context():
                done = catch_up(store, encode, AT_A_TIME)
        except InterruptedError:
            return
        except sqlite3.DatabaseError:
            log.exception("the vectors are torn: making them anew")
            store.discard()
        except (IndexBusy, SQLAlchemyError, RuntimeError) as error:  # of the database, or of the model
            log.warning("no vectors just now (%s): looking again soon", error)
        if done:
            log.info("%s precedents have a vector now", done)
        else:
            stop.wait(PAUSE)


if __name__ == "__main__":
    sys.exit(main())
