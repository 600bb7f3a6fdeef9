"""The way in for customers' texts: who is forwarded, and what Twilio is told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.model import Consent, FinalStatus, SenderClass
from relay.core.people import handlers_of
from relay.core.policy import Policy, Tier, sms
from relay.errors import StoreUnavailable
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.intake import Intake, accept, classify_sender
from relay.ports import Ambiguous, Refused
from relay.record.documents import plain, to_document
from relay.twilio.inbound import TWIML

from tests.fakes.world import MEDIA_URL
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER, PERMANENT, policy, text
from tests.twilio_words import refusal
from tests.worlds import ACCOUNT_SID, Doubles, Observed, inbound_request, lose_the_answer

HANDLER = policy().tiers[1].reach.address
SECOND_NUMBER = "+15551234568"


# Who sent it.


@pytest.mark.parametrize(
    ("sender", "body", "sender_class"),
    [
        (CUSTOMER, BODY, SenderClass.CUSTOMER),
        # To a dispatcher CANCEL is a message.
        (CUSTOMER, "STOP", SenderClass.CUSTOMER),
        (CUSTOMER, "cancel", SenderClass.CUSTOMER),
        ("72404", BODY, SenderClass.CUSTOMER),
        ("ACME Bank", BODY, SenderClass.CUSTOMER),
        (HANDLER, "on my way", SenderClass.HANDLER),
        (HANDLER, "stop by the shop please", SenderClass.HANDLER),
        (HANDLER, "START", SenderClass.HANDLER),
        *((HANDLER, word, SenderClass.HANDLER_OPT_OUT) for word in ("STOP", " stop\n", "StopAll", "UNSUBSCRIBE")),
        *((HANDLER, word, SenderClass.HANDLER_OPT_OUT) for word in ("cancel", "END", "QUIT", "revoke", "OptOut")),
        (OUR_NUMBER, BODY, SenderClass.OWN_NUMBER),
        (SECOND_NUMBER, BODY, SenderClass.OWN_NUMBER),
    ],
)
def test_only_a_customers_text_is_a_customers(sender: str, body: str, sender_class: SenderClass) -> None:
    intake = Intake(policy(), (OUR_NUMBER, SECOND_NUMBER), handlers_of(policy()))
    assert classify_sender(intake, text(sender=sender, body=body)) is sender_class


@pytest.mark.parametrize(
    ("configured", "as_it_comes"),
    [
        pytest.param("+525512345678", "+5215512345678", id="Mexico"),
        pytest.param("+5215512345678", "+525512345678", id="Mexico, configured with the 1"),
        pytest.param("+5491112345678", "+541112345678", id="Argentina"),
        pytest.param("+541112345678", "+54111512345678", id="Argentina, as dialled at home"),
        pytest.param("+5531987654321", "+553187654321", id="Brazil"),
        pytest.param("+22997123456", "+2290197123456", id="Benin"),
    ],
)
def test_a_handler_whose_network_spells_the_number_otherwise_is_known_and_never_forwarded_to_himself(
    configured: str, as_it_comes: str
) -> None:
    tiers = Policy((Tier("ana", sms(configured)),))
    doubles = Doubles(tiers=tiers)
    assert doubles.inbound(inbound_request(From=as_it_comes, Body="I am driving, I answer later")) == TWIML
    assert doubles.relay().sender_class is SenderClass.HANDLER
    assert doubles.relay().final_status is FinalStatus.RECORDED
    assert doubles.relay().sender_phone == as_it_comes
    assert doubles.messenger.sends == []


def test_our_own_number_in_another_spelling_is_our_own() -> None:
    intake = Intake(policy(), ("+525512345678",), handlers_of(policy()))
    assert classify_sender(intake, text(sender="+5215512345678")) is SenderClass.OWN_NUMBER


def test_a_handlers_text_is_sent_to_the_number_as_it_is_configured() -> None:
    doubles = Doubles(tiers=Policy((Tier("ana", sms("+5215512345678")),)))
    doubles.inbound()
    assert [sent.to for sent in doubles.messenger.sends] == ["+5215512345678"]


def test_a_text_from_the_number_it_came_to_is_our_own_whatever_is_configured() -> None:
    assert (
        classify_sender(Intake(policy(), (), handlers_of(policy())), text(sender=OUR_NUMBER)) is SenderClass.OWN_NUMBER
    )


@pytest.mark.parametrize("sender", [HANDLER, OUR_NUMBER])
def test_what_is_not_a_customers_is_recorded_answered_and_never_sent(sender: str) -> None:
    doubles = Doubles()
    assert doubles.inbound(inbound_request(From=sender)) == TWIML
    assert doubles.relay().final_status is FinalStatus.RECORDED
    assert doubles.relay().message_body == BODY
    assert doubles.messenger.sends == []
    assert doubles.timers.armed == []


@pytest.mark.parametrize(
    ("word", "consent", "sender_class"),
    [
        ("BAJA", Consent.STOP, SenderClass.HANDLER_OPT_OUT),
        ("arrêt", Consent.STOP, SenderClass.HANDLER_OPT_OUT),
        ("END", Consent.HELP, SenderClass.HANDLER),
        ("ALTA", Consent.START, SenderClass.HANDLER),
    ],
)
def test_whether_a_handler_opts_out_the_provider_knows_better_than_a_list_of_words(
    word: str, consent: Consent, sender_class: SenderClass
) -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(From=HANDLER, Body=word, OptOutType=consent.name))
    assert doubles.relay().sender_class is sender_class
    told = [message for _, message, _ in doubles.journal.notes]
    assert told == (["a handler opted in again"] if consent is Consent.START else [])


def test_a_customers_opt_out_is_forwarded_like_any_text() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(Body="BAJA", OptOutType="STOP"))
    assert len(doubles.messenger.sends) == 1


# What Twilio is told.


def test_a_text_is_stored_sent_to_tier_1_and_answered_with_empty_twiml() -> None:
    doubles = Doubles()
    assert doubles.inbound() == TWIML
    assert [sent.to for sent in doubles.messenger.sends] == [doubles.tiers.tiers[0].reach.address]


@pytest.mark.parametrize("outcome", [refusal(PERMANENT), Ambiguous("no answer in time")])
def test_whatever_becomes_of_the_send_a_durable_text_is_answered_200(outcome: Refused | Ambiguous) -> None:
    doubles = Doubles()
    doubles.messenger.script(outcome)
    assert doubles.inbound().status == 200


def test_a_text_that_is_not_durable_is_answered_503_and_comes_again() -> None:
    doubles = Doubles()
    doubles.store.is_down = True
    response = doubles.inbound()
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert doubles.journal.notes[-1][0] == "ERROR"
    doubles.store.is_down = False
    assert doubles.inbound().status == 200
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("call", ["update", "send", "arm deadline 1"])
def test_only_a_text_that_may_not_be_durable_is_answered_503(call: str) -> None:
    doubles = Observed()
    if call == "arm deadline 1":
        doubles.timers.is_down = True
    elif call == "send":
        doubles.messenger.script(Ambiguous("no answer in time"))
    else:
        doubles.before[call] = lose_the_answer
    assert doubles.inbound().status == 200
    assert doubles.relay().message_body == BODY


def test_a_text_whose_create_was_applied_though_its_answer_was_lost_is_answered_200() -> None:
    doubles = Observed()
    doubles.after["create"] = lose_the_answer
    assert doubles.inbound().status == 200
    assert len(doubles.messenger.sends) == 1


def test_a_text_that_nobody_can_find_again_is_answered_503() -> None:
    doubles = Observed()
    doubles.before["create"] = lose_the_answer
    assert doubles.inbound().status == 503
    assert doubles.messenger.sends == []


def test_the_same_webhook_six_times_sends_one_text_and_is_always_answered_alike() -> None:
    doubles = Doubles()
    responses = {doubles.inbound().body for _ in range(6)}
    assert responses == {TWIML.body}
    assert len(doubles.messenger.sends) == 1


def test_the_same_webhook_in_parallel_sends_one_text() -> None:
    doubles = Doubles()
    with ThreadPoolExecutor(6) as pool:
        responses = list(pool.map(lambda _: doubles.inbound(), range(24)))
    assert {response.status for response in responses} == {200}
    assert len(doubles.messenger.sends) == 1


def test_two_texts_with_the_same_words_are_two_texts() -> None:
    doubles = Doubles()
    doubles.inbound()
    doubles.inbound(inbound_request(MessageSid="SM" + "1" * 32))
    assert len(doubles.messenger.sends) == 2


def test_a_text_with_attachments_is_forwarded_with_how_many_there_are_and_the_link_to_them() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(MessageSid="MM" + "0" * 32, NumMedia="2", Body=""))
    link = f"{MEDIA_URL}/m/{doubles.relay('MM' + '0' * 32).media_token}"
    assert doubles.messenger.sends[0].body == f"{CUSTOMER}:\n[2 attachments] {link}"


def test_where_no_link_is_configured_it_says_how_many_and_where_they_are() -> None:
    doubles = Doubles()
    doubles.world = replace(doubles.world, files=None)
    doubles.inbound(inbound_request(MessageSid="MM" + "0" * 32, NumMedia="2", Body=""))
    assert doubles.messenger.sends[0].body == f"{CUSTOMER}:\n[2 attachments: in Twilio's log]"


def test_the_record_keeps_each_attachments_id_and_type_and_nothing_else_of_its_url() -> None:
    doubles = Doubles()
    message_id = "MM" + "0" * 32
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message_id}/Media/ME{'b' * 32}"
    doubles.inbound(inbound_request(MessageSid=message_id, NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg"))
    document = to_document(doubles.relay(message_id))
    assert (document["media_count"], document["attachments"]) == (
        1,
        [{"media_id": "ME" + "b" * 32, "content_type": "image/jpeg"}],
    )
    assert "://" not in json.dumps(plain(document))
    assert doubles.messenger.sends[0].attachments == doubles.relay(message_id).attachments


def test_a_running_relay_keeps_the_tiers_it_began_with() -> None:
    doubles = Doubles()
    doubles.inbound()
    doubles.intake = Intake(Policy(policy(5).tiers[3:]), (OUR_NUMBER,), handlers_of(Policy(policy(5).tiers[3:])))
    doubles.inbound()
    assert doubles.relay().policy == policy()


def test_a_webhook_replayed_while_its_expired_record_is_still_there_is_done_with() -> None:
    """A signed request is valid for ever, and expired documents may stay for a day."""
    doubles = Doubles()
    doubles.inbound()
    doubles.clock.advance(timedelta(days=90).total_seconds())
    assert doubles.inbound() == TWIML
    assert len(doubles.messenger.sends) == 1


# Taken in without a webhook.


def test_a_text_found_in_twilios_list_is_taken_in_once_and_says_so() -> None:
    doubles = Doubles()
    budget = Budget(doubles.clock, 40, TASK_LIMITS)
    assert accept(doubles.world, doubles.intake, text(), budget, recovered_by="reconcile")
    assert not accept(doubles.world, doubles.intake, text(), budget, recovered_by="reconcile")
    assert doubles.relay().recovered
    assert doubles.inbound().status == 200
    assert len(doubles.messenger.sends) == 1


def test_a_text_taken_in_while_the_store_is_down_is_for_the_next_run() -> None:
    doubles = Doubles()
    doubles.store.is_down = True
    with pytest.raises(StoreUnavailable):
        accept(doubles.world, doubles.intake, text(), Budget(doubles.clock, 40, TASK_LIMITS))


def test_nothing_reported_holds_the_text_or_a_number() -> None:
    doubles = Doubles()
    doubles.store.is_down = True
    doubles.inbound()
    doubles.store.is_down = False
    doubles.inbound()
    reported = repr((doubles.journal.notes, doubles.journal.entries))
    assert MESSAGE_ID in reported
    for private in (BODY, CUSTOMER, OUR_NUMBER):
        assert private not in reported
