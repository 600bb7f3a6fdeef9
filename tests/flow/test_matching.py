"""Which of Twilio's texts is whose: the same words from one customer are not confused, and none is adopted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core import moves
from relay.core.failures import UNREACHABLE
from relay.core.model import Relay, SenderClass
from relay.core.policy import Policy, Tier
from relay.core.policy import sms as sms_reach
from relay.core.routes import Forward
from relay.errors import MessengerUnavailable
from relay.flow import lookup, matching, timers
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.sms import body_of
from relay.ports import Refused, Stored

from tests.flow.lost_answers import FIRST, LOST, SECOND, adopt, comes_in, find, settle
from tests.relays import BODY, OUR_NUMBER, policy, text
from tests.twilio_words import seen
from tests.worlds import Doubles, inbound_request


def test_a_text_whose_id_is_known_is_fetched_by_it() -> None:
    doubles = Doubles()
    doubles.inbound()
    found = find(doubles, doubles.relay().message_id)
    assert found is not None
    assert found.sent_id == doubles.relay().attempts[0].sent_id


def test_a_text_whose_id_was_never_learned_is_found_by_number_time_and_words() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    found = find(doubles, FIRST)
    assert found is not None
    assert doubles.messenger.messages[found.sent_id].body == doubles.messenger.sends[0].body


def test_a_text_that_never_arrived_is_not_found() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST, arrives=False)
    assert find(doubles, FIRST) is None


@pytest.mark.parametrize(
    "changes", [{"body": "+15557654321: something else"}, {"to": "+15550100099"}, {"from_": "+15550100098"}]
)
def test_another_text_is_not_taken_for_it(changes: dict[str, str]) -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST, arrives=False)
    sent = doubles.messenger.sends[0]
    values = {"to": sent.to, "from_": sent.from_, "body": sent.body, **changes}
    other = seen("SM" + "9" * 32, "delivered", None, created_at=doubles.clock.now(), **values)
    doubles.messenger.messages[other.sent_id] = other
    assert find(doubles, FIRST) is None


@pytest.mark.parametrize("as_listed", ["+525512345678", "+5215512345678"])
def test_a_text_is_found_although_twilio_lists_the_handlers_number_in_another_spelling(as_listed: str) -> None:
    """Declared not sent, the last handler would be texted twice."""
    doubles = Doubles(Policy((Tier("ana", sms_reach("+5215512345678")),)))
    comes_in(doubles, FIRST, arrives=False)
    sent = doubles.messenger.sends[0]
    doubles.messenger.take(replace(sent, to=as_listed))
    assert find(doubles, FIRST) is not None


def test_what_smart_encoding_changes_does_not_hide_a_text() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST, arrives=False, Body="Don\u2019t wait\u2026 come")
    sent = doubles.messenger.sends[0]
    plain = sent.body.replace("\u2019", "'").replace("\u2026", "...")
    doubles.messenger.messages["x"] = seen("x", "sent", None, sent.to, sent.from_, plain, doubles.clock.now())
    assert find(doubles, FIRST) is not None


def test_a_text_that_belongs_to_another_relay_is_not_adopted() -> None:
    """The customer texts the same words twice; the first arrived and is known, the second was lost."""
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    comes_in(doubles, SECOND, arrives=False)
    assert find(doubles, SECOND) is None


def test_a_text_is_not_adopted_that_is_known_of_a_relay_which_a_clock_dated_months_ahead() -> None:
    """The first of two with the same words was lost; the second came in while the machine's clock was wrong."""
    doubles = Doubles()
    comes_in(doubles, FIRST, arrives=False)
    now = doubles.clock.now()
    doubles.clock.set(now + timedelta(days=87))
    doubles.inbound(inbound_request(MessageSid=SECOND))
    doubles.clock.set(now)
    sent_id = doubles.relay(SECOND).attempts[0].sent_id
    assert sent_id is not None
    doubles.messenger.messages[sent_id] = replace(doubles.messenger.messages[sent_id], created_at=now)
    assert find(doubles, FIRST) is None


