"""What becomes of the files that came with texts, judged by what Twilio took and by the order of commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from relay.core.model import Attempt, AttemptStatus, FinalStatus, Purpose, Relay, Step
from relay.web import media_link

from tests.simulator.coexistence import left_behind
from tests.simulator.drives import message_of
from tests.simulator.kinds import Kind
from tests.simulator.sim_media import LINKS_BASE_URL
from tests.simulator.sim_twilio import Message
from tests.simulator.simulation import Simulation

_FILTERED = 30007
# A text leaves within so long when nothing is wrong but that the words in its file come later, or never.
_LEAVES_SECONDS = 10.0


def attachments_are_kept(run: Simulation) -> Iterator[str]:
    """What a webhook told of a text's attachments is on record to its end; of what the list alone told, their number.

    (Where only the next revision may write a record, an alarm tells that its text said more.)"""
    for message_id in run.history.texts.keys() & run.fleet.store.relays.keys():
        text, relay = run.history.texts[message_id].text, run.fleet.store.relays[message_id].relay
        if message_id in run.history.left:
            continue
        told = text.attachments if message_id in run.history.webhooks or not relay.recovered else ()
        if relay.recovered and relay.attachments:
            told = text.attachments  # Twilio was asked for them
        kept = tuple(replace(each, is_in_words=False) for each in relay.attachments)
        if (relay.media_count, kept) != (text.media_count, told):
            yield f"LOST: attachments of {message_id[-3:]}"
        for each in relay.attachments:
            if each.is_in_words and run.plan.held[message_id, each.media_id].decode() not in relay.message_body:
                yield f"LOST: words in a file of {message_id[-3:]}"


def a_text_holds_its_link(run: Simulation) -> Iterator[str]:
    """Every text to a handler, retries and further tiers included, holds the link to what there is to see; but for a
    tier that wants none, and for what follows a text of the drive that a carrier had filtered."""
    for message in run.fleet.twilio.messages.values():
        relay = _as_it_was_sent(run, message)
        if relay is None or relay.purpose is not Purpose.FORWARD or not relay.files_to_see:
            continue
        attempt = relay.attempts[message.post.attempt - 1]
        wants = not relay.policy.tier(attempt.tier).without_link and not _was_filtered_before(relay, attempt)
        where = f"attempt {attempt.number} of {relay.message_id[-3:]}"
        if wants and not relay.media_token and not _is_revoked(relay):
            yield f"LINK: {where} has files, and no token was made for them"
        elif wants and relay.media_token and _link(relay) not in message.body:
            yield f"LINK: {where} was sent without the link to its files"
        elif not wants and LINKS_BASE_URL in message.body:
            yield f"LINK: {where} was sent with a link that it is not to have"


def what_was_delivered_shows_the_files(run: Simulation) -> Iterator[str]:
    """What is recorded as delivered at the end, of a text with files, reached a handler with the link to them."""
    for stored in run.fleet.store.relays.values():
        relay = stored.relay
        is_over = relay.purpose is Purpose.FORWARD and relay.final_status is FinalStatus.DELIVERED
        if not is_over or not relay.files_to_see or not relay.media_token or relay.message_id in left_behind(run):
            continue
        delivered = [
            attempt
            for attempt in relay.attempts
            if attempt.status is AttemptStatus.DELIVERED and attempt.number >= relay.first_attempt_of_words
        ]
        messages = [(each, message_of(run, relay.message_id, each.number)) for each in delivered]
        if not any(_shows_enough(relay, each, message) for each, message in messages):
            yield f"LINK: {relay.message_id[-3:]} was delivered, and nothing that was showed its files"


def _shows_enough(relay: Relay, attempt: Attempt, message: Message | None) -> bool:
    # Of an earlier drive the tiers are not kept; and whose a text is may be told wrongly of two with the same words.
    if message is None or attempt.number < relay.first_attempt_of_drive or _was_filtered_before(relay, attempt):
        return True
    return relay.policy.tier(attempt.tier).without_link or _link(relay) in message.body


def a_relay_has_one_token(run: Simulation) -> Iterator[str]:
    """A link that was sent once opens the files until it is revoked: no commit puts another token in its place."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (_, after) in pairwise(commits):
            if before.media_token and after.media_token != before.media_token and not _is_revoked(after):
                yield f"TOKEN: {message_id[-3:]} lost its token for another one, or for none"


