"""What the handler reads, and what it costs: never a segment more than the customer's own words, if that can be had."""

# ruff: noqa: RUF001 - telling look-alikes apart is what these tests are about

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core import moves
from relay.core.model import Attachment, InboundText, SenderClass
from relay.core.routes import Forward
from relay.flow.segments import BODY_MAX_CHARACTERS, segments
from relay.flow.wording import compose, files_in_words

from scripts.fake_twilio.text import BASIC
from tests.relays import T0, policy
from tests.segment_counts import PLAIN, WIDE

LINK = "https://p.example.co/m/" + "t" * 22
AMERICAN, OURS = "+15557654321", "+15551234567"
GERMAN = "+4915112345678"


# Composing.

_ANY = st.text(st.characters(codec="utf-8"), max_size=500) | PLAIN | WIDE


def _photos(count: int) -> str:
    return f"{count} photo{'s' * (count != 1)}" if count else ""


@given(st.sampled_from([AMERICAN, GERMAN, "72404", "ACME Bank"]), _ANY, st.integers(0, 10))
def test_it_never_costs_a_segment_more_than_the_original_if_a_shorter_form_avoids_it(
    sender: str, body: str, media: int
) -> None:
    words = body.strip()
    number = sender.removeprefix("+1") if sender == AMERICAN else sender
    shortest = f"{number} {words}".strip() + (f"\n[{_photos(media)}]" if media else "")
    composed = compose(sender, OURS, body, _photos(media))
    assert segments(composed) <= max(segments(words), segments(shortest))


def _without_accents(text: str) -> str:
    """But for those that GSM has."""
    return "".join(each if each in BASIC else unicodedata.normalize("NFD", each)[0] for each in text)


@given(st.sampled_from([AMERICAN, GERMAN, "72404"]), _ANY, st.integers(0, 10))
def test_it_begins_with_the_number_holds_all_the_words_and_counts_the_attachments(
    sender: str, body: str, media: int
) -> None:
    composed = compose(sender, OURS, body, _photos(media))
    assert composed.startswith((sender, sender.removeprefix("+1")))
    assert body.strip() in composed or _without_accents(body.strip()) in composed
    assert composed == composed.rstrip()
    assert (f"[{media} photo" in composed) == (media > 0) or "[" in body


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
        (AMERICAN, "See this", 1, "+15557654321: See this\n[1 photo: in Twilio's log]"),
        (AMERICAN, "See these", 3, "+15557654321: See these\n[3 photos: in Twilio's log]"),
        (AMERICAN, "a" * 120, 1, "+15557654321 " + "a" * 120 + "\n[1 photo]"),
        (AMERICAN, "", 2, "+15557654321:\n[2 photos: in Twilio's log]"),
        (AMERICAN, "", 0, "+15557654321:"),
        # A customer's emoji makes the whole text wide, and the number with it.
        (AMERICAN, "Help 🔥", 0, "+15557654321: Help 🔥"),
        (AMERICAN, "🔥" * 28, 0, "+15557654321: " + "🔥" * 28),
        (AMERICAN, "🔥" * 29, 0, "5557654321: " + "🔥" * 29),
    ],
)
def test_the_fullest_form_that_costs_nothing_more(sender: str, body: str, media: int, composed: str) -> None:
    assert compose(sender, OURS, body, _photos(media)) == composed


_SPANISH = "¿Cuándo viene el técnico? Me dijeron que entre 8 y 12 y ya es la una"  # 68 characters, wide for two accents


def test_accents_are_left_off_where_they_alone_would_cost_a_segment() -> None:
    composed = compose(AMERICAN, OURS, _SPANISH)
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
    assert body in compose(AMERICAN, OURS, body)


def test_our_number_abroad_keeps_the_country_code() -> None:
    assert compose(AMERICAN, GERMAN, "a" * 149).startswith("+1555")


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
    composed = compose(sender, OURS, body)
    assert composed.endswith(body)
    assert segments(composed) == segments(body)


# Files, and the link to them.

PHOTO, VIDEO, VOICE = "image/jpeg", "video/3gpp", "audio/amr"


@pytest.mark.parametrize(
    ("types", "count", "words"),
    [
        ([PHOTO], 1, "1 photo"),
        ([PHOTO, "image/heic"], 2, "2 photos"),
        ([VIDEO, PHOTO, PHOTO], 3, "2 photos, 1 video"),
        ([VOICE, VOICE], 2, "2 voice notes"),
        (["text/vcard", "text/x-vcard", "application/pdf"], 3, "2 contact cards, 1 file"),
        (["text/plain"], 1, "1 file"),
        # As a list tells them: by their number. Or a form without one of the types.
        ([], 2, "2 attachments"),
        ([PHOTO], 3, "1 photo, 2 attachments"),
        ([PHOTO, ""], 2, "1 photo, 1 attachment"),
        # More than the provider counts.
        ([PHOTO, PHOTO], 1, "1 photo"),
        ([], 0, ""),
    ],
)
def test_files_are_called_by_what_they_are_as_far_as_that_is_known(types: list[str], count: int, words: str) -> None:
    attachments = tuple(Attachment(f"ME{number:032x}", kind) for number, kind in enumerate(types))
    text = InboundText("SM" + "0" * 32, AMERICAN, OURS, "Hi", count, attachments)
    relay = moves.receive(text, SenderClass.CUSTOMER, Forward(policy()), T0, None).relay
    assert files_in_words(relay) == words


