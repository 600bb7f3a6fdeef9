"""World: the ports that the flow works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relay.flow.channel import Channel
from relay.ports import Alarms, Clock, Journal, Messenger, RelayStore, Timers

if TYPE_CHECKING:
    from relay.flow.conversations import Conversations


@dataclass(frozen=True, slots=True)
class World:
    """The ports that an event about a relay needs. Nothing can be sent with it: it has no `new_lease`.

    `channels` are those that it may have to withdraw an attempt from, by the kind of reach that each serves.
    `conversations` is what is known of threads; None where there are none.
    """

    store: RelayStore
    timers: Timers
    clock: Clock
    journal: Journal
    alarms: Alarms
    channels: Mapping[str, Channel]
    conversations: Conversations | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class SendingWorld(World):
    """A world in which attempts are made and looked up.

    Attributes:
        provider_of: the provider of one of our numbers.
        new_lease: a random token, unique for every call. The machine lets only the caller with this token send.
    """

    provider_of: Callable[[str], Messenger]
    new_lease: Callable[[], str]
