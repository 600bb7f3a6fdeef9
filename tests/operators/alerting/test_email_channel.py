"""E-mail: what is in it, that nothing is said in the clear, and what a mail server can do wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from relay.operators.alerting.channel import TAKEN
from relay.operators.alerting.messages import ChannelKind, Message

from tests.fakes import FakeClock
from tests.fakes.clock import START
from tests.operators.alerting.mail import FROM, PASSWORD, USER, MailRig, mail_server
from tests.operators.alerting.receivers import closing, dripping, raw_server

# The server warns of what some tests are about: passwords in the clear.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")

ANA = "ana@example.com"
MESSAGE = Message(
    key="alarm.1",
    channel=ChannelKind.EMAIL,
    to=ANA,
    subject="No handler was reached",
    words="Call the customer.",
    link="https://relay.example.com/console/",
    until=START + timedelta(hours=1),
)


@pytest.fixture(params=["starttls", "tls"])
def mail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MailRig]:
    with mail_server(tmp_path, FakeClock(), request.param) as rig:
        yield rig


@pytest.fixture
def starttls(tmp_path: Path) -> Iterator[MailRig]:
    with mail_server(tmp_path, FakeClock()) as rig:
        yield rig


def test_it_comes_from_our_address_encrypted_and_signed_in_and_says_that_a_machine_wrote_it(mail: MailRig) -> None:
    assert mail.channel().tell(MESSAGE, timeout_seconds=60) == TAKEN
    ((from_, to, message),) = mail.mailbox.taken
    assert (from_, to) == (FROM, [ANA])
    assert (message["From"], message["To"], message["Subject"]) == (FROM, ANA, "No handler was reached")
    assert (message["Auto-Submitted"], message["Date"].datetime) == ("auto-generated", START)
    assert (mail.mailbox.were_encrypted, set(mail.mailbox.users)) == ([True], {USER})


def test_tried_again_it_has_the_same_id_so_that_a_mailbox_can_tell_and_another_message_has_another(
    starttls: MailRig,
) -> None:
    for message in (MESSAGE, MESSAGE, replace(MESSAGE, key="alarm.2")):
        starttls.channel().tell(message, timeout_seconds=60)
    first, again, other = (message["Message-ID"] for *_, message in starttls.mailbox.taken)
    assert first == again != other


@pytest.mark.parametrize("subject", ["Hello\r\nBcc: eve@example.com", "Hello\nBcc: eve@example.com\n\nBody"])
def test_lines_in_a_subject_make_no_header_and_no_recipient(starttls: MailRig, subject: str) -> None:
    assert starttls.channel().tell(replace(MESSAGE, subject=subject), timeout_seconds=60) == TAKEN
    ((_, to, message),) = starttls.mailbox.taken
    assert (to, message["Bcc"]) == ([ANA], None)
    assert message["Subject"].startswith("Hello Bcc: eve@example.com")


@pytest.mark.parametrize(
    "to", ["ana@example.com\r\nRCPT TO:<eve@example.com>", "ana@example.com\nBcc: eve@example.com"]
)
def test_an_address_with_lines_in_it_is_sent_nothing(starttls: MailRig, to: str) -> None:
    assert starttls.channel().tell(replace(MESSAGE, to=to), timeout_seconds=60).failed_because
    assert starttls.mailbox.taken == []


def test_words_in_any_language_and_dots_at_the_beginning_of_a_line_arrive_as_they_are(starttls: MailRig) -> None:
    words = "Ünïcode, שלום 🙂\n.\n..and more\nFrom here"
    assert starttls.channel().tell(replace(MESSAGE, words=words, subject="Rückruf 🙂"), timeout_seconds=60) == TAKEN
    ((_, _, message),) = starttls.mailbox.taken
    assert message.get_content().replace("\r\n", "\n").startswith(words)
    assert message["Subject"] == "Rückruf 🙂"


def test_a_server_without_encryption_is_told_nothing_the_password_least_of_all(tmp_path: Path) -> None:
    with mail_server(tmp_path, FakeClock(), offers_tls=False) as mail:
        outcome = mail.channel().tell(MESSAGE, timeout_seconds=60)
        assert outcome.failed_because == "the mail server offers no encryption, or no way to sign in: nothing was sent"
        assert (mail.mailbox.taken, mail.mailbox.users) == ([], [])


def test_a_server_whose_certificate_no_authority_vouches_for_is_told_nothing(mail: MailRig) -> None:
    outcome = mail.channel(trusts=False).tell(MESSAGE, timeout_seconds=60)
    assert outcome.failed_because == "the mail server's certificate is not good: nothing was sent"
    assert (mail.mailbox.taken, mail.mailbox.users) == ([], [])


def test_where_signing_in_is_refused_that_is_said_without_the_password(mail: MailRig) -> None:
    outcome = mail.channel(password="an old one").tell(MESSAGE, timeout_seconds=60)
    assert outcome.failed_because == "the mail server does not let us sign in (535)"
    assert mail.mailbox.taken == []


def test_a_greylisting_server_is_a_failure_that_is_tried_again_and_then_it_takes_it(starttls: MailRig) -> None:
    starttls.mailbox.rcpt = "451 4.7.1 Greylisted, please come again"
    outcome = starttls.channel().tell(MESSAGE, timeout_seconds=60)
    assert (outcome.failed_because, outcome.is_for_good) == ("the mail server does not take the address (451)", False)
    starttls.mailbox.rcpt = ""
    assert starttls.channel().tell(MESSAGE, timeout_seconds=60) == TAKEN


@pytest.mark.parametrize(
    ("rcpt", "data", "words"),
    [
        ("550 5.1.1 No such user: ana@example.com", "", "the mail server does not take the address (550)"),
        ("", "552 5.2.2 Mailbox of ana@example.com full", "the mail server answers 552"),
        ("", "421 4.3.2 Shutting down", "the mail server answers 421"),
    ],
)
def test_what_a_server_refuses_is_said_by_its_number_alone(starttls: MailRig, rcpt: str, data: str, words: str) -> None:
    starttls.mailbox.rcpt, starttls.mailbox.data = rcpt, data
    assert starttls.channel().tell(MESSAGE, timeout_seconds=60).failed_because == words


@pytest.mark.parametrize("act", [closing, lambda connection: connection.sendall(b"554 go away\r\n")])
def test_a_server_that_breaks_off_or_turns_us_away_is_a_failure(starttls: MailRig, act: object) -> None:
    with raw_server(act) as port:  # type: ignore[arg-type]
        assert starttls.channel(port=port).tell(MESSAGE, timeout_seconds=60).failed_because


def test_on_this_machine_no_encryption_is_needed_and_no_user(tmp_path: Path) -> None:
    with mail_server(tmp_path, FakeClock(), "none", signs_in=False) as mail:
        assert mail.channel().tell(MESSAGE, timeout_seconds=60) == TAKEN
        assert mail.mailbox.were_encrypted == [False]


def test_a_server_that_says_one_letter_after_another_does_not_hold_up_who_waits_in_time(starttls: MailRig) -> None:
    from relay.operators.alerting.telling import in_time

    with raw_server(dripping) as port:
        channel, began = starttls.channel(port=port), time.monotonic()
        outcome = in_time(lambda: channel.tell(MESSAGE, timeout_seconds=60), 0.5)
        assert outcome.failed_because == "it did not answer in time"
        # It would go on for minutes, until a line is longer than any may be.
        assert time.monotonic() - began < 100


def test_neither_the_channel_nor_what_it_says_shows_the_password(starttls: MailRig) -> None:
    channel = starttls.channel()
    assert PASSWORD not in repr(channel)
