"""What the tiers are. Pure data: it is frozen into each relay, so a later change never alters a running one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from relay.core.foreign import Rest

DEFAULT_RETRY_DELAYS_SECONDS = (2.0, 4.0, 8.0)
DEFAULT_RECEIPT_TIMEOUT_SECONDS = 60.0

# How long a lease lasts. The process that holds it begins its POST within this time or not at all: a process that was
# paused for longer sends nothing, because another one may have gone on with the relay by then.
LEASE_SECONDS = 10.0

# How long a POST is waited for. Once a lease and this are over, the process that held the lease can no longer be
# sending, and the provider's "no such text" is believed.
SEND_SECONDS_MAX = 10.0

# By how much machines' clocks may differ; what differs by more a wrong clock wrote. And how far the times of an attempt
# that one wrote may at most be off the provider's once they are put right: so much longer its text is looked for.
CLOCKS_DIFFER_SECONDS = 300.0
OFF_BY_SECONDS_MAX = 26 * 3600.0

# A look-up whose answer decides nothing yet ("no such text", while the POST may still be under way) is repeated after
# LOOKUP_RETRY_SECONDS, at most LOOKUP_RETRIES_MAX times: to guess instead would lose the text or double it. One that
# the provider does not answer waits out of the outage's allowance (core/outages.py).
LOOKUP_RETRY_SECONDS = 30.0
LOOKUP_RETRIES_MAX = 10

# After a relay's end the provider is asked about its open attempts (core/fates.py): after FATE_LOOKUP_SECONDS, then at
# doubling intervals up to FATE_LOOKUP_SECONDS_MAX. For an attempt that the provider has, FATE_LOOKUPS answers end it: a
# receipt that has not come within an hour and a quarter hardly ever comes. An attempt of unknown outcome is asked about
# until its outcome is known.
FATE_LOOKUP_SECONDS = 300.0
FATE_LOOKUP_SECONDS_MAX = 86400.0
FATE_LOOKUPS = 4

# An attempt that ends as FailureClass.NOT_STARTED (the process that held its lease had no time left to send it) does
# not use up one of the tier's retries: the same try is planned again after UNSTARTED_RETRY_SECONDS. At most
# UNSTARTED_RETRIES_MAX times per tier and drive; the next one that is not begun counts as a failed try.
UNSTARTED_RETRIES_MAX = 3
UNSTARTED_RETRY_SECONDS = 2.0

# An outage (core/outages.py): how long is waited before each further try; the last wait goes on. The provider may ask
# for a longer wait, up to RETRY_AFTER_SECONDS_MAX. All waits of a drive, and what its tries and look-ups take, come out
# of one allowance of OUTAGE_SECONDS_MAX; when that is used up the tiers' own schedules decide.
OUTAGE_WAITS_SECONDS = (2.0, 4.0, 8.0, 15.0, 30.0)
RETRY_AFTER_SECONDS_MAX = 60.0
OUTAGE_SECONDS_MAX = 600.0
# A relay that an outage has held up for so long tells people.
OUTAGE_TOLD_AFTER_SECONDS = 60.0

# A text that the provider still has queued at its deadline is waited for: the next tier's would queue behind it. At the
# last tier until LAST_TIER_SECONDS after it was sent (late beats never), at others QUEUE_SECONDS_MAX longer than the
# tier's receipt_timeout_seconds; then the provider drops it, too. It is asked about at doubling distances.
QUEUE_SECONDS_MAX = 600.0
LAST_TIER_SECONDS = 36000.0
QUEUE_LOOKUP_SECONDS = 30.0
QUEUE_LOOKUP_SECONDS_MAX = 600.0


class Success(StrEnum):
    """What counts as having reached a handler."""

    DELIVERED = "delivered"
    # For carriers that return no delivery receipt: "sent" may be the last status they ever report.
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Reach:
    """How a tier reaches its handler: by which kind of channel, and under which address there."""

    kind: str
    address: str


SMS = "sms"


def sms(phone: str) -> Reach:
    """Returns the reach of a handler who is texted."""
    return Reach(SMS, phone)


@dataclass(frozen=True, slots=True)
class Tier:
    """One level of the cascade.

    Attributes:
        name: what operators call the handler; no text holds it.
        reach: how the handler is reached.
        retry_delays_seconds: waits before each further try inside the tier; its length is the number of retries.
        receipt_timeout_seconds: how long one attempt may stay without confirmed delivery.
        success: the status that counts as having reached the handler.
        claim_timeout_seconds: how long a text that reached the handler waits for a person to take it; 0 asks for no
            claim, and such a delivery ends the relay.
        without_link: its texts tell how many files came with a text, and hold no link to them.
        delivery_claims_for: id of the person who has the customer and acted lately, so that a text that reached this
            tier is taken by that person; "" where a delivery claims nothing.
        rest: what its document holds that only another revision knows.
    """

    name: str
    reach: Reach
    retry_delays_seconds: tuple[float, ...] = DEFAULT_RETRY_DELAYS_SECONDS
    receipt_timeout_seconds: float = DEFAULT_RECEIPT_TIMEOUT_SECONDS
    success: Success = Success.DELIVERED
    claim_timeout_seconds: float = 0.0
    delivery_claims_for: str = ""
    without_link: bool = False
    rest: Rest = field(default=(), hash=False)

    @property
    def asks_for_a_claim(self) -> bool:
        """Whether a text that reached the handler does not end the relay before a person takes it."""
        return self.claim_timeout_seconds > 0 or bool(self.delivery_claims_for)

    @property
    def window_seconds(self) -> float:
        """Returns how long the relay can stay at this tier: all delays, and every try times out without a receipt."""
        tries = len(self.retry_delays_seconds) + 1
        return sum(self.retry_delays_seconds) + tries * self.receipt_timeout_seconds


@dataclass(frozen=True, slots=True)
class Policy:
    """The ordered tiers of a cascade; tier numbers are 1-based everywhere. `rest` as a tier's."""

    tiers: tuple[Tier, ...]
    rest: Rest = field(default=(), hash=False)

    def tier(self, number: int) -> Tier:
        """Returns the tier with this 1-based number; IndexError when there is none."""
        if number < 1:
            raise IndexError(f"tiers are numbered from 1, not {number}")
        return self.tiers[number - 1]

    def tier_or_last(self, number: int) -> Tier:
        """Returns the tier with this number; the last one where a redrive has brought fewer."""
        return self.tier(min(number, self.last_tier))

    def patience_seconds(self, number: int) -> float:
        """Returns how long the provider may keep a text to this tier queued, from when it was first sent."""
        if number >= self.last_tier:
            return LAST_TIER_SECONDS
        return self.tier(number).receipt_timeout_seconds + QUEUE_SECONDS_MAX

    @property
    def last_tier(self) -> int:
        return len(self.tiers)
