"""The Message resource: its statuses, its fields, and the JSON Twilio answers.

Shape: `api.v2010.account.message` in Twilio's OpenAPI description (twilio/twilio-oai).
"""

import dataclasses
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal

from scripts.fake_twilio.errors import message_of
from scripts.fake_twilio.media import Medium

API_VERSION = "2010-04-01"
_TWILIO_URL = "https://api.twilio.com"

# Every status of Twilio's description. The last five are never a message's of the fake's own, only a made-up row's.
Status = Literal[
    "queued",
    "sending",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "receiving",
    "received",
    "accepted",
    "scheduled",
    "canceled",
    "read",
    "partially_delivered",
]
Direction = Literal["inbound", "outbound-api", "outbound-call", "outbound-reply"]

FAILURES: frozenset[str] = frozenset({"undelivered", "failed"})


def rfc2822(at: float | None) -> str | None:
    """Twilio's spelling of a moment (seconds since 1970), to the second and in GMT."""
    return None if at is None else format_datetime(datetime.fromtimestamp(int(at), UTC))


@dataclasses.dataclass(frozen=True)
class Message:
    """One message and its true fate, which Twilio's API never tells: `reached_phone_at`.

    Times are seconds since 1970. A message never changes: the state replaces it by a newer one.
    """

    sid: str
    direction: Direction
    from_: str
    to: str
    body: str
    status: Status
    created_at: float
    updated_at: float
    sent_at: float | None = None
    error_code: int | None = None
    num_segments: int = 1
    # Where an outbound message's files are to be fetched; and the files that Twilio has, deleted ones included.
    media_urls: tuple[str, ...] = ()
    files: tuple[Medium, ...] = ()
    status_callback: str | None = None
    validity_seconds: int = 36000
    # What the recipient's carrier had been told to do, by name; empty for an inbound message.
    behaviour: str = ""
    # When the text appeared on the handset; None: the person never saw it, whatever the status says.
    reached_phone_at: float | None = None
    # Every status with the moment it began, the first included.
    history: tuple[tuple[float, Status], ...] = ()

    def moved_to(self, status: Status, at: float, error_code: int | None = None) -> "Message":
        """The same message in its next status. `date_sent` is set when it leaves Twilio."""
        return dataclasses.replace(
            self,
            status=status,
            updated_at=at,
            error_code=error_code,
            sent_at=at if status == "sent" and self.sent_at is None else self.sent_at,
            history=(*self.history, (at, status)),
        )

    def uri(self, account_sid: str) -> str:
        """Path of the resource without its extension, relative to the API's host."""
        return f"/{API_VERSION}/Accounts/{account_sid}/Messages/{self.sid}"

    @property
    def num_media(self) -> int:
        return len(self.files or self.media_urls)

    def media(self, account_sid: str) -> list[tuple[str, str]]:
        """The URL and the content type of each file as Twilio keeps it."""
        place = f"{_TWILIO_URL}{self.uri(account_sid)}/Media"
        return [(f"{place}/{medium.sid}", medium.content_type) for medium in self.files]

    def as_json(self, account_sid: str) -> dict[str, Any]:
        """The Message resource. The price stays null: Twilio fills it in later, and nothing may depend on it."""
        uri = self.uri(account_sid)
        return {
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created_at),
            "date_sent": rfc2822(self.sent_at),
            "date_updated": rfc2822(self.updated_at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None if self.error_code is None else message_of(self.error_code),
            "from": self.from_,
            "messaging_service_sid": None,
            "num_media": str(self.num_media),
            "num_segments": str(self.num_segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


# The names of the resource's fields.
FIELDS = tuple(Message("", "inbound", "", "", "", "received", 0.0, 0.0).as_json(""))
