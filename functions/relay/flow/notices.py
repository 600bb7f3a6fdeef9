"""`words_of` writes what a notice says to a handler: plain, short, in one SMS segment.

A notice names a customer by code and the number's last four digits, another handler by name, and never holds a
handler's number. What it quotes are the reader's own words, or what the customer was told by the office, cut where the
segment ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from relay.core.threads.verdict import Notice, Said
from relay.flow.phrases import Saying, customer, ending, gsm
from relay.flow.segments import segments
from relay.flow.wording import ago

_LIST_OF_CODES = "Text ? for your list."


def words_of(notice: Notice, names: Mapping[str, str]) -> str:
    """Returns the text of a notice; `names` has what each person is called, by id."""
    return _WORDS[notice.said](Saying(notice, names))


def _which(saying: Saying) -> str:
    threads = saying.notice.threads
    if not threads:
        return (
            "Nothing was done: you were texted about no customer in the last 12 hours. "
            f"Begin with the customer's code. {_LIST_OF_CODES}"
        )
    return saying.listing("Nothing was done. Which one? Send it again beginning ", threads)


def _not_yours(saying: Saying) -> str:
    took = f"Nothing was sent: {saying.who} took {saying.customer}{_ago(saying.notice)}."
    if saying.thread is None or not saying.thread.code:
        return took
    return f"{took} To take it over: {saying.example('mine')}"


def _code_is_anothers(saying: Saying) -> str:
    code = gsm(saying.notice.words)[:10]
    if saying.thread is None:
        return f"Nothing was sent: {code} is no code of yours. {_LIST_OF_CODES}"
    whose = ending(saying.thread.customer_phone)
    return f"Nothing was sent: {code} is ({whose}) now, and you were not texted about that. {_LIST_OF_CODES}"


def _code_inside(saying: Saying) -> str:
    if saying.thread is None:
        return f"Nothing was sent: a code stands inside. Put the customer's code and say in front. {_LIST_OF_CODES}"
    return saying.quoting(
        f"Nothing was sent: a code stands inside. If it is for {saying.customer} text: {saying.example('say ')}"
    )


def _took(saying: Saying) -> str:
    return f"{saying.customer} is yours. Nothing was sent to the customer."


def _taken_over(saying: Saying) -> str:
    return f"{saying.who} took over {saying.customer} from you."


def _sent_to(saying: Saying) -> str:
    return f"To {saying.customer}."


def _closed(saying: Saying) -> str:
    return f"Nothing was done: {saying.customer} is closed. To open it again: {saying.example('open')}"


def _done(saying: Saying) -> str:
    if saying.notice.other:
        return f"{saying.who} closed {saying.customer}. To open it again: {saying.example('open')}"
    return f"{saying.customer} is closed. Nothing was sent to the customer. To open it again: {saying.example('open')}"


def _passed(saying: Saying) -> str:
    return f"You passed {saying.customer} on."


def _passed_by_other(saying: Saying) -> str:
    return f"Nothing was done: {saying.customer} has already gone on to the next person."


def _opened(saying: Saying) -> str:
    is_own = saying.thread is not None and saying.thread.owner == saying.notice.to
    return f"{saying.customer} is open{' and yours' if is_own else ''}. Nothing was sent to the customer."


def _blocked(saying: Saying) -> str:
    if saying.notice.other:
        return f"{saying.who} blocked {saying.customer}: no text goes to that number any more."
    return f"Nothing was sent: {saying.customer} is blocked, no text goes to that number any more."


def _call(saying: Saying) -> str:
    return f"Nothing was sent: {saying.customer} cannot be answered by text. Please call."


def _late(saying: Saying) -> str:
    if saying.thread is not None and saying.thread.code:
        again = f'". If you still mean it, send it again beginning {saying.customer}'
    else:
        again = f'". If you still mean it, send it again beginning with the code. {_LIST_OF_CODES}'
    if not saying.notice.words:
        return f"Too late, nothing was done with your photos.{again[2:]}"
    return saying.quoting('Too late, nothing was done: "', again)


def _again(saying: Saying) -> str:
    return saying.quoting(f"Went to {saying.customer} once, not twice. To send it again: {saying.example('say ')}")


def _not_sent_word(saying: Saying) -> str:
    return saying.quoting(
        f"{saying.customer} is yours already. Not sent to the customer. To send it: {saying.example('say ')}"
    )


def _written_to(saying: Saying) -> str:
    return saying.quoting(f'{saying.who} wrote to {saying.customer}: "', '"')


def _reserved(saying: Saying) -> str:
    return saying.quoting(f"Not sent: phone networks act on that word. To send it: {saying.example('say ')}")


def _sign_in_code(saying: Saying) -> str:
    return saying.quoting(f"Not sent: it looks like your code for the console. To send it: {saying.example('say ')}")


def _no_photos(saying: Saying) -> str:
    if saying.notice.words:
        return f"To {saying.customer} went your words alone. Pictures are not passed on."
    return "Pictures are not passed on to customers. Nothing was sent."


def _photos_stay(saying: Saying) -> str:
    return f"Your photos were not sent. To send them to {saying.customer} send them again, with {saying.example('say')}"


def _unread(_: Saying) -> str:
    return "Nothing was done: a part of your text came as a file and could not be read. Please send it again, shorter."


def _list(saying: Saying) -> str:
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


def _automatic(saying: Saying) -> str:
    if saying.thread is None:
        return "Nothing was sent: it looked automatic. If you meant it, send it again with the code and say in front."
    return saying.quoting(
        f"Nothing was sent: it looked automatic. If it is for {saying.customer} text: {saying.example('say ')}"
    )


def _reaction(_: Saying) -> str:
    return "Reactions reach no customer. A like on a customer's text that no person has yet takes it, nothing more."


def _pass_alone(saying: Saying) -> str:
    before = f"Nothing was done. To pass {saying.customer} on: {saying.example('pass')}. To send it: "
    return saying.quoting(f"{before}{saying.example('say ')}")


def _replies_off(_: Saying) -> str:
    return "This number passes nothing on: your text reached no customer. Please call or text the customer yourself."


def _nothing_to_send(saying: Saying) -> str:
    if saying.thread is None:
        return "Your text has no words: nothing was sent."
    return f"Nothing was sent: write your words behind the code, {saying.example('...')}"


_WORDS: dict[Said, Callable[[Saying], str]] = {
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
    Said.WRITTEN_TO: _written_to,
    Said.RESERVED: _reserved,
    Said.NO_PHOTOS: _no_photos,
    Said.PHOTOS_STAY: _photos_stay,
    Said.UNREAD: _unread,
    Said.LIST: _list,
    Said.AUTOMATIC: _automatic,
    Said.REACTION: _reaction,
    Said.PASS_ALONE: _pass_alone,
    Said.REPLIES_OFF: _replies_off,
    Said.SIGN_IN_CODE: _sign_in_code,
    Said.NOTHING_TO_SEND: _nothing_to_send,
}


def _ago(notice: Notice) -> str:
    """Returns how long ago the other person took it: a time of day would need to know the reader's clock."""
    at: datetime | None = notice.at
    if at is None or notice.since is None or at - notice.since < timedelta(minutes=1):
        return " just now"
    return f" {ago(at - notice.since)}"
