"""What is published about a relay: after the commit, once per change, the same when told again, and nothing private."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from relay.core import moves, purposes
from relay.core.events import Event, EventKind
from relay.core.machine import transition
from relay.core.model import Attachment, InboundText, Purpose, Relay, SenderClass, Step
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward, Hold
from relay.google.trigger import relays_of
from relay.record.relay_events import TYPES, TYPES_OF_ANSWER, EventType, RelayEvent, events_of, new_events, publish
from relay.twilio.codes import failure_of

from tests.record.documents import written
from tests.relays import route

NOW = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
SID = "SM" + "0" * 32
BODY = "my dishwasher is on fire"
CUSTOMER = "+15557654321"
TOKEN = "k3yThatOpensItsPhotos_"
POLICY = Policy((Tier("one", sms("+15550000001"), ()), Tier("two", sms("+15550000002"), ())))
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/relay-event-v1.json").read_text())


class ListPublisher:
    def __init__(self) -> None:
        self.published: list[tuple[str, RelayEvent]] = []

    def publish(self, topic: str, event: RelayEvent) -> None:
        self.published.append((topic, event))


def received(sender: SenderClass = SenderClass.CUSTOMER, recovered_by: str = "") -> Relay:
    text = InboundText(SID, CUSTOMER, "+15550009999", BODY)
    return moves.receive(text, sender, route(POLICY, sender), NOW, "claim", recovered_by).relay


def after(relay: Relay, *events: Event) -> Relay:
    for event in events:
        relay = transition(relay, event, NOW).relay
    return relay


def refused(attempt: int) -> Event:
    return Event(EventKind.SEND_REFUSED, attempt, failure=failure_of(30006))


def exhausted() -> Relay:
    return after(received(), refused(1), Event(EventKind.ATTEMPT_DUE, 2, lease="c"), refused(2))


def types(events: list[RelayEvent]) -> list[str]:
    return [event.type.value for event in events]


def test_a_cascade_to_the_end_tells_its_story_in_order() -> None:
    assert types(events_of(exhausted())) == [
        "received", "attempt_started", "attempt_failed", "escalated", "attempt_started", "attempt_failed", "exhausted",
    ]  # fmt: skip


def test_only_what_a_write_brought_is_published() -> None:
    before = received()
    assert types(new_events(before, after(before, refused(1)))) == ["attempt_failed", "escalated"]
    assert new_events(before, before) == []


def test_the_same_change_always_has_the_same_id() -> None:
    relay = exhausted()
    split = new_events(None, received()) + new_events(received(), relay)
    assert [event.event_id for event in split] == [event.event_id for event in events_of(relay)]
    assert len({event.event_id for event in split}) == len(split)


def test_a_recovered_and_a_redriven_relay_say_so() -> None:
    assert types(events_of(received(recovered_by="reconcile")))[0] == "recovered"
    again = after(exhausted(), Event(EventKind.REDRIVE_REQUESTED, policy=POLICY, request_id="request-1", by="operator"))
    assert types(new_events(exhausted(), again)) == ["redriven"]


def test_which_operator_did_it_stays_in_the_record() -> None:
    by_name = Event(EventKind.REDRIVE_REQUESTED, policy=POLICY, request_id="request-1", by="ana@example.com")
    again = after(exhausted(), by_name)
    assert again.error_log[-1].by == "ana@example.com"
    (event,) = new_events(exhausted(), again)
    jsonschema.validate(json.loads(event.data()), SCHEMA)
    assert (event.by, event.attributes()["by"]) == ("operator", "operator")


def test_of_files_an_event_has_the_number_and_the_types_and_nothing_that_opens_one() -> None:
    files = (Attachment("ME" + "1" * 32, "image/jpeg"), Attachment("ME" + "2" * 32), Attachment("ME3", "image/jpeg"))
    text = InboundText(SID, CUSTOMER, "+15550009999", BODY, 4, files, media_token="a-secret-of-22-letters")
    relay = moves.receive(text, SenderClass.CUSTOMER, route(POLICY, SenderClass.CUSTOMER), NOW, "claim").relay
    assert relay.media_token == "a-secret-of-22-letters"
    for event in events_of(relay):
        told = json.loads(event.data())
        jsonschema.validate(told, SCHEMA)
        assert (told["file_count"], told["file_types"]) == (4, ["image/jpeg"])
        said = event.data().decode() + json.dumps(event.attributes())
        assert [secret for secret in ("ME1", "ME2", "ME3", relay.media_token) if secret in said] == []
    assert json.loads(events_of(received())[0].data())["file_count"] == 0


def test_an_unconfirmed_attempt_counts_as_failed_and_says_why() -> None:
    relay = after(received(), Event(EventKind.DEADLINE_UNCONFIRMED, 1, reason="no delivery confirmed in time"))
    event = new_events(received(), relay)[0]
    assert (event.type, event.status, event.tier) == (EventType.ATTEMPT_FAILED, "unconfirmed", 1)


def redriven() -> Relay:
    again = Event(EventKind.REDRIVE_REQUESTED, policy=POLICY, request_id="request-1", by="operator")
    return after(exhausted(), again)


def delivered(relay: Relay) -> Relay:
    last = len(relay.attempts)
    accepted = Event(EventKind.SEND_ACCEPTED, last, sent_id=SID)
    return after(relay, accepted, Event(EventKind.RECEIPT_DELIVERED, last, sent_id=SID))


def unconfirmed() -> Relay:
    return after(received(), Event(EventKind.DEADLINE_UNCONFIRMED, 1, reason="no delivery confirmed in time"))


def held() -> Relay:
    text = InboundText(SID, CUSTOMER, "+15550009999", BODY)
    return moves.receive(text, SenderClass.CUSTOMER, Hold(POLICY, "too many"), NOW, "claim").relay


def claimed() -> Relay:
    return after(received(), Event(EventKind.CLAIMED, person="one"))


def passed() -> Relay:
    return after(claimed(), Event(EventKind.PASSED, person="one"))


def link_revoked() -> Relay:
    return after(replace(received(), media_count=1, media_token=TOKEN), Event(EventKind.LINK_REVOKED, by="operator"))


def outward(purpose: Purpose, lease: str | None = None) -> Relay:
    """An answer to the customer, or a notice to a handler."""
    text = InboundText(f"{SID}-a", "+15550009999", "+15550009999", BODY)
    policy = purposes.policy_of(purpose, "customer", sms(CUSTOMER))
    return moves.receive(text, SenderClass.OWN_NUMBER, Forward(policy, purpose), NOW, lease).relay


def answered() -> Relay:
    return after(outward(Purpose.ANSWER, "webhook"), Event(EventKind.RECEIPT_HANDED_OVER, 1, sent_id="SM1"))


def returned() -> Relay:
    return after(outward(Purpose.ANSWER), Event(EventKind.RETURNED, reason="the customer has opted out"))


def put_back() -> Relay:
    return after(exhausted(), Event(EventKind.HANDLED, by="Ana", note=BODY), Event(EventKind.UNHANDLED, by="Ben"))


STORIES = [
    put_back(),
    claimed(),
    passed(),
    link_revoked(),
    answered(),
    returned(),
    received(),
    held(),
    received(SenderClass.HANDLER),
    received(recovered_by="reconcile"),
    exhausted(),
    unconfirmed(),
    delivered(received()),
    delivered(after(redriven(), Event(EventKind.ATTEMPT_DUE, 3, lease="c", by="sweep"))),
]


@pytest.mark.parametrize("relay", STORIES)
def test_every_event_keeps_to_the_published_schema(relay: Relay) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for event in events_of(relay):
        validator.validate(json.loads(event.data()))
        assert event.occurred_at.tzinfo is not None


def test_events_of_every_type_were_held_against_the_schema() -> None:
    assert {event.type for relay in STORIES for event in events_of(relay)} == set(EventType)


def test_the_schema_knows_exactly_the_types_and_fields_that_are_published() -> None:
    assert set(SCHEMA["properties"]["type"]["enum"]) == {event_type.value for event_type in EventType}
    assert set(SCHEMA["required"]) == set(json.loads(events_of(received())[0].data()))
    assert {*TYPES.values(), *TYPES_OF_ANSWER.values()} == set(EventType)
    assert {*TYPES, *TYPES_OF_ANSWER} <= set(Step)


def test_of_an_answer_only_its_end_is_announced_and_no_notice_is() -> None:
    assert types(events_of(answered())) == ["answered"]
    assert types(events_of(returned())) == ["returned"]
    assert events_of(after(outward(Purpose.NOTICE), Event(EventKind.RETURNED, reason="too late"))) == []


def test_no_event_holds_a_body_or_a_phone_number() -> None:
    for event in (event for relay in (exhausted(), passed(), returned(), put_back()) for event in events_of(relay)):
        told = event.data().decode() + json.dumps(event.attributes())
        for private in (BODY, CUSTOMER, "+15550000001", "+15550009999"):
            assert private not in told


@pytest.mark.parametrize("relay", STORIES)
def test_no_event_holds_the_token_that_opens_the_files(relay: Relay) -> None:
    """Nor what Firestore's trigger makes of a write of such a relay, whose document holds it."""
    before, now = (replace(each, media_count=1, media_token=TOKEN) for each in (received(), relay))
    assert TOKEN.encode() in written(before, now)
    read_before, read_now = relays_of(written(before, now))
    assert read_now is not None
    for event in (*events_of(now), *new_events(None, read_now), *new_events(read_before, read_now)):
        assert TOKEN not in f"{event.data().decode()}{event.attributes()}{event}"


