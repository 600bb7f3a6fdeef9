"""The document of a relay: its field names, what survives a round trip, and what another revision may have written."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.foreign import is_foreign
from relay.core.model import Attachment, Attempt, AttemptStatus, FinalStatus, Relay, Step, TrailEntry
from relay.core.policy import Policy
from relay.embedded.documents import decode
from relay.errors import NewerRecord
from relay.record.documents import (
    SCHEMA_VERSION,
    from_document,
    plain,
    to_document,
)
from relay.record.policies import policy_document, policy_from_document

from tests.fakes.clock import START
from tests.strategies import a_policy, a_relay, an_attempt, later, policies, relays

# The record's own names: queries, dashboards and people rely on them.
NAMES = {
    "message_id",
    "timestamp",
    "sender_phone",
    "message_body",
    "tier_1_status",
    "tier_2_status",
    "tier_3_status",
    "final_status",
    "error_log",
    "delivery_confirmed_at",
}
PLAIN_TYPES = (str, int, float, bool, type(None), datetime)


@given(relays())
def test_a_relay_survives_the_round_trip_exactly(relay: Relay) -> None:
    assert from_document(to_document(relay)) == relay


@given(policies)
def test_a_policy_survives_the_round_trip_exactly(policy: Policy) -> None:
    assert policy_from_document(policy_document(policy)) == policy


@given(relays())
def test_a_document_holds_nothing_but_plain_values(relay: Relay) -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            for item in value.values():
                check(item)
        elif isinstance(value, list):
            for item in value:
                check(item)
        else:
            assert type(value) in PLAIN_TYPES

    check(to_document(relay))


def test_the_names_of_the_record_are_all_there() -> None:
    assert set(to_document(a_relay())) >= NAMES


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
def test_there_is_a_status_for_every_tier_and_for_no_other(count: int) -> None:
    document = to_document(a_relay(policy=a_policy(count)))
    names = {name for name in document if name.startswith("tier_")}
    assert names == {f"tier_{number}_status" for number in range(1, count + 1)}


def test_a_tier_s_status_is_that_of_its_latest_attempt() -> None:
    relay = a_relay(
        attempts=(
            an_attempt(1, tier=1, status=AttemptStatus.FAILED),
            an_attempt(2, tier=1, try_in_tier=2, status=AttemptStatus.UNCONFIRMED),
            an_attempt(3, tier=2, status=AttemptStatus.ACCEPTED),
        )
    )
    document = to_document(relay)
    statuses = [document[f"tier_{number}_status"] for number in (1, 2, 3)]
    assert statuses == ["unconfirmed", "accepted", "waiting"]


def test_after_a_redrive_a_tier_s_status_is_that_of_the_new_drive() -> None:
    relay = a_relay(
        attempts=(
            an_attempt(1, tier=1, status=AttemptStatus.FAILED),
            an_attempt(2, tier=2, status=AttemptStatus.FAILED),
            an_attempt(3, tier=1, status=AttemptStatus.SCHEDULED),
        ),
        first_attempt_of_drive=3,
    )
    document = to_document(relay)
    assert [document["tier_1_status"], document["tier_2_status"]] == ["scheduled", "waiting"]


def test_the_status_words_of_the_record() -> None:
    delivered = a_relay(
        final_status=FinalStatus.DELIVERED, delivered_tier=2, delivery_confirmed_at=later(9), due_at=None
    )
    document = to_document(delivered)
    assert document["final_status"] == "delivered"
    assert document["delivered_tier"] == 2
    assert document["delivery_confirmed_at"] == later(9)
    assert document["due_at"] is None
    assert document["schema_version"] == SCHEMA_VERSION


def test_a_line_of_the_trail_holds_only_what_is_known() -> None:
    entry = TrailEntry(START, Step.ATTEMPT_FAILED, tier=1, attempt=2, error_code=30006, reason="landline")
    (line,) = to_document(a_relay(error_log=(entry,)))["error_log"]
    assert line == {
        "at": START,
        "step": "attempt_failed",
        "tier": 1,
        "attempt": 2,
        "error_code": 30006,
        "number": 0,
        "reason": "landline",
    }


@given(relays(), st.text(min_size=1, max_size=20), st.none() | st.integers() | st.text() | st.lists(st.integers()))
def test_fields_of_a_newer_revision_are_written_back_at_every_level(relay: Relay, name: str, value: object) -> None:
    document = to_document(relay)
    parts = (
        *document["attachments"],
        *document["attempts"],
        *document["error_log"],
        *document["policy"]["tiers"],
        document["policy"],
    )
    for part in (document, *parts):
        part |= {f"x_{name}": value}
    assert to_document(from_document(document)) == document


OPTIONAL = (
    "schema_version",
    "media_count",
    "attachments",
    "recipient_address",
    "attempts",
    "error_log",
    "delivered_tier",
    "delivery_confirmed_at",
    "due_at",
    "recovered",
    "first_attempt_of_drive",
    "first_attempt_of_words",
    "redrive_ids",
    "lines_logged",
    "alarm_is_due",
    "fate_lookups",
    "fate_lookups_answered",
    "outage_is_told",
    "outage_seconds",
    "outage_since",
    "outage_waits",
    "set_aside_because",
    "tier_1_status",
    "tier_2_status",
    "tier_3_status",
)


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_field_that_an_older_revision_did_not_write_has_its_default(name: str) -> None:
    relay = a_relay(attempts=(), error_log=(), due_at=None)
    document = to_document(relay)
    del document[name]
    assert from_document(document) == relay


def test_a_text_with_attachments_of_before_their_ids_were_kept_has_their_number_alone() -> None:
    document = to_document(a_relay(media_count=2))
    del document["attachments"]
    read = from_document(document)
    assert (read.media_count, read.attachments) == (2, ())


def test_an_attachment_is_written_with_its_id_and_its_content_type() -> None:
    kept = (Attachment("ME" + "0" * 32, "image/jpeg"), Attachment("ME" + "A" * 32))
    assert to_document(a_relay(media_count=3, attachments=kept))["attachments"] == [
        {"media_id": "ME" + "0" * 32, "content_type": "image/jpeg"},
        {"media_id": "ME" + "A" * 32, "content_type": ""},
    ]


def test_a_field_of_a_part_that_was_not_written_has_its_default() -> None:
    relay = a_relay()
    document = to_document(relay)
    kept = {"number", "tier", "try_in_tier", "status", "starts_at"}
    document["attempts"] = [{name: part[name] for name in kept} for part in document["attempts"]]
    document["error_log"] = [{"at": START, "step": "received"}]
    document["attachments"] = [{"media_id": "ME1"}]
    read = from_document(document)
    assert read.attachments == (Attachment("ME1", ""),)
    assert read.attempts == (an_attempt(),)
    assert read.error_log == (TrailEntry(START, Step.RECEIVED),)


@pytest.mark.parametrize("name", sorted(set(to_document(a_relay())) - set(OPTIONAL)))
def test_without_what_makes_it_a_relay_a_document_is_refused(name: str) -> None:
    document = to_document(a_relay())
    del document[name]
    with pytest.raises(KeyError, match=name):
        from_document(document)


def _with_words(word: object) -> dict[str, Any]:
    """The document of a relay with this in the place of every word."""
    document = to_document(a_relay()) | {"final_status": word, "sender_class": word}
    document["attempts"][0]["status"] = word
    document["error_log"][0]["step"] = word
    document["policy"]["tiers"][0]["success"] = word
    return document


def test_words_of_a_newer_revision_are_written_back_as_they_were() -> None:
    document = _with_words("of_tomorrow")
    relay = from_document(document)
    assert to_document(relay) == document | {"tier_1_status": "of_tomorrow"}
    words = (
        relay.final_status,
        relay.sender_class,
        relay.attempts[0].status,
        relay.error_log[0].step,
        relay.policy.tiers[0].success,
    )
    assert all(is_foreign(word) and word == "of_tomorrow" for word in words)


@pytest.mark.parametrize("name", ["final_status", "sender_class"])
@pytest.mark.parametrize("word", ["", None, 7, ["in_progress"]])
def test_what_is_no_word_is_refused(name: str, word: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_document(to_document(a_relay()) | {name: word})


@pytest.mark.parametrize("version", [2, 3, 17])
def test_a_document_of_a_later_version_is_refused_before_anything_else_of_it_is_read(version: int) -> None:
    with pytest.raises(NewerRecord, match=f"version {version}"):
        from_document({"schema_version": version, "attempts": "of another kind"})
    with pytest.raises(NewerRecord):
        decode(json.dumps({"schema_version": version, "attempts": {"of": "another kind"}}))


@given(relays())
def test_equal_relays_have_equal_hashes_whatever_a_newer_revision_has_added(relay: Relay) -> None:
    again = from_document(to_document(relay))
    assert (hash(again), again) == (hash(relay), relay)
    assert replace(relay, rest=(*relay.rest, ("x_z", 1))) != relay


@given(relays())
def test_a_plain_document_is_json_and_keeps_every_instant(relay: Relay) -> None:
    document = plain(to_document(relay))
    again = json.loads(json.dumps(document))
    assert again == document
    assert datetime.fromisoformat(again["timestamp"]) == relay.timestamp
    assert again["attempts"] == [plain(part) for part in to_document(relay)["attempts"]]


def test_plain_instants_are_in_utc_with_their_microseconds() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    text = "2026-03-01T12:00:00.123456+00:00"
    assert plain({"at": [at, (at, None, 1)]}) == {"at": [text, [text, None, 1]]}


def test_every_field_of_an_attempt_is_written() -> None:
    attempt = replace(an_attempt(), lease="c", lease_until=later(10), deadline_at=later(60), sent_id="SM1", lookups=2)
    # These are written only where they are set.
    attempt = replace(attempt, is_adopted=True, is_refused=True, is_handed_over=True, is_contradicted=True)
    attempt = replace(attempt, off_by_seconds=2.0, had_link=True)
    (written,) = to_document(a_relay(attempts=(attempt,)))["attempts"]
    stored = {
        "failure": {"error_code"},
        "sent_id": {"message_sid"},
        "lease": {"claim"},
        "reach": {"phone"},
        "rest": set(),
    }
    assert set(written) == set().union(*(stored.get(field.name, {field.name}) for field in fields(Attempt)))
