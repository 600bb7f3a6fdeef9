"""Runtime puts an entry point's parts together: settings and adapters, made once per process, as late as possible.

Owns the choice of home. Nothing here is imported by the core. Heavy clients are loaded inside the adapters, on first
use, so that a function that refuses a forgery never pays for them. An entry point loads none of the others' ways in.
"""

from __future__ import annotations

import itertools
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from relay import homes
from relay.core.policy import SMS, Policy
from relay.errors import ConfigurationError
from relay.log import JsonJournal, LogAlarms
from relay.settings.settings import Settings, backend_of, load_settings
from relay.settings.variables import ENTRY_POINTS, Need

if TYPE_CHECKING:
    from relay.embedded.ticker import Ticker
    from relay.flow.channel import Channel
    from relay.flow.conversations import Conversations
    from relay.flow.intake import Intake
    from relay.flow.world import SendingWorld, World
    from relay.operators.identity import IdentityVerifier
    from relay.ports import Alarms, Clock, Journal, Messenger, RelayStore
    from relay.record.relay_events import EventPublisher
    from relay.twilio.signature import TwilioAccount

T = TypeVar("T")


class Runtime:
    """One entry point's settings and, made when first asked for, what it works with."""

    def __init__(
        self, settings: Settings, home: Callable[[Settings, Journal, Alarms], homes.Home] | None = None
    ) -> None:
        self.settings = settings
        journal = JsonJournal(project=settings.project)
        self.journal: Journal = journal
        self.alarms: Alarms = LogAlarms(journal)
        self._make_home = home or shared_home

    @cached_property
    def home(self) -> homes.Home:
        return self._make_home(self.settings, self.journal, self.alarms)

    @property
    def store(self) -> RelayStore:
        return self.home.store

    @cached_property
    def world(self) -> World:
        """Returns what an entry point works with that sends nothing."""
        from relay.flow.world import World

        # Without channels: none of today's can take an attempt back.
        return World(
            self.home.store,
            self.home.timers,
            homes.SystemClock(),
            self.journal,
            self.alarms,
            channels={},
            conversations=self.conversations,
        )

    @cached_property
    def sending_world(self) -> SendingWorld:
        """Returns what an entry point works with that makes attempts."""
        from relay.flow.world import SendingWorld

        store, clock = self.home.store, homes.SystemClock()
        messenger = shared_messenger(self.settings, self.journal)

        def provider_of(_our_phone: str) -> Messenger:
            return messenger  # the only one today, whichever of our numbers it is

        return SendingWorld(
            store,
            self.home.timers,
            clock,
            self.journal,
            self.alarms,
            channels(provider_of, store, clock),
            provider_of,
            new_lease,
            conversations=self.conversations,
        )

    @cached_property
    def conversations(self) -> Conversations:
        from relay.core.people import People, handlers_of
        from relay.flow.conversations import Conversations

        settings = self.settings
        policy, is_on, name = settings.policy, settings.replies, settings.business_name
        active_for = timedelta(seconds=settings.owner_active_seconds)
        people = handlers_of(policy) if policy is not None else People(())

        def made() -> Conversations:
            return Conversations(is_on, name, active_for, people, secrets.randbelow, lambda: secrets.token_hex(32))

        # One for the process, which remembers the key of threads, and people for a while.
        return _once(("conversations", policy, is_on, name, active_for, id(self.home)), made)

    @cached_property
    def account(self) -> TwilioAccount:
        from relay.twilio.signature import TwilioAccount

        settings = self.settings
        return TwilioAccount(settings.account_sid, settings.auth_tokens, settings.public_base_url)

    @property
    def policy(self) -> Policy:
        if self.settings.policy is None:
            raise ConfigurationError(["This entry point was given no tiers (RELAY_TIERS)."])
        return self.settings.policy

    @cached_property
    def intake(self) -> Intake:
        from relay.core.people import handlers_of
        from relay.flow.intake import Intake

        # One for the process: webhooks and reconcile count a sender's texts together.
        policy, phones = self.policy, self.settings.business_phones
        return _once(("intake", policy, phones), lambda: Intake(policy, phones, handlers_of(policy)))

    @cached_property
    def verifier(self) -> IdentityVerifier:
        from relay.operators.identity import IdentityVerifier

        settings = self.settings
        return IdentityVerifier(settings.audience, settings.allowed_emails, settings.certs_url)

    @cached_property
    def publisher(self) -> EventPublisher:
        from relay.google.publisher import PubSubPublisher

        return _once(("publisher", self.settings.project), lambda: PubSubPublisher(self.settings.project))


