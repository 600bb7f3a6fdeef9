"""One handset is one number, however a network, a channel or a person spells it."""

from __future__ import annotations

import pytest
from relay.core.numbers import E164, behind_channel, canonical, e164, same, spellings

ONE_HANDSET = [
    pytest.param(("+525512345678", "+5215512345678"), id="Mexico: the old mobile 1"),
    pytest.param(("+528112345678", "+5218112345678"), id="Mexico: another area"),
    pytest.param(
        ("+541112345678", "+5491112345678", "+54111512345678", "+549111512345678"),
        id="Argentina: the 9 from abroad, the 15 at home, an area code of two digits",
    ),
    pytest.param(("+543511234567", "+5493511234567", "+54351151234567"), id="Argentina: an area code of three digits"),
    pytest.param(("+542944123456", "+5492944123456", "+54294415123456"), id="Argentina: an area code of four digits"),
    pytest.param(("+553187654321", "+5531987654321"), id="Brazil: the ninth digit"),
    pytest.param(("+556178901234", "+5561978901234"), id="Brazil: an older range"),
    pytest.param(("+22997123456", "+2290197123456"), id="Benin: 01 since 2024"),
    pytest.param(
        ("+13035550100", "+1 (303) 555-0100", "+1 303.555.0100", "+1\u00a0303\u2011555\u20110100"),
        id="as people group it",
    ),
    pytest.param(("+447700900123", "+44 (0) 7700 900123"), id="the zero that is dialled within the country only"),
    pytest.param(("+13035550100", "rcs:+13035550100", "RCS:+13035550100", "whatsapp:+13035550100"), id="by a channel"),
    pytest.param(("+525512345678", "whatsapp:+5215512345678"), id="by a channel, in the other spelling"),
]

TWO_HANDSETS = [
    pytest.param(
        "+551132654321", "+5511932654321", id="Brazil: a fixed line, and a mobile with its digits behind the 9"
    ),
    pytest.param("+15551234567", "+5551234567", id="another country"),
    pytest.param("+525512345678", "+525512345679", id="another subscriber"),
    pytest.param("+2250701234567", "+2250501234567", id="Ivory Coast: two operators"),
    pytest.param("+13035550100", "3035550100", id="without the country"),
    pytest.param("+523112345678", "+5231112345678", id="Mexico: a 1 behind the area code"),
    pytest.param("BANK", "PIZZA", id="names"),
    pytest.param("12345", "123456", id="short codes"),
]


@pytest.mark.parametrize("spelt", ONE_HANDSET)
def test_one_handset_has_one_canonical_form_in_every_spelling(spelt: tuple[str, ...]) -> None:
    assert {canonical(number) for number in spelt} == {canonical(spelt[0])}
    assert E164.fullmatch(canonical(spelt[0]))
    assert all(same(one, other) for one in spelt for other in spelt)


@pytest.mark.parametrize(("one", "other"), TWO_HANDSETS)
def test_two_handsets_are_never_taken_for_one(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize("spelt", ONE_HANDSET)
def test_a_number_is_looked_for_in_every_spelling_a_network_writes(spelt: tuple[str, ...]) -> None:
    written = [number for number in spelt if E164.fullmatch(number)]
    for number in written:
        assert spellings(number)[0] == number
        assert set(written) <= set(spellings(number))
        assert {canonical(spelling) for spelling in spellings(number)} == {canonical(number)}


def test_most_numbers_have_one_spelling_only() -> None:
    assert spellings("+13035550100") == ("+13035550100",)
    assert spellings("+551132654321") == ("+551132654321",)


@pytest.mark.parametrize("address", ["12345", "BANK", "Café Öl", "rcs:agent_xyz", "", "+123", "whatsapp:"])
def test_what_is_no_phone_number_stays_as_it_is(address: str) -> None:
    assert e164(address) is None
    assert canonical(address) == address
    assert spellings(address) == (address,)


def test_a_canonical_form_is_its_own_canonical_form() -> None:
    for number in ("+5215512345678", "+54111512345678", "+5531987654321", "+2290197123456", "rcs:+13035550100"):
        assert canonical(canonical(number)) == canonical(number)


def test_a_channel_is_told_from_the_address_behind_it() -> None:
    assert behind_channel("RCS:+13035550100") == ("rcs", "+13035550100")
    assert behind_channel("rcs:agent_xyz") == ("rcs", "agent_xyz")
    assert behind_channel("+13035550100") == ("", "+13035550100")
    assert behind_channel("Smith: Co") == ("smith", "Co")
