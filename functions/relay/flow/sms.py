"""SmsChannel: what a handler reads, how it is sent, and how a text is found again whose id the relay never learned.

Such a text is found by number, time and words. Two texts with the same words from the same customer to the same handler
fit both attempts; matched with the wrong one, a lost text would be recorded as delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from relay.core import fates
from relay.core.clocks import EARLIEST
from relay.core.comparing import digest_of, is_current, is_masked
from relay.core.failures import NOTHING_TO_SEND, TO_OURSELVES
from relay.core.files import ANSWERS_FILES_MAX, is_without_words, takes_files
from relay.core.links import Form, form_of, has_link
from relay.core.model import RETENTION, Attempt, Purpose, Relay
from relay.core.numbers import same
from relay.core.policy import LEASE_SECONDS, Tier
from relay.errors import MessengerUnavailable
from relay.flow.budget import Budget
from relay.flow.channel import Undecidable, Untold
from relay.flow.wording import forwarded, notice_of_filtered, written_ago
from relay.ports import Clock, Messenger, OutgoingText, Refused, RelayStore, Search, SendOutcome, SentMessage
from relay.web import media_link

_VALIDITY_MAX_SECONDS = 36000
# What a customer's text is marked with that opts out; and what its handler reads below it.
OPTED_OUT = "opted out"
_BLOCKED_NOW = "[No texts from us reach this customer now. Call.]"
# How far the provider's clock and ours may differ, and its list be behind, when a text is looked for by its time.
# Generous: too wide costs a few more rows, too narrow misses a text that was sent, which is then sent twice.
TOLERANCE = timedelta(minutes=10)
# How long after a text its callback may still come and name its attempt. Before, a text that fits several attempts is
# Undecidable; afterwards the texts are matched in the order of sending.
CALLBACKS_COME = timedelta(hours=1)
# For how long after a text no record of its time has expired. A clock that is months ahead makes them vanish.
_OTHERS_STAY = RETENTION - timedelta(days=1)
# Later than any text.
_ANY_TIME = datetime(3000, 1, 1, tzinfo=UTC)
# How many other relays are compared, newest first: of older ones only one that was redriven could matter.
_PAGE, _PAGES_MAX = 100, 3


def body_of(relay: Relay, attempt: Attempt, media_base_url: str = "") -> str:
    """Returns what is read at the other end of this attempt.

    Of a customer's text its words and the link to its files; less once a carrier has filtered that. An answer or
    a notice as it stands. The link is below `media_base_url`; where that is "" there are none.
    """
    if relay.purpose is not Purpose.FORWARD:
        return relay.message_body
    form = form_of(relay, attempt)
    if form is Form.NOTICE:
        return notice_of_filtered(relay.sender_phone, relay.recipient_phone, relay.code, written_ago(relay, attempt))
    words = f"{relay.message_body}\n{_BLOCKED_NOW}" if relay.asked == OPTED_OUT else relay.message_body
    is_linked = bool(media_base_url) and form is Form.WHOLE and has_link(relay, attempt.tier)
    link = media_link(media_base_url, relay.media_token) if is_linked else ""
    return forwarded(relay, words, link, written_ago(relay, attempt))


def media_urls_of(relay: Relay, attempt: Attempt, media_base_url: str) -> tuple[str, ...]:
    """Returns the links by which the provider fetches the files that go with this attempt; an answer's alone do."""
    if not media_base_url or not takes_files(relay, attempt):
        return ()
    link = media_link(media_base_url, relay.media_token)
    return tuple(f"{link}/{number}" for number in range(1, min(relay.files_to_see, ANSWERS_FILES_MAX) + 1))


def _validity_seconds(tier: Tier, attempt: Attempt) -> int:
    """Returns for how long the provider may keep the text queued: as long as the relay waits for it, and no longer."""
    if attempt.queued_until is None or attempt.lease_until is None:
        return max(1, min(_VALIDITY_MAX_SECONDS, int(tier.receipt_timeout_seconds)))
    leased_at = attempt.lease_until - timedelta(seconds=LEASE_SECONDS)
    seconds = int((attempt.queued_until - leased_at).total_seconds())
    return max(1, min(_VALIDITY_MAX_SECONDS, seconds))


