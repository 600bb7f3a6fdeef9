"""What the handler reads, and what it costs: never a segment more than the customer's own words, if that can be had."""

# ruff: noqa: RUF001 - telling look-alikes apart is what these tests are about

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.flow.segments import BODY_MAX_CHARACTERS, segments
from relay.flow.wording import compose

from scripts.fake_twilio.text import BASIC
from tests.segment_counts import PLAIN, WIDE

AMERICAN, OURS = "+15557654321", "+15551234567"
GERMAN = "+4915112345678"


# Composing.

_ANY = st.text(st.characters(codec="utf-8"), max_size=500) | PLAIN | WIDE


@given(st.sampled_from([AMERICAN, GERMAN, "72404", "ACME Bank"]), _ANY, st.integers(0, 10))
def test_it_never_costs_a_segment_more_than_the_original_if_a_shorter_form_avoids_it(
    sender: str, body: str, media: int
) -> None:
    words = body.strip()
    number = sender.removeprefix("+1") if sender == AMERICAN else sender
    noun = "attachment" if media == 1 else "attachments"
    shortest = f"{number} {words}".strip() + (f"\n[{media} {noun}]" if media else "")
    composed = compose(sender, OURS, body, media)
    assert segments(composed) <= max(segments(words), segments(shortest))


def _without_accents(text: str) -> str:
    """But for those that GSM has."""
    return "".join(each if each in BASIC else unicodedata.normalize("NFD", each)[0] for each in text)


@given(st.sampled_from([AMERICAN, GERMAN, "72404"]), _ANY, st.integers(0, 10))
def test_it_begins_with_the_number_holds_all_the_words_and_counts_the_attachments(
    sender: str, body: str, media: int
) -> None:
    composed = compose(sender, OURS, body, media)
    assert composed.startswith((sender, sender.removeprefix("+1")))
    assert body.strip() in composed or _without_accents(body.strip()) in composed
    assert composed == composed.rstrip()
    assert (f"[{media} attachment" in composed) == (media > 0) or "[" in body


@pytest.mark.parametrize(
    ("sender", "body", "media", "composed"),
    [
        (AMERICAN, "The boiler leaks", 0, "+15557654321: The boiler leaks"),
        (AMERICAN, "  The boiler leaks \n", 0, "+15557654321: The boiler leaks"),
        # Five characters too many for one segment: the colon goes, then the country's +1.
        (AMERICAN, "a" * 146, 0, "+15557654321: " + "a" * 146),
        (AMERICAN, "a" * 147, 0, "+15557654321 " + "a" * 147),
        (AMERICAN, "a" * 148, 0, "5557654321: " + "a" * 148),
        (AMERICAN, "a" * 149, 0, "5557654321 " + "a" * 149),
        # No form is as cheap as the original: then the fullest of those that cost least.
        (AMERICAN, "a" * 150, 0, "+15557654321: " + "a" * 150),
        # Abroad the national form is not a matter of cutting.
        (GERMAN, "a" * 150, 0, f"{GERMAN}: " + "a" * 150),
        ("72404", "a" * 155, 0, "72404: " + "a" * 155),
        (AMERICAN, "See this", 1, "+15557654321: See this\n[1 attachment: in Twilio's log]"),
        (AMERICAN, "See these", 3, "+15557654321: See these\n[3 attachments: in Twilio's log]"),
        (AMERICAN, "a" * 120, 1, "+15557654321 " + "a" * 120 + "\n[1 attachment]"),
        (AMERICAN, "", 2, "+15557654321:\n[2 attachments: in Twilio's log]"),
        (AMERICAN, "", 0, "+15557654321:"),
        # A customer's emoji makes the whole text wide, and the number with it.
        (AMERICAN, "Help 🔥", 0, "+15557654321: Help 🔥"),
        (AMERICAN, "🔥" * 28, 0, "+15557654321: " + "🔥" * 28),
        (AMERICAN, "🔥" * 29, 0, "5557654321: " + "🔥" * 29),
    ],
)
def test_the_fullest_form_that_costs_nothing_more(sender: str, body: str, media: int, composed: str) -> None:
    assert compose(sender, OURS, body, media) == composed


