"""What a handler's text does to its thread: rules 1 to 6 and 10 of the protocol, and who is told what."""

from __future__ import annotations

from typing import Any

import pytest
from relay.core.model import Consent
from relay.core.threads.grammar import CLAIM_WORDS, RESERVED
from relay.core.threads.model import Shown, Thread
from relay.core.threads.verdict import Asked, Said, Told

from tests.core.threads.making import ANA, BEN, NOW, a_thread, ago, decided, is_without_effect, owned, said

K71 = a_thread("K71")
CLOSED = owned(BEN, closed_at=ago(minutes=2))


# Claims.


@pytest.mark.parametrize("body", [*CLAIM_WORDS, "mine", *(f"K71 {word}" for word in (*CLAIM_WORDS, "mine"))])
def test_a_claim_word_takes_a_free_thread_and_is_acknowledged(body: str) -> None:
    verdict = decided(body, K71)
    assert (verdict.asked, verdict.told, verdict.answer) == (Asked.CLAIM, Told.CLAIMED, None)
    assert verdict.thread is not None
    assert (verdict.thread.owner, verdict.thread.owner_since, verdict.is_changed) == (ANA, NOW, True)
    assert said(verdict) == [Said.TOOK]


@pytest.mark.parametrize("body", ["ok", "K71 ok", "mine", "K71 mine"])
def test_an_owners_claim_word_is_not_sent(body: str) -> None:
    verdict = decided(body, owned(ANA))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.NOT_SENT_WORD]
    assert verdict.notices[0].words == body.removeprefix("K71 ")


@pytest.mark.parametrize("body", ["ok", "K71 ok", "K71 mine"])
def test_an_owners_claim_word_takes_what_waits_for_it(body: str) -> None:
    """[The owner slept, and a further text waits in the claim window: "ok" must not let it go on to tier 2]."""
    verdict = decided(body, owned(ANA), relays_waiting={K71.thread_id: True})
    assert verdict.told is Told.CLAIMED
    assert said(verdict) == [Said.TOOK]
    assert verdict.thread is not None
    assert (verdict.thread.owner_since, verdict.thread.owner_acted_at) == (owned(ANA).owner_since, NOW)


@pytest.mark.parametrize("body", ["ok", "mine", "K71 ok", "on my way", "K71 on my way", "K71 pass", "done", "block"])
def test_one_voice(body: str) -> None:
    verdict = decided(body, owned(BEN, since=ago(minutes=12)))
    assert is_without_effect(verdict)
    notice = verdict.notices[0]
    assert (notice.to, notice.said, notice.other, notice.since, notice.at) == (
        ANA, Said.NOT_YOURS, BEN, ago(minutes=12), NOW
    )  # fmt: skip


# Takeovers (rule 5).


def test_a_takeover_is_acknowledged_and_told_to_the_owner_before() -> None:
    verdict = decided("K71 mine", owned(BEN))
    assert (verdict.asked, verdict.told, verdict.answer) == (Asked.TAKEOVER, Told.CLAIMED, None)
    assert verdict.thread is not None
    assert (verdict.thread.owner, verdict.thread.owner_since) == (ANA, NOW)
    assert said(verdict) == [Said.TOOK]
    assert said(verdict, BEN) == [Said.TAKEN_OVER]
    assert verdict.notices[1].other == ANA


def test_a_takeover_sends_the_words_behind_it() -> None:
    verdict = decided("K71 mine on my way", owned(BEN))
    assert (verdict.asked, verdict.answer) == (Asked.TAKEOVER, "on my way")
    assert said(verdict) == [Said.SENT_TO]
    assert said(verdict, BEN) == [Said.TAKEN_OVER]


@pytest.mark.parametrize("thread", [K71, owned(ANA)])
def test_with_nothing_to_take_over_its_words_are_an_answer(thread: Thread) -> None:
    verdict = decided("K71 mine on my way", thread)
    assert (verdict.asked, verdict.answer, verdict.notices) == (Asked.ANSWER, "on my way", ())


@pytest.mark.parametrize("body", ["K71 mine", "K71 mine on my way", "K71 done"])
def test_what_was_written_before_the_present_claim_takes_nothing_over(body: str) -> None:
    verdict = decided(body, owned(BEN, since=NOW))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.NOT_YOURS]


