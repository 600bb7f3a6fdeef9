"""What one recipient's carrier (or Twilio on the way to it) does with a message, as data.

A behaviour has three parts: the POST's answer, the message's fate afterwards, and what becomes of its status
callbacks; `faults` has all that each can be. The functions below name the useful combinations; `with_callbacks` varies
the third part of any of them, and `Mixture` draws one by weight for load tests.
"""

import dataclasses
import random
from collections.abc import Sequence
from typing import Any, Protocol

from scripts.fake_twilio.errors import usual_status
from scripts.fake_twilio.faults.answers import ApiAnswer
from scripts.fake_twilio.faults.fates import End, Fate, Waiting
from scripts.fake_twilio.faults.receipts import Callbacks

# Twilio's codes for an answer with this HTTP status where no other code is given.
_CODE_OF_STATUS = {429: 20429, 500: 20500, 503: 20503}
# Where nothing goes wrong.
_RIGHT, _DELIVERED, _TRUE = ApiAnswer(), Fate(), Callbacks()


class Chooser(Protocol):
    """Something that knows the behaviour of the next message: a behaviour itself, or a mixture."""

    @property
    def name(self) -> str: ...

    def pick(self, draw: random.Random, /) -> "Behaviour": ...


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """One way to treat a message. `name` is for people and for the judge's record."""

    name: str
    at_post: ApiAnswer = _RIGHT
    fate: Fate = _DELIVERED
    callbacks: Callbacks = _TRUE

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


def refuse(error_code: int = 21614, status: int | None = None) -> Behaviour:
    """Refused at the POST with this code, and no message.

    Any code is answered as asked, with its usual HTTP status (400 for an unknown one) or with `status`. Twilio itself
    refuses with codes 2xxxx and reports 3xxxx later: for a life-like 30006 use `undelivered`.
    """
    answer = ApiAnswer(accepted=False, status=status or usual_status(error_code), error_code=error_code)
    return Behaviour("refuse", answer)


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


def taken_back(error_code: int = 30008, after_seconds: float = 1.0, ends: End = "delivered") -> Behaviour:
    """Reported as delivered (or as what `ends` says), and later as undelivered."""
    fate = Fate(ends=ends, turns_to="undelivered", turn_seconds=after_seconds, turn_error_code=error_code)
    return Behaviour("taken_back", fate=fate)


def late(seconds: float, waiting_as: Waiting = "sent") -> Behaviour:
    """Accepted, and delivered only after so many seconds more, spent as `waiting_as`."""
    return Behaviour("late", fate=Fate(waits=waiting_as, wait_seconds=seconds))


def api_down(status: int = 503) -> Behaviour:
    """Twilio's API is out of order: an error answer and no message.

    500 and 503 come with Twilio's codes 20500 and 20503; others (502, 504) like from a gateway, without JSON.
    """
    code = _CODE_OF_STATUS.get(status)
    return Behaviour("api_down", ApiAnswer(accepted=False, status=status, error_code=code))


def throttled(retry_after: str | None = None) -> Behaviour:
    """Too many requests: HTTP 429, code 20429, and no message; with a Retry-After header (seconds or a date)."""
    return Behaviour("throttled", ApiAnswer(accepted=False, status=429, error_code=20429, retry_after=retry_after))


def reply_lost(status: int | None = None) -> Behaviour:
    """The message is accepted, but the caller cannot know: a reset, or an error answer with this HTTP status."""
    if status is None:
        return Behaviour("reply_lost", ApiAnswer(resets=True))
    return Behaviour("reply_lost", ApiAnswer(status=status, error_code=_CODE_OF_STATUS.get(status)))


def reset() -> Behaviour:
    """The connection is reset and there is no message."""
    return Behaviour("reset", ApiAnswer(accepted=False, resets=True))


def refused_connection() -> Behaviour:
    """There is nothing to connect to. Only as an outage of the whole API."""
    return Behaviour("refused_connection", ApiAnswer(accepted=False, refuses_connection=True))


def hang(seconds: float, accepted: bool = True) -> Behaviour:
    """The answer takes so many seconds; the message exists at once, or (not accepted) never: then a reset."""
    return Behaviour("hang", ApiAnswer(accepted=accepted, resets=not accepted, hold_seconds=seconds))
