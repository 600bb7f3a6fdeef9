"""Twilio's requests: well signed however odd what they say, and then changed on their way."""

from __future__ import annotations

import base64
from urllib.parse import quote, quote_plus

from relay.twilio.signature import signature

from tests.endurance.fuzz import nasty
from tests.endurance.fuzz.raw import Raw, transport
from tests.endurance.fuzz.tape import Tape
from tests.endurance.load import BODY_MARK, BUSINESS, CUSTOMERS, HANDLERS

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "made-up-auth-token"
SECOND_TOKEN = "made-up-second-token"
BASE_URL = "https://relay.example.com"
INBOUND, STATUS = "/sms/inbound", "/sms/delivery-status"
STATUSES = ("delivered", "undelivered", "failed", "sent", "queued", "accepted", "canceled", "read", "received", "new")

Fields = list[tuple[str, str]]


def inbound(tape: Tape, known: list[str]) -> Raw:
    """A webhook about a text: a new one, or one that is known already."""
    message_id = tape.pick(("SM", "MM")) + (tape.raw(16).hex() if tape.chance(85) else "").rjust(32, "0")
    if known and tape.chance(15):
        message_id = tape.pick(known)
    fields = [
        ("ToCountry", "US"),
        ("MessageSid", message_id),
        ("AccountSid", ACCOUNT_SID),
        ("From", tape.pick((*CUSTOMERS[:3], *HANDLERS, *BUSINESS, "72404", "ACME Bank"))),
        ("To", tape.pick(BUSINESS)),
        ("Body", nasty.text(tape)),
        ("NumMedia", tape.pick(("0", "1", "10"))),
        ("FromCity", ""),
    ]
    while tape.chance(25):
        fields += _attachment(tape)
    return _request(tape, INBOUND, "", fields)


def _attachment(tape: Tape) -> Fields:
    """What is told of one file, which may be told of already, or not be counted."""
    place = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM{'0' * 32}/Media/"
    url = place + "ME" + (tape.raw(16).hex() if tape.chance(50) else "").rjust(32, "A")
    kind = tape.pick(("image/jpeg", "text/x-vcard; charset=utf-8", "Audio/AMR", "", "image"))
    index = tape.pick(("0", "1", "2", "9", "10", "00", ""))
    if tape.chance(30):
        url = nasty.changed(tape, url)
    if tape.chance(30):
        kind = nasty.changed(tape, kind)
    return [(f"MediaUrl{index}", url), (f"MediaContentType{index}", kind)]


def status(tape: Tape, known: list[str]) -> Raw:
    """A callback about an attempt of a relay, known or not."""
    relay = tape.pick(known) if known and not tape.chance(20) else "SM" + tape.raw(16).hex().rjust(32, "0")
    attempt = str(1 + tape.below(3)) if not tape.chance(10) else nasty.text(tape)
    query = f"relay={relay}&tier={1 + tape.below(3)}&attempt={quote_plus(attempt)}"
    if tape.chance(8):
        query = tape.pick(
            (f"{query}&attempt=2", f"{query};x=1", f"&{query}", nasty.header(nasty.text(tape)), "a=1&" * 50)
        )
    fields = [
        ("MessageSid", "SM" + (tape.raw(16).hex() if tape.chance(30) else "").rjust(32, "1")),
        ("MessageStatus", tape.pick(STATUSES)),
        ("ErrorCode", tape.pick(("", "30003", "21610", "0", "99999999"))),
        ("AccountSid", ACCOUNT_SID),
        ("From", BUSINESS[0]),
        ("To", HANDLERS[0]),
    ]
    return _request(tape, STATUS, query, fields)


