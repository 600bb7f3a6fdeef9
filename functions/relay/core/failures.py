"""What a failed attempt means for the cascade: classes, each with its advice; no provider's code is known here.

A provider's room turns its codes into these classes (twilio/codes.py). The classes are this project's judgement: peers
disagree, so they are data. No code reads a failure's words.

Which default a code without a row gets depends on where it came from. What an answer refuses will be refused again in
two seconds; what a receipt tells happened on the way, and the next try may go another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureClass(StrEnum):
    """What kind of failure ended an attempt; it decides whether the same tier is tried again."""

    NOT_STARTED = "not_started"  # the process that held the lease sent nothing: its time was used up
    NOT_PROCESSED = "not_processed"  # the provider never took it: safe to try again
    AMBIGUOUS = "ambiguous"  # the text may have left: not sent again before the provider was asked
    TRANSIENT = "transient"  # the carrier failed for the moment: may work in a few seconds
    RECIPIENT = "recipient"  # this handler cannot be reached
    OPTED_OUT = "opted_out"  # this handler told the provider to send nothing more
    SENDER = "sender"  # our number or account, whichever handler it is: the next tier will fail too
    SENDER_HERE = "sender_here"  # our account, but only for this handler, country or carrier: the next tier may work
    SETTINGS = "settings"  # one of our own settings, which the words name
    CONTENT = "content"  # the carrier refused what this text says or holds
    FILTERED = "filtered"  # a carrier took the words for unwanted: the same words would be filtered again
    REFUSED_UNKNOWN = "refused_unknown"  # refused with a code that is not known here: asked again, the same answer
    UNKNOWN_CODE = "unknown_code"  # a receipt told a code that is not known here: treated as transient


# The classes that are ours to put right, each with a line of its own in the log.
OURS = frozenset({FailureClass.SENDER, FailureClass.SENDER_HERE, FailureClass.SETTINGS, FailureClass.REFUSED_UNKNOWN})

# The classes after which the same tier is tried again by its schedule. The others go to the next tier at once.
# A sender problem is retried because going on faster would only exhaust the tiers faster.
RETRIED_IN_TIER = frozenset(
    {
        FailureClass.NOT_STARTED,
        FailureClass.NOT_PROCESSED,
        FailureClass.TRANSIENT,
        FailureClass.SENDER,
        FailureClass.UNKNOWN_CODE,
    }
)

# The classes that, told by an answer, are an outage: no handler could have been reached, at whatever tier. They are
# waited out without using up a tier (core/outages.py).
OUTAGES = frozenset({FailureClass.NOT_PROCESSED, FailureClass.SENDER})

_WAIT = "Nothing to do: the relay tries again by itself."

# What an operator can do about a failure of this class.
ADVICE: dict[FailureClass, str] = {
    FailureClass.NOT_STARTED: _WAIT,
    FailureClass.NOT_PROCESSED: _WAIT,
    FailureClass.AMBIGUOUS: _WAIT,
    FailureClass.TRANSIENT: _WAIT,
    FailureClass.RECIPIENT: "Check this handler's number and phone.",
    FailureClass.OPTED_OUT: "Ask the handler to text START to the number.",
    FailureClass.SENDER: "Check our account, its credentials and our number with the provider, then send again.",
    FailureClass.SENDER_HERE: (
        "Check what our account may send to this handler: a trial account texts verified numbers only, some countries "
        "need a permission, carriers have limits for a day."
    ),
    FailureClass.SETTINGS: "Correct the setting that the reason names, then send again.",
    FailureClass.CONTENT: "Read the text in the record and pass it on by hand if the next tier did not get it.",
    FailureClass.FILTERED: "Read the text in the record and pass it on by hand if the next tier did not get it.",
    FailureClass.REFUSED_UNKNOWN: "Look the code up in the provider's list of errors and put right what it names.",
    FailureClass.UNKNOWN_CODE: (
        "Look the code up in the provider's list of errors; the relay treats it as a passing failure."
    ),
}

# What holds until that is done. It is no comfort to the operator of a text for which no tier is left.
MEANWHILE: dict[FailureClass, str] = {
    FailureClass.RECIPIENT: "Until then the next tier gets the texts.",
    FailureClass.SENDER_HERE: "Until then the next tier gets the texts.",
    FailureClass.REFUSED_UNKNOWN: "Until then texts may be refused at every tier.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed.

    Attributes:
        failure_class: decides what becomes of the relay.
        words: the reason as an operator reads it, without a full stop; never a body or a number.
        code: the provider's own, for the trail only; below 10 it is one of ours. None when no code was told.
    """

    failure_class: FailureClass
    words: str
    code: int | None = None

    @property
    def was_started(self) -> bool:
        """Whether a send was begun; only then does the attempt count as one of its tier's tries."""
        return self.failure_class is not FailureClass.NOT_STARTED

    @property
    def advice(self) -> str:
        """Returns what an operator can do about it, in a sentence."""
        return ADVICE.get(self.failure_class, ADVICE[FailureClass.UNKNOWN_CODE])  # a newer revision's class: unknown

    @property
    def meanwhile(self) -> str:
        """Returns what holds until the advice is followed, in a sentence; "" where there is nothing to say."""
        return MEANWHILE.get(self.failure_class, "")

    @property
    def is_outage(self) -> bool:
        """Whether, told by an answer, it would have met every handler alike."""
        return self.failure_class in OUTAGES

    @property
    def is_retried_in_tier(self) -> bool:
        """Whether the same tier is tried again by its schedule."""
        return self.failure_class in RETRIED_IN_TIER


NO_REASON = Failure(FailureClass.TRANSIENT, "no reason was given")

# Failures that the relay itself found, so that no provider gave a code: UNREACHABLE when no connection came about,
# NOT_STARTED when the process that held the lease sent nothing. Documents have had these two codes from the beginning.
UNREACHABLE = Failure(FailureClass.NOT_PROCESSED, "the provider could not be reached at all", 0)
NOT_STARTED = Failure(FailureClass.NOT_STARTED, "there was no time left to send it in an orderly way", -1)

# Ours, where the record names a kind of reach that only another revision has a channel for.
NO_CHANNEL = Failure(FailureClass.RECIPIENT, "this revision knows no way to reach this handler")

# One of our settings: a text must never go to the number that it leaves from, in whatever spelling.
TO_OURSELVES = Failure(
    FailureClass.SETTINGS, "the phone of this tier (RELAY_TIERS) is the number that it would be texted from"
)

# An answer's: nothing is sent to a customer who wants nothing, and none after a later one.
OPTED_OUT_BY_US = Failure(FailureClass.OPTED_OUT, "the customer has opted out of our texts")
THREAD_CLOSED = Failure(FailureClass.CONTENT, "the customer is closed, and only open ones are texted")
ANSWERED_SINCE = Failure(FailureClass.CONTENT, "a later answer went to the customer before it")
NOTHING_TO_SEND = Failure(FailureClass.CONTENT, "the photos cannot be sent any more, and there are no words")
