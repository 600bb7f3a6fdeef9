"""What a text costs, as Twilio bills it; and that the fake, which counts by itself, comes to the same."""

# ruff: noqa: RUF001 - telling look-alikes apart is what these tests are about

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from relay.flow.segments import is_gsm, segments

from scripts.fake_twilio.text import BASIC, EXTENDED, segment_count
from tests.segment_counts import COUNTS, PLAIN, WIDE


@pytest.mark.parametrize(("text", "count"), COUNTS)
def test_segments_are_counted_as_twilio_bills_them(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("“" + "a" * 158 + "”", 1),
        ("’" * 160, 1),
        ("—" * 160, 1),
        ("a" * 157 + "…", 1),
        ("a" * 158 + "…", 2),
        ("a" * 158 + "½", 2),
        ("\u00a0" * 160, 1),
        ("\u200b" * 500, 1),
        ("• ein Punkt " * 13, 1),
    ],
)
def test_typography_becomes_plain_before_it_is_counted(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_table_has_the_characters_of_gsm_03_38_and_the_fakes_own_table_has_the_same() -> None:
    assert (len(BASIC), len(EXTENDED)) == (127, 10)
    ours = {chr(code) for code in range(sys.maxunicode + 1) if is_gsm(chr(code))}
    assert ours == BASIC | EXTENDED


@given(PLAIN | WIDE)
def test_the_quick_count_is_the_fakes_count_character_by_character(text: str) -> None:
    assert segments(text.replace("`", "")) == segment_count(text.replace("`", ""))


def test_half_an_emoji_is_counted_and_not_stumbled_over() -> None:
    assert segments("\ud83d" * 71) == 2
