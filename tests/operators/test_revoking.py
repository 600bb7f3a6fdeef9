"""`/sms/redrive` with `revoke_link`: the link to a text's files is taken back, once, and for good."""

from __future__ import annotations

import pytest
from relay.core.model import Attachment, Step

from tests.fakes.world import MEDIA_URL
from tests.operators.operator_calls import OPERATOR, redrive, state, told
from tests.played import Played

PHOTO = Attachment("ME" + "1" * 32, "image/jpeg")


@pytest.fixture
def played() -> Played:
    return Played()


def _revoke(message_id: str, **changes: object) -> dict[str, object]:
    return {"message_id": message_id, "revoke_link": True, **changes}


def test_a_revoked_link_is_gone_from_the_record_and_the_trail_says_so(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    assert redrive(played, _revoke(message_id)).status == 200
    relay = played.relay(message_id)
    assert (relay.media_token, relay.error_log[-1].step, relay.error_log[-1].by) == ("", Step.LINK_REVOKED, OPERATOR)
    story = told(state(played, {"message_id": message_id}))["story"]
    assert story["attachments"]["link"] is None
    assert story["attachments"]["note"] == "Their link was revoked; they are in Twilio's log."
    assert story["trail"][-1]["label"] == "link revoked"
    assert story["trail"][-1]["words"].startswith("operator@example.com revoked the link")


def test_what_goes_out_afterwards_has_no_link(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    assert f"{MEDIA_URL}/m/" in played.messenger.sends[-1].body
    redrive(played, _revoke(message_id))
    played.receipt(message_id, "undelivered", 30006)
    played.wait(1)
    assert len(played.messenger.sends) == 2
    assert "1 photo" in played.messenger.sends[-1].body
    assert MEDIA_URL not in played.messenger.sends[-1].body


def test_revoking_again_changes_nothing_and_is_no_error(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    assert [redrive(played, _revoke(message_id)).status for _ in range(3)] == [200, 200, 200]
    steps = [entry.step for entry in played.relay(message_id).error_log]
    assert steps.count(Step.LINK_REVOKED) == 1


def test_a_request_whose_answer_was_lost_is_safe_to_repeat(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    played.store.replies_to_lose = 1
    assert redrive(played, _revoke(message_id)).status in (200, 503)
    assert redrive(played, _revoke(message_id)).status == 200
    assert played.relay(message_id).media_token == ""


def test_a_relay_that_never_had_a_link_is_409_in_words(played: Played) -> None:
    answer = redrive(played, _revoke(played.text()))
    assert (answer.status, told(answer)["error"]) == (409, "Not revoked: it has no link.")


def test_an_unknown_relay_is_404_in_words(played: Played) -> None:
    answer = redrive(played, _revoke("SM" + "f" * 32))
    assert (answer.status, told(answer)["error"]) == (404, "No such relay: unknown, or expired after 90 days.")


@pytest.mark.parametrize("changes", [{"revoke_link": False}, {"tier": 1}, {"request_id": "request-0001"}])
def test_it_goes_with_the_relays_id_alone(played: Played, changes: dict[str, object]) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    answer = redrive(played, _revoke(message_id, **changes))
    assert (answer.status, told(answer)["error"]) == (400, "revoke_link is true, and goes with message_id alone.")
    assert played.relay(message_id).media_token


def test_who_asked_is_in_the_log_and_the_secret_is_not(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    token = played.relay(message_id).media_token
    redrive(played, _revoke(message_id))
    (severity, message, labels) = played.journal.notes[-1]
    assert (severity, message) == ("NOTICE", "revoking a link asked for")
    assert labels == {"relay": message_id, "caller": "operator@example.com", "status": 200}
    assert token not in repr((played.journal.notes, played.journal.entries))