def _digest(relay: Relay, attempt: Attempt, media_base_url: str) -> str:
    """Returns what the attempt's text is recognised by: what it remembers, or else what would be sent today."""
    remembered = attempt.sent_digest
    if remembered is not None and is_current(remembered):
        return remembered
    return digest_of(body_of(relay, attempt, media_base_url))


class SmsChannel:
    """Implements flow.channel.Channel. The provider follows from our number that the customer wrote to."""

    def __init__(
        self, provider_of: Callable[[str], Messenger], store: RelayStore, clock: Clock, media_base_url: str
    ) -> None:
        self._provider_of = provider_of
        self._store = store
        self._clock = clock
        self._media_base_url = media_base_url

    def send(self, relay: Relay, attempt: Attempt, budget: Budget) -> SendOutcome:
        tier = relay.policy.tier(attempt.tier)
        if same(tier.reach.address, relay.recipient_phone):
            return Refused(TO_OURSELVES)
        media_urls = media_urls_of(relay, attempt, self._media_base_url)
        if is_without_words(relay) and not media_urls:
            return Refused(NOTHING_TO_SEND)
        text = OutgoingText(
            to=tier.reach.address,
            from_=relay.recipient_phone,
            body=body_of(relay, attempt, self._media_base_url),
            validity_seconds=_validity_seconds(tier, attempt),
            message_id=relay.message_id,
            tier=attempt.tier,
            attempt=attempt.number,
            attachments=relay.attachments,
            media_urls=media_urls,
        )
        return self._provider_of(relay.recipient_phone).send(text, timeout_seconds=budget.send)

    def withdraw(self, relay: Relay, attempt: Attempt, budget: Budget) -> None:
        """Nothing: a text that was sent cannot be taken back."""

    def digest(self, relay: Relay, attempt: Attempt) -> str:
        return digest_of(body_of(relay, attempt, self._media_base_url))

    def find(self, relay: Relay, attempt: Attempt, budget: Budget) -> SentMessage | None:
        provider = self._provider_of(relay.recipient_phone)
        digest = _digest(relay, attempt, self._media_base_url)
        if attempt.sent_id is not None:
            found = provider.fetch(attempt.sent_id, timeout_seconds=budget.send)
            if found is not None and _is_of_another(found, attempt):
                raise MessengerUnavailable("the provider shows another text under this attempt's id")
            return found
        since, until = _created_between(attempt)
        listed = provider.sent_to(attempt.reach.address, relay.recipient_phone, since, timeout_seconds=budget.send)
        likely = {one.sent_id or str(row): one for row, one in enumerate(listed) if may_be(one, attempt, digest)}
        if not likely:
            return None
        certain = (one for one in likely.values() if one.sent_id and _can_be(one, attempt))
        shown = [one for one in certain if one.body and digest_of(one.body) == digest]
        found = self._own(shown, relay, attempt, digest, until, budget) if shown else None
        hidden = likely.keys() - {one.sent_id for one in shown}
        if found is None and hidden - _ids_on_record(self._store, relay, hidden, until, budget):
            raise Untold("the provider has a text that may be this one and does not show its words: not sent again")
        return found

    def _own(
        self, shown: list[SentMessage], relay: Relay, attempt: Attempt, digest: str, until: datetime, budget: Budget
    ) -> SentMessage | None:
        """Returns that of the texts with the attempt's words which is its own; None when there is none for it."""
        at = self._media_base_url
        others = list(others_with_the_same_words(self._store, relay, attempt, digest, until, budget, at))
        taken = {other.sent_id for _, other in others}
        free = sorted((text for text in shown if text.sent_id not in taken), key=_age)
        # By the provider's time: a machine without a battery for its clock leases in the year 2000.
        if any(text.created_at and text.created_at + _OTHERS_STAY <= self._clock.now() for text in free):
            raise Undecidable("by our clock it was sent so long ago that what else was sent then is not known")
        rivals = [
            _Rival(other.starts_at, owner.message_id, other.number)
            for owner, other in others
            if may_own(relay, owner, other) and any(_can_be(text, other) for text in free)
        ]
        me = _Rival(attempt.starts_at, relay.message_id, attempt.number)
        others_might = any(rival.message_id != me.message_id for rival in rivals)
        # A callback may still name each text's attempt. Only when none can be expected any more the order of sending
        # decides, which is less certain: the clocks of the processes that sent may differ. Of what a dead clock leased
        # only the texts' own times tell when that is.
        latest = max((text.created_at for text in free if text.created_at), default=until) + TOLERANCE
        if others_might and self._clock.now() < min(until, latest) + CALLBACKS_COME:
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
    may_have_left = is_unsettled or (attempt.was_declared_not_sent and owner.message_id != relay.message_id)
    return may_have_left and attempt.sent_id is None


