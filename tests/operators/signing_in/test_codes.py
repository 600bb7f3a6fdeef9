"""Codes by themselves: how they look, what is stored of them, and when they are over."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from relay.operators.alerting.messages import ChannelKind
from relay.operators.signing_in.codes import Code, digest_of, digits_in, from_content, new_digits, to_content

from tests.fakes.clock import START

CODE = Code("Ana", ChannelKind.TEXT, digest_of("012345", "rb_x"), START)


def test_a_code_is_six_digits_and_may_begin_with_noughts(monkeypatch: pytest.MonkeyPatch) -> None:
    for drawn, digits in ((0, "000000"), (42, "000042"), (999_999, "999999")):
        monkeypatch.setattr("secrets.randbelow", lambda below, drawn=drawn: drawn if below == 1_000_000 else -1)
        assert new_digits() == digits


def test_each_digit_is_drawn_as_often_as_any_other() -> None:
    drawn = Counter("".join(new_digits() for _ in range(5000)))
    assert all(2700 < drawn[str(digit)] < 3300 for digit in range(10))


@pytest.mark.parametrize(
    ("typed", "digits"), [("123456", "123456"), (" 123-456\n", "123456"), ("1 2 3 4 5 6", "123456")]
)
def test_a_person_may_group_them(typed: str, digits: str) -> None:
    assert digits_in(typed) == digits


def test_what_is_stored_is_found_by_no_trying_without_the_browsers_token() -> None:
    """A million digests are made in a second; the token has 256 bits."""
    stored = digest_of("012345", "rb_of a browser")
    assert stored != digest_of("012345", "rb_of another one")
    assert stored != hashlib.sha256(b"012345").hexdigest()
    assert stored == hmac.new(b"rb_of a browser", b"012345", hashlib.sha256).hexdigest()


def test_it_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr("hmac.compare_digest", compare)
    assert CODE.is_("999999", "rb_x")
    assert compared == [(CODE.digest, digest_of("999999", "rb_x"))]


def test_it_is_over_in_time_and_after_five_guesses() -> None:
    assert not CODE.is_over(START - timedelta(microseconds=1))
    assert CODE.is_over(START)
    guessed = CODE
    for count in range(5):
        assert not guessed.is_over(START - timedelta(seconds=1)), count
        guessed = guessed.guessed()
    assert guessed.is_over(START - timedelta(seconds=1))


def test_it_comes_back_as_it_was_stored() -> None:
    guessed = CODE.guessed().guessed()
    assert from_content(to_content(guessed)) == guessed


BROKEN: list[Any] = [
    None,
    [],
    "code",
    {},
    *({**to_content(CODE), name: None} for name in ("channel", "until", "guesses")),
    {**to_content(CODE), "until": "soon"},
    {**to_content(CODE), "until": "2026-03-01T12:00:00"},
    {**to_content(CODE), "channel": "pigeon"},
]


@pytest.mark.parametrize("content", BROKEN)
def test_what_cannot_be_read_is_no_code(content: object) -> None:
    assert from_content(content) is None
