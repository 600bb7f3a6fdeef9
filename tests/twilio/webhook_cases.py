"""Ways to get Twilio's signature wrong, in one table that the tests of every webhook run, so that none can forget them.

Each takes a well-signed request and makes a forgery of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from relay.web import Request

from tests.worlds import BASE_URL, TOKEN, Fields, sign

Forgery = Callable[[Request], Request]

OTHER_TOKEN = "f" * 32


def fields_of(request: Request) -> Fields:
    return tuple(parse_qsl(request.body.decode(), keep_blank_values=True))


def url_of(request: Request, base_url: str = BASE_URL) -> str:
    return base_url + request.path + (f"?{request.query}" if request.query else "")


def _signature(request: Request) -> str:
    return request.headers["x-twilio-signature"]


def _signed(request: Request, signature: str, name: str = "x-twilio-signature") -> Request:
    others = {key: value for key, value in request.headers.items() if key != "x-twilio-signature"}
    return replace(request, headers={**others, name: signature})


def _with_body(request: Request, fields: Fields) -> Request:
    return replace(request, body=urlencode(fields).encode())


def _digest(text: str, algorithm: str = "sha1", token: str = TOKEN) -> str:
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), algorithm)).decode()


def _concatenated(request: Request, ordered: bool = True) -> str:
    fields = sorted(fields_of(request)) if ordered else fields_of(request)
    return url_of(request) + "".join(name + value for name, value in fields)


def _for_url(url_from: Callable[[Request], str]) -> Forgery:
    return lambda request: _signed(request, sign(url_from(request), fields_of(request)))


def _text(change: Callable[[str], str]) -> Forgery:
    return lambda request: _signed(request, change(_signature(request)))


def _fields(change: Callable[[Fields], Fields]) -> Forgery:
    return lambda request: _with_body(request, change(fields_of(request)))


def _signed_fields(change: Callable[[Fields], Fields]) -> Forgery:
    return lambda request: _signed(request, sign(url_of(request), change(fields_of(request))))


def _value(fields: Fields, name: str, change: Callable[[str], str]) -> Fields:
    return tuple((each, change(value) if each == name else value) for each, value in fields)


def _swapped_case(text: str) -> str:
    return text.swapcase()


def _first_changed(text: str) -> str:
    return ("A" if text[0] != "A" else "B") + text[1:]


def _last_changed(text: str) -> str:
    return text[:-2] + ("A" if text[-2] != "A" else "E") + text[-1]


def _with_host(host: str) -> Forgery:
    """Signed for another host, which the caller then claims in every header that names one."""

    def forge(request: Request) -> Request:
        forged = _signed(request, sign(url_of(request, f"https://{host}"), fields_of(request)))
        names = ("host", "x-forwarded-host", "x-original-host", "forwarded")
        return replace(forged, headers={**forged.headers, **dict.fromkeys(names, host), "x-forwarded-proto": "https"})

    return forge


def _by_shared_key(request: Request) -> Request:
    """twilio-python takes the algorithm from a header of the request; here the caller has no say in it."""
    forged = _signed(request, _digest(_concatenated(request), "sha256"))
    settings = {"x-twilio-webhooks-signature-settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    return replace(forged, headers={**forged.headers, **settings})


def _by_body_hash(request: Request) -> Request:
    """Signed as for JSON: the URL alone, with the body's hash in the query."""
    digest = hashlib.sha256(request.body).hexdigest()
    query = f"{request.query}&bodySHA256={digest}" if request.query else f"bodySHA256={digest}"
    forged = replace(request, query=query)
    return _signed(forged, sign(url_of(forged), ()))


