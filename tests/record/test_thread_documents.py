"""Records of threads as documents: what stands in them, and what of another revision comes back."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.model import RETENTION, FinalStatus, Purpose, Relay, SenderClass
from relay.core.threads.model import Thread
from relay.embedded.documents import decode_record, encode
from relay.errors import NewerRecord, Unreadable
from relay.record.kinds import Kind, awaits_claim, key_of
from relay.record.reading import readable
from relay.record.thread_documents import CLASSES, SCHEMA_VERSION, from_document, to_document

from tests.fakes.clock import START
from tests.strategies import a_relay
from tests.thread_records import BARE, FULL, a_thread, shown

KINDS = sorted(Kind(name) for name in FULL)


def test_there_is_a_class_and_a_sample_for_each_kind_but_relays() -> None:
    assert set(CLASSES) == set(KINDS) == set(Kind) - {Kind.RELAY}
    for kind in KINDS:
        assert type(FULL[kind]()) is CLASSES[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_written_set_or_not_so_that_nothing_stays_behind(kind: Kind) -> None:
    full = FULL[kind]()
    own = {field.name for field in fields(full)} - {"rest"}
    for record in (full, BARE[kind](full)):
        document = to_document(record)
        assert own <= document.keys()
        assert from_document(kind, document) == record


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_as_the_file_keeps_it_is_the_same_record(kind: Kind) -> None:
    record = FULL[kind]()
    assert decode_record(kind, encode(to_document(record))) == record


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_earlier_revision_did_not_write_has_its_default(kind: Kind) -> None:
    bare = BARE[kind](FULL[kind]())
    defaults = {name for name, value in to_document(bare).items() if value in (None, "", [], "sms")}
    document = {name: value for name, value in to_document(bare).items() if name not in defaults}
    if kind is Kind.PERSON:
        document["numbers"] = []
    del document["schema_version"]
    assert from_document(kind, document) == bare


def test_whom_a_thread_was_shown_is_listed_once_each() -> None:
    document = to_document(a_thread(shown=(shown("Bob"), shown("Ann"), shown("Bob", "M24"))))
    assert document["shown_persons"] == ["Ann", "Bob"]


def test_threads_and_people_say_until_when_they_are_kept_and_codes_and_opt_outs_stay() -> None:
    kept = {kind: to_document(BARE[kind](FULL[kind]()))["expires_at"] for kind in KINDS}
    over = START + RETENTION
    assert kept == {Kind.THREAD: over, Kind.PERSON: over, Kind.CODE: None, Kind.OPT_OUT: None}


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_later_version_nothing_is_read(kind: Kind) -> None:
    with pytest.raises(NewerRecord):
        from_document(kind, {"schema_version": SCHEMA_VERSION + 1})
    with pytest.raises(NewerRecord):
        decode_record(kind, json.dumps({"schema_version": SCHEMA_VERSION + 1, "shown": 7, "at": 7}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"owner": 7}, "owner is of a wrong type"),
        ({"touched_at": START.replace(tzinfo=None)}, "touched_at has no time zone"),
        ({"shown": None}, "shown is no list"),
        ({"shown": [{"person": 7, "code": "K71", "at": START}]}, "person is of a wrong type"),
        ({"shown": [{"person": "Ann", "at": START}]}, "code is missing"),
    ],
)
def test_what_is_wrong_with_a_record_is_named_and_not_quoted(change: dict[str, Any], words: str) -> None:
    document = to_document(a_thread()) | change
    with pytest.raises(Unreadable) as unreadable:
        readable("t", lambda: from_document(Kind.THREAD, document))
    assert words in unreadable.value.reason


def test_what_a_newer_revision_put_into_a_part_stays_with_that_part() -> None:
    document = to_document(a_thread(shown=(shown("Ann"), shown("Bob"))))
    document["shown"][1]["x_way"] = "call"
    thread = from_document(Kind.THREAD, document)
    assert isinstance(thread, Thread)
    moved = replace(thread, shown=(thread.shown[1], shown("Cy")))
    assert [part.get("x_way") for part in to_document(moved)["shown"]] == ["call", None]


def test_records_are_told_apart_by_kind_and_id() -> None:
    assert key_of(a_relay(message_id="SM1")) == (Kind.RELAY, "SM1")
    assert {key_of(FULL[kind]())[0] for kind in KINDS} == set(KINDS)


@pytest.mark.parametrize("status", FinalStatus)
def test_a_claim_takes_what_goes_on_was_delivered_or_failed(status: FinalStatus) -> None:
    ends = {FinalStatus.IN_PROGRESS, FinalStatus.DELIVERED, FinalStatus.EXHAUSTED}
    assert awaits_claim(a_relay(thread_id="t", final_status=status)) == (status in ends)


@pytest.mark.parametrize(
    "relay",
    [
        a_relay(),
        a_relay(thread_id="t", purpose=Purpose.ANSWER),
        a_relay(thread_id="t", purpose=Purpose.NOTICE),
        a_relay(thread_id="t", sender_class=SenderClass.HANDLER, final_status=FinalStatus.RECORDED),
    ],
)
def test_a_claim_takes_customers_texts_of_a_thread_alone(relay: Relay) -> None:
    assert not awaits_claim(relay)
    assert not awaits_claim(replace(relay, timestamp=relay.timestamp - timedelta(days=1)))
