"""Prices in US dollars, one table. Change a price here and its date with it; nothing else holds one.

Without free tiers, which cover a small business entirely, and without taxes or discounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 1, 15)


@dataclass(frozen=True, slots=True)
class Price:
    """`dollars` for each `per` of `unit`. `source`: the page of the price list."""

    dollars: float
    per: float
    unit: str
    source: str

    def of(self, amount: float) -> float:
        """What so many units cost, in dollars."""
        return amount / self.per * self.dollars


_FIRESTORE = "cloud.google.com/firestore/pricing (regional, us-central1)"
_TASKS = "cloud.google.com/tasks/pricing"
_RUN = "cloud.google.com/run/pricing (request-based billing, tier 1 region)"
_PUBSUB = "cloud.google.com/pubsub/pricing"
_SECRETS = "cloud.google.com/secret-manager/pricing"
_SCHEDULER = "cloud.google.com/scheduler/pricing"
_LOGGING = "cloud.google.com/stackdriver/pricing"
_TWILIO = "twilio.com/en-us/sms/pricing/us (long code)"

FIRESTORE_READ = Price(0.03, 100_000, "document reads", _FIRESTORE)
FIRESTORE_WRITE = Price(0.09, 100_000, "document writes", _FIRESTORE)
FIRESTORE_DELETE = Price(0.01, 100_000, "document deletes", _FIRESTORE)
FIRESTORE_STORAGE = Price(0.15, 1, "GiB-months", _FIRESTORE)
TASKS_OPERATION = Price(0.40, 1_000_000, "operations: API calls and delivery attempts", _TASKS)
RUN_VCPU = Price(0.000024, 1, "vCPU-seconds", _RUN)
RUN_MEMORY = Price(0.0000025, 1, "GiB-seconds", _RUN)
RUN_REQUEST = Price(0.40, 1_000_000, "requests", _RUN)
PUBSUB_VOLUME = Price(40.0, 2**40, "bytes published and delivered, at least 1,000 a message", _PUBSUB)
SECRET_ACCESS = Price(0.03, 10_000, "secret accesses", _SECRETS)
SCHEDULER_JOB = Price(0.10, 1, "jobs a month", _SCHEDULER)
LOG_VOLUME = Price(0.50, 2**30, "bytes of log lines", _LOGGING)

# Billed instance time is rounded up to so much for every stretch in which an instance serves at all.
RUN_ROUNDING_SECONDS = 0.1
PUBSUB_MESSAGE_BYTES_MIN = 1000
# Of one JSON line of ours with what Cloud Logging adds to it, and of the line that Cloud Run writes for every request.
LOG_LINE_BYTES = 500
REQUEST_LOG_BYTES = 1000

TWILIO_SEGMENT = Price(0.0083, 1, "SMS segments, in or out", _TWILIO)
# Between 0.003 and 0.006 by carrier; in and out alike.
TWILIO_CARRIER_FEE = Price(0.0045, 1, "SMS segments, carriers' surcharge", _TWILIO)
