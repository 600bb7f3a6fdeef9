"""Mutants of threads: whom a handler's text is for, what it does, who has a customer, and what customers are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from relay.core import machine, purposes
from relay.core.events import EventKind, State, ignored
from relay.core.model import Purpose, Relay
from relay.core.policy import Policy, Tier
from relay.core.threads import audience, doing, grammar, ownership, tapbacks
from relay.core.threads.model import Shown, Thread, ThreadCode
from relay.errors import StoreUnavailable
from relay.flow import acts, answers, facts, handlers, opening, opt_outs, sending, showing, sms, under_lease
from relay.flow.conversations import Conversations

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher
from tests.simulator.people.cast import name_of
from tests.simulator.plan import HANDLERS
from tests.simulator.sim_store import ProcessStore

_RUNS = 200


def _put(where: Any, name: str, value: Any) -> Callable[[Patcher], None]:
    """The mutant that is one other value."""
    return lambda patch: patch.put(where, name, value) and None


def _around(where: Any, name: str, change: Callable[..., Any]) -> Callable[[Patcher], None]:
    """The mutant that does something else than this function: `change` gets the real one first."""

    def put(patch: Patcher) -> None:
        real = getattr(where, name)
        patch.put(where, name, partial(change, real))

    return put


def _no_precondition(kind: type) -> Callable[[Patcher], None]:
    """Records of this kind are written over whatever is stored."""

    def put(patch: Patcher) -> None:
        real = ProcessStore._check_record

        def check(store: Any, record: Any, version: object | None) -> None:
            if not isinstance(record, kind):
                real(store, record, version)

        patch.put(ProcessStore, "_check_record", check)

    return put


def _two_commits(patch: Patcher) -> None:
    """The relays that are told first, the thread in a commit of its own."""
    real = ProcessStore.commit

    def commit(store: Any, writes: Any, timers: Any, *, timeout_seconds: float) -> Any:
        threads = [write for write in writes if isinstance(write.record, Thread) and write.version is not None]
        if not threads or len(writes) == 1 or isinstance(writes[0].record, Thread):
            return real(store, writes, timers, timeout_seconds=timeout_seconds)
        others = [write for write in writes if write not in threads]
        versions = dict(
            zip(map(id, others), real(store, others, timers, timeout_seconds=timeout_seconds), strict=True)
        )
        versions |= dict(zip(map(id, threads), real(store, threads, (), timeout_seconds=timeout_seconds), strict=True))
        return tuple(versions[id(write)] for write in writes)

    patch.put(ProcessStore, "commit", commit)


def _repeated_text_decides_again(patch: Patcher) -> None:
    """A handler's text that is stored already is stored, and done, once more."""
    real = ProcessStore._check

    def check(store: Any, write: Any) -> Any:
        record = write.record
        if isinstance(record, Relay) and write.version is None and (record.asked or record.cause_id):
            return None
        return real(store, write)

    patch.put(ProcessStore, "_check", check)


def _shrinking(real: Any, text: Any, known: Any) -> Any:
    return tuple(each for each in real(text, known) if each.owner in (None, text.person) and each.is_open(text.at))


def _owned_elsewhere_dropped(real: Any, text: Any, known: Any) -> Any:
    return tuple(each for each in real(text, known) if each.owner == text.person) or real(text, known)


def _guessing(real: Any, text: Any, known: Any) -> Any:
    return real(text, known)[:1]


def _shown_to_all(thread: Thread, person: str, code: str | None = None) -> Shown:
    return Shown(person, code or thread.code, thread.touched_at)


def _any_code_ever_shown(real: Any, code: str, text: Any, known: Any) -> Any:
    shown = (each for each in known.threads if each.shown_to(text.person, code) is not None)
    return next(shown, None) or real(code, text, known)


def _latest_thread_is_answered(real: Any, text: Any, known: Any) -> Any:
    verdict = real(text, known)
    if verdict.answer is None or not known.threads:
        return verdict
    latest = max(known.threads, key=lambda each: each.touched_at)
    return replace(verdict, thread=replace(verdict.thread, customer_phone=latest.customer_phone))


def _handlers_number_shown(real: Any, text: Any, known: Any) -> Any:
    verdict = real(text, known)
    own = next((phone for phone in HANDLERS if name_of(phone) == text.person), "")
    return verdict if verdict.answer is None else replace(verdict, answer=f"{verdict.answer} ({own})")


def _customers_words_quoted(real: Any, text: Any, known: Any) -> Any:
    verdict = real(text, known)
    if verdict.answer is None:
        return verdict
    return replace(verdict, answer=" ".join((verdict.answer, *(each.words for each in known.quoted))))


