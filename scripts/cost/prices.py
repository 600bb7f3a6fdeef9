"""Prices in US dollars, one table. Change a price here and its date with it; nothing else holds one.

List prices of the cheaper regions (us-central1 among them), without taxes or discounts. What is free each month stands
beside a price; the bill of a million relays leaves it out, the costs of a month count it in (standing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 1, 15)
# Looked up again then, in stored copies of the pages and in what others wrote down of them.
_LAST_READ = date(2026, 11, 30)


@dataclass(frozen=True, slots=True)
class Price:
    """`dollars` for each `per` of `unit`. `source`: the page of the price list, and `read` when it was looked up.

    `free`: how many units of each month cost nothing, of a billing account where nothing else is said.
    """

    dollars: float
    per: float
    unit: str
    source: str
    free: float = 0.0
    read: date = AS_OF

    def of(self, amount: float) -> float:
        """What so many units cost, in dollars."""
        return amount / self.per * self.dollars


_FIRESTORE = "cloud.google.com/firestore/pricing (regional, us-central1)"
_TASKS = "cloud.google.com/tasks/pricing"
_RUN = "cloud.google.com/run/pricing (request-based billing, tier 1 region)"
_PUBSUB = "cloud.google.com/pubsub/pricing"
_SECRETS = "cloud.google.com/secret-manager/pricing"
_SCHEDULER = "cloud.google.com/scheduler/pricing"
_GATEWAY = "cloud.google.com/api-gateway/pricing"
_IMAGES = "cloud.google.com/artifact-registry/pricing"
_BUILDS = "cloud.google.com/build/pricing (default pool)"
_NETWORK = "cloud.google.com/vpc/network-pricing (premium tier, from North America)"
_OBSERVABILITY = "cloud.google.com/stackdriver/pricing"
_TWILIO = "twilio.com/en-us/sms/pricing/us (long code)"

FIRESTORE_READ = Price(0.03, 100_000, "document reads", _FIRESTORE, free=30 * 50_000)
FIRESTORE_WRITE = Price(0.09, 100_000, "document writes", _FIRESTORE, free=30 * 20_000)
FIRESTORE_DELETE = Price(0.01, 100_000, "document deletes", _FIRESTORE)
FIRESTORE_STORAGE = Price(0.15, 1, "GiB-months", _FIRESTORE, free=1)
# What the last seven days changed, and what was deleted in them; taken to cost what stored data cost.
FIRESTORE_RECOVERY = Price(0.15, 1, "GiB-months", _FIRESTORE)
FIRESTORE_BACKUP = Price(0.03, 1, "GiB-months", _FIRESTORE, read=_LAST_READ)
TASKS_OPERATION = Price(0.40, 1_000_000, "operations: API calls and delivery attempts", _TASKS, free=1_000_000)
RUN_VCPU = Price(0.000024, 1, "vCPU-seconds", _RUN, free=180_000, read=_LAST_READ)
RUN_MEMORY = Price(0.0000025, 1, "GiB-seconds", _RUN, free=360_000, read=_LAST_READ)
RUN_REQUEST = Price(0.40, 1_000_000, "requests", _RUN, free=2_000_000, read=_LAST_READ)
# Of an instance that is kept warm and serves nothing: processor and memory alike.
RUN_IDLE = Price(0.0000025, 1, "vCPU-seconds and GiB-seconds, idle", _RUN, read=_LAST_READ)
PUBSUB_VOLUME = Price(40.0, 2**40, "bytes published and delivered, at least 1,000 a message", _PUBSUB, free=10 * 2**30)
SECRET_ACCESS = Price(0.03, 10_000, "secret accesses", _SECRETS, free=10_000)
SECRET_VERSION = Price(0.06, 1, "versions", _SECRETS, free=6, read=_LAST_READ)
SCHEDULER_JOB = Price(0.10, 1, "jobs", _SCHEDULER, free=3, read=_LAST_READ)
GATEWAY_CALL = Price(3.0, 1_000_000, "calls", _GATEWAY, free=2_000_000, read=_LAST_READ)
IMAGE_STORAGE = Price(0.10, 1, "GiB-months", _IMAGES, free=0.5, read=_LAST_READ)
BUILD_MINUTE = Price(0.006, 1, "minutes", _BUILDS, free=2_500, read=_LAST_READ)
INTERNET_VOLUME = Price(0.12, 1, "GiB", _NETWORK, free=1, read=_LAST_READ)
LOG_VOLUME = Price(0.50, 2**30, "bytes", _OBSERVABILITY, free=50 * 2**30, read=_LAST_READ)
METRIC_VOLUME = Price(0.258, 1, "MiB", _OBSERVABILITY, free=150, read=_LAST_READ)
UPTIME_CHECK = Price(0.30, 1000, "executions", _OBSERVABILITY, free=1_000_000, read=_LAST_READ)
# Nothing before ALERTS_BILLED_FROM, and nothing for alerts on uptime checks afterwards.
ALERT_REFERENCE = Price(0.35, 1, "metrics, one for each condition", _OBSERVABILITY, read=_LAST_READ)
ALERT_POINTS = Price(0.50, 1_000_000, "points", _OBSERVABILITY, read=_LAST_READ)
ALERTS_BILLED_FROM = date(2027, 9, 1)

# Billed instance time is rounded up to so much for every stretch in which an instance serves at all.
RUN_ROUNDING_SECONDS = 0.1
# Of one JSON line of ours with what Cloud Logging adds to it, and of the line that Cloud Run writes for every request.
LOG_LINE_BYTES = 500
REQUEST_LOG_BYTES = 1000

TWILIO_SEGMENT = Price(0.0083, 1, "SMS segments, in or out", _TWILIO)
# Between 0.003 and 0.006 by carrier; in and out alike.
TWILIO_CARRIER_FEE = Price(0.0045, 1, "SMS segments, carriers' surcharge", _TWILIO)
