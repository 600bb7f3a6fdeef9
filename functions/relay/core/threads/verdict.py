"""What goes into `deciding.decide` and what comes out of it: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from relay.core.model import Consent
from relay.core.threads.model import Thread


class Asked(StrEnum):
    """What a handler's text was taken for; kept with it, and shown in the trail."""

    ANSWER = "answer"  # its words go to the customer
    CLAIM = "claim"
    DONE = "done"
    PASS = "pass"  # noqa: S105 - a word
    OPEN = "open"
    TAKEOVER = "mine"
    BLOCK = "block"
    LIST = "list"
    UNCLEAR = "unclear"  # nothing was done: the person is asked, or told why not
    MACHINE = "machine"  # an auto-reply, or a repetition of what was asked about already: nothing is done or said
    RESERVED = "reserved"  # a word that the provider acts on first: STOP, HELP and the like
    REPLIES_OFF = "replies off"
    SIGN_IN_CODE = "sign-in code"  # of the console, to which it belongs: nothing is done with it


@dataclass(frozen=True, slots=True)
class HandlerText:
    """A text of a person who is or lately was a handler.

    Attributes:
        at: when it came in; of a recovered one the list's time.
        media_count: how many files came with it that are no words.
        is_recovered: no webhook brought it.
        files_go: all those files can go to a customer with an answer.
        is_unread: words of it came as a file and could not be read.
        is_sign_in_code: it is nothing but a code, and one was sent to the person, who is an operator too.
    """

    message_id: str
    person: str
    body: str
    at: datetime
    media_count: int = 0
    is_recovered: bool = False
    consent: Consent | None = None
    files_go: bool = False
    is_unread: bool = False
    is_sign_in_code: bool = False

    @property
    def has_files_to_send(self) -> bool:
        """Whether it is something to send even without words."""
        return self.files_go and self.media_count > 0


@dataclass(frozen=True, slots=True)
class EarlierText:
    """A text that the same person sent before: when it came in, its words, and what it was taken for."""

    message_id: str
    at: datetime
    body: str
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """A customer's text as it was forwarded to the person: what a tapback quotes the beginning of."""

    thread_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a handler's text is decided on.

    Attributes:
        threads: those about which this person was ever texted, but for such as make no difference to the text.
        code_holders: for a code in the text that none of `threads` has now: the thread that has it now, if any; only to
            say whose it is.
        earlier: the person's own texts of the last 24 hours, as far back as they matter (`audience.looked_back`).
        sent_at: when we last POSTed a text to the person; None when not lately.
        quoted: what was forwarded to the person lately; read only for a tapback.
        blocked: ids of those of `threads` whose customer has opted out.
        names: what each person is called in a text to another one, by id.
        relays_waiting: by thread id, whether a customer's text of it is in progress, delivered or exhausted and
            unclaimed.
    """

    threads: tuple[Thread, ...]
    code_holders: Mapping[str, Thread] = field(default_factory=dict)
    earlier: tuple[EarlierText, ...] = ()
    sent_at: datetime | None = None
    quoted: tuple[Quoted, ...] = ()
    blocked: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    relays_waiting: Mapping[str, bool] = field(default_factory=dict)


class Said(StrEnum):
    """What a notice tells a handler; flow/notices.py has the words."""

    WHICH = "which"  # several threads fit, or none: send it again beginning with a code
    NOT_YOURS = "not yours"  # another person has it, since when; `K71 mine` takes over
    CODE_IS_ANOTHERS = "code is another's"  # that code is not, or no longer, one that this person was shown
    CODE_INSIDE = "code inside"  # a code stands elsewhere than in front
    TOOK = "took"  # a claim is acknowledged
    TAKEN_OVER = "taken over"  # to the former owner
    SENT_TO = "sent to"  # "→ K71 (…4567)"
    CLOSED = "closed"  # the thread is closed: `K71 open` opens it again
    DONE = "done"
    PASSED = "passed"
    PASSED_BY_OTHER = "passed by other"  # a tier already left passed: nothing changes
    OPENED = "opened"
    BLOCKED = "blocked"  # the customer has opted out: no text goes to that number
    CALL = "call"  # the customer cannot be answered by text
    LATE = "late"  # it came too late to be sent by itself: asked again
    AGAIN = "again"  # the same words within a minute: meant twice?
    NOT_SENT_WORD = "not sent word"  # an owner's claim word: "To send it: K71 say ok"
    RESERVED = "reserved"  # a word that the provider acts on first
    WRITTEN_TO = "written to"  # to the owner: what an operator said to the customer
    NO_PHOTOS = "no photos"  # the words went, what was attached did not: nothing attached is passed on here
    PHOTOS_STAY = "photos stay"  # they came with a claim word or a command, which sends nothing
    UNREAD = "unread"  # a part of the words came as a file and could not be read
    LIST = "list"
    AUTOMATIC = "automatic"  # it came like a machine's answer: was it meant?
    REACTION = "reaction"  # one that takes nothing, or whose text is not known
    PASS_ALONE = "pass alone"  # noqa: S105 - `pass` with more words: meant for the customer, or the command?
    REPLIES_OFF = "replies off"
    NOTHING_TO_SEND = "nothing to send"
    SIGN_IN_CODE = "sign-in code"  # it is for the console, or was it meant for the customer?


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to a person.

    Attributes:
        to: the person, by id.
        threads: those that it names.
        other: the person that it names, by id.
        since: since when `other` has the thread.
        words: what it quotes: the person's own words, the code that was written, or what the customer was told.
        at: when the text that caused it came in; `since` is told from then.
    """

    to: str
    said: Said
    threads: tuple[Thread, ...] = ()
    other: str = ""
    since: datetime | None = None
    words: str = ""
    at: datetime | None = None


class Told(StrEnum):
    """What the open relays of a thread are told in the same commit."""

    CLAIMED = "claimed"
    PASSED = "passed"
    RELEASED = "released"  # by an operator


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a handler's text does.

    Attributes:
        asked: what it was taken for.
        because: why, in plain words for the trail; never words of the text or a number.
        thread: the thread that it is about, as it shall be; None when it is about none.
        is_changed: `thread` differs from what was read, so that it has to be committed.
        told: what the thread's open relays are told.
        answer: the words that go to the customer, with the files that can; None when nothing does. "" with files alone.
        opts_out: the customer gets no text from us any more.
        notices: what is said to handlers.
    """

    asked: Asked
    because: str
    thread: Thread | None = None
    is_changed: bool = False
    told: Told | None = None
    answer: str | None = None
    opts_out: bool = False
    notices: tuple[Notice, ...] = ()
