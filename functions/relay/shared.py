"""What a process has once, however many its entry points are; the provider's clients among it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from relay.settings.settings import Settings

if TYPE_CHECKING:
    from relay.ports import Journal, Media, Messenger

T = TypeVar("T")

_lock = threading.RLock()
shared: dict[tuple[object, ...], object] = {}


def once(key: tuple[object, ...], make: Callable[[], T]) -> T:
    """Returns what `make` made for this key, once per process: entry points share clients. A fork starts anew."""
    full_key = (os.getpid(), *key)
    made = shared.get(full_key)
    if made is not None:
        # Without the lock: every request reads this, and threads must not wait for each other here.
        return made  # type: ignore[return-value]
    with _lock:
        if full_key not in shared:
            shared[full_key] = make()
        return shared[full_key]  # type: ignore[return-value]


def already_made(name: str) -> object | None:
    """Returns what this process has under this name alone; None where there is nothing."""
    return shared.get((os.getpid(), name))


def take_away(name: str) -> object | None:
    """Returns what this process has under this name alone, and lets it be made anew; None where there is nothing."""
    with _lock:
        return shared.pop((os.getpid(), name), None)


def shared_messenger(settings: Settings, journal: Journal) -> Messenger:
    """Returns this process's messenger for these settings."""
    from relay.twilio.messenger import TwilioMessenger

    signed_in = (settings.account_sid, settings.api_key_sid, settings.api_base_url)
    key = ("messenger", *signed_in, settings.callback_base_url)
    return once(
        key,
        lambda: TwilioMessenger(
            **_signed_in(settings),
            callback_base_url=settings.callback_base_url,
            journal=journal,
        ),
    )


def shared_media(settings: Settings) -> Media:
    """Returns this process's access to the files of texts."""
    from relay.twilio.media import TwilioMedia

    key = ("media", settings.account_sid, settings.api_key_sid, settings.api_base_url)
    return once(key, lambda: TwilioMedia(**_signed_in(settings)))


def _signed_in(settings: Settings) -> dict[str, str]:
    """Returns how this process signs in at Twilio, for the sending of texts and for the files of texts alike."""
    return {
        "account_sid": settings.account_sid,
        "auth_token": settings.auth_tokens[0] if settings.auth_tokens else "",
        "api_key_sid": settings.api_key_sid,
        "api_key_secret": settings.api_key_secret,
        "base_url": settings.api_base_url,
    }
