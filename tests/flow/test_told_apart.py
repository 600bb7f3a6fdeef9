"""Whose a text is when the words of today's revision, or the provider's list, say too little of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.comparing import digest_of
from relay.core.model import AttemptStatus, FinalStatus, Step
from relay.errors import MayNotRead, MessengerUnavailable
from relay.flow import lookup, matching, sms
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.channel import Untold

from tests.fakes.clock import START
from tests.flow.lost_answers import FIRST, LOST, SECOND, adopt, comes_in, find, settle
from tests.relays import BODY, policy
from tests.worlds import Doubles, inbound_request, status_request

# What was sent is remembered.


def test_an_attempt_remembers_what_it_sent_from_its_lease_on() -> None:
    """A process that dies between the lease and the answer leaves a record that knows the words."""
    doubles = Doubles()
    doubles.messenger.script(LOST)
    doubles.inbound(inbound_request(MessageSid=FIRST))
    (attempt,) = doubles.relay(FIRST).attempts
    assert attempt.sent_digest == digest_of(doubles.messenger.sends[0].body)
    assert BODY not in str(attempt.sent_digest)


@pytest.mark.parametrize("media", ["0", "2"])
def test_a_deployment_that_words_texts_otherwise_changes_nothing(monkeypatch: pytest.MonkeyPatch, media: str) -> None:
    """Its answer was lost, then came a deployment: declared not sent, the last handler would read it twice."""
    doubles = Doubles()
    comes_in(doubles, FIRST, NumMedia=media)
    monkeypatch.setattr(sms, "forwarded", lambda *_: "quite other words")
    found = find(doubles, FIRST)
    assert found is not None
    assert adopt(doubles, FIRST) == found.sent_id


def test_a_deployment_that_words_texts_otherwise_makes_no_others_text_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST, Body="one")
    comes_in(doubles, SECOND, arrives=False, Body="two")
    monkeypatch.setattr(sms, "forwarded", lambda *_: "the same words for all")
    assert find(doubles, FIRST) is not None
    assert find(doubles, SECOND) is None


@pytest.mark.parametrize("digest", [None, "0:made by another version"])
def test_an_attempt_without_a_digest_is_recognised_by_what_would_be_sent_today(digest: str | None) -> None:
    """As the revision before left it, or a later one."""
    doubles = Doubles()
    comes_in(doubles, FIRST)
    relay = doubles.relay(FIRST)
    before = replace(relay, attempts=(replace(relay.attempts[0], sent_digest=digest),))
    found = lookup.find(doubles.world, before, before.attempts[0], Budget(doubles.clock, 40, TASK_LIMITS))
    assert found is not None


# What the provider does not show.


def _shows(doubles: Doubles, **changes: Any) -> None:
    """All texts at Twilio are shown with these changes."""
    doubles.messenger.messages = {key: replace(one, **changes) for key, one in doubles.messenger.messages.items()}


@pytest.mark.parametrize(
    "hidden", [{"body": ""}, {"to": "", "body": ""}, {"created_at": None}, {"created_at": None, "body": ""}, {"to": ""}]
)
def test_a_text_that_may_be_the_one_and_is_not_shown_whole_is_neither_taken_nor_declared_not_sent(
    hidden: dict[str, Any],
) -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    _shows(doubles, **hidden)
    with pytest.raises(Untold):
        find(doubles, FIRST)
    assert adopt(doubles, FIRST) is None
    assert doubles.relay(FIRST).attempts[0].status is AttemptStatus.UNKNOWN


@pytest.mark.parametrize(
    "masked", ["+1555XXXXXXX: the boiler", "**** boiler ***", "+15557654321: [redacted] is leaking"]
)
def test_a_text_whose_words_are_hidden_in_part_is_not_another_text(masked: str) -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    _shows(doubles, body=masked)
    with pytest.raises(Untold):
        find(doubles, FIRST)


def test_a_customers_own_crosses_hide_nothing() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST, Body="love you xxxx ****")
    comes_in(doubles, SECOND, arrives=False, Body="something else")
    assert find(doubles, FIRST) is not None


def test_a_text_without_an_id_is_not_taken_and_not_declared_not_sent() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    _shows(doubles, sent_id="")
    with pytest.raises(Untold):
        find(doubles, FIRST)


@pytest.mark.parametrize("elsewhere", [{"to": "+15550100099"}, {"created_at": START - timedelta(days=1)}])
def test_a_redacted_text_to_another_number_or_of_another_time_is_another_text(elsewhere: dict[str, Any]) -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    _shows(doubles, body="", **elsewhere)
    assert find(doubles, FIRST) is None


def test_a_redacted_text_whose_id_another_relay_has_is_another_text() -> None:
    """Another customer's text to the same handler, whose answer arrived."""
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST, From="+15557654322", Body="another customer's"))
    comes_in(doubles, SECOND, arrives=False)
    _shows(doubles, body="")
    assert find(doubles, SECOND) is None


