"""AlarmTest puts one test message for each recipient of alarms, and says what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from relay.errors import BadRequest
from relay.fields import Fields, request_id_of
from relay.operators.alerting.messages import ChannelKind, Outbox, Recipients, messages_to
from relay.operators.alerting.wording import EVERY_CHANNEL, test_message
from relay.ports import Clock
from relay.ports.operator_records import OperatorKind, OperatorRecord, OperatorRecords
from relay.web import Response, json_response

# After so long a test that no channel took is over.
_GOOD_FOR = timedelta(minutes=15)
_STORE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class AlarmTest:
    """What a test of the alarms needs."""

    records: OperatorRecords
    outbox: Outbox
    recipients: Recipients
    clock: Clock

    def run(self, request_id: str, by_whom: str) -> list[dict[str, object]]:
        """Put the messages of this test, once. Returns how each stands. Raises StoreUnavailable."""
        subject, words = test_message(by_whom)
        until, found = self.clock.now() + _GOOD_FOR, []
        for message in messages_to(self.recipients, EVERY_CHANNEL, ("test.", request_id), subject, words, until):
            known = self.records.get(OperatorKind.MESSAGE, message.key, timeout_seconds=_STORE_SECONDS)
            if known is None:
                self.outbox.put(message, timeout_seconds=_STORE_SECONDS)
            shown_to = shown(message.channel, message.to)
            found.append({"channel": message.channel.value, "to": shown_to, **_state_of(known)})
        return found


def answer(test: AlarmTest | None, fields: Fields, by_whom: str) -> Response:
    """Returns the answer to `{"alarm_test": true, "request_id"}`: how each of its messages stands.

    The same `request_id` again puts nothing more, and says how they stand by then. To `{"alarm_test": false}`, which
    sends nothing, it is how many recipients each channel has.
    """
    if fields["alarm_test"] is False and fields.keys() == {"alarm_test"}:
        recipients = test.recipients if test is not None else {}
        return json_response(200, {"channels": {kind.value: len(recipients.get(kind, ())) for kind in ChannelKind}})
    if fields["alarm_test"] is not True or fields.keys() != {"alarm_test", "request_id"}:
        raise BadRequest(400, "alarm_test is true with request_id alone, or false by itself.")
    request_id = request_id_of(fields)
    return json_response(200, {"messages": test.run(request_id, by_whom) if test is not None else []})


def shown(kind: ChannelKind, to: str) -> str:
    """Returns a recipient as an operator may see it: of a webhook, whose address may hold a token, the host alone."""
    return urlsplit(to).hostname or "" if kind is ChannelKind.WEBHOOK else to


def _state_of(record: OperatorRecord | None) -> dict[str, object]:
    content = record.content if record is not None else {}
    because, tries = str(content.get("failed_because", "")), content.get("tries", 0)
    if "ended_at" in content:
        return {"state": "failed" if because else "told", "reason": because}
    return {"state": "waiting", "reason": because, "tries": tries if isinstance(tries, int) else 0}
