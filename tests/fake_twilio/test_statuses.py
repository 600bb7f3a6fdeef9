"""An accepted message's way through its statuses, and the callbacks that tell of it."""

import itertools
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from scripts.fake_twilio import Behaviour, Callbacks, Fate, StatusDelays, behaviour
from scripts.fake_twilio.faults.fates import End
from tests.fake_twilio.support import CALLBACK_URL, HANDLER, NO_ANSWER, OURS, Account, Sent, status


def told(account: Account, does: Behaviour, seconds: float = 60, **form: object) -> list[str]:
    """The statuses the application is told of a message with this behaviour."""
    account.handler.carrier.does(does)
    assert account.post(**form).status_code == 201
    account.clock.advance(seconds)
    return account.app.statuses


def test_a_delivered_message_takes_the_usual_time_in_each_status() -> None:
    account = Account(delays=StatusDelays(1, 2, 3), time_scale=10)
    account.post()
    start = account.clock.now()
    account.clock.advance(100)
    (message,) = account.fake.messages
    assert [(at - start, status) for at, status in message.history] == [
        (0, "queued"),
        (10, "sending"),
        (30, "sent"),
        (60, "delivered"),
    ]
    assert (message.sent_at, message.reached_phone_at) == (start + 30, start + 60)
    assert [message.sid] == [shown.sid for shown in account.handler.inbox]


def test_the_initial_status_gives_no_callback(account: Account) -> None:
    assert told(account, behaviour.deliver()) == ["sending", "sent", "delivered"]


def test_without_a_callback_url_nothing_is_called(account: Account) -> None:
    assert told(account, behaviour.deliver(), StatusCallback=None) == []
    assert account.fake.messages[0].status == "delivered"


@pytest.mark.parametrize(
    ("does", "statuses", "error_code", "is_shown"),
    [
        (behaviour.deliver(), ["sending", "sent", "delivered"], None, True),
        (behaviour.undelivered(30005), ["sending", "sent", "undelivered"], 30005, False),
        (behaviour.failed(30002), ["sending", "failed"], 30002, False),
        (behaviour.silent(), ["sending", "sent"], None, False),
        (behaviour.silent(reaches_phone=True), ["sending", "sent"], None, True),
        (behaviour.silent(waiting_as="sending"), ["sending"], None, False),
        (behaviour.silent(waiting_as="queued"), [], None, False),
        (behaviour.late(30), ["sending", "sent", "delivered"], None, True),
        (behaviour.late(90), ["sending", "sent"], None, False),
        (behaviour.late(90, waiting_as="queued"), [], None, False),
    ],
)
def test_each_fate_within_a_minute(
    account: Account, does: Behaviour, statuses: list[str], error_code: int | None, is_shown: bool
) -> None:
    assert told(account, does) == statuses
    (message,) = account.fake.messages
    assert message.status == (statuses[-1] if statuses else "queued")
    assert message.error_code == error_code
    assert (message.reached_phone_at is not None) is is_shown
    assert bool(account.handler.inbox) is is_shown


def test_what_a_carrier_was_silent_about_is_delivered_after_all(account: Account) -> None:
    told(account, behaviour.silent())
    (message,) = account.fake.messages
    account.fake.sender.deliver_after_all(message.sid)
    account.clock.advance()
    assert account.app.requests[-1].form["MessageStatus"] == account.fake.messages[0].status == "delivered"
    assert [shown.sid for shown in account.handler.inbox] == [message.sid]


@pytest.mark.parametrize("does", [behaviour.silent(waiting_as="queued"), behaviour.late(90, waiting_as="queued")])
def test_a_message_still_queued_after_its_validity_fails_with_30036(account: Account, does: Behaviour) -> None:
    start = account.clock.now()
    assert told(account, does, ValidityPeriod=40) == ["failed"]
    (message,) = account.fake.messages
    assert (message.error_code, message.updated_at - start) == (30036, 40)
    assert account.app.requests[0].form["ErrorCode"] == "30036"
    assert account.handler.inbox == []


def test_a_message_that_left_the_queue_in_time_does_not_expire(account: Account) -> None:
    assert told(account, behaviour.late(50), ValidityPeriod=10)[-1] == "delivered"


def test_a_callback_says_what_twilio_says(account: Account) -> None:
    told(account, behaviour.undelivered(30003))
    sid = account.fake.messages[0].sid
    sent, undelivered = account.app.requests[1:]
    common = {
        "AccountSid": account.auth[0],
        "ApiVersion": "2010-04-01",
        "From": OURS,
        "MessageSid": sid,
        "SmsSid": sid,
        "To": HANDLER,
    }
    assert sent.form == {**common, "MessageStatus": "sent", "SmsStatus": "sent"}
    assert undelivered.form == {
        **common,
        "ErrorCode": "30003",
        "MessageStatus": "undelivered",
        "RawDlrDoneDate": "2601010000",
        "SmsStatus": "undelivered",
    }


def test_the_query_of_the_callback_url_is_signed_and_its_fragment_neither_signed_nor_sent(
    account: Account,
) -> None:
    told(account, behaviour.deliver(), StatusCallback=f"{CALLBACK_URL}#rc=2&rp=all")
    validator = RequestValidator(account.fake.settings.auth_token)
    for request in account.app.requests:
        assert request.url == CALLBACK_URL
        assert validator.validate(CALLBACK_URL, request.form, request.signature)
        assert not validator.validate(CALLBACK_URL.partition("?")[0], request.form, request.signature)


