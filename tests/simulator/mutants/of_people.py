"""Mutants of threads: whom a handler's text is for, what it does, who has a customer, and what customers are sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from relay.core.threads import audience, doing, grammar, ownership, tapbacks
from relay.core.threads.model import Thread, ThreadCode
from relay.flow import acts, answers, facts, handlers, opening, showing, sms

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher
from tests.simulator.mutants.of_threads import (
    answers_are_redriven_to_handlers,
    any_code_ever_shown,
    around,
    asked_under_an_old_lease,
    claims_of_exhausted_ignored,
    claims_take_only_what_is_under_way,
    customers_words_quoted,
    delivery_claims_for_whoever,
    extra_tier,
    failures_are_told_of_no_thread,
    guessing,
    handlers_number_shown,
    late_delivery_is_only_learned,
    latest_text_counts,
    latest_thread_is_answered,
    lost_replies_are_lost_texts,
    no_precondition,
    no_window,
    notices_to_the_customer,
    only_todays_people,
    owned_elsewhere_dropped,
    owner_not_among_the_tiers,
    put,
    receipts_take_claims_back,
    recovered_is_fresh,
    repeated_text_decides_again,
    shown_to_all,
    shrinking,
    stale_version_after_a_lost_reply,
    told_none,
    two_commits,
    windows_end_nothing,
    without_its_code,
)

_RUNS = 200


def _mutant(
    name: str, breaks: str, patch: Callable[[Patcher], None], kind: Kind, runs: int = _RUNS, first_seed: int = 1
) -> Mutant:
    return Mutant(name, breaks, patch, runs, first_seed=first_seed, kind=kind)


PEOPLE = (
    # who has it
    _mutant(
        "last wins",
        "A claim is written over whatever the thread says.",
        no_precondition(Thread),
        Kind.AT_ONCE,
        first_seed=100,
    ),
    _mutant("thread and relay apart", "A claim is two commits.", two_commits, Kind.SEVERAL),
    _mutant(
        "relays are not told", "A claim changes the thread alone.", around(acts, "relays_told", told_none), Kind.ANSWERS
    ),
    _mutant(
        "relay decides",
        "Before a further person is texted the thread is not read.",
        lambda patch: (
            around(acts, "relays_told", told_none)(patch),
            put(showing, "is_taken", lambda *_: False)(patch),
        )[0],
        Kind.WINDOWS,
    ),
    _mutant(
        "claim of what runs", "A claim takes no text that has ended.", claims_take_only_what_is_under_way, Kind.ANSWERS
    ),
    _mutant("alarm stays", "A claim takes no exhausted text.", claims_of_exhausted_ignored, Kind.WINDOWS),
    _mutant(
        "receipt takes back", "A receipt ends a claimed text as delivered.", receipts_take_claims_back, Kind.ANSWERS
    ),
    _mutant("no window", "Claim windows are not waited for.", no_window, Kind.WINDOWS),
    _mutant("endless window", "A window that is over ends nothing.", windows_end_nothing, Kind.WINDOWS),
    _mutant("delivery claims", "What reached a phone counts as taken.", delivery_claims_for_whoever, Kind.WINDOWS),
    _mutant(
        "owner is one more", "The owner is a tier too many.", around(opening, "owner_first", extra_tier), Kind.ANSWERS
    ),
    _mutant(
        "owner alone",
        "A text to an owner goes to no other person.",
        around(opening, "owner_first", owner_not_among_the_tiers),
        Kind.ANSWERS,
    ),
    _mutant(
        "many voices", "Anybody may speak for an owner.", put(ownership, "may_speak", lambda *_: True), Kind.AT_ONCE
    ),
    _mutant(
        "owner is silenced",
        "An owner's own words do not go.",
        put(ownership, "may_speak", lambda thread, person: thread.owner is None),
        Kind.AT_ONCE,
    ),
    _mutant(
        "takeover by old words",
        "Words from before a claim take over.",
        put(ownership, "may_take_over", lambda *_: True),
        Kind.AT_ONCE,
        first_seed=59,
    ),
    _mutant(
        "silent takeover", "A former owner is not told.", around(doing, "to_former_owner", told_none), Kind.AT_ONCE
    ),
    # whom it is for
    _mutant(
        "candidates shrink",
        "A thread that another person took is no candidate.",
        around(audience, "candidates", shrinking),
        Kind.SEVERAL,
    ),
    _mutant(
        "own first",
        "Of several threads the person's own is meant.",
        around(audience, "candidates", owned_elsewhere_dropped),
        Kind.SEVERAL,
    ),
    _mutant("guess", "Of several threads the latest is meant.", around(audience, "candidates", guessing), Kind.SEVERAL),
    _mutant(
        "anybody's code",
        "A code works for whoever writes it.",
        put(Thread, "shown_to", shown_to_all),
        Kind.ODD_CODES,
        first_seed=95,
    ),
    _mutant(
        "old codes work",
        "A code works for ever for whoever was shown it.",
        around(audience, "with_code", any_code_ever_shown),
        Kind.CODES_AGAIN,
    ),
    _mutant(
        "code at once again", "A code is free at once.", put(opening, "is_free", lambda *_: True), Kind.CODES_AGAIN
    ),
    _mutant("code of two", "A code is taken without a look.", no_precondition(ThreadCode), Kind.CODES_AGAIN),
    _mutant(
        "no code in front", "A forwarded text has no code.", around(sms, "forwarded", without_its_code), Kind.ANSWERS
    ),
    _mutant(
        "shown is forgotten",
        "A thread does not remember whom it was shown.",
        put(showing, "shown_to", lambda thread, person, now: thread),
        Kind.AT_ONCE,
    ),
    _mutant(
        "latest is answered",
        "An answer goes to who texted last.",
        latest_thread_is_answered,
        Kind.SEVERAL,
    ),
    # what goes out
    _mutant(
        "claim word goes", "A claim word is an answer.", put(grammar, "is_claim", lambda words: False), Kind.ANSWERS
    ),
    _mutant("reserved word goes", "Words of the provider's are answers.", put(grammar, "RESERVED", ()), Kind.ODD_CODES),
    _mutant(
        "any reaction claims",
        "A reaction takes the customer, whatever it is.",
        put(tapbacks, "TAKING_WORDS", tapbacks.TAKING_WORDS | tapbacks.OTHER_WORDS),
        Kind.MACHINES,
    ),
    _mutant(
        "machine claims",
        "Nothing is taken for a machine's.",
        put(audience, "automatic_because", lambda *_: None),
        Kind.MACHINES,
    ),
    _mutant(
        "no ten seconds", "No text comes too soon.", put(audience, "TOO_SOON", timedelta(seconds=-1)), Kind.MACHINES
    ),
    _mutant("twice", "The same words go twice.", put(audience, "came_twice", lambda *_: False), Kind.REPEATED),
    _mutant(
        "late goes",
        "What is found late is sent.",
        around(handlers, "HandlerText", recovered_is_fresh),
        Kind.FOUND_LATE,
    ),
    _mutant(
        "number shown",
        "A customer reads a handler's number.",
        around(handlers, "decide", handlers_number_shown),
        Kind.ANSWERS,
    ),
    _mutant(
        "strangers' words",
        "A customer reads what others wrote.",
        around(handlers, "decide", customers_words_quoted),
        Kind.SEVERAL,
    ),
    _mutant(
        "answer to handlers",
        "A redrive of an answer goes to handlers.",
        answers_are_redriven_to_handlers,
        Kind.BLOCKED,
        400,
        first_seed=194,
    ),
    _mutant(
        "notice to the customer",
        "What is for a handler goes to the customer.",
        around(answers, "notice", notices_to_the_customer),
        Kind.ANSWERS,
    ),
    _mutant("no notices", "A handler is told nothing.", around(acts, "notices_made", told_none), Kind.ANSWERS),
    _mutant("decides again", "A text that comes again is decided again.", repeated_text_decides_again, Kind.ANSWERS),
    _mutant(
        "lost reply, lost text",
        "A commit that fails counts as done.",
        lost_replies_are_lost_texts,
        Kind.ANSWERS,
        first_seed=141,
    ),
    _mutant("former is a customer", "Who was a handler yesterday is a customer.", only_todays_people, Kind.NEW_TIERS),
    # what the simulator found
    Mutant(
        "stale after a lost reply",
        "After a lost reply an answer is written over what others made of it.",
        stale_version_after_a_lost_reply,
        case="talk: an answer whose reply is lost, and a clock that is ahead",
    ),
    Mutant(
        "late delivery is learned",
        "A delivery elsewhere does not end a text that waits for a claim.",
        late_delivery_is_only_learned,
        5,
        first_seed=172,
        kind=Kind.PASSING,
    ),
    Mutant(
        "asked under an old lease",
        "A lease is looked at too early.",
        asked_under_an_old_lease,
        case="talk: an answer, and a machine that stands still",
    ),
    Mutant(
        "later text hides the machine",
        "What left after a machine's words makes them a person's.",
        latest_text_counts,
        5,
        first_seed=2785,
        kind=Kind.MACHINES,
    ),
    _mutant(
        "one line a text",
        "A second person's line on how to answer has the id of the first one's.",
        put(answers, "hint_of", lambda message_id, attempt: f"{message_id}-h1"),
        Kind.ANSWERS,
    ),
    _mutant(
        "notices are no texts of ours",
        "A machine may answer a notice.",
        put(facts, "NOTICED_MAX", 0),
        Kind.MACHINES,
        first_seed=130,
    ),
    Mutant(
        "three notices are looked at",
        "A notice of the fourth text from last, which leaves late, is answered by a person.",
        put(facts, "NOTICED_MAX", 3),
        1,
        first_seed=96701720,
        kind=Kind.MACHINES,
    ),
    Mutant(
        "half a minute looked back",
        "What came in a minute before it was sent counts as sent long ago.",
        put(facts, "JUST_SENT", timedelta(seconds=30)),
        1,
        first_seed=44520656,
        kind=Kind.MACHINES,
    ),
    Mutant(
        "failures are told of no thread",
        "That an answer did not arrive is told as if it were of no thread.",
        failures_are_told_of_no_thread,
        1,
        first_seed=48610258,
        kind=Kind.MACHINES,
    ),
)
