"""What becomes of a message that Twilio has accepted."""

import dataclasses
from typing import Literal

End = Literal["queued", "sending", "sent", "delivered", "undelivered", "failed"]
Waiting = Literal["queued", "sending", "sent"]
Turn = Literal["sent", "delivered", "undelivered", "failed"]


@dataclasses.dataclass(frozen=True)
class Fate:
    """The statuses of one message.

    ends: the last status of its usual way.
    error_code: of `undelivered` and `failed`; any number.
    waits: `wait_seconds` are spent in this status on top of the usual time.
    turns_to: one more status after `ends`, such as `undelivered` after `delivered`, `turn_seconds` later and with
      `turn_error_code`.
    reaches_phone: whether the handset shows the text; None: exactly if `ends` is `delivered`.
    """

    ends: End = "delivered"
    error_code: int | None = None
    waits: Waiting = "sent"
    wait_seconds: float = 0.0
    turns_to: Turn | None = None
    turn_seconds: float = 1.0
    turn_error_code: int | None = None
    reaches_phone: bool | None = None

    def of_mms(self) -> "Fate":
        """Returns what becomes of a message with files: no carrier's receipt comes for one, `sent` is the last word."""
        if self.ends != "delivered":
            return self
        return dataclasses.replace(self, ends="sent", reaches_phone=self.is_shown)

    @property
    def is_shown(self) -> bool:
        return self.ends == "delivered" if self.reaches_phone is None else self.reaches_phone
