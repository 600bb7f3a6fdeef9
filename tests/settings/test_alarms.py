"""Alarms' settings: off until they are set, what each channel needs, and mistakes in words that show no secret."""

from __future__ import annotations

import pytest
from relay.errors import ConfigurationError
from relay.settings.alarms import Alerting, MailSecurity
from relay.settings.settings import load_settings
from relay.settings.variables import ENTRY_POINTS, Need, variables_of

from tests.settings.environments import BUSINESS, EMBEDDED, GOOGLE

ANA, BOB = "+15550102001", "+15550102002"
MAIL = {
    "RELAY_ALARM_EMAILS": "ana@example.com",
    "SMTP_URL": "smtp://relay@mail.example.com",
    "SMTP_PASSWORD": "p4ssw0rd",
    "RELAY_EMAIL_FROM": "relay@example.com",
}
ALL = {
    **MAIL,
    "RELAY_ALARM_PHONES": f"{ANA}, {BOB}, {ANA}",
    "RELAY_ALARM_WEBHOOK_URL": "https://hooks.example.com/T0/B0?tpl=1&m={{.text}}",
    "RELAY_ALARM_WEBHOOK_SECRET": "wh-s3cret",
    "RELAY_ALARM_WORDS": "on",
}


def _load(changes: dict[str, str], *entry_points: str) -> Alerting:
    return load_settings({**EMBEDDED, **changes}, entry_points or tuple(ENTRY_POINTS)).alerting


