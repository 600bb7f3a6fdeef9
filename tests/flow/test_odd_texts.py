"""Texts that no store keeps as they are: they are stored and forwarded all the same, or an alarm names them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core.model import InboundText
from relay.errors import StoreRefused
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.intake import WORDS_NOT_STORED, accept
from relay.record.documents import DOCUMENT_BYTES_MAX

from tests.flow.reconciling import reconciled_before, run, twilio_has
from tests.relays import MESSAGE_ID, text
from tests.worlds import Doubles, inbound_request

REPLACED = "\N{REPLACEMENT CHARACTER}"
ODD = [
    ("couch \ud83d", f"couch {REPLACED}"),
    ("\ude00 and a fridge", f"{REPLACED} and a fridge"),
    ("\ud83d\ude00 whole after all", "\U0001f600 whole after all"),
    ("\ude00\ud83d the wrong way round", f"{REPLACED}{REPLACED} the wrong way round"),
    ("NUL \0 in it", f"NUL {REPLACED} in it"),
    ("\ufffe\uffff\ufdd0\U0001fffe\U0010ffff", REPLACED * 5),
    ("caf\u00e9 \U0001f6e0\ufe0f\nline\ttab", "caf\u00e9 \U0001f6e0\ufe0f\nline\ttab"),
    ("\ud83d" * 1600, REPLACED * 1600),
]
TOO_LARGE = "x" * DOCUMENT_BYTES_MAX


def _accept(doubles: Doubles, one: InboundText, recovered_by: str = "reconcile") -> bool:
    return accept(doubles.world, doubles.intake, one, Budget(doubles.clock, 40, TASK_LIMITS), recovered_by)


@pytest.mark.parametrize(("body", "kept"), ODD)
def test_half_an_emoji_and_other_non_characters_are_replaced_in_the_record_and_in_the_forwarded_text(
    body: str, kept: str
) -> None:
    recovered, came_in = Doubles(), Doubles()
    assert _accept(recovered, text(body=body))
    assert _accept(came_in, text(body=body), recovered_by="")
    for doubles in (recovered, came_in):
        assert doubles.relay().message_body == kept
        sent = doubles.messenger.sends[0].body
        sent.encode()
        assert (REPLACED in sent) == (REPLACED in kept)
        assert "\0" not in sent
        assert doubles.journal.aside == []


def test_a_webhook_with_nul_and_non_characters_keeps_what_the_recovered_text_keeps() -> None:
    by_webhook, recovered = Doubles(), Doubles()
    body = "a\0b\ufffe"
    assert by_webhook.inbound(inbound_request(Body=body)).status == 200
    _accept(recovered, text(body=body))
    assert by_webhook.relay().message_body == recovered.relay().message_body == f"a{REPLACED}b{REPLACED}"


def test_a_recovered_text_with_half_an_emoji_is_stored_by_the_first_run() -> None:
    doubles = reconciled_before()
    twilio_has(doubles)
    received = doubles.messenger.received[0]
    doubles.messenger.received[0] = replace(received, text=replace(received.text, body="\ud83d"))
    report = run(doubles)
    assert (report.recovered, report.failed) == (1, 0)
    assert doubles.relay().message_body == REPLACED


def test_a_text_whose_words_the_store_refuses_is_forwarded_without_them_and_raises_one_alarm() -> None:
    doubles = Doubles()
    assert _accept(doubles, text(body=TOO_LARGE))
    assert not _accept(doubles, text(body=TOO_LARGE)), "it is known, however often it comes"
    assert doubles.relay().message_body == WORDS_NOT_STORED
    (sent,) = doubles.messenger.sends
    assert WORDS_NOT_STORED in sent.body
    assert "+15557654321" in sent.body, "the handler knows whom to call"
    ((message_id, because),) = doubles.journal.aside
    assert message_id == MESSAGE_ID
    assert because.startswith("its words could not be stored")


def test_a_text_of_which_nothing_can_be_stored_raises_an_alarm_that_names_it_and_is_not_answered_200() -> None:
    doubles = Doubles()
    doubles.store.refused.add(MESSAGE_ID)
    for _ in range(3):
        with pytest.raises(StoreRefused):
            _accept(doubles, text())
    assert [message_id for message_id, _ in doubles.journal.aside] == [MESSAGE_ID]
    assert doubles.inbound().status == 503
    assert doubles.messenger.sends == []


def test_a_webhook_of_a_relay_whose_record_cannot_be_read_is_not_asked_for_again() -> None:
    """It is stored, the alarm is raised: a person sees to it, and no repetition would help."""
    doubles = Doubles()
    doubles.inbound()
    doubles.store.unreadable.add(MESSAGE_ID)
    assert doubles.inbound().status == 200
    assert len(doubles.messenger.sends) == 1
    assert [message_id for message_id, _ in doubles.journal.aside] == [MESSAGE_ID]