def channels(provider_of: Callable[[str], Messenger], store: RelayStore, clock: Clock) -> dict[str, Channel]:
    """Returns the channels by the kind of reach that each serves."""
    from relay.flow.sms import SmsChannel

    return {SMS: SmsChannel(provider_of, store, clock)}


def new_lease() -> str:
    """Returns a token that no two leases share: random for this process, counted within it.

    Not random anew each time: for that a thread would have to let go of the interpreter lock, and queue up for it.
    """
    process, numbers = _once(("leases",), lambda: (secrets.token_hex(8), itertools.count(1)))
    return f"{process}-{next(numbers):x}"


_lock = threading.RLock()
_shared: dict[tuple[object, ...], object] = {}


def _once(key: tuple[object, ...], make: Callable[[], T]) -> T:
    """Returns what `make` made for this key, once per process: entry points share clients. A fork starts anew."""
    full_key = (os.getpid(), *key)
    made = _shared.get(full_key)
    if made is not None:
        # Without the lock: every request reads this, and threads must not wait for each other here.
        return made  # type: ignore[return-value]
    with _lock:
        if full_key not in _shared:
            _shared[full_key] = make()
        return _shared[full_key]  # type: ignore[return-value]


def runtime(entry_point: str, environ: Mapping[str, str] | None = None) -> Runtime:
    """Returns the runtime of this entry point. Raises ConfigurationError with every mistake in words."""

    def make() -> Runtime:
        source = os.environ if environ is None else environ
        if backend_of(source) == "embedded" and Need.STORE in ENTRY_POINTS[entry_point]:
            # Every process of the embedded home also runs the ticker: mistakes in its settings are reported at start
            # too.
            load_settings(source, [entry_point, *_BACKGROUND])
        return Runtime(load_settings(source, [entry_point]))

    return _once(("runtime", entry_point), make)


def shared_messenger(settings: Settings, journal: Journal) -> Messenger:
    """Returns this process's messenger for these settings."""
    from relay.twilio.messenger import TwilioMessenger

    signed_in = (settings.account_sid, settings.api_key_sid, settings.api_base_url)
    key = ("messenger", *signed_in, settings.callback_base_url)
    return _once(
        key,
        lambda: TwilioMessenger(
            account_sid=settings.account_sid,
            auth_token=settings.auth_tokens[0] if settings.auth_tokens else "",
            api_key_sid=settings.api_key_sid,
            api_key_secret=settings.api_key_secret,
            base_url=settings.api_base_url,
            callback_base_url=settings.callback_base_url,
            journal=journal,
        ),
    )


def shared_home(settings: Settings, journal: Journal, alarms: Alarms) -> homes.Home:
    """Returns this process's home, the one that the settings name."""
    if settings.backend == "google":
        # By its queues too: an entry point that arms no timers has none, so it must not share its home with one that
        # does.
        stored_in = (settings.project, settings.firestore_database, settings.collection)
        key = ("google", *stored_in, settings.tasks_location, settings.escalation_url_template)
        return _once(key, lambda: homes.google_home(settings, journal, alarms))
    return _once(("embedded", settings.database_path), lambda: homes.embedded_home(settings, journal, alarms))


# The entry points whose work the embedded home does in the background of every process.
_BACKGROUND = ("escalate_tier", "sweep", "reconcile")


def start_background(environ: Mapping[str, str] | None = None) -> None:
    """Embedded home: start firing this machine's timers, and the sweep and reconcile jobs, once per process."""

    def make() -> Ticker:
        own = Runtime(load_settings(os.environ if environ is None else environ, _BACKGROUND))
        if own.home.database is None:
            raise ConfigurationError(["Only the embedded home runs its own timers (RELAY_BACKEND=embedded)."])
        return homes.ticker(own.sending_world, own.intake, own.home.database, own.settings.heartbeat_url)

    _once(("background",), make).start()


def start_background_in_workers() -> None:
    """Have start_background called in every process forked from this one: servers load the code, then fork workers."""
    _once(("background in workers",), lambda: os.register_at_fork(after_in_child=start_background))


def stop_background() -> None:
    """Stop what start_background started; timers that are due stay for the next start."""
    with _lock:
        background = _shared.pop((os.getpid(), "background"), None)
    if background is not None:
        background.stop()  # type: ignore[attr-defined]
