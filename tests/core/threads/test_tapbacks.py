"""Reactions at the end of other words."""

from __future__ import annotations

import pytest
from relay.core.threads import tapbacks
from relay.core.threads.tapbacks import ends_in_tapback


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ("Disliked “K71 hello”", True),
        ("A 10 Disliked “K71 hello”", True),
        ("On my way\n👍 to “K71 hello”", True),
        ("ok Loved an image", True),
        ("He said “hi”. Liked “K71 hello", True),
        ("I liked “the blue one”", False),
        ("Turn left -> to “Main Street”", False),
        ("A 10 minute walk from “Main Street”", False),
        ("", False),
    ],
)
def test_a_reaction_is_known_behind_other_words_by_how_phones_begin_it(body: str, ends: bool) -> None:
    assert ends_in_tapback(body) is ends


def test_of_a_long_text_no_more_is_looked_at_than_a_reaction_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each capital may begin one: read from each to the end, 40,000 characters took longer than a webhook may."""
    read: list[int] = []
    monkeypatch.setattr(tapbacks, "_tapback_of", lambda plain: read.append(len(plain)))
    assert not ends_in_tapback("A " * 20_000)
    assert max(read) <= 2000
    assert len(read) <= 1000
