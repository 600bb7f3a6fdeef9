"""What each kind of text does to the one thread that it is for: a table of functions. Pure.

Each returns the Verdict on a Case; a text whose thread is in doubt never comes here (deciding.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from relay.core.threads import audience, ownership
from relay.core.threads.asking import not_yours, nothing_to_send, told, unclear
from relay.core.threads.grammar import Wish
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Asked, Facts, HandlerText, Notice, Said, Told, Verdict

# An owner who writes without a code is told once in this time to whom it went.
POINTED_ONCE_IN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Case:
    """One text for one thread. `is_named`: the thread was named, by a code or by a quote."""

    text: HandlerText
    facts: Facts
    thread: Thread
    wish: Wish
    is_named: bool

    @property
    def is_open(self) -> bool:
        return self.thread.is_open(self.text.at)

    @property
    def may_speak(self) -> bool:
        return ownership.may_speak(self.thread, self.text.person)

    @property
    def may_take_over(self) -> bool:
        """Whether the text may end another person's ownership: only one that names the thread does."""
        own = self.may_speak
        return own or (self.is_named and ownership.may_take_over(self.thread, self.text.person, self.text.at))

    @property
    def is_blocked(self) -> bool:
        return self.thread.thread_id in self.facts.blocked

    @property
    def former_owner(self) -> str | None:
        """Returns the other person who has the thread, if one has."""
        return None if self.may_speak else self.thread.owner


def do(case: Case) -> Verdict:
    """Returns what a text does to its thread, with what is said of pictures that came with it and do not go."""
    verdict = _BY_WISH[case.wish.asked](case)
    if not case.text.media_count or verdict.asked is Asked.UNCLEAR:
        return verdict
    if not case.text.files_go:
        photos = told(case.text, Said.NO_PHOTOS, case.thread, words=verdict.answer or "")
    elif verdict.answer is None:
        photos = told(case.text, Said.PHOTOS_STAY, case.thread)
    else:
        return verdict
    return replace(verdict, notices=(*verdict.notices, photos))


def _answer(case: Case) -> Verdict:
    """Words for the customer: they go, and claim."""
    if (refused := _unsendable(case, case.may_speak)) is not None:
        return refused
    return _sent(case, Asked.ANSWER)


def _take_over(case: Case) -> Verdict:
    """`mine`: takes the thread from another person, and sends what stands behind it."""
    if case.may_speak:
        return _answer(case) if case.wish.words else _claim(case)
    if case.wish.words:
        return _unsendable(case, case.may_take_over) or _sent(case, Asked.TAKEOVER)
    if not case.is_open:
        return _closed(case)
    if not case.may_take_over:
        return not_yours(case.text, case.thread)
    if case.text.is_recovered and ownership.changed_after(case.thread, case.text.at):
        return _late(case)
    return _claimed(case, Asked.TAKEOVER, "it takes the customer over", Said.TOOK)


def _claim(case: Case) -> Verdict:
    """A claim word or a reaction: takes a thread without an owner, and what waits in the person's own."""
    if not case.is_open:
        return _closed(case)
    if not case.may_speak:
        return not_yours(case.text, case.thread)
    if case.text.is_recovered and ownership.changed_after(case.thread, case.text.at):
        return _late(case)
    waits = case.facts.relays_waiting.get(case.thread.thread_id, False)
    if case.thread.owner is None or waits:
        return _claimed(case, Asked.CLAIM, "it claims the customer", Said.TOOK)
    if case.wish.asked is Asked.CLAIM and not case.wish.words:
        return unclear(case.text, Said.REACTION, "a reaction is not passed on", case.thread)
    because = "a claim word of the person who has the customer"
    return unclear(case.text, Said.NOT_SENT_WORD, because, case.thread, words=case.wish.words or "mine")


def _done(case: Case) -> Verdict:
    """`done`: closes the thread as the person's own."""
    if not case.is_open:
        return _closed(case)
    if not case.may_take_over:
        return not_yours(case.text, case.thread)
    if case.text.is_recovered and ownership.may_have_moved_after(case.thread, case.text.at):
        return _late(case)
    thread = ownership.closed(case.thread, case.text.person, case.text.at)
    notices = (told(case.text, Said.DONE, thread), *to_former_owner(case, Said.DONE, thread))
    return Verdict(Asked.DONE, "it closes the thread", thread, True, Told.CLAIMED, notices=notices)


def _pass(case: Case) -> Verdict:
    """`pass`: gives the thread up; the relays know whether the next tier is still to be texted."""
    if not case.is_open:
        return _closed(case)
    if not case.may_speak:
        return not_yours(case.text, case.thread)
    if case.text.is_recovered and ownership.may_have_moved_after(case.thread, case.text.at):
        return _late(case)
    thread = ownership.passed(case.thread, case.text.at)
    notices = (told(case.text, Said.PASSED, thread),)
    return Verdict(Asked.PASS, "the person passes", thread, True, Told.PASSED, notices=notices)


