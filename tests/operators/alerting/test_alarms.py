"""TellingAlarms: which alarm goes where and says what, and that raising one harms neither webhook nor store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from relay.core.failures import Failure, FailureClass
from relay.core.model import AttemptStatus, FinalStatus, Relay
from relay.flow.segments import segments
from relay.operators.alerting import wording
from relay.operators.alerting.alarms import TellingAlarms
from relay.operators.alerting.messages import ChannelKind
from relay.twilio.refusals import Reason

from tests import relays
from tests.fakes.clock import START
from tests.operators.alerting.office import Raised

TELLING = {ChannelKind.TEXT, ChannelKind.EMAIL, ChannelKind.WEBHOOK}
NO_TEXT = TELLING - {ChannelKind.TEXT}
OUTAGE = Failure(FailureClass.NOT_PROCESSED, "the provider could not be reached at all", 0)
ACCOUNT = Failure(FailureClass.SENDER, "our account is suspended", 3)


@pytest.fixture
def desk() -> Raised:
    return Raised()


def _relay(**changes: object) -> Relay:
    return replace(relays.exhausted(), **changes)  # type: ignore[arg-type]


def _held() -> Relay:
    return _relay(final_status=FinalStatus.HELD)


def _unclaimed() -> Relay:
    exhausted = relays.exhausted()
    attempts = (replace(exhausted.attempts[0], status=AttemptStatus.DELIVERED), *exhausted.attempts[1:])
    return replace(exhausted, attempts=attempts)


ALARMS: dict[str, tuple[Callable[[TellingAlarms], object], str, set[ChannelKind], str]] = {
    "exhausted": (
        lambda alarms: alarms.exhausted(relays.exhausted()),
        "alarm",
        TELLING,
        "No handler was reached with a text from the number ending in 4321. Call the customer, then send it again.",
    ),
    "unclaimed": (
        lambda alarms: alarms.exhausted(_unclaimed()),
        "alarm",
        TELLING,
        "No person took a text from the number ending in 4321: it was delivered to handler 1, and none answered.",
    ),
    "held": (
        lambda alarms: alarms.not_forwarded(_held()),
        "sender_held_back",
        NO_TEXT,
        "Texts from the number ending in 4321 are held back: too many came in a short time.",
    ),
    "ours": (
        lambda alarms: alarms.not_forwarded(_relay(final_status=FinalStatus.RECORDED)),
        "handlers_number_is_ours",
        TELLING,
        "came to a number of ours that is also a handler's, and went to no handler. Call the customer.",
    ),
    "answer lost": (
        lambda alarms: alarms.answer_lost(_relay(code="K71")),
        "answer_lost",
        TELLING,
        "The customer of thread K71 did not get an answer, and no handler could be told so. Call the customer.",
    ),
    "codes": (lambda alarms: alarms.codes_used_up(), "codes_used_up", NO_TEXT, "Close threads that are done."),
    "outage": (
        lambda alarms: alarms.outage("SM1", OUTAGE, START),
        "outage",
        NO_TEXT,
        "Texts wait since 12:00 UTC: the provider could not be reached at all.",
    ),
    "account": (
        lambda alarms: alarms.outage("SM1", ACCOUNT, START),
        "outage",
        NO_TEXT,
        "Texts wait since 12:00 UTC: our account is suspended. Check our account, its credentials",
    ),
    "outage over": (
        lambda alarms: alarms.outage_over(OUTAGE, START, 7),
        "outage_over",
        NO_TEXT,
        "Texts go again. The trouble since 12:00 UTC is over; 7 had to wait.",
    ),
    "database lost": (
        lambda alarms: alarms.database_lost("the file is gone"),
        "database_lost",
        TELLING,
        "The relay's database cannot be used: the file is gone. Customers' texts are refused until that is mended.",
    ),
    "disk full": (
        lambda alarms: alarms.store_fails("the disk is full", "make room on it"),
        "store_fails",
        TELLING,
        "cannot be used: the disk is full. Customers' texts are refused until that is mended. Make room on it.",
    ),
    "clock set": (
        lambda alarms: alarms.clock_set(-86400.0, 3),
        "clock_set",
        TELLING,
        "The clock of the relay's machine was set by -86400 seconds; 3 waiting texts were moved.",
    ),
    "left to newer": (
        lambda alarms: alarms.left_to_newer("SM1", 9),
        "left_to_newer",
        TELLING,
        "A text waits for a newer version of the relay",
    ),
    "set aside": (
        lambda alarms: alarms.set_aside("SM1", "it is too large"),
        "set_aside",
        TELLING,
        "A text cannot go on by itself and is set aside: it is too large. Call the customer.",
    ),
    "not taken in": (
        lambda alarms: alarms.not_taken_in("SM1", "it has no sender"),
        "not_taken_in",
        TELLING,
        "A text in the provider's list could not be taken in: it has no sender.",
    ),
    "webhook refused": (
        lambda alarms: alarms.webhook_refused("signature_mismatch", "/sms/inbound", "https://x", "another token", 0),
        "webhook_refused",
        NO_TEXT,
        "Requests about texts are refused (signature mismatch): another token.",
    ),
}


@pytest.mark.parametrize(("act", "line", "by", "words"), ALARMS.values(), ids=ALARMS)
def test_an_alarm_is_a_line_of_the_log_and_goes_by_the_channels_that_it_may_go_by(
    desk: Raised, act: Callable[[TellingAlarms], object], line: str, by: set[ChannelKind], words: str
) -> None:
    act(desk.alarms)
    told = desk.told_now()
    assert desk.lines() == [line]
    assert set(told) == by
    for each in told.values():
        assert words in each


@pytest.mark.parametrize(("act", "words"), [(case[0], case[3]) for case in ALARMS.values()], ids=ALARMS)
def test_no_alarm_shows_a_whole_number_or_a_customers_words(
    desk: Raised, act: Callable[[TellingAlarms], object], words: str
) -> None:
    act(desk.alarms)
    for each in desk.told_now().values():
        assert relays.BODY not in each
        assert relays.CUSTOMER not in each
        assert "15557654321" not in each


@pytest.mark.parametrize("act", [case[0] for case in ALARMS.values()], ids=ALARMS)
def test_a_text_of_an_alarm_is_two_segments_at_most_so_that_it_costs_what_it_must(
    desk: Raised, act: Callable[[TellingAlarms], object]
) -> None:
    act(desk.alarms)
    desk.told_now()
    for message in desk.text.told:
        assert segments(f"{message.words}\n{message.link}") <= 2


def test_where_the_business_allows_it_the_number_and_the_words_are_told() -> None:
    desk = Raised(shows_words=True)
    desk.alarms.exhausted(_relay(message_body=f"{relays.BODY}\nsecond line\u202e " + "x" * 500))
    (words,) = set(desk.told_now().values())
    assert f"No handler was reached with a text from {relays.CUSTOMER}." in words
    assert f'It says: "{relays.BODY} second line' in words
    assert len(words) < 400
    assert "\n" not in words


def test_the_same_relay_raised_again_and_again_costs_one_write(desk: Raised) -> None:
    for _ in range(100):
        desk.alarms.exhausted(relays.exhausted())
    assert desk.records.writes == 1
    desk.run_for(12)
    assert len(desk.email.told) == 1


def test_two_processes_that_raise_the_same_have_it_told_once(desk: Raised) -> None:
    other = Raised()
    other.records, other.folding = desk.records, desk.folding
    desk.alarms.set_aside("SM1", "it is broken")
    other.alarms.set_aside("SM1", "it is broken")
    desk.told_now()
    desk.run_for(12)
    assert len(desk.email.told) == 1


def test_where_the_store_is_out_of_order_the_alarm_is_kept_and_told_when_it_works_again(desk: Raised) -> None:
    works_again = threading.Event()
    desk.alarms._later._sleep = lambda _seconds: works_again.wait(120)
    desk.records.is_down = True
    # What raises it does not wait for that.
    desk.alarms.exhausted(relays.exhausted())
    assert desk.lines() == ["alarm"]
    desk.records.is_down = False
    works_again.set()
    assert set(desk.told_now()) == TELLING


def test_an_error_in_the_code_that_tells_is_a_line_of_the_log_and_raises_nothing(
    desk: Raised, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("of +15557654321")

    monkeypatch.setattr(wording, "exhausted", broken)
    desk.alarms.exhausted(relays.exhausted())
    assert [labels["error"] for *_, labels in desk.journal.notes] == ["RuntimeError"]
    assert desk.lines() == ["alarm"]


def test_what_the_store_raises_while_it_reads_is_written_by_another_thread(desk: Raised) -> None:
    """The store may hold what a write needs."""
    writers: list[str] = []
    put = desk.records.put

    def noted(*arguments: object, **options: object) -> object:
        writers.append(threading.current_thread().name)
        return put(*arguments, **options)  # type: ignore[arg-type]

    desk.records.put = noted  # type: ignore[method-assign, assignment]
    desk.alarms.set_aside("SM1", "it is broken")
    desk.alarms.left_to_newer("SM2", 9)
    desk.told_now()
    assert threading.current_thread().name not in writers[:1]


def test_on_google_neither_a_strangers_request_nor_the_store_is_told_of(desk: Raised) -> None:
    """Alert policies tell of both; a forgery must not make a function load its store's client."""
    google = Raised(is_embedded=False)
    google.alarms.webhook_refused("signature_mismatch", "/sms/inbound", "https://x", "another token", 0)
    google.alarms.store_fails("made up", "")
    google.settle()
    google.run_for(12)
    assert (google.told(), google.records.writes, google.records.reads > 0) == ([], 0, True)
    assert google.lines() == ["webhook_refused", "store_fails"]


def test_a_request_without_a_signature_is_a_line_of_the_log_alone(desk: Raised) -> None:
    """Scanners send one every day; the alert on Google leaves it out, too (metrics.tf)."""
    desk.alarms.webhook_refused(Reason.NO_SIGNATURE, "/sms/inbound", "https://x", "no signature", 0)
    desk.settle()
    desk.run_for(12)
    assert (desk.told(), desk.lines()) == ([], ["webhook_refused"])
    desk.alarms.webhook_refused(Reason.SIGNATURE_LOST, "/sms/inbound", "https://x", "it names our account", 0)
    assert set(desk.told_now()) == NO_TEXT


def test_codes_that_stay_used_up_are_told_once_an_hour(desk: Raised) -> None:
    for _ in range(100):
        desk.alarms.codes_used_up()
        desk.run_in(60)
    assert len(desk.email.told) == 2