@pytest.mark.parametrize(
    ("changes", "facts", "notice"),
    [
        ({"closed_at": ago(minutes=1)}, {}, Said.CLOSED),
        ({"channel": "whatsapp"}, {}, Said.CALL),
        ({}, {"blocked": frozenset({K71.thread_id})}, Said.BLOCKED),
    ],
)
def test_a_takeover_whose_words_cannot_go_changes_nothing(
    changes: dict[str, Any], facts: dict[str, Any], notice: Said
) -> None:
    verdict = decided("K71 mine on my way", owned(BEN, **changes), **facts)
    assert is_without_effect(verdict)
    assert said(verdict) == [notice]


# done, pass, open (rule 6).


@pytest.mark.parametrize("thread", [K71, owned(ANA)])
@pytest.mark.parametrize("body", ["done", "K71 done"])
def test_done_claims_and_closes(thread: Thread, body: str) -> None:
    verdict = decided(body, thread)
    assert (verdict.asked, verdict.told, said(verdict)) == (Asked.DONE, Told.CLAIMED, [Said.DONE])
    assert verdict.thread is not None
    assert (verdict.thread.owner, verdict.thread.closed_at, verdict.thread.changed_at) == (ANA, NOW, NOW)


def test_done_about_another_persons_customer_tells_that_person() -> None:
    verdict = decided("K71 done", owned(BEN))
    assert verdict.asked is Asked.DONE
    assert said(verdict) == said(verdict, BEN) == [Said.DONE]
    assert verdict.notices[1].other == ANA


@pytest.mark.parametrize("thread", [K71, owned(ANA)])
@pytest.mark.parametrize("body", ["pass", "K71 pass", "K71 Pass."])
def test_pass_leaves_the_thread_without_an_owner_and_tells_its_relays(thread: Thread, body: str) -> None:
    verdict = decided(body, thread)
    assert (verdict.asked, verdict.told, said(verdict)) == (Asked.PASS, Told.PASSED, [Said.PASSED])
    assert verdict.thread is not None
    assert (verdict.thread.owner, verdict.thread.changed_at, verdict.is_changed) == (None, NOW, True)


@pytest.mark.parametrize("body", ["pass, I am ill", "K71 pass to Ben please"])
def test_pass_with_more_words_is_asked_about(body: str) -> None:
    """[A person who wants to be rid of it would claim it, and the customer would read why]."""
    verdict = decided(body, owned(ANA))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.PASS_ALONE]


@pytest.mark.parametrize(
    "body", ["K71 on my way", "K71 ok", "K71 done", "K71 pass", "K71 mine", "ok", "done", "say hi"]
)
def test_a_closed_thread_is_only_opened(body: str) -> None:
    verdict = decided(body, CLOSED)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.CLOSED]


def test_open_makes_it_the_persons_own_and_tells_the_one_who_had_it() -> None:
    verdict = decided("K71 open", CLOSED)
    assert verdict.asked is Asked.OPEN
    assert verdict.thread is not None
    assert (verdict.thread.owner, verdict.thread.closed_at, verdict.thread.is_open(NOW)) == (ANA, None, True)
    assert said(verdict) == [Said.OPENED]
    assert said(verdict, BEN) == [Said.TAKEN_OVER]


def test_without_a_code_open_takes_nothing_from_another_person() -> None:
    assert said(decided("open", CLOSED)) == [Said.CLOSED]
    assert said(decided("open", owned(ANA, closed_at=ago(minutes=2)))) == [Said.OPENED]


@pytest.mark.parametrize(
    ("thread", "notice"),
    [
        (K71, Said.OPENED),
        (owned(BEN), Said.NOT_YOURS),
        # Written before it was closed.
        (owned(BEN, closed_at=NOW), Said.CLOSED),
    ],
)
def test_open_where_nothing_is_to_be_opened(thread: Thread, notice: Said) -> None:
    verdict = decided("K71 open", thread)
    assert is_without_effect(verdict)
    assert said(verdict) == [notice]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"closed_at": ago(days=6.9)}, Asked.OPEN),
        ({"closed_at": ago(days=7)}, Asked.UNCLEAR),
        # Closed by itself fourteen days after its last text.
        ({"touched_at": ago(days=20.9)}, Asked.OPEN),
        ({"touched_at": ago(days=21)}, Asked.UNCLEAR),
    ],
)
def test_a_closed_thread_can_be_opened_for_seven_days(changes: dict[str, Any], asked: Asked) -> None:
    assert decided("K71 open", a_thread("K71", shown_at=ago(days=21), **changes)).asked is asked


def test_a_thread_whose_code_may_be_another_customers_by_now_stays_closed() -> None:
    thread = a_thread("K71", closed_at=ago(days=8), touched_at=ago(days=8))
    assert said(decided("open", thread)) == [Said.CLOSED]


