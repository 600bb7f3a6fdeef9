"""The words of the record: how a relay and an attempt stand, who wrote, what a line of the trail or a timer is about.

model.py hands them on with the values that they belong to.
"""

from __future__ import annotations

from enum import StrEnum

# Who goes on with what a timer or a webhook should have done, as the trail names them (`TrailEntry.by`).
REPAIRERS = ("sweep", "reconcile")
# What stands in a trail for an operator whose name is not on record.
AN_OPERATOR = "operator"


class FinalStatus(StrEnum):
    """How a relay ended, or that it has not."""

    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"  # a handler's carrier confirmed it
    EXHAUSTED = "exhausted"  # no tiers left; kept for people, who may redrive it
    RECORDED = "recorded"  # sent by a handler or from our own number: kept, never forwarded
    HELD = "held"  # one of a flood of texts from one sender: kept for people, who may send it on
    CLAIMED = "claimed"  # a person took it


class AttemptStatus(StrEnum):
    """How far one attempt has come."""

    SCHEDULED = "scheduled"  # waits for its start time
    LEASED = "claimed"  # a process holds its lease and may be sending right now
    UNKNOWN = "unknown"  # the POST's outcome cannot be told: it may have left
    ACCEPTED = "accepted"  # the provider has it; no receipt yet
    UNCONFIRMED = "unconfirmed"  # given up: accepted, but no delivery confirmed in time
    FAILED = "failed"  # refused or undelivered, or declared not sent
    WITHDRAWN = "withdrawn"  # scheduled, but no longer needed
    DELIVERED = "delivered"


class Purpose(StrEnum):
    """What a relay is for (core/purposes.py)."""

    FORWARD = "forward"  # a text that came in goes to the handlers
    ANSWER = "answer"  # a handler's words go to the customer
    NOTICE = "notice"  # what we say to a handler


class SenderClass(StrEnum):
    """Who sent the text that came in."""

    CUSTOMER = "customer"
    HANDLER = "handler"
    HANDLER_OPT_OUT = "handler_opt_out"  # a handler texted STOP or the like: that phone is blocked now
    OWN_NUMBER = "own_number"
    OPERATOR = "operator"  # one who signs in or is told alarms, and is no handler


class Step(StrEnum):
    """What an entry of the audit trail records."""

    RECEIVED = "received"
    RECOVERED = "recovered"
    RECORDED = "recorded"
    HELD = "held"
    ATTEMPT_SCHEDULED = "attempt_scheduled"
    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_ACCEPTED = "attempt_accepted"
    ATTEMPT_UNKNOWN = "attempt_unknown"
    ATTEMPT_FAILED = "attempt_failed"
    ATTEMPT_UNCONFIRMED = "attempt_unconfirmed"
    ATTEMPT_WITHDRAWN = "attempt_withdrawn"
    LOOKUP_REPEATED = "lookup_repeated"
    OUTAGE_BEGAN = "outage_began"
    STILL_QUEUED = "still_queued"
    ESCALATED = "escalated"
    DELIVERED = "delivered"
    LATE_STATUS = "late_status"
    EXHAUSTED = "exhausted"
    ALARM_RAISED = "alarm_raised"
    REDRIVEN = "redriven"
    SAID_MORE = "said_more"
    TIMES_CORRECTED = "times_corrected"
    CLAIM_AWAITED = "claim_awaited"
    CLAIMED = "claimed"
    PASSED = "passed"
    RELEASED = "released"
    RETURNED = "returned"
    LINK_REVOKED = "link_revoked"
    HANDLED = "handled"
    UNHANDLED = "unhandled"


class TimerKind(StrEnum):
    """What a timer is for."""

    ATTEMPT = "attempt"  # start this attempt
    DEADLINE = "deadline"  # this attempt's delivery should have been confirmed by now
    CLAIM = "claim"  # a person should have taken it by now


class Consent(StrEnum):
    """What a text tells the provider of its sender's consent to be texted, as the provider understood it."""

    STOP = "stop"
    START = "start"
    HELP = "help"
