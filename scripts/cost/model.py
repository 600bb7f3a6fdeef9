"""From operations and prices to dollars for a million relays. Pure arithmetic.

Instance time is the delicate part. An instance that serves several requests at once is billed for the time in which it
serves at all, so what one request costs depends on how many come: with requests arriving at random, `rate` a second and
each taking `seconds`, an instance is busy for 1 - exp(-rate * seconds) of the time (the M/G/∞ queue), as long as its
concurrency is not used up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scripts.cost import prices
from scripts.cost.operations import OBVIOUS, OBVIOUS_SCAN_READS_PER_RELAY, RECONCILE_READS_PER_RELAY, RELAY, Operations
from scripts.cost.prices import Price

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What one request of a kind takes: seconds from arrival to answer, and processor seconds of them."""

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Shape:
    """An instance: whole or part of a vCPU, memory, and how many requests it serves at once."""

    vcpu: float
    gib: float
    concurrency: int


# Seconds a request takes in the cloud. Assumed, not measured: Firestore some 10 ms a write and 5 ms a read, Cloud Tasks
# 20 ms beside it, Twilio's POST 150 ms, and the processor time of docs/performance.md.
INBOUND = Request(0.200, 0.006)
CALLBACK = Request(0.040, 0.003)
ESCALATION = Request(0.220, 0.006)
EVENT = Request(0.060, 0.004)
# The same work in the obvious design, which also fetches its secrets (some 10 ms each).
OBVIOUS_WEBHOOK = Request(0.080, 0.006)
OBVIOUS_FORWARD = Request(0.250, 0.010)
OBVIOUS_CALLBACK = Request(0.055, 0.005)

# The shapes of terraform/: more than one request at a time takes a whole vCPU.
OUR_SHAPE = Shape(vcpu=1.0, gib=0.5, concurrency=40)
# The defaults of Cloud Functions but for the memory, which the clients need.
OBVIOUS_SHAPE = Shape(vcpu=0.333, gib=0.5, concurrency=1)

RELAY_EVENT_BYTES = 1500


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of cost of a million relays."""

    name: str
    amount: float
    unit: str
    dollars: float


def billed_seconds(request: Request, shape: Shape, rate_per_second: float) -> float:
    """Billed instance time of one request, when so many of them come in a second."""
    seconds = _rounded(request.seconds)
    if shape.concurrency == 1:
        return seconds
    busy = rate_per_second * seconds
    # Beyond what one instance serves at once, others join, each of them busy all the time.
    instances = max(1.0, busy / shape.concurrency)
    shared = instances * (1 - math.exp(-busy / instances)) / rate_per_second
    return max(shared, request.cpu_seconds / shape.vcpu)


def _rounded(seconds: float) -> float:
    return math.ceil(seconds / prices.RUN_ROUNDING_SECONDS - 1e-9) * prices.RUN_ROUNDING_SECONDS


def _priced(name: str, price: Price, amount_per_relay: float) -> Line:
    amount = amount_per_relay * MILLION
    return Line(name, amount, price.unit, price.of(amount))


def _instances(name: str, requests: list[tuple[Request, float]], shape: Shape, relays_per_second: float) -> list[Line]:
    """The cost of so many requests of each kind for each relay; kinds are functions of their own."""
    seconds = sum(
        count * billed_seconds(request, shape, relays_per_second * count) for request, count in requests if count
    )
    return [
        _priced(f"{name}: vCPU", prices.RUN_VCPU, seconds * shape.vcpu),
        _priced(f"{name}: memory", prices.RUN_MEMORY, seconds * shape.gib),
        _priced(f"{name}: requests", prices.RUN_REQUEST, sum(count for _, count in requests)),
    ]


def _services(operations: Operations, watchmen_reads: float) -> list[Line]:
    requests = operations.inbound + operations.callbacks + operations.timers_fired
    log_bytes = operations.log_lines * prices.LOG_LINE_BYTES + requests * prices.REQUEST_LOG_BYTES
    return [
        _priced("Firestore: writes", prices.FIRESTORE_WRITE, operations.writes),
        _priced("Firestore: reads", prices.FIRESTORE_READ, operations.reads),
        _priced("Firestore: reads of the watchmen", prices.FIRESTORE_READ, watchmen_reads),
        _priced("Firestore: deletes (TTL)", prices.FIRESTORE_DELETE, operations.deletes),
        _priced("Cloud Tasks", prices.TASKS_OPERATION, operations.timer_calls + operations.timers_fired),
        _priced("Secret Manager", prices.SECRET_ACCESS, operations.secret_accesses),
        _priced("Cloud Logging", prices.LOG_VOLUME, log_bytes),
    ]


def relay_cost(operations: Operations, relays_per_second: float, events: bool = False) -> list[Line]:
    """A million relays like this one, as they are built here. `events`: relay events are published too."""
    requests = [
        (INBOUND, float(operations.inbound)),
        (CALLBACK, float(operations.callbacks)),
        (ESCALATION, float(operations.timers_fired)),
    ]
    lines = _services(operations, RECONCILE_READS_PER_RELAY)
    lines += _instances("functions", requests, OUR_SHAPE, relays_per_second)
    if events:
        # Each write of the document calls the function that publishes what is new (Eventarc).
        lines += _instances("relay events", [(EVENT, float(operations.writes))], OUR_SHAPE, relays_per_second)
        lines.append(_priced("relay events: Pub/Sub", prices.PUBSUB_VOLUME, 2 * operations.writes * RELAY_EVENT_BYTES))
    return lines


def obvious_cost(relays_per_second: float) -> list[Line]:
    """A million relays delivered at tier 1 in the obvious design."""
    requests = [
        (OBVIOUS_WEBHOOK, float(OBVIOUS.inbound)),
        (OBVIOUS_FORWARD, float(OBVIOUS.timers_fired)),
        (OBVIOUS_CALLBACK, float(OBVIOUS.callbacks)),
    ]
    lines = _services(OBVIOUS, OBVIOUS_SCAN_READS_PER_RELAY)
    return lines + _instances("functions", requests, OBVIOUS_SHAPE, relays_per_second)


def twilio_cost(operations: Operations, segments: float = 1.0) -> float:
    """Twilio's own bill for a million relays: the customer's text in, and each text out."""
    texts = (operations.inbound + operations.sends) * segments * MILLION
    return prices.TWILIO_SEGMENT.of(texts) + prices.TWILIO_CARRIER_FEE.of(texts)


def total(lines: list[Line]) -> float:
    return sum(line.dollars for line in lines)


def compared(relays_per_second: float) -> tuple[float, float]:
    """Dollars for a million relays delivered at tier 1: here, and in the obvious design."""
    ours = relay_cost(RELAY["delivered at tier 1"], relays_per_second)
    return total(ours), total(obvious_cost(relays_per_second))
