"""A number's queue: its rate, its length, and texts that die in it."""

from scripts.fake_twilio import QueueLimits, StatusDelays
from tests.fake_twilio.support import HANDLER, Account

AT_ONCE = StatusDelays(0.0, 0.0, 0.0)
LONG_CODE = QueueLimits(segments_per_second=1)


def arrived(account: Account) -> list[float]:
    """When each message reached its phone, in seconds after the beginning of the year."""
    times = [message.reached_phone_at for message in account.fake.messages]
    return [round(at - 1_767_225_600, 2) for at in times if at is not None]


def test_three_hundred_texts_in_ten_seconds_leave_one_a_second() -> None:
    account = Account(queue=LONG_CODE, delays=AT_ONCE)
    for n in range(300):
        assert account.post(To=f"+1555{n:07}").status_code == 201
        account.clock.advance(1 / 30)
    account.clock.advance(1)
    assert {message.status for message in account.fake.messages} == {"queued", "delivered"}
    account.clock.advance(300)
    assert arrived(account) == [float(n) for n in range(300)]


def test_a_long_text_takes_as_many_turns_as_it_has_segments() -> None:
    account = Account(queue=LONG_CODE, delays=AT_ONCE)
    account.post(Body="x" * 400)
    account.post(Body="short")
    account.clock.advance(10)
    assert arrived(account) == [0, 3]


def test_each_number_has_a_queue_of_its_own() -> None:
    account = Account(queue=LONG_CODE, delays=AT_ONCE, numbers=("+15550001000", "+15550001001"))
    account.post()
    account.post(From="+15550001001")
    account.clock.advance(1)
    assert arrived(account) == [0, 0]


def test_a_text_that_waits_longer_than_its_validity_dies_with_30036_and_takes_no_turn() -> None:
    account = Account(queue=LONG_CODE, delays=AT_ONCE)
    account.post(Body="x" * 1500)
    account.post(ValidityPeriod="5")
    account.post()
    account.clock.advance(5)
    dead = account.fake.messages[1]
    assert (dead.status, dead.error_code) == ("failed", 30036)
    told = [request.form for request in account.app.requests if request.form["MessageSid"] == dead.sid]
    assert [(form["MessageStatus"], form["ErrorCode"]) for form in told] == [("failed", "30036")]
    account.clock.advance(30)
    assert arrived(account) == [0, 10]


def test_a_queue_of_hours_is_full_and_says_so_with_21611() -> None:
    account = Account(queue=QueueLimits(segments_per_second=1, hours=2 / 3600), delays=AT_ONCE)
    statuses = [account.post() for _ in range(4)]
    assert [response.status_code for response in statuses] == [201, 201, 201, 429]
    assert (statuses[3].json or {})["code"] == 21611
    account.clock.advance(1)
    assert account.post().status_code == 201


def test_a_queue_goes_as_fast_as_everything_else_of_the_fake() -> None:
    account = Account(queue=LONG_CODE, delays=AT_ONCE, time_scale=0.1)
    for _ in range(5):
        account.post()
    account.clock.advance(1)
    assert arrived(account) == [0, 0.1, 0.2, 0.3, 0.4]


def test_a_limit_may_come_and_go_while_the_fake_runs() -> None:
    account = Account(delays=AT_ONCE)
    account.fake.limit_queues(LONG_CODE)
    account.post()
    account.post()
    account.fake.limit_queues(QueueLimits())
    account.post()
    account.clock.advance(5)
    assert [message.to for message in account.handler.inbox] == [HANDLER] * 3
    assert arrived(account) == [0, 1, 0]
