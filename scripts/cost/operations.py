"""How many billed operations a relay takes: of this relay, and of the obvious design it is compared with.

The figures of this relay are counted, not estimated: tests/budgets/test_operations.py plays each journey over the real
core on counting doubles and fails when it finds another number.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operations:
    """What one relay costs, its end included.

    Attributes:
        writes, reads, deletes: of documents. Of the relay's own journey; the watchmen's are counted apart.
        timer_calls: timers armed and cancelled.
        timers_fired: timers that came to fire, each a delivery attempt of Cloud Tasks and a request.
        inbound, callbacks: requests to the two webhooks.
        sends: texts sent to handlers.
        log_lines: JSON lines of the function itself.
        lookups: questions to Twilio. It charges nothing for them, but they take time.
        secret_accesses: reads of Secret Manager while a request waits. 0: secrets are mounted when an instance starts.
    """

    writes: int
    reads: int
    timer_calls: int
    timers_fired: int
    callbacks: int
    sends: int
    log_lines: int
    inbound: int = 1
    deletes: int = 1  # by the TTL policy, after 90 days
    lookups: int = 0
    secret_accesses: int = 0


# What a carrier does in them: `sent` and then `delivered` or `undelivered` for every text that it does not swallow.
RELAY: dict[str, Operations] = {
    # create with attempt 1 leased; the send's outcome; delivered. Read: one for each callback.
    "delivered at tier 1": Operations(
        writes=3, reads=2, timer_calls=2, timers_fired=0, callbacks=2, sends=1, log_lines=5
    ),
    # For each refused tier: the failure, with the next attempt scheduled in the same write; its lease; its outcome.
    "delivered at tier 2, after one refusal": Operations(
        writes=6, reads=5, timer_calls=5, timers_fired=1, callbacks=4, sends=2, log_lines=10
    ),
    "delivered at tier 3, after two refusals": Operations(
        writes=9, reads=8, timer_calls=8, timers_fired=2, callbacks=6, sends=3, log_lines=15
    ),
    # A silent carrier: the deadline's own handler gives up one tier and leases the next one's attempt in one write.
    "delivered at tier 3, after two silences": Operations(
        writes=7, reads=4, timer_calls=4, timers_fired=2, callbacks=2, sends=3, lookups=2, log_lines=13
    ),
    # As above, then the last failure and the line that says the alarm was raised.
    "exhausted after three refusals": Operations(
        writes=10, reads=8, timer_calls=8, timers_fired=2, callbacks=6, sends=3, log_lines=18
    ),
}

# Reconcile looks for every text of the last quarter of an hour once each five minutes, and for every one of a day once
# an hour; Firestore counts thirty of them for the price of one read (relay.google.queries.IDS_MAX).
RECONCILE_LOOKS_PER_RELAY = 30
RECONCILE_READS_PER_RELAY = RECONCILE_LOOKS_PER_RELAY / 30

# The obvious design, as the quick starts of the services put it together: a function for each step, one request at a
# time in each instance (the default), each fetching what it needs when it is called.
#   webhook:   looks whether the text is known, stores it, creates a task.
#   forward:   is the task's target; reads the relay, writes "sending", sends, writes "sent"; the deadline's task.
#   callback:  reads the relay and writes its new status; a delivery deletes the deadline's task.
#   secrets:   read from Secret Manager where one is needed: the auth token to check a signature (three times), the
#              API key and its secret to send.
#   watchman:  reads the last hour's relays once a minute and picks those that failed or got stuck, so that a lost task
#              is noticed as soon as it is here.
OBVIOUS = Operations(
    writes=5, reads=4, timer_calls=3, timers_fired=1, callbacks=2, sends=1, log_lines=5, secret_accesses=5
)
OBVIOUS_SCAN_READS_PER_RELAY = 60
