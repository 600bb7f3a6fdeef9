"""What a handler's text does that files come with, where files can go to a customer."""

from __future__ import annotations

from typing import Any

import pytest
from relay.core.threads.grammar import CLAIM_WORDS
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Asked, Said, Told, Verdict

from tests.core.threads.making import ANA, BEN, NOW, a_thread, ago, decided, earlier, is_without_effect, owned, said

K71, M24 = a_thread("K71"), a_thread("M24")


def with_photos(body: str, *threads: Thread, **changes: Any) -> Verdict:
    return decided(body, *threads, **{"media_count": 2, "files_go": True, **changes})


@pytest.mark.parametrize("body", ["K71", "K71:", "K71 say", "k71 "])
def test_photos_alone_behind_a_code_go_and_claim(body: str) -> None:
    verdict = with_photos(body, K71, M24)
    assert (verdict.asked, verdict.answer, verdict.told, verdict.notices) == (Asked.ANSWER, "", Told.CLAIMED, ())
    assert verdict.thread is not None
    assert (verdict.thread.code, verdict.thread.owner, verdict.thread.answered_at) == ("K71", ANA, NOW)


@pytest.mark.parametrize("body", ["", "  ", "say"])
def test_photos_alone_without_a_code_go_to_the_only_customer_and_their_sender_is_told_which(body: str) -> None:
    verdict = with_photos(body, K71)
    assert (verdict.answer, said(verdict)) == ("", [Said.SENT_TO])


def test_photos_alone_that_fit_several_customers_or_none_are_asked_about() -> None:
    for threads in ((K71, M24), ()):
        verdict = with_photos("", *threads)
        assert is_without_effect(verdict)
        assert said(verdict) == [Said.WHICH]


@pytest.mark.parametrize(
    ("thread", "changes", "told"),
    [
        (owned(BEN), {}, Said.NOT_YOURS),
        (owned(BEN, closed_at=ago(minutes=2)), {}, Said.CLOSED),
        (K71, {"blocked": frozenset({K71.thread_id})}, Said.BLOCKED),
        (K71, {"is_recovered": True}, Said.LATE),
        (owned(ANA, answered_at=ago(minutes=-1)), {}, Said.LATE),
        (a_thread("K71", to=(BEN,)), {}, Said.CODE_IS_ANOTHERS),
    ],
)
def test_photos_go_no_further_than_words_would(thread: Thread, changes: dict[str, Any], told: Said) -> None:
    for body in ("K71", "K71 the couch"):
        verdict = with_photos(body, thread, **changes)
        assert is_without_effect(verdict)
        assert said(verdict) == [told]


def test_photos_go_with_words_and_nothing_is_said_of_them() -> None:
    verdict = with_photos("K71 like this one?", K71)
    assert (verdict.answer, verdict.notices) == ("like this one?", ())


@pytest.mark.parametrize("body", ["", "K71"])
def test_photos_one_text_each_are_neither_a_machines_nor_a_repetition(body: str) -> None:
    for asked in (Asked.ANSWER, Asked.UNCLEAR):
        before = earlier(body, asked, seconds=3)
        assert with_photos(body, K71, earlier=(before,), sent_at=ago(seconds=2)).answer == ""
    asked_about = with_photos("", K71, M24, earlier=(earlier("", Asked.UNCLEAR, seconds=3),))
    assert said(asked_about) == [Said.WHICH]


def test_the_same_words_twice_are_asked_about_with_photos_too() -> None:
    verdict = with_photos("K71 the couch", K71, earlier=(earlier("K71 the couch", Asked.ANSWER, seconds=3),))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.AGAIN]


@pytest.mark.parametrize("words", [*CLAIM_WORDS, "mine", "done", "pass"])
def test_photos_with_a_claim_word_or_a_command_stay_and_their_sender_is_told(words: str) -> None:
    verdict = with_photos(f"K71 {words}", K71)
    assert (verdict.answer, verdict.is_changed) == (None, True)
    assert said(verdict)[-1] is Said.PHOTOS_STAY


@pytest.mark.parametrize("body", ["", "K71", "K71 on my way", "ok", "on my way"])
def test_nothing_is_done_while_a_part_of_the_words_is_not_known(body: str) -> None:
    """[The unread part begins with another customer's code]."""
    verdict = with_photos(body, K71, is_unread=True)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.UNREAD]
