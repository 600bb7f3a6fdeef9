"""The fake's state as plain data, for the control API, which documents the shapes."""

import dataclasses
from typing import Any

from scripts.fake_twilio.auto_replies import DRIVING
from scripts.fake_twilio.behaviour import Behaviour
from scripts.fake_twilio.catalogue import CHOICES
from scripts.fake_twilio.errors import message_of
from scripts.fake_twilio.faults.outages import ENDPOINTS
from scripts.fake_twilio.message import Message
from scripts.fake_twilio.model import FakeTwilio
from scripts.fake_twilio.pictures import PICTURES, picture
from scripts.fake_twilio.state import Handset
from scripts.fake_twilio.tapbacks import TAPBACKS


def visible_state(fake: FakeTwilio) -> dict[str, Any]:
    """Everything a page of phones shows, of one moment."""
    with fake.state.lock:
        outages = {endpoint: fake.state.outages.at(endpoint) for endpoint in ENDPOINTS}
        return {
            "version": fake.state.version,
            "now": fake.clock.now(),
            "account": {
                "account_sid": fake.settings.account_sid,
                "numbers": list(fake.settings.numbers),
                "lists": {name: value for name, value in dataclasses.asdict(fake.state.lists).items() if value},
                "media": {name: value for name, value in dataclasses.asdict(fake.state.media_faults).items() if value},
                "queue": dataclasses.asdict(fake.state.queues.limits),
                "key_may": sorted(fake.state.key_may),
                "outages": {endpoint: outage.name for endpoint, outage in outages.items() if outage},
            },
            "behaviours": [choice.as_json() for choice in CHOICES if choice.is_for_phones],
            "tapbacks": [tapback.name for tapback in TAPBACKS],
            "driving": DRIVING,
            "pictures": [{"file": fake.state.files.put(picture(name)), "name": name} for name in PICTURES],
            "phones": [_phone(fake, handset) for handset in fake.state.handsets.values()],
            "messages": [_message(message) for message in fake.messages],
        }


def record(fake: FakeTwilio) -> dict[str, Any]:
    """What a judge needs: every POST of a message and every webhook request, with names of their fields."""
    return {
        "posts": [{**dataclasses.asdict(post), "accepted": post.accepted} for post in fake.posts],
        "exchanges": [{**dataclasses.asdict(exchange), "succeeded": exchange.succeeded} for exchange in fake.exchanges],
        "media_arrivals": [dataclasses.asdict(arrival) for arrival in fake.media_arrivals],
    }


def _phone(fake: FakeTwilio, handset: Handset) -> dict[str, Any]:
    usual = handset.usual
    at_post = usual.at_post if isinstance(usual, Behaviour) else None
    fate = usual.fate if isinstance(usual, Behaviour) else None
    opted_out_of = sorted(number for phone, number in fake.state.opted_out if phone == handset.number)
    waits = (fate.wait_seconds if fate else 0.0) or (at_post.hold_seconds if at_post else 0.0)
    return {
        "phone": handset.number,
        "name": handset.name,
        "behaviour": usual.name,
        "error_code": (at_post and at_post.error_code) or (fate and (fate.error_code or fate.turn_error_code)),
        "delay_seconds": waits or None,
        "mms": handset.of_mms and handset.of_mms.name,
        "arranged": [chooser.name for _, chooser in handset.script],
        "opted_out": bool(opted_out_of),
        "opted_out_of": opted_out_of,
        "auto_reply": handset.auto_reply and dataclasses.asdict(handset.auto_reply),
        "inbox": [_message(fake.state.messages[sid]) for sid in handset.shown_sids],
        "sent": [
            _message(message)
            for message in fake.state.messages.values()
            if message.direction == "inbound" and message.from_ == handset.number
        ],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "direction": message.direction,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "media": [
            {"sid": medium.sid, "file": medium.file, "content_type": medium.content_type} for medium in message.files
        ],
        "status": message.status,
        "error_code": message.error_code,
        "error_message": None if message.error_code is None else message_of(message.error_code),
        "behaviour": message.behaviour,
        "created_at": message.created_at,
        "sent_at": message.sent_at,
        "updated_at": message.updated_at,
        "reached_phone_at": message.reached_phone_at,
        "history": [{"at": at, "status": status} for at, status in message.history],
    }
