"""NOTES_OF_TELLING explains the log's notes on how operators are told, for scripts/make_log_table.py."""

from __future__ import annotations

# By the beginning of a note's message: what it means, and what to do.
NOTES_OF_TELLING: dict[str, tuple[str, str]] = {
    "operators were told": (
        "A run of telling: how many messages to operators were taken, failed and are tried again, or are over.",
        "Nothing: a channel that fails has a line of its own.",
    ),
    "an operator could not be told; it is tried again": (
        "A channel did not take a message to an operator; `channel` and `reason` say which and why. It is tried again "
        "with growing waits, an alarm for a day.",
        "See to the channel; `relayctl alarm test` tries all of them. See “Get told”.",
    ),
    "an operator was not told": (
        "A message to an operator was given up: its time was over, or it was refused for good (`reason`).",
        "See to the channel, or to the operator's number or address. See “Get told”.",
    ),
    "an operator could not be told directly": (
        "The database is out of order, so that an alarm about it goes to each channel without being kept; this one did "
        "not take it. It is tried again six times.",
        "See to the channel; and to the database, which `store_fails` is about.",
    ),
    "what came of a message could not be stored": (
        "A message was handed to its channel, and the store did not take how that went: it may be told twice.",
        "Nothing. If it lasts: “Nothing moves”.",
    ),
    "an alarm could not be kept for operators": (
        "An alarm is in the log and was not put among what operators are told: the store was out of order for long.",
        "Nothing more: while the store is out of order, `store_fails` or the alerts tell that.",
    ),
    "operators could not be told": (
        "A run of telling broke off because of a mistake in the code; the next one, within a minute, goes on.",
        "Report the kind that the line names.",
    ),
    "the function that tells operators could not be woken": (
        "The task that has operators told at once could not be made; the scheduler calls the function within a minute.",
        "Nothing if it is rare. If it lasts, look at the queue `tell`.",
    ),
    "test of the alarms asked for": (
        "An operator asked for a test message to each recipient of alarms: `caller` is who.",
        "Nothing.",
    ),
    "alarms reach too few operators": (
        "No channel is set by which operators are told of alarms, or texts alone, which tell of no outage of texts.",
        "Set e-mail or a webhook: “Get told”.",
    ),
    "a net is cut": (
        "One of the nets that catch lost texts (`net`: sweep or reconcile) has not done its work for minutes.",
        "“Nothing moves”; for reconcile: “Twilio is down”, “Our key may not read”.",
    ),
    "a net catches again": ("What `a net is cut` was about is over.", "Nothing."),
}
