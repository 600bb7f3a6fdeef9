"""Runtime puts an entry point's parts together: settings and adapters, made once per process, as late as possible.

Owns the choice of home. Nothing here is imported by the core. Heavy clients are loaded inside the adapters, on first
use, so that a function that refuses a forgery never pays for them. An entry point loads none of the others' ways in.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from relay import homes
from relay.core.policy import SMS, Policy
from relay.errors import ConfigurationError
from relay.log import JsonJournal, LogAlarms
from relay.settings.settings import Settings, backend_of, is_twilio_itself, load_settings
from relay.settings.variables import ENTRY_POINTS, Need
from relay.shared import already_made, once, shared_media, take_away
from relay.shared import shared_messenger as shared_messenger

if TYPE_CHECKING:
    from relay.embedded.ticker import Ticker
    from relay.flow.channel import Channel
    from relay.flow.conversations import Conversations
    from relay.flow.intake import Intake
    from relay.flow.world import Files, SendingWorld, World
    from relay.operators.alerting.tellers import Tellers
    from relay.operators.identity import IdentityVerifier
    from relay.operators.signing_in.room import Room
    from relay.ports import Alarms, Clock, Journal, Media, Messenger, OperatorRecords, RelayStore
    from relay.record.relay_events import EventPublisher
    from relay.twilio.signature import TwilioAccount


class Runtime:
    """One entry point's settings and, made when first asked for, what it works with."""

    def __init__(
        self,
        settings: Settings,
        home: Callable[[Settings, Journal, Alarms], homes.Home] | None = None,
        whole: Settings | None = None,
    ) -> None:
        """`whole`: on the embedded home the settings of all that the process does, by which operators are told."""
        self.settings = settings
        self._json = JsonJournal(project=settings.project)
        self.journal: Journal = self._json
        self._make_home = home or shared_home
        self._whole = whole or settings

    @cached_property
    def tellers(self) -> Tellers:
        """Returns what tells operators."""
        from relay.operators.alerting.tellers import Tellers

        told_by, journal = self._whole, self._json
        return Tellers(
            told_by,
            journal,
            homes.SystemClock(),
            lambda: self.home,
            lambda _our_phone: shared_messenger(told_by, journal),
            lambda: _poke(told_by, journal),
        )

    @cached_property
    def alarms(self) -> Alarms:
        """Returns the alarms; where no channel is set, nothing more is loaded than lines of the log need."""
        return self.tellers.alarms if self._whole.alerting.is_on else LogAlarms(self._json)

    @cached_property
    def home(self) -> homes.Home:
        return self._make_home(self.settings, self.journal, self.alarms)

    @property
    def store(self) -> RelayStore:
        return self.home.store

    @property
    def operator_records(self) -> OperatorRecords:
        return self.home.operator_records

    @cached_property
    def world(self) -> World:
        """Returns what an entry point works with that sends nothing."""
        from relay.flow.world import World

        # Without channels: none of today's can take an attempt back.
        kept_in = (self.home.store, self.home.timers, homes.SystemClock())
        return World(*kept_in, self.journal, self.alarms, channels={}, conversations=self.conversations)

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
            channels(provider_of, store, clock, self.settings.media_base_url),
            provider_of,
            new_lease,
            conversations=self.conversations,
            files=self.files,
        )

    @cached_property
    def media(self) -> Media:
        return shared_media(self.settings)

    @cached_property
    def files(self) -> Files | None:
        from relay.flow.world import Files

        base_url = self.settings.media_base_url
        if not base_url:
            return None
        media = self.media  # the only one today, whichever of our numbers it is
        # 128 random bits, as 22 characters that a link can hold.
        return Files(lambda: secrets.token_urlsafe(16), lambda _our_phone: media, base_url)

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
        return once(("conversations", policy, is_on, name, active_for, id(self.home)), made)

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
        policy, phones, operators = self.policy, self.settings.business_phones, self.settings.operator_phones
        made_of = (policy, phones, handlers_of(policy), operators, self._is_sign_in_code)
        return once(("intake", policy, phones, operators, id(self.home)), lambda: Intake(*made_of))

    def _is_sign_in_code(self, number: str, words: str, seconds: float) -> bool:
        from relay.operators.signing_in.pending import PendingCodes

        return PendingCodes(self.operator_records).may_be(number, words, seconds)

    @cached_property
    def verifier(self) -> IdentityVerifier:
        from relay.operators.identity import IdentityVerifier

        told = self.settings
        return IdentityVerifier(told.audience, told.allowed_emails, told.certs_url)

    @cached_property
    def signing_in(self) -> Room:
        from relay.operators.signing_in.room import room_of, said_by

        said = said_by(self.settings, self._whole)
        outbox, clock = (lambda: self.tellers.outbox), homes.SystemClock()
        with_what = (self.operator_records, self.verifier, outbox, clock, self.journal)
        # One for the process: who signs out everywhere is signed out by all its entry points at once.
        return once(("signing in", said, id(self.home)), lambda: room_of(said, *with_what))

    @cached_property
    def publisher(self) -> EventPublisher:
        from relay.google.publisher import PubSubPublisher

        return once(("publisher", self.settings.project), lambda: PubSubPublisher(self.settings.project))


