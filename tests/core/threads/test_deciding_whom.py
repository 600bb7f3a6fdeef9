"""Whom a handler's text is for: rules 7 and 8 of the protocol, with the sequences that made them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.threads.model import Shown, Thread
from relay.core.threads.verdict import Asked, Said, Told

from tests.core.threads.making import (
    ANA,
    BEN,
    NOW,
    a_thread,
    ago,
    decided,
    is_without_effect,
    owned,
    said,
)

K71, M24 = a_thread("K71"), a_thread("M24")


# A code in front (rule 7).


@pytest.mark.parametrize("body", ["K71 on my way", "k71: on my way", "K 71 on my way"])
def test_a_code_in_front_names_the_customer_whatever_else_he_could_have_meant(body: str) -> None:
    verdict = decided(body, K71, M24)
    assert verdict.asked is Asked.ANSWER
    assert verdict.answer == "on my way"
    assert verdict.thread is not None
    assert (verdict.thread.thread_id, verdict.thread.owner) == (K71.thread_id, ANA)
    assert (verdict.told, verdict.is_changed, verdict.notices) == (Told.CLAIMED, True, ())


def test_a_code_works_only_for_those_who_were_shown_it() -> None:
    verdict = decided("K71 on my way", M24, code_holders={"K71": a_thread("K71", to=(BEN,))})
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_IS_ANOTHERS]
    assert verdict.notices[0].words == "K71"
    assert [each.code for each in verdict.notices[0].threads] == ["K71"]
    assert verdict.thread is None, "his text is not kept with a customer of whom he knows nothing"


def test_a_code_that_no_thread_has_is_asked_about_although_there_is_only_one_candidate() -> None:
    verdict = decided("T99 on my way", K71)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_IS_ANOTHERS]
    assert verdict.notices[0].threads == ()


def test_a_thread_that_was_shown_under_another_code_is_not_found_by_its_present_one() -> None:
    """[Known as M24, closed, and back with K71: the person never saw K71]."""
    thread = replace(K71, shown=(Shown(ANA, "M24", ago(days=30)),))
    verdict = decided("K71 on my way", thread)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_IS_ANOTHERS]


def test_scrolling_up_to_an_old_code_reaches_no_other_customer() -> None:
    """[Closed weeks ago, its code given to another customer of whom this person knows nothing, or knows, too]."""
    old = a_thread("K71", thread_id="old", touched_at=ago(days=40), closed_at=ago(days=30), shown_at=ago(days=40))
    now = a_thread("K71", thread_id="now", opened_at=ago(hours=1), to=(BEN,))
    ways: list[tuple[tuple[Thread, ...], dict[str, Thread]]] = [
        ((old,), {"K71": now}),
        ((old, now), {}),
        ((now, old), {}),
    ]
    for threads, holders in ways:
        verdict = decided("K71 the price is 90", *threads, code_holders=holders)
        assert is_without_effect(verdict)
        assert said(verdict) == [Said.CODE_IS_ANOTHERS]
    shown_too = replace(now, shown=(*now.shown, Shown(ANA, "K71", ago(minutes=3))))
    verdict = decided("K71 the price is 90", old, shown_too)
    assert verdict.thread is not None
    assert verdict.thread.thread_id == "now"


def test_a_code_that_was_given_back_is_no_code() -> None:
    verdict = decided("K71 open", a_thread("K71", closed_at=ago(days=7), touched_at=ago(days=7)))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_IS_ANOTHERS]
    assert verdict.notices[0].threads == ()


@pytest.mark.parametrize("to", [(BEN,), (ANA, BEN)])
def test_a_text_that_is_found_late_means_no_customer_who_got_its_code_since(to: tuple[str, ...]) -> None:
    """[Lost for two days, in which the code was given to another customer]."""
    old = a_thread("K71", thread_id="old", touched_at=ago(days=8), closed_at=ago(days=8), shown_at=ago(days=8))
    now = a_thread("K71", thread_id="now", opened_at=ago(hours=1), to=to)
    for body in ("K71 ok", "K71 block"):
        verdict = decided(body, old, now, at=ago(days=2), is_recovered=True)
        assert is_without_effect(verdict)
        assert said(verdict) == [Said.CODE_IS_ANOTHERS]
        assert [each.thread_id for each in verdict.notices[0].threads] == ["now"]


@pytest.mark.parametrize(
    "body",
    [
        "tell K71 I am late",
        "tell K 71 I am late",
        "on my way k71",
        # Words about the customer, and none for that one.
        "K71's couch is ready",
        "K71\u2019s done",
        "say I am late K71",
        # Of another person's customer, whom he may have meant.
        "tell T99 I am late",
        "A 10 minute delay",  # A10 is his, too
    ],
)
def test_a_code_anywhere_but_in_front_is_asked_about(body: str) -> None:
    verdict = decided(body, a_thread("K71", shown_at=ago(minutes=1)), a_thread("A10", shown_at=ago(days=3)))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_INSIDE]


@pytest.mark.parametrize(
    "body", ["K71 tell M24 I am late", "K71 M24 on my way", "K71 T99 on my way", "K71 mine M24 hi"]
)
def test_a_second_code_is_asked_about(body: str) -> None:
    verdict = decided(body, K71, a_thread("M24", shown_at=ago(days=3)))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_INSIDE]


def test_a_word_like_a_code_that_is_not_his_goes_with_a_code_in_front_and_anything_with_say() -> None:
    assert decided("K71 I am on the A10 now", K71, M24).answer == "I am on the A10 now"
    assert decided("K71 say M24 is your number", K71, M24).answer == "M24 is your number"


@pytest.mark.parametrize(
    "body",
    [
        *("M4 exit is closed", "K711 on my way", "K7 on my way", "B12 is the part"),
        *("K71on my way", "K71ok", "k71done", "\u041a71 on my way", "K\u201371 on my way"),
    ],
)
@pytest.mark.parametrize("thread", [K71, M24], ids=["the one meant", "another one"])
def test_what_begins_like_a_mistyped_code_is_asked_about(body: str, thread: Thread) -> None:
    """[K71 is a customer of two days ago, M24 the only one of today: he leaves out the blank, and M24 reads it]."""
    verdict = decided(body, thread, a_thread("T10", shown_at=ago(days=2)))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_IS_ANOTHERS]


# No code (rule 8).


@pytest.mark.parametrize("thread", [K71, owned(ANA)], ids=["free", "his"])
def test_without_a_code_it_goes_to_the_only_customer_and_the_person_is_told_which(thread: Thread) -> None:
    verdict = decided("on my way", thread)
    assert verdict.answer == "on my way"
    assert said(verdict) == [Said.SENT_TO]
    assert verdict.thread is not None
    assert (verdict.thread.owner, verdict.thread.pointed_at) == (ANA, NOW)


@pytest.mark.parametrize(("minutes", "notices"), [(29, []), (30, [Said.SENT_TO])])
def test_it_is_told_once_in_half_an_hour(minutes: int, notices: list[Said]) -> None:
    verdict = decided("on my way", owned(ANA, since=ago(hours=1), pointed_at=ago(minutes=minutes)))
    assert verdict.answer == "on my way"
    assert said(verdict) == notices


def test_a_new_owner_is_told_whatever_the_one_before_was() -> None:
    assert said(decided("on my way", a_thread(pointed_at=ago(minutes=1)))) == [Said.SENT_TO]


@pytest.mark.parametrize("body", ["on my way", "ok", "done", "pass", "mine", "open", "block", "say ok"])
def test_of_several_customers_none_is_guessed(body: str) -> None:
    verdict = decided(body, a_thread("K71", shown_at=ago(hours=11)), M24)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.WHICH]
    assert [each.code for each in verdict.notices[0].threads] == ["M24", "K71"], "the one shown last first"


@pytest.mark.parametrize("body", ["on my way", "ok", "done"])
def test_of_no_customer_none_is_guessed(body: str) -> None:
    verdict = decided(body, a_thread(shown_at=ago(hours=14)))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.WHICH]
    assert verdict.notices[0].threads == ()


@pytest.mark.parametrize(
    "became",
    [
        {"closed_at": ago(minutes=1)},
        {"owner": BEN, "owner_since": ago(minutes=1)},
        {"code": "T99"},
        {"channel": "whatsapp"},
        # Shown again after he wrote.
        {"shown": (Shown(ANA, "M24", NOW + timedelta(minutes=1)),)},
    ],
)
def test_the_candidates_do_not_shrink_while_he_types(became: dict[str, Any]) -> None:
    """[The other candidate is closed or taken while he types his price: it would go to the one that is left]."""
    verdict = decided("the price is 90", K71, replace(M24, **became))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.WHICH]


@pytest.mark.parametrize(("hours", "count"), [(12, 2), (12.9, 2), (13.1, 1)])
def test_a_time_that_may_be_an_hour_too_early_counts_as_the_latest_that_it_can_be(hours: float, count: int) -> None:
    verdict = decided("on my way", K71, a_thread("M24", shown_at=ago(hours=hours)))
    assert (verdict.answer is None) == (count == 2)


@pytest.mark.parametrize(
    ("thread", "notice"),
    [
        (a_thread(closed_at=ago(minutes=1)), Said.CLOSED),
        (a_thread(touched_at=ago(days=15)), Said.CLOSED),
        (owned(BEN), Said.NOT_YOURS),
        (a_thread(channel="rcs"), Said.CALL),
        (a_thread(customer_phone="72404", code=""), Said.CALL),
        (a_thread(customer_phone="ACME Bank", code=""), Said.CALL),
    ],
)
@pytest.mark.parametrize("body", ["{}on my way", "{}say ok"])
def test_the_only_customer_gets_nothing_unless_open_and_his_or_free(thread: Thread, notice: Said, body: str) -> None:
    for prefix in ("", "K71 ") if thread.code else ("",):
        verdict = decided(body.format(prefix), thread)
        assert is_without_effect(verdict)
        assert said(verdict) == [notice]


def test_a_blocked_customer_gets_nothing_and_can_still_be_claimed() -> None:
    blocked = frozenset({K71.thread_id})
    for body in ("on my way", "K71 on my way", "K71 say ok"):
        verdict = decided(body, K71, blocked=blocked)
        assert is_without_effect(verdict)
        assert said(verdict) == [Said.BLOCKED]
    assert decided("ok", K71, blocked=blocked).told is Told.CLAIMED
