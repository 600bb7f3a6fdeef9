"""What must hold after an endurance run: the simulator's invariants in its own words, judged by Twilio's side.

Each takes the run and yields a sentence for every violation. The judges believe what the fake Twilio took and
delivered; the relay's own record is believed only where it is what is being judged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

from relay.core.model import AttemptStatus, FinalStatus, Relay, SenderClass, Step
from relay.core.policy import LEASE_SECONDS, SEND_SECONDS_MAX

from scripts.fake_twilio import Message, PostAttempt
from scripts.fake_twilio.message import FAILURES
from tests.endurance.judges_of_logs import bugs_are_not_passed_over, s9_nothing_secret_in_logs
from tests.endurance.load import BUSINESS, HANDLERS, Planned
from tests.endurance.run import Run, has_ended

# The code with which a carrier says that it filtered the words.
_FILTERED = 30007
# How long ago the text was written, where the notice says it: a clock that is set forward in between makes it old.
_AGO = r"( \d+ (min|h|days) ago)?"
# A POST that started within its lease is at Twilio by then, however slow the machine.
_UNDER_WAY_SECONDS = LEASE_SECONDS + SEND_SECONDS_MAX


def attempt_of(url: str) -> tuple[str, int]:
    """Relay and attempt that a status callback's URL names."""
    query = parse_qs(urlsplit(url).query)
    return query["relay"][0], int(query["attempt"][0])


def named(post: PostAttempt) -> tuple[str, int]:
    """Relay and attempt of a POST, by the status callback it asked for."""
    return attempt_of(dict(post.form)["StatusCallback"])


def texts_sent(run: Run) -> dict[str, list[Message]]:
    """What Twilio truly took for each relay, the oldest first."""
    taken: dict[str, list[Message]] = defaultdict(list)
    for message in run.fake.messages:
        if message.direction == "outbound-api":
            taken[attempt_of(message.status_callback or "")[0]].append(message)
    return taken


def never_lost(run: Run) -> Iterator[str]:
    """Every customer's text reached a handler's phone or is exhausted with an alarm; what is recorded as delivered was
    delivered."""
    taken = texts_sent(run)
    alarms = set(re.findall(r'"event": "alarm".*?"relay": "(\w+)"', run.log))
    for message_id, planned in run.texts.items():
        relay = run.relays.get(message_id)
        if relay is None:
            yield f"LOST: {message_id[-3:]} reached Twilio and was never relayed"
        elif planned.sender in HANDLERS:
            continue
        elif relay.final_status is FinalStatus.DELIVERED:
            sent = taken[message_id]
            if not any(text.reached_phone_at and _tells(text, planned, sent) for text in sent):
                yield f"LOST: {message_id[-3:]} is recorded as delivered, and no handler has it"
        elif relay.final_status is FinalStatus.EXHAUSTED and message_id not in alarms:
            yield f"LOST: {message_id[-3:]} is exhausted, and there was no alarm"


def _tells(text: Message, planned: Planned, of_its_relay: list[Message]) -> bool:
    """Whether a handler who reads it knows of the customer's text: by its words; once a carrier had filtered these, by
    the notice of who wrote."""
    filtered = (other for other in of_its_relay if other.error_code == _FILTERED and other.created_at < text.created_at)
    notice = rf"{re.escape(planned.sender)} texted {re.escape(planned.to)}{_AGO}\. "
    return planned.words in text.body or (any(filtered) and re.match(notice, text.body) is not None)


def s1_durable_before_200(run: Run) -> Iterator[str]:
    """What was answered 200 had been taken in before, and is still there at the end."""
    for exchange in run.answered:
        if exchange.kind != "inbound" or exchange.http_status != 200:
            continue
        relay = run.relays.get(exchange.message_sid)
        if relay is None:
            yield f"S1: {exchange.message_sid[-3:]} was answered 200 and is gone"
        elif run.is_clock_right and relay.timestamp.timestamp() > exchange.ended_at:
            yield f"S1: {exchange.message_sid[-3:]} was answered 200 before it was taken in"


def s2_one_relay_per_message(run: Run) -> Iterator[str]:
    """As many relays as texts, each taken in once."""
    if run.stored != len(run.relays):
        yield f"S2: {run.stored} relays for {len(run.relays)} texts"
    for relay in run.relays.values():
        taken_in = [n for n, entry in enumerate(relay.error_log) if entry.step in (Step.RECEIVED, Step.RECOVERED)]
        if taken_in != [0]:
            yield f"S2: {relay.message_id[-3:]} was taken in at lines {taken_in} of its trail"


