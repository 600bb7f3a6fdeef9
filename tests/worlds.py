"""The world in memory with the webhooks in front of it, and Twilio's requests as Twilio would sign them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from relay.core.model import Relay
from relay.core.people import handlers_of
from relay.core.policy import Policy
from relay.errors import StoreUnavailable
from relay.flow.intake import Intake
from relay.twilio.delivery_status import handle_delivery_status
from relay.twilio.inbound import handle_inbound_webhook
from relay.twilio.signature import TwilioAccount
from relay.web import DELIVERY_STATUS_PATH, FORM, INBOUND_PATH, Request, Response
from twilio.request_validator import RequestValidator

from tests.fakes import Calls, MemoryWorld
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER, policy, sid
from tests.twilio_words import BASE_URL as BASE_URL

ACCOUNT_SID = "AC" + "a" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = TwilioAccount(ACCOUNT_SID, (TOKEN,), BASE_URL)

Fields = tuple[tuple[str, str], ...]


class MultiValues:
    """Form fields as twilio-python takes them: repeated names keep all their values."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields = tuple(fields)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields)

    def __bool__(self) -> bool:
        return bool(self._fields)

    def getlist(self, name: str) -> list[str]:
        return [value for each, value in self._fields if each == name]


def sign(url: str, fields: Fields, token: str = TOKEN) -> str:
    """The signature Twilio's own library gives, so that ours is never checked against itself."""
    return str(RequestValidator(token).compute_signature(url, MultiValues(fields)))


def post(path: str, fields: Fields, query: str = "", base_url: str = BASE_URL, token: str = TOKEN) -> Request:
    """A POST as Twilio makes it, signed."""
    url = base_url + path + (f"?{query}" if query else "")
    headers = {"content-type": FORM, "x-twilio-signature": sign(url, fields, token)}
    return Request("POST", path, query, headers, urlencode(fields).encode())


def with_fields(fields: Fields, **changes: str | None) -> Fields:
    """The fields with these changed, added, or (None) left out."""
    merged: dict[str, str | None] = {**dict(fields), **changes}
    return tuple((name, value) for name, value in merged.items() if value is not None)


INBOUND: Fields = (
    ("ToCountry", "US"),
    ("MessageSid", MESSAGE_ID),
    ("SmsSid", MESSAGE_ID),
    ("AccountSid", ACCOUNT_SID),
    ("From", CUSTOMER),
    ("To", OUR_NUMBER),
    ("Body", BODY),
    ("NumMedia", "0"),
    ("NumSegments", "1"),
    ("FromCity", ""),
    ("ApiVersion", "2010-04-01"),
)
STATUS: Fields = (
    ("MessageSid", sid(1)),
    ("MessageStatus", "delivered"),
    ("SmsSid", sid(1)),
    ("SmsStatus", "delivered"),
    ("AccountSid", ACCOUNT_SID),
    ("From", OUR_NUMBER),
    ("To", "+15550100001"),
    ("RawDlrDoneDate", "2601051200"),
    ("ErrorMessage", ""),
)


def inbound_request(**changes: str | None) -> Request:
    """The webhook of the usual text. Another MessageSid is its SmsSid too, as Twilio has it."""
    if "MessageSid" in changes and "SmsSid" not in changes:
        changes["SmsSid"] = changes["MessageSid"]
    return post(INBOUND_PATH, with_fields(INBOUND, **changes))


def media_id(number: int) -> str:
    """Twilio's id of a text's file, of which this is the number."""
    return f"ME{number:032x}"


def with_files(message_id: str = MESSAGE_ID, types: Iterable[str] = ("image/jpeg",), **changes: str) -> dict[str, str]:
    """What the webhook of a text with files of these types says otherwise than the usual one's."""
    at = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message_id}/Media"
    told = {"MessageSid": message_id, "NumMedia": str(len(tuple(types)))}
    for number, content_type in enumerate(types):
        told |= {f"MediaUrl{number}": f"{at}/{media_id(number)}", f"MediaContentType{number}": content_type}
    return told | changes


def status_request(
    status: str = "delivered", attempt: int = 1, message_id: str = MESSAGE_ID, tier: int = 1, **changes: str | None
) -> Request:
    """Twilio's callback about an attempt of the usual relay."""
    own = {"MessageSid": sid(attempt), "MessageStatus": status, "To": f"+1555010000{tier}"}
    fields = with_fields(STATUS, **{**own, **changes})
    return post(DELIVERY_STATUS_PATH, fields, f"relay={message_id}&tier={tier}&attempt={attempt}")


class Doubles(MemoryWorld):
    """The world in memory with the two webhooks in front of it, and `tiers` behind the usual number."""

    def __init__(self, tiers: Policy | None = None, account: TwilioAccount = ACCOUNT) -> None:
        super().__init__()
        self.tiers = tiers or policy()
        self.account = account
        self.intake = Intake(self.tiers, (OUR_NUMBER,), handlers_of(self.tiers))

    def inbound(self, request: Request | None = None) -> Response:
        return handle_inbound_webhook(self.world, self.account, self.intake, request or inbound_request())

    def status(self, request: Request) -> Response:
        return handle_delivery_status(self.world, self.account, request)

    def relay(self, message_id: str = MESSAGE_ID) -> Relay:
        return super().relay(message_id)


class Observed(Doubles):
    """The same world, whose ports are observed: `calls`, `before` and `after` are those of Calls."""

    def __init__(self, tiers: Policy | None = None, account: TwilioAccount = ACCOUNT) -> None:
        super().__init__(tiers, account)
        self.observer = Calls()
        self.observer.of_all(self.store, self.timers, self.messenger)
        for name in ("open", "listed"):
            self.observer.of(self.media, name, lambda *_, name=name: name)
        self.calls, self.before, self.after = self.observer.made, self.observer.before, self.observer.after


class Killed(BaseException):
    """The process dies here."""


def kill() -> None:
    raise Killed


def lose_the_answer() -> None:
    raise StoreUnavailable("no answer in time")
