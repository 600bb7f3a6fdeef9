"""What becomes of the files that came with a text: who is sent them, what is done without them, words in them. Pure.

Of a customer's files the handler reads the link (links.py). A handler's go with the answer itself: the provider fetches
them by links.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core import moves, purposes
from relay.core.changes import changed, log_relay_attempt, without_outage
from relay.core.events import Decision, Effect, Event, ignored
from relay.core.failures import ANSWERED_SINCE, THREAD_CLOSED, Failure, FailureClass
from relay.core.links import Form, form_of, was_filtered
from relay.core.model import Attachment, Attempt, InboundText, Purpose, Relay, Step

# How long the provider may fetch the files of an answer, from when the answer was made or begun again.
ANSWERS_FILES_FOR = timedelta(hours=1)
# So many files go with one answer: the provider takes no more.
ANSWERS_FILES_MAX = 10
# What an answer is marked with (`Relay.asked`) that has no words of the handler's.
FILES_ALONE = "files alone"
# The classes of failures that may be the files': the provider or a carrier does not take them, or says no more than
# that it does not take the text.
_OF_FILES = frozenset({FailureClass.CONTENT, FailureClass.FILTERED, FailureClass.REFUSED_UNKNOWN})
# A type whose files are words, and part of the text that they came with.
WORDS_TYPE = "text/plain"


def has_files_to_go(relay: Relay) -> bool:
    """Whether this is an answer with which files were to go to its customer."""
    return relay.purpose is Purpose.ANSWER and relay.files_to_see > 0


def is_without_words(relay: Relay) -> bool:
    """Whether nothing is left to send of this answer when its files do not go."""
    return has_files_to_go(relay) and relay.asked == FILES_ALONE


def takes_files(relay: Relay, attempt: Attempt) -> bool:
    """Whether this attempt of an answer takes its files along: none before it failed because of them."""
    return has_files_to_go(relay) and bool(relay.media_token) and refused_for_files(relay, attempt) is None


def refused_for_files(relay: Relay, attempt: Attempt) -> Failure | None:
    """Returns why an earlier attempt of this answer failed, where that may have been because of its files."""
    earlier = (each.failure for each in relay.attempts[: attempt.number - 1])
    return next((each for each in earlier if each is not None and _may_be_of_files(each)), None)


def _may_be_of_files(failure: Failure) -> bool:
    return failure.failure_class in _OF_FILES and failure not in (ANSWERED_SINCE, THREAD_CLOSED)


def may_do_without(relay: Relay, attempt: Attempt, now: datetime) -> bool:
    """Whether the failed attempt is made once more at its tier, without what may have been the cause.

    Of a customer's text that is the link, which a filter may have looked at. Of an answer it is the files, where there
    are words that can go alone and are not too old for that.
    """
    if has_files_to_go(relay):
        is_theirs = attempt.failure is not None and _may_be_of_files(attempt.failure)
        may_go_alone = not is_without_words(relay) and not purposes.is_too_late(relay, now)
        return is_theirs and may_go_alone and takes_files(relay, attempt)
    return was_filtered(attempt) and attempt.had_link and form_of(relay, attempt) is not Form.NOTICE


def after_failure(relay: Relay, event: Event, now: datetime, number: int, first: tuple[Effect, ...]) -> Decision:
    """Returns what follows when the attempt with this number failed: once more without the files, or as for any text.

    Once more is at the same tier and at once. `first` are effects that come before.
    """
    current = relay.attempts[number - 1]
    if not may_do_without(relay, current, now):
        return moves.after_failure(relay, event, now, number, first)
    attempt = moves.new_attempt(relay, current.tier, now, current.try_in_tier + 1)
    reason = f"once more, without {'its files' if has_files_to_go(relay) else 'the link to its files'}"
    relay = moves.planned(without_outage(relay), attempt, Step.ATTEMPT_SCHEDULED, now, reason, event.by)
    if event.lease is None:
        return moves.scheduled(relay, first)
    return moves.leased(relay, event.lease, now, event.by, first)


def revoke(relay: Relay, event: Event, now: datetime) -> Decision:
    """An operator revokes the link: nothing opens the relay's files any more, and they stay at the provider."""
    if not relay.media_token:
        return ignored(relay, "it has no link")
    relay = changed(relay, media_token="")
    return Decision(log_relay_attempt(relay, Step.LINK_REVOKED, now, reason=event.reason, by=event.by))


def are_over(relay: Relay, now: datetime) -> bool:
    """Whether the relay's files are not to be opened by its link any more, because of its age."""
    if relay.purpose is not Purpose.ANSWER:
        return now >= relay.expires_at
    begun = max((attempt.starts_at for attempt in relay.attempts_of_drive[:1]), default=relay.timestamp)
    return now >= begun + ANSWERS_FILES_FOR


def to_see(text: InboundText) -> tuple[Attachment, ...]:
    """Returns those files of a text whose ids are known and that are not in its words."""
    return tuple(each for each in text.attachments if not each.is_in_words)


def hold_words(text: InboundText) -> tuple[Attachment, ...]:
    """Returns those files of a text whose words belong into it, and are not there yet."""
    return tuple(each for each in text.attachments if each.content_type == WORDS_TYPE and not each.is_in_words)


def with_words(text: InboundText, words: dict[str, str]) -> InboundText:
    """Returns the text with the words of its files, by their ids, after its own."""
    body = "\n".join(filter(None, (text.body.rstrip(), *(each.strip() for each in words.values()))))
    files = (replace(each, is_in_words=each.is_in_words or each.media_id in words) for each in text.attachments)
    return replace(text, body=body, attachments=tuple(files))
