"""Page tokens: each leads back to its place, and nothing else is taken for one."""

from __future__ import annotations

import base64

import pytest
from relay.record.pages import place_of, token_after

from tests.fakes.clock import START


def test_a_page_token_leads_back_to_its_place() -> None:
    assert place_of(token_after(START, "SM7")) == (START, "SM7")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '["2026-01-01T00:00:00+00:00"]',
        '["2026-01-01T00:00:00", "SM1"]',
        '["yesterday", "SM1"]',
        '["2026-01-01T00:00:00+00:00", ""]',
        '["2026-01-01T00:00:00+00:00", "a/b"]',
        '["2026-01-01T00:00:00+00:00", 7]',
        '["2026-01-01T00:00:00+00:00", "\\ud800"]',
        '["0001-01-01T00:00:00+23:59", "SM1"]',
        '[7, "SM1"]',
        "sqlite:1:SM1",
        "[" * 100_000,
    ],
)
def test_a_token_of_somebody_else_is_refused(text: str) -> None:
    for token in (text, base64.urlsafe_b64encode(text.encode()).decode()):
        with pytest.raises(ValueError, match="not a page token"):
            place_of(token)


def test_a_token_that_is_not_even_ascii_is_refused() -> None:
    with pytest.raises(ValueError, match="not a page token"):
        place_of("é")
