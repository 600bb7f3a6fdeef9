"""What a deployment costs every month whatever its traffic, and what its options cost: amounts times prices.

The amounts are those of the defaults of terraform/; tests/terraform/test_costs.py counts them in a plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.cost import prices
from scripts.cost.model import OUR_SHAPE, RELAY_EVENT_BYTES
from scripts.cost.operations import RECONCILE_READS_PER_RELAY, RELAY
from scripts.cost.prices import Price

# What stands in a deployment with three tiers.
FUNCTIONS = 13
SCHEDULES = 3
SECRET_VERSIONS = 3
# Metrics that the conditions of alerts refer to, apart from the uptime check's.
ALERT_REFERENCES = 6
BACKUP_DAYS = 14
# Of how many conditions each minute looks at a number, whatever happens; the others look at nothing while all is well.
_CONDITIONS_WITH_POINTS = 6
_IMAGES_GIB = 1.0
_METRICS_MIB = 1.0

_MINUTES = 30 * 24 * 60
# Sweep and tell every minute, reconcile every five; each some 0.2 s, one line and two reads. Reconcile writes down how
# far it came, in two documents.
_RECONCILES = _MINUTES / 5
_ROUNDS = _MINUTES * 2 + _RECONCILES
_ROUND_SECONDS = 0.2
_ROUND_READS, _RECONCILE_WRITES = 2, 2
# From six places every five minutes, each answered within the rounding of billed time.
_CHECKS = 6 * _MINUTES / 5
_SECONDS_OF_A_MONTH = 730 * 3600

# The business of the table: so many texts a month, and what 90 days of them take.
TEXTS = 1000
STORED_GIB = 0.1
# One in ten has a photo of 1 MB that is opened twice; the calls to Twilio are little beside that.
_INTERNET_GIB = 0.2
# It is deployed every week, and each function is built in some two minutes.
_BUILD_MINUTES = FUNCTIONS * 2 * 4


@dataclass(frozen=True, slots=True)
class Standing:
    """So much of something each month. `option`: the input that brings it about, if it is one."""

    name: str
    amount: float
    price: Price
    option: str = ""

    @property
    def listed(self) -> float:
        """Dollars a month at the list price."""
        return self.price.of(self.amount)

    @property
    def billed(self) -> float:
        """Dollars a month if nothing else uses up what is free."""
        return self.price.of(max(0.0, self.amount - self.price.free))


def standing() -> list[Standing]:
    """Returns what the defaults cost each month with TEXTS texts, by what it is billed for."""
    busy = _ROUNDS * _ROUND_SECONDS + _CHECKS * prices.RUN_ROUNDING_SECONDS
    each = RELAY["delivered at tier 1"]
    webhooks = TEXTS * (each.inbound + each.callbacks)
    # Each write of a relay calls the function that publishes what is new.
    texts_seconds = (webhooks + TEXTS * each.writes) * 0.3
    requests = _ROUNDS + _CHECKS + webhooks + TEXTS * each.writes
    reads = _ROUNDS * _ROUND_READS + TEXTS * (each.reads + RECONCILE_READS_PER_RELAY)
    writes = _RECONCILES * _RECONCILE_WRITES + TEXTS * each.writes
    logged = _ROUNDS * prices.LOG_LINE_BYTES + requests * prices.REQUEST_LOG_BYTES
    return [
        Standing("schedules", SCHEDULES, prices.SCHEDULER_JOB),
        Standing("secrets", SECRET_VERSIONS, prices.SECRET_VERSION),
        Standing("functions: processor", (busy + texts_seconds) * OUR_SHAPE.vcpu, prices.RUN_VCPU),
        Standing("functions: memory", (busy + texts_seconds) * OUR_SHAPE.gib, prices.RUN_MEMORY),
        Standing("functions: requests", requests, prices.RUN_REQUEST),
        Standing("gateway", _CHECKS + webhooks, prices.GATEWAY_CALL),
        Standing("database: reads", reads, prices.FIRESTORE_READ),
        Standing("database: writes", writes, prices.FIRESTORE_WRITE),
        Standing("database: stored", STORED_GIB, prices.FIRESTORE_STORAGE),
        Standing("timers", TEXTS * (each.timer_calls + each.timers_fired), prices.TASKS_OPERATION),
        Standing("relay events", 2 * TEXTS * each.writes * RELAY_EVENT_BYTES, prices.PUBSUB_VOLUME),
        Standing("to the internet, photos above all", _INTERNET_GIB, prices.INTERNET_VOLUME),
        Standing("log", logged, prices.LOG_VOLUME),
        Standing("log-based metrics", _METRICS_MIB, prices.METRIC_VOLUME),
        Standing("uptime check", _CHECKS, prices.UPTIME_CHECK),
        Standing("builds", _BUILD_MINUTES, prices.BUILD_MINUTE),
        Standing("images of the functions", _IMAGES_GIB, prices.IMAGE_STORAGE),
        Standing("recovery", STORED_GIB, prices.FIRESTORE_RECOVERY, "point_in_time_recovery"),
        Standing("backups", STORED_GIB * BACKUP_DAYS, prices.FIRESTORE_BACKUP, "backup_retention_days"),
    ]


def alerting() -> list[Standing]:
    """Returns what the alerts will cost each month from prices.ALERTS_BILLED_FROM on."""
    return [
        Standing("alerts: metrics", ALERT_REFERENCES, prices.ALERT_REFERENCE),
        Standing("alerts: points", _CONDITIONS_WITH_POINTS * _MINUTES * 2, prices.ALERT_POINTS),
    ]


def warm_instance() -> Standing:
    """Returns what one instance costs each month that is kept warm."""
    amount = _SECONDS_OF_A_MONTH * (OUR_SHAPE.vcpu + OUR_SHAPE.gib)
    return Standing("one warm instance", amount, prices.RUN_IDLE, "warm_webhook_instances")
