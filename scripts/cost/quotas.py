"""Limits of the services and of this code, one dated table with its sources. Nothing else holds one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

AS_OF = date(2026, 1, 15)


class Load(StrEnum):
    """What a limit is about; scale.py says how much of it one text brings."""

    SEGMENTS = "SMS segments sent"
    TWILIO_REQUESTS = "requests to Twilio under way"
    DOCUMENT_WRITES = "document writes"
    DISPATCHES = "timers fired, in the busiest tier's queue"
    TASK_CALLS = "calls to Cloud Tasks"
    WEBHOOK_REQUESTS = "webhook requests under way"
    RECONCILED = "texts compared with Twilio's list"
    SWEPT = "relays resumed by the sweep"


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit of one cell: one deployment with one of everything.

    Attributes:
        limit: of `load`, per second, or at one time where the load is "under way".
        waits: how many may wait in a queue before something is lost; 0: what is too much is refused at once.
        when_exceeded: what then happens to texts.
        more: how to get more of it.
        source: where the limit is stated.
    """

    load: Load
    limit: float
    waits: float
    when_exceeded: str
    more: str
    source: str


QUOTAS: tuple[Quota, ...] = (
    Quota(
        Load.SEGMENTS,
        1.0,
        36_000,
        "Twilio queues up to ten hours' worth, and texts come later and later; after some eleven minutes in the queue "
        "the next tier's text is put behind. A full queue (21611) is an outage: waited for ten minutes, then by the "
        "tiers' schedules",
        "more numbers: each is a queue of its own (toll-free 3/s, short code 100/s)",
        "Twilio: Understanding Twilio Rate Limits and Message Queues",
    ),
    Quota(
        Load.RECONCILED,
        60.0 / (15 * 60 * 0.0008),
        0,
        "the list cannot be read in time: webhooks that never arrived are not found, and an alert says so",
        "more time for a run; less that counts as fresh; a cell for every so many numbers",
        "relay.flow.taking_in: 60 s for Twilio's list of 15 minutes, 1,000 texts a page (some 0.8 s each, assumed)",
    ),
    Quota(
        Load.DOCUMENT_WRITES,
        500.0,
        0,
        "writes slow down and fail, the webhook answers 503, Twilio repeats it within its 15 s",
        "one collection for each shard (RELAY_COLLECTION); or a random prefix on every indexed time",
        "Firestore: best practices, collection with sequential values in an indexed field",
    ),
    Quota(
        Load.SWEPT,
        200 / 60.0,
        0,
        "nothing is lost: what one round leaves over, the next ones take",
        "a higher limit a round; it only matters while timers are being lost in numbers",
        "relay.flow.sweep: 200 a round, a round every minute",
    ),
    Quota(
        Load.DISPATCHES,
        500.0,
        float("inf"),
        "tasks wait in the queue: tiers are tried later and later; after 10 s the sweep begins to help",
        "queue_dispatches_per_second, which is 20 until it is raised, and max_instances; then several queues for a "
        "tier (at most 1,000 queues in a project and region)",
        "Cloud Tasks: quotas, RateLimits.max_dispatches_per_second",
    ),
    Quota(
        Load.TWILIO_REQUESTS,
        100.0,
        0,
        "Twilio answers 429 (20429): not processed, so the text waits 2, 4, 8, 15, 30 s … and uses up no tier",
        "Twilio raises it on request; or subaccounts",
        "Twilio: API response error 429 (concurrency of an account; 100 is what third parties report)",
    ),
    Quota(
        Load.WEBHOOK_REQUESTS,
        10 * 40.0,
        0,
        "Cloud Run answers 429 itself; Twilio repeats the webhook",
        "max_instances, as far as the project's quota of vCPUs in the region goes: 10 in the smallest seen, more on "
        "request; concurrency",
        "terraform/: 10 instances of 40 requests; Cloud Run: quotas (by region, CPU and memory; read 2026-11)",
    ),
    Quota(
        Load.TASK_CALLS,
        100_000.0,
        0,
        "arming fails, the sweep stands in",
        "more on request",
        "Cloud Tasks: quotas (6,000,000 API requests a minute and region)",
    ),
)