def s3_one_first_delivery(run: Run) -> Iterator[str]:
    """The tier on record as the one that delivered is the one that the trail names first.

    Where a later word took that delivery back, it is the tier of another attempt that is delivered.
    """
    for relay in run.relays.values():
        if relay.final_status is not FinalStatus.DELIVERED:
            continue
        said_more = max((n for n, entry in enumerate(relay.error_log) if entry.step is Step.SAID_MORE), default=0)
        named = [entry for entry in relay.error_log[said_more:] if entry.step is Step.DELIVERED]
        delivered = {
            attempt.number: attempt.tier for attempt in relay.attempts if attempt.status is AttemptStatus.DELIVERED
        }
        is_taken_back = bool(named) and named[0].attempt not in delivered
        may_be = set(delivered.values()) if is_taken_back else {entry.tier for entry in named[:1]}
        if relay.delivered_tier not in may_be:
            tiers = [entry.tier for entry in named]
            yield f"S3: {relay.message_id[-3:]} was delivered by tier {relay.delivered_tier}, its trail says {tiers}"


def s4_no_send_after_the_end(run: Run) -> Iterator[str]:
    """No POST arrives at Twilio when its relay had ended, but for one that was under way."""
    for post in run.fake.posts if run.is_clock_right else ():
        relay = run.relays.get(named(post)[0])
        ended = None if relay is None else _ended_at(relay)
        if ended is not None and post.arrived_at > ended.timestamp() + _UNDER_WAY_SECONDS:
            yield f"S4: {_short(post)} was sent {post.arrived_at - ended.timestamp():.0f} s after the end"


def s5_one_post_per_attempt(run: Run) -> Iterator[str]:
    """No attempt is POSTed again, unless Twilio had refused every earlier POST of it, and took no text of one."""
    posts = defaultdict(list)
    for post in run.fake.posts:
        posts[named(post)].append(post)
    for (message_id, attempt), of_attempt in posts.items():
        if not all(_certainly_sent_nothing(post) for post in of_attempt[:-1]):
            yield f"S5: attempt {attempt} of {message_id[-3:]} was POSTed {len(of_attempt)} times"


def _certainly_sent_nothing(post: PostAttempt) -> bool:
    """Whether it is true, and its answer said so: a reset or a server error tells nothing of what became of it."""
    return post.message_sid is None and post.http_status is not None and 400 <= post.http_status <= 499


def s5_no_double_outside_the_window(run: Run) -> Iterator[str]:
    """Twilio never took two texts of one relay to one handler, unless the carrier had failed the earlier one before.

    Or the text had said more meanwhile, or it is the documented window: at the last tier, once, with an attempt marked
    as a resend.
    """
    for message_id, to, double in doubles(run):
        relay = run.relays.get(message_id)
        resent = relay is not None and any(attempt.is_resend for attempt in relay.attempts) and to == HANDLERS[-1]
        # By a clock that is ahead, a text that is just arriving looks old enough to be taken as it is.
        more = sum(entry.step is Step.SAID_MORE for entry in relay.error_log) if relay and not run.is_clock_right else 0
        if double > int(resent) + more:
            yield f"S5: {message_id[-3:]} went {double + 1} times to the handler of tier {HANDLERS.index(to) + 1}"


def doubles(run: Run) -> list[tuple[str, str, int]]:
    """Relays of which a handler was sent more than one text, with how many too many."""
    found = []
    for message_id, messages in texts_sent(run).items():
        by_handler: dict[str, list[Message]] = defaultdict(list)
        for message in messages:
            by_handler[message.to].append(message)
        for to, sent in by_handler.items():
            double = sum(not _had_failed(earlier, later.created_at) for earlier, later in pairwise(sent))
            if double:
                found.append((message_id, to, double))
    return found


def _had_failed(message: Message, by: float) -> bool:
    return any(status in FAILURES and at <= by for at, status in message.history)


def s6_no_tier_skipped(run: Run) -> Iterator[str]:
    """Each attempt is at the tier of the one before it or at the next; the first is at tier 1.

    So is the first after the text came in again and said more: with all its words it goes through the tiers anew.
    """
    for relay in run.relays.values():
        tiers = [attempt.tier for attempt in relay.attempts]
        anew = {entry.attempt for entry in relay.error_log if entry.step is Step.SAID_MORE}
        steps = ((one.tier, next_.tier, next_.number in anew) for one, next_ in pairwise(relay.attempts))
        if tiers[:1] not in ([], [1]) or any(
            after != 1 if is_anew else after - before not in (0, 1) for before, after, is_anew in steps
        ):
            yield f"S6: {relay.message_id[-3:]} went through tiers {tiers}"


