"""Messages as the API shows them, which is not always what they are: the account's and the rows' faults applied."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from scripts.fake_twilio.errors import message_of
from scripts.fake_twilio.faults.lists import RowFaults, changed_body
from scripts.fake_twilio.message import Direction, Message, Status
from scripts.fake_twilio.seeds import Seeds
from scripts.fake_twilio.settings import Settings
from scripts.fake_twilio.state import State
from scripts.fake_twilio.text import segment_count

_NOTHING = RowFaults()


@dataclasses.dataclass(frozen=True)
class Row:
    """A message that only stands in lists, because the application has no part in it.

    Another program's text to the same handler, a text to another number, an inbound text that Twilio's loop filter
    failed (30039). `age_seconds`: how long ago it was created; it appears now.
    """

    direction: Direction = "outbound-api"
    from_: str = ""
    to: str = ""
    body: str = ""
    status: Status = "delivered"
    error_code: int | None = None
    age_seconds: float = 0.0

    def message(self, seeds: Seeds, now: float) -> Message:
        created_at = now - self.age_seconds
        return Message(
            sid=seeds.sid("SM", "row", self.from_, self.to),
            direction=self.direction,
            from_=self.from_,
            to=self.to,
            body=self.body,
            status=self.status,
            created_at=created_at,
            updated_at=now,
            sent_at=created_at,
            error_code=self.error_code,
            num_segments=segment_count(self.body),
            history=((created_at, self.status),),
        )


def is_listed(message: Message, now: float, state: State, settings: Settings) -> bool:
    """Returns whether lists show the message yet."""
    lists, row = state.lists, state.rows.get(message.sid, _NOTHING)
    is_inbound = message.direction == "inbound"
    lag_seconds = lists.inbound_lag_seconds if is_inbound else lists.outbound_lag_seconds
    listed_at = row.listed_at
    if listed_at is None:
        listed_at = message.created_at + lag_seconds * settings.time_scale
    return now >= listed_at


def shown(message: Message, now: float, state: State, settings: Settings) -> dict[str, Any]:
    """Returns the Message resource as the API shows it now."""
    lists, row = state.lists, state.rows.get(message.sid, _NOTHING)
    is_inbound = message.direction == "inbound"
    resource = message.as_json(settings.account_sid)
    resource["body"] = changed_body(message.body, lists.inbound_bodies if is_inbound else lists.bodies)
    for name in ("from", "to"):
        resource[name] = respelt(resource[name], lists.numbers)
    whole_at = row.whole_at
    if whole_at is None:
        whole_at = message.created_at + lists.receiving_seconds * settings.time_scale
    if is_inbound and now < whole_at:
        resource |= {"status": "receiving", "body": "", "num_media": "0"}
    resource |= row.fields
    if "error_code" in row.fields and "error_message" not in row.fields:
        code = resource["error_code"]
        resource["error_message"] = None if code is None else message_of(code)
    return resource


def respelt(number: str, spellings: Mapping[str, str]) -> str:
    return spellings.get(number, number)
