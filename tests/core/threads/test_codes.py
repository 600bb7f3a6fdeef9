"""Codes: what is one, where it stands, and how new ones are drawn."""

# ruff: noqa: RUF001 - phones write dashes and quotation marks of their own

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.threads.codes import (
    COUNT,
    LETTERS,
    candidates,
    code_in_front,
    codes_inside,
    is_code,
    resembling_in_front,
)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("K71 on my way", "K71", "on my way"),
        ("k71 on my way", "K71", "on my way"),
        ("K 71 on my way", "K71", "on my way"),
        ("K-71 on my way", "K71", "on my way"),
        ("K.71 on my way", "K71", "on my way"),
        ("K71: on my way", "K71", "on my way"),
        ("K71, on my way", "K71", "on my way"),
        ("K71 - on my way", "K71", "on my way"),
        ("K71 – on my way", "K71", "on my way"),
        ("#K71 on my way", "K71", "on my way"),
        ("(K71) on my way", "K71", "on my way"),
        ("“K71” on my way", "K71", "on my way"),
        ("  K71\non my way\n", "K71", "on my way"),
        ("K71 -5 degrees", "K71", "-5 degrees"),
        ("K71 (on my way)", "K71", "(on my way)"),
        ("K71 :)", "K71", ":)"),
        ("K71", "K71", ""),
        ("K71?", "K71", ""),
        ("K-71?", "K71", ""),
        ("K71 ?", "K71", "?"),
        # As notices name a customer, and people copy it.
        ("K71 (...4567) on my way", "K71", "on my way"),
        ("K71 (…4567): on my way", "K71", "on my way"),
        # Alone it can be nothing but a code.
        ("A 10", "A10", ""),
    ],
)
def test_a_code_in_front_is_read_however_it_is_spelt(body: str, code: str, words: str) -> None:
    assert code_in_front(body) == (code, words)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "on my way",
        "tell K71 I am late",
        "K710 on my way",
        "K7 on my way",
        "K71st street",
        "AK71 on my way",
        "F10.5 is the part",
        "K71,5 kg",
        "M4 exit is closed",
        # Letters that are taken for digits or one another are in no code.
        *(f"{letter}71 on my way" for letter in "ILOSB"),
        # "A 10 minute walk" is no A10.
        "A 10 minute walk",
        "y 20 más",
        # A reaction as some phones word it: the quote comes first.
        "“K71 +15550104567: The couch is here”에 좋아요를 표시했습니다",
        "«K71 +15550104567: The couch»",
    ],
)
def test_other_beginnings_are_no_code(body: str) -> None:
    assert code_in_front(body) is None


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("M4 exit is closed", "M4"),
        ("K711 on my way", "K711"),
        ("B12 on my way", "B12"),
        ("K7", "K7"),
        # A word stuck to it, a Cyrillic letter, wide letters, other digits, dashes that phones make of two.
        ("K71on my way", "K71on"),
        ("k71ok", "k71ok"),
        ("К71 on my way", "К71"),
        ("Ｋ７１ on my way", "Ｋ７１"),
        ("K٧١ on my way", "K٧١"),
        ("K–71 on my way", "K–71"),
        ("F150s are ready", None),
        ("约20分钟到", None),
        ("H2O is leaking", None),
        ("B2B customers", None),
        ("on my way", None),
        ("5pm is fine", None),
        ("A 10 minute walk", None),
    ],
)
def test_what_resembles_a_code_in_front_is_found(body: str, word: str | None) -> None:
    assert resembling_in_front(body) == word


@pytest.mark.parametrize(
    ("words", "known", "found"),
    [
        ("tell K71 I am late", {"K71"}, ("K71",)),
        ("tell k71 I am late", set(), ("K71",)),
        ("tell K 71 I am late", {"K71"}, ("K71",)),
        ("tell K 71 I am late", set(), ()),
        ("A 10 minute walk", {"A10"}, ("A10",)),
        ("A 10 minute walk", set(), ()),
        ("K71 and M24, K71 first", set(), ("K71", "M24")),
        ("the part is AK71 or K712", {"K71"}, ()),
        ("5pm, in 20 minutes, at number 12", set(), ()),
    ],
)
def test_codes_are_found_anywhere_and_known_ones_also_apart(
    words: str, known: set[str], found: tuple[str, ...]
) -> None:
    assert codes_inside(words, known) == found


@given(st.integers())
def test_a_number_leads_through_every_code_once(number: int) -> None:
    drawn = list(candidates(number))
    assert len(set(drawn)) == len(drawn) == COUNT == 2100
    assert all(map(is_code, drawn))


def test_numbers_that_differ_begin_at_different_codes() -> None:
    assert {next(candidates(number)) for number in range(COUNT)} == set(candidates(0))
    assert len({tuple(candidates(step * COUNT))[:3] for step in range(400)}) == 400


def test_codes_have_only_letters_that_are_taken_for_no_other() -> None:
    assert len(LETTERS) == 21
    assert set(LETTERS).isdisjoint("ILOSB")
    assert not any(is_code(word) for word in ("I71", "L71", "O71", "S71", "B71", "K7", "K711", "k71", "71K", ""))


@given(st.text(max_size=40))
def test_no_words_are_too_odd_to_look_for_codes_in(body: str) -> None:
    front = code_in_front(body)
    assert front is None or (is_code(front[0]) and front[1] in body)
    assert all(map(is_code, codes_inside(body, {"K71"})))


@given(st.sampled_from(sorted(candidates(0))), st.sampled_from(["{} {}", "{}: {}", "{}, {}", "{} - {}"]))
def test_every_code_is_read_back_with_the_words_behind_it(code: str, form: str) -> None:
    for written in (code, code.lower()):
        assert code_in_front(form.format(written, "on my way")) == (code, "on my way")