def _created_between(attempt: Attempt) -> tuple[datetime, datetime]:
    """Returns from when until when the provider can have created the attempt's text.

    What a machine leased whose dead clock stood at the year 2000 can be of any time after.
    """
    around = TOLERANCE + timedelta(seconds=attempt.off_by_seconds)
    until = fates.settled_at(attempt) + around
    return attempt.starts_at - around, until if until >= EARLIEST else _ANY_TIME


def _can_be(text: SentMessage, attempt: Attempt) -> bool:
    """Whether the text is one that this attempt can have sent, by number and time."""
    since, until = _created_between(attempt)
    at = text.created_at
    return same(text.to, attempt.reach.address) and at is not None and since <= at <= until


def may_be(text: SentMessage, attempt: Attempt, digest: str) -> bool:
    """Whether the text may be the attempt's: nothing that the provider shows of it says that it is another."""
    since, until = _created_between(attempt)
    if text.created_at is not None and not since <= text.created_at <= until:
        return False
    return same(text.to or attempt.reach.address, attempt.reach.address) and (
        not text.body or is_masked(text.body) or digest_of(text.body) == digest
    )


def _is_of_another(text: SentMessage, attempt: Attempt) -> bool:
    """Whether the text that the provider shows under the attempt's id has another number or other words."""
    if not same(text.to or attempt.reach.address, attempt.reach.address):
        return True
    if not text.body or is_masked(text.body) or not is_current(attempt.sent_digest):
        return False
    return digest_of(text.body) != attempt.sent_digest


def _age(text: SentMessage) -> tuple[object, str]:
    return (text.created_at, text.sent_id)


def others_with_the_same_words(
    store: RelayStore,
    relay: Relay,
    attempt: Attempt,
    digest: str,
    until: datetime,
    budget: Budget,
    media_base_url: str,
) -> Iterator[tuple[Relay, Attempt]]:
    """Yields all other attempts of this relay, and those of others that sent the same words, each with its relay.

    Only the same customer's relays are compared: customers may text the same words twice in a row. One that is dated
    later may have come in just then, while a machine's clock was ahead.
    """
    yield from ((relay, other) for other in relay.attempts if other.number != attempt.number)
    for found in _of_customer(store, relay.sender_phone, until, budget):
        if found.message_id != relay.message_id:
            yield from ((found, other) for other in found.attempts if _digest(found, other, media_base_url) == digest)


def _of_customer(store: RelayStore, sender_phone: str, until: datetime, budget: Budget) -> Iterator[Relay]:
    """Yields a customer's relays: the newest, whatever their dates, and if that is not all of them the newest up to a
    time too."""
    newest = store.search(Search(sender_phone=sender_phone, limit=_PAGE), timeout_seconds=budget.store)
    yield from newest.relays
    if newest.next_page_token is not None:
        known = {found.message_id for found in newest.relays}
        earlier = _earlier(store, until, budget, sender_phone)
        yield from (found for found in earlier if found.message_id not in known)


def _ids_on_record(
    store: RelayStore, relay: Relay, sent_ids: Collection[str], until: datetime, budget: Budget
) -> frozenset[str]:
    """Returns those of these ids that an attempt of any relay has: those texts are certainly not another attempt's.

    The newest relays of all customers are read, only where the provider hides the words of a text.
    """
    known = {attempt.sent_id for attempt in relay.attempts}
    if not known.issuperset(sent_ids):
        for found in _earlier(store, until, budget):
            known.update(attempt.sent_id for attempt in found.attempts)
    return frozenset(sent_id for sent_id in sent_ids if sent_id in known)


def _earlier(store: RelayStore, until: datetime, budget: Budget, sender_phone: str | None = None) -> Iterator[Relay]:
    """Yields the newest relays up to a time, of one customer or of all, as many as are compared."""
    token = None
    for _ in range(_PAGES_MAX):
        search = Search(sender_phone=sender_phone, until=until + TOLERANCE, limit=_PAGE, page_token=token)
        page = store.search(search, timeout_seconds=budget.store)
        yield from page.relays
        token = page.next_page_token
        if token is None:
            return
