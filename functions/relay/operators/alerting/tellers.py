"""Tellers puts together how operators are told: alarms, the outbox, and what tells what is due, each when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from relay.log import JsonJournal, LogAlarms
from relay.operators.alerting.alarms import TellingAlarms
from relay.operators.alerting.direct import Direct
from relay.operators.alerting.folding import Folding
from relay.operators.alerting.messages import ChannelKind, Recipients
from relay.operators.alerting.outbox import RecordsOutbox
from relay.operators.directions import needs_a_person
from relay.ports import Clock, Messenger, RelayStore
from relay.ports.operator_records import OperatorRecords

if TYPE_CHECKING:
    from relay.operators.alerting.channel import OperatorChannel
    from relay.operators.alerting.nets import Net
    from relay.operators.alerting.telling import Telling
    from relay.operators.alerting.trying import AlarmTest
    from relay.operators.alerting.waking import Waking
    from relay.settings.alarms import Alerting
    from relay.settings.settings import Settings


_STORE_SECONDS = 5.0


class Home(Protocol):
    """Where relays and what is kept of operators live (relay.homes)."""

    @property
    def store(self) -> RelayStore: ...
    @property
    def operator_records(self) -> OperatorRecords: ...


class Tellers:
    """What tells operators.

    Args:
        settings: on the embedded home those of all that a process does.
        home: made when first asked for, since its own store may raise alarms.
        provider_of: the provider of one of our numbers.
        poke: has what is due told at once; never raises.
    """

    def __init__(
        self,
        settings: Settings,
        journal: JsonJournal,
        clock: Clock,
        home: Callable[[], Home],
        provider_of: Callable[[str], Messenger],
        poke: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._home = home
        self._provider_of = provider_of
        self._poke = poke

    def _records(self) -> OperatorRecords:
        return self._home().operator_records

    @property
    def _alerting(self) -> Alerting:
        return self._settings.alerting

    @cached_property
    def alarms(self) -> TellingAlarms:
        """Returns the alarms as lines of the log and as messages, those of the journal's lines among them."""
        is_embedded = self._settings.backend == "embedded"
        alarms = TellingAlarms(
            LogAlarms(self._journal),
            lambda: self.folding,
            Direct(lambda: self.channels, self.recipients, self._clock, self._journal) if is_embedded else None,
            self._clock,
            self._journal,
            shows_words=self._alerting.shows_words,
            tells_of_strangers=is_embedded,
        )
        self._journal.on_alarm = alarms.heard
        return alarms

    @cached_property
    def recipients(self) -> Recipients:
        """Returns who is told alarms, by channel."""
        alerting = self._alerting
        webhooks = (alerting.webhook_url,) if alerting.webhook_url else ()
        return {ChannelKind.TEXT: alerting.phones, ChannelKind.EMAIL: alerting.emails, ChannelKind.WEBHOOK: webhooks}

    @cached_property
    def folding(self) -> Folding:
        """Returns the alarms on record."""
        link = self._settings.console_base_url
        return Folding(self._records(), self._clock, self.recipients, link, self._poke, self._waits)

    def _waits(self, relay_id: str) -> bool:
        """Returns whether a relay waits for a person; of one that cannot be told, that it does. Raises RelayError."""
        stored = self._home().store.get(relay_id, timeout_seconds=_STORE_SECONDS)
        return stored is None or stored.relay.is_left_to_newer or needs_a_person(stored.relay)

    @cached_property
    def outbox(self) -> RecordsOutbox:
        """Returns where messages are put."""
        return RecordsOutbox(self._records(), self._clock, self._poke)

    @cached_property
    def channels(self) -> Mapping[ChannelKind, OperatorChannel]:
        """Returns the channels that are set, by which every message goes: sign-in codes too."""
        from relay.operators.alerting.email_channel import EmailChannel
        from relay.operators.alerting.text_channel import TextChannel
        from relay.operators.alerting.webhook_channel import WebhookChannel

        alerting, server = self._alerting, self._alerting.mail_server
        made: dict[ChannelKind, OperatorChannel] = {
            ChannelKind.TEXT: TextChannel(self._provider_of, self._settings.business_phones, self._clock),
            ChannelKind.WEBHOOK: WebhookChannel(alerting.webhook_secret, self._clock),
        }
        if server is not None:
            made[ChannelKind.EMAIL] = EmailChannel(
                server.host,
                server.port,
                server.security.value,
                from_=alerting.email_from,
                clock=self._clock,
                user=server.user,
                password=server.password,
            )
        return made

    @cached_property
    def telling(self) -> Telling:
        """Returns what tells what is due."""
        from relay.operators.alerting.telling import Telling

        return Telling(self._records(), self.channels, self.folding, self._clock, self._journal)

    def tell(self) -> None:
        """Tell what is due. Raises StoreUnavailable."""
        self.telling.run()

    def waking(self) -> Waking:
        """Returns a thread that tells what is due when it is woken, not started yet."""
        from relay.operators.alerting.waking import Waking

        return Waking(self.tell, self._journal)

    @property
    def test(self) -> AlarmTest:
        """Returns what a test of the alarms needs."""
        from relay.operators.alerting.trying import AlarmTest

        return AlarmTest(self._records(), self.outbox, self.recipients, self._clock)

    def nets(self) -> Mapping[str, Net]:
        """Returns the watch over each of the embedded home's nets; none where no channel is set."""
        from relay.operators.alerting.nets import CUT_AFTER, Net

        if not self._alerting.is_on:
            return {}
        return {name: Net(name, self._records(), self.alarms, self._clock) for name in CUT_AFTER}
