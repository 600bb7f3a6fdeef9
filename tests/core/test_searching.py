"""Searching by words: what is asked for, and what of a relay is searched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.searching import Term, fits, folded, searchable, terms_of

from tests.strategies import a_relay, relays


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("couch  Porch", (Term("couch"), Term("porch"))),
        ("couch couch", (Term("couch"),)),
        ("12 couches", (Term("12"), Term("couches"))),
        ("(303) 555-0100", (Term("(303) 555-0100", "3035550100"),)),
        ("Dana +1 303 555 0100 couch", (Term("+1 303 555 0100", "3035550100"), Term("dana"), Term("couch"))),
        ("0151 12345678", (Term("0151 12345678", "5112345678"),)),
        ("555-0100", (Term("555-0100", "5550100"),)),
        ("30004", (Term("30004"),)),
        ("", ()),
        (" \t\n", ()),
    ],
)
def test_what_is_asked_for(words: str, terms: tuple[Term, ...]) -> None:
    assert terms_of(words) == terms


@given(st.text())
def test_folding_twice_changes_nothing_and_leaves_single_blanks(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert once == " ".join(once.split())


@given(relays(), st.data())
def test_a_piece_of_what_is_searched_finds_the_relay(relay: object, data: st.DataObject) -> None:
    from relay.core.model import Relay

    assert isinstance(relay, Relay)
    words = searchable(relay).words
    start = data.draw(st.integers(0, len(words)))
    piece = words[start : data.draw(st.integers(start, len(words)))]
    assert fits(relay, [Term(each) for each in piece.split()])


def test_our_own_number_finds_no_text() -> None:
    """Every text came to it."""
    relay = a_relay(recipient_phone="+15550199999", message_body="Hello")
    assert not fits(relay, terms_of("+15550199999"))


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_letters_are_folded_as_any_others(text: str) -> None:
    assert folded(text) == folded(f"{text}\N{COMBINING ACUTE ACCENT}")
