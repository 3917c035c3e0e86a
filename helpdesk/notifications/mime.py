"""A letter as the bytes that go to a mail server. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from helpdesk.notifications.smtp import with_ascii_domain

_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, half characters, line and paragraph ends


def letter_bytes(
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    language: str,
    message_id: str,
    date: datetime,
) -> bytes:
    """The whole letter, text and HTML, in ASCII unless an address is not.

    `date` is when it was written, so that a letter sent again is the same letter. No header can be smuggled in:
    control characters are taken out of names and subject, and an address with any is refused (smtp.Refused).
    """
    addresses = (with_ascii_domain(sender), with_ascii_domain(recipient))
    policy = SMTP if all(address.isascii() for address in addresses) else SMTPUTF8
    letter = EmailMessage(policy=policy)
    letter["From"] = _address(addresses[0], sender_name)
    letter["To"] = _address(addresses[1])
    letter["Subject"] = one_line(subject)
    letter["Date"] = format_datetime(date)
    letter["Message-ID"] = message_id
    letter["Auto-Submitted"] = "auto-generated"  # asks other programs not to answer (RFC 3834)
    letter["X-Auto-Response-Suppress"] = "All"  # the same, for servers that know only this
    letter.set_content(text, cte="quoted-printable")
    letter.add_alternative(html, subtype="html", cte="quoted-printable")
    letter["Content-Language"] = language  # last: what came before moved to the first part
    return letter.as_bytes()


def _address(address: str, name: str = "") -> Address:
    local, _at, domain = address.rpartition("@")
    return Address(display_name=one_line(name), username=local, domain=domain)


def one_line(words: str) -> str:
    """The words on one line, without control characters."""
    plain = "".join(" " if unicodedata.category(letter) in _BREAKING else letter for letter in words)
    return re.sub(" +", " ", plain).strip(" ")
