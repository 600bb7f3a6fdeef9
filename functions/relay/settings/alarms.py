"""`read_alerting` reads by which channels operators are told of alarms, and what those channels need."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from relay.addresses import is_loopback
from relay.core.numbers import E164, canonical
from relay.settings.reader import Reader

# What an address may hold so that it is one in every header and every command: no space, no control character, none
# of the signs that separate addresses.
EMAIL = re.compile(r"(?=.{3,254}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_EACH_MAX = 20  # of each channel's recipients
_QUEUE = re.compile(r"[A-Za-z0-9-]{1,100}")


class MailSecurity(StrEnum):
    """How the way to a mail server is encrypted."""

    STARTTLS = "starttls"  # in the clear at first; nothing is said before it is encrypted
    TLS = "tls"  # from the first byte on
    NONE = "none"  # on this machine alone


# A scheme and where it connects to by default.
_SCHEMES = {"smtp": (MailSecurity.STARTTLS, 587), "smtps": (MailSecurity.TLS, 465)}


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes our e-mail."""

    host: str
    port: int
    security: MailSecurity
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Alerting:
    """How operators are told. Fields that the entry point does not need are empty.

    Attributes:
        shows_words: alarms name the customer's whole number and quote the text.
        tell_url, tell_queue: google: where a task has what is due told, and the queue of such tasks.
    """

    phones: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    webhook_url: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    shows_words: bool = False
    mail_server: MailServer | None = field(default=None, repr=False)
    email_from: str = field(default="", repr=False)
    tell_url: str = ""
    tell_queue: str = ""

    @property
    def is_on(self) -> bool:
        """Whether alarms go anywhere beside the log."""
        return bool(self.phones or self.emails or self.webhook_url)

    @property
    def is_text_alone(self) -> bool:
        """Whether alarms go by text and no other way: about an outage of texts they then tell no one."""
        return bool(self.phones) and not (self.emails or self.webhook_url)


def read_alerting(read: Reader, our_phones: tuple[str, ...]) -> Alerting:
    """Returns what the environment says of alarms. `our_phones` must not be texted."""
    server_url = read.text("SMTP_URL")
    alerting = Alerting(
        phones=_phones(read, our_phones),
        emails=_emails(read),
        webhook_url=read.address_to_call("RELAY_ALARM_WEBHOOK_URL"),
        webhook_secret=read.text("RELAY_ALARM_WEBHOOK_SECRET"),
        shows_words=_is_on(read, "RELAY_ALARM_WORDS"),
        mail_server=_mail_server(read, server_url),
        email_from=read.matching("RELAY_EMAIL_FROM", EMAIL, "an address like relay@example.com, and nothing else"),
        tell_url=read.address_to_call("TELL_URL"),
        tell_queue=read.matching("TELL_QUEUE", _QUEUE, "a queue's name", "tell"),
    )
    if not read.wants("SMTP_URL"):
        return alerting
    if alerting.emails and not server_url:
        read.mistakes.append("SMTP_URL is missing: RELAY_ALARM_EMAILS need a server that takes our e-mail.")
    if server_url and not alerting.email_from:
        read.mistakes.append("RELAY_EMAIL_FROM is missing: with SMTP_URL it says from which address e-mail comes.")
    if alerting.webhook_secret and not alerting.webhook_url:
        read.mistakes.append("RELAY_ALARM_WEBHOOK_SECRET is given without RELAY_ALARM_WEBHOOK_URL.")
    return alerting


def _phones(read: Reader, our_phones: tuple[str, ...]) -> tuple[str, ...]:
    phones = _some(read, "RELAY_ALARM_PHONES")
    ours = {canonical(phone) for phone in our_phones}
    for phone in phones:
        if not E164.fullmatch(phone):
            read.mistakes.append(f"RELAY_ALARM_PHONES: …{phone[-2:]} is not E.164, like +15551234567.")
        elif canonical(phone) in ours:
            read.mistakes.append(f"RELAY_ALARM_PHONES: …{phone[-2:]} is our own number; the relay would text itself.")
    return phones


def _emails(read: Reader) -> tuple[str, ...]:
    emails = _some(read, "RELAY_ALARM_EMAILS")
    for place, email in enumerate(emails, 1):
        if not EMAIL.fullmatch(email):
            read.mistakes.append(f"RELAY_ALARM_EMAILS: number {place} is not an address like ana@example.com.")
    return tuple(email.lower() for email in emails)


def _some(read: Reader, name: str) -> tuple[str, ...]:
    """Returns the parts between commas, each once."""
    parts = tuple(dict.fromkeys(read.listed(name)))
    if len(parts) > _EACH_MAX:
        read.mistakes.append(f"{name} has more than {_EACH_MAX} recipients.")
    return parts


def _is_on(read: Reader, name: str) -> bool:
    said = read.text(name, "off")
    if said not in ("", "on", "off"):
        read.mistakes.append(f"{name} is neither `on` nor `off`.")
    return said == "on"


def _mail_server(read: Reader, url: str) -> MailServer | None:
    password = read.text("SMTP_PASSWORD")
    if not url:
        if password:
            read.mistakes.append("SMTP_PASSWORD is given without SMTP_URL.")
        return None
    try:
        parts = urlsplit(url)
        host, port, user = parts.hostname or "", parts.port, unquote(parts.username or "")
    except ValueError:
        parts, host, port, user = urlsplit(""), "", None, ""
    rest = parts.path.rstrip("/") or parts.query or parts.fragment
    if parts.scheme not in _SCHEMES or not re.fullmatch(r"[A-Za-z0-9.:-]+", host) or rest or port == 0:
        read.mistakes.append("SMTP_URL is not like smtp://user@mail.example.com:587 or smtps://user@mail.example.com.")
        return None
    if parts.password is not None:
        read.mistakes.append("SMTP_URL holds a password, which belongs into SMTP_PASSWORD.")
    if not user.isprintable() or not password.isprintable():
        read.mistakes.append("SMTP_URL or SMTP_PASSWORD has a character that does not show.")
    if bool(user) != bool(password):
        read.mistakes.append("The user's name in SMTP_URL and SMTP_PASSWORD go together: give both or neither.")
    security, default_port = _SCHEMES[parts.scheme]
    if parts.scheme == "smtp" and is_loopback(host):
        security = MailSecurity.NONE
    return MailServer(host, port or default_port, security, user, password)
