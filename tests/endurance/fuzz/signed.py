"""Twilio's requests: well signed however odd what they say, and then changed on their way."""

from __future__ import annotations

import base64
import hmac
import re
from copy import deepcopy
from urllib.parse import quote, quote_plus

from relay.web import BODY_MAX_BYTES

from tests.endurance.fuzz import nasty
from tests.endurance.fuzz.raw import Raw, transport
from tests.endurance.fuzz.tape import Tape
from tests.endurance.load import BODY_MARK, BUSINESS, CUSTOMERS, HANDLERS

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "a0" * 16
SECOND_TOKEN = "b1" * 16
BASE_URL = "https://relay.example.com"
INBOUND, STATUS = "/sms/inbound", "/sms/delivery-status"
_MAY_BE_A_NAME = re.compile(
    r"AccountSid|Body|From(?:City)?|MediaUrl0|MessageSid|NumMedia|OptOutType|Sms(?:Message)?Sid|To(?:Country)?|Zz|Dd"
)
_ID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
STATUSES = ("delivered", "undelivered", "failed", "sent", "queued", "accepted", "canceled", "read", "received", "new")

_CHANNELS = ("", "", "", "rcs:", "RCS:", "whatsapp:", "Messenger:", "x:")

# What handlers put in front of their words, and the words. Two customers have the codes K71 and M24 (doubles.py).
_IN_FRONT = (
    *("", "", "K71 ", "M24 ", "k71: ", "K 71 ", "M-24 ", "#K71, ", "(K71) ", "K71 (...0000) ", "K71 M24 ", "tell K71 "),
    *("K7 ", "K711 ", "S99 ", "mine ", "say ", "\u200eK71 "),
)
_SAID = (
    f"{BODY_MARK} we come at four",
    *("ok", "Got it!", "\U0001f44d\U0001f3fd", "mine", f"mine {BODY_MARK} I come"),
    *("say ok", "pass", "done", "open", "block"),
    *(
        "?",
        "yes",
        "stop",
        "HELP.",
        "I'm driving with Focus turned on.",
        f"Liked \u201cK71 {CUSTOMERS[0]}: {BODY_MARK}\u201d",
    ),
    *(
        f"\U0001f44d to \u201cM24 {CUSTOMERS[1]}: {BODY_MARK}\u201d",
        "Loved an image",
        "test is it on?",
        "pass it on",
        "",
    ),
)

# Lone surrogates in a value are the bytes that they stand for (surrogateescape): what is signed need not be UTF-8.
Fields = list[tuple[str, str]]


def inbound(tape: Tape, known: list[str]) -> Raw:
    """A webhook about a text: a new one, or one that is known already."""
    message_id = tape.pick(("SM", "MM")) + (tape.raw(16).hex() if tape.chance(85) else "").rjust(32, "0")
    if known and tape.chance(15):
        message_id = tape.pick(known)
    if tape.chance(15):
        message_id = message_id[:2] + message_id[2:].swapcase()
    senders = (*CUSTOMERS[:3], *HANDLERS, *BUSINESS, "72404", "ACME Bank", "Caf\u00e9 \u00d6l")
    fields = [
        ("ToCountry", "US"),
        ("MessageSid", message_id),
        ("AccountSid", ACCOUNT_SID),
        ("From", tape.pick(_CHANNELS) + tape.pick(senders)),
        ("To", tape.pick(_CHANNELS) + tape.pick(BUSINESS)),
        ("Body", nasty.text(tape)),
        ("NumMedia", tape.pick(("0", "1", "10"))),
        ("FromCity", ""),
    ]
    if tape.chance(70):
        fields.append((tape.pick(("SmsSid", "SmsMessageSid")), message_id))
    if tape.chance(10):
        fields.append(("OptOutType", tape.pick(("STOP", "START", "HELP", ""))))
    while tape.chance(25):
        fields += _attachment(tape)
    return _request(tape, INBOUND, "", fields, is_text=True)


def handlers_text(tape: Tape) -> Raw:
    """A webhook about a handler's text: for a customer, a claim, a command, or whatever a phone makes of it.

    It comes in as Twilio sends it: what others make of one on its way is tried with all texts (`inbound`).
    """
    body = tape.pick(_IN_FRONT) + (tape.pick(_SAID) if tape.chance(80) else nasty.text(tape))
    if tape.chance(15):
        body = nasty.changed(tape, body)
    message_id = "SM" + tape.raw(16).hex().rjust(32, "0")
    fields = [
        ("MessageSid", message_id),
        ("AccountSid", ACCOUNT_SID),
        ("From", tape.pick(HANDLERS)),
        ("To", tape.pick(BUSINESS)),
        ("Body", body),
        ("NumMedia", "0"),
    ]
    if tape.chance(10):
        fields.append(("OptOutType", tape.pick(("STOP", "START", "HELP"))))
    raw = _raw(INBOUND, "", signature_of(AUTH_TOKEN, BASE_URL + INBOUND, fields), _encoded(tape, fields), fields)
    raw.must_be_taken = len(raw.body) <= BODY_MAX_BYTES
    return raw


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


