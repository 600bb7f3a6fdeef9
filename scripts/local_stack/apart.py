"""`keep_apart` lets no fake Twilio go on with a real one's relays: it would say of each that a person has it."""

from __future__ import annotations

from contextlib import closing

from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.homes import SystemClock

from scripts.local_stack.places import Twilio
from scripts.local_stack.running import StackError

# Under this name a database tells when the real Twilio was first used with it.
_REAL = "real-twilio"
_STORE_SECONDS = 10.0


def keep_apart(database: str, twilio: Twilio) -> None:
    """Mark the database as a real Twilio's when it is one. Raises StackError for a fake one at such a database.

    Raises StoreUnavailable.
    """
    clock = SystemClock()
    with closing(Database(database)) as opened:
        store = SqliteStore(opened, clock)
        is_real = store.get_watermark(_REAL, timeout_seconds=_STORE_SECONDS) is not None
        if twilio is Twilio.REAL and not is_real:
            store.set_watermark(_REAL, clock.now(), timeout_seconds=_STORE_SECONDS)
    if twilio is Twilio.FAKE and is_real:
        raise StackError(
            f"{database} holds the relays of the real Twilio, and there are no credentials for that one: is another "
            ".env meant (RELAY_LOCAL_ENV_FILE)? A fake Twilio needs a RELAY_DATABASE of its own."
        )
