"""Segments of a text, by Twilio's published limits."""

import pytest

from scripts.fake_twilio.text import segment_count, smart_encoded
from tests.segment_counts import COUNTS


@pytest.mark.parametrize(("body", "segments"), COUNTS)
def test_a_body_takes_as_many_segments_as_twilio_says(body: str, segments: int) -> None:
    assert segment_count(body) == segments


def test_smart_encoding_leaves_what_has_no_likeness() -> None:
    assert smart_encoded("Zürich \N{EN DASH} 5 € 🔧\N{NO-BREAK SPACE}ж") == "Zürich - 5 € 🔧 ж"


def test_a_text_of_smart_characters_is_counted_as_gsm_7_after_encoding() -> None:
    body = "\u201cIt\u2019s\u00a0leaking\u201d \u2014 now\u2026" + "x" * 130
    assert (segment_count(body), segment_count(smart_encoded(body))) == (3, 1)
