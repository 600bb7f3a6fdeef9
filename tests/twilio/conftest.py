"""The Twilio of the test's own that keeps files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.twilio.small_twilio import FILE, MESSAGE, SmallTwilio


@pytest.fixture
def twilio() -> Iterator[SmallTwilio]:
    """It has one file."""
    with SmallTwilio({(MESSAGE, FILE): ("image/jpeg", b"a picture")}) as running:
        yield running
