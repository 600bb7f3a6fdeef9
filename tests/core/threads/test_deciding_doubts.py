"""What is not taken at its word: machines, the same words again, what comes late, reactions (rules 9 to 12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Asked, EarlierText, Quoted, Said, Told

from tests.core.threads.making import ANA, BEN, NOW, a_thread, ago, decided, earlier, is_without_effect, owned, said

K71, M24 = a_thread("K71"), a_thread("M24")
ON_MY_WAY = "On my way to your house now"  # more than twenty characters


# Machines (rule 9).


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ("I'm driving with Focus turned on. I'll see your message when I get where I'm going.", {}),
        ("Here in five minutes", {"sent_at": ago(seconds=10)}),
        (ON_MY_WAY, {"earlier": (earlier(ON_MY_WAY, Asked.ANSWER, hours=23),)}),
        (ON_MY_WAY.upper(), {"earlier": (earlier(ON_MY_WAY, Asked.MACHINE, hours=2),)}),
    ],
)
def test_a_machines_answer_claims_nothing_and_reaches_no_customer(body: str, facts: dict[str, Any]) -> None:
    """[A phone in its driving mode ends the cascade]."""
    verdict = decided(body, K71, **facts)
    assert is_without_effect(verdict)
    assert verdict.asked is Asked.UNCLEAR
    assert said(verdict) == [Said.AUTOMATIC]
    assert verdict.notices[0].threads == (K71,)


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ("Here in five minutes", {"sent_at": ago(seconds=10.1)}),
        ("Here in five minutes", {"sent_at": NOW + timedelta(seconds=1)}),
        (ON_MY_WAY, {"earlier": (earlier(ON_MY_WAY, Asked.ANSWER, hours=24.1),)}),
        (ON_MY_WAY, {"earlier": (earlier("On my way", Asked.ANSWER, hours=1),)}),
        ("Twenty characters ok", {"earlier": (earlier("Twenty characters ok", Asked.ANSWER, hours=1),)}),
        ("K71 I'm driving with Focus turned on", {}),
        (f"K71 {ON_MY_WAY}", {"sent_at": ago(seconds=1)}),
        (f"say {ON_MY_WAY}", {"sent_at": ago(seconds=1)}),
    ],
)
def test_a_persons_is_none(body: str, facts: dict[str, Any]) -> None:
    assert decided(body, K71, **facts).answer is not None


@pytest.mark.parametrize(("body", "told"), [("ok", Told.CLAIMED), ("👍", Told.CLAIMED), ("pass", Told.PASSED)])
def test_claim_words_and_commands_may_come_at_once_and_again(body: str, told: Told) -> None:
    facts: dict[str, Any] = {"sent_at": ago(seconds=1), "earlier": (earlier(body, Asked.CLAIM, minutes=1),)}
    assert decided(body, K71, **facts).told is told


@pytest.mark.parametrize(("minutes", "asked"), [(30, Asked.MACHINE), (30.1, Asked.UNCLEAR)])
def test_the_same_words_are_asked_about_once_in_half_an_hour(minutes: float, asked: Asked) -> None:
    """[Two machines: each question is answered by the words that it was about]."""
    machine = "I'm driving with Focus turned on."
    for body, threads in ((machine, (K71,)), ("busy", (K71, M24))):
        verdict = decided(body, *threads, earlier=(earlier(body, Asked.UNCLEAR, minutes=minutes),))
        assert is_without_effect(verdict)
        assert verdict.asked is asked
        assert bool(verdict.notices) == (asked is Asked.UNCLEAR)


def test_one_who_has_done_something_since_is_told_again() -> None:
    """[Closed; `open`; the same long words once more: silence would be taken for success]."""
    before = (earlier(ON_MY_WAY, Asked.UNCLEAR, minutes=5), earlier("open", Asked.OPEN, minutes=3))
    assert said(decided(ON_MY_WAY, K71, earlier=before)) == [Said.AUTOMATIC]
    assert said(decided(ON_MY_WAY, K71, earlier=before[:1])) == []


def test_short_words_that_were_in_vain_go_once_nothing_is_in_their_way() -> None:
    before = (earlier("On my way", Asked.UNCLEAR, seconds=40), earlier("open", Asked.OPEN, seconds=20))
    assert decided("On my way", K71, earlier=before).answer == "On my way"


def test_a_text_with_a_code_is_told_of_each_time() -> None:
    before = (earlier("K71 on my way", Asked.UNCLEAR, minutes=1),)
    assert said(decided("K71 on my way", owned(BEN), earlier=before)) == [Said.NOT_YOURS]


# The same words again (rule 12).


@pytest.mark.parametrize("was", [Asked.ANSWER, Asked.TAKEOVER, None])
@pytest.mark.parametrize("body", ["K71 on my way", "on my way", ON_MY_WAY, "K71 say ok"])
def test_identical_words_within_a_minute_are_asked_about(body: str, was: Asked | None) -> None:
    verdict = decided(body, K71, earlier=(earlier(body, was, seconds=60),))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.AGAIN]


@pytest.mark.parametrize(
    "before",
    [
        earlier("K71 on my way", Asked.ANSWER, seconds=61),
        earlier("K71 on my way now", Asked.ANSWER, seconds=5),
        # It was not sent: the person does what the notice asked for.
        earlier("K71 on my way", Asked.UNCLEAR, seconds=5),
    ],
)
def test_other_words_later_ones_and_those_that_were_not_sent_go(before: EarlierText) -> None:
    assert decided("K71 on my way", K71, earlier=(before,)).answer == "on my way"


def test_the_text_itself_is_none_of_the_earlier_ones() -> None:
    own = replace(earlier("K71 on my way", Asked.ANSWER), message_id="own")
    assert decided("K71 on my way", K71, earlier=(own,), message_id="own").answer == "on my way"


# Late (rule 11).


@pytest.mark.parametrize("body", ["K71 on my way", "on my way", "K71 say ok", "K71 mine on my way"])
def test_a_recovered_text_reaches_no_customer(body: str) -> None:
    verdict = decided(body, K71, is_recovered=True)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.LATE]
    assert verdict.notices[0].words in ("on my way", "ok")


def test_a_recovered_text_for_one_of_several_is_shown_too() -> None:
    verdict = decided("on my way", K71, M24, is_recovered=True)
    assert said(verdict) == [Said.LATE]
    assert len(verdict.notices[0].threads) == 2


@pytest.mark.parametrize(
    ("body", "thread", "counts"),
    [
        ("K71 ok", K71, True),
        ("K71 ok", replace(K71, changed_at=NOW), True),
        # Claimed and passed since; claimed since.
        ("K71 ok", replace(K71, changed_at=NOW + timedelta(seconds=1)), False),
        ("K71 ok", owned(BEN, since=NOW + timedelta(seconds=1)), False),
        ("K71 ok", owned(BEN), False),
        ("K71 mine", owned(BEN), True),
        ("K71 mine", owned(BEN, since=NOW + timedelta(seconds=1)), False),
        ("K71 mine", owned(BEN, changed_at=NOW + timedelta(seconds=1)), False),
        ("K71 done", owned(ANA, touched_at=ago(hours=1)), True),
        # Its time may be an hour too early: the customer may have written since.
        ("K71 done", owned(ANA, touched_at=ago(minutes=59)), False),
        ("K71 pass", owned(ANA, touched_at=ago(hours=1)), True),
        ("K71 pass", owned(ANA, touched_at=ago(minutes=59)), False),
        ("K71 pass", owned(ANA, touched_at=ago(hours=1), changed_at=NOW + timedelta(seconds=1)), False),
        ("K71 open", a_thread(closed_at=ago(hours=3), touched_at=ago(hours=3), changed_at=ago(hours=3)), True),
        ("K71 open", a_thread(closed_at=ago(minutes=3), touched_at=ago(minutes=3)), False),
        ("K71 block", owned(ANA, changed_at=NOW + timedelta(seconds=1)), True),
    ],
)
def test_a_recovered_claim_or_command_counts_if_nothing_stands_against_it(
    body: str, thread: Thread, counts: bool
) -> None:
    verdict = decided(body, thread, is_recovered=True)
    assert is_without_effect(verdict) is not counts
    assert said(verdict), "the person is told either way"


def test_an_answer_that_would_leave_after_a_later_one_is_returned() -> None:
    verdict = decided("K71 on my way", owned(ANA, answered_at=NOW + timedelta(seconds=1)))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.LATE]
    assert decided("K71 on my way", owned(ANA, answered_at=NOW)).answer == "on my way"


# Reactions (rule 10).

FORWARDED = (
    Quoted(K71.thread_id, "K71 +15550104567: The couch is here"),
    Quoted(M24.thread_id, "M24 +15550109913: The couch is here"),
)


def test_a_reaction_claims_the_customer_whose_text_it_quotes() -> None:
    for body in ("Liked “K71 +15550104567: The couch…”", "👍 to “K71 +15550104567: The couch is here”"):
        verdict = decided(body, K71, M24, quoted=FORWARDED)
        assert (verdict.asked, verdict.told) == (Asked.CLAIM, Told.CLAIMED)
        assert verdict.thread is not None
        assert verdict.thread.thread_id == K71.thread_id
        assert said(verdict) == [Said.TOOK]


@pytest.mark.parametrize(
    "body",
    [
        "Liked “To K71 (...4567).”",  # a notice of ours
        "Liked “The couch is here”",  # not the beginning
        "Questioned “K71 +15550104567: The couch”",
        "Removed a like from “K71 +15550104567: The couch”",
        "Loved an image",
        # Pasted behind a code: it may quote another customer.
        "K71 Liked “T99 +15550109913: The couch”",
        "K71 ok Liked “T99 +15550109913: The couch”",
        # A code that is none, as its letter is a word by itself; and words.
        "A 10 Disliked “The couch is here”",
        "On my way 😂 to “The couch is here”",
    ],
)
def test_other_reactions_take_nothing_and_reach_no_customer(body: str) -> None:
    verdict = decided(body, K71, quoted=FORWARDED)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.REACTION]


@pytest.mark.parametrize(
    "body",
    [
        "A aimé « {} »",
        "Hat „{}“ mit „Gefällt mir“ markiert",
        "Gefällt mir: „{}“",
        "Curtiu “{}”",
        'Ha messo "Mi piace" a “{}”',
        "👍 à « {} »",
        "👍 zu „{}“",
        "Понравилось «{}»",
        "赞了“{}”",
        "「{}」を高評価しました",
        'أعجبه "{}"',
        "Polubiono „{}”",
    ],
)
@pytest.mark.parametrize("length", [12, 40])
def test_a_reaction_in_words_that_no_list_has_reaches_no_customer(body: str, length: int) -> None:
    """[A phone in French]: what it quotes begins with the code, which stands inside."""
    quote = "K71 +15550104567: The couch is here"
    verdict = decided(body.format(quote[:length]), K71, quoted=FORWARDED)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CODE_INSIDE]


def test_a_reaction_that_fits_two_customers_is_asked_about() -> None:
    texts = (Quoted(K71.thread_id, "The couch is here"), Quoted(M24.thread_id, "The couch is there"))
    verdict = decided("Liked “The couch…”", K71, M24, quoted=texts)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.WHICH]


def test_a_reaction_takes_nothing_from_another_person_and_an_owners_is_not_passed_on() -> None:
    body = "Liked “K71 +15550104567: The couch”"
    assert said(decided(body, owned(BEN), quoted=FORWARDED)) == [Said.NOT_YOURS]
    assert said(decided(body, owned(ANA), quoted=FORWARDED)) == [Said.REACTION]
    waiting = {K71.thread_id: True}
    assert decided(body, owned(ANA), quoted=FORWARDED, relays_waiting=waiting).told is Told.CLAIMED
