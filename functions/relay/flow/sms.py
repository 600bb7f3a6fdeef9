"""SmsChannel: what a handler reads, how it is sent, and how a text is found again whose id the relay never learned.

Such a text is found by number, time and words. Two texts with the same words from the same customer to the same handler
fit both attempts; matched with the wrong one, a lost text would be recorded as delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from relay.core import fates
from relay.core.comparing import comparable
from relay.core.failures import TO_OURSELVES
from relay.core.model import Attempt, Relay
from relay.core.numbers import same
from relay.flow.budget import Budget
from relay.flow.channel import Undecidable
from relay.flow.wording import compose, composed_before
from relay.ports import Clock, Messenger, OutgoingText, Refused, RelayStore, Search, SendOutcome, SentMessage

_VALIDITY_MAX_SECONDS = 36000
# How far the provider's clock and ours may differ, and its list be behind, when a text is looked for by its time.
# Generous: too wide costs a few more rows, too narrow misses a text that was sent, which is then sent twice.
TOLERANCE = timedelta(minutes=10)
# How long after a text its callback may still come and name its attempt. Before, a text that fits several attempts is
# Undecidable; afterwards the texts are matched in the order of sending.
CALLBACKS_COME = timedelta(hours=1)
# How many of a customer's other relays are compared, newest first: of older ones only one that was redriven could
# matter.
_PAGE, _PAGES_MAX = 100, 3


def body_of(relay: Relay) -> str:
    """Returns what every handler of this relay reads."""
    return compose(relay.sender_phone, relay.recipient_phone, relay.message_body, relay.media_count)


def bodies_of(relay: Relay) -> tuple[str, ...]:
    """Returns what a handler may have been sent: `body_of`, or what the revision before wrote in its place."""
    if not relay.media_count:
        return (body_of(relay),)  # the revisions differ only in how they mention attachments
    before = composed_before(relay.sender_phone, relay.recipient_phone, relay.message_body, relay.media_count)
    return (body_of(relay), before)


def _words(relay: Relay) -> frozenset[str]:
    """Returns what the relay's texts are recognised by."""
    return frozenset(comparable(body) for body in bodies_of(relay))


class SmsChannel:
    """Implements flow.channel.Channel. The provider follows from our number that the customer wrote to."""

    def __init__(self, provider_of: Callable[[str], Messenger], store: RelayStore, clock: Clock) -> None:
        self._provider_of = provider_of
        self._store = store
        self._clock = clock

    def send(self, relay: Relay, attempt: Attempt, budget: Budget) -> SendOutcome:
        tier = relay.policy.tier(attempt.tier)
        if same(tier.reach.address, relay.recipient_phone):
            return Refused(TO_OURSELVES)
        text = OutgoingText(
            to=tier.reach.address,
            from_=relay.recipient_phone,
            body=body_of(relay),
            # A text still queued at the provider when the tier's deadline passes must not arrive hours later.
            validity_seconds=max(1, min(_VALIDITY_MAX_SECONDS, int(tier.receipt_timeout_seconds))),
            message_id=relay.message_id,
            tier=attempt.tier,
            attempt=attempt.number,
            attachments=relay.attachments,
        )
        return self._provider_of(relay.recipient_phone).send(text, timeout_seconds=budget.send)

    def withdraw(self, relay: Relay, attempt: Attempt, budget: Budget) -> None:
        """Nothing: a text that was sent cannot be taken back."""

    def find(self, relay: Relay, attempt: Attempt, budget: Budget) -> SentMessage | None:
        provider = self._provider_of(relay.recipient_phone)
        if attempt.sent_id is not None:
            return provider.fetch(attempt.sent_id, timeout_seconds=budget.send)
        since, until = _created_between(attempt)
        listed = provider.sent_to(attempt.reach.address, relay.recipient_phone, since, timeout_seconds=budget.send)
        words = _words(relay)
        matching = [text for text in listed if _can_be(text, attempt) and comparable(text.body) in words]
        if not matching:
            return None
        others = list(others_with_the_same_words(self._store, relay, attempt, words, until, budget))
        taken = {other.sent_id for _, other in others}
        free = sorted((text for text in matching if text.sent_id not in taken), key=_age)
        rivals = [
            _Rival(other.starts_at, owner.message_id, other.number)
            for owner, other in others
            if may_own(relay, owner, other) and any(_can_be(text, other) for text in free)
        ]
        me = _Rival(attempt.starts_at, relay.message_id, attempt.number)
        others_might = any(rival.message_id != me.message_id for rival in rivals)
        # A callback may still name each text's attempt. Only when none can be expected any more the order of sending
        # decides, which is less certain: the clocks of the processes that sent may differ.
        if others_might and self._clock.now() < until + CALLBACKS_COME:
            raise Undecidable("another text with the same words is of unknown outcome too")
        before_me = sum(rival < me for rival in rivals)
        return free[before_me] if before_me < len(free) else None


class _Rival(NamedTuple):
    """An attempt of unknown outcome that a text may belong to, in the order of sending."""

    starts_at: datetime
    message_id: str
    number: int


def may_own(relay: Relay, owner: Relay, attempt: Attempt) -> bool:
    """Whether a text that the provider has may belong to this attempt of the relay `owner`, as far as its record says.

    An attempt of another relay counts even if it was declared not sent: its text may have come to the provider after
    that answer, and if `relay` took that text for its own it would be recorded as delivered without being so. Within
    one relay either text is the same to the handler. An attempt whose status only a newer revision knows counts too.
    """
    is_unsettled = attempt.is_unresolved or attempt.standing is not attempt.status
    may_have_left = is_unsettled or (attempt.was_declared_not_sent and owner is not relay)
    return may_have_left and attempt.sent_id is None


def _created_between(attempt: Attempt) -> tuple[datetime, datetime]:
    """Returns from when until when the provider can have created the attempt's text."""
    return attempt.starts_at - TOLERANCE, fates.settled_at(attempt) + TOLERANCE


def _can_be(text: SentMessage, attempt: Attempt) -> bool:
    """Whether the text is one that this attempt can have sent, by number and time."""
    since, until = _created_between(attempt)
    at = text.created_at
    return same(text.to, attempt.reach.address) and at is not None and since <= at <= until


def _age(text: SentMessage) -> tuple[object, str]:
    return (text.created_at, text.sent_id)


def others_with_the_same_words(
    store: RelayStore, relay: Relay, attempt: Attempt, words: frozenset[str], until: datetime, budget: Budget
) -> Iterator[tuple[Relay, Attempt]]:
    """Yields all other attempts, each with its relay, of this relay and of those with the same words.

    Only the same customer's relays are compared: customers may text the same words twice in a row.
    """
    yield from ((relay, other) for other in relay.attempts if other.number != attempt.number)
    token = None
    for _ in range(_PAGES_MAX):
        search = Search(sender_phone=relay.sender_phone, until=until + TOLERANCE, limit=_PAGE, page_token=token)
        page = store.search(search, timeout_seconds=budget.store)
        for found in page.relays:
            if found.message_id != relay.message_id and not words.isdisjoint(_words(found)):
                yield from ((found, other) for other in found.attempts)
        token = page.next_page_token
        if token is None:
            return
