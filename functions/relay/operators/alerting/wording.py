"""What operators are told by alarms: what happened, whom to call, what to do; each defined once, here.

Pure. Plain letters alone, so that a text of it costs no more than it must. The customer's whole number and words are in
it only where the business allows that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from relay.core.failures import ADVICE, Failure, FailureClass
from relay.core.model import AttemptStatus, FinalStatus, Relay
from relay.operators.alerting.messages import ChannelKind

EVERY_CHANNEL = frozenset(ChannelKind)
# What is about texts themselves must not go by text, and what strangers can provoke must text no operator.
NO_TEXTS = EVERY_CHANNEL - {ChannelKind.TEXT}

_QUOTED_MAX = 160
_CALL = "Call the customer, then send it again."
_ASK_FIRST = "It may have arrived: ask the handler before you send it again."


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that operators are told.

    Attributes:
        cause: alarms of one cause are told together; a record's key.
        occurrence: what happened, so that the same is not counted twice.
        headline: what happened, in a sentence.
        advice: what to do, in a sentence or two.
        folded: the same of several, without a full stop; {count} stands for how many.
        details: what the customer wrote, where that is told.
        relay_id: where the link leads.
        until_seen_to: of no interest once that relay waits for no person any more.
        by: the channels that it may go by.
    """

    cause: str
    occurrence: str
    headline: str
    advice: str
    folded: str
    details: str = ""
    relay_id: str = ""
    until_seen_to: bool = False
    by: frozenset[ChannelKind] = EVERY_CHANNEL


def exhausted(relay: Relay, *, shows_words: bool) -> Alarm:
    """Returns the alarm that no handler was reached; or, where some were, that no person took the text."""
    occurrence = f"{relay.message_id}:{relay.first_attempt_of_drive}"
    who, details = _customer(relay, shows_words), _quoted(relay, shows_words)
    got = [each for each in relay.attempts_of_drive if each.status is AttemptStatus.DELIVERED]
    if got:
        names = ", ".join(dict.fromkeys(handler(relay, each.tier) for each in got))
        headline = f"No person took a text from {who}: it was delivered to {names}, and none answered."
        folded = "{count} texts were taken by no person"
        alarm = Alarm("unclaimed", occurrence, headline, "Call the customer, or send it again.", folded)
    else:
        headline = f"No handler was reached with a text from {who}."
        is_unresolved = any(each.is_unresolved for each in relay.attempts_of_drive)
        advice = f"{_ASK_FIRST} {_CALL}" if is_unresolved else _CALL
        alarm = Alarm("exhausted", occurrence, headline, advice, "{count} texts reached no handler")
    return replace(alarm, details=details, relay_id=relay.message_id, until_seen_to=True)


def not_forwarded(relay: Relay, *, shows_words: bool) -> Alarm:
    """Returns the alarm that a customer's text goes to no handler."""
    who, about = _customer(relay, shows_words), relay.message_id
    if relay.final_status is FinalStatus.HELD:
        headline = f"Texts from {who} are held back: too many came in a short time."
        advice = "Read them, and send them on if a person wrote them."
        folded = "{count} texts are held back"
        return Alarm("held", about, headline, advice, folded, relay_id=about, until_seen_to=True, by=NO_TEXTS)
    headline = f"A text from {who} came to a number of ours that is also a handler's, and went to no handler."
    advice = "Call the customer. Give that handler a phone that is not connected to the relay."
    folded = "{count} texts came to a number of ours that is also a handler's"
    return Alarm("ours", about, headline, advice, folded, _quoted(relay, shows_words), about, until_seen_to=True)


def answer_lost(relay: Relay) -> Alarm:
    """Returns the alarm that a customer did not get an answer."""
    code = f" of thread {relay.code}" if relay.code else ""
    headline = f"The customer{code} did not get an answer, and no handler could be told so."
    occurrence = f"{relay.message_id}:{relay.first_attempt_of_drive}"
    folded = "{count} answers did not reach their customers"
    return Alarm("answer-lost", occurrence, headline, "Call the customer.", folded, relay_id=relay.message_id)