def test_callbacks_are_tried_again_only_as_their_fragment_says(account: Account) -> None:
    account.app.answers.extend([status(500)] * 2)
    told(account, behaviour.silent(waiting_as="sending"), StatusCallback=f"{CALLBACK_URL}#rc=5&rp=5xx")
    assert [(e.attempt, e.parameter("MessageStatus")) for e in account.fake.exchanges] == [
        (1, "sending"),
        (2, "sending"),
        (3, "sending"),
    ]
    account.app.answers.extend([status(500), NO_ANSWER])
    account.app.requests.clear()
    told(account, behaviour.silent(waiting_as="sent"))
    assert account.app.statuses == ["sending", "sent"]


def tokens(requests: list[Sent]) -> list[str]:
    return [request.headers["I-Twilio-Idempotency-Token"] for request in requests]


def test_duplicates_carry_the_same_token_and_other_statuses_another(account: Account) -> None:
    does = behaviour.deliver().with_callbacks(copies=3)
    assert told(account, does) == ["sending"] * 3 + ["sent"] * 3 + ["delivered"] * 3
    assert [tokens(account.app.requests).count(token) for token in set(tokens(account.app.requests))] == [3] * 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"order": "reversed"}, ["delivered", "sent", "sending"]),
        ({"order": "together"}, ["sending", "sent", "delivered"]),
        ({"lost": ("all",)}, []),
        ({"lost": ("delivered",)}, ["sending", "sent"]),
        ({"order": "reversed", "lost": ("sent",), "copies": 2}, ["delivered"] * 2 + ["sending"] * 2),
    ],
)
def test_callbacks_are_reordered_and_lost_on_demand(
    account: Account, changes: dict[str, Any], expected: list[str]
) -> None:
    assert told(account, behaviour.deliver().with_callbacks(**changes)) == expected
    assert account.fake.messages[0].status == "delivered"


def test_held_callbacks_leave_after_the_last_status(account: Account) -> None:
    told(account, behaviour.deliver().with_callbacks(order="together"))
    delivered_at = account.fake.messages[0].updated_at
    assert [request.at for request in account.app.requests] == [delivered_at] * 3


def test_shuffled_callbacks_come_in_the_order_of_the_seed() -> None:
    orders = []
    for seed in (1, 1, 2, 3, 4):
        account = Account(seed=seed)
        orders.append(tuple(told(account, behaviour.deliver().with_callbacks(order="shuffled"))))
    assert orders[0] == orders[1]
    assert len(set(orders)) > 1
    assert {tuple(sorted(order)) for order in orders} == {("delivered", "sending", "sent")}


@pytest.mark.parametrize(("ends", "is_shown"), [("sent", False), ("delivered", True)])
def test_a_carrier_may_report_undelivered_after_sent_and_even_after_delivered(
    account: Account, ends: End, is_shown: bool
) -> None:
    assert told(account, behaviour.taken_back(30008, after_seconds=9, ends=ends))[-2:] == [ends, "undelivered"]
    (message,) = account.fake.messages
    assert (message.status, message.error_code, len(account.handler.inbox)) == ("undelivered", 30008, is_shown)
    assert account.app.requests[-1].form["ErrorCode"] == "30008"
    assert account.app.requests[-1].at - account.app.requests[-2].at == pytest.approx(9)


def test_a_late_sent_may_follow_undelivered(account: Account) -> None:
    fate = Fate(ends="undelivered", error_code=30003)
    does = Behaviour("late sent", fate=fate, callbacks=Callbacks(order="reversed", lost=("sending",)))
    assert told(account, does) == ["undelivered", "sent"]


def test_a_receipt_about_another_text_is_signed_like_any_other(account: Account) -> None:
    other = "SM" + "9" * 32
    says = {"MessageSid": other, "SmsSid": None, "To": "+15550009999", "Extra": "x"}
    told(account, behaviour.deliver().with_callbacks(says=says, query={"tier": "2", "attempt": "3"}))
    request = account.app.requests[0]
    assert (request.form["MessageSid"], request.form["To"], request.form["Extra"]) == (other, "+15550009999", "x")
    assert "SmsSid" not in request.form
    assert request.url == CALLBACK_URL.replace("tier=1", "tier=2") + "&attempt=3"
    validator = RequestValidator(account.fake.settings.auth_token)
    assert validator.validate(request.url, request.form, request.signature)


@pytest.mark.parametrize("error_code", [30007, 30023, 30037, 63018, 12300, 99999])
def test_a_receipt_may_tell_any_code(account: Account, error_code: int) -> None:
    told(account, behaviour.undelivered(error_code))
    assert account.app.requests[-1].form["ErrorCode"] == str(error_code)


def test_delayed_callbacks_leave_that_much_later(account: Account) -> None:
    told(account, behaviour.deliver().with_callbacks(delay_seconds=7))
    history = {status: at for at, status in account.fake.messages[0].history}
    assert account.app.requests[0].at == history["sending"] + 7


def test_a_stale_error_code_stands_on_statuses_that_are_no_failure(account: Account) -> None:
    told(account, behaviour.deliver().with_callbacks(stale_error_code=30008))
    assert {request.form["ErrorCode"] for request in account.app.requests} == {"30008"}
    assert account.fake.messages[0].error_code is None


def test_in_order_means_after_the_answer_to_the_one_before(account: Account) -> None:
    account.app.takes_seconds = 4
    told(account, behaviour.deliver())
    times = [request.at for request in account.app.requests]
    assert [round(later - earlier) for earlier, later in itertools.pairwise(times)] == [4, 4]
