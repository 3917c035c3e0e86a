"""One conversation with a mail server, step by step, so that it is always known how far a letter got.

The standard library's `sendmail` does all steps at once; here the caller may note something down between the server's
agreement to take a letter for its recipient and the handing over of the letter itself.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from config import MailServer

TIMEOUT = 20  # seconds for each answer of the server
CRLF = b"\r\n"
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")


class Refused(Exception):
    """The letter was certainly not taken. `for_good`: this letter would be refused again in the same way."""

    def __init__(self, said: str, *, for_good: bool = False) -> None:
        super().__init__(said)
        self.for_good = for_good


class Unknown(Exception):
    """The conversation broke off after the letter was handed over and before the server confirmed it."""


class Conversation:
    """A conversation that has begun; see `conversation`."""

    def __init__(self, smtp: smtplib.SMTP, sender: str) -> None:
        self._smtp = smtp
        self._sender = sender

    def agree_on(self, recipient: str) -> None:
        """Ask whether the server takes a letter from us for `recipient`. Raises Refused.

        What is refused about ourselves (our name, our address) is a matter of settings, and may be mended; what is
        refused about the recipient is not.
        """
        recipient = with_ascii_domain(recipient)
        options = [] if recipient.isascii() and self._sender.isascii() else ["SMTPUTF8"]
        if options and not self._smtp.has_extn("smtputf8"):
            raise Refused("the mail server takes no address with letters outside of ASCII", for_good=True)
        with _refusing_what_breaks():
            code, said = self._smtp.mail(self._sender, options)
            if code != 250:
                raise Refused(_in_words(code, said))
            code, said = self._smtp.rcpt(recipient)
            if code not in (250, 251):
                raise Refused(_in_words(code, said), for_good=code >= 500)

    def hand_over(self, letter: bytes) -> None:
        """Hand the letter over. Raises Refused when it was certainly not taken, Unknown when nobody can tell."""
        with _refusing_what_breaks():
            code, said = self._smtp.docmd("DATA")
        if code != 354:
            raise Refused(_in_words(code, said), for_good=code >= 500)
        try:
            self._smtp.send(as_data(letter))
            code, said = self._smtp.getreply()
        except Exception as error:
            raise Unknown(f"{type(error).__name__}: {error}") from error
        if code != 250:
            raise Refused(_in_words(code, said), for_good=code >= 500)


@contextmanager
def conversation(server: MailServer) -> Iterator[Conversation]:
    """Greet the server, encrypt and sign in as the settings say. Raises Refused when that fails: it may be mended."""
    with _refusing_what_breaks():
        smtp = _connected(server)
    try:
        with _refusing_what_breaks():
            _greet(smtp, server)
        yield Conversation(smtp, server.sender)
    finally:
        _say_goodbye(smtp)


def as_data(letter: bytes) -> bytes:
    """The letter as it is sent after DATA: CRLF line ends, a dot before each that begins a line, and the last dot."""
    lines = _LINE_ENDS.sub(CRLF, letter)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines + (b"" if lines.endswith(CRLF) else CRLF) + b"." + CRLF


def with_ascii_domain(address: str) -> str:
    """The address with its domain as mail servers write it. Raises Refused for what is no address."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or any(character in " \r\n\t\0<>" for character in address):
        raise Refused("this is not an e-mail address", for_good=True)
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise Refused("the domain of this address can't be written for a mail server", for_good=True) from None


def _connected(server: MailServer) -> smtplib.SMTP:
    # Our own name is given, or a slow name server would be asked for it each time.
    name = server.sender.rpartition("@")[2]
    if server.tls:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname=name, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=TIMEOUT)


def _greet(smtp: smtplib.SMTP, server: MailServer) -> None:
    smtp.ehlo_or_helo_if_needed()
    if not server.tls and server.starttls != "never":
        if smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
        elif server.starttls == "always":
            raise Refused("the mail server offers no encryption, and the settings ask for it")
    if server.username:
        smtp.login(server.username, server.password or "")


def _say_goodbye(smtp: smtplib.SMTP) -> None:
    """End politely if the server is still there. What was agreed is settled by now, so nothing here can fail it."""
    try:
        smtp.quit()
    except (OSError, ValueError):
        smtp.close()


@contextmanager
def _refusing_what_breaks() -> Iterator[None]:
    """A connection that is refused, breaks or says nonsense before the letter is handed over: not taken, try later."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise Refused(_in_words(error.smtp_code, error.smtp_error)) from error
    except OSError as error:  # smtplib's own errors are among them
        raise Refused(f"{type(error).__name__}: {error}") from error


def _in_words(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(words.split())}"[:500]
