"""The settings of Relais, read once from the environment.

Each setting NAME may be given as NAME_FILE instead: the path of a file that holds the value (for secrets kept
out of the environment). An empty value counts as not set. Everything that is wrong is reported together, in
one `ConfigurationError`, each line saying what to do.

This module imports the standard library only: the program that starts all others reads it too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

PROJECT = Path(__file__).resolve().parent

SETTING_NAMES = (
    "RELAIS_DATA_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "BASE_URL",
    "SMTP_URL",
    "WEB_WORKERS",
    "JOB_WORKERS",
    "LOG_LEVEL",
    "TRUSTED_PROXIES",
    "RELAIS_EMBEDDING_MODEL",
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SHORTEST_SECRET = 32  # characters
MOST_WORKERS = 64
MOST_PROXIES = 10
LONGEST_SOCKET_PATH = 100  # bytes; the kernel refuses 108, and the server adds a few while it starts
SMTP_SECURITIES = ("always", "if-offered", "never")

T = TypeVar("T")


class ConfigurationError(Exception):
    """One or more settings are missing or malformed; `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed over. `tls`: from the first byte; `starttls`: one of SMTP_SECURITIES."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool
    starttls: str
    sender: str


@dataclass(frozen=True)
class Settings:
    """All settings, valid. Made by `Settings.load()`; nothing else reads the environment for them."""

    data_dir: Path
    database_url: str
    redis_url: str | None
    secret_key: str
    base_url: str
    smtp_url: str | None
    web_workers: int
    job_workers: int
    log_level: str
    trusted_proxies: int
    embedding_model: Path | None
    """The folder of a sentence-embedding model, unread: matching goes on without one that can't be used."""

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read and check every setting. A missing data folder (0700) or secret key is made.

        Raises ConfigurationError that lists all that is wrong.
        """
        reading = _Reading(environ)
        data_dir = reading.take("RELAIS_DATA_DIR", _folder, PROJECT / "var")
        usable = data_dir is not None and reading.attempt("RELAIS_DATA_DIR", _make_private_folder, data_dir)
        data_dir = data_dir or PROJECT / "var"
        database = f"sqlite:///{data_dir / 'relais.db'}"
        secret_key = reading.take("SECRET_KEY", _secret, "")
        if secret_key == "" and usable:
            secret_key = reading.attempt("SECRET_KEY", kept_secret_key, data_dir)
        settings = cls(
            data_dir=data_dir,
            database_url=reading.take("DATABASE_URL", _database_url, database) or database,
            redis_url=reading.take("REDIS_URL", _redis_url, None),
            secret_key=secret_key or "",
            base_url=reading.take("BASE_URL", _base_url, "http://127.0.0.1:8000") or "",
            smtp_url=reading.take("SMTP_URL", _smtp_url, None),
            web_workers=reading.take("WEB_WORKERS", _count(1, MOST_WORKERS), 2) or 2,
            job_workers=reading.take("JOB_WORKERS", _count(1, MOST_WORKERS), 2) or 2,
            log_level=reading.take("LOG_LEVEL", _log_level, "INFO") or "INFO",
            trusted_proxies=reading.take("TRUSTED_PROXIES", _count(0, MOST_PROXIES), 0) or 0,
            embedding_model=reading.take("RELAIS_EMBEDDING_MODEL", _any_path, None),
        )
        if reading.problems:
            raise ConfigurationError(reading.problems)
        return settings

    @property
    def mail_server(self) -> MailServer | None:
        """Where letters go, or None: they are kept in the outbox and shown there."""
        return _mail_server(self.smtp_url, urlsplit(self.base_url).hostname) if self.smtp_url else None

    @property
    def redis_socket(self) -> Path:
        """The socket of the bundled Redis, in the data folder or, when that path is too long, in a short one.

        It depends on the data folder alone, so every process finds the same one.
        """
        return self._socket("redis", "redis.sock")

    @property
    def meaning_socket(self) -> Path:
        """The socket of the program that runs the embedding model, found likewise."""
        return self._socket("meaning", "meaning.sock")

    def _socket(self, folder: str, socket: str) -> Path:
        path = self.data_dir / folder / socket
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            return path
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        # Not $TMPDIR, which may differ between processes. The folder is made private (0700) and checked.
        return Path("/tmp") / f"relais-{os.geteuid()}-{name}" / socket  # noqa: S108

    def redis_connection_url(self) -> str:
        """What a Redis client connects to: REDIS_URL, or the bundled server's socket (`unix:///…`)."""
        return self.redis_url or f"unix://{quote(str(self.redis_socket))}"


