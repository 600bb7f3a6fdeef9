"""Mutants of look-ups: whether and how Twilio is asked what became of a text, and whose a text is taken to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from relay.core import reversals
from relay.errors import MessengerUnavailable
from relay.flow import lookup, matching, sms, timers
from relay.twilio import messenger, pages

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher


def _silence_means_not_sent(patch: Patcher) -> None:
    real = lookup.find

    def find(*arguments: Any) -> Any:
        try:
            return real(*arguments)
        except MessengerUnavailable:
            return None

    patch.put(timers, "find", find)


def _first_text_found_is_taken(patch: Patcher) -> None:
    """As it once was: rivals for a text are not asked about."""
    patch.put(matching, "may_own", lambda relay, owner, attempt: False)


def _whose_it_is_is_guessed(patch: Patcher) -> None:
    """As it once was: of two that a text may belong to, the order of sending decides at once."""
    patch.put(matching, "CALLBACKS_COME", timedelta(days=-1))


def _owner_not_asked(patch: Patcher) -> None:
    patch.put(matching.Matching, "others_with_the_same_words", lambda *arguments: [])


def _no_tolerance(patch: Patcher) -> None:
    patch.put(matching, "TOLERANCE", timedelta(0))


def _another_time_is_another_text(patch: Patcher) -> None:
    """As it once was: a clock that is wrong by days, when it sends and when it asks, is believed."""
    patch.put(matching, "astray", lambda *arguments: None)


def _what_was_refused_does_not_exist(patch: Patcher) -> None:
    """As it once was: an attempt that Twilio refused owns no text."""
    patch.put(matching, "may_exist_all_the_same", lambda *arguments: False)


def _words_not_compared(patch: Patcher) -> None:
    patch.put(sms, "digest_of", lambda text: "")
    patch.put(matching, "digest_of", lambda text: "")


def _dead_senders_are_waited_for(patch: Patcher) -> None:
    patch.put(lookup, "PATIENCE", timedelta(days=1))


def _a_negative_look_up_is_final(patch: Patcher) -> None:
    patch.put(matching, "may_own", lambda relay, owner, attempt: attempt.is_unresolved and attempt.sent_id is None)


def _a_later_attempts_text_is_taken(patch: Patcher) -> None:
    """As it once was: a look-up is believed whatever was sent since Twilio was asked."""
    patch.put(reversals, "may_be_a_later_ones", lambda relay, event: False)


def _a_found_text_outranks_a_told_one(patch: Patcher) -> None:
    """As it once was: what a look-up finds is recorded over the id that the answer to the POST has told since."""
    patch.put(reversals, "is_another_text", lambda relay, event: False)


def _todays_number_is_asked_about(patch: Patcher) -> None:
    real = sms.SmsChannel.find

    def find(channel: Any, relay: Any, attempt: Any, budget: Any) -> Any:
        today = relay.policy.tier(min(attempt.tier, relay.policy.last_tier)).reach
        return real(channel, relay, replace(attempt, reach=today), budget)

    patch.put(sms.SmsChannel, "find", find)


def _the_first_page_is_all(patch: Patcher) -> None:
    def messages(client: Any, list_url: str, since: Any, page_size: int, **numbers: str) -> Iterator[Any]:
        yield from pages.page_at(client, list_url, "", page_size, **numbers)[0]

    patch.put(messenger, "messages", messages)


LOOK_UPS = (
    Mutant(
        "silence means not sent",
        "Twilio's silence counts as a negative look-up.",
        _silence_means_not_sent,
        600,
        first_seed=2800,
    ),
    Mutant(
        "first text found is taken",
        "Nobody asks who else may own a text.",
        _first_text_found_is_taken,
        case="coincidence: a deadline, and whose a text is",
    ),
    Mutant(
        "whose it is is guessed",
        "Of two that a text may belong to the order decides at once.",
        _whose_it_is_is_guessed,
        case="coincidence: a deadline, and whose a text is",
    ),
    Mutant(
        "owner not asked",
        "A text that belongs to another attempt is adopted.",
        _owner_not_asked,
        first_seed=183,
    ),
    Mutant(
        "no tolerance",
        "A text is looked for as if all clocks were right.",
        _no_tolerance,
        covered_by="A text of another time is the attempt's own where nothing else on record explains it.",
    ),
    Mutant(
        "today's number asked about",
        "After a redrive an earlier attempt is looked up under the new number.",
        _todays_number_is_asked_about,
        case="coincidence: an unknown outcome, and other tiers since",
    ),
    Mutant(
        "later text is taken",
        "What a look-up found may be a later attempt's.",
        _a_later_attempts_text_is_taken,
        1,
        first_seed=44671913,
    ),
    Mutant(
        "found outranks told",
        "A text that a look-up found takes the place of the one that the provider told of.",
        _a_found_text_outranks_a_told_one,
        1,
        first_seed=52794923,
    ),
    Mutant(
        "negative look-up is final",
        "A text that came late is another relay's to take.",
        _a_negative_look_up_is_final,
        2,
        first_seed=804595,
    ),
    Mutant(
        "first page is all",
        "Of Twilio's list of what we sent only the first page is read.",
        _the_first_page_is_all,
        1,
        first_seed=45673409,
        kind=Kind.PAGES,
    ),
    Mutant(
        "another time is another text",
        "A text of another time than the attempt's is never its own.",
        _another_time_is_another_text,
        1,
        first_seed=87898259,
    ),
    Mutant(
        "what was refused does not exist",
        "A text that Twilio refused and took all the same is another relay's to take.",
        _what_was_refused_does_not_exist,
        1,
        first_seed=92148572,
    ),
    Mutant("words not compared", "Any text to the handler is the one looked for.", _words_not_compared),
    Mutant(
        "dead senders waited for",
        "Only the deadline gives up an unknown send.",
        _dead_senders_are_waited_for,
        first_seed=432,
    ),
)
