"""Two persons' texts at once: every pair, in every order of coming in and of being decided.

Whichever commit comes first, the thread has one owner at most, the texts end alike where the protocol says so, and
what each person was told last about the thread is true.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from relay.core.threads.deciding import decide
from relay.core.threads.model import Shown, Thread
from relay.core.threads.verdict import Facts, HandlerText, Said, Verdict

from tests.core.threads.making import ANA, BEN, CARA, NOW, a_thread, ago, owned

_BODIES = ("K71 ok", "K71 on my way", "K71 mine", "K71 mine I come", "K71 done", "K71 pass", "K71 open", "K71 block")
_SHOWN = tuple(Shown(person, "K71", ago(minutes=10)) for person in (ANA, BEN, CARA))
_BEGINNINGS = {
    "free": a_thread(shown=_SHOWN),
    "Ana's": owned(ANA, shown=_SHOWN),
    "Ben's": owned(BEN, shown=_SHOWN),
    "Cara's": owned(CARA, shown=_SHOWN),
    "closed": owned(CARA, shown=_SHOWN, closed_at=ago(minutes=1)),
}


def _text(person: str, body: str, at: datetime) -> HandlerText:
    return HandlerText(f"{person} {body}", person, body, at)


def _play(thread: Thread, texts: tuple[HandlerText, ...]) -> tuple[Thread, list[tuple[HandlerText, Thread, Verdict]]]:
    """Decide on the texts one after another, each on what the one before has committed."""
    history, blocked = [], frozenset[str]()
    for text in texts:
        verdict = decide(text, Facts((thread,), blocked=blocked, relays_waiting={thread.thread_id: False}))
        history.append((text, thread, verdict))
        if verdict.is_changed and verdict.thread is not None:
            thread = verdict.thread
        if verdict.opts_out:
            blocked = frozenset({thread.thread_id})
    return thread, history


def _plays() -> Iterator[tuple[str, tuple[HandlerText, ...]]]:
    for beginning, first, second in itertools.product(_BEGINNINGS, _BODIES, _BODIES):
        for seconds in (-1, 0, 1):
            texts = (_text(ANA, first, NOW), _text(BEN, second, NOW + timedelta(seconds=seconds)))
            yield beginning, texts
            yield beginning, texts[::-1]


def test_there_are_as_many_plays_as_pairs_and_orders() -> None:
    assert sum(1 for _ in _plays()) == len(_BEGINNINGS) * len(_BODIES) ** 2 * 3 * 2


def test_words_go_only_while_their_writer_has_the_thread() -> None:
    """C2: what is sent was sent by the owner of that instant; one voice at a time."""
    for beginning, texts in _plays():
        _, history = _play(_BEGINNINGS[beginning], texts)
        for text, _, verdict in history:
            if verdict.answer is not None:
                assert verdict.thread is not None
                assert verdict.thread.owner == text.person


def test_who_loses_a_thread_is_told_so_and_by_whom() -> None:
    for beginning, texts in _plays():
        _, history = _play(_BEGINNINGS[beginning], texts)
        for text, before, verdict in history:
            after = verdict.thread if verdict.is_changed else before
            if before.owner in (None, text.person) or after is None or after.owner == before.owner:
                continue
            told = [notice for notice in verdict.notices if notice.to == before.owner]
            assert [(notice.said, notice.other) for notice in told] in (
                [(Said.TAKEN_OVER, text.person)],
                [(Said.DONE, text.person)],
            )


# What a person may believe after such a notice.
_MINE = {Said.TOOK, Said.SENT_TO, Said.DONE, Said.NOT_SENT_WORD}
_NOT_MINE = {Said.NOT_YOURS, Said.TAKEN_OVER, Said.PASSED}


def test_what_each_was_told_last_is_true() -> None:
    for beginning, texts in _plays():
        thread, history = _play(_BEGINNINGS[beginning], texts)
        for person in (ANA, BEN):
            notices = [notice for _, _, verdict in history for notice in verdict.notices if notice.to == person]
            if not notices:
                continue
            last = notices[-1]
            if last.said in _MINE and not last.other:
                assert thread.owner == person, (beginning, texts)
            if last.said in _NOT_MINE or last.other:
                assert thread.owner != person or last.said is Said.BLOCKED, (beginning, texts)
            if last.said is Said.NOT_YOURS:
                assert last.other != person


@pytest.mark.parametrize(
    ("first", "second"),
    [("K71 ok", "K71 ok"), ("K71 ok", "K71 on my way"), ("K71 on my way", "K71 I come"), ("K71 ok", "K71 mine")],
)
@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_of_two_claims_the_first_that_is_committed_counts(first: str, second: str, seconds: int) -> None:
    """Claim and claim, answer and answer: a later `mine` that was written after it takes over, and nothing else."""
    texts = (_text(ANA, first, NOW), _text(BEN, second, NOW + timedelta(seconds=seconds)))
    thread, history = _play(_BEGINNINGS["free"], texts)
    takes_over = second == "K71 mine" and seconds > 0
    assert thread.owner == (BEN if takes_over else ANA)
    if not takes_over:
        assert [notice.said for notice in history[1][2].notices] == [Said.NOT_YOURS]
        assert history[1][2].answer is None


def test_two_takeovers_end_with_the_one_that_was_written_last_in_whatever_order_they_are_decided() -> None:
    texts = (_text(ANA, "K71 mine", NOW), _text(BEN, "K71 mine", NOW + timedelta(seconds=1)))
    for order in (texts, texts[::-1]):
        assert _play(_BEGINNINGS["Cara's"], order)[0].owner == BEN


def test_done_and_answer() -> None:
    """Closed first, the answer is not sent and its writer told; answered first, `done` closes and tells the owner."""
    done, answer = _text(ANA, "K71 done", NOW + timedelta(seconds=1)), _text(BEN, "K71 on my way", NOW)
    thread, history = _play(_BEGINNINGS["free"], (done, answer))
    assert (thread.owner, thread.is_open(NOW)) == (ANA, False)
    assert (history[1][2].answer, [each.said for each in history[1][2].notices]) == (None, [Said.CLOSED])
    thread, history = _play(_BEGINNINGS["free"], (answer, done))
    assert (thread.owner, thread.closed_at) == (ANA, done.at)
    assert [(each.to, each.said) for each in history[1][2].notices] == [(ANA, Said.DONE), (BEN, Said.DONE)]


def test_pass_and_claim() -> None:
    """Whichever is first, who claims has it, and a pass takes nothing from that person."""
    passing, claim = _text(ANA, "K71 pass", NOW), _text(BEN, "K71 ok", NOW)
    for order in ((passing, claim), (claim, passing)):
        thread, history = _play(_BEGINNINGS["free"], order)
        assert thread.owner == BEN
        saids = {text.person: [each.said for each in verdict.notices] for text, _, verdict in history}
        assert saids[BEN] == [Said.TOOK]
        assert saids[ANA] == ([Said.PASSED] if order[0] is passing else [Said.NOT_YOURS])