def _open(case: Case) -> Verdict:
    """`open`: opens a closed thread again as the person's own, while it keeps its code."""
    text, thread = case.text, case.thread
    if case.is_open:
        if not case.may_speak:
            return not_yours(text, thread)
        return unclear(text, Said.OPENED, "the thread is open", thread)
    if text.is_recovered and ownership.may_have_moved_after(thread, text.at):
        return _late(case)
    is_its_code_gone = bool(thread.code) and not thread.keeps_its_code(text.at)
    if is_its_code_gone or text.at <= thread.closed_since() or not case.may_take_over:
        return _closed(case)
    opened = ownership.opened(thread, text.person, text.at)
    notices = (told(text, Said.OPENED, opened), *to_former_owner(case, Said.TAKEN_OVER, opened))
    return Verdict(Asked.OPEN, "it opens the thread again", opened, True, Told.CLAIMED, notices=notices)


def _block(case: Case) -> Verdict:
    """`block`: the customer gets no text any more. On a thread that is open, and not another person's, it claims."""
    text, thread = case.text, case.thread
    if not case.is_named and not case.may_speak:
        return not_yours(text, thread)
    if case.is_blocked:
        return unclear(text, Said.BLOCKED, "the customer is blocked", thread)
    may_claim = not (text.is_recovered and ownership.changed_after(thread, text.at))
    claims = case.is_open and case.may_speak and may_claim
    after = ownership.claimed(thread, text.person, text.at) if claims else thread
    notices = (told(text, Said.BLOCKED, after), *to_former_owner(case, Said.BLOCKED, after))
    tells = Told.CLAIMED if claims else None
    return Verdict(Asked.BLOCK, "it blocks the customer", after, claims, tells, opts_out=True, notices=notices)


def _reserved(case: Case) -> Verdict:
    """A word that the provider acts on first, behind a code or `.`: it goes to no customer by itself."""
    because = "a word that the provider acts on"
    return unclear(case.text, Said.RESERVED, because, case.thread, words=case.wish.words)


_BY_WISH: dict[Asked, Callable[[Case], Verdict]] = {
    Asked.ANSWER: _answer,
    Asked.TAKEOVER: _take_over,
    Asked.CLAIM: _claim,
    Asked.DONE: _done,
    Asked.PASS: _pass,
    Asked.OPEN: _open,
    Asked.BLOCK: _block,
    Asked.RESERVED: _reserved,
}


def _unsendable(case: Case, may: bool) -> Verdict | None:
    """Returns why words may not go to the customer, first things first; None when they may."""
    text, thread, words = case.text, case.thread, case.wish.words
    if not words and not text.has_files_to_send:
        return nothing_to_send(text, thread)
    if not case.is_open:
        return _closed(case)
    if not thread.is_answerable:
        return unclear(text, Said.CALL, "the customer cannot be answered by text", thread)
    if case.is_blocked:
        return unclear(text, Said.BLOCKED, "the customer is blocked", thread)
    if not may:
        return not_yours(text, thread)
    if text.is_recovered:
        return _late(case)
    if words and audience.came_twice(text, case.facts):
        return unclear(text, Said.AGAIN, "the same words went a moment ago", thread, words=words)
    if thread.answered_at is not None and thread.answered_at > text.at:
        return unclear(text, Said.LATE, "a later answer went before it", thread, words=words)
    return None


def _sent(case: Case, asked: Asked) -> Verdict:
    text = case.text
    thread = ownership.answered(case.thread, text.person, text.at)
    notices = to_former_owner(case, Said.TAKEN_OVER, thread)
    if asked is Asked.TAKEOVER or (not case.is_named and _is_to_be_pointed(thread, text)):
        # A takeover is acknowledged each time: another person's may have been told of in between.
        thread = replace(thread, pointed_at=text.at)
        notices = (told(text, Said.SENT_TO, thread), *notices)
    because = "its words go to the customer"
    return Verdict(asked, because, thread, True, Told.CLAIMED, answer=case.wish.words, notices=notices)


def _is_to_be_pointed(thread: Thread, text: HandlerText) -> bool:
    return thread.pointed_at is None or text.at - thread.pointed_at >= POINTED_ONCE_IN


def _claimed(case: Case, asked: Asked, because: str, said: Said) -> Verdict:
    thread = ownership.claimed(case.thread, case.text.person, case.text.at)
    notices = (told(case.text, said, thread), *to_former_owner(case, Said.TAKEN_OVER, thread))
    return Verdict(asked, because, thread, thread != case.thread, Told.CLAIMED, notices=notices)


def _closed(case: Case) -> Verdict:
    return unclear(case.text, Said.CLOSED, "the thread is closed", case.thread)


def _late(case: Case) -> Verdict:
    # An answer without words has files alone.
    words = case.wish.words or ("" if case.wish.asked is Asked.ANSWER else case.text.body.strip())
    return unclear(case.text, Said.LATE, "it was found too late", case.thread, words=words)


def to_former_owner(case: Case, said: Said, thread: Thread) -> tuple[Notice, ...]:
    """Returns the notice to the other person who had the thread; nothing where no other person had it."""
    if case.former_owner is None:
        return ()
    return (Notice(case.former_owner, said, (thread,), other=case.text.person, at=case.text.at),)