def _request(tape: Tape, path: str, query: str, fields: Fields) -> Raw:
    while tape.chance(35):
        _change_fields(tape, fields)
    url = tape.pick((BASE_URL, f"{BASE_URL}:443")) + path + (f"?{query}" if query else "")
    token = tape.pick((AUTH_TOKEN, SECOND_TOKEN))
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    raw = Raw(
        path=path,
        query=query,
        headers=[
            ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("X-Twilio-Signature", signature(token, url, form)),
            ("I-Twilio-Idempotency-Token", "11111111-1111-4111-8111-111111111111"),
        ],
        body=_encoded(tape, fields),
    )
    # Half of all come in as they were signed.
    while tape.chance(30):
        _change_signed(tape, raw)
    transport(tape, raw)
    return raw


def _change_fields(tape: Tape, fields: Fields) -> None:
    """Before it is signed: Twilio itself would say that."""
    at = tape.below(len(fields)) if fields else 0
    way = tape.below(6)
    if way == 0 and fields:
        fields[at] = (fields[at][0], nasty.changed(tape, fields[at][1]))
    elif way == 1 and fields:
        fields.append((fields[at][0], nasty.text(tape)))
    elif way == 2 and fields:
        del fields[at]
    elif way == 3:
        fields.append((nasty.text(tape), nasty.text(tape)))
    elif way == 4:
        count = tape.pick((10, 300, 499, 500, 501, 2000))
        fields.extend((f"{BODY_MARK}{number}", "1") for number in range(count))
    elif fields:
        fields[at] = (nasty.changed(tape, fields[at][0]), fields[at][1])


def _encoded(tape: Tape, fields: Fields) -> bytes:
    safe = tape.pick(("", "/:+", "\u00e9"))
    escape = tape.pick((quote_plus, quote))
    return "&".join(f"{escape(name, safe=safe)}={escape(value, safe=safe)}" for name, value in fields).encode()


def _change_signed(tape: Tape, raw: Raw) -> None:
    """After it was signed: somebody else has had his hands on it."""
    way = tape.below(9)
    at = tape.below(len(raw.body)) if raw.body else 0
    if way == 0:
        _change_signature(tape, raw)
    elif way == 1:
        raw.body = raw.body[:at] + bytes([tape.byte()]) + raw.body[at + 1 :]
    elif way == 2:
        raw.body = raw.body[:at]
    elif way == 3:
        raw.body += tape.pick((b"&From=%2B15550000000", b"&", b"&a=%ff", b"&\xff\xfe", b"\0", b";x=1", b"&Body=again"))
    elif way == 4:
        # A server hands over bytes as characters up to U+00FF: in capitals, too, none may leave that range.
        louder = raw.query.encode("latin-1").upper().decode("latin-1")
        raw.query = tape.pick((f"{raw.query}&a=b", raw.query[1:], louder, nasty.header(nasty.text(tape))))
    elif way == 5:
        name = raw.headers[0][0]
        kinds = (
            "application/json",
            "multipart/form-data; boundary=x",
            "",
            "text/plain",
            nasty.header(nasty.text(tape)),
        )
        raw.headers[0] = (name, tape.pick(kinds))
    elif way == 6:
        raw.path = tape.pick((STATUS, INBOUND, "/", f"{raw.path}/", f"/{raw.path}", "/robots.txt", "/favicon.ico"))
    elif way == 7:
        raw.body = nasty.garbage(tape)
    else:
        raw.body = raw.body.replace(b"=", tape.pick((b"%3D", b"==", b"")), 1)


def _change_signature(tape: Tape, raw: Raw) -> None:
    given = raw.header("x-twilio-signature")
    others = [(name, value) for name, value in raw.headers if name != "X-Twilio-Signature"]
    forged = tape.pick(
        (
            "",
            nasty.changed(tape, given),
            given[:-1],
            f"{given},{given}",
            base64.b64encode(tape.raw(20).ljust(20, b"0")).decode(),
            signature("", BASE_URL + raw.path, {}),
            "\u00fc" * 28,
            "A" * 100_000,
        )
    )
    raw.headers = [*others, ("X-Twilio-Signature", nasty.header(forged))]
