"""Texts whose words come as a file: what the tests of them share."""

from __future__ import annotations

from tests.relays import MESSAGE_ID
from tests.worlds import Doubles, inbound_request, media_id, with_files

PLAIN = "text/plain"
WORDS = "I have a couch and a fridge, second floor, no lift"
LONG = with_files(types=(PLAIN,))


def comes_in(doubles: Doubles, content: bytes | None = WORDS.encode(), /, **changes: str) -> None:
    """A text comes in whose words are this file, if Twilio has it by then."""
    if content is not None:
        doubles.media.put(MESSAGE_ID, media_id(0), PLAIN, content)
    assert doubles.inbound(inbound_request(**{**LONG, **changes})).status == 200


def bodies(doubles: Doubles) -> list[str]:
    return [one.body for one in doubles.messenger.sends]