def test_a_revoked_link_is_no_news_and_its_schema_has_no_place_for_one() -> None:
    relay = link_revoked()
    assert (relay.media_token, relay.error_log[-1].step) == ("", Step.LINK_REVOKED)
    assert types(events_of(relay)) == types(events_of(received()))
    assert SCHEMA["additionalProperties"] is False
    assert not [name for name in SCHEMA["properties"] if "token" in name or "link" in name]


def test_exhausted_goes_to_the_dead_letters_as_well() -> None:
    publisher = ListPublisher()
    publish(publisher, "events", "dead", events_of(exhausted()))
    assert [event.type.value for topic, event in publisher.published if topic == "dead"] == ["exhausted"]
    assert len([topic for topic, _ in publisher.published if topic == "events"]) == 7


def test_attributes_are_texts_and_leave_out_what_is_empty() -> None:
    attributes = events_of(received())[1].attributes()
    assert attributes["type"] == "attempt_started"
    assert attributes["tier"] == "1"
    assert all(isinstance(value, str) and value for value in attributes.values())


def test_a_firestore_write_is_read_back_exactly() -> None:
    before, relay = received(), exhausted()
    assert relays_of(written(before, relay)) == (before, relay)
    assert relays_of(written(None, before)) == (None, before)
    assert relays_of(written(relay, None)) == (relay, None)


def test_what_is_no_firestore_event_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Firestore event"):
        relays_of(b"\xff\xff\xff")
