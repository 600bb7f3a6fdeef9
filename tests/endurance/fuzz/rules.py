"""What must hold for every input, whatever it is."""

from __future__ import annotations

import hmac
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from relay.web import BODY_MAX_BYTES, DELIVERY_STATUS_PATH, FORM, INBOUND_PATH

from tests.endurance.fuzz.doubles import MEDIA_TOKEN
from tests.endurance.fuzz.raw import Raw
from tests.endurance.fuzz.rules_of_handlers import broken_by_handlers
from tests.endurance.fuzz.signed import AUTH_TOKEN, BASE_URL, SECOND_TOKEN, Fields, signature_of
from tests.endurance.fuzz.world import API_SECRET, Answer
from tests.endurance.load import BODY_MARK

# Measured: 64 KiB of JSON can become some 4 MB of objects. Of an event four times a document's greatest size is read.
PEAK_BYTES_MAX = 12 * 1024 * 1024
PEAK_BYTES_MAX_OF_EVENT = 32 * 1024 * 1024
# The longest answer is a page of relays as whole documents, each value of which is looked at to be written as JSON.
CALLS_MAX = 200_000
TWILIO = {
    "sms_inbound": INBOUND_PATH,
    "handlers_texts": INBOUND_PATH,
    "sms_delivery_status": DELIVERY_STATUS_PATH,
}
OPERATORS = ("sms_relay_state", "sms_redrive", "sms_threads")

_SECRETS = re.compile(
    "|".join(
        (
            BODY_MARK,
            MEDIA_TOKEN,
            r"\+\d{8,}",
            re.escape(AUTH_TOKEN),
            re.escape(SECOND_TOKEN),
            API_SECRET,
            r"eyJ[\w-]{10}",
        )
    )
)


def broken(entry_point: str, raw: Raw, answer: Answer, valid_token: str) -> Iterator[str]:
    """A sentence for every rule that was broken."""
    if answer.status >= 500:
        yield f"answered {answer.status}: {answer.printed[-500:]}"
    if entry_point in TWILIO and _is_accepted(raw, answer) and not _is_signed(entry_point, raw, answer):
        yield f"accepted without a valid signature: {answer.status}, {answer.effects} effects"
    if raw.must_be_taken and answer.status != 200:
        yield f"a text of Twilio's was answered {answer.status}"
    # What a text causes has its id, and more behind a hyphen.
    created = {message_id.partition("-")[0].lower() for message_id in answer.created}
    if raw.ids and not created <= {each.lower() for each in raw.ids}:
        yield f"another text than the one that was signed was accepted: {answer.created}"
    if entry_point in OPERATORS and _is_accepted(raw, answer) and valid_token not in _tokens_given(raw):
        yield f"accepted without a valid token: {answer.status}, {answer.effects} effects"
    if entry_point == "media" and answer.status in (200, 206) and not _has_link(raw):
        yield f"a file was opened without its link: {answer.status}"
    if entry_point in ("sms_inbound", "handlers_texts"):
        yield from broken_by_handlers(answer)
    if len(answer.received) > _bytes_max(entry_point):
        yield f"{len(answer.received)} bytes of the body were read"
    if answer.peak_bytes > (PEAK_BYTES_MAX_OF_EVENT if entry_point == "relay_events" else PEAK_BYTES_MAX):
        yield f"{answer.peak_bytes} bytes of memory"
    if answer.calls > CALLS_MAX:
        yield f"{answer.calls} calls"
    yield from _bad_lines(answer.printed)


def _is_accepted(raw: Raw, answer: Answer) -> bool:
    return answer.effects > 0 or (answer.status in (200, 204) and raw.method.upper() != "OPTIONS")


def _has_link(raw: Raw) -> bool:
    # Without its first slash an address is the same to the server.
    return re.fullmatch(f"/?m/{MEDIA_TOKEN}(/[12])?", raw.path) is not None


def _bytes_max(entry_point: str) -> int:
    """No more is read than is needed to know that it is too much, in chunks of up to 64 KiB."""
    return (4 * 1024 * 1024 if entry_point == "relay_events" else BODY_MAX_BYTES) + 64 * 1024


def _is_signed(entry_point: str, raw: Raw, answer: Answer) -> bool:
    """Over the form's bytes, as the standard library reads it; the address is the one that is configured."""
    mimetype = raw.header("content-type").split(";")[0].strip().lower()
    if raw.method.upper() != "POST" or mimetype != FORM:
        return False
    tail = TWILIO[entry_point] + (f"?{raw.query}" if raw.query else "")
    given = raw.header("x-twilio-signature")
    return any(
        hmac.compare_digest(signature_of(token, base + tail, _fields(body)).encode(), given.encode())
        for token in (AUTH_TOKEN, SECOND_TOKEN)
        for base in (BASE_URL, f"{BASE_URL}:443")
        # A plus sign at the beginning of a value may have been left as it is.
        for body in (answer.received, answer.received.replace(b"=+", b"=%2B"))
    )


def _fields(body: bytes) -> Fields:
    # In Latin-1 each byte is a character.
    pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return [(_as_bytes(name), _as_bytes(value)) for name, value in pairs]


def _as_bytes(latin: str) -> str:
    return latin.encode("latin-1").decode("utf-8", "surrogateescape")


def _tokens_given(raw: Raw) -> list[str]:
    given = [raw.header("authorization"), raw.header("x-forwarded-authorization")]
    return [value.split()[-1] for value in given if value.split()]


def _bad_lines(printed: str) -> Iterator[str]:
    if not printed:
        return
    if match := _SECRETS.search(printed):
        yield f"a log line holds {match[0][:12]!r}"
    for line in printed.removesuffix("\n").split("\n"):
        if any(_is_control(character) for character in line):
            yield f"a control character in a log line: {line[:300]!r}"
        try:
            told = json.loads(line)
        except ValueError:
            yield f"a log line that is not JSON: {line[:300]!r}"
        else:
            for text in _texts(told):
                if any(_is_control(character) for character in text):
                    yield f"a control character in a log line's value: {text[:300]!r}"


def _is_control(character: str) -> bool:
    return character in "\u2028\u2029" or unicodedata.category(character) in ("Cc", "Cs")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
