"""The liveness properties L1 to L4 of design.md, judged once faults have stopped, and S10, judged after all else."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.model import RETENTION, AttemptStatus, FinalStatus, Purpose, Relay, Step
from relay.core.policy import (
    FATE_LOOKUP_SECONDS,
    FATE_LOOKUPS,
    LEASE_SECONDS,
    LOOKUP_RETRIES_MAX,
    LOOKUP_RETRY_SECONDS,
    OUTAGE_SECONDS_MAX,
    QUEUE_LOOKUP_SECONDS_MAX,
    SEND_SECONDS_MAX,
    UNSTARTED_RETRIES_MAX,
    UNSTARTED_RETRY_SECONDS,
    Policy,
)
from relay.flow.sweep import GRACE, sweep
from relay.flow.taking_in import FRESH, WEBHOOK_UNDER_WAY
from relay.ports import Stored

from tests.simulator.asked_after_end import is_asked_for_ever, is_asked_late, is_flagged
from tests.simulator.coexistence import left_behind, waits_for_a_person
from tests.simulator.drives import is_the_same_but_believed
from tests.simulator.faults import Fault
from tests.simulator.history import time_of
from tests.simulator.kernel import Task
from tests.simulator.simulation import RECONCILE_SECONDS, SWEEP_SECONDS, Simulation
from tests.simulator.wrong_clocks import ahead, is_late_by_a_clock, waits_for_a_clocks_time

# The worst that two clocks that are each five minutes off leave behind in a due time.
_SKEW_SECONDS = 600.0
# How often reconcile looks a day back, for what the newest page of a list did not show, or while no run was made.
DEEP_SECONDS = 3600.0 + 2.0 * RECONCILE_SECONDS
# An answer is tried for 15 minutes, each try with its receipt.
_ANSWER_SECONDS = 900.0 + 4.0 * 60.0
# What the handlers themselves may take in a calm world, all together.
_HANDLING_SECONDS = 30.0


def window_seconds(policy: Policy) -> float:
    """The longest a relay can be under way in a calm world: L1's "sum of its tiers' windows", with what the last tier's
    resend and a look-up that was put off just before the calm can add."""
    last = policy.tiers[-1]
    unstarted = UNSTARTED_RETRIES_MAX * UNSTARTED_RETRY_SECONDS * policy.last_tier
    resend = last.receipt_timeout_seconds + sum(last.retry_delays_seconds) + LEASE_SECONDS + SEND_SECONDS_MAX
    windows = sum(tier.window_seconds + tier.claim_timeout_seconds for tier in policy.tiers)
    return windows + resend + LOOKUP_RETRY_SECONDS + unstarted + OUTAGE_SECONDS_MAX


def deadline(run: Simulation) -> float:
    """When every text must have ended: its window after the faults stopped, plus a sweep, plus a reconcile for a text
    whose webhook never arrived, plus what wrong clocks wrote into due times, if any clock was wrong."""
    plan = run.plan
    policies = [plan.policy] if plan.new_policy is None else [plan.policy, plan.new_policy]
    window = max(window_seconds(policy) for policy in policies)
    began = max([calm_from(run), *(at for at, _ in plan.texts), *(redrive.at for redrive in plan.redrives)])
    if plan.people is not None:
        # Whatever people text comes before; an answer is sent for a while, and waits for its receipts.
        began = max(began, plan.people.quiet_at) + _ANSWER_SECONDS
    sweep = SWEEP_SECONDS + GRACE.total_seconds()
    reconcile = 2 * RECONCILE_SECONDS + WEBHOOK_UNDER_WAY.total_seconds()
    skew = _SKEW_SECONDS if any(plan.skews) else 0.0
    # Whose a text is cannot be told at once when a customer sent the same words twice: the last tier asks again.
    same_words = LOOKUP_RETRIES_MAX * LOOKUP_RETRY_SECONDS if len(plan.texts) > 1 else 0.0
    return began + window + sweep + reconcile + skew + same_words + _HANDLING_SECONDS + _of_its_kind(run)


def calm_from(run: Simulation) -> float:
    """When nothing goes wrong any more: faults, a rollout, an outage and wrong clocks are over."""
    plan = run.plan
    over = [plan.faults_stop_at]
    if plan.rollout is not None:
        over.append(plan.rollout.changes[-1][0])
    if plan.wide is not None:
        over += [plan.wide.during[1], *(at for at, _, _ in plan.wide.clocks)]
    return max(over)


def _of_its_kind(run: Simulation) -> float:
    """What the wider world adds: until the list or a webhook shows a text, whole; a queue; what a wrong clock wrote."""
    wide = run.plan.wide
    if wide is None:
        return 0.0
    shown = max(wide.lag + wide.whole_after, wide.webhook_after)
    # A look-up of a text that is queued may be planned just before it leaves the queue, in each tier.
    queued = run.plan.policy.last_tier * (wide.queued + QUEUE_LOOKUP_SECONDS_MAX) if wide.queued else 0.0
    # What a clock that was days off wrote is pulled back by a sweep or a reconcile after it.
    healed = 2 * RECONCILE_SECONDS + SWEEP_SECONDS if wide.clocks else 0.0
    return shown + queued + healed


def settling(run: Simulation) -> float:
    """When nothing may be left to settle: the four look-ups after the end, at doubling intervals, each found by a
    sweep. A look-up put off once too often by an outage adds its own, longer interval."""
    intervals = FATE_LOOKUP_SECONDS * 2.0 ** (FATE_LOOKUPS + 3)
    return deadline(run) + intervals + FATE_LOOKUPS * (SWEEP_SECONDS + GRACE.total_seconds())


def l1_every_text_ends(run: Simulation) -> Iterator[str]:
    """At the deadline every text that Twilio's list, or a webhook, has shown is a relay that has ended; and if it ended
    as exhausted, people were told after that."""
    relays = run.fleet.store.relays
    for message_id in run.history.texts.keys() - left_behind(run) - waits_for_a_person(run):
        stored = relays.get(message_id)
        if stored is None and run.history.texts[message_id].listed > run.kernel.now:
            continue  # neither did its webhook arrive, nor has the list ever shown it
        if stored is None:
            yield f"L1: {message_id[-3:]} reached Twilio and was never relayed"
            continue
        relay = stored.relay
        if relay.final_status is FinalStatus.IN_PROGRESS:
            yield f"L1: {message_id[-3:]} has not ended"
        if relay.final_status is FinalStatus.EXHAUSTED:
            ended = max(at for at, seen in run.history.commits[message_id] if _exhausts(seen))
            if not any(at >= ended for at in run.history.alarms.get(message_id, ())):
                yield f"L1: {message_id[-3:]} is exhausted and nobody was told"


def l1_what_is_fresh_waits_for_no_deep_pass(run: Simulation) -> Iterator[str]:
    """A text that the list showed whole while it was fresh, for two runs of reconcile, is known by the deadline.

    What is listed later, or while something went wrong, waits for the hourly look a day back.
    """
    for message_id in run.history.texts.keys() - left_behind(run) - waits_for_a_person(run):
        if not run.is_known(message_id) and _was_fresh(run, message_id):
            yield f"L1: {message_id[-3:]} was listed while it was fresh and had to wait for the deep pass"


def _was_fresh(run: Simulation, message_id: str) -> bool:
    text, wide = run.history.texts[message_id], run.plan.wide
    whole = text.at + wide.whole_after if wide is not None else text.at
    return max(text.listed, whole, calm_from(run)) + 2.0 * RECONCILE_SECONDS <= text.at + FRESH.total_seconds()


def waits_for_a_deep_pass(run: Simulation) -> bool:
    """Whether a text is not known yet, or was found by a deep pass and has what is left of its window to go."""
    relays = run.fleet.store.relays
    under_way = [
        message_id
        for message_id in run.history.texts
        if message_id in relays and relays[message_id].relay.final_status is FinalStatus.IN_PROGRESS
    ]
    return not all(map(run.is_known, run.history.texts)) or not all(_was_fresh(run, each) for each in under_way)


def l4_only_what_cannot_go_on_is_set_aside(run: Simulation) -> Iterator[str]:
    """A relay is set aside, with an alarm, if the store refuses it for good or cannot read it, and no other is; it then
    waits for nothing more."""
    wide = run.plan.wide
    for message_id in run.history.set_aside:
        if wide is None or message_id != wide.spoiled:
            yield f"L4: {message_id[-3:]} was set aside and could have gone on"
    for message_id, stored in run.fleet.store.relays.items():
        if stored.relay.set_aside_because and message_id not in run.history.set_aside:
            yield f"L4: {message_id[-3:]} was set aside and nobody was told"


def _exhausts(relay: Relay) -> bool:
    return relay.error_log[-1].step is Step.EXHAUSTED


def l2_every_attempt_is_resolved(run: Simulation) -> Iterator[str]:
    """No attempt is left of which the record cannot tell whether it left, and none is still to be made."""
    for stored in _in_hand(run):
        if stored.relay.attempts and stored.relay.attempts[-1].status is AttemptStatus.SCHEDULED:
            yield f"L2: an attempt of {stored.relay.message_id[-3:]} is planned for ever"
        if waits_for_a_clocks_time(run, stored.relay):
            continue
        for attempt in stored.relay.attempts:
            is_noticed = stored.relay.purpose is Purpose.NOTICE and stored.relay.fate_lookups_answered > 0
            if attempt.is_unresolved and not is_noticed and not is_flagged(run, stored.relay, attempt.number):
                yield f"L2: attempt {attempt.number} of {stored.relay.message_id[-3:]} is still {attempt.status}"


def l3_nothing_is_left_behind(run: Simulation) -> Iterator[str]:
    """No relay is due, no timer is armed, but for one that has ended and of which Twilio cannot, or may not, tell, or
    could not so often that its next look-up is far off."""
    for stored in _in_hand(run):
        if is_asked_for_ever(run, stored.relay) or is_asked_late(run, stored.relay):
            continue
        if waits_for_a_clocks_time(run, stored.relay):
            continue
        if stored.relay.due_at is not None and not is_late_by_a_clock(run, stored.relay.due_at):
            yield f"L3: {stored.relay.message_id[-3:]} is still due"
    left = left_behind(run) | waits_for_a_person(run)
    # A timer that a clock ahead armed, and whose cancelling was lost, fires when its time has come, and finds nothing.
    most = ahead(run)
    armed = [
        timer
        for timer in run.fleet.timers.armed.values()
        if timer.message_id not in left and not is_late_by_a_clock(run, timer.due_at, most)
    ]
    if armed:
        yield f"L3: {len(armed)} timers are left"


def _in_hand(run: Simulation) -> list[Stored]:
    """All relays but those that were set aside, or left to a revision that is gone, and that of which Twilio cannot
    show a text: it is asked about as long as it is kept."""
    left = left_behind(run) | waits_for_a_person(run)
    broken = run.fleet.twilio.messages.get(run.fleet.twilio.broken)
    if broken is not None:
        left |= {broken.post.message_id}
    return [stored for message_id, stored in run.fleet.store.relays.items() if message_id not in left]


def s10_replays_change_nothing(run: Simulation, everything: bool) -> Iterator[str]:
    """Any request that was ever answered with success comes again, now that all is settled: nothing is sent, no relay
    changes, but for receipts that were disbelieved as another text's id was on record. One of them, or `everything`."""
    requests = run.history.recorded
    if not requests:
        return
    run.stop_faults()
    run.stop_watchmen()
    before = _stored(run)
    if run.people is not None:
        # A text's first timers may be armed once more, and find what is true by now; that is the timers' doing.
        run.fleet.timers.fire = lambda timer, done: done(True)
    posts = len(run.history.posts)
    for request in requests if everything else [run.dice.pick(requests)]:
        run.fleet.run("replayed request", request, _replayed)
        run.kernel.run(run.kernel.now + 1.0)
    if len(run.history.posts) > posts:
        yield "S10: a replayed request sent a text"
    after = _stored(run)
    if not all(is_the_same_but_believed(run, before.get(key), after.get(key)) for key in before | after):
        yield "S10: a replayed request changed what is stored"