class _Reading:
    """One pass over the environment that collects what is wrong instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def take(self, name: str, parse: Callable[[str], T], default: T | None) -> T | None:
        """The parsed setting, its default when unset, None when it is wrong (the problem is then noted)."""
        raw = self.attempt(name, self._raw, name)
        if raw is None:
            return default
        return self.attempt(name, parse, raw)

    def attempt(self, name: str, action: Callable[..., T], *args: object) -> T | None:
        """Do `action`; its ValueError or OSError becomes a problem of the setting `name`."""
        try:
            return action(*args)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            self.problems.append(f"{name}: {error.strerror or error}{where}.")
        except ValueError as error:
            self.problems.append(f"{name}: {error}.")
        return None

    def _raw(self, name: str) -> str | None:
        direct, file = self.environ.get(name, ""), self.environ.get(f"{name}_FILE", "")
        if direct and file:
            raise ValueError(f"give it directly or as {name}_FILE, not both")
        if not file:
            return direct or None
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except UnicodeDecodeError as error:
            raise ValueError(f"the file {file} named by {name}_FILE is not UTF-8 text") from error
        except OSError as error:
            raise ValueError(
                f"the file {file} named by {name}_FILE cannot be read: {error.strerror or error}"
            ) from error
        if not value:
            raise ValueError(f"the file {file} named by {name}_FILE is empty")
        return value


def kept_secret_key(data_dir: Path) -> str:
    """The secret key kept in the data folder, made on first use.

    Written beside and then linked into place: of two processes that start at once, one makes the key and
    both read that one.
    """
    path = data_dir / "secret_key"
    if not path.exists():
        fresh = data_dir / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was quicker: its key is the key
                os.link(fresh, path)
        finally:
            fresh.unlink()
    key = path.read_text(encoding="utf-8").strip()
    if len(key) < SHORTEST_SECRET:
        raise ValueError(f"the kept key in {path} is damaged; restore it from a backup")
    return key


def _make_private_folder(folder: Path) -> bool:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ValueError(f"the folder {folder} is not writable; choose another or change its owner")
    return True


def _any_path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _folder(text: str) -> Path:
    folder = Path(text).expanduser().resolve()
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    if "?" in str(folder):
        raise ValueError("must not contain a question mark, which would end the path in the database URL")
    return folder


def _secret(text: str) -> str:
    if len(text) < SHORTEST_SECRET:
        raise ValueError(
            f"has {len(text)} characters and needs {SHORTEST_SECRET}; make one with "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))", or leave it out'
        )
    return text


def _split(text: str) -> SplitResult:
    """An URL in its parts. Raises ValueError for a malformed host or port, never repeating a password."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError("is not a valid URL (host or port)") from error
    return parts


def _database_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise ValueError("is not a URL; give postgresql://user:password@host/name or sqlite:////folder/file.db")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        if _split(text).path in ("", "/"):
            raise ValueError("names no database; end it with /name")
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite":
        if not rest.startswith("//") or ":memory:" in rest:
            raise ValueError("SQLite needs an absolute path: sqlite:////folder/file.db (four slashes)")
        return text
    raise ValueError(f"{scheme} is not supported; use postgresql:// or sqlite:///")


def _redis_url(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    if parts.scheme == "unix" and not parts.path:
        raise ValueError("names no socket; give unix:///folder/redis.sock")
    if parts.scheme != "unix" and not parts.hostname:
        raise ValueError("names no host; give redis://host:6379/0")
    return text


def _base_url(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be the address people type, such as https://relais.example.org")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("must end after the host (and port): no path, query or user")
    return text.rstrip("/")


def _smtp_url(text: str) -> str:
    _mail_server(text, "localhost")
    return text


def _mail_server(text: str, default_domain: str | None) -> MailServer:
    parts = _split(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must look like smtp://user:password@host:587 or smtps://user:password@host:465")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    starttls = options.pop("starttls", "if-offered").lower()
    sender = options.pop("from", f"relais@{default_domain}")
    tls = parts.scheme == "smtps"
    if options:
        raise ValueError(f"does not know {', '.join(sorted(options))}; it knows starttls and from")
    if starttls not in SMTP_SECURITIES:
        raise ValueError(f"starttls must be one of {', '.join(SMTP_SECURITIES)}")
    if "@" not in sender.strip("@") or any(character.isspace() for character in sender):
        raise ValueError("from must be one e-mail address")
    if parts.password and not parts.username:
        raise ValueError("has a password but no user")
    return MailServer(
        host=parts.hostname,
        port=parts.port or (465 if tls else 587 if parts.username else 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        starttls=starttls,
        sender=sender,
    )


def _count(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return text.upper()
