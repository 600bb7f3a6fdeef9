"""Fixtures of the fake Twilio's own tests."""

from collections.abc import Iterator

import pytest

from scripts.fake_twilio import FakeTwilio, RealClock, Server, Settings
from tests.fake_twilio.support import Account


@pytest.fixture
def account() -> Account:
    """A fake without sockets, threads or waiting."""
    return Account()


@pytest.fixture
def server() -> Iterator[Server]:
    """A fake served over HTTP on the real clock, twenty times as fast as usual."""
    clock = RealClock()
    fake = FakeTwilio(Settings(time_scale=0.05), clock)
    with Server(fake) as running:
        yield running
    assert clock.failures == []
