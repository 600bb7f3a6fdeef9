"""What an endurance run went through, in a dozen lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from relay.core.model import AttemptStatus, FinalStatus, Relay, Step

from tests.endurance.judges import doubles, texts_sent
from tests.endurance.run import Run


def report(run: Run, title: str, found: Sequence[str]) -> str:
    """The figures of a run, and every violation."""
    relays = list(run.relays.values())
    ends = Counter(relay.final_status for relay in relays)
    attempts = [attempt for relay in relays for attempt in relay.attempts]
    resends = [attempt for attempt in attempts if attempt.is_resend]
    doubled = doubles(run)
    lines = [
        title,
        f"  texts            {len(run.texts)}",
        f"  kills            {run.kills_of_all + run.kills_of_worker}"
        f" ({run.kills_of_all} of all processes, {run.kills_of_worker} of the one that answers)",
        *([f"  troubles         {_troubles(run)}"] if run.troubles else []),
        f"  webhooks         {_webhooks(run)}",
        f"  attempts         {len(attempts)}; POSTs {len(run.fake.posts)}, texts that Twilio took"
        f" {sum(map(len, texts_sent(run).values()))}",
        f"  never confirmed  {sum(one.status is AttemptStatus.UNCONFIRMED for one in attempts)} attempts given up,"
        f" {_entries(relays, Step.ATTEMPT_UNKNOWN)} outcomes that nobody could tell at first",
        f"  ends             {ends[FinalStatus.DELIVERED]} delivered, {ends[FinalStatus.EXHAUSTED]} exhausted"
        f" (each with its alarm), {ends[FinalStatus.RECORDED]} recorded only",
        f"  sweep            resumed {_touched_by(relays, 'sweep')} relays",
        f"  reconcile        recovered {sum(relay.recovered for relay in relays)} texts,"
        f" settled attempts of {_touched_by(relays, 'reconcile', but=Step.RECOVERED)} relays",
        *([f"  tasks            {run.tasks}"] if run.tasks else []),
        f"  the window       {len(resends)} sent once more at the last tier, {sum(count for *_, count in doubled)} of"
        " them doubled",
        f"  two handlers     {_with_two_handlers(run)} texts reached more than one (a slow tier, and the next)",
        f"  replayed         {run.replayed} requests changed {len(run.changed_by_replays) or 'nothing'}",
        f"  time             {run.seconds_of_load:.0f} s of load, {run.seconds_to_settle:.0f} s until the last end",
        f"  violations       {len(found) or 'none'}",
        *(f"    {sentence}" for sentence in found[:50]),
    ]
    return "\n".join(lines)


def _troubles(run: Run) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(run.troubles.items()))


def _webhooks(run: Run) -> str:
    inbound = [exchange for exchange in run.fake.exchanges if exchange.kind == "inbound"]
    status = [exchange for exchange in run.fake.exchanges if exchange.kind == "status"]
    failed = Counter(str(each.failure or each.http_status) for each in (*inbound, *status) if not each.succeeded)
    words = ", ".join(f"{count} {kind}" for kind, count in failed.most_common())
    return f"{len(inbound)} tries for texts, {len(status)} for receipts; failed: {words or 'none'}"


def _entries(relays: Sequence[Relay], step: Step) -> int:
    return sum(entry.step is step for relay in relays for entry in relay.error_log)


def _touched_by(relays: Sequence[Relay], by: str, but: Step | None = None) -> int:
    return sum(
        any(entry.by == by and entry.step is not but and not _begins(relay, entry.attempt) for entry in relay.error_log)
        if but
        else any(entry.by == by for entry in relay.error_log)
        for relay in relays
    )


def _begins(relay: Relay, attempt: int | None) -> bool:
    """Whether this is the attempt that a recovered text began with."""
    return relay.recovered and attempt == 1


def _with_two_handlers(run: Run) -> int:
    return sum(len({text.to for text in texts if text.reached_phone_at}) > 1 for texts in texts_sent(run).values())
