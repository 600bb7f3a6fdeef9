"""What people do in each kind of trouble, and how soon after a text reached their phone: data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.simulator.kinds import Kind

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Act(StrEnum):
    """One thing that a handler can text."""

    ANSWER = "an answer"
    CODED = "an answer with its code"
    CLAIM = "a claim word"
    CODED_CLAIM = "a claim word with its code"
    MINE = "mine, with its code"
    MINE_WORDS = "mine and words"
    PASS = "pass"
    CODED_PASS = "pass with its code"
    DONE = "done, with its code"
    OPEN = "open, with its code"
    SAY = "say and a claim word"
    LIST = "?"
    BLOCK = "block, with its code"
    LIKE = "a like on a customer's text"
    OTHER_TAPBACK = "another reaction"
    AUTO = "what a phone answers by itself"
    STOP = "an opt-out word"
    RESERVED = "a word of the provider's with its code"
    WRONG_CODE = "a code that may be anybody's"
    OLD_CODE = "a code of earlier"
    CODE_INSIDE = "a code that does not stand in front"
    STUCK_CODE = "a code with a word stuck to it, or of another keyboard"
    TWICE = "the same words twice"
    YES = "yes"
    PHOTO = "words with a picture"


# Acts that never take a customer, whatever they say.
TAKE_NOTHING = frozenset(
    {Act.LIST, Act.OTHER_TAPBACK, Act.AUTO, Act.STOP, Act.RESERVED, Act.CODE_INSIDE, Act.STUCK_CODE}
)


@dataclass(frozen=True, slots=True)
class Habits:
    """How people are in a run of one kind.

    Attributes:
        acts: what a handler does with a text; each as likely as it is often named.
        delays: from when until when after the text it is done; one of them is drawn.
        reacts: how likely a handler reacts to a customer's text.
        to_notices: the same of a notice.
        goes_on: how likely a further act follows the first.
        together: handlers act at the same instants, so many seconds apart; 0: each by itself.
        customers: how many there are at most.
        customer_reacts: how likely a customer texts on when an answer comes.
        claims: seconds of claim windows to choose from.
        lost: how likely a handler's webhook never arrives.
        codes: out of how many codes new ones are drawn; 0: all.
        lasts: until when people begin to text.
        silent_first: the first tier's carrier sends no receipt, so that several handlers are texted.
    """

    acts: tuple[Act, ...]
    delays: tuple[tuple[float, float], ...] = ((12.0, 60.0), (60.0, 15.0 * MINUTE))
    reacts: float = 0.8
    to_notices: float = 0.1
    goes_on: float = 0.3
    together: float = 0.0
    customers: int = 2
    customer_reacts: float = 0.3
    claims: tuple[float, ...] = (0.0, 0.0, 0.0, 60.0, 300.0)
    lost: float = 0.0
    codes: int = 0
    lasts: float = HOUR
    silent_first: float = 0.2


_SOON = ((1.0, 12.0), (12.0, 60.0), (60.0, 10.0 * MINUTE))
_LONG = ((12.0, 60.0), (10.0 * MINUTE, HOUR), (HOUR, 14.0 * HOUR))
_WEEKS = ((60.0, HOUR), (HOUR, DAY), (DAY, 8.0 * DAY), (7.0 * DAY, 16.0 * DAY))

HABITS: dict[Kind, Habits] = {
    Kind.ANSWERS: Habits(
        (Act.ANSWER, Act.ANSWER, Act.CODED, Act.CODED, Act.CLAIM, Act.SAY, Act.PHOTO, Act.YES, Act.CODED_CLAIM)
    ),
    Kind.AT_ONCE: Habits(
        (Act.CODED, Act.CODED_CLAIM, Act.MINE, Act.ANSWER, Act.CLAIM, Act.MINE_WORDS, Act.DONE, Act.CODED_PASS),
        ((1.0, 90.0),),
        reacts=1.0,
        together=30.0,
        claims=(30.0, 60.0),
        silent_first=0.5,
        customers=1,
        goes_on=0.5,
    ),
    Kind.ODD_CODES: Habits(
        (
            *(Act.CODED, Act.WRONG_CODE, Act.OLD_CODE, Act.CODE_INSIDE, Act.CODED_CLAIM, Act.RESERVED, Act.SAY),
            Act.STUCK_CODE,
        ),
        _LONG,
        codes=3,
        goes_on=0.6,
        customers=3,
        lasts=DAY,
    ),
    Kind.SEVERAL: Habits(
        (Act.ANSWER, Act.ANSWER, Act.CLAIM, Act.CODED, Act.LIST, Act.LIKE, Act.PASS, Act.DONE),
        _SOON,
        customers=4,
        goes_on=0.6,
        lasts=14.0 * HOUR,
    ),
    Kind.WINDOWS: Habits(
        (Act.CLAIM, Act.ANSWER, Act.CODED_PASS, Act.CODED_CLAIM, Act.LIKE, Act.MINE),
        ((1.0, 30.0), (25.0, 70.0), (250.0, 700.0)),
        reacts=0.6,
        claims=(30.0, 60.0, 300.0, 600.0),
    ),
    Kind.FOUND_LATE: Habits(
        (Act.ANSWER, Act.CODED, Act.CODED_CLAIM, Act.CLAIM, Act.DONE, Act.CODED_PASS, Act.OPEN, Act.MINE_WORDS),
        lost=0.5,
        goes_on=0.6,
        to_notices=0.3,
        lasts=2.0 * HOUR,
    ),
    Kind.MACHINES: Habits(
        (Act.AUTO, Act.AUTO, Act.AUTO, Act.CODED, Act.ANSWER, Act.OTHER_TAPBACK),
        ((0.5, 9.0), (0.5, 9.0), (20.0, 120.0)),
        to_notices=0.9,
        claims=(0.0, 60.0, 120.0),
    ),
    Kind.BLOCKED: Habits(
        (Act.ANSWER, Act.CODED, Act.CODED, Act.BLOCK, Act.STOP, Act.SAY),
        _SOON,
        customer_reacts=0.9,
        goes_on=0.8,
    ),
    Kind.CLOSING: Habits(
        (Act.DONE, Act.DONE, Act.OPEN, Act.CODED, Act.ANSWER, Act.CODED_CLAIM, Act.MINE_WORDS),
        _LONG,
        goes_on=0.9,
        customer_reacts=0.6,
        lasts=2.0 * DAY,
    ),
    Kind.PASSING: Habits(
        (Act.PASS, Act.CODED_PASS, Act.CODED_PASS, Act.CODED_CLAIM, Act.ANSWER, Act.MINE),
        _SOON,
        together=20.0,
        goes_on=0.7,
        claims=(0.0, 30.0, 300.0),
    ),
    Kind.NEW_TIERS: Habits(
        (Act.ANSWER, Act.CODED, Act.CODED_CLAIM, Act.DONE, Act.CODED_PASS, Act.CLAIM),
        _LONG,
        goes_on=0.7,
        customer_reacts=0.7,
        lasts=20.0 * HOUR,
    ),
    Kind.CODES_AGAIN: Habits(
        (Act.CODED, Act.OLD_CODE, Act.OLD_CODE, Act.OLD_CODE, Act.DONE, Act.DONE, Act.OPEN, Act.MINE_WORDS),
        _WEEKS,
        codes=4,
        goes_on=0.9,
        customers=3,
        lasts=75.0 * DAY,
        customer_reacts=0.6,
    ),
    Kind.REPEATED: Habits(
        (Act.TWICE, Act.TWICE, Act.CODED, Act.ANSWER, Act.CODED_CLAIM),
        _SOON,
        goes_on=0.5,
    ),
}