def codes_used_up(now: datetime) -> Alarm:
    """Returns the alarm that no thread can get a code."""
    headline = "No code is free for a further customer's thread: handlers cannot answer that customer by text."
    folded = "{count} times no code was free for a thread"
    return Alarm("codes", f"{now:%Y%m%d%H}", headline, "Close threads that are done.", folded, by=NO_TEXTS)


def outage(message_id: str, failure: Failure, since: datetime) -> Alarm:
    """Returns the alarm that texts wait for the provider."""
    headline = f"Texts wait since {since:%H:%M} UTC: {failure.words}."
    if failure.failure_class is FailureClass.NOT_PROCESSED:
        advice = "Look at the provider's status page. Nothing is lost: texts go on by themselves when it answers."
    else:
        advice = failure.advice
    cause, folded = f"outage.{failure.failure_class.value}", "{count} times texts had to wait"
    return Alarm(cause, since.isoformat(), headline, advice, folded, relay_id=message_id, by=NO_TEXTS)


def outage_over(failure: Failure, since: datetime, relays: int) -> Alarm:
    """Returns the news that the provider takes texts again."""
    headline = f"Texts go again. The trouble since {since:%H:%M} UTC is over; {relays} had to wait."
    advice = "See in the console whether any was given up meanwhile, and send those again."
    cause, folded = f"outage-over.{failure.failure_class.value}", "{count} outages are over"
    return Alarm(cause, since.isoformat(), headline, advice, folded, by=NO_TEXTS)


def clock_set(seconds: float, moved: int, now: datetime) -> Alarm:
    """Returns the alarm that the machine's clock was set."""
    headline = f"The clock of the relay's machine was set by {seconds:+.0f} seconds; {moved} waiting texts were moved."
    advice = "Is it right now? See to the machine's time service."
    return Alarm("clock", now.isoformat(), headline, advice, "{count} times the machine's clock was set")


def left_to_newer(record_id: str) -> Alarm:
    """Returns the alarm that only a newer version of the relay can go on with a record."""
    headline = "A text waits for a newer version of the relay, which has worked on it before."
    advice = "Install that version again, or read the record and call the customer."
    folded = "{count} records wait for a newer version of the relay"
    return Alarm("newer", _id(record_id), headline, advice, folded, relay_id=_relay_id(record_id))


def set_aside(record_id: str, because: str) -> Alarm:
    """Returns the alarm that a relay waits for a person."""
    headline = f"A text cannot go on by itself and is set aside: {because}."
    folded = "{count} texts are set aside"
    return Alarm("aside", _id(record_id), headline, "Call the customer.", folded, relay_id=_relay_id(record_id))


def not_taken_in(record_id: str, because: str) -> Alarm:
    """Returns the alarm that a text in the provider's list cannot become a relay."""
    headline = f"A text in the provider's list could not be taken in: {because}."
    advice = "Look at it in the provider's console, and call the customer."
    return Alarm("not-taken", _id(record_id), headline, advice, "{count} texts could not be taken in")


def webhook_refused(reason: str, hint: str, now: datetime) -> Alarm:
    """Returns the alarm that requests are refused, among which may be customers' texts."""
    headline = f"Requests about texts are refused ({reason.replace('_', ' ')}): {hint}."
    advice = "If they are the provider's, customers' texts are refused: `relayctl doctor` says more."
    folded = "{count} times requests about texts were refused"
    return Alarm(f"refused.{reason}", f"{now:%Y%m%d%H}", headline, advice, folded, by=NO_TEXTS)


def handler_opted_out(who: str, about: str) -> Alarm:
    """Returns the alarm that a handler's phone gets no texts any more. `who`: that handler."""
    headline = f"{who} has opted out: that phone gets no texts from the relay any more."
    advice = "Have the handler text START to our number; until then texts go to the next tier, if there is one."
    folded = "{count} times a handler had opted out"
    return Alarm(f"opted-out.{_id(who)}", about, headline, advice, folded)


