"""What the wider world must not do to a text, judged as everything else: by Twilio's own record and the commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from relay.core.comparing import comparable, digest_of
from relay.core.model import Attempt, FinalStatus, Relay, SenderClass, Step
from relay.flow.brake import SAME_WORDS_MAX, TEXTS_MAX

from tests.simulator.coexistence import left_behind
from tests.simulator.drives import message_of
from tests.simulator.kinds import Kind
from tests.simulator.plan import OUR_PHONES
from tests.simulator.reference import AT_ONCE_ELSEWHERE
from tests.simulator.sim_twilio import Message
from tests.simulator.simulation import Simulation

# Once Twilio can be reached again texts leave within so long, on the embedded home.
_RETURNED_SECONDS = 60.0
_OUTAGES = frozenset({Kind.OUTAGE_NO_LINE, Kind.OUTAGE_OURS, Kind.OUTAGE_SILENT})


def the_words_arrive(run: Simulation) -> Iterator[str]:
    """The record holds what the customer wrote, once a webhook or the list's whole row said it; and what is recorded as
    delivered reached a handler with these words. (Where only the next revision may write a record an alarm tells.)"""
    wide = run.plan.wide
    if wide is None:
        return
    for message_id, stored in run.fleet.store.relays.items():
        if message_id not in run.history.texts or (wide.kind is Kind.FULLER_WEBHOOK and not _webhook(run, message_id)):
            continue
        relay, written = stored.relay, _written(run, stored.relay)
        if relay.message_body != written and message_id in left_behind(run):
            if message_id not in run.history.left:
                yield f"WORDS: {message_id[-3:]} says more, only the next revision may write it, and nobody was told"
        elif relay.message_body != written:
            yield f"WORDS: {message_id[-3:]} is on record with other words than its customer's"
        elif relay.final_status is FinalStatus.DELIVERED:
            words = comparable(written)
            if not any(words in comparable(message.body) for message in run.fleet.twilio.messages.values()):
                yield f"WORDS: {message_id[-3:]} was delivered without its customer's words"


def _written(run: Simulation, relay: Relay) -> str:
    """What the customer wrote, with the words of those files that are on record as words of the text."""
    in_files = [
        run.plan.held[relay.message_id, each.media_id].decode() for each in relay.attachments if each.is_in_words
    ]
    return "\n".join((run.history.texts[relay.message_id].text.body, *in_files))


def an_id_is_of_its_own_text(run: Simulation) -> Iterator[str]:
    """The id on record of an attempt is that of a text of this relay to this handler.

    Of texts with the same words from one customer it may be another's, since nothing tells them apart once no callback
    can come. Before the answer to the POST is on record, a receipt to this attempt's address with another id cannot be
    told from one that came early.
    """
    wide = run.plan.wide
    may_come_early = wide is not None and wide.kind is Kind.RECEIPTS_OF_OTHERS and wide.odd == "another id"
    for message_id, commits in run.history.commits.items():
        for (_, before), (at, after) in pairwise(commits):
            for attempt in after.attempts:
                earlier = before.attempt(attempt.number)
                if attempt.sent_id in (None, earlier and earlier.sent_id) or _is_its_own(run, after, attempt):
                    continue
                if not may_come_early or _id_was_told(run, message_id, attempt.number, at):
                    yield f"WHOSE: attempt {attempt.number} of {message_id[-3:]} has another text's id"


def _is_its_own(run: Simulation, relay: Relay, attempt: Attempt) -> bool:
    message = run.fleet.twilio.messages.get(attempt.sent_id or "")
    if message is None or message.to != attempt.reach.address:
        return False
    owner = run.fleet.store.relays[message.post.message_id].relay
    same_words = comparable(owner.message_body) == comparable(relay.message_body)
    # Of filtered texts the notices read the same, whatever the texts said.
    same_words = same_words or attempt.sent_digest == digest_of(message.body)
    return owner.message_id == relay.message_id or (same_words and owner.sender_phone == relay.sender_phone)


def _id_was_told(run: Simulation, message_id: str, number: int, at: float) -> bool:
    """Whether the answer to this attempt's POST had been recorded by then."""
    message = message_of(run, message_id, number)
    if message is None or message.post.told_at is None:
        return False
    commits = run.history.commits[message_id]
    return any(
        message.post.told_at <= when < at and entry.step is Step.ATTEMPT_ACCEPTED and entry.attempt == number
        for when, seen in commits
        for entry in seen.error_log
    )


