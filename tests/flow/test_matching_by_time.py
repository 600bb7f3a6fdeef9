"""Texts at Twilio of another time than the attempt's: another relay's, or sent while a clock was wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.errors import MessengerUnavailable

from tests.flow.lost_answers import FIRST, SECOND, comes_in, find, settle
from tests.worlds import Doubles, inbound_request


@pytest.mark.parametrize("days", [-30, -1, 1])
def test_the_same_words_that_another_relay_sent_on_another_day_are_another_text(days: int) -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    _made_at(doubles, timedelta(days=days))
    comes_in(doubles, SECOND, arrives=False)
    assert find(doubles, SECOND) is None


def _made_at(doubles: Doubles, later: timedelta) -> None:
    """All texts that Twilio has were made so much later than now, by its clock."""
    created_at = doubles.clock.now() + later
    doubles.messenger.messages = {
        key: replace(one, created_at=created_at) for key, one in doubles.messenger.messages.items()
    }


@pytest.mark.parametrize("by", [-timedelta(hours=26), -timedelta(hours=1), timedelta(hours=1), timedelta(days=400)])
def test_a_text_of_another_time_that_nothing_else_on_record_explains_was_sent_by_a_wrong_clock(by: timedelta) -> None:
    """Declared not sent, its handler would be texted twice. While clocks are right no such text exists."""
    doubles = Doubles()
    comes_in(doubles, FIRST)
    _made_at(doubles, by)
    assert find(doubles, FIRST) is not None


@pytest.mark.parametrize("is_wrong", [True, False], ids=["wrong again", "right again"])
def test_by_a_clock_months_ahead_a_text_is_not_declared_not_sent_until_the_clock_is_right(is_wrong: bool) -> None:
    """The clock that leased the try is the one that asks: to it the text is of long before."""
    doubles = Doubles()
    now = doubles.clock.now()
    doubles.clock.set(now + timedelta(days=80))
    comes_in(doubles, FIRST)
    _made_at(doubles, -timedelta(days=80))
    doubles.clock.set(now + timedelta(days=80 if is_wrong else 0, minutes=2))
    settled = settle(doubles, FIRST)
    assert (settled.declared_not_sent, settled.adopted) == (0, int(not is_wrong))


def test_a_text_of_another_time_is_not_taken_while_it_may_be_another_relays() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    _made_at(doubles, timedelta(days=1))
    comes_in(doubles, SECOND, arrives=False)
    for message_id in (FIRST, SECOND):
        with pytest.raises(MessengerUnavailable):
            find(doubles, message_id)


def test_a_text_of_another_time_is_of_the_relay_that_sent_at_that_time() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    doubles.clock.advance(2 * 3600)
    comes_in(doubles, SECOND, arrives=False)
    assert find(doubles, SECOND) is None
    assert find(doubles, FIRST) is not None
