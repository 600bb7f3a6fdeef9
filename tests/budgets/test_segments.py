"""Forwarding a text must not cost a segment more than the customer paid for: measured on a corpus, saved as data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from relay.flow.segments import segments
from relay.flow.wording import compose
from relay.web import media_link

from scripts.bench import corpus, settings
from scripts.fake_twilio.text import segment_count, smart_encoded

ROOT = Path(__file__).resolve().parents[2]


# With replies on the customer's code stands in front of every text.
@pytest.mark.parametrize("code", ["", "K71"])
def test_forwarding_adds_no_segment_to_at_least_99_of_100_texts(code: str) -> None:
    found = corpus.forwarded(code=code)
    dearer = [one for one in found if one.added]
    assert len(dearer) <= len(found) / 100, [one.text for one in dearer]


@pytest.mark.parametrize("code", ["", "K71"])
def test_no_text_is_made_dearer_by_more_than_one_segment(code: str) -> None:
    assert max(one.added for one in corpus.forwarded(code=code)) <= 1


def test_the_code_is_never_left_out() -> None:
    for _, text in corpus.texts():
        assert compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text, code="K71").startswith("K71 ")


def test_to_say_where_attachments_are_costs_no_text_a_segment() -> None:
    for language, text in corpus.texts():
        found = segments(compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text, "2 photos"))
        bare = segments(f"{settings.CUSTOMER_PHONE.removeprefix('+1')} {text}\n[2 photos]")
        assert found <= max(bare, segments(text)), (language, text)


@pytest.mark.parametrize(
    ("base_url", "share", "most"),
    [(corpus.SHORT_HOST, 0.20, 1), (corpus.GATEWAYS_HOST, 0.35, 2)],
    ids=["short", "long"],
)
def test_the_link_to_photos_costs_so_many_texts_a_segment_and_no_text_more_than_its_length_has(
    base_url: str, share: float, most: int
) -> None:
    found = corpus.forwarded(base_url)
    dearer = [one for one in found if one.added]
    assert share - 0.05 < len(dearer) / len(found) <= share
    assert max(one.added for one in found) <= most


@pytest.mark.parametrize("base_url", [corpus.SHORT_HOST, corpus.GATEWAYS_HOST])
def test_no_shorter_form_of_a_text_with_a_link_costs_less(base_url: str) -> None:
    for one in corpus.forwarded(base_url):
        link = media_link(base_url, "t" * 22)
        shortest = f"{settings.CUSTOMER_PHONE.removeprefix('+1')} {one.text}\n{link}"
        assert one.sent <= max(one.paid, segments(shortest)), one.text


def test_the_documents_say_which_share_pays_for_the_link() -> None:
    told = (ROOT / "docs" / "performance.md").read_text("utf-8")
    in_short = " ".join((ROOT / "README.md").read_text("utf-8").split())
    for base_url, words in ((corpus.SHORT_HOST, "{} of 100 texts"), (corpus.GATEWAYS_HOST, "with the gateway's {} ")):
        found = corpus.forwarded(base_url)
        free = sum(one.added == 0 for one in found)
        assert words.format(round(100 - 100 * free / len(found))) in in_short
        assert f"| none to {free} | what the customer paid for | {free / len(found):.1%} |" in told


def test_the_corpus_is_large_and_speaks_many_languages() -> None:
    texts = corpus.texts()
    languages = Counter(language for language, _ in texts)
    assert sum(languages.values()) >= 350
    assert len(languages) >= 12
    assert len(set(texts)) == len(texts)


def test_every_forwarded_text_begins_with_the_customers_number() -> None:
    for _, text in corpus.texts():
        body = compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text)
        assert body.startswith((settings.CUSTOMER_PHONE, settings.CUSTOMER_PHONE.removeprefix("+1")))


def test_both_counts_of_segments_agree_on_what_is_sent() -> None:
    for language, text in corpus.texts():
        body = compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text)
        assert segment_count(smart_encoded(body)) == segments(body), (language, text)