FORGERIES: dict[str, Forgery] = {
    # The header.
    "no signature": lambda request: _signed(request, "", name="x-other"),
    "empty signature": lambda request: _signed(request, ""),
    "blank signature": lambda request: _signed(request, "   "),
    "signature in Authorization": lambda request: _signed(request, _signature(request), name="authorization"),
    "signature under the name of the newer header": lambda request: _signed(
        request, _signature(request), name="x-twilio-webhooks-signature"
    ),
    "not ASCII": lambda request: _signed(request, "ü" * 28),
    "a million characters": lambda request: _signed(request, "A" * 1_000_000),
    "a word": lambda request: _signed(request, "undefined"),
    # The signature's text.
    "first character changed": _text(_first_changed),
    "last character changed": _text(_last_changed),
    "last character missing": _text(lambda text: text[:-1]),
    "padding missing": _text(lambda text: text.rstrip("=")),
    "twice": _text(lambda text: text + text),
    "two, separated by a comma": _text(lambda text: f"{text},{text}"),
    "case swapped": _text(_swapped_case),
    "trailing blank": _text(lambda text: text + " "),
    "leading blank": _text(lambda text: " " + text),
    "trailing line break": _text(lambda text: text + "\n"),
    "quoted": _text(lambda text: f'"{text}"'),
    "reversed": _text(lambda text: text[::-1]),
    "hexadecimal": _text(lambda text: base64.b64decode(text).hex()),
    "base64 of base64": _text(lambda text: base64.b64encode(text.encode()).decode()),
    # The key and the algorithm.
    "another token": lambda request: _signed(request, sign(url_of(request), fields_of(request), OTHER_TOKEN)),
    "an empty token": lambda request: _signed(request, _digest(_concatenated(request), token="")),
    "the account's SID as token": lambda request: _signed(
        request, sign(url_of(request), fields_of(request), dict(fields_of(request))["AccountSid"])
    ),
    "token in capitals": lambda request: _signed(request, sign(url_of(request), fields_of(request), TOKEN.upper())),
    "SHA-256": lambda request: _signed(request, _digest(_concatenated(request), "sha256")),
    "MD5": lambda request: _signed(request, _digest(_concatenated(request), "md5")),
    "SHA-256 by a shared key's header": _by_shared_key,
    "no HMAC": lambda request: _signed(
        request, base64.b64encode(hashlib.sha1((TOKEN + _concatenated(request)).encode()).digest()).decode()
    ),
    # What is signed.
    "fields not sorted": lambda request: _signed(request, _digest(_concatenated(request, ordered=False))),
    "the URL alone": lambda request: _signed(request, sign(url_of(request), ())),
    "the fields alone": lambda request: _signed(request, _digest(_concatenated(request).removeprefix(url_of(request)))),
    "the raw body": lambda request: _signed(request, _digest(url_of(request) + request.body.decode())),
    "values with separators": lambda request: _signed(
        request, _digest(url_of(request) + "&".join(f"{name}={value}" for name, value in sorted(fields_of(request))))
    ),
    "blank values left out": _signed_fields(lambda fields: tuple(pair for pair in fields if pair[1])),
    "values trimmed and cut": _signed_fields(lambda fields: tuple((name, value[:-1]) for name, value in fields)),
    "as for JSON": _by_body_hash,
    # The URL.
    "the same for http": _for_url(lambda request: url_of(request, BASE_URL.replace("https", "http"))),
    "another port": _for_url(lambda request: url_of(request, BASE_URL + ":8443")),
    "another path": _for_url(lambda request: f"{BASE_URL}/sms/other"),
    "a slash at the end of the path": _for_url(
        lambda request: url_of(request).replace(request.path, request.path + "/")
    ),
    "the path alone": _for_url(lambda request: request.path),
    "the host in capitals": _for_url(lambda request: url_of(request, BASE_URL.upper())),
    "another host": _for_url(lambda request: url_of(request, "https://evil.example.com")),
    "another host, claimed in every header": _with_host("evil.example.com"),
    "localhost, claimed in every header": _with_host("localhost"),
    "the overrides' fragment included": _for_url(lambda request: url_of(request) + "#rc=5&rp=all"),
    "a query that was not sent": _for_url(lambda request: url_of(request) + ("&a=b" if request.query else "?a=b")),
    "a query that was not signed": lambda request: replace(
        request, query=f"{request.query}&a=b" if request.query else "a=b"
    ),
    "a question mark that was not signed": lambda request: replace(request, query=request.query + "?"),
    # The body.
    "a value changed": _fields(lambda fields: _value(fields, "From", lambda value: value[:-1] + "0")),
    "a value's blank at the end": _fields(lambda fields: _value(fields, "To", lambda value: value + " ")),
    "a field added": _fields(lambda fields: (*fields, ("Extra", "1"))),
    "a field repeated with another value": _fields(lambda fields: (*fields, ("From", "+15550000000"))),
    "a field left out": _fields(lambda fields: fields[1:]),
    "a field's name in lower case": _fields(
        lambda fields: tuple((name.lower() if name == "From" else name, value) for name, value in fields)
    ),
    "two values swapped": _fields(
        lambda fields: tuple(
            (name, dict(fields)[{"From": "To", "To": "From"}.get(name, name)]) for name, value in fields
        )
    ),
    "an empty body": lambda request: replace(request, body=b""),
    "a body that is not UTF-8": lambda request: replace(request, body=request.body + b"&x=\xff"),
    "a body with an escape that is not UTF-8": lambda request: replace(request, body=request.body + b"&x=%ff"),
    "JSON in a form's clothing": lambda request: replace(request, body=b'{"From": "+15550000000"}'),
    "more fields than Twilio ever sends": lambda request: replace(request, body=request.body + b"&a=1" * 600),
}
