"""A whole webhook of Twilio's whose body an attacker wrote, and other cuts of what was signed of it."""

from __future__ import annotations

from urllib.parse import urlencode

from relay.twilio.signature import TwilioAccount, joined
from relay.web import FORM, INBOUND_PATH, Request

from tests.relays import CUSTOMER, OUR_NUMBER
from tests.twilio_words import seen
from tests.worlds import ACCOUNT_SID, BASE_URL, TOKEN, Doubles, Fields, sign

FIRST, SECOND = "SM" + "1" * 32, "SM" + "2" * 32
VICTIM = "+15550009999"
Cut = tuple[tuple[str, str], ...]


def genuine(body: str, **more: str) -> Fields:
    """A whole webhook of Twilio's for a text with this body."""
    given = {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": CUSTOMER,
        "FromCity": "SPRINGFIELD",
        "FromCountry": "US",
        "FromState": "IL",
        "FromZip": "62701",
        "MessageSid": FIRST,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": FIRST,
        "SmsSid": FIRST,
        "SmsStatus": "received",
        "To": OUR_NUMBER,
        "ToCity": "",
        "ToCountry": "US",
        "ToState": "OR",
        "ToZip": "97201",
    }
    return tuple(sorted({**given, **more}.items()))


def form_of(fields: Fields) -> dict[str, list[str]]:
    return {name: [value] for name, value in fields}


def signed_string(fields: Fields) -> str:
    return joined(form_of(fields))


def doubles_of_their_own() -> Doubles:
    """With an account of its own: what was told of one test's refusals must not hold back another's."""
    return Doubles(account=TwilioAccount(ACCOUNT_SID, (TOKEN,), BASE_URL))


def recut(original: Fields, cut: Fields) -> Request:
    """A request with the signature of the original and another form."""
    assert signed_string(cut) == signed_string(original), "this cut would not even have a valid signature"
    headers = {"content-type": FORM, "x-twilio-signature": sign(BASE_URL + INBOUND_PATH, original)}
    return Request("POST", INBOUND_PATH, "", headers, urlencode(cut).encode())


def twilio_has(doubles: Doubles, sender: str, recipient: str, body: str, status: str = "received") -> None:
    doubles.messenger.messages[FIRST] = seen(FIRST, status, None, recipient, sender, body, doubles.clock.now())
