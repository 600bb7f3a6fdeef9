"""A receipt is believed of the attempt's own text alone: by its id, its number and its tier."""

from __future__ import annotations

from typing import Any

import pytest
from relay.core.model import FinalStatus
from relay.flow.sweep import sweep
from relay.ports import Accepted, Ambiguous

from tests.flow.lost_answers import settle
from tests.relays import CUSTOMER, MESSAGE_ID, sid
from tests.worlds import Doubles, status_request


def sent() -> Doubles:
    """A text that Twilio has taken for tier 1."""
    doubles = Doubles()
    doubles.inbound()
    return doubles


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"MessageSid": sid(77)}, "another id"),
        ({"tier": 2}, "another tier"),
        ({"To": "+15550100099"}, "another number"),
        ({"To": CUSTOMER}, "another number"),
    ],
)
@pytest.mark.parametrize("status", ["delivered", "undelivered", "sent"])
def test_a_receipt_about_another_text_is_a_warning_and_decides_nothing(
    other: dict[str, Any], why: str, status: str
) -> None:
    doubles = sent()
    before = doubles.relay()
    assert doubles.status(status_request(status, **other)).status == 204
    assert doubles.relay() == before
    severity, message, labels = doubles.journal.notes[-1]
    assert (severity, message) == ("WARNING", "receipt about another text: it decides nothing")
    assert why in str(labels["reason"])
    assert not any(number in str(labels) for number in (CUSTOMER, "+15550100099"))


@pytest.mark.parametrize(
    "shown", [{"To": "+1 (555) 010-0001"}, {"To": "sms:+15550100001"}, {"MessageSid": sid(1).replace("sm", "SM")}]
)
def test_a_number_or_an_id_in_another_spelling_is_the_same(shown: dict[str, Any]) -> None:
    doubles = sent()
    doubles.status(status_request(**shown))
    assert doubles.relay().final_status is FinalStatus.DELIVERED


@pytest.mark.parametrize("to", [None, "", "+1555010XXXX"])
def test_a_receipt_that_shows_no_number_is_believed_by_an_id_that_is_on_record(to: str | None) -> None:
    doubles = sent()
    doubles.status(status_request(To=to))
    assert doubles.relay().final_status is FinalStatus.DELIVERED


def test_a_receipt_that_shows_no_number_is_not_believed_by_an_id_that_is_unknown() -> None:
    doubles = Doubles()
    doubles.messenger.script(Ambiguous("no answer in time"))
    doubles.inbound()
    doubles.status(status_request(To=None))
    assert doubles.relay().final_status is FinalStatus.IN_PROGRESS
    doubles.status(status_request())
    assert doubles.relay().final_status is FinalStatus.DELIVERED


def test_a_receipt_with_the_id_of_another_attempt_of_the_relay_is_not_believed_of_one_whose_id_is_unknown() -> None:
    """The answer to attempt 2's POST has told whose text that is."""
    doubles = Doubles()
    doubles.messenger.script(Ambiguous("no answer in time"), Accepted(sid(2)))
    doubles.inbound()
    doubles.clock.advance(3600)
    sweep(doubles.world)
    before = doubles.relay()
    assert [attempt.sent_id for attempt in before.attempts] == [None, sid(2)]
    doubles.status(status_request("delivered", attempt=1, MessageSid=sid(2)))
    assert doubles.relay() == before
    assert "another attempt" in str(doubles.journal.notes[-1][2]["reason"])
    doubles.status(status_request("delivered", attempt=2, tier=2))
    assert doubles.relay().final_status is FinalStatus.DELIVERED


@pytest.mark.parametrize("status", ["delivered", "sent", "undelivered"])
def test_an_id_that_a_look_up_found_gives_way_to_the_one_that_a_callback_tells(status: str) -> None:
    """The look-up went by number and words; the callback's address names the attempt."""
    doubles = Doubles()
    doubles.messenger.script(Ambiguous("no answer in time"))
    doubles.inbound()
    adopted = doubles.messenger.take(doubles.messenger.sends[0], sid(50))
    doubles.clock.advance(60)
    settle(doubles, MESSAGE_ID)
    assert (doubles.relay().attempts[0].sent_id, doubles.relay().attempts[0].is_adopted) == (adopted, True)
    doubles.status(status_request(status, MessageSid=sid(77)))
    told = doubles.relay().attempts[0]
    assert (told.sent_id, told.is_adopted) == (sid(77), False)
    doubles.status(status_request("failed", MessageSid=adopted))
    assert doubles.relay().attempts[0] == told, "by now its id is told"
