"""World: the ports that the flow works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relay.flow.channel import Channel
from relay.ports import Alarms, Clock, Journal, Media, Messenger, RelayStore, Timers

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
class Files:
    """What is needed for the files that come with texts.

    Attributes:
        new_token: the secret by which a text's files can be opened, another one at every call; 22 characters.
        media_of: where the files are of texts to one of our numbers.
        base_url: of the links to files.
    """

    new_token: Callable[[], str]
    media_of: Callable[[str], Media]
    base_url: str


@dataclass(frozen=True, slots=True)
class SendingWorld(World):
    """A world in which attempts are made and looked up.

    Attributes:
        provider_of: the provider of one of our numbers.
        new_lease: a random token, unique for every call. The machine lets only the caller with this token send.
        files: None where texts hold no link to their files.
    """

    provider_of: Callable[[str], Messenger]
    new_lease: Callable[[], str]
    files: Files | None = field(default=None, kw_only=True)
