"""The budget of the processor: how many calls of the relay's own functions a text and a receipt take.

A benchmark says what they cost, on one machine and to those who run it; what is called once more for each text is seen
here. A limit that is passed for a good reason is raised.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from relay.core import machine

from tests.relays import sid
from tests.worlds import Doubles, inbound_request, status_request

_RELAY = Path(machine.__file__).parents[1]
# How a relay is stored is its home's affair, and the store in memory makes its documents three times.
_OF_STORES = str(_RELAY / "record")


def _calls(act: Callable[[], object]) -> Counter[str]:
    """How often `act` calls each function of the relay's; generators and lambdas do not count."""
    called: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_ours = code.co_filename.startswith(str(_RELAY)) and not code.co_filename.startswith(_OF_STORES)
        if event == "call" and is_ours and not code.co_name.startswith("<"):
            called[code.co_name] += 1

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return called


def test_a_text_takes_at_most_270_calls() -> None:
    world = Doubles()
    world.inbound()  # what is made once
    called = _calls(lambda: world.inbound(inbound_request(MessageSid=sid(77))))
    assert world.relay(sid(77)).attempts[0].sent_id
    assert called["transition"] == 1
    assert called.total() <= 270


def test_its_words_are_composed_once() -> None:
    """For their digest, which is stored with the lease, and to be sent."""
    world = Doubles()
    called = _calls(lambda: world.inbound(inbound_request(MessageSid=sid(78), Body="The lamp as well, please")))
    assert (called["body_of"], called["compose"]) == (2, 1)


def test_a_receipt_takes_at_most_127_calls() -> None:
    world = Doubles()
    world.inbound()
    called = _calls(lambda: world.status(status_request("delivered")))
    assert called["transition"] == 1
    assert called.total() <= 127