def an_outage_uses_up_no_tier(run: Simulation) -> Iterator[str]:
    """When the only trouble is an outage shorter than its allowance, no text is exhausted; and if nobody could have got
    it meanwhile the first tier gets it, within a minute of Twilio's return."""
    wide = run.plan.wide
    if wide is None or wide.kind not in _OUTAGES or not wide.is_calm:
        return
    for message_id in run.history.texts:
        stored = run.fleet.store.relays.get(message_id)
        if stored is None:
            continue
        relay = stored.relay
        if any(seen.final_status is FinalStatus.EXHAUSTED for _, seen in run.history.commits[message_id]):
            yield f"OUTAGE: {message_id[-3:]} was exhausted by an outage"
        elif wide.kind is not Kind.OUTAGE_SILENT:
            if relay.delivered_tier != 1:
                yield f"OUTAGE: {message_id[-3:]} lost its first tier to an outage"
            first = min((message.created for message in _sent(run, relay)), default=run.kernel.now)
            if first > max(wide.during[1], run.history.texts[message_id].at) + _RETURNED_SECONDS:
                yield f"OUTAGE: {message_id[-3:]} left {first - wide.during[1]:.0f} s after Twilio's return"


def what_is_refused_for_good_goes_on_at_once(run: Simulation) -> Iterator[str]:
    """A code that will be the same in two seconds is answered once in a tier: the next tier is tried at once."""
    wide = run.plan.wide
    if wide is None or wide.kind is not Kind.CODES_ANSWERED or wide.answers not in AT_ONCE_ELSEWHERE:
        return
    for stored in run.fleet.store.relays.values():
        refused = [
            attempt
            for attempt in stored.relay.attempts[stored.relay.first_attempt_of_drive - 1 :]
            if attempt.reach.address in wide.refused_phones and attempt.error_code is not None
        ]
        for before, after in pairwise(refused):
            if before.tier == after.tier and before.error_code == (wide.answers[1] or wide.answers[0]):
                yield f"CODES: {wide.answers} was asked for again at tier {after.tier}"


def late_beats_never(run: Simulation) -> Iterator[str]:
    """At the last tier a text that is still queued at Twilio is not given up, unless it may be a twin's with the same
    words, and it cannot be told which of them is there."""
    for message_id, commits in run.history.commits.items() if run.plan.wide is not None else ():
        for at, seen in commits:
            if seen.final_status is not FinalStatus.EXHAUSTED:
                continue
            for message in _sent(run, seen):
                if seen.attempts[-1].is_unresolved and _has_a_twin(run, message):
                    continue
                if message.post.attempt == len(seen.attempts) and message.created <= at < message.queued_until:
                    yield f"QUEUED: {message_id[-3:]} was given up while its last text was queued"
                    return


def a_failure_that_was_told_is_in_the_trail(run: Simulation) -> Iterator[str]:
    """Whatever Twilio told of as failed is in the trail with its code, even after a delivery."""
    if run.plan.wide is None or run.plan.wide.kind is not Kind.FAILED_AFTER_DELIVERED:
        return
    for receipt in run.history.receipts:
        if receipt.status == "undelivered":
            trail = run.fleet.store.relays[receipt.message_id].relay.error_log
            if not any(entry.attempt == receipt.attempt and entry.error_code for entry in trail):
                yield f"SILENT: attempt {receipt.attempt} of {receipt.message_id[-3:]} failed after all, unmentioned"


