"""The kinds of the wider world: what Twilio's list, answers and receipts, stores and clocks do beyond single faults.

A run has one of them or none; `--kind` plays one alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """One way in which the world is odder than its single faults; the word is what figures and traces call it."""

    # Twilio's list
    LIST_BEHIND = "list behind by minutes to hours, texts that come in"
    SENT_LIST_BEHIND = "list behind by minutes to hours, texts that go out"
    NOT_WHOLE = "rows that are not whole yet"
    FULLER_WEBHOOK = "a webhook that says more than the list did"
    FAILED_ROWS = "failed rows, without a webhook"
    ROWS_OF_OTHERS = "rows of other programs"
    NULL_ROWS = "rows with null fields"
    PAGES = "pages that repeat or skip a row"
    BODIES = "bodies redacted, shortened or trimmed, numbers normalised"
    BROKEN_FETCH = "one text that Twilio cannot show"
    MAY_NOT_READ = "a key that may send and not read"
    # Twilio's answers and receipts
    QUEUED = "texts queued for long"
    CODES_ANSWERED = "codes as answers, known and unknown"
    CODES_TOLD = "codes as receipts, known and unknown"
    FAILED_AFTER_SENT = "undelivered after sent"
    FAILED_AFTER_DELIVERED = "undelivered after delivered"
    RECEIPTS_OF_OTHERS = "receipts about other texts"
    ANSWERS_OF_OTHERS = "an answer that is about another text"
    REFUSED_YET_TAKEN = "a refused text that exists"
    # outages of minutes
    OUTAGE_NO_LINE = "outage: no connection, or too many requests"
    OUTAGE_OURS = "outage: our account refused for every recipient"
    OUTAGE_SILENT = "outage: no answer, and nothing can be asked"
    # the relay's own ground
    WRITES_REFUSED = "writes refused for good"
    UNREADABLE = "documents that cannot be read"
    CLOCKS_DAYS_OFF = "clocks off by days or months"
    DEAD_CLOCKS = "dead clocks"
    # who writes
    SPELLINGS = "numbers in two spellings, and channels"
    OPT_OUT_TYPES = "opt-outs that only Twilio names"
    FLOOD = "the same words again and again"
    # files that come with texts
    FILES_LISTED = "files that the webhook or the list alone tells of, late too"
    WORDS_IN_FILES = "words in files, in time, late or never"
    LINKS_FILTERED = "links that carriers filter"
    # operators
    SEEN_TO = "operators who see to texts, at once and over and over"
    # people, with replies on (people/)
    ANSWERS = "handlers answer, with a code and without"
    AT_ONCE = "handlers who text at the same instant"
    ODD_CODES = "codes that are wrong, old or not in front"
    SEVERAL = "several customers at once"
    WINDOWS = "tiers that wait for a claim"
    FOUND_LATE = "handlers' texts that only the list shows"
    MACHINES = "phones that answer by themselves"
    BLOCKED = "customers who opt out and in again"
    CLOSING = "threads closed, opened again, and texted on"
    PASSING = "handlers who pass"
    NEW_TIERS = "tiers that change under an owner"
    CODES_AGAIN = "codes given again after weeks"
    REPEATED = "the same words under another id"


_KINDS = tuple(Kind)
# Those whose runs have people in them.
OF_PEOPLE = _KINDS[_KINDS.index(Kind.ANSWERS) :]
_WIDER = _KINDS[: _KINDS.index(Kind.ANSWERS)]
_ONE_IN, _IN_TURN = 9, 2
# People's runs take ten times as long as others.
_PEOPLE_ONE_IN, _PEOPLE_IN_TURN = 27, 5


def kind_of(seed: int) -> Kind | None:
    """The kind of the run with this seed: of nine one is of the wider world, of 27 one has people; each in its turn.

    No draw decides it, so that a new kind changes no other run."""
    if seed % _ONE_IN == _IN_TURN:
        return _WIDER[seed // _ONE_IN % len(_WIDER)]
    if seed % _PEOPLE_ONE_IN == _PEOPLE_IN_TURN:
        return OF_PEOPLE[seed // _PEOPLE_ONE_IN % len(OF_PEOPLE)]
    return None


# The id of the first text that Twilio takes in a run.
FIRST_SENT = f"SM{1:032x}"


@dataclass(frozen=True, slots=True)
class Mark:
    """An operator says of every relay that it was seen to, or that it was not; perhaps twice at once."""

    at: float
    by: str
    is_handled: bool
    note: str
    doubled: bool


@dataclass(slots=True)
class Wide:
    """How one run's kind shows. Times are seconds, `during` and `until` those of the run.

    Attributes:
        is_calm: no other fault strikes, so that a judge may ask for more.
        lag: how long a text that came in is not in Twilio's list.
        sent_lag: the same of a text that we sent.
        whole_after: how long a row that is listed is not whole.
        webhook: what becomes of the first text's webhook: "" (as always), "lost", or "late" by `webhook_after`.
        shown_body: what the list makes of bodies: "redacted", "trimmed" or "shortened"; "" leaves them.
        during: from when until when an outage lasts.
        answers: the HTTP status and code of a refusal; None for none.
        refused_phones: to whom it is answered; empty: to all.
        queued: how long each text waits in the queue of its number.
        spoiled: the relay of which the store refuses every write, or cannot read the document, from its version number
            `spoiled_from` on.
        listed_after: for how long after a text the list of its files is empty.
        held_after: for how long after a text its files are not found.
        odd: which variant of a kind it is, where there are several.
        clocks: each a time, a process (-1: all of them), and the error of its clock from then on.
        marks: what operators say that they saw to.
    """

    kind: Kind
    is_calm: bool = False
    lag: float = 0.0
    sent_lag: float = 0.0
    whole_after: float = 0.0
    webhook: str = ""
    webhook_after: float = 0.0
    shown_body: str = ""
    during: tuple[float, float] = (0.0, 0.0)
    answers: tuple[int, int | None] | None = None
    refused_phones: tuple[str, ...] = ()
    queued: float = 0.0
    listed_after: float = 0.0
    held_after: float = 0.0
    odd: str = ""
    spoiled: str = ""
    spoiled_from: int = 0
    clocks: list[tuple[float, int, float]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def is_out(self, now: float) -> bool:
        """Whether the outage lasts at this time."""
        return self.during[0] <= now < self.during[1]

    def is_untold(self, sid: str) -> bool:
        """Whether no callback comes about this text of ours."""
        return self.odd == "untold" or (self.odd == "unknown" and sid == FIRST_SENT)