_SPANISH = "¿Cuándo viene el técnico? Me dijeron que entre 8 y 12 y ya es la una"  # 68 characters, wide for two accents


def test_accents_are_left_off_where_they_alone_would_cost_a_segment() -> None:
    composed = compose(AMERICAN, OURS, _SPANISH, 0)
    # é is one of GSM's own letters, and stays.
    assert composed == "+15557654321: ¿Cuando viene el técnico? Me dijeron que entre 8 y 12 y ya es la una"
    assert segments(composed) == segments(_SPANISH) == 1


@pytest.mark.parametrize(
    "body",
    [
        "¿Cuándo viene el técnico?",  # short enough as it is
        _SPANISH * 2,  # room enough in the segments it takes anyway
        _SPANISH.replace("una", "una 🔥"),  # wide in any case
        "Máy lạnh nhà em bị hư, anh qua coi giùm được không? Em ở nhà cả ngày nha",  # no language without its accents
    ],
)
def test_accents_stay_where_leaving_them_off_would_save_nothing(body: str) -> None:
    assert body in compose(AMERICAN, OURS, body, 0)


def test_our_number_abroad_keeps_the_country_code() -> None:
    assert compose(AMERICAN, GERMAN, "a" * 149, 0).startswith("+1555")


# Texts as people write them: none of them may cost more for being forwarded.
EVERYDAY = (
    "Hi, this is Maria from 12 Oak St. The heating went off again last night, can someone come today? Thanks!",
    "Don’t send him – the gate’s locked… call me first",
    "Estoy en la puerta, ¿dónde están? Llevo 20 minutos esperando aquí afuera con los niños y hace frío",
    "Grüße aus München! Der Termin um 8:30 paßt leider nicht, geht auch übermorgen?",
    "🔥🔥 water coming through the ceiling pls hurry",
    "l'intervention est prévue à quelle heure ? merci d'avance, bâtiment C, 3ème étage, code 45B12",
    "Здравствуйте, машина не заводится, я у магазина",
    "水管漏水,請盡快派人來,地址是忠孝東路四段一百號",
    "PIN 4821 / unit {7} [back door] ~ text when here ^^",
    "ok",
    "CANCEL",
    'Please quote: 3× 2" valves, 10 m pipe @ €4.50/m = €45 | deliver to yard #2, ask for Jörg & bring the receipt',
)


@pytest.mark.parametrize("body", EVERYDAY)
@pytest.mark.parametrize("sender", [AMERICAN, GERMAN])
def test_an_everyday_text_is_forwarded_whole_and_for_the_price_of_the_original(sender: str, body: str) -> None:
    composed = compose(sender, OURS, body, 0)
    assert composed.endswith(body)
    assert segments(composed) == segments(body)


# Too long.


@given(
    st.integers(BODY_MAX_CHARACTERS - 40, 3 * BODY_MAX_CHARACTERS), st.sampled_from(["a", "你", "😀", "…", "½", "e…😀"])
)
def test_what_twilio_would_refuse_as_too_long_is_cut_and_says_so(length: int, of: str) -> None:
    body = (of * length)[:length]
    composed = compose(AMERICAN, OURS, body, 2)
    as_sent = composed.replace("…", "...").replace("½", "1/2")
    assert max(len(form.encode("utf-16-le")) // 2 for form in (composed, as_sent)) <= BODY_MAX_CHARACTERS
    assert composed.startswith("+15557654321: ")
    if not composed.startswith(f"+15557654321: {body}"):
        assert "... [cut]" in composed
        assert len(as_sent.encode("utf-16-le")) // 2 > BODY_MAX_CHARACTERS - 6, "more was cut than had to be"
    assert composed.endswith("attachments: in Twilio's log]")


def test_a_text_that_just_fits_is_not_cut() -> None:
    assert BODY_MAX_CHARACTERS == 1600
    head = len(f"{AMERICAN}: ")
    body = "a" * (BODY_MAX_CHARACTERS - head)
    assert compose(AMERICAN, OURS, body, 0) == f"{AMERICAN}: {body}"
    assert compose(AMERICAN, OURS, body + "a", 0).endswith("aa... [cut]")
