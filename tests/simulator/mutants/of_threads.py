"""What is broken in each mutant of threads; of_people.py says of each what it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from relay.core import attempts, purposes
from relay.core.events import EventKind, State, ignored
from relay.core.model import Purpose, Relay
from relay.core.policy import Policy, Tier
from relay.core.threads import deciding
from relay.core.threads.model import Shown, Thread
from relay.errors import StoreUnavailable
from relay.flow import acts, answers, facts, handlers, opening, sending, showing, threads_read, under_lease
from relay.flow.conversations import Conversations

from tests.simulator.mutants.mutant import Patcher
from tests.simulator.people.cast import CUSTOMERS, name_of
from tests.simulator.plan import HANDLERS
from tests.simulator.sim_store import ProcessStore


def put(where: Any, name: str, value: Any) -> Callable[[Patcher], None]:
    """The mutant that is one other value."""
    return lambda patch: patch.put(where, name, value) and None


def around(where: Any, name: str, change: Callable[..., Any]) -> Callable[[Patcher], None]:
    """The mutant that does something else than this function: `change` gets the real one first."""

    def put(patch: Patcher) -> None:
        real = getattr(where, name)
        patch.put(where, name, partial(change, real))

    return put


def no_precondition(kind: type) -> Callable[[Patcher], None]:
    """Records of this kind are written over whatever is stored."""

    def put(patch: Patcher) -> None:
        real = ProcessStore._check_record

        def check(store: Any, record: Any, version: object | None) -> None:
            if not isinstance(record, kind):
                real(store, record, version)

        patch.put(ProcessStore, "_check_record", check)

    return put


def two_commits(patch: Patcher) -> None:
    """The relays that are told first, the thread in a commit of its own."""
    real = ProcessStore.commit

    def commit(store: Any, writes: Any, timers: Any, *, timeout_seconds: float) -> Any:
        threads = [write for write in writes if isinstance(write.record, Thread) and write.version is not None]
        if not threads or len(writes) == 1 or isinstance(writes[0].record, Thread):
            return real(store, writes, timers, timeout_seconds=timeout_seconds)
        others = [write for write in writes if write not in threads]
        versions = dict(zip(map(id, others), real(store, others, timers, timeout_seconds=timeout_seconds), strict=True))
        versions |= dict(zip(map(id, threads), real(store, threads, (), timeout_seconds=timeout_seconds), strict=True))
        return tuple(versions[id(write)] for write in writes)

    patch.put(ProcessStore, "commit", commit)


def repeated_text_decides_again(patch: Patcher) -> None:
    """A handler's text that is stored already is stored, and done, once more."""
    real = ProcessStore._check

    def check(store: Any, write: Any) -> Any:
        record = write.record
        if isinstance(record, Relay) and write.version is None and (record.asked or record.cause_id):
            return None
        return real(store, write)

    patch.put(ProcessStore, "_check", check)


def shrinking(real: Any, text: Any, known: Any) -> Any:
    return tuple(each for each in real(text, known) if each.owner in (None, text.person) and each.is_open(text.at))


def owned_elsewhere_dropped(real: Any, text: Any, known: Any) -> Any:
    return tuple(each for each in real(text, known) if each.owner == text.person) or real(text, known)


def guessing(real: Any, text: Any, known: Any) -> Any:
    return real(text, known)[:1]


def shown_to_all(thread: Thread, person: str, code: str | None = None) -> Shown:
    return Shown(person, code or thread.code, thread.touched_at)


def any_code_ever_shown(real: Any, code: str, text: Any, known: Any) -> Any:
    shown = (each for each in known.threads if each.shown_to(text.person, code) is not None)
    return next(shown, None) or real(code, text, known)


def latest_thread_is_answered(patch: Patcher) -> None:
    real = deciding.decide

    def decide(text: Any, known: Any) -> Any:
        verdict: Any = real(text, known)
        if verdict.answer is None or not known.threads:
            return verdict
        latest = max(known.threads, key=lambda each: each.touched_at)
        return replace(verdict, thread=replace(verdict.thread, customer_phone=latest.customer_phone))

    # Where a code's thread is read alone there is no other one to mistake it for.
    patch.put(threads_read, "named_alone", lambda *_: None)
    patch.put(handlers, "decide", decide)


def handlers_number_shown(real: Any, text: Any, known: Any) -> Any:
    verdict = real(text, known)
    own = next((phone for phone in HANDLERS if name_of(phone) == text.person), "")
    return verdict if verdict.answer is None else replace(verdict, answer=f"{verdict.answer} ({own})")


def customers_words_quoted(real: Any, text: Any, known: Any) -> Any:
    verdict = real(text, known)
    if verdict.answer is None:
        return verdict
    return replace(verdict, answer=" ".join((verdict.answer, *(each.words for each in known.quoted))))


def recovered_is_fresh(real: Any, *values: Any, **named: Any) -> Any:
    return replace(real(*values, **named), is_recovered=False)


