"""Nothing on a webhook's path outlives 5 s in total, however slowly everything around it answers, or does not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from relay.errors import StoreUnavailable, VersionConflict
from relay.ports import Ambiguous

from tests.worlds import Doubles, inbound_request, status_request

# Twilio gives up waiting after 5 s (twilio.forms.CONNECTION_OVERRIDES) and asks again.
TWILIO_WAITS_SECONDS = 5.0

End = Callable[[Callable[[], Any]], Any]


def _answers(do: Callable[[], Any]) -> Any:
    return do()


def _loses_the_reply(do: Callable[[], Any]) -> Any:
    do()
    raise StoreUnavailable("applied, but the reply was lost")


def _does_nothing(do: Callable[[], Any]) -> Any:
    raise StoreUnavailable("down")


def _conflicts(do: Callable[[], Any]) -> Any:
    raise VersionConflict("somebody else was faster")


ENDS: dict[str, tuple[End, ...]] = {
    "create": (_answers, _loses_the_reply, _does_nothing),
    "get": (_answers, _does_nothing),
    "update": (_answers, _loses_the_reply, _does_nothing, _conflicts),
}


def _slow(doubles: Doubles, ends: dict[str, End]) -> None:
    """From now on every call takes all the time that it is given, and a store's then ends like this."""
    under_way: list[str] = []

    def slow_down(port: object, name: str, end: End) -> None:
        method = getattr(port, name)

        def slow(*args: Any, timeout_seconds: float) -> Any:
            if not under_way:  # a store arms timers within its own time
                doubles.clock.advance(timeout_seconds)
            under_way.append(name)
            try:
                return end(lambda: method(*args, timeout_seconds=timeout_seconds))
            finally:
                under_way.pop()

        setattr(port, name, slow)

    for name, end in ends.items():
        slow_down(doubles.store, name, end)
    for name in ("arm", "cancel"):
        slow_down(doubles.timers, name, _answers)
    slow_down(doubles.messenger, "send", lambda _: Ambiguous("no answer in time"))


_EVERY_END = [dict(zip(ENDS, ends, strict=True)) for ends in itertools.product(*ENDS.values())]


def _seconds(doubles: Doubles, ask: Callable[[], Any]) -> float:
    began = doubles.clock.monotonic()
    ask()
    return doubles.clock.monotonic() - began


@pytest.mark.parametrize("ends", _EVERY_END, ids=lambda ends: " ".join(end.__name__ for end in ends.values()))
def test_a_text_is_answered_before_twilio_gives_up(ends: dict[str, End]) -> None:
    doubles = Doubles()
    _slow(doubles, ends)
    assert _seconds(doubles, lambda: doubles.inbound(inbound_request())) <= TWILIO_WAITS_SECONDS
    # And the same text once more, now that it may be stored already.
    assert _seconds(doubles, lambda: doubles.inbound(inbound_request())) <= TWILIO_WAITS_SECONDS


@pytest.mark.parametrize("ends", _EVERY_END, ids=lambda ends: " ".join(end.__name__ for end in ends.values()))
@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered"])
def test_a_receipt_is_answered_before_twilio_gives_up(status: str, ends: dict[str, End]) -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request())
    _slow(doubles, ends)
    assert _seconds(doubles, lambda: doubles.status(status_request(status))) <= TWILIO_WAITS_SECONDS
