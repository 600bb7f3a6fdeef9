"""What the control API is asked for: the fields of a JSON body, each checked. A mistake is a ValueError in words."""

import dataclasses
import math
from collections.abc import Collection
from typing import Any

from scripts.fake_twilio.behaviour import Behaviour
from scripts.fake_twilio.catalogue import behaviour_named
from scripts.fake_twilio.faults.from_json import changed
from scripts.fake_twilio.faults.outages import ENDPOINTS, Endpoint
from scripts.fake_twilio.send_request import is_e164

Body = dict[str, Any]

# A behaviour in a body: its name, two values that some take, and fields of its three parts.
BEHAVIOUR = ("behaviour", "error_code", "delay_seconds", "answer", "fate", "callbacks")


def only(body: Body, *known: str) -> None:
    if unknown := sorted(set(body) - set(known)):
        raise ValueError(f"{unknown[0]!r} is not known here; there are: {', '.join(known)}")


def behaviour(body: Body) -> Behaviour:
    made = behaviour_named(text(body, "behaviour"), whole_number(body, "error_code"), seconds(body, "delay_seconds"))
    return dataclasses.replace(
        made,
        at_post=changed(made.at_post, body.get("answer", {}), "answer"),
        fate=changed(made.fate, body.get("fate", {}), "fate"),
        callbacks=changed(made.callbacks, body.get("callbacks", {}), "callbacks"),
    )


def endpoints(body: Body) -> Collection[Endpoint]:
    """Returns the endpoints that are named; all where none is."""
    value = body.get("endpoints", list(ENDPOINTS))
    if not isinstance(value, list) or not value or not set(value) <= set(ENDPOINTS):
        raise ValueError(f"endpoints must be a list of: {', '.join(ENDPOINTS)}")
    return value


def text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value


def phone(body: Body, name: str) -> str:
    if not is_e164(number := text(body, name)):
        raise ValueError(f"{name} must be a phone number in E.164 form")
    return number


def whole_number(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError(f"{name} must be a whole number")
    return value


def seconds(body: Body, name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or not math.isfinite(value):
        raise ValueError(f"{name} must be a number of seconds")
    return float(value)