def _recovered_is_fresh(real: Any, *values: Any, **named: Any) -> Any:
    return replace(real(*values, **named), is_recovered=False)


def _told_none(real: Any, *arguments: Any) -> Any:
    return ()


def _extra_tier(real: Any, policy: Policy, person: str) -> Policy | None:
    first = real(policy, person)
    return None if first is None else Policy((first.tiers[0], *policy.tiers))


def _owner_not_among_the_tiers(real: Any, policy: Policy, person: str) -> Policy | None:
    """Only the owner's tier is left."""
    first = real(policy, person)
    return None if first is None else Policy(first.tiers[:1])


def _answers_are_redriven_to_handlers(patch: Patcher) -> None:
    ways = purposes._WAYS
    customers = replace(ways[Purpose.ANSWER], is_a_customers=True)
    patch.put(purposes, "_WAYS", {**ways, Purpose.ANSWER: customers})


def _notices_to_the_customer(real: Any, message_id: str, cause: str, to: Any, *rest: Any, **named: Any) -> Any:
    thread = named.get("thread")
    return real(message_id, cause, to if thread is None else (to[0], thread.customer_phone), *rest, **named)


def _only_todays_people(patch: Patcher) -> None:
    patch.put(
        Conversations,
        "person_with_number",
        lambda conversations, world, number, budget: conversations.people.with_number(number),
    )


def _without_its_code(real: Any, sender: str, ours: str, body: str, media: int, code: str = "") -> str:
    words: str = real(sender, ours, body, media)
    return words


def _windows_end_nothing(patch: Patcher) -> None:
    patch.answer((State.WAITING,), (EventKind.CLAIM_DUE,), "no person claimed it, and none has to")


def _receipts_take_claims_back(patch: Patcher) -> None:
    from relay.core import attempts

    patch.answer((State.CLAIMED,), (EventKind.RECEIPT_DELIVERED,), attempts.deliver)


def _claims_take_only_what_is_under_way(patch: Patcher) -> None:
    ends = (State.DELIVERED, State.EXHAUSTED)
    patch.answer(ends, (EventKind.CLAIMED,), "the relay has ended")


def _claims_of_exhausted_ignored(patch: Patcher) -> None:
    patch.answer((State.EXHAUSTED,), (EventKind.CLAIMED,), lambda relay, event, now: ignored(relay, "it has ended"))


def _no_window(patch: Patcher) -> None:
    patch.put(Tier, "asks_for_a_claim", property(lambda tier: bool(tier.delivery_claims_for)))


def _delivery_claims_for_whoever(patch: Patcher) -> None:
    """A delivery to anybody counts as taken by that person."""
    real = opening._by_owner

    def by_owner(conversations: Any, thread: Any, policy: Any, now: Any) -> Any:
        policy, thread = real(conversations, thread, policy, now)
        tiers = tuple(replace(tier, delivery_claims_for=tier.name) for tier in policy.tiers)
        return replace(policy, tiers=tiers), thread

    patch.put(opening, "_by_owner", by_owner)


def _stale_version_after_a_lost_reply(patch: Patcher) -> None:
    def versions_stored(world: Any, act: Any, budget: Any) -> tuple[object, ...]:
        found = []
        for write in act.writes:
            stored = None
            if isinstance(write.record, Relay):
                stored = world.store.get(write.record.message_id, timeout_seconds=budget.store)
            found.append(stored.version if stored is not None else None)
        return tuple(found)

    patch.put(acts, "versions_stored", versions_stored)


def _late_delivery_is_only_learned(patch: Patcher) -> None:
    patch.answer((State.WAITING,), (EventKind.RECEIPT_DELIVERED, EventKind.RECEIPT_HANDED_OVER), machine._learn)


def _asked_under_an_old_lease(patch: Patcher) -> None:
    """Whether an answer may be sent is asked after its lease was looked at."""
    real, forward = under_lease.refusal, sending.attempt_forward
    patch.put(under_lease, "refusal", lambda world, relay, attempt, budget: None)

    def attempt_forward(world: Any, relay: Any, number: int, budget: Any) -> Any:
        if relay.purpose is Purpose.ANSWER:
            refusal = real(world, relay, relay.attempts[number - 1], budget)
            if refusal is not None:
                return refusal
        return forward(world, relay, number, budget)

    patch.put(sending, "attempt_forward", attempt_forward)


def _latest_text_counts(patch: Patcher) -> None:
    real = facts._sent_to

    def sent_to(relay: Any, person: str) -> Any:
        return (_Late.of(at) for at in real(relay, person))

    patch.put(facts, "_sent_to", sent_to)