def _stored(run: Simulation) -> dict[object, object]:
    state = run.fleet.store
    versions: dict[object, object] = {key: kept.version for key, kept in state.records.items()}
    return versions | dict(state.relays)


def l3_what_has_expired_goes(run: Simulation) -> Iterator[str]:
    """After the retention every callback that comes again finds nothing and is done with, whether the document is
    still there or not; and where the store does not delete by itself, one sweep does."""
    run.stop_faults()
    run.kernel.end()
    run.kernel.now += RETENTION.total_seconds() + 86400.0
    # The rounds of all these days have taken place: what may be removed has kept up with the clock.
    run.fleet.store.purged_until = time_of(run.kernel.now)
    posts, relays = len(run.history.posts), dict(run.fleet.store.relays)
    for callback in run.history.callbacks:
        run.faults.count(Fault.CALLBACK_EXPIRED)
        run.fleet.run("callback after expiry", callback, _replayed)
        run.kernel.run(run.kernel.now + 1.0)
    if len(run.history.posts) > posts or run.fleet.store.relays != relays:
        yield "L3: a callback about an expired relay changed something"
    run.fleet.run("sweep after expiry", lambda world, _: sweep(world), _replayed)
    run.kernel.run(run.kernel.now + 1.0)
    # What has not ended stays: it waits for a person, who was told.
    # And what a clock that was ahead dated later expires later.
    now, relays = time_of(run.kernel.now), run.fleet.store.relays
    expired = {message_id for message_id, stored in relays.items() if run.fleet.store.has_expired(stored.relay, now)}
    left = expired - waits_for_a_person(run) - run.history.set_aside
    if run.fleet.store.deletes_expired and left:
        yield f"L3: {len(left)} expired relays were left by a sweep"


def _replayed(task: Task) -> None:
    """The state is compared afterwards; the answer does not matter."""