def s7_every_receipt_counts(run: Run) -> Iterator[str]:
    """Whatever was answered 204 is in the record at the end: a delivery ends the relay as delivered, a failure leaves
    the attempt failed (or delivered, if that was told too).

    A delivery from before the text said more is none of all its words: it ends nothing, and is on record as its own.
    """
    for exchange in run.answered:
        status = exchange.parameter("MessageStatus")
        is_its_own = exchange.parameter("MessageSid") in (None, exchange.message_sid)
        if exchange.kind != "status" or exchange.http_status != 204 or not is_its_own:
            continue
        message_id, number = attempt_of(exchange.url)
        relay = run.relays.get(message_id)
        attempt = relay.attempt(number) if relay is not None else None
        if "-" in message_id:
            continue  # a notice
        if relay is None or attempt is None:
            yield f"S7: attempt {number} of {message_id[-3:]} was reported on and is not on record"
        elif status == "delivered" and number < relay.first_attempt_of_words:
            if attempt.status is not AttemptStatus.DELIVERED:
                yield f"S7: attempt {number} of {message_id[-3:]} was reported delivered and is {attempt.status}"
        elif status == "delivered" and relay.final_status is not FinalStatus.DELIVERED:
            yield f"S7: attempt {number} of {message_id[-3:]} was reported delivered, the relay is {relay.final_status}"
        elif status in FAILURES and attempt.status not in (AttemptStatus.FAILED, AttemptStatus.DELIVERED):
            yield f"S7: attempt {number} of {message_id[-3:]} was reported {status} and is {attempt.status}"


def s8_only_to_handlers(run: Run) -> Iterator[str]:
    """Only customers' texts are POSTed, to their tier's handler, never to us; and a notice to a handler who wrote."""
    for post in run.fake.posts:
        message_id, number = named(post)
        cause = run.relays.get(message_id.partition("-")[0]) if "-" in message_id else None
        if cause and cause.sender_class is SenderClass.HANDLER and post.to == cause.sender_phone:
            continue
        relay = run.relays.get(message_id)
        attempt = relay.attempt(number) if relay is not None else None
        if relay is None or attempt is None or relay.sender_class is not SenderClass.CUSTOMER:
            yield f"S8: {_short(post)} is of no customer's relay"
        elif post.to in BUSINESS or post.to != HANDLERS[attempt.tier - 1]:
            yield f"S8: {_short(post)} went to a wrong number"


def s10_replays_change_nothing(run: Run) -> Iterator[str]:
    """A request that was answered with success and comes again changes no relay and sends nothing."""
    for change in run.changed_by_replays:
        yield f"S10: {change}"


def l1_every_text_ends(run: Run) -> Iterator[str]:
    """Every relay has ended, and if it ended as exhausted, people were told."""
    for relay in run.relays.values():
        if not has_ended(relay):
            yield f"L1: {relay.message_id[-3:]} has not ended"


def l2_every_attempt_is_resolved_or_due(run: Run) -> Iterator[str]:
    """An attempt of which nobody can tell yet whether it left keeps its relay due, so that Twilio is asked."""
    for relay in run.relays.values():
        for attempt in relay.attempts:
            if attempt.is_unresolved and relay.due_at is None:
                yield f"L2: attempt {attempt.number} of {relay.message_id[-3:]} is {attempt.status}, and nobody asks"


def _ended_at(relay: Relay) -> datetime | None:
    ends = [entry.at for entry in relay.error_log if entry.step in (Step.DELIVERED, Step.EXHAUSTED)]
    return ends[0] if ends else None


def _short(post: PostAttempt) -> str:
    message_id, attempt = named(post)
    return f"attempt {attempt} of {message_id[-3:]}"


JUDGES: tuple[Callable[[Run], Iterator[str]], ...] = (
    never_lost,
    s1_durable_before_200,
    s2_one_relay_per_message,
    s3_one_first_delivery,
    s4_no_send_after_the_end,
    s5_one_post_per_attempt,
    s5_no_double_outside_the_window,
    s6_no_tier_skipped,
    s7_every_receipt_counts,
    s8_only_to_handlers,
    s9_nothing_secret_in_logs,
    s10_replays_change_nothing,
    l1_every_text_ends,
    l2_every_attempt_is_resolved_or_due,
    bugs_are_not_passed_over,
)


def violations(run: Run) -> list[str]:
    """Everything that all judges find."""
    return [sentence for judge in JUDGES for sentence in judge(run)]