# say, ?, block, reserved words (rule 10).


@pytest.mark.parametrize("words", ["ok", "👍", "done", "stop", "pass it on", "M24 is yours"])
def test_say_sends_any_words(words: str) -> None:
    assert decided(f"K71 say {words}", owned(ANA)).answer == words
    assert decided(f"K71 mine say {words}", owned(BEN)).answer == words


@pytest.mark.parametrize("body", ["?", "K71 ?", " ?? "])
def test_a_question_mark_lists_what_is_open_and_his_or_free(body: str) -> None:
    own = owned(ANA, "K71", shown=(Shown(ANA, "K71", ago(days=3)),))
    others = (
        owned(BEN, "M24"),
        owned(ANA, "T10", closed_at=ago(hours=1)),
        a_thread("T11", shown_at=ago(days=1)),
        a_thread("T12", closed_at=ago(hours=1)),
    )
    free = a_thread("T13")
    verdict = decided(body, free, *others, own)
    assert (verdict.asked, said(verdict)) == (Asked.LIST, [Said.LIST])
    assert verdict.notices[0].threads == (own, free)
    assert not verdict.is_changed


@pytest.mark.parametrize("body", ["block", "K71 block"])
@pytest.mark.parametrize("thread", [K71, owned(ANA)])
def test_block_opts_the_customer_out_and_ends_the_cascade(body: str, thread: Thread) -> None:
    """[What a stranger advertises would be brought to every tier, and to the operators]."""
    verdict = decided(body, thread)
    assert (verdict.asked, verdict.opts_out, verdict.told, said(verdict)) == (
        Asked.BLOCK, True, Told.CLAIMED, [Said.BLOCKED]
    )  # fmt: skip
    assert verdict.thread is not None
    assert verdict.thread.owner == ANA


def test_blocking_another_persons_customer_takes_nothing_and_tells_that_person() -> None:
    verdict = decided("K71 block", owned(BEN))
    assert (verdict.opts_out, verdict.told, verdict.is_changed) == (True, None, False)
    assert said(verdict) == said(verdict, BEN) == [Said.BLOCKED]


def test_blocking_twice_changes_nothing() -> None:
    verdict = decided("K71 block", K71, blocked=frozenset({K71.thread_id}))
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.BLOCKED]


@pytest.mark.parametrize("word", RESERVED)
def test_the_providers_words_are_no_command_and_reach_no_customer(word: str) -> None:
    bare = decided(word.lower(), K71)
    assert is_without_effect(bare)
    assert (bare.asked, bare.notices) == (Asked.RESERVED, ()), "the provider answers, and blocks"
    for body in (f"{word}.", f"K71 {word}"):
        verdict = decided(body, owned(ANA))
        assert is_without_effect(verdict)
        assert said(verdict) == [Said.RESERVED]
    assert said(decided(f"{word}.")) == [Said.RESERVED]


def test_a_word_that_the_account_made_one_of_them_is_one() -> None:
    verdict = decided("basta", K71, consent=Consent.STOP)
    assert (verdict.asked, verdict.notices) == (Asked.RESERVED, ())


@pytest.mark.parametrize("consent", [None, Consent.START])
def test_yes_is_an_answer_and_no_claim(consent: Consent | None) -> None:
    assert decided("YES", K71, consent=consent).answer == "YES"
    assert said(decided("yes", owned(BEN), consent=consent)) == [Said.NOT_YOURS]


# Pictures, and nothing at all.


@pytest.mark.parametrize("body", ["", "K71", "K71:", "  ", "K71 say", "say"])
def test_a_text_without_words_sends_nothing(body: str) -> None:
    assert said(decided(body, K71)) == [Said.NOTHING_TO_SEND]
    verdict = decided(body, K71, media_count=1)
    assert is_without_effect(verdict)
    assert said(verdict) == [Said.NO_PHOTOS]
    assert verdict.notices[0].words == "", "it says that nothing was sent"


def test_the_words_go_and_the_picture_does_not() -> None:
    verdict = decided("K71 look at this", K71, media_count=2)
    assert verdict.answer == "look at this"
    assert said(verdict) == [Said.NO_PHOTOS]
    assert verdict.notices[0].words == "look at this"
    assert said(decided("K71 ok", K71, media_count=1)) == [Said.TOOK, Said.NO_PHOTOS]
    assert said(decided("K71 look", owned(BEN), media_count=1)) == [Said.NOT_YOURS]