def a_key_that_may_not_read_is_named(run: Simulation) -> Iterator[str]:
    """When Twilio says that our key may not read, a note says so: to wait for it would be in vain."""
    wide = run.plan.wide
    if wide is None or wide.kind is not Kind.MAY_NOT_READ or not run.fleet.twilio.refused_reads:
        return
    if not any("credentials may not read" in note for note in run.history.notes):
        yield "SILENT: nobody was told that the key may not read"


def who_writes_is_known(run: Simulation) -> Iterator[str]:
    """A handler is one in either spelling and through any channel, and an opt-out is one in any language; a customer is
    forwarded, and from one of our numbers."""
    wide = run.plan.wide
    if wide is None or wide.kind not in (Kind.SPELLINGS, Kind.OPT_OUT_TYPES):
        return
    posts = {post.message_id for post in run.history.posts}
    is_handlers = wide.kind is Kind.OPT_OUT_TYPES or wide.odd in ("from the other", "from its channel")
    for message_id in run.history.texts:
        if is_handlers and message_id in posts:
            yield f"WHO: {message_id[-3:]} came from a handler and was forwarded"
    for message in run.fleet.twilio.messages.values():
        if message.from_ not in OUR_PHONES:
            yield f"WHO: attempt {message.post.attempt} was not sent from a number of ours"
    for stored in run.fleet.store.relays.values():
        is_opt_out = stored.relay.sender_class is SenderClass.HANDLER_OPT_OUT
        was_told = stored.relay.message_id in run.history.webhooks and wide.kind is Kind.OPT_OUT_TYPES
        if was_told and not is_opt_out and stored.relay.message_id == run.plan.texts[0][1].message_id:
            yield f"WHO: {stored.relay.message_id[-3:]} is an opt-out, and nobody was told"


def a_flood_is_held_and_told(run: Simulation) -> Iterator[str]:
    """Of a flood no process forwards more than its measure; what is held is on record with an alarm; and it is one of
    more texts than the brake lets through, as Twilio took them in."""
    wide = run.plan.wide
    is_flood = wide is not None and wide.kind is Kind.FLOOD
    held = [stored.relay for stored in run.fleet.store.relays.values() if stored.relay.final_status is FinalStatus.HELD]
    texts = [text.text for text in run.history.texts.values()] if held else []
    for relay in held:
        came = [text.body for text in texts if text.sender_phone == relay.sender_phone]
        if len(came) <= TEXTS_MAX and came.count(relay.message_body) <= SAME_WORDS_MAX:
            yield f"FLOOD: {relay.message_id[-3:]} was held, and there was no flood"
        elif relay.message_id not in run.history.alarms:
            yield f"FLOOD: {relay.message_id[-3:]} was held and nobody was told"
    if is_flood and len(run.history.texts) - len(held) > SAME_WORDS_MAX * len(run.fleet.processes):
        yield f"FLOOD: only {len(held)} of {len(run.history.texts)} texts with the same words were held"


def _webhook(run: Simulation, message_id: str) -> bool:
    return message_id in run.history.webhooks


def _has_a_twin(run: Simulation, message: Message) -> bool:
    """Whether an attempt of another relay is on record that sent, or was to send, the same words to the same phone."""
    return any(
        attempt.reach.address == message.to and stored.relay.message_body == _words_of(run, message)
        for stored in run.fleet.store.relays.values()
        if stored.relay.message_id != message.post.message_id
        for attempt in stored.relay.attempts
    )


def _words_of(run: Simulation, message: Message) -> str:
    return run.fleet.store.relays[message.post.message_id].relay.message_body


def _sent(run: Simulation, relay: Relay) -> list[Message]:
    return [message for message in run.fleet.twilio.messages.values() if message.post.message_id == relay.message_id]


WIDE_PROMISES: tuple[Callable[[Simulation], Iterator[str]], ...] = (
    the_words_arrive,
    an_id_is_of_its_own_text,
    an_outage_uses_up_no_tier,
    what_is_refused_for_good_goes_on_at_once,
    late_beats_never,
    a_failure_that_was_told_is_in_the_trail,
    a_key_that_may_not_read_is_named,
    who_writes_is_known,
    a_flood_is_held_and_told,
)