class _Late(datetime):
    """A time that no comparison finds to be after another."""

    @classmethod
    def of(cls, at: datetime) -> _Late:
        return cls.fromtimestamp(at.timestamp(), at.tzinfo)

    def __le__(self, other: datetime) -> bool:
        return True


def _lost_replies_are_lost_texts(patch: Patcher) -> None:
    """A handler's text whose commit did not answer is taken for stored."""
    real = handlers._commit

    def commit(*arguments: Any) -> bool:
        try:
            return real(*arguments)
        except StoreUnavailable:
            return True

    patch.put(handlers, "_commit", commit)


def _mutant(name: str, breaks: str, patch: Callable[[Patcher], None], kind: Kind, runs: int = _RUNS) -> Mutant:
    return Mutant(name, breaks, patch, runs, kind=kind)


PEOPLE = (
    # who has it
    _mutant("last wins", "A claim is written over whatever the thread says.", _no_precondition(Thread), Kind.AT_ONCE),
    _mutant("thread and relay apart", "A claim is two commits.", _two_commits, Kind.SEVERAL),
    _mutant("relays are not told", "A claim changes the thread alone.", _around(acts, "_told", _told_none), Kind.ANSWERS),
    _mutant(
        "relay decides",
        "Before a further person is texted the thread is not read.",
        lambda patch: (_around(acts, "_told", _told_none)(patch), _put(showing, "_is_taken", lambda *_: False)(patch))[0],
        Kind.WINDOWS,
    ),
    _mutant("claim of what runs", "A claim takes no text that has ended.", _claims_take_only_what_is_under_way, Kind.ANSWERS),
    _mutant("alarm stays", "A claim takes no exhausted text.", _claims_of_exhausted_ignored, Kind.WINDOWS),
    _mutant("receipt takes back", "A receipt ends a claimed text as delivered.", _receipts_take_claims_back, Kind.ANSWERS),
    _mutant("no window", "Claim windows are not waited for.", _no_window, Kind.WINDOWS),
    _mutant("endless window", "A window that is over ends nothing.", _windows_end_nothing, Kind.WINDOWS),
    _mutant("delivery claims", "What reached a phone counts as taken.", _delivery_claims_for_whoever, Kind.WINDOWS),
    _mutant("owner is one more", "The owner is a tier too many.", _around(opening, "owner_first", _extra_tier), Kind.ANSWERS),
    _mutant(
        "owner alone",
        "A text to an owner goes to no other person.",
        _around(opening, "owner_first", _owner_not_among_the_tiers),
        Kind.ANSWERS,
    ),
    _mutant("many voices", "Anybody may speak for an owner.", _put(ownership, "may_speak", lambda *_: True), Kind.AT_ONCE),
    _mutant(
        "takeover by old words",
        "Words from before a claim take over.",
        _put(ownership, "may_take_over", lambda *_: True),
        Kind.AT_ONCE,
    ),
    _mutant("silent takeover", "A former owner is not told.", _around(doing, "_to_former_owner", _told_none), Kind.AT_ONCE),
    # whom it is for
    _mutant(
        "candidates shrink",
        "A thread that another person took is no candidate.",
        _around(audience, "candidates", _shrinking),
        Kind.SEVERAL,
    ),
    _mutant(
        "own first",
        "Of several threads the person's own is meant.",
        _around(audience, "candidates", _owned_elsewhere_dropped),
        Kind.SEVERAL,
    ),
    _mutant("guess", "Of several threads the latest is meant.", _around(audience, "candidates", _guessing), Kind.SEVERAL),
    _mutant(
        "anybody's code",
        "A code works for whoever writes it.",
        _put(Thread, "shown_to", _shown_to_all),
        Kind.ODD_CODES,
    ),
    _mutant(
        "old codes work",
        "A code works for ever for whoever was shown it.",
        _around(audience, "with_code", _any_code_ever_shown),
        Kind.CODES_AGAIN,
    ),
    _mutant("code at once again", "A code is free at once.", _put(opening, "_is_free", lambda *_: True), Kind.CODES_AGAIN),
    _mutant(
        "code of two", "A code is taken without a look.", _no_precondition(ThreadCode), Kind.CODES_AGAIN
    ),
    _mutant("no code in front", "A forwarded text has no code.", _around(sms, "compose", _without_its_code), Kind.ANSWERS),
    _mutant(
        "shown is forgotten",
        "A thread does not remember whom it was shown.",
        _put(showing, "shown_to", lambda thread, person, now: thread),
        Kind.AT_ONCE,
    ),
    _mutant(
        "latest is answered",
        "An answer goes to who texted last.",
        _around(handlers, "decide", _latest_thread_is_answered),
        Kind.SEVERAL,
    ),
    # what goes out
    _mutant("claim word goes", "A claim word is an answer.", _put(grammar, "is_claim", lambda words: False), Kind.ANSWERS),
    _mutant("reserved word goes", "Words of the provider's are answers.", _put(grammar, "RESERVED", ()), Kind.ODD_CODES),
    _mutant(
        "any reaction claims",
        "A reaction takes the customer, whatever it is.",
        _put(tapbacks, "TAKING_WORDS", tapbacks.TAKING_WORDS | tapbacks.OTHER_WORDS),
        Kind.MACHINES,
    ),
    _mutant(
        "machine claims",
        "Nothing is taken for a machine's.",
        _put(audience, "automatic_because", lambda *_: None),
        Kind.MACHINES,
    ),
    _mutant("no ten seconds", "No text comes too soon.", _put(audience, "TOO_SOON", timedelta(seconds=-1)), Kind.MACHINES),
    _mutant("twice", "The same words go twice.", _put(audience, "came_twice", lambda *_: False), Kind.REPEATED),
    _mutant("late goes", "What is found late is sent.", _around(handlers, "HandlerText", _recovered_is_fresh), Kind.FOUND_LATE),
    _mutant(
        "number shown", "A customer reads a handler's number.", _around(handlers, "decide", _handlers_number_shown), Kind.ANSWERS
    ),
    _mutant(
        "strangers' words",
        "A customer reads what others wrote.",
        _around(handlers, "decide", _customers_words_quoted),
        Kind.SEVERAL,
    ),
    _mutant("answer to handlers", "A redrive of an answer goes to handlers.", _answers_are_redriven_to_handlers, Kind.BLOCKED),
    _mutant(
        "notice to the customer",
        "What is for a handler goes to the customer.",
        _around(answers, "notice", _notices_to_the_customer),
        Kind.ANSWERS,
    ),
    _mutant("no notices", "A handler is told nothing.", _around(acts, "_noticed", _told_none), Kind.ANSWERS),
    _mutant("decides again", "A text that comes again is decided again.", _repeated_text_decides_again, Kind.ANSWERS),
    _mutant("lost reply, lost text", "A commit that fails counts as done.", _lost_replies_are_lost_texts, Kind.ANSWERS),
    _mutant("former is a customer", "Who was a handler yesterday is a customer.", _only_todays_people, Kind.NEW_TIERS),
    # opt-outs
    _mutant("opt-out not looked at", "Opted out or not.", _put(opt_outs, "holds", lambda *_: False), Kind.BLOCKED),
    _mutant(
        "opt-out not kept",
        "A customer's STOP is forwarded and forgotten.",
        _put(opt_outs, "of_customers_text", lambda *_: ((), False)),
        Kind.BLOCKED,
    ),
    _mutant(
        "opt-out looked at once",
        "Under the lease it is not looked at again.",
        _put(under_lease, "refusal", lambda *_: None),
        Kind.BLOCKED,
        400,
    ),
    _mutant(
        "yes opts in",
        "YES lifts an opt-out.",
        _put(opt_outs, "_OPT_IN_WORDS", frozenset({"START", "UNSTOP", "YES"})),
        Kind.BLOCKED,
    ),
    _mutant(
        "only English opts out",
        "Twilio's own word of an opt-out is not heard.",
        _put(opt_outs, "opts_out", lambda text: text.body.strip().upper() in opt_outs._OPT_OUT_WORDS),
        Kind.BLOCKED,
    ),
    _mutant("block without effect", "`block` says so and does nothing.", _put(acts, "_opt_out", lambda *_: ()), Kind.BLOCKED),
    # what the simulator found
    _mutant(
        "stale after a lost reply",
        "After a lost reply an answer is written over what others made of it.",
        _stale_version_after_a_lost_reply,
        Kind.REPEATED,
    ),
    _mutant(
        "late delivery is learned",
        "A delivery elsewhere does not end a text that waits for a claim.",
        _late_delivery_is_only_learned,
        Kind.PASSING,
    ),
    _mutant("asked under an old lease", "A lease is looked at too early.", _asked_under_an_old_lease, Kind.AT_ONCE),
    _mutant(
        "later text hides the machine",
        "What left after a machine's words makes them a person's.",
        _latest_text_counts,
        Kind.MACHINES,
    ),
    _mutant("notices are no texts of ours", "A machine may answer a notice.", _put(facts, "NOTICES_READ", 0), Kind.MACHINES),
)
