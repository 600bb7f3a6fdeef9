"""What the journal writes lines of its own of, for a person to act on, is told as well."""

from __future__ import annotations

import io
import json

import pytest
from relay.core.model import SenderClass
from relay.core.moves import receive
from relay.log import JsonJournal
from relay.operators.alerting.messages import ChannelKind

from tests import relays
from tests.fakes.clock import START
from tests.operators.alerting.office import Raised
from tests.operators.alerting.test_alarms import NO_TEXT, TELLING


@pytest.fixture
def desk() -> Raised:
    return Raised()


def test_a_handlers_stop_is_told(desk: Raised) -> None:
    stop = relays.text(body="STOP", sender="+15550100001")
    relay = receive(
        stop, SenderClass.HANDLER_OPT_OUT, relays.route(relays.policy(), SenderClass.HANDLER_OPT_OUT), START, None
    ).relay
    desk.json_journal.steps(relay, relay.error_log)
    told = desk.told_now()
    assert set(told) == TELLING
    assert "The handler with the number ending in 0001 has opted out" in told[ChannelKind.EMAIL]
    assert "START" in told[ChannelKind.EMAIL]


@pytest.mark.parametrize(
    ("code", "by", "words"),
    [
        (21610, TELLING, "handler 1 has opted out"),
        (21408, NO_TEXT, "Check what our account may send to this handler"),
        (relays.PERMANENT, set(), ""),
    ],
)
def test_what_the_provider_refuses_and_is_ours_to_put_right_is_told(
    desk: Raised, code: int, by: set[ChannelKind], words: str
) -> None:
    relay = relays.after(relays.received().relay, relays.refused(1, code))
    desk.json_journal.steps(relay, relay.error_log)
    if not by:
        desk.run_for(1)
        assert desk.told() == []
        return
    told = desk.told_now()
    assert set(told) == by
    assert words in told[ChannelKind.EMAIL]


def test_lines_without_a_channel_are_as_they_were() -> None:
    stream = io.StringIO()
    relay = relays.after(relays.received().relay, relays.refused(1, 21610))
    JsonJournal(stream).steps(relay, relay.error_log)
    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert "handler_opted_out" in events
