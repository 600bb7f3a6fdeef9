"""A world in which texts are sent, made of whatever ports a test gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relay import wiring
from relay.flow.world import SendingWorld
from relay.ports import Alarms, Clock, Messenger, RelayStore, Timers


def sending_world(
    store: RelayStore,
    timers: Timers,
    messenger: Messenger,
    clock: Clock,
    journal: Any,
    new_lease: Callable[[], str],
    alarms: Alarms | None = None,
) -> SendingWorld:
    """The product's channels over this one provider; the journal hears the alarms unless others do."""

    def provider_of(_our_phone: str) -> Messenger:
        return messenger

    channels = wiring.channels(provider_of, store, clock)
    return SendingWorld(store, timers, clock, journal, alarms or journal, channels, provider_of, new_lease)
