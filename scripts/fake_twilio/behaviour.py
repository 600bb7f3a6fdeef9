"""What one recipient's carrier (or Twilio on the way to it) does with a message, as data.

A behaviour has three parts: what happens `AtPost`, the message's `Fate` afterwards, and what becomes of its
status `Callbacks`. The functions below name the useful combinations; `with_callbacks` varies the third part of
any of them, and `Mixture` draws one by weight for load tests.
"""

import dataclasses
import random
from collections.abc import Sequence
from typing import Any, Literal, Protocol

End = Literal["queued", "sending", "sent", "delivered", "undelivered", "failed"]
Waiting = Literal["queued", "sending", "sent"]
Order = Literal["in_order", "reversed", "shuffled", "together"]

# Twilio's codes for an answer with this HTTP status where no other code is given.
_CODE_OF_STATUS = {429: 20429, 500: 20500, 503: 20503}


@dataclasses.dataclass(frozen=True)
class AtPost:
    """The answer to `POST Messages.json`.

    accepted: a message comes into being (whatever is answered).
    status: HTTP status of an error answer; None with `resets` unset is the normal 201.
    error_code: Twilio's code in that answer; None answers like a gateway, without JSON.
    resets: the connection is reset instead of any answer.
    hold_seconds: how long the answer (or the reset) is held back.
    """

    accepted: bool = True
    status: int | None = None
    error_code: int | None = None
    resets: bool = False
    hold_seconds: float = 0.0


@dataclasses.dataclass(frozen=True)
class Fate:
    """What becomes of an accepted message.

    ends: the last status it ever reaches.
    error_code: of `undelivered` and `failed`.
    waits: `wait_seconds` are spent in this status on top of the usual time.
    reaches_phone: whether the handset shows the text at the end; None: exactly if it ends `delivered`.
    """

    ends: End = "delivered"
    error_code: int | None = None
    waits: Waiting = "sent"
    wait_seconds: float = 0.0
    reaches_phone: bool | None = None

    @property
    def is_shown(self) -> bool:
        return self.ends == "delivered" if self.reaches_phone is None else self.reaches_phone


@dataclasses.dataclass(frozen=True)
class Callbacks:
    """What becomes of the status callbacks of one message.

    copies: each is sent this many times, at the same moment.
    order: `in_order` sends each after the one before was answered; the others hold all of them until the
      message's last status and then send them backwards, in a drawn order, or all at the same moment.
    lost: these statuses are never told; ("all",) tells none.
    delay_seconds: each leaves this much later.
    before_reply: the message runs through all its statuses, and all callbacks are answered, before the POST is.
    stale_error_code: an ErrorCode on statuses that are no failure, as has been seen at Twilio.
    """

    copies: int = 1
    order: Order = "in_order"
    lost: tuple[str, ...] = ()
    delay_seconds: float = 0.0
    before_reply: bool = False
    stale_error_code: int | None = None

    def loses(self, status: str) -> bool:
        return "all" in self.lost or status in self.lost


class Chooser(Protocol):
    """Something that knows the behaviour of the next message: a behaviour itself, or a mixture."""

    @property
    def name(self) -> str: ...

    def pick(self, draw: random.Random, /) -> "Behaviour": ...


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """One way to treat a message. `name` is for people and for the judge's record."""

    name: str
    at_post: AtPost = AtPost()
    fate: Fate = Fate()
    callbacks: Callbacks = Callbacks()

    def pick(self, _draw: random.Random, /) -> "Behaviour":
        return self

    def with_callbacks(self, **changes: Any) -> "Behaviour":
        """The same with other callbacks; keywords are the fields of `Callbacks`."""
        return dataclasses.replace(self, callbacks=dataclasses.replace(self.callbacks, **changes))


@dataclasses.dataclass(frozen=True)
class Mixture:
    """One of several behaviours for each message, drawn by weight from the message's own generator."""

    choices: Sequence[tuple[float, Behaviour]]
    name: str = "mixture"

    def pick(self, draw: random.Random, /) -> Behaviour:
        weights, behaviours = zip(*self.choices, strict=True)
        picked: Behaviour = draw.choices(behaviours, weights)[0]
        return picked


def deliver() -> Behaviour:
    """Accepted, and delivered with a receipt."""
    return Behaviour("deliver")


def refuse(error_code: int = 21614) -> Behaviour:
    """Refused at the POST: HTTP 400 with this code, and no message.

    Any code is answered as asked. Twilio itself refuses with codes 2xxxx and reports 3xxxx later: for a
    life-like 30006 use `undelivered`.
    """
    return Behaviour("refuse", AtPost(accepted=False, status=400, error_code=error_code))


def undelivered(error_code: int = 30003) -> Behaviour:
    """Accepted and sent, then reported as undelivered by the carrier."""
    return Behaviour("undelivered", fate=Fate(ends="undelivered", error_code=error_code))


def failed(error_code: int = 30001) -> Behaviour:
    """Accepted, then failed before it left Twilio."""
    return Behaviour("failed", fate=Fate(ends="failed", error_code=error_code))


def silent(waiting_as: Waiting = "sent", reaches_phone: bool = False) -> Behaviour:
    """Accepted, and no receipt ever: the status stays `waiting_as`.

    `reaches_phone`: a carrier that delivers but sends no receipts.
    """
    return Behaviour("silent", fate=Fate(ends=waiting_as, reaches_phone=reaches_phone))


def late(seconds: float, waiting_as: Waiting = "sent") -> Behaviour:
    """Accepted, and delivered only after so many seconds more, spent as `waiting_as`."""
    return Behaviour("late", fate=Fate(waits=waiting_as, wait_seconds=seconds))


def api_down(status: int = 503) -> Behaviour:
    """Twilio's API is out of order: an error answer and no message.

    500 and 503 come with Twilio's codes 20500 and 20503; others (502, 504) like from a gateway, without JSON.
    """
    code = _CODE_OF_STATUS.get(status)
    return Behaviour("api_down", AtPost(accepted=False, status=status, error_code=code))


def throttled() -> Behaviour:
    """Too many requests: HTTP 429, code 20429, and no message."""
    return Behaviour("throttled", AtPost(accepted=False, status=429, error_code=20429))


def reply_lost(status: int | None = None) -> Behaviour:
    """The message is accepted, but the caller cannot know: a reset, or an error answer with this HTTP status."""
    if status is None:
        return Behaviour("reply_lost", AtPost(resets=True))
    return Behaviour("reply_lost", AtPost(status=status, error_code=_CODE_OF_STATUS.get(status)))


def reset() -> Behaviour:
    """The connection is reset and there is no message."""
    return Behaviour("reset", AtPost(accepted=False, resets=True))


def hang(seconds: float, accepted: bool = True) -> Behaviour:
    """The answer takes so many seconds; the message exists at once, or (not accepted) never: then a reset."""
    return Behaviour("hang", AtPost(accepted=accepted, resets=not accepted, hold_seconds=seconds))
