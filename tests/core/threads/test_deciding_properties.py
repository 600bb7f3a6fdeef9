"""Whatever a handler texts, the protocol's promises about single verdicts hold: C3, C4, C5, C8 and C9."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given, settings
from relay.core.threads import audience, ownership
from relay.core.threads.codes import code_in_front
from relay.core.threads.deciding import decide
from relay.core.threads.grammar import is_claim
from relay.core.threads.model import Thread
from relay.core.threads.tapbacks import tapback_of
from relay.core.threads.verdict import Asked, Facts, HandlerText, Told, Verdict

from tests.core.threads.making import ANA, is_without_effect
from tests.core.threads.texts import CUSTOMERS_WORDS, asked
from tests.quick import some_of

# One in twenty has words that go to a customer.
whatever_is_texted = settings(max_examples=some_of(1500), deadline=None)


def _before(verdict: Verdict, facts: Facts) -> Thread:
    """The thread that a verdict is about, as it was read."""
    assert verdict.thread is not None
    return next(each for each in facts.threads if each.thread_id == verdict.thread.thread_id)


@whatever_is_texted
@given(asked)
def test_what_changes_is_one_thread_that_he_named_by_a_code_he_was_shown_or_the_only_one(
    given_: tuple[HandlerText, Facts],
) -> None:
    """C3 and C8."""
    text, facts = given_
    verdict = decide(text, facts)
    if is_without_effect(verdict):
        return
    before = _before(verdict, facts)
    front = code_in_front(text.body)
    if front is not None:
        assert before.code == front[0]
        assert before.shown_to(ANA, front[0]) is not None
    elif tapback_of(text.body) is not None:
        assert verdict.asked is Asked.CLAIM
        assert before in [each for each in facts.threads if text.body.find(each.code) >= 0 or not each.code]
    else:
        assert audience.candidates(text, facts) == (before,)


@whatever_is_texted
@given(asked)
def test_words_go_only_to_a_customer_who_may_be_answered_and_from_the_one_who_has_him(
    given_: tuple[HandlerText, Facts],
) -> None:
    """C2 and C6, as far as one verdict goes; late and doubled words go to no customer."""
    text, facts = given_
    verdict = decide(text, facts)
    if verdict.answer is None:
        return
    before, after = _before(verdict, facts), verdict.thread
    assert after is not None
    assert before.is_open(text.at)
    assert before.is_answerable
    assert before.thread_id not in facts.blocked
    assert not text.is_recovered
    assert before.answered_at is None or before.answered_at <= text.at
    assert after.owner == ANA
    assert verdict.told is Told.CLAIMED
    if verdict.asked is Asked.TAKEOVER:
        assert before.owner not in (None, ANA)
        assert code_in_front(text.body) is not None
        assert ownership.may_take_over(before, ANA, text.at)
    else:
        assert verdict.asked is Asked.ANSWER
        assert before.owner in (None, ANA)


@whatever_is_texted
@given(asked)
def test_no_claim_word_and_none_of_another_customers_words_reach_a_customer(
    given_: tuple[HandlerText, Facts],
) -> None:
    """C4 and C9: what goes is what he wrote, without the code, and never a reaction's quote."""
    text, facts = given_
    answer = decide(text, facts).answer
    if answer is None:
        return
    assert answer.strip() == answer
    assert answer or text.has_files_to_send
    assert answer in text.body
    assert not is_claim(answer) or "say" in text.body.casefold()
    assert CUSTOMERS_WORDS not in answer


@whatever_is_texted
@given(asked)
def test_every_text_has_an_effect_or_an_answer(given_: tuple[HandlerText, Facts]) -> None:
    """C5: silence is for machines, and for what the provider answers."""
    text, facts = given_
    verdict = decide(text, facts)
    told = [notice for notice in verdict.notices if notice.to == ANA]
    if verdict.asked is Asked.MACHINE:
        assert is_without_effect(verdict)
        assert verdict.notices == ()
        assert code_in_front(text.body) is None
        assert any(each.asked is Asked.UNCLEAR for each in facts.earlier)
    elif verdict.asked is Asked.RESERVED:
        assert is_without_effect(verdict)
        assert verdict.notices == ()
    else:
        assert told or verdict.answer is not None
    if verdict.asked is Asked.UNCLEAR:
        assert is_without_effect(verdict)
    assert verdict.because


@whatever_is_texted
@given(asked)
def test_a_thread_changes_only_in_what_a_handlers_text_may_change_and_its_former_owner_is_told(
    given_: tuple[HandlerText, Facts],
) -> None:
    text, facts = given_
    verdict = decide(text, facts)
    assert decide(text, facts) == verdict, "asked again it says the same"
    if verdict.thread is None or verdict.thread.thread_id not in {each.thread_id for each in facts.threads}:
        assert not verdict.is_changed
        return
    before, after = _before(verdict, facts), verdict.thread
    assert verdict.is_changed == (before != after)
    kept = {
        "thread_id",
        "our_phone",
        "customer_phone",
        "opened_at",
        "code",
        "channel",
        "shown",
        "introduced_at",
        "rest",
    }
    assert all(getattr(before, each.name) == getattr(after, each.name) for each in fields(Thread) if each.name in kept)
    if before.owner not in (None, ANA) and after.owner != before.owner:
        assert before.owner in [notice.to for notice in verdict.notices]
