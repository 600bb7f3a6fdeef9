"""What the tiers are. Pure data: it is frozen into each relay, so a later change never alters a running one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from relay.core.foreign import Rest

DEFAULT_RETRY_DELAYS_SECONDS = (2.0, 4.0, 8.0)
DEFAULT_RECEIPT_TIMEOUT_SECONDS = 60.0

# The holder of a lease must start its POST within this time or not at all. It bounds how long
# after the store has moved on a paused process could still send.
LEASE_SECONDS = 10.0

# No POST is waited for longer than this; after lease and POST together a send that never reported is over.
SEND_SECONDS_MAX = 10.0

# A look-up at the last tier's deadline that the provider does not answer is repeated: the text may be lost or
# doubled on its answer. Ten times half a minute outlasts the outages that pass by themselves.
LOOKUP_RETRY_SECONDS = 30.0
LOOKUP_RETRIES_MAX = 10

# After the end the provider is asked about attempts whose fate is open: after five minutes, then at doubling intervals.
# For one that the provider has, four times: a receipt that has not come within an hour and a quarter is hardly worth
# waiting for. For one of which it cannot be told whether it left, until that is known.
FATE_LOOKUP_SECONDS = 300.0
FATE_LOOKUP_SECONDS_MAX = 86400.0
FATE_LOOKUPS = 4

# An attempt that its holder could not begin in time was not a try. So often, and so soon, it is begun again.
UNSTARTED_RETRIES_MAX = 3
UNSTARTED_RETRY_SECONDS = 2.0


class Success(StrEnum):
    """What counts as having reached a handler."""

    DELIVERED = "delivered"
    # For carriers that return no delivery receipt: "sent" may be the last status they ever report.
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Reach:
    """How a tier gets to its handler: by which kind of channel, and under which address there."""

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
        name: what people call the handler; never sent to anybody.
        reach: how the handler is got at.
        retry_delays_seconds: waits before each further try inside the tier; its length is the number of retries.
        receipt_timeout_seconds: how long one attempt may stay without confirmed delivery.
        success: the status that counts as having reached the handler.
        rest: what its document holds that only another revision knows.
    """

    name: str
    reach: Reach
    retry_delays_seconds: tuple[float, ...] = DEFAULT_RETRY_DELAYS_SECONDS
    receipt_timeout_seconds: float = DEFAULT_RECEIPT_TIMEOUT_SECONDS
    success: Success = Success.DELIVERED
    rest: Rest = field(default=(), hash=False)

    @property
    def window_seconds(self) -> float:
        """The longest the relay can stay at this tier: every try times out its receipt only once."""
        tries = len(self.retry_delays_seconds) + 1
        return sum(self.retry_delays_seconds) + tries * self.receipt_timeout_seconds


@dataclass(frozen=True, slots=True)
class Policy:
    """The ordered tiers of a cascade; tier numbers are 1-based everywhere. `rest` as a tier's."""

    tiers: tuple[Tier, ...]
    rest: Rest = field(default=(), hash=False)

    def tier(self, number: int) -> Tier:
        """The tier with this 1-based number; IndexError when there is none."""
        if number < 1:
            raise IndexError(f"tiers are numbered from 1, not {number}")
        return self.tiers[number - 1]

    @property
    def last_tier(self) -> int:
        return len(self.tiers)
