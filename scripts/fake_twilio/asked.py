"""What the control API is asked for: the fields of a JSON body, each checked. A mistake is a ValueError in words."""

import base64
import binascii
import dataclasses
import math
import re
from collections.abc import Collection
from typing import Any, get_args

from scripts.fake_twilio.auto_replies import USUAL_SECONDS
from scripts.fake_twilio.behaviour import Behaviour
from scripts.fake_twilio.catalogue import behaviour_named
from scripts.fake_twilio.faults.from_json import changed
from scripts.fake_twilio.faults.outages import ENDPOINTS, Endpoint
from scripts.fake_twilio.inbound_form import USUAL_WORDS, OptOutType
from scripts.fake_twilio.media import File
from scripts.fake_twilio.message import FIELDS
from scripts.fake_twilio.rows import Row
from scripts.fake_twilio.send_request import is_address, is_e164
from scripts.fake_twilio.standing import CAMPAIGN_STATUSES, VERIFICATION_STATUSES, Service, Standing
from scripts.fake_twilio.state import AutoReply
from scripts.fake_twilio.tapbacks import Reaction

Body = dict[str, Any]

# A behaviour in a body: its name, two values that some take, and fields of its three parts.
BEHAVIOUR = ("behaviour", "error_code", "delay_seconds", "answer", "fate", "callbacks")

_CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")
# Of an alphanumeric sender.
_NAME_MAX = 11


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


def endpoints(body: Body, name: str = "endpoints") -> Collection[Endpoint]:
    """Returns the endpoints that are named; all where none is."""
    value = body.get(name, list(ENDPOINTS))
    if not isinstance(value, list) or not value or not all(item in ENDPOINTS for item in value):
        raise ValueError(f"{name} must be a list of: {', '.join(ENDPOINTS)}")
    return value


def row(body: Body) -> Row:
    given = body.get("row")
    if isinstance(given, dict) and "from" in given:
        given = {**given, "from_": given["from"]}
        del given["from"]
    return changed(Row(), given, "row")


def fields(body: Body) -> dict[str, Any]:
    """Returns values for fields of a message, by the names and of the types that Twilio describes."""
    given = body.get("fields", {})
    if not isinstance(given, dict):
        raise ValueError("fields must be an object")
    for name, value in given.items():
        if name not in FIELDS:
            raise ValueError(f"a message has no field {name!r}; there are: {', '.join(FIELDS)}")
        if value is not None and not isinstance(value, int if name == "error_code" else str):
            raise ValueError(f"fields.{name} must be null or {'a number' if name == 'error_code' else 'a text'}")
    return given


def words(body: Body) -> dict[str, OptOutType]:
    given = body.get("words")
    if given == "usual":
        return USUAL_WORDS
    if not isinstance(given, dict) or not all(kind in get_args(OptOutType) for kind in given.values()):
        kinds = ", ".join(get_args(OptOutType))
        raise ValueError(f'words must be "usual", or an object of words, each with one of: {kinds}')
    return given


def standing(body: Body) -> Standing:
    """Returns how the account is to stand, with statuses that Twilio has."""
    services = body.get("services", [])
    if not isinstance(services, list):
        raise ValueError("services must be a list")
    made = changed(Standing(), {name: value for name, value in body.items() if name != "services"}, "standing")
    made = dataclasses.replace(made, services=tuple(changed(Service(), each, "services") for each in services))
    for given, known in (
        ((service.campaign_status for service in made.services), ("", *CAMPAIGN_STATUSES)),
        (made.verifications.values(), VERIFICATION_STATUSES),
    ):
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(f"{unknown[0]!r} is not known here; there are: {', '.join(known)}")
    return made


def flag(body: Body, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def reaction(body: Body) -> Reaction:
    """Returns the reaction whose fields stand in a body, beside the phone and the text."""
    return changed(Reaction(), {name: body[name] for name in body if name not in ("phone", "sid")}, "a tapback")


def auto_reply(body: Body) -> AutoReply | None:
    """Returns what a phone is to answer by itself; None where its words are null."""
    after_seconds = seconds(body, "after_seconds")
    if "words" in body and body["words"] is None:
        return None
    if not (told := text(body, "words")):
        raise ValueError("words must not be empty; null is for a phone that answers nothing by itself")
    return AutoReply(told, USUAL_SECONDS if after_seconds is None else after_seconds)


def text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value


def texts(body: Body, name: str) -> list[str]:
    """Returns a list of texts; an empty one where there is none."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} must be a list of texts")
    return value


def file(body: Body) -> File:
    content_type, content = text(body, "content_type"), text(body, "content")
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise ValueError("content_type must be a type in small letters, such as image/png")
    try:
        return File(content_type, base64.b64decode(content, validate=True))
    except binascii.Error:
        raise ValueError("content must be in base64") from None


def phone(body: Body, name: str) -> str:
    if not is_e164(number := text(body, name)):
        raise ValueError(f"{name} must be a phone number in E.164 form")
    return number


def address(body: Body, name: str) -> str:
    """Returns who texts: a phone number, one on a channel, or a name of 11 characters at most, as companies have."""
    given = text(body, name)
    is_name = 0 < len(given.strip()) <= _NAME_MAX and not given.startswith("+") and ":" not in given
    if not is_name and not is_address(given):
        raise ValueError(f"{name} must be a phone number in E.164 form, one on a channel (rcs:+1…), or a short name")
    return given


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