def words_in_files_are_words(run: Simulation) -> Iterator[str]:
    """Words of a file that Twilio had from the beginning are in the record, and in what left, where nothing else went
    wrong; and where it had them later, or never, the text left in time all the same.

    (Not where the list that alone told of a text had not told of its file when the text was taken in.)"""
    wide = run.plan.wide
    if wide is None or wide.kind is not Kind.WORDS_IN_FILES or not wide.is_calm:
        return
    for _, text in run.plan.texts:
        stored = run.fleet.store.relays.get(text.message_id)
        if stored is None:
            continue
        messages = [each for each in run.fleet.twilio.messages.values() if each.post.message_id == text.message_id]
        arrived_at = run.history.texts[text.message_id].at
        if not wide.webhook and messages and messages[0].created > arrived_at + _LEAVES_SECONDS:
            yield f"WORDS: {text.message_id[-3:]} waited for the words in its file"
        is_told = not wide.webhook or not wide.listed_after
        for (message_id, _), content in run.plan.held.items() if wide.odd == "in time" and is_told else ():
            if message_id != text.message_id:
                continue
            if content.decode() not in stored.relay.message_body:
                yield f"WORDS: those in a file of {message_id[-3:]} are not in its record"
            elif messages and content.decode() not in messages[0].body:
                yield f"WORDS: those in a file of {message_id[-3:]} did not leave with it"


def what_the_list_tells_of_files_is_kept(run: Simulation) -> Iterator[str]:
    """Which files came with a text that the list alone told of is on record, where Twilio could tell at once."""
    wide = run.plan.wide
    if wide is None or wide.kind is not Kind.FILES_LISTED or not wide.is_calm or wide.webhook != "lost":
        return
    for _, text in run.plan.texts if not wide.listed_after else ():
        stored = run.fleet.store.relays.get(text.message_id)
        if stored is not None and stored.relay.attachments != text.attachments:
            yield f"FILES: which files came with {text.message_id[-3:]} was not asked for"


def a_filtered_link_is_left_out_first(run: Simulation) -> Iterator[str]:
    """When a carrier filters a text with its link the same handler gets the words once more, without it; unless one
    without a link was filtered before."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (_, after) in pairwise(commits):
            for old, new in zip(before.attempts, after.attempts, strict=False):
                is_news = new.error_code == _FILTERED and old.error_code != _FILTERED
                message = message_of(run, message_id, new.number) if is_news else None
                if message is None or LINKS_BASE_URL not in message.body or _was_tried_without(run, before, new):
                    continue
                if new.number != len(before.attempts) or before.final_status is not FinalStatus.IN_PROGRESS:
                    continue  # it had been given up on, or was known to have arrived elsewhere
                yield from _once_more(run, after, new)


def _once_more(run: Simulation, relay: Relay, filtered: Attempt) -> Iterator[str]:
    where = f"attempt {filtered.number} of {relay.message_id[-3:]}"
    if len(relay.attempts) == filtered.number or relay.attempts[filtered.number].tier != filtered.tier:
        yield f"FILTERED: {where} was filtered with its link, and not tried without it"
        return
    again = message_of(run, relay.message_id, filtered.number + 1)
    if again is not None and relay.message_body not in again.body:
        yield f"FILTERED: {where} was filtered with its link, and then the words were left out at once"


def _as_it_was_sent(run: Simulation, message: Message) -> Relay | None:
    """The relay as it was when this text's words were decided on: at its lease, or later if they were changed then."""
    post, last = message.post, None
    known: set[tuple[str, str | None]] = set()
    for at, seen in run.history.commits[post.message_id]:
        attempt = seen.attempt(post.attempt)
        if at > post.at:
            break
        if attempt is None or attempt.lease is None:
            continue
        if (attempt.lease, attempt.sent_digest) not in known:
            known.add((attempt.lease, attempt.sent_digest))
            last = seen
    return last


def _was_filtered_before(relay: Relay, attempt: Attempt) -> bool:
    earlier = relay.attempts[relay.first_attempt_of_drive - 1 : attempt.number - 1]
    return any(each.error_code == _FILTERED for each in earlier)


def _was_tried_without(run: Simulation, relay: Relay, attempt: Attempt) -> bool:
    """Whether the drive had a text without the link filtered before this attempt."""
    earlier = relay.attempts[relay.first_attempt_of_drive - 1 : attempt.number - 1]
    filtered = [message_of(run, relay.message_id, each.number) for each in earlier if each.error_code == _FILTERED]
    return any(message is not None and LINKS_BASE_URL not in message.body for message in filtered)


def _is_revoked(relay: Relay) -> bool:
    return any(entry.step is Step.LINK_REVOKED for entry in relay.error_log)


def _link(relay: Relay) -> str:
    return media_link(LINKS_BASE_URL, relay.media_token)


OF_FILES: tuple[Callable[[Simulation], Iterator[str]], ...] = (
    attachments_are_kept,
    a_text_holds_its_link,
    what_was_delivered_shows_the_files,
    a_relay_has_one_token,
    words_in_files_are_words,
    what_the_list_tells_of_files_is_kept,
    a_filtered_link_is_left_out_first,
)