def refused_us(failure_class: FailureClass, reason: str, about: str) -> Alarm:
    """Returns the alarm that the provider refuses our texts for something that is ours to put right."""
    headline = f"The provider refused a text: {reason or 'it gave no reason'}."
    folded = "{count} texts were refused for what is ours to put right"
    cause, advice = f"refused-us.{failure_class.value}", ADVICE[failure_class]
    return Alarm(cause, about, headline, advice, folded, relay_id=about, by=NO_TEXTS)


# What each of the nets that catch lost texts does, and by which channels people are told that it is cut.
NETS = {
    "sweep": ("The watch over texts that are stuck", EVERY_CHANNEL),
    "reconcile": ("The comparison with the provider's list of texts", NO_TEXTS),
}

# What else is watched like a net: whether the embedded home's disk has room.
DISK = "disk"


def net_cut(net: str, since: datetime) -> Alarm:
    """Returns the alarm that one of the nets catches nothing, or that the disk is nearly full."""
    if net == DISK:
        headline = "The disk of the relay's database is nearly full. Once it is full, customers' texts are refused."
        advice = 'Make room: docs/operations.md, "The disk is full, or fails".'
        return Alarm("disk", since.isoformat(), headline, advice, "{count} times the disk was nearly full")
    what, by = NETS[net]
    headline = f"{what} ({net}) has not worked since {since:%H:%M} UTC: a lost text would not be found."
    advice = 'See the log, and docs/operations.md, "Nothing moves".'
    return Alarm(f"net.{net}", since.isoformat(), headline, advice, "{count} times a net was cut", by=by)


def net_mended(net: str, since: datetime) -> Alarm:
    """Returns the news that a net catches lost texts again, or that the disk has room."""
    if net == DISK:
        headline = f"The disk of the relay's database has room again; it had not since {since:%H:%M} UTC."
        return Alarm("disk-mended", since.isoformat(), headline, "", "{count} times the disk has room again")
    what, by = NETS[net]
    headline = f"{what} ({net}) works again; it had not since {since:%H:%M} UTC."
    return Alarm(f"net-mended.{net}", since.isoformat(), headline, "", "{count} times a net works again", by=by)


def store_fails(reason: str, advice: str) -> Alarm:
    """Returns the alarm that nothing can be stored."""
    headline = f"The relay's database cannot be used: {reason}. Customers' texts are refused until that is mended."
    return Alarm("store", "", headline, f"{advice[:1].upper()}{advice[1:]}." if advice else "", "")


def store_works_again() -> Alarm:
    """Returns the news that things can be stored again."""
    headline = "The relay's database can be used again: texts are taken."
    return Alarm("store-works", "", headline, "See in the console what came in meanwhile.", "")


def test_message(by_whom: str) -> tuple[str, str]:
    """Returns the subject and the words of a message that only tries a channel."""
    return "Test of the relay's alarms", f"This is a test by {by_whom}: alarms of the relay reach you this way."


def _customer(relay: Relay, shows_words: bool) -> str:
    return relay.sender_phone if shows_words else ending(relay.sender_phone)


def ending(phone: str) -> str:
    """Returns a phone number as alarms may show it."""
    return f"the number ending in {phone[-4:]}" if len(phone) > 7 else "a short number"


def handler(relay: Relay, tier: int) -> str:
    """Returns who is at this tier."""
    return relay.policy.tier(tier).name if 1 <= tier <= relay.policy.last_tier else "an earlier handler"


def _quoted(relay: Relay, shows_words: bool) -> str:
    words = " ".join("".join(c if c.isprintable() else " " for c in relay.message_body).split())
    if not shows_words or not words:
        return ""
    cut = words if len(words) <= _QUOTED_MAX else f"{words[:_QUOTED_MAX]}..."
    return f'It says: "{cut}"'


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _relay_id(record_id: str) -> str:
    """Returns the id that a link can lead to; records of threads are named by several words, and have none."""
    return record_id if " " not in record_id else ""
