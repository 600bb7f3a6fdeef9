"""Who may call a webhook: Twilio, for this account, at this address, and nobody else."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, quote_plus, urlencode

import pytest
from relay.errors import BadRequest
from relay.twilio.signature import TwilioAccount, signature, verified_form
from relay.web import BODY_MAX_BYTES, DELIVERY_STATUS_PATH, FORM, INBOUND_PATH, Request, Response
from twilio.request_validator import RequestValidator

from tests.quick import some_of
from tests.relays import MESSAGE_ID
from tests.twilio.webhook_cases import FORGERIES, OTHER_TOKEN, Forgery
from tests.worlds import (
    ACCOUNT,
    ACCOUNT_SID,
    BASE_URL,
    INBOUND,
    STATUS,
    TOKEN,
    Doubles,
    Fields,
    MultiValues,
    inbound_request,
    post,
    sign,
    status_request,
    with_fields,
)

Webhook = tuple[Request, Callable[[Doubles, Request], Response], int]

# A request as Twilio makes it, who answers it, and the status when all is well.
WEBHOOKS: dict[str, Webhook] = {
    "inbound": (inbound_request(), Doubles.inbound, 200),
    "delivery status": (status_request(), Doubles.status, 204),
}


@pytest.fixture(params=WEBHOOKS)
def case(request: pytest.FixtureRequest) -> Webhook:
    return WEBHOOKS[request.param]


def test_there_are_at_least_thirty_ways_to_get_it_wrong() -> None:
    assert len(FORGERIES) >= 30


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_refused_without_a_word_and_without_a_trace(case: Webhook, forge: Forgery) -> None:
    genuine, answer, _ = case
    doubles = Doubles()
    response = answer(doubles, forge(genuine))
    assert (response.status, response.body) == (403, b"")
    assert (doubles.store.reads, doubles.store.writes) == (0, 0)
    assert doubles.messenger.sends == []
    assert doubles.timers.armed == []


def test_twilios_own_request_is_accepted(case: Webhook) -> None:
    genuine, answer, status = case
    assert answer(Doubles(), genuine).status == status


def test_what_the_caller_says_of_host_and_proxy_has_no_effect(case: Webhook) -> None:
    genuine, answer, status = case
    lies = dict.fromkeys(
        ("host", "x-forwarded-host", "x-forwarded-server", "x-original-host", "forwarded"), "evil.example"
    )
    headers = {**genuine.headers, **lies, "x-forwarded-proto": "http", "x-forwarded-port": "81"}
    assert answer(Doubles(), replace(genuine, headers=headers)).status == status


@pytest.mark.parametrize("signed", [lambda request: request, FORGERIES["another token"]], ids=["old", "new"])
def test_both_tokens_are_accepted_during_a_rotation(case: Webhook, signed: Forgery) -> None:
    genuine, answer, status = case
    rotating = TwilioAccount(ACCOUNT_SID, (TOKEN, OTHER_TOKEN), BASE_URL)
    assert answer(Doubles(account=rotating), signed(genuine)).status == status


@pytest.mark.parametrize(("fields", "is_refused"), [(480, False), (600, True)])
def test_more_fields_than_twilio_ever_sends_are_not_even_sorted(case: Webhook, fields: int, is_refused: bool) -> None:
    genuine, answer, status = case
    known = INBOUND if genuine.path == INBOUND_PATH else STATUS
    many = (*known, *((f"Extra{number}", "") for number in range(fields)))
    response = answer(Doubles(), post(genuine.path, many, genuine.query))
    assert response.status == (403 if is_refused else status)


def test_without_any_token_nobody_is_accepted(case: Webhook) -> None:
    genuine, answer, _ = case
    assert answer(Doubles(account=TwilioAccount(ACCOUNT_SID, (), BASE_URL)), genuine).status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "post"])
def test_another_method_is_refused_and_told_which_ones_there_are(case: Webhook, method: str) -> None:
    genuine, answer, _ = case
    response = answer(Doubles(), replace(genuine, method=method))
    assert response.status == 405
    assert response.headers["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("size", [BODY_MAX_BYTES + 1, 10 * BODY_MAX_BYTES])
def test_a_body_larger_than_any_of_twilios_is_refused(case: Webhook, size: int) -> None:
    genuine, answer, _ = case
    assert answer(Doubles(), replace(genuine, body=b"a" * size)).status == 413


def test_a_body_of_exactly_64_kibibytes_is_looked_at(case: Webhook) -> None:
    genuine, answer, _ = case
    assert answer(Doubles(), replace(genuine, body=b"a" * 64 * 1024)).status == 403


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "text/plain", "multipart/form-data; boundary=x", FORM + "x", f"x{FORM}"]
)
def test_another_content_type_is_refused(case: Webhook, content_type: str) -> None:
    genuine, answer, _ = case
    assert answer(Doubles(), replace(genuine, headers={**genuine.headers, "content-type": content_type})).status == 415


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", FORM.title(), f" {FORM} ;charset=utf-8"])
def test_a_forms_content_type_may_be_written_in_any_way(case: Webhook, content_type: str) -> None:
    genuine, answer, status = case
    headers = {**genuine.headers, "content-type": content_type}
    assert answer(Doubles(), replace(genuine, headers=headers)).status == status


def test_another_accounts_request_is_malformed_even_when_well_signed(case: Webhook) -> None:
    genuine, answer, _ = case
    fields = with_fields(INBOUND, AccountSid="AC" + "b" * 32)
    response = answer(Doubles(), post(genuine.path, fields, genuine.query))
    assert response.status == 400


@pytest.mark.parametrize("port", ["", ":443", ":8443"])
@pytest.mark.parametrize("configured", ["", ":443", ":8443"])
def test_a_url_signed_with_or_without_its_port_is_the_same(configured: str, port: str) -> None:
    account = TwilioAccount(ACCOUNT_SID, (TOKEN,), f"https://relay.example.com{configured}")
    request = post(INBOUND_PATH, INBOUND, base_url=f"https://relay.example.com{port}")
    agreed = RequestValidator(TOKEN).validate(
        account.public_base_url + INBOUND_PATH, MultiValues(INBOUND), request.headers["x-twilio-signature"]
    )
    assert _is_accepted(account, INBOUND_PATH, request) == agreed


@pytest.mark.parametrize("host", ["h", "s", "http", "https", "t.p", "a:8080", "[::1]", "[::1]:8080"])
@pytest.mark.parametrize("scheme", ["http", "https", "HTTPS"])
def test_a_hosts_name_may_occur_elsewhere_in_the_url(scheme: str, host: str) -> None:
    account = TwilioAccount(ACCOUNT_SID, (TOKEN,), f"{scheme}://{host}")
    name = host if ":" not in host.replace("[::1]", "") else host.rsplit(":", 1)[0]
    port = "" if ":" in host.replace("[::1]", "") else (":80" if scheme == "http" else ":443")
    request = post(INBOUND_PATH, INBOUND, base_url=f"{scheme.lower()}://{name}{port}")
    assert _is_accepted(account, INBOUND_PATH, request)


def test_an_account_shows_no_token_when_it_is_printed() -> None:
    assert TOKEN not in repr(ACCOUNT)


def _is_accepted(account: TwilioAccount, path: str, request: Request) -> bool:
    try:
        verified_form(account, path, request)
    except BadRequest as error:
        return error.status != 403
    return True


# Agreement with twilio-python.

_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    " \t\r\n+&=%;?#/\\\"'<>@:,.-_~!*()[]{}|^`$",
    "äöüßéèçñøåÆŒ€£¥",
    "😀🔥👨‍👩‍👧🏳️‍🌈\u200d\ufe0f",
    "你好世界今日はПриветשלוםمرحبا\u202e\u0301",
    "\x00\x01\x1f\x7f\x85\u2028\ufeff\ufffd\U0010ffff",
)
_BASES = (
    "https://relay.example.com",
    "https://relay.example.com:443",
    "https://relay.example.com:8443",
    "http://relay.example.com",
    "http://relay.example.com:80",
    "http://127.0.0.1:8080",
    "https://relay.example.com/behind/a/path",
    "https://xn--rlay-loa.example.com",
)
_QUERIES = (
    "",
    "",
    f"relay={MESSAGE_ID}&tier=1&attempt=2",
    "a=b",
    "a=%20b+c&a=&=&b",
    "x=%F0%9F%98%80",
    "a=b=c&&",
    "q=a%2Bb;c",
)


def _words(dice: random.Random) -> str:
    return "".join(dice.choice(dice.choice(_ALPHABETS)) for _ in range(dice.choice((0, 1, 3, 8, 40))))


def _form(dice: random.Random) -> Fields:
    fields = [("AccountSid", ACCOUNT_SID), ("Body", _words(dice))]
    fields += [(_words(dice), _words(dice)) for _ in range(dice.randint(0, 6))]
    fields += [(name, dice.choice((value, value, _words(dice), ""))) for name, value in dice.choices(fields[1:], k=2)]
    dice.shuffle(fields)
    return tuple(fields)


def _encoded(dice: random.Random, fields: Fields) -> bytes:
    return urlencode(fields, quote_via=dice.choice((quote, quote_plus))).encode()


def test_ours_and_twilios_own_validator_agree_on_10000_requests() -> None:
    dice = random.Random(20260105)
    accepted, count = 0, some_of(10_000)
    for _ in range(count):
        fields, query = _form(dice), dice.choice(_QUERIES)
        configured, signed_for = dice.choice(_BASES), dice.choice(_BASES)
        if dice.random() < 0.7:
            signed_for = configured
        tail = INBOUND_PATH + (f"?{query}" if query else "")
        signature = sign(signed_for + tail, fields, dice.choice((TOKEN, TOKEN, TOKEN, OTHER_TOKEN)))
        if dice.random() < 0.2:
            place = dice.randrange(len(signature))
            signature = signature[:place] + dice.choice("ABab01+/=") + signature[place + 1 :]
        sent = fields if dice.random() < 0.8 else _form(dice)
        headers = {"content-type": FORM, "x-twilio-signature": signature}
        request = Request("POST", INBOUND_PATH, query, headers, _encoded(dice, sent))
        theirs = RequestValidator(TOKEN).validate(configured + tail, MultiValues(sent), signature)
        ours = _is_accepted(TwilioAccount(ACCOUNT_SID, (TOKEN,), configured), INBOUND_PATH, request)
        assert ours == theirs, (configured, signed_for, query, sent, signature)
        accepted += ours
    assert 0.3 * count < accepted < 0.7 * count


def test_the_signature_itself_is_twilios() -> None:
    dice = random.Random(7)
    for _ in range(1_000):
        fields = _form(dice)
        form: dict[str, list[str]] = {}
        for name, value in fields:
            form.setdefault(name, []).append(value)
        url = dice.choice(_BASES) + DELIVERY_STATUS_PATH
        assert signature(TOKEN, url, form) == sign(url, fields)