def test_a_text_of_another_relay_is_known_however_many_the_customer_sent_since(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_PAGE", 1)
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    comes_in(doubles, SECOND, arrives=False)
    doubles.clock.advance(3600)
    doubles.inbound(inbound_request(MessageSid="SM" + "c" * 32, Body="Something else"))
    assert find(doubles, SECOND) is None


def test_by_a_clock_months_ahead_no_text_is_adopted_since_its_owner_may_have_expired() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.messenger.set_status(doubles.relay(FIRST).attempts[0].sent_id or "", "delivered")
    doubles.clock.advance(30)
    assert settle(doubles, FIRST).taken_over == 1
    comes_in(doubles, SECOND, arrives=False)
    now = doubles.clock.now()
    doubles.clock.set(now + timedelta(days=90, hours=1))
    with pytest.raises(MessengerUnavailable):
        find(doubles, SECOND)
    doubles.clock.set(now)
    assert find(doubles, SECOND) is None


@pytest.mark.parametrize("is_met", [True, False], ids=["at its deadline", "after the relay's end"])
@pytest.mark.parametrize("arrives", [True, False])
def test_what_was_sent_by_a_dead_clock_is_found_and_what_was_not_is_declared_so(arrives: bool, is_met: bool) -> None:
    """A machine starts in the year 2000 and dies at its POST; another one, whose clock is right, asks for the text."""
    doubles = Doubles()
    now = doubles.clock.now()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.clock.set(now.replace(year=2000))
    comes_in(doubles, SECOND, arrives=arrives)
    doubles.clock.set(now + timedelta(minutes=1))
    for sent_id, sent in doubles.messenger.messages.items():
        doubles.messenger.messages[sent_id] = replace(sent, created_at=now)
    relay = doubles.relay(SECOND)
    (attempt,) = relay.attempts
    if is_met:
        attempt = replace(attempt, lease_until=now + timedelta(seconds=40))  # as its deadline counts it
    found = lookup.find(doubles.world, relay, attempt, Budget(doubles.clock, 40, TASK_LIMITS))
    assert (found is not None) == arrives
    assert found is None or found.sent_id != doubles.relay(FIRST).attempts[0].sent_id


def test_a_text_that_belongs_to_an_earlier_attempt_of_the_same_relay_is_not_adopted() -> None:
    doubles = Doubles(tiers=policy(tiers=1, delays=(2.0,)))
    doubles.inbound(inbound_request(MessageSid=FIRST))
    relay = doubles.relay(FIRST)
    retried = moves.receive(text(SECOND), SenderClass.CUSTOMER, Forward(doubles.tiers), doubles.clock.now(), "x").relay
    assert relay.attempts[0].sent_id is not None
    budget = Budget(doubles.clock, 40, TASK_LIMITS)
    both = _with_two_attempts(relay, retried)
    assert lookup.find(doubles.world, both, both.attempts[1], budget) is None


def _with_two_attempts(relay: Relay, other: Relay) -> Relay:
    second = replace(other.attempts[0], number=2, try_in_tier=2)
    return replace(relay, attempts=(relay.attempts[0], second))


def test_two_lost_answers_of_which_one_text_arrived_are_not_guessed_while_a_callback_may_tell() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    comes_in(doubles, SECOND, arrives=False)
    for message_id in (FIRST, SECOND):
        with pytest.raises(MessengerUnavailable):
            find(doubles, message_id)


def _declared_not_sent(doubles: Doubles, message_id: str) -> None:
    comes_in(doubles, message_id, arrives=False)
    doubles.clock.advance(140)
    assert settle(doubles, message_id).declared_not_sent == 1


def test_a_text_that_came_after_it_was_declared_not_sent_is_not_taken_by_the_next_with_the_same_words() -> None:
    """The second one never left. Had it taken the first one's text, it would be recorded as delivered, and be lost."""
    doubles = Doubles(policy(2, timeout=3600.0))
    _declared_not_sent(doubles, FIRST)
    late = doubles.messenger.sends[0]
    comes_in(doubles, SECOND, arrives=False)
    doubles.messenger.take(late)
    with pytest.raises(MessengerUnavailable):
        find(doubles, SECOND)
    doubles.clock.advance(2 * 3600)
    assert find(doubles, SECOND) is None


def test_what_was_declared_not_sent_long_before_is_forgotten() -> None:
    doubles = Doubles(policy(2, timeout=3600.0))
    _declared_not_sent(doubles, FIRST)
    doubles.clock.advance(3600)
    comes_in(doubles, SECOND)
    assert find(doubles, SECOND) is not None


def test_what_was_declared_not_sent_of_the_same_relay_is_the_same_text() -> None:
    """Sent once more, its answer lost, too: whichever of the two Twilio has, the handler got the customer's words."""
    doubles = Doubles(policy(1, timeout=3600.0))
    doubles.messenger.script(LOST)
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.clock.advance(140)
    doubles.messenger.script(LOST)
    assert settle(doubles, FIRST).declared_not_sent == 1
    for timer in doubles.timers.take_due(doubles.clock.now()):
        timers.fire(doubles.world, timer)
    assert [attempt.status.value for attempt in doubles.relay(FIRST).attempts] == ["failed", "unknown"]
    doubles.messenger.take(doubles.messenger.sends[-1])
    assert find(doubles, FIRST) is not None


def test_when_no_callback_can_be_expected_any_more_the_order_of_sending_decides() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    comes_in(doubles, SECOND, arrives=False)
    doubles.clock.advance(2 * 3600)
    assert find(doubles, FIRST) is not None
    assert find(doubles, SECOND) is None


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
def test_two_lost_answers_whose_texts_both_arrived_get_one_each_whoever_looks_first(order: tuple[str, str]) -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    comes_in(doubles, SECOND)
    for message_id in order:
        with pytest.raises(MessengerUnavailable):
            find(doubles, message_id)  # by clocks that may differ: a callback may yet tell
    doubles.clock.advance(2 * 3600)
    adopted = [adopt(doubles, message_id) for message_id in order]
    assert None not in adopted
    assert len(set(adopted)) == 2


def test_a_text_is_not_adopted_that_a_refused_attempt_of_another_relay_may_own() -> None:
    """The provider refused the first and took it all the same; the second never left. No order decides: none but
    a callback can tell that the refused one exists."""
    doubles = Doubles(policy(1, delays=()))
    doubles.messenger.script(Refused(UNREACHABLE))
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.messenger.take(doubles.messenger.sends[0])
    comes_in(doubles, SECOND, arrives=False)
    with pytest.raises(MessengerUnavailable):
        find(doubles, SECOND)
    doubles.clock.advance(2 * 3600)
    assert find(doubles, SECOND) is not None


def test_different_words_of_two_lost_answers_are_told_apart_at_once() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST, Body="one")
    comes_in(doubles, SECOND, arrives=False, Body="two")
    assert find(doubles, FIRST) is not None
    assert find(doubles, SECOND) is None


def test_the_same_words_of_two_customers_are_two_texts() -> None:
    """The text begins with its sender's number, so they are not the same words to begin with."""
    doubles = Doubles()
    comes_in(doubles, FIRST, From="+15557654321")
    comes_in(doubles, SECOND, arrives=False, From="+15557654322")
    assert find(doubles, FIRST) is not None
    assert find(doubles, SECOND) is None


def test_a_silent_twilio_is_no_answer() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    doubles.messenger.is_down = True
    with pytest.raises(MessengerUnavailable):
        find(doubles, FIRST)


def test_what_is_looked_for_is_what_was_sent() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    assert doubles.messenger.sends[0].body == body_of(doubles.relay(FIRST), doubles.relay(FIRST).attempts[0])
    assert BODY in doubles.messenger.sends[0].body
    assert doubles.messenger.sends[0].from_ == OUR_NUMBER
    assert isinstance(doubles.store.get(FIRST, timeout_seconds=1.0), Stored)