def channels(
    provider_of: Callable[[str], Messenger], store: RelayStore, clock: Clock, media_base_url: str
) -> dict[str, Channel]:
    """Returns the channels by the kind of reach that each serves."""
    from relay.flow.sms import SmsChannel

    return {SMS: SmsChannel(provider_of, store, clock, media_base_url)}


def new_lease() -> str:
    """Returns a token that no two leases share: random for this process, counted within it.

    Not random anew each time: for that a thread would have to let go of the interpreter lock, and queue up for it.
    """
    process, numbers = once(("leases",), lambda: (secrets.token_hex(8), itertools.count(1)))
    return f"{process}-{next(numbers):x}"


def runtime(entry_point: str, environ: Mapping[str, str] | None = None) -> Runtime:
    """Returns the runtime of this entry point. Raises ConfigurationError with every mistake in words."""

    def make() -> Runtime:
        source = os.environ if environ is None else environ
        if backend_of(source) != "embedded" or Need.STORE not in ENTRY_POINTS[entry_point]:
            return Runtime(load_settings(source, [entry_point]))
        # Every process of the embedded home also runs the ticker: mistakes in its settings are reported at start too.
        # It is told the name and PUBLIC_BASE_URL too, with which links begin by default, also where one is only shown.
        all_told = load_settings(source, [entry_point, *_BACKGROUND])
        own = load_settings(source, [entry_point])
        media, console, name = all_told.media_base_url, all_told.console_base_url, all_told.business_name
        own = replace(own, media_base_url=media, console_base_url=console, business_name=name)
        return Runtime(own, whole=all_told)

    return once(("runtime", entry_point), make)


def shared_home(settings: Settings, journal: Journal, alarms: Alarms) -> homes.Home:
    """Returns this process's home, the one that the settings name."""
    if settings.backend == "google":
        # By its queues too: an entry point that arms no timers has none, so it must not share its home with one that
        # does.
        stored_in = (settings.project, settings.firestore_database, settings.collection)
        key = ("google", *stored_in, settings.tasks_location, settings.escalation_url_template)
        return once(key, lambda: homes.google_home(settings, journal, alarms))
    return once(("embedded", settings.database_path), lambda: homes.embedded_home(settings, journal, alarms))


# The entry points whose work the embedded home does in the background of every process.
_BACKGROUND = ("escalate_tier", "sweep", "reconcile", "tell")


def start_background(environ: Mapping[str, str] | None = None) -> None:
    """Embedded home: start firing this machine's timers, and the sweep and reconcile jobs, once per process."""

    def make() -> Ticker:
        own = Runtime(load_settings(os.environ if environ is None else environ, _BACKGROUND))
        if own.home.database is None:
            raise ConfigurationError(["Only the embedded home runs its own timers (RELAY_BACKEND=embedded)."])
        _warn_of_alarms(own)
        watched = {name: net.watched for name, net in own.tellers.nets().items()}
        once(("waking",), own.tellers.waking).start()
        tell, heartbeat_url = own.tellers.tell, own.settings.heartbeat_url
        return homes.ticker(own.sending_world, own.intake, own.home.database, heartbeat_url, tell, watched)

    once(("background",), make).start()


def _warn_of_alarms(own: Runtime) -> None:
    """Say at start when no operator would be told: with a server that stands in for the provider it does not matter."""
    alerting = own.settings.alerting
    if is_twilio_itself(own.settings.api_base_url) and (not alerting.is_on or alerting.is_text_alone):
        way = "by text alone, which tell of no outage of texts" if alerting.is_on else "to the log alone"
        own.journal.note("WARNING", "alarms reach too few operators", go=way)


def _poke(settings: Settings, journal: Journal) -> None:
    """Have what is due told at once: by this process's own thread if it runs, or by a task."""
    if settings.backend == "google":
        once(("poke", settings.alerting.tell_url), lambda: homes.google_poke(settings, journal))()
    elif (waking := already_made("waking")) is not None:
        waking.wake()  # type: ignore[attr-defined]


def start_background_in_workers() -> None:
    """Have start_background called in every process forked from this one: servers load the code, then fork workers."""
    once(("background in workers",), lambda: os.register_at_fork(after_in_child=start_background))


def stop_background() -> None:
    """Stop what start_background started; timers that are due stay for the next start."""
    for name in ("background", "waking"):
        started = take_away(name)
        if started is not None:
            started.stop()  # type: ignore[attr-defined]
