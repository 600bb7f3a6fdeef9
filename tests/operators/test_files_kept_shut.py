"""What operators' programs are answered does not hold the secret by which a relay's files are opened.

But for the link in the story of one relay that was asked for: see test_attached.py.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from relay.core.model import FinalStatus, Relay
from relay.operators.conversation import conversation
from relay.record.documents import to_document

from tests.operators.operator_calls import redrive, state, told
from tests.played import Played
from tests.strategies import a_relay

TOKEN = "k3yThatOpensItsPhotos_"


@pytest.fixture
def played() -> Played:
    return Played()


def _with_files(played: Played, message_id: str) -> Relay:
    """The same relay, with files and their token."""
    stored = played.store.get(message_id, timeout_seconds=1.0)
    assert stored is not None
    relay = replace(stored.relay, media_count=1, media_token=TOKEN)
    played.store.update(relay, stored.version, [], timeout_seconds=1.0)
    return relay


def test_no_list_and_no_record_of_relay_state_holds_it_and_nothing_else_is_missing(played: Played) -> None:
    relay = _with_files(played, played.cascaded())
    for view in ("full", "whole", "summary"):
        answer = state(played, {"view": view})
        assert answer.status == 200
        assert TOKEN not in answer.body.decode()
    one = told(state(played, {"message_id": relay.message_id}))["relay"]
    assert TOKEN not in json.dumps(one)
    assert set(one) == set(to_document(relay)) - {"media_token"}


def test_no_answer_of_redrive_holds_it(played: Played) -> None:
    over, running = (_with_files(played, make()) for make in (played.exhausted, played.lost))
    for relay, status in ((over, 200), (running, 409)):
        asked = {"message_id": relay.message_id, "request_id": "request-0001"}
        answer = redrive(played, asked)
        assert answer.status == status
        assert TOKEN not in answer.body.decode()
    assert played.relay(over.message_id).media_token == TOKEN


def test_no_conversation_holds_it(played: Played) -> None:
    relay = a_relay(media_count=1, media_token=TOKEN, thread_id="a thread", final_status=FinalStatus.CLAIMED)
    rows = conversation((relay,), played.clock.now())
    assert rows
    assert TOKEN not in json.dumps(rows)