def test_an_attempt_that_was_declared_not_sent_may_have_a_text_that_another_relay_looks_for() -> None:
    """Of one relay either text is the same to the handler, whichever object holds it: it may have been read again."""
    doubles = Doubles()
    comes_in(doubles, FIRST)
    relay = doubles.relay(FIRST)
    declared = replace(relay.attempts[0], status=AttemptStatus.FAILED)
    assert not matching.may_own(replace(relay), relay, declared)
    assert matching.may_own(replace(relay, message_id=SECOND), relay, declared)


def test_a_text_that_is_shown_whole_is_taken_whatever_is_hidden_beside_it() -> None:
    doubles = Doubles()
    comes_in(doubles, FIRST)
    own = next(iter(doubles.messenger.messages.values()))
    doubles.messenger.messages["hidden"] = replace(own, sent_id="SM" + "9" * 32, body="")
    found = find(doubles, FIRST)
    assert found is not None
    assert found.sent_id == own.sent_id


@pytest.mark.parametrize("other", [{"to": "+15550100099"}, {"body": "+15557654399: another customer's words"}])
def test_what_is_shown_under_a_known_id_is_not_believed_when_it_is_another_text(other: dict[str, Any]) -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.messenger.set_status(doubles.relay(FIRST).attempts[0].sent_id or "", "delivered")
    _shows(doubles, **other)
    with pytest.raises(MessengerUnavailable):
        find(doubles, FIRST)
    doubles.clock.advance(60)
    settle(doubles, FIRST)
    assert doubles.relay(FIRST).final_status is FinalStatus.IN_PROGRESS


@pytest.mark.parametrize("hidden", [{"body": ""}, {"body": "", "to": ""}])
def test_a_redacted_text_is_believed_under_the_id_that_is_known(hidden: dict[str, Any]) -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid=FIRST))
    doubles.messenger.set_status(doubles.relay(FIRST).attempts[0].sent_id or "", "delivered")
    _shows(doubles, **hidden)
    doubles.clock.advance(60)
    assert settle(doubles, FIRST).taken_over == 1


@pytest.mark.parametrize("tiers", [1, 2])
def test_a_lost_answer_whose_text_is_redacted_is_sent_to_no_handler_twice_and_flagged(tiers: int) -> None:
    """At the last tier the text would be sent once more after a look-up that finds nothing: here it finds something."""
    doubles = Doubles(policy(tiers, delays=(2.0,), timeout=60.0))
    doubles.messenger.script(*[LOST] * tiers)
    doubles.inbound(inbound_request(MessageSid=FIRST))
    for number in range(tiers):
        doubles.messenger.take(doubles.messenger.sends[number])
        _shows(doubles, body="")
        doubles.wait(61)
    doubles.wait(1200)
    relay = doubles.relay(FIRST)
    assert [send.to for send in doubles.messenger.sends] == [tier.reach.address for tier in relay.policy.tiers]
    assert relay.final_status is FinalStatus.EXHAUSTED
    assert all(attempt.is_unresolved for attempt in relay.attempts), "flagged as of unknown outcome"
    told = [entry.reason for entry in relay.error_log if entry.step is Step.ATTEMPT_UNCONFIRMED]
    assert len([reason for reason in told if "does not show its words" in reason]) == tiers
    warned = [severity for severity, words, _ in doubles.journal.notes if "cannot be told apart" in words]
    assert warned == ["WARNING"] * tiers


def test_a_callback_decides_what_a_redacted_list_leaves_open() -> None:
    doubles = Doubles(policy(1))
    comes_in(doubles, FIRST)
    _shows(doubles, body="")
    doubles.wait(61)
    sid = next(iter(doubles.messenger.messages))
    doubles.status(status_request("delivered", message_id=FIRST, MessageSid=sid))
    assert doubles.relay(FIRST).final_status is FinalStatus.DELIVERED


def test_a_key_that_may_not_read_is_named_in_the_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who reads that the provider could not be asked would wait for what waiting never ends."""
    doubles = Doubles(policy(2, delays=(), timeout=60.0))
    comes_in(doubles, FIRST)

    def refuse(*_: object, **__: object) -> None:
        raise MayNotRead("our credentials may not read texts (HTTP status 403)")

    monkeypatch.setattr(doubles.messenger, "sent_to", refuse)
    doubles.wait(61)
    reasons = [entry.reason for entry in doubles.relay(FIRST).error_log]
    assert "our credentials may not read texts (HTTP status 403)" in reasons
