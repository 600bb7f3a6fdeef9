"""`words_of` writes what a notice says to a handler: plain, short, in one SMS segment.

A notice names a customer by code and the number's last four digits, another handler by name, and never holds a
handler's number. What it quotes are the reader's own words, cut where the segment ends.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.core.comparing import smart_encoded
from relay.core.numbers import e164
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Notice, Said
from relay.flow.segments import is_gsm, segments

_NAME_MAX = 20
QUOTE_MAX = 60
_UNNAMED = "Another person"
_LIST_OF_CODES = "Text ? for your list."


def words_of(notice: Notice, names: Mapping[str, str]) -> str:
    """Returns the text of a notice; `names` has what each person is called, by id."""
    return _WORDS[notice.said](_Saying(notice, names))


def customer(thread: Thread) -> str:
    """Returns what a customer is called in a notice: `K71 (...4567)`."""
    return f"{thread.code} ({ending(thread.customer_phone)})".strip()


@dataclass(frozen=True, slots=True)
class _Saying:
    """One notice, and the phrases that are made of it."""

    notice: Notice
    names: Mapping[str, str]

    @property
    def thread(self) -> Thread | None:
        """Returns the thread, where the notice names a single one."""
        return self.notice.threads[0] if len(self.notice.threads) == 1 else None

    @property
    def who(self) -> str:
        """Returns what the other person is called."""
        return gsm(self.names.get(self.notice.other, ""))[:_NAME_MAX].strip() or _UNNAMED

    @property
    def customer(self) -> str:
        return customer(self.thread) if self.thread else "the customer"

    def example(self, word: str) -> str:
        """Returns what to text so that this word is for the notice's thread: `K71 mine`."""
        return f"{self.thread.code} {word}".lstrip() if self.thread else f"the code and {word}"

    def quoting(self, before: str, after: str = "") -> str:
        """Returns the two with the person's words between them, as much of these as one segment holds."""
        words = gsm(self.notice.words)
        for length in range(min(len(words), QUOTE_MAX), -1, -1):
            quoted = words if length == len(words) else f"{words[:length].rstrip()}..."
            if segments(before + quoted + after) == 1:
                return before + quoted + after
        return before + after

    def listing(self, before: str, threads: tuple[Thread, ...]) -> str:
        """Returns the words with as many of the threads behind them as one segment holds."""
        named = [customer(thread) for thread in threads]
        for count in range(len(named), 0, -1):
            more = f" and {len(named) - count} more" if count < len(named) else ""
            if segments(text := f"{before}{', '.join(named[:count])}{more}") == 1:
                return text
        return before.rstrip()


def _which(saying: _Saying) -> str:
    threads = saying.notice.threads
    if not threads:
        return (
            "Nothing was done: you were texted about no customer in the last 12 hours. "
            f"Begin with the customer's code. {_LIST_OF_CODES}"
        )
    return saying.listing("Nothing was done. Which one? Send it again beginning ", threads)


def _not_yours(saying: _Saying) -> str:
    took = f"Nothing was sent: {saying.who} took {saying.customer}{_ago(saying.notice)}."
    if saying.thread is None or not saying.thread.code:
        return took
    return f"{took} To take it over: {saying.example('mine')}"


def _code_is_anothers(saying: _Saying) -> str:
    code = gsm(saying.notice.words)[:10]
    if saying.thread is None:
        return f"Nothing was sent: {code} is no code of yours. {_LIST_OF_CODES}"
    whose = ending(saying.thread.customer_phone)
    return f"Nothing was sent: {code} is ({whose}) now, and you were not texted about that. {_LIST_OF_CODES}"


def _code_inside(saying: _Saying) -> str:
    if saying.thread is None:
        return f"Nothing was sent: a code stands inside. Put the customer's code and say in front. {_LIST_OF_CODES}"
    return saying.quoting(
        f"Nothing was sent: a code stands inside. If it is for {saying.customer} text: {saying.example('say ')}"
    )


def _took(saying: _Saying) -> str:
    return f"{saying.customer} is yours. Nothing was sent to the customer."


def _taken_over(saying: _Saying) -> str:
    return f"{saying.who} took over {saying.customer} from you."


def _sent_to(saying: _Saying) -> str:
    return f"To {saying.customer}."


def _closed(saying: _Saying) -> str:
    return f"Nothing was done: {saying.customer} is closed. To open it again: {saying.example('open')}"


def _done(saying: _Saying) -> str:
    if saying.notice.other:
        return f"{saying.who} closed {saying.customer}. To open it again: {saying.example('open')}"
    return f"{saying.customer} is closed. Nothing was sent to the customer. To open it again: {saying.example('open')}"


def _passed(saying: _Saying) -> str:
    return f"You passed {saying.customer} on."


def _passed_by_other(saying: _Saying) -> str:
    return f"Nothing was done: {saying.customer} has already gone on to the next person."


def _opened(saying: _Saying) -> str:
    is_own = saying.thread is not None and saying.thread.owner == saying.notice.to
    return f"{saying.customer} is open{' and yours' if is_own else ''}. Nothing was sent to the customer."


def _blocked(saying: _Saying) -> str:
    if saying.notice.other:
        return f"{saying.who} blocked {saying.customer}: no text goes to that number any more."
    return f"Nothing was sent: {saying.customer} is blocked, no text goes to that number any more."