def _request(tape: Tape, path: str, query: str, fields: Fields, is_text: bool = False) -> Raw:
    is_recut = is_text and tape.chance(20)
    if is_recut and tape.chance(60):
        fields[:] = [(name, tape.pick(nasty.SECOND_TEXTS) if name == "Body" else value) for name, value in fields]
    # What Twilio itself may say of a text, in whatever bytes, must be taken.
    is_genuine = is_text and not is_recut
    while tape.chance(35):
        is_genuine = _change_fields(tape, fields) and is_genuine
    url = tape.pick((BASE_URL, f"{BASE_URL}:443")) + path + (f"?{query}" if query else "")
    token = tape.pick((AUTH_TOKEN, SECOND_TOKEN))
    sent = _cut_anew(tape, fields) if is_recut else fields
    raw = _raw(path, query, signature_of(token, url, fields), _encoded(tape, sent), fields)
    as_signed = deepcopy(raw)
    # Half of all come in as they were signed.
    while tape.chance(30):
        _change_signed(tape, raw)
    transport(tape, raw)
    raw.must_be_taken = is_genuine and raw == as_signed and len(raw.body) <= BODY_MAX_BYTES
    return raw


def _raw(path: str, query: str, signature: str, body: bytes, fields: Fields) -> Raw:
    # Twilio signs no id of another form, so what another cut makes of one is not judged.
    ids = (
        value for name, value in fields if name in ("MessageSid", "SmsSid", "SmsMessageSid") and _ID.fullmatch(value)
    )
    return Raw(
        path=path,
        query=query,
        headers=[
            ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("X-Twilio-Signature", signature),
            ("I-Twilio-Idempotency-Token", "11111111-1111-4111-8111-111111111111"),
        ],
        body=body,
        ids=frozenset(ids),
    )


def signature_of(token: str, url: str, fields: Fields) -> str:
    """Twilio's signature over the bytes of a form."""
    code = hmac.digest(token.encode(), url.encode() + signed_bytes(fields), "sha1")
    return base64.b64encode(code).decode()


def signed_bytes(fields: Fields) -> bytes:
    """What Twilio signs of a form: names and values, sorted, with no mark between."""
    pairs = {tuple(part.encode("utf-8", "surrogateescape") for part in pair) for pair in fields}
    return b"".join(part for pair in sorted(pairs) for part in pair)


def _cut_anew(tape: Tape, fields: Fields) -> Fields:
    """Another form with the same signature: names wherever one could stand in what was signed."""
    signed = signed_bytes(fields).decode("utf-8", "surrogateescape")
    cut: Fields = []
    for found in _MAY_BE_A_NAME.finditer(signed):
        if not cut and found.start():
            break  # what comes first is a name
        if cut and (found[0] <= cut[-1][0] or tape.chance(12)):
            continue
        if cut:
            name, rest = cut[-1]
            cut[-1] = (name, rest[: len(rest) - len(signed) + found.start()])
        cut.append((found[0], signed[found.end() :]))
    return cut or fields


def _change_fields(tape: Tape, fields: Fields) -> bool:
    """Change them before they are signed. Returns whether Twilio itself may say that of a text."""
    at = tape.below(len(fields)) if fields else 0
    way = tape.below(7)
    if way == 0 and fields:
        fields[at] = (fields[at][0], nasty.changed(tape, fields[at][1]))
    elif way == 1 and fields:
        fields.append((fields[at][0], nasty.text(tape)))
    elif way == 2 and fields:
        del fields[at]
    elif way == 3:
        fields.append((nasty.text(tape), nasty.text(tape)))
    elif way == 6 and fields:
        fields[at] = (fields[at][0], fields[at][1] + tape.raw(tape.below(6)).decode("utf-8", "surrogateescape"))
    elif way == 4:
        count = tape.pick((10, 300, 499, 500, 501, 2000))
        fields.extend((f"{BODY_MARK}{number}", "1") for number in range(count))
    elif fields:
        fields[at] = (nasty.changed(tape, fields[at][0]), fields[at][1])
    return way == 6 and bool(fields) and fields[at][0] == "Body"


def _encoded(tape: Tape, fields: Fields) -> bytes:
    safe = tape.pick(("", "/:", "\u00e9"))
    escape = tape.pick((quote_plus, quote))

    def escaped(text: str) -> str:
        return escape(text.encode("utf-8", "surrogateescape"), safe=safe)

    return "&".join(f"{escaped(name)}={escaped(value)}" for name, value in fields).encode()


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
        raw.body = raw.body.replace(*tape.pick(((b"=", b"%3D"), (b"=", b"=="), (b"=", b""), (b"%2B", b"+"))), 1)


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
            signature_of("", BASE_URL + raw.path, []),
            "\u00fc" * 28,
            "A" * 100_000,
        )
    )
    raw.headers = [*others, ("X-Twilio-Signature", nasty.header(forged))]