def _mistakes(changes: dict[str, str], *entry_points: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        _load(changes, *entry_points)
    return caught.value.mistakes


def test_nothing_is_told_beside_the_log_until_a_channel_is_set() -> None:
    alerting = _load({})
    assert (alerting.is_on, alerting.is_text_alone, alerting.shows_words) == (False, False, False)
    assert alerting.mail_server is None


def test_all_that_is_said_is_read() -> None:
    alerting = _load(ALL)
    assert (alerting.phones, alerting.emails) == ((ANA, BOB), ("ana@example.com",))
    assert alerting.webhook_url == ALL["RELAY_ALARM_WEBHOOK_URL"]
    assert (alerting.webhook_secret, alerting.shows_words, alerting.email_from) == (
        "wh-s3cret",
        True,
        "relay@example.com",
    )
    server = alerting.mail_server
    assert server is not None
    assert (server.host, server.port, server.security) == ("mail.example.com", 587, MailSecurity.STARTTLS)
    assert (server.user, server.password) == ("relay", "p4ssw0rd")


@pytest.mark.parametrize(
    ("url", "host", "port", "security", "user"),
    [
        ("smtp://ana%40example.com@mail.example.com:2525", "mail.example.com", 2525, "starttls", "ana@example.com"),
        ("smtps://relay@mail.example.com/", "mail.example.com", 465, "tls", "relay"),
        ("smtp://relay@127.0.0.1:25", "127.0.0.1", 25, "none", "relay"),
        ("smtp://relay@[::1]", "::1", 587, "none", "relay"),
        ("smtps://relay@localhost", "localhost", 465, "tls", "relay"),
    ],
)
def test_a_mail_server_is_an_address_whose_scheme_says_how_it_encrypts(
    url: str, host: str, port: int, security: str, user: str
) -> None:
    server = _load({**MAIL, "SMTP_URL": url}).mail_server
    assert server is not None
    assert (server.host, server.port, server.security, server.user) == (host, port, security, user)


def test_a_server_that_asks_for_no_user_needs_no_password() -> None:
    server = _load({**MAIL, "SMTP_URL": "smtp://localhost:25", "SMTP_PASSWORD": ""}).mail_server
    assert server is not None
    assert (server.user, server.password) == ("", "")


def test_text_alone_is_known_as_such() -> None:
    assert _load({"RELAY_ALARM_PHONES": ANA}).is_text_alone
    assert not _load({"RELAY_ALARM_PHONES": ANA, **MAIL}).is_text_alone
    assert not _load({"RELAY_ALARM_WEBHOOK_URL": "https://hooks.example.com/"}).is_text_alone


CASES: dict[str, tuple[dict[str, str], str]] = {
    "a phone that is none": ({"RELAY_ALARM_PHONES": "5550102001"}, "RELAY_ALARM_PHONES: …01 is not E.164"),
    "our own number": ({"RELAY_ALARM_PHONES": f"{ANA},{BUSINESS}"}, "RELAY_ALARM_PHONES: …00 is our own number"),
    "an e-mail address that is none": (
        {**MAIL, "RELAY_ALARM_EMAILS": "ana.b@example.org,bob"},
        "RELAY_ALARM_EMAILS: number 2 is not an address",
    ),
    "a name before the address": (
        {**MAIL, "RELAY_ALARM_EMAILS": "Ann <ana.b@example.org>"},
        "RELAY_ALARM_EMAILS: number 1 is not an address",
    ),
    "too many": (
        {**MAIL, "RELAY_ALARM_EMAILS": ",".join(f"ana{number}@example.com" for number in range(21))},
        "RELAY_ALARM_EMAILS has more than 20 recipients.",
    ),
    "e-mail without a server": (
        {**MAIL, "SMTP_URL": "", "SMTP_PASSWORD": ""},
        "SMTP_URL is missing: RELAY_ALARM_EMAILS need a server that takes our e-mail.",
    ),
    "e-mail from no address": ({**MAIL, "RELAY_EMAIL_FROM": ""}, "RELAY_EMAIL_FROM is missing"),
    "e-mail from a name": ({**MAIL, "RELAY_EMAIL_FROM": "The relay"}, "RELAY_EMAIL_FROM is not an address"),
    "a password in the address": (
        {**MAIL, "SMTP_URL": "smtp://relay:p4ss@mail.example.com"},
        "SMTP_URL holds a password, which belongs into SMTP_PASSWORD.",
    ),
    "a user without a password": ({**MAIL, "SMTP_PASSWORD": ""}, "go together: give both or neither."),
    "a password without a user": (
        {**MAIL, "SMTP_URL": "smtp://mail.example.com"},
        "go together: give both or neither.",
    ),
    "a password without a server": ({"SMTP_PASSWORD": "p4ssw0rd"}, "SMTP_PASSWORD is given without SMTP_URL."),
    "another scheme": ({**MAIL, "SMTP_URL": "https://mail.example.com"}, "SMTP_URL is not like smtp://user@"),
    "a host alone": ({**MAIL, "SMTP_URL": "mail.example.com"}, "SMTP_URL is not like smtp://user@"),
    "a port that is none": ({**MAIL, "SMTP_URL": "smtp://relay@mail.example.com:99999"}, "SMTP_URL is not like smtp"),
    "a path": ({**MAIL, "SMTP_URL": "smtp://relay@mail.example.com/inbox"}, "SMTP_URL is not like smtp://user@"),
    "a webhook in the clear": (
        {"RELAY_ALARM_WEBHOOK_URL": "http://hooks.example.com/T0"},
        "RELAY_ALARM_WEBHOOK_URL begins with http://",
    ),
    "a webhook that is none": (
        {"RELAY_ALARM_WEBHOOK_URL": "hooks.example.com"},
        "RELAY_ALARM_WEBHOOK_URL is not a web",
    ),
    "a secret for no webhook": (
        {"RELAY_ALARM_WEBHOOK_SECRET": "wh-s3cret"},
        "RELAY_ALARM_WEBHOOK_SECRET is given without RELAY_ALARM_WEBHOOK_URL.",
    ),
    "words in another word": ({"RELAY_ALARM_WORDS": "yes"}, "RELAY_ALARM_WORDS is neither `on` nor `off`."),
    "the server in quotes": ({**MAIL, "SMTP_URL": '"smtp://relay@mail.example.com"'}, "SMTP_URL is in quotes"),
    "a misspelt name": ({"RELAY_ALARM_PHONE": ANA}, "RELAY_ALARM_PHONE is not a setting of this relay"),
    "a misspelt server": (
        {"SMTP_PASSWORDS": "x"},
        "SMTP_PASSWORDS is not a setting of this relay; SMTP_PASSWORD seems",
    ),
    "a queue that is none": ({"TELL_QUEUE": "tell/me"}, "TELL_QUEUE is not a queue's name."),
}


@pytest.mark.parametrize(("changes", "words"), CASES.values(), ids=CASES)
def test_a_mistake_is_one_sentence_that_shows_no_secret_and_no_address(changes: dict[str, str], words: str) -> None:
    (mistake,) = _mistakes(changes)
    assert words in mistake
    assert mistake.endswith(".")
    for secret in ("p4ss", "s3cret", "ana.b", "bob", ANA, "/T0"):
        assert secret not in mistake


def test_who_raises_alarms_learns_whether_they_are_told_and_only_who_tells_gets_the_secrets() -> None:
    secrets = {"SMTP_PASSWORD", "RELAY_ALARM_WEBHOOK_SECRET", "SMTP_URL"}
    for name, needs in ENTRY_POINTS.items():
        given = {variable.name for variable in variables_of(name)}
        assert (secrets <= given) == (name == "tell")
        assert secrets <= given or not secrets & given
        assert ("RELAY_ALARM_EMAILS" in given) == bool(needs & {Need.ALARMS, Need.TELLING})
    raising = {name for name, needs in ENTRY_POINTS.items() if Need.ALARMS in needs}
    assert raising >= {"sms_inbound", "sms_delivery_status", "sms_redrive", "escalate_tier", "sweep", "reconcile"}


def test_where_no_one_tells_the_server_is_not_asked_for() -> None:
    alerting = load_settings({**GOOGLE, "RELAY_ALARM_EMAILS": "ana@example.com"}, ["sweep"]).alerting
    assert alerting.is_on
    assert alerting.mail_server is None


def test_no_print_shows_an_address_or_a_secret() -> None:
    alerting = _load(ALL)
    shown = f"{alerting!r} {alerting.mail_server!r}"
    for secret in ("p4ss", "s3cret", "ana@", ANA, "hooks.example.com"):
        assert secret not in shown
