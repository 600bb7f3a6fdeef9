"""The contract of OperatorChannel, over the double and over each channel with a real server at its other end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from relay.operators.alerting.channel import TAKEN
from relay.operators.alerting.messages import Message

from tests.contract.operator_channel_rigs import CHANNELS, ChannelRig
from tests.fakes.clock import START

WORDS = "No handler was reached with a text from the number ending in 0142. Rückruf bitte! מישהו"
LINK = "https://relay.example.com/console/#relay=SM0"
_SECONDS = 60.0


@pytest.fixture(params=sorted(CHANNELS))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChannelRig]:
    made = CHANNELS[request.param](tmp_path)
    yield made
    getattr(made, "close", lambda: None)()


def _message(rig: ChannelRig, to: str = "", key: str = "alarm.1") -> Message:
    return Message(key, rig.kind, to or rig.to, "No handler was reached", WORDS, LINK, START + timedelta(hours=1))


def test_a_message_comes_to_the_operator_once_as_it_was_written_with_its_link(rig: ChannelRig) -> None:
    assert rig.channel.tell(_message(rig), timeout_seconds=_SECONDS) == TAKEN
    (told,) = rig.told()
    assert WORDS in told
    assert LINK in told


def test_each_message_is_one_of_its_own(rig: ChannelRig) -> None:
    for number in range(3):
        assert rig.channel.tell(_message(rig, key=f"alarm.{number}"), timeout_seconds=_SECONDS) == TAKEN
    assert len(rig.told()) == 3


def test_a_refusal_is_a_failure_in_words_that_show_neither_address_nor_message(rig: ChannelRig) -> None:
    rig.refuse()
    outcome = rig.channel.tell(_message(rig), timeout_seconds=_SECONDS)
    assert outcome.failed_because
    for secret in (rig.to, "ana@", "0142", "s3cret", LINK):
        assert secret not in outcome.failed_because


def test_where_nothing_listens_the_message_has_failed_and_may_be_tried_again(rig: ChannelRig) -> None:
    with rig.away() as (channel, to):
        outcome = channel.tell(_message(rig, to), timeout_seconds=_SECONDS)
    assert outcome.failed_because
    assert not outcome.is_for_good
    assert "s3cret" not in outcome.failed_because


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_told(rig: ChannelRig) -> None:
    with rig.mute() as (channel, to):
        took: list[float] = []
        # One that waits for longer always does; a machine that has much to do, or loads a library, does so once.
        while min(took, default=3.0) >= 3.0 and len(took) < 6:
            began = time.monotonic()
            outcome = channel.tell(_message(rig, to), timeout_seconds=0.3)
            took.append(time.monotonic() - began)
            assert outcome.failed_because
        assert min(took) < 3, took
    assert rig.told() == []
