"""Floods: many texts of one customer, and which of them are held back."""

from __future__ import annotations

from relay.core.model import FinalStatus, Relay

from tests.worlds import Doubles, inbound_request

SAME = "I am out of office until Monday"


def text_id(number: int) -> str:
    return f"SM{0xB000 + number:032x}"


def texts(doubles: Doubles, count: int, first: int = 0, **changes: str) -> list[Relay]:
    """So many texts of the usual customer with the same words, at one time. Returns their relays."""
    for number in range(first, first + count):
        fields = {"MessageSid": text_id(number), "Body": SAME, **changes}
        assert doubles.inbound(inbound_request(**fields)).status == 200
    return [doubles.relay(text_id(number)) for number in range(first, first + count)]


def various(doubles: Doubles, count: int, first: int = 0, seconds: float = 0.0, **changes: str) -> list[Relay]:
    """So many texts with other words each, one every so many seconds."""
    relays = []
    for number in range(first, first + count):
        relays += texts(doubles, 1, number, Body=f"Text {number}", **changes)
        doubles.clock.advance(seconds)
    return relays


def held(relays: list[Relay]) -> list[bool]:
    return [relay.final_status is FinalStatus.HELD for relay in relays]
