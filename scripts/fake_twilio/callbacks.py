"""The status callbacks of one outbound message: what they say, when they leave, and what goes wrong with them."""

import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scripts.fake_twilio.faults.receipts import Callbacks
from scripts.fake_twilio.message import API_VERSION, FAILURES, Message
from scripts.fake_twilio.state import Exchange
from scripts.fake_twilio.webhooks import Dispatcher, Webhook


def parameters_of(message: Message, account_sid: str, stale_error_code: int | None) -> dict[str, str]:
    """The form of one status callback.

    `ErrorCode` is there only with `failed` and `undelivered`, `RawDlrDoneDate` (YYMMDDhhmm, UTC) only with what
    a carrier's receipt said: `delivered` and `undelivered`.
    """
    parameters = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "From": message.from_,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    error_code = message.error_code if message.status in FAILURES else stale_error_code
    if error_code is not None:
        parameters["ErrorCode"] = str(error_code)
    if message.status in {"delivered", "undelivered"}:
        moment = datetime.fromtimestamp(message.updated_at, UTC)
        parameters["RawDlrDoneDate"] = moment.strftime("%y%m%d%H%M")
    return parameters


def with_changes(parameters: Mapping[str, str], says: Mapping[str, str | None]) -> dict[str, str]:
    """The form with other values, with more parameters, or (None) without some."""
    return {name: value for name, value in {**parameters, **says}.items() if value is not None}


def _with_query(url: str, query: Mapping[str, str]) -> str:
    """The URL with other values in its query; a fragment stays."""
    if not query:
        return url
    parts = urlsplit(url)
    asked = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **query}
    return urlunsplit(parts._replace(query=urlencode(asked)))


class CallbackQueue:
    """One message's callbacks, in the order its behaviour asks for.

    A batch is what leaves at one moment; the next batch leaves when every request of the one before was answered
    or given up. `answered` is set when the last of all has been.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        behaviour: Callbacks,
        account_sid: str,
        idempotency_token: Callable[[str], str],
        draw: random.Random,
        time_scale: float,
    ) -> None:
        self.answered = threading.Event()
        self._dispatcher = dispatcher
        self._behaviour = behaviour
        self._account_sid = account_sid
        self._token = idempotency_token
        self._draw = draw
        self._delay_seconds = behaviour.delay_seconds * time_scale
        self._lock = threading.Lock()
        self._held: list[Webhook] = []
        self._batches: deque[list[Webhook]] = deque()
        self._under_way = 0
        self._complete = False

    def status_changed(self, message: Message, is_last: bool) -> None:
        """Queue the callback of the status the message is in now; `is_last`: no status will follow."""
        with self._lock:
            if message.status_callback and not self._behaviour.loses(message.status):
                self._held.append(self._webhook(message, message.status_callback))
            if self._behaviour.order == "in_order" or is_last:
                self._batches.extend(self._ordered())
                self._held = []
            self._complete = self._complete or is_last
            self._send_next_batch()

    def _webhook(self, message: Message, url: str) -> Webhook:
        return Webhook(
            kind="status",
            message_sid=message.sid,
            url=_with_query(url, self._behaviour.query),
            parameters=with_changes(
                parameters_of(message, self._account_sid, self._behaviour.stale_error_code), self._behaviour.says
            ),
            idempotency_token=self._token(f"{message.sid} {message.status}"),
        )

    def _ordered(self) -> list[list[Webhook]]:
        held = list(self._held)
        match self._behaviour.order:
            case "together":
                return [held] if held else []
            case "reversed":
                held.reverse()
            case "shuffled":
                self._draw.shuffle(held)
        return [[webhook] for webhook in held]

    def _send_next_batch(self) -> None:
        if self._under_way:
            return
        if self._batches:
            requests = self._batches.popleft() * self._behaviour.copies
            self._under_way = len(requests)
            for webhook in requests:
                self._dispatcher.send(webhook, self._on_done, self._delay_seconds)
        elif self._complete:
            self.answered.set()

    def _on_done(self, _exchange: Exchange) -> None:
        with self._lock:
            self._under_way -= 1
            self._send_next_batch()
