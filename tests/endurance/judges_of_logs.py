"""What must hold of the log and the trails after an endurance run: no secret, and no error that is not expected."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.endurance.load import BODY_MARK
from tests.endurance.run import Run

_SECRET = re.compile(rf"{BODY_MARK}|\+\d{{8,}}|made-up")
# A disk that was full for one text and had room for the next makes that one look odd: it is tried again, and a text
# that never came in is judged by itself.
_BUG = re.compile(
    r"Traceback|unexpected \w+ in|could not resume a relay|could not be recovered(?!.*the store does not take it)|"
    r"handler failed|job failed"
)


def s9_nothing_secret_in_logs(run: Run) -> Iterator[str]:
    """No word of a body, no phone number and no secret in the trail or in any line of the log."""
    for line in run.log.splitlines():
        if _SECRET.search(line):
            yield "S9: a log line holds a body, a phone number or a secret"
    for relay in run.relays.values():
        if any(_SECRET.search(entry.reason) for entry in relay.error_log):
            yield f"S9: the trail of {relay.message_id[-3:]} holds a body or a phone number"


def bugs_are_not_passed_over(run: Run) -> Iterator[str]:
    """No line of the log tells of an error that the relay did not expect."""
    for line in run.log.splitlines():
        if _BUG.search(line) and '"StoreUnavailable"' not in line:
            yield f"BUGS: {line[:300]}"