def _call(saying: _Saying) -> str:
    return f"Nothing was sent: {saying.customer} cannot be answered by text. Please call."


def _late(saying: _Saying) -> str:
    if saying.thread is not None and saying.thread.code:
        again = f'". If you still mean it, send it again beginning {saying.customer}'
    else:
        again = f'". If you still mean it, send it again beginning with the code. {_LIST_OF_CODES}'
    return saying.quoting('Too late, nothing was done: "', again)


def _again(saying: _Saying) -> str:
    return saying.quoting(f"Went to {saying.customer} once, not twice. To send it again: {saying.example('say ')}")


def _not_sent_word(saying: _Saying) -> str:
    return saying.quoting(
        f"{saying.customer} is yours already. Not sent to the customer. To send it: {saying.example('say ')}"
    )


def _reserved(saying: _Saying) -> str:
    return saying.quoting(f"Not sent: phone networks act on that word. To send it: {saying.example('say ')}")


def _no_photos(saying: _Saying) -> str:
    if saying.notice.words:
        return f"To {saying.customer} went your words alone. Pictures are not passed on."
    return "Pictures are not passed on to customers. Nothing was sent."


def _list(saying: _Saying) -> str:
    threads = saying.notice.threads
    own = tuple(each for each in threads if each.owner == saying.notice.to)
    free = tuple(each for each in threads if each.owner != saying.notice.to)
    if not threads:
        return "Nothing is open and yours, and nothing that you were texted about is without an owner."
    if not own:
        return saying.listing("Without an owner: ", free)
    if not free:
        return saying.listing("Yours: ", own)
    both = f"{saying.listing('Yours: ', own)}. Without an owner: {', '.join(map(customer, free))}"
    return (
        both if segments(both) == 1 else saying.listing(f"Yours: {len(own)}, without an owner: {len(free)}. ", threads)
    )


def _automatic(saying: _Saying) -> str:
    if saying.thread is None:
        return "Nothing was sent: it looked automatic. If you meant it, send it again with the code and say in front."
    return saying.quoting(
        f"Nothing was sent: it looked automatic. If it is for {saying.customer} text: {saying.example('say ')}"
    )


def _reaction(_: _Saying) -> str:
    return "Reactions reach no customer. A like on a customer's text that no person has yet takes it, nothing more."


def _pass_alone(saying: _Saying) -> str:
    before = f"Nothing was done. To pass {saying.customer} on: {saying.example('pass')}. To send it: "
    return saying.quoting(f"{before}{saying.example('say ')}")


def _replies_off(_: _Saying) -> str:
    return "This number passes nothing on: your text reached no customer. Please call or text the customer yourself."


def _nothing_to_send(saying: _Saying) -> str:
    if saying.thread is None:
        return "Your text has no words: nothing was sent."
    return f"Nothing was sent: write your words behind the code, {saying.example('...')}"


_WORDS: dict[Said, Callable[[_Saying], str]] = {
    Said.WHICH: _which,
    Said.NOT_YOURS: _not_yours,
    Said.CODE_IS_ANOTHERS: _code_is_anothers,
    Said.CODE_INSIDE: _code_inside,
    Said.TOOK: _took,
    Said.TAKEN_OVER: _taken_over,
    Said.SENT_TO: _sent_to,
    Said.CLOSED: _closed,
    Said.DONE: _done,
    Said.PASSED: _passed,
    Said.PASSED_BY_OTHER: _passed_by_other,
    Said.OPENED: _opened,
    Said.BLOCKED: _blocked,
    Said.CALL: _call,
    Said.LATE: _late,
    Said.AGAIN: _again,
    Said.NOT_SENT_WORD: _not_sent_word,
    Said.RESERVED: _reserved,
    Said.NO_PHOTOS: _no_photos,
    Said.LIST: _list,
    Said.AUTOMATIC: _automatic,
    Said.REACTION: _reaction,
    Said.PASS_ALONE: _pass_alone,
    Said.REPLIES_OFF: _replies_off,
    Said.NOTHING_TO_SEND: _nothing_to_send,
}


def ending(address: str) -> str:
    """Returns the last four digits of a number, or a sender's name as it is."""
    number = e164(address) or address
    digits = re.sub(r"[^0-9]", "", number)
    return f"...{digits[-4:]}" if len(digits) >= 4 and not re.search(r"[A-Za-z]", number) else gsm(address)[:11]


def _ago(notice: Notice) -> str:
    """Returns how long ago the other person took it: a time of day would need to know the reader's clock."""
    at: datetime | None = notice.at
    if at is None or notice.since is None or at - notice.since < timedelta(minutes=1):
        return " just now"
    minutes = int((at - notice.since).total_seconds()) // 60
    if minutes < 120:
        return f" {minutes} min ago"
    hours = minutes // 60
    return f" {hours} h ago" if hours < 48 else f" {hours // 24} days ago"


def gsm(words: str) -> str:
    """Returns words in one line and in the letters that a segment has 160 of; what has no such twin is left out."""
    plain = " ".join(smart_encoded(words).split())
    if is_gsm(plain):
        return plain
    kept = (each if is_gsm(each) else unicodedata.normalize("NFKD", each)[:1] for each in plain)
    return " ".join("".join(each for each in kept if is_gsm(each)).split())
