"""What becomes of the status callbacks of one message, and what they say that is not so."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

Order = Literal["in_order", "reversed", "shuffled", "together"]


@dataclasses.dataclass(frozen=True)
class Callbacks:
    """The status callbacks of one message; with no field set, they come once each, in order, and are true.

    copies: each is sent this many times, at the same moment.
    order: `in_order` sends each after the one before was answered; the others hold all of them until the
      message's last status and then send them backwards, in a drawn order, or all at the same moment.
    lost: these statuses are never told; ("all",) tells none.
    delay_seconds: each leaves this much later.
    before_reply: the message runs through all its statuses, and all callbacks are answered, before the POST is.
    stale_error_code: an ErrorCode on statuses that are no failure, as has been seen at Twilio.
    says: parameters in the place of the true ones, or beside them: {"MessageSid": "SM…", "To": "+1…"}; None leaves
      one out.
    query: parameters in the place of those in the callback URL's query: {"tier": "2"}.
    What `says` and `query` change is signed like everything else.
    """

    copies: int = 1
    order: Order = "in_order"
    lost: tuple[str, ...] = ()
    delay_seconds: float = 0.0
    before_reply: bool = False
    stale_error_code: int | None = None
    says: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    query: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def loses(self, status: str) -> bool:
        return "all" in self.lost or status in self.lost
