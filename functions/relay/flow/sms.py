"""SmsChannel: what a handler reads, how it is sent, and how what became of it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from relay.core.comparing import digest_of, is_current, is_masked
from relay.core.failures import NOTHING_TO_SEND, TO_OURSELVES
from relay.core.files import ANSWERS_FILES_MAX, is_without_words, takes_files
from relay.core.links import Form, form_of, has_link
from relay.core.model import Attempt, Purpose, Relay
from relay.core.numbers import same
from relay.core.policy import LEASE_SECONDS, Tier
from relay.errors import MessengerUnavailable
from relay.flow.budget import Budget
from relay.flow.matching import Matching, created_between
from relay.flow.wording import forwarded, notice_of_filtered, written_ago
from relay.ports import Clock, Messenger, OutgoingText, Refused, RelayStore, SendOutcome, SentMessage
from relay.web import media_link

_VALIDITY_MAX_SECONDS = 36000
# What a customer's text is marked with that opts out; and what its handler reads below it.
OPTED_OUT = "opted out"
_BLOCKED_NOW = "[No texts from us reach this customer now. Call.]"


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
        if attempt.sent_id is not None:
            found = provider.fetch(attempt.sent_id, timeout_seconds=budget.send)
            if found is not None and _is_of_another(found, attempt):
                raise MessengerUnavailable("the provider shows another text under this attempt's id")
            return found
        since, _ = created_between(attempt)
        listed = provider.sent_to(attempt.reach.address, relay.recipient_phone, since, timeout_seconds=budget.send)
        return Matching(self._store, self._clock, self._recognised_by, budget).own(relay, attempt, listed)

    def _recognised_by(self, relay: Relay, attempt: Attempt) -> str:
        """Returns the digest of the attempt's words: the one it remembers, or else that of what would be sent today."""
        remembered = attempt.sent_digest
        return remembered if remembered is not None and is_current(remembered) else self.digest(relay, attempt)


def _is_of_another(text: SentMessage, attempt: Attempt) -> bool:
    """Whether the text that the provider shows under the attempt's id has another number or other words."""
    if not same(text.to or attempt.reach.address, attempt.reach.address):
        return True
    if not text.body or is_masked(text.body) or not is_current(attempt.sent_digest):
        return False
    return digest_of(text.body) != attempt.sent_digest
