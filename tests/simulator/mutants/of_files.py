"""Mutants of what becomes of files: their link, its token, the words in them, and what a filter leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from relay.core import fuller, links
from relay.core.links import Form
from relay.flow import attached_words, sms

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher


def _link_forgotten_on_retry(patch: Patcher) -> None:
    real = links.has_link

    def has_link(relay: Any, tier: int) -> bool:
        return real(relay, tier) and len(relay.attempts) == relay.first_attempt_of_drive

    patch.put(sms, "has_link", has_link)


def _link_for_everyone(patch: Patcher) -> None:
    patch.put(sms, "has_link", lambda relay, tier: bool(relay.files_to_see and relay.media_token))


def _token_made_anew(patch: Patcher) -> None:
    """What a webhook tells on top of the list takes the token along that was made for it."""
    real = fuller.take_more

    def take_more(relay: Any, event: Any, text: Any, now: Any) -> Any:
        return real(replace(relay, media_token=text.media_token or relay.media_token), event, text, now)

    patch.put(fuller, "take_more", take_more)


def _filtered_again_with_the_link(patch: Patcher) -> None:
    patch.put(sms, "form_of", lambda relay, attempt: Form.WHOLE)


def _words_given_up_at_once(patch: Patcher) -> None:
    real = links.form_of

    def form_of(relay: Any, attempt: Any) -> Form:
        return Form.WHOLE if real(relay, attempt) is Form.WHOLE else Form.NOTICE

    patch.put(sms, "form_of", form_of)


def _words_lost(patch: Patcher) -> None:
    patch.put(attached_words, "words_in", lambda content: "")


def _left_to_its_timer(patch: Patcher) -> None:
    """A text whose words may be in a file leaves when its timer comes, and that comes late."""
    patch.put(attached_words, "WAIT", timedelta(seconds=60))
    patch.put(attached_words, "go_on", lambda world, relay, text, budget, by="": None)


def _files_not_listed(patch: Patcher) -> None:
    patch.put(attached_words, "with_files_listed", lambda world, text, budget: text)


FILES = (
    Mutant(
        "link forgotten on retry",
        "Only a drive's first attempt has the link.",
        _link_forgotten_on_retry,
        100,
        kind=Kind.FILES_LISTED,
    ),
    Mutant(
        "link for everyone",
        "A tier that wants no link gets it.",
        _link_for_everyone,
        100,
        kind=Kind.FILES_LISTED,
    ),
    Mutant(
        "token made anew",
        "Each webhook that says more brings a new token: the link that was sent opens nothing.",
        _token_made_anew,
        100,
        kind=Kind.FILES_LISTED,
    ),
    Mutant(
        "filtered again with the link",
        "What was filtered is sent as it was.",
        _filtered_again_with_the_link,
        100,
        kind=Kind.LINKS_FILTERED,
    ),
    Mutant(
        "words given up at once",
        "With the link a filter takes the words as well.",
        _words_given_up_at_once,
        100,
        kind=Kind.LINKS_FILTERED,
    ),
    Mutant("words lost", "A file of words is only a file.", _words_lost, 100, kind=Kind.WORDS_IN_FILES),
    Mutant(
        "words are waited for",
        "A text waits for words that come later, or never.",
        _left_to_its_timer,
        100,
        kind=Kind.WORDS_IN_FILES,
    ),
    Mutant(
        "files not listed",
        "Of a recovered text's files the number is enough.",
        _files_not_listed,
        100,
        kind=Kind.FILES_LISTED,
    ),
)
