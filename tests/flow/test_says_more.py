"""A webhook that comes after the list was read, and says more than the list did."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core.foreign import foreign
from relay.core.model import FinalStatus, SenderClass, Step
from relay.errors import StoreUnavailable
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.intake import accept

from tests.relays import BODY, OUR_NUMBER, policy, text
from tests.worlds import Doubles, inbound_request, status_request

WHOLE = "I have a couch and a fridge"


@pytest.fixture
def doubles() -> Doubles:
    return Doubles()


def _found_in_the_list(doubles: Doubles, body: str, sender: str = "") -> None:
    one = text(body=body, sender=sender) if sender else text(body=body)
    accept(doubles.world, doubles.intake, one, Budget(doubles.clock, 10, TASK_LIMITS), recovered_by="reconcile")


def test_words_that_the_list_did_not_have_are_forwarded_when_the_webhook_brings_them(doubles: Doubles) -> None:
    """The row had status receiving and no words: it went out empty, and was delivered."""
    _found_in_the_list(doubles, "")
    doubles.status(status_request("delivered"))
    assert doubles.relay().final_status is FinalStatus.DELIVERED
    assert doubles.inbound(inbound_request(Body=WHOLE)).status == 200
    relay = doubles.relay()
    assert (relay.message_body, relay.final_status) == (WHOLE, FinalStatus.IN_PROGRESS)
    assert [send.to for send in doubles.messenger.sends] == [doubles.tiers.tier(1).reach.address] * 2
    assert WHOLE in doubles.messenger.sends[-1].body
    assert Step.SAID_MORE in [entry.step for entry in relay.error_log]
    # Told of the delivery of the empty text once more, then of the whole one's.
    doubles.status(status_request("delivered"))
    assert doubles.relay().final_status is FinalStatus.IN_PROGRESS
    doubles.status(status_request("delivered", attempt=2))
    assert doubles.relay().final_status is FinalStatus.DELIVERED


def test_repeated_or_with_fewer_words_it_changes_nothing_more(doubles: Doubles) -> None:
    _found_in_the_list(doubles, "I have")
    for body in (WHOLE, WHOLE, "I have a couch", ""):
        assert doubles.inbound(inbound_request(Body=body)).status == 200
    assert (doubles.relay().message_body, len(doubles.messenger.sends)) == (WHOLE, 2)


def test_half_an_emoji_that_is_one_character_in_the_list_and_three_bytes_in_the_webhook_is_sent_once(
    doubles: Doubles,
) -> None:
    _found_in_the_list(doubles, "a couch \ud83d, please")
    doubles.inbound(inbound_request(Body="a couch \ufffd\ufffd\ufffd, please"))  # what %ED%A0%BD is decoded to
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("fault", ["before it is stored", "its reply is lost, and so is every read"])
def test_a_webhook_is_not_answered_200_while_what_it_says_more_is_not_durable(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Twilio would not bring it again, and its list has no more words than the record."""
    _found_in_the_list(doubles, "I have")
    update = doubles.store.update

    def out_of_order(*args: object, **kwargs: object) -> None:
        if fault != "before it is stored":
            update(*args, **kwargs)  # type: ignore[arg-type]
            monkeypatch.setattr(doubles.store, "get", out_of_order_too)
        raise StoreUnavailable("out of order")

    def out_of_order_too(*_args: object, **_kwargs: object) -> None:
        raise StoreUnavailable("out of order")

    monkeypatch.setattr(doubles.store, "update", out_of_order)
    assert doubles.inbound(inbound_request(Body=WHOLE)).status == 503
    monkeypatch.undo()
    assert doubles.inbound(inbound_request(Body=WHOLE)).status == 200
    assert doubles.relay().message_body == WHOLE
    doubles.wait(120)
    assert sum(WHOLE in send.body for send in doubles.messenger.sends) >= 1


def test_more_photos_than_the_list_told_are_forwarded_too(doubles: Doubles) -> None:
    _found_in_the_list(doubles, BODY)
    doubles.inbound(inbound_request(NumMedia="2"))
    assert (doubles.relay().media_count, len(doubles.messenger.sends)) == (2, 2)


def test_where_only_a_newer_revision_may_write_the_record_people_are_told(doubles: Doubles) -> None:
    """After a rollback: the newer one had ended the relay in a way of its own."""
    _found_in_the_list(doubles, "I have")
    stored = doubles.store.get(doubles.relay().message_id, timeout_seconds=1)
    assert stored is not None
    ended = replace(stored.relay, final_status=foreign(FinalStatus, "archived"), due_at=None)
    doubles.store.update(ended, stored.version, (), timeout_seconds=1)
    assert doubles.inbound(inbound_request(Body="I have")).status == 200
    assert doubles.journal.left == []
    assert doubles.inbound(inbound_request(Body=WHOLE)).status == 200
    assert doubles.journal.left == [(ended.message_id, "archived")]
    assert len(doubles.messenger.sends) == 1


def test_a_webhook_that_says_the_same_as_the_list_changes_nothing(doubles: Doubles) -> None:
    _found_in_the_list(doubles, BODY)
    before = doubles.relay()
    doubles.inbound(inbound_request(Body=f"{BODY} "))
    assert doubles.relay() == before


@pytest.mark.parametrize("sender", [OUR_NUMBER, policy().tier(2).reach.address])
def test_what_is_not_a_customers_is_kept_whole_and_goes_to_no_handler(doubles: Doubles, sender: str) -> None:
    _found_in_the_list(doubles, "", sender)
    doubles.inbound(inbound_request(Body="STOP", From=sender))
    assert (doubles.relay().message_body, doubles.relay().final_status) == ("STOP", FinalStatus.RECORDED)
    assert doubles.messenger.sends == []


@pytest.mark.parametrize("listed", ["xxxxxxxx", "I have a cou\N{HORIZONTAL ELLIPSIS}"])
def test_words_that_the_list_hid_or_shortened_are_forwarded_when_the_webhook_brings_them(
    doubles: Doubles, listed: str
) -> None:
    _found_in_the_list(doubles, listed)
    for _ in range(2):
        assert doubles.inbound(inbound_request(Body=WHOLE)).status == 200
    assert doubles.relay().message_body == WHOLE
    assert [WHOLE in send.body for send in doubles.messenger.sends] == [False, True]


def test_a_handlers_opt_out_that_only_the_webhook_tells_of_is_told_once(doubles: Doubles) -> None:
    """The list has the word, in a language that is not among ours, and not what Twilio understood of it."""
    handler = policy().tier(2).reach.address
    _found_in_the_list(doubles, "BAJA", handler)
    assert doubles.relay().sender_class is SenderClass.HANDLER
    for _ in range(2):
        doubles.inbound(inbound_request(Body="BAJA", From=handler, OptOutType="STOP"))
    relay = doubles.relay()
    assert (relay.sender_class, relay.final_status) == (SenderClass.HANDLER_OPT_OUT, FinalStatus.RECORDED)
    # The log's alarm goes by the sender's class at this line.
    assert [entry.step for entry in relay.error_log] == [Step.RECOVERED, Step.RECORDED, Step.SAID_MORE]
