"""The rules themselves: they allow what is right, and each notices what it is there for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.twilio.signature import signature

from tests.endurance.fuzz.doubles import MEDIA_TOKEN
from tests.endurance.fuzz.raw import Raw
from tests.endurance.fuzz.rules import broken
from tests.endurance.fuzz.signed import AUTH_TOKEN, BASE_URL
from tests.endurance.fuzz.tape import Tape
from tests.endurance.fuzz.world import Answer
from tests.endurance.load import BODY_MARK

_TOKEN = "head.claims.signature"
_FORM = b"From=%2B15550100001&Body=hello"


def _signed(body: bytes = _FORM) -> Raw:
    form = {"From": ["+15550100001"], "Body": ["hello"]}
    headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Twilio-Signature", signature(AUTH_TOKEN, f"{BASE_URL}/sms/inbound", form)),
    ]
    return Raw(path="/sms/inbound", headers=headers, body=body, ids=frozenset({f"SM{1:032x}"}))


def _answer(
    status: int = 200,
    effects: int = 1,
    printed: str = "",
    received: bytes = _FORM,
    peak_bytes: int = 0,
    calls: int = 0,
    created: tuple[str, ...] = (),
) -> Answer:
    return Answer(status, effects, printed, received, peak_bytes, calls, created)


def _found(entry_point: str, raw: Raw, answer: Answer) -> list[str]:
    return list(broken(entry_point, raw, answer, _TOKEN))


def test_what_is_signed_may_be_accepted() -> None:
    assert _found("sms_inbound", _signed(), _answer(printed='{"message": "fine"}\n')) == []


def test_what_comes_with_the_valid_token_may_be_accepted() -> None:
    raw = Raw(headers=[("Authorization", f"Bearer {_TOKEN}")])
    assert _found("sms_redrive", raw, _answer()) == []


def test_a_file_may_be_opened_by_its_link() -> None:
    assert _found("media", Raw("GET", f"/m/{MEDIA_TOKEN}/2"), _answer(206, 0)) == []


def test_a_refusal_needs_no_signature() -> None:
    assert _found("sms_inbound", Raw(), _answer(403, 0)) == []


@pytest.mark.parametrize(
    ("entry_point", "raw", "answer", "words"),
    [
        ("sweep", Raw(), _answer(500), "answered 500"),
        ("sweep", Raw(), _answer(503), "answered 503"),
        ("sms_inbound", Raw(), _answer(200, 0), "without a valid signature"),
        ("sms_inbound", Raw(), _answer(403, 1), "without a valid signature"),
        ("sms_inbound", _signed(), _answer(received=b"From=%2B15550100002&Body=hello"), "without a valid signature"),
        ("sms_inbound", _signed(), _answer(created=(f"SM{2:032x}",)), "another text than the one that was signed"),
        ("sms_inbound", replace(_signed(), must_be_taken=True), _answer(403, 0), "a text of Twilio's was answered 403"),
        ("sms_delivery_status", _signed(), _answer(204, 0), "without a valid signature"),
        ("sms_relay_state", Raw(), _answer(200, 0), "without a valid token"),
        ("media", Raw("GET", "/m/another-one_22-letters"), _answer(200, 0), "without its link"),
        ("media", Raw("GET", f"/m/{MEDIA_TOKEN}/3"), _answer(206, 0), "without its link"),
        ("media", Raw(), _answer(404, printed=f'{{"path": "/m/{MEDIA_TOKEN}"}}\n'), "a log line holds"),
        ("sms_threads", Raw(), _answer(409, 1), "without a valid token"),
        ("sms_redrive", Raw(headers=[("Authorization", "Bearer other")]), _answer(409, 1), "without a valid token"),
        ("sweep", Raw(), _answer(received=b"z" * 200_000), "bytes of the body were read"),
        ("sweep", Raw(), _answer(peak_bytes=20_000_000), "bytes of memory"),
        ("sweep", Raw(), _answer(calls=1_000_000), "calls"),
        ("sweep", Raw(), _answer(printed=f'{{"message": "{BODY_MARK}"}}\n'), "a log line holds"),
        ("sweep", Raw(), _answer(printed='{"to": "+15550100001"}\n'), "a log line holds"),
        ("sweep", Raw(), _answer(printed=f'{{"token": "{AUTH_TOKEN}"}}\n'), "a log line holds"),
        ("sweep", Raw(), _answer(printed="Traceback (most recent call last):\n"), "not JSON"),
        ("sweep", Raw(), _answer(printed='{"message": "\x1b"}\n'), "a control character in a log line"),
        ("sweep", Raw(), _answer(printed='{"message": "\\u001b"}\n'), "a control character in a log line's value"),
        ("sweep", Raw(), _answer(printed='{"a": [{"b": "\\u2028"}]}\n'), "a control character in a log line's value"),
    ],
)
def test_each_rule_notices_what_it_is_there_for(entry_point: str, raw: Raw, answer: Answer, words: str) -> None:
    assert any(words in sentence for sentence in _found(entry_point, raw, answer))


def test_a_tape_at_its_end_gives_ordinary_choices() -> None:
    tape = Tape(b"\xff\x01")
    assert [tape.chance(10), tape.below(10), tape.chance(99), tape.pick("ab"), tape.raw(3)] == [
        True,
        1,
        False,
        "a",
        b"",
    ]