def test_files_that_are_words_of_the_text_are_not_counted() -> None:
    attachments = (Attachment("ME" + "1" * 32, "text/plain", is_in_words=True), Attachment("ME" + "2" * 32, PHOTO))
    text = InboundText("SM" + "0" * 32, AMERICAN, OURS, "Hi", 2, attachments)
    relay = moves.receive(text, SenderClass.CUSTOMER, Forward(policy()), T0, None).relay
    assert files_in_words(relay) == "1 photo"


@pytest.mark.parametrize(
    ("body", "composed"),
    [
        ("See this", f"{AMERICAN}: See this\n[1 photo] {LINK}"),
        ("", f"{AMERICAN}:\n[1 photo] {LINK}"),
        # Of 160 the link takes 46 and what the files are 12 (a bracket counts twice): the colon goes, then what the
        # files are, then the country's +1.
        ("a" * 88, f"{AMERICAN}: " + "a" * 88 + f"\n[1 photo] {LINK}"),
        ("a" * 89, f"{AMERICAN} " + "a" * 89 + f"\n[1 photo] {LINK}"),
        ("a" * 90, f"{AMERICAN} " + "a" * 90 + f"\n{LINK}"),
        ("a" * 101, f"{AMERICAN} " + "a" * 101 + f"\n{LINK}"),
        ("a" * 102, "5557654321 " + "a" * 102 + f"\n{LINK}"),
        ("a" * 103, "5557654321 " + "a" * 103 + f"\n{LINK}"),
        # It costs a segment in every form: then nothing is saved by leaving anything out.
        ("a" * 104, f"{AMERICAN}: " + "a" * 104 + f"\n[1 photo] {LINK}"),
        ("Help 🔥", f"{AMERICAN} Help 🔥\n{LINK}"),
    ],
)
def test_the_link_stands_at_the_end_with_as_much_before_it_as_costs_nothing_more(body: str, composed: str) -> None:
    assert compose(AMERICAN, OURS, body, "1 photo", link=LINK) == composed


@given(st.sampled_from([AMERICAN, GERMAN, "72404", "ACME Bank"]), _ANY, st.sampled_from(["", "K71"]))
def test_neither_link_nor_words_nor_code_are_ever_left_out(sender: str, body: str, code: str) -> None:
    composed = compose(sender, OURS, body, "2 photos, 1 voice note", code, LINK)
    assert composed.endswith((f" {LINK}", f"\n{LINK}"))
    assert composed.startswith(code)
    assert body.strip() in composed or _without_accents(body.strip()) in composed
    bare = f"{code} {sender.removeprefix('+1') if sender == AMERICAN else sender} {body.strip()}".strip()
    assert segments(composed) <= max(segments(body.strip()), segments(f"{bare}\n{LINK}"))


def test_a_text_that_is_cut_keeps_its_link_whole() -> None:
    composed = compose(AMERICAN, OURS, "a" * 3000, "1 photo", link=LINK)
    assert composed.endswith(f"aaa... [cut]\n[1 photo] {LINK}")
    assert len(composed) == BODY_MAX_CHARACTERS


# Too long.


@given(
    st.integers(BODY_MAX_CHARACTERS - 40, 3 * BODY_MAX_CHARACTERS), st.sampled_from(["a", "你", "😀", "…", "½", "e…😀"])
)
def test_what_twilio_would_refuse_as_too_long_is_cut_and_says_so(length: int, of: str) -> None:
    body = (of * length)[:length]
    composed = compose(AMERICAN, OURS, body, _photos(2))
    as_sent = composed.replace("…", "...").replace("½", "1/2")
    assert max(len(form.encode("utf-16-le")) // 2 for form in (composed, as_sent)) <= BODY_MAX_CHARACTERS
    assert composed.startswith("+15557654321: ")
    if not composed.startswith(f"+15557654321: {body}"):
        assert "... [cut]" in composed
        assert len(as_sent.encode("utf-16-le")) // 2 > BODY_MAX_CHARACTERS - 6, "more was cut than had to be"
    assert composed.endswith("photos: in Twilio's log]")


def test_a_text_that_just_fits_is_not_cut() -> None:
    assert BODY_MAX_CHARACTERS == 1600
    head = len(f"{AMERICAN}: ")
    body = "a" * (BODY_MAX_CHARACTERS - head)
    assert compose(AMERICAN, OURS, body) == f"{AMERICAN}: {body}"
    assert compose(AMERICAN, OURS, body + "a").endswith("aa... [cut]")
