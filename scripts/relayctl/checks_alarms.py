"""doctor's checks of the channels by which operators are told of alarms. Nothing is sent."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from relay.errors import ConfigurationError
from relay.homes import SystemClock
from relay.operators.alerting.email_channel import EmailChannel
from relay.settings.alarms import Alerting
from relay.settings.settings import load_settings

from scripts.relayctl.checks_configuration import Given
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

_NAME = "alarms"
_TRY = "`relayctl alarm test` sends one by each channel."
_SET = "Set RELAY_ALARM_EMAILS or RELAY_ALARM_WEBHOOK_URL: docs/operations.md, “Get told”."
_TIMEOUT_SECONDS = 10.0
_CALLED = {"email": "e-mail"}


def channels(given: Given, of_deployment: Callable[[], Mapping[str, int]]) -> Iterator[Finding]:
    """Whether a channel is set that tells of an outage of texts too, and whether mail server and webhook are there.

    Those of a deployment, which stand in no file here, it is asked for itself.
    """
    if given.is_deployment:
        yield _told_by(of_deployment())
        return
    if not any(given.values.get(name) for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")):
        yield Finding(_NAME, SKIPPED, "there is no whole configuration here", _TRY)
        return
    try:
        settings = load_settings(given.values, ["tell", "console"])
    except ConfigurationError:
        yield Finding(_NAME, SKIPPED, "the configuration has mistakes (above)")
        return
    alerting = settings.alerting
    webhooks = int(bool(alerting.webhook_url))
    yield _told_by({"text": len(alerting.phones), "email": len(alerting.emails), "webhook": webhooks})
    yield from _mail_server(alerting)
    yield from _webhook(alerting.webhook_url)
    if alerting.mail_server is None and (unheard := [one for one in settings.operators.people if one.email]):
        state = BAD if any(not one.phone for one in unheard) else WARNING
        words = f"no sign-in code can go to the e-mail address of {', '.join(one.name for one in unheard)}"
        yield Finding("mail server", state, words, "Set SMTP_URL and RELAY_EMAIL_FROM, or leave the addresses away.")


def _told_by(recipients: Mapping[str, int]) -> Finding:
    channels = {_CALLED.get(name, name): count for name, count in recipients.items() if count}
    if not channels:
        return Finding(_NAME, BAD, "no channel is set, so that alarms go to the log alone", _SET)
    if channels.keys() == {"text"}:
        return Finding(_NAME, BAD, "alarms go by text alone, so that none tells of an outage of texts", _SET)
    by = ", ".join(f"{name} ({count})" for name, count in channels.items())
    return Finding(_NAME, OK, f"they go by {by}; {_TRY}")


def _webhook(url: str) -> Iterator[Finding]:
    """Whether there is a server that proves to be the webhook's. It is asked nothing: the address may hold a token."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if not host:
        return
    name = "alarm webhook"
    try:
        with socket.create_connection((host, port), _TIMEOUT_SECONDS) as connection:
            if parts.scheme == "https":
                ssl.create_default_context().wrap_socket(connection, server_hostname=host).close()
    except OSError as error:
        advice = "Correct RELAY_ALARM_WEBHOOK_URL, or see to that server; alarms wait until it takes them."
        yield Finding(name, BAD, f"{host} cannot be reached ({type(error).__name__})", advice)
    else:
        yield Finding(name, OK, f"{host} is there; whether it takes alarms says `relayctl alarm test`")


def _mail_server(alerting: Alerting) -> Iterator[Finding]:
    server = alerting.mail_server
    if server is None:
        return
    outcome = EmailChannel(
        server.host,
        server.port,
        server.security.value,
        from_=alerting.email_from,
        clock=SystemClock(),
        user=server.user,
        password=server.password,
    ).check(timeout_seconds=_TIMEOUT_SECONDS)
    if outcome.failed_because:
        advice = "Correct SMTP_URL and SMTP_PASSWORD; alarms and sign-in codes wait until it takes them."
        yield Finding("mail server", BAD, f"{server.host}: {outcome.failed_because}", advice)
    else:
        yield Finding("mail server", OK, f"{server.host} lets us in, {_ENCRYPTED[server.security.value]}")


_ENCRYPTED = {"starttls": "encrypted by STARTTLS", "tls": "encrypted", "none": "on this machine"}