def told_none(real: Any, *arguments: Any) -> Any:
    return ()


def extra_tier(real: Any, policy: Policy, person: str) -> Policy | None:
    first = real(policy, person)
    return None if first is None else Policy((first.tiers[0], *policy.tiers))


def owner_not_among_the_tiers(real: Any, policy: Policy, person: str) -> Policy | None:
    """Only the owner's tier is left."""
    first = real(policy, person)
    return None if first is None else Policy(first.tiers[:1])


def answers_are_redriven_to_handlers(patch: Patcher) -> None:
    ways = purposes.WAYS
    customers = replace(ways[Purpose.ANSWER], is_a_customers=True)
    patch.put(purposes, "WAYS", {**ways, Purpose.ANSWER: customers})


def notices_to_the_customer(real: Any, message_id: str, cause: str, to: Any, *rest: Any, **named: Any) -> Any:
    is_of_a_thread = any(named.get("of", ()))
    return real(message_id, cause, (to[0], CUSTOMERS[0]) if is_of_a_thread else to, *rest, **named)


def only_todays_people(patch: Patcher) -> None:
    patch.put(
        Conversations,
        "person_with_number",
        lambda conversations, world, number, budget: conversations.people.with_number(number),
    )


def without_its_code(real: Any, relay: Relay, *words_and_link: str) -> str:
    words: str = real(replace(relay, code=""), *words_and_link)
    return words


def relay_decides(patch: Patcher) -> None:
    around(acts, "relays_told", told_none)(patch)
    put(showing, "is_taken", lambda *_: False)(patch)


def windows_end_nothing(patch: Patcher) -> None:
    patch.answer((State.WAITING,), (EventKind.CLAIM_DUE,), "no person claimed it, and none has to")


def receipts_take_claims_back(patch: Patcher) -> None:
    patch.answer((State.CLAIMED,), (EventKind.RECEIPT_DELIVERED,), attempts.deliver)


def claims_take_only_what_is_under_way(patch: Patcher) -> None:
    ends = (State.DELIVERED, State.EXHAUSTED)
    patch.answer(ends, (EventKind.CLAIMED,), "the relay has ended")


def claims_of_exhausted_ignored(patch: Patcher) -> None:
    patch.answer((State.EXHAUSTED,), (EventKind.CLAIMED,), lambda relay, event, now: ignored(relay, "it has ended"))


def no_window(patch: Patcher) -> None:
    patch.put(Tier, "asks_for_a_claim", property(lambda tier: bool(tier.delivery_claims_for)))


def delivery_claims_for_whoever(patch: Patcher) -> None:
    """A delivery to anybody counts as taken by that person."""
    real = opening.led_by_owner

    def by_owner(conversations: Any, thread: Any, policy: Any, now: Any) -> Any:
        policy, thread = real(conversations, thread, policy, now)
        tiers = tuple(replace(tier, delivery_claims_for=tier.name) for tier in policy.tiers)
        return replace(policy, tiers=tiers), thread

    patch.put(opening, "led_by_owner", by_owner)


def stale_version_after_a_lost_reply(patch: Patcher) -> None:
    def versions_stored(world: Any, act: Any, budget: Any) -> tuple[object, ...]:
        found = []
        for write in act.writes:
            stored = None
            if isinstance(write.record, Relay):
                stored = world.store.get(write.record.message_id, timeout_seconds=budget.store)
            found.append(stored.version if stored is not None else None)
        return tuple(found)

    patch.put(acts, "versions_stored", versions_stored)


def late_delivery_is_only_learned(patch: Patcher) -> None:
    patch.answer((State.WAITING,), (EventKind.RECEIPT_DELIVERED, EventKind.RECEIPT_HANDED_OVER), attempts.learn)


def asked_under_an_old_lease(patch: Patcher) -> None:
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


def latest_text_counts(patch: Patcher) -> None:
    real = facts.times_sent_to

    def sent_to(relay: Any, *whose: str) -> Any:
        return (_Late.of(at) for at in real(relay, *whose))

    patch.put(facts, "times_sent_to", sent_to)


def failures_are_told_of_no_thread(patch: Patcher) -> None:
    real = answers.notice

    def notice(*arguments: Any, **named: Any) -> Any:
        return real(*arguments, **({"alarm_if_lost": True} if named.get("alarm_if_lost") else named))

    patch.put(answers, "notice", notice)


class _Late(datetime):
    """A time that no comparison finds to be after another."""

    @classmethod
    def of(cls, at: datetime) -> _Late:
        return cls.fromtimestamp(at.timestamp(), at.tzinfo)

    def __le__(self, other: object) -> bool:
        return True


def lost_replies_are_lost_texts(patch: Patcher) -> None:
    """A handler's text whose commit did not answer is taken for stored."""
    real = handlers.commit

    def commit(*arguments: Any) -> bool:
        try:
            return real(*arguments)
        except StoreUnavailable:
            return True

    patch.put(handlers, "commit", commit)
