"""Recognising a text that a provider shows otherwise than it was sent."""

# ruff: noqa: RUF001 - telling look-alikes apart is what these tests are about

from __future__ import annotations

import pytest
from relay.core.comparing import comparable, digest_of, is_current, smart_encoded


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Don’t – “now”…", 'Don\'t - "now"...'),
        ("½ an hour", "1/2 an hour"),
        ("a\u00a0b\u200bc", "a bc"),
        ("１２ ！", "12 !"),
        ("ok \r\n", "ok"),
        ("✽ ❝x❞", '* "x"'),
        # Letters in small print become capitals: nobody knows which, so none of them counts.
        ("ᴀ ʙꜰ", ""),
        ("cafe\u0301 at \u212b", "café at Å"),
        ("see https://example.com/a?b=1#c, today", "see https://sh.rt/Ab1 today"),
        ("HTTPS://EXAMPLE.COM/A", "http://sh.rt/x"),
    ],
)
def test_a_text_is_recognised_whatever_a_provider_does_to_its_words(ours: str, theirs: str) -> None:
    assert comparable(ours) == comparable(theirs)
    assert digest_of(ours) == digest_of(theirs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at 8", "at 9"),
        ("水管漏水", "電燈壞了"),
        ("приезжайте", "не приезжайте"),
        ("مرحبا", "شكرا"),
        ("👍", "🔥"),
        ("αβγ", "αβδ"),
    ],
)
def test_different_words_in_any_script_are_different_texts(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)
    assert digest_of(one) != digest_of(other)


def test_a_digest_holds_neither_words_nor_numbers_and_says_which_kind_it_is() -> None:
    digest = digest_of("+15557654321: the boiler is leaking")
    assert digest == digest_of("+15557654321: The boiler is leaking".replace("T", "t"))
    assert len(digest) == 34
    assert "boiler" not in digest
    assert "5557654321" not in digest
    assert is_current(digest)


@pytest.mark.parametrize("digest", [None, "", "0:abc", "12:abc", "abc"])
def test_a_digest_of_another_kind_is_not_compared(digest: str | None) -> None:
    assert not is_current(digest)


def test_smart_encoded_leaves_plain_text_alone_but_for_the_grave_accent() -> None:
    plain = "".join(map(chr, range(128)))
    assert smart_encoded(plain) == plain.replace("`", "'")
    assert smart_encoded(plain.replace("`", "")) == plain.replace("`", "")
