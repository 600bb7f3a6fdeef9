"""Verdicts that do nothing but tell the person something: why a text had no effect, or what to send instead. Pure."""

from __future__ import annotations

from relay.core.threads.model import Thread
from relay.core.threads.verdict import Asked, HandlerText, Notice, Said, Verdict


def told(text: HandlerText, said: Said, *threads: Thread, words: str = "", other: str | None = None) -> Notice:
    """Returns the notice to the writer; of a single thread that another person has it says who that is."""
    since = threads[0].owner_since if other and len(threads) == 1 else None
    return Notice(text.person, said, threads, other=other or "", since=since, words=words, at=text.at)


def unclear(text: HandlerText, said: Said, because: str, *threads: Thread, words: str = "") -> Verdict:
    """Returns the verdict that nothing is done and the writer is told so."""
    thread = threads[0] if len(threads) == 1 else None
    return Verdict(Asked.UNCLEAR, because, thread=thread, notices=(told(text, said, *threads, words=words),))


def not_yours(text: HandlerText, thread: Thread) -> Verdict:
    """Returns the verdict that another person has the thread."""
    notice = told(text, Said.NOT_YOURS, thread, other=thread.owner)
    return Verdict(Asked.UNCLEAR, "another person has this customer", thread=thread, notices=(notice,))


def nothing_to_send(text: HandlerText, *threads: Thread) -> Verdict:
    """Returns the verdict on a text without words, with pictures that are not passed on or with nothing at all."""
    if text.media_count:
        return unclear(text, Said.NO_PHOTOS, "it has no words, and what is attached is not passed on", *threads)
    return unclear(text, Said.NOTHING_TO_SEND, "it has no words", *threads)
