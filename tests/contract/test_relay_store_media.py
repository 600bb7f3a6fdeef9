"""What every store promises of the token by which a relay's files are opened: it finds its own relay and no other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.model import FinalStatus, Relay
from relay.errors import NewerRecord, StoreUnavailable, Unreadable
from relay.record.documents import SCHEMA_VERSION

from tests.contract.conftest import StoreRig
from tests.strategies import a_relay, later

TIMEOUT = 120.0
SHORT = 0.3

_numbers = itertools.count(1)


def a_token() -> str:
    """A well-formed token that no other call in this process gives."""
    return f"{next(_numbers):022x}"


def _stored(rig: StoreRig, **changes: Any) -> tuple[Relay, object]:
    relay = a_relay(**{"media_token": a_token(), "media_count": 1, **changes})
    return relay, rig.store.create(relay, [], timeout_seconds=TIMEOUT)


def _found(rig: StoreRig, token: str) -> Relay | None:
    return rig.store.with_media_token(token, timeout_seconds=TIMEOUT)


def test_a_token_finds_its_relay_among_others(rig: StoreRig) -> None:
    (one, _), (other, _), (without, _) = _stored(rig), _stored(rig), _stored(rig, media_token="")
    assert _found(rig, one.media_token) == one
    assert _found(rig, other.media_token) == other
    assert without.media_token == ""


@pytest.mark.parametrize(
    "wrong",
    [
        lambda token: a_token(),
        lambda token: token[:-1],
        lambda token: f"{token}0",
        lambda token: token.upper(),
        lambda token: f"{token[:-1]}%",
    ],
    ids=["another", "shorter", "longer", "in capitals", "a pattern"],
)
def test_a_token_that_is_not_exactly_a_relays_finds_nothing(rig: StoreRig, wrong: Callable[[str], str]) -> None:
    relay, _ = _stored(rig, media_token=f"{a_token()[:-1]}f")
    assert _found(rig, wrong(relay.media_token)) is None


def test_an_empty_token_finds_nothing_and_does_not_ask_the_store(rig: StoreRig) -> None:
    _stored(rig, media_token="")
    assert _found(rig, "") is None
    with rig.stalled():
        assert rig.store.with_media_token("", timeout_seconds=SHORT) is None


def test_a_token_finds_its_relay_after_each_change_of_it(rig: StoreRig) -> None:
    relay, version = _stored(rig)
    for changes in ({"media_count": 2}, {"final_status": FinalStatus.DELIVERED, "due_at": None}):
        relay = replace(relay, **changes)
        version = rig.store.update(relay, version, [], timeout_seconds=TIMEOUT)
        assert _found(rig, relay.media_token) == relay


def test_a_relay_without_files_that_gets_some_later_is_found(rig: StoreRig) -> None:
    relay, version = _stored(rig, media_token="", media_count=0)
    more = replace(relay, media_count=1, media_token=a_token())
    rig.store.update(more, version, [], timeout_seconds=TIMEOUT)
    assert _found(rig, more.media_token) == more


def test_a_token_that_was_revoked_finds_nothing(rig: StoreRig) -> None:
    relay, version = _stored(rig)
    rig.store.update(replace(relay, media_token=""), version, [], timeout_seconds=TIMEOUT)
    assert _found(rig, relay.media_token) is None
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert stored.relay.media_token == ""


def test_the_token_of_a_deleted_relay_finds_nothing(rig: StoreRig) -> None:
    relay, _ = _stored(rig)
    rig.store.delete(relay.message_id, timeout_seconds=TIMEOUT)
    assert _found(rig, relay.media_token) is None


def test_a_relay_that_is_set_aside_is_found(rig: StoreRig) -> None:
    relay, version = _stored(rig)
    rig.store.set_aside(relay.message_id, version, "it is too large", timeout_seconds=TIMEOUT)
    found = _found(rig, relay.media_token)
    assert found == replace(relay, due_at=None, set_aside_because="it is too large")


def test_a_token_finds_nothing_from_the_instant_its_relay_expires(rig: StoreRig) -> None:
    expires_at = rig.clock.now() + timedelta(seconds=10)
    relay, _ = _stored(rig, expires_at=expires_at, final_status=FinalStatus.DELIVERED, due_at=None)
    rig.clock.advance(9.999999)
    assert _found(rig, relay.media_token) == relay
    rig.clock.advance(0.000001)
    assert _found(rig, relay.media_token) is None


def test_a_relay_that_has_not_ended_is_found_whatever_a_clock_wrote_into_it(rig: StoreRig) -> None:
    relay, _ = _stored(rig, expires_at=later(-1))
    assert _found(rig, relay.media_token) == relay


def test_a_relay_that_cannot_be_read_is_told_apart_from_none(rig: StoreRig) -> None:
    relay, _ = _stored(rig)
    assert rig.spoil is not None
    rig.spoil(relay.message_id, lambda document: document.pop("sender_phone"))
    with pytest.raises(Unreadable) as unreadable:
        _found(rig, relay.media_token)
    assert unreadable.value.record_id == relay.message_id
    assert [message_id for message_id, _ in rig.journal.aside] == [relay.message_id]


def test_a_relay_of_a_later_version_is_told_apart_from_none(document_rig: StoreRig) -> None:
    rig = document_rig
    relay, _ = _stored(rig)
    assert rig.rewrite is not None
    rig.rewrite(relay.message_id, lambda document: document.update(schema_version=SCHEMA_VERSION + 1))
    with pytest.raises(NewerRecord):
        _found(rig, relay.media_token)
    assert rig.journal.left == [(relay.message_id, SCHEMA_VERSION + 1)]


def test_the_token_is_in_the_document_of_a_relay_that_has_one_and_in_no_other(document_rig: StoreRig) -> None:
    rig = document_rig
    (relay, version), (without, _) = _stored(rig), _stored(rig, media_token="")
    assert rig.document is not None
    assert rig.document(relay.message_id)["media_token"] == relay.media_token
    assert "media_token" not in rig.document(without.message_id)
    rig.store.update(replace(relay, media_token=""), version, [], timeout_seconds=TIMEOUT)
    assert "media_token" not in rig.document(relay.message_id)


def test_a_store_that_does_not_answer_is_unavailable(rig: StoreRig) -> None:
    if not rig.stalls_reads:
        pytest.skip("optional: nothing holds up reads of this store")
    relay, _ = _stored(rig)
    with rig.stalled(), pytest.raises(StoreUnavailable):
        rig.store.with_media_token(relay.media_token, timeout_seconds=SHORT)
    assert _found(rig, relay.media_token) == relay
