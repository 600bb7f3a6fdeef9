"""The behaviours a person can choose by name: on the page of phones and through the control API."""

import dataclasses
from collections.abc import Callable
from typing import Any

from scripts.fake_twilio import behaviour as b


@dataclasses.dataclass(frozen=True)
class Choice:
    """One entry: its name, plain words for a page, and which of two values a person may set.

    is_for_phones: False for what can only happen to the whole API.
    """

    name: str
    label: str
    make: Callable[[int | None, float | None], b.Behaviour]
    takes_error_code: bool = False
    takes_delay: bool = False
    is_for_phones: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "takes_error_code": self.takes_error_code,
            "takes_delay_seconds": self.takes_delay,
        }


def _named(name: str, made: b.Behaviour) -> b.Behaviour:
    return dataclasses.replace(made, name=name)


CHOICES: tuple[Choice, ...] = (
    Choice("deliver", "delivers", lambda _code, _delay: b.deliver()),
    Choice(
        "refuse",
        "refuses at once, with an error code",
        lambda code, _delay: b.refuse(code or 21614),
        takes_error_code=True,
    ),
    Choice("silent", "accepts, then stays silent", lambda _code, _delay: b.silent()),
    Choice(
        "late",
        "delivers late",
        lambda _code, delay: b.late(20.0 if delay is None else delay),
        takes_delay=True,
    ),
    Choice("api_down", "Twilio's API is down", lambda _code, _delay: b.api_down()),
    Choice("reply_lost", "Twilio accepts, its reply is lost", lambda _code, _delay: b.reply_lost()),
    Choice(
        "undelivered",
        "accepts, later reports it undelivered",
        lambda code, _delay: b.undelivered(code or 30003),
        takes_error_code=True,
    ),
    Choice(
        "failed",
        "accepts, later reports it failed",
        lambda code, _delay: b.failed(code or 30001),
        takes_error_code=True,
    ),
    Choice(
        "no_receipt",
        "delivers, but sends no receipt",
        lambda _code, _delay: _named("no_receipt", b.silent(reaches_phone=True)),
    ),
    Choice(
        "queued",
        "leaves it in Twilio's queue",
        lambda _code, _delay: _named("queued", b.silent(waiting_as="queued")),
    ),
    Choice("throttled", "Twilio answers: too many requests", lambda _code, _delay: b.throttled()),
    Choice("reset", "Twilio resets the connection", lambda _code, _delay: b.reset()),
    Choice(
        "taken_back",
        "delivers, later reports it undelivered",
        lambda code, _delay: b.taken_back(code or 30008),
        takes_error_code=True,
    ),
    Choice(
        "refused_connection",
        "Twilio refuses connections",
        lambda _code, _delay: b.refused_connection(),
        is_for_phones=False,
    ),
    Choice(
        "hang",
        "Twilio takes long to answer",
        lambda _code, delay: b.hang(20.0 if delay is None else delay),
        takes_delay=True,
    ),
)

_BY_NAME = {choice.name: choice for choice in CHOICES}


def behaviour_named(name: str, error_code: int | None = None, delay_seconds: float | None = None) -> b.Behaviour:
    """The behaviour of that name, with its usual code and delay where none is given.

    Raises ValueError for an unknown name and for a value the behaviour does not take.
    """
    choice = _BY_NAME.get(name)
    if choice is None:
        raise ValueError(f"no behaviour {name!r}; there are: {', '.join(_BY_NAME)}")
    if error_code is not None and not choice.takes_error_code:
        raise ValueError(f"the behaviour {name!r} takes no error code")
    if delay_seconds is not None and not choice.takes_delay:
        raise ValueError(f"the behaviour {name!r} takes no delay")
    return choice.make(error_code, delay_seconds)
