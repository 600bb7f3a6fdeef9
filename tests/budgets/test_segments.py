"""Forwarding a text must not cost a segment more than the customer paid for: measured on a corpus, saved as data."""

from __future__ import annotations

from collections import Counter

from relay.flow.segments import segments
from relay.flow.wording import compose

from scripts.bench import corpus, settings
from scripts.fake_twilio.text import segment_count, smart_encoded


def test_forwarding_adds_no_segment_to_at_least_99_of_100_texts() -> None:
    found = corpus.forwarded()
    dearer = [one for one in found if one.added]
    assert len(dearer) <= len(found) / 100, [one.text for one in dearer]


def test_no_text_is_made_dearer_by_more_than_one_segment() -> None:
    assert max(one.added for one in corpus.forwarded()) <= 1


def test_to_say_where_attachments_are_costs_no_text_a_segment() -> None:
    for language, text in corpus.texts():
        found = segments(compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text, 2))
        bare = segments(f"{settings.CUSTOMER_PHONE.removeprefix('+1')} {text}\n[2 attachments]")
        assert found <= max(bare, segments(text)), (language, text)


def test_the_corpus_is_large_and_speaks_many_languages() -> None:
    texts = corpus.texts()
    languages = Counter(language for language, _ in texts)
    assert sum(languages.values()) >= 350
    assert len(languages) >= 12
    assert len(set(texts)) == len(texts)


def test_every_forwarded_text_begins_with_the_customers_number() -> None:
    for _, text in corpus.texts():
        body = compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text, 0)
        assert body.startswith((settings.CUSTOMER_PHONE, settings.CUSTOMER_PHONE.removeprefix("+1")))


def test_both_counts_of_segments_agree_on_what_is_sent() -> None:
    for language, text in corpus.texts():
        body = compose(settings.CUSTOMER_PHONE, settings.BUSINESS_PHONE, text, 0)
        assert segment_count(smart_encoded(body)) == segments(body), (language, text)
