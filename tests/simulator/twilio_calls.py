"""Twilio calling the relay: webhooks for texts that come in and callbacks about texts that went out, retried as its
documentation says, signed, lost, doubled and late."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from urllib.parse import quote_plus

from relay.core.model import InboundText
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.twilio.delivery_status import handle_delivery_status
from relay.twilio.inbound import handle_inbound_webhook
from relay.twilio.signature import signature
from relay.web import DELIVERY_STATUS_PATH, FORM, INBOUND_PATH, Request, Response

from tests.simulator.faults import Fault
from tests.simulator.fleet import BASE_URL, Fleet
from tests.simulator.history import Receipt
from tests.simulator.kernel import Task
from tests.simulator.kinds import Kind
from tests.simulator.revisions import ThisRevision, has_ended_elsewhere
from tests.simulator.sim_store import ProcessStore
from tests.simulator.sim_twilio import ACCOUNT_SID, Message

# The connection overrides that our URLs carry: five retries, each waited for this long, all within 15 s.
_TRIES_MAX = 6
_READ_TIMEOUT = 5.0
_ALL_TRIES = 15.0

_MEDIA = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"

_quote = lru_cache(maxsize=4096)(quote_plus)


@lru_cache(maxsize=4096)
def _signed_request(token: str, path: str, query: str, fields: tuple[tuple[str, str], ...]) -> Request:
    """A form request as Twilio signs it. Runs are alike enough for most of them to come again in another one."""
    url = f"{BASE_URL}{path}?{query}" if query else BASE_URL + path
    signed = signature(token, url, {name: [value] for name, value in fields})
    body = "&".join([f"{name}={_quote(value)}" for name, value in fields])
    return Request("POST", path, query, {"content-type": FORM, "x-twilio-signature": signed}, body.encode())


class TwilioCalls:
    """What Twilio asks of the relay, with which token it signs, and what it makes of the answers."""

    def __init__(self, fleet: Fleet, token: str) -> None:
        self.fleet = fleet
        self.token = token
        fleet.twilio.call_back = self.call_back

    def request(self, path: str, query: str, fields: dict[str, str]) -> Request:
        """A signed form request."""
        return _signed_request(self.token, path, query, tuple(fields.items()))

    def text_comes_in(self, text: InboundText) -> None:
        """Deliver the webhook for a text that Twilio has just taken in, or fail to."""
        fleet = self.fleet
        faults = fleet.twilio.faults
        if faults.strikes(Fault.WEBHOOK_LOST, 0.06):
            return
        fields = {
            "MessageSid": text.message_id,
            "AccountSid": ACCOUNT_SID,
            "From": text.sender_phone,
            "To": text.recipient_phone,
            "Body": text.body,
            "NumMedia": str(text.media_count),
        }
        wide = fleet.twilio.wide
        if wide is not None and wide.kind is Kind.OPT_OUT_TYPES:
            fields["OptOutType"] = wide.odd
        if text.consent is not None:
            fields["OptOutType"] = text.consent.value.upper()
        for index, attachment in enumerate(text.attachments):
            fields[f"MediaUrl{index}"] = f"{_MEDIA}/{text.message_id}/Media/{attachment.media_id}"
            fields[f"MediaContentType{index}"] = attachment.content_type
        request = self.request(INBOUND_PATH, "", fields)
        copies = 1
        if faults.strikes(Fault.WEBHOOK_PARALLEL, 0.05):
            copies = 2 + int((1.0 - fleet.dice.draw()) * 5)
        for _ in range(copies):
            _Webhook(self, text.message_id, request).try_now(None)

    def call_back(self, message: Message, status: str, code: int | None) -> None:
        """Report a status to the address that the text was sent with."""
        fleet = self.fleet
        faults = fleet.twilio.faults
        if faults.strikes(Fault.CALLBACK_LOST, 0.06):
            return
        wide = fleet.twilio.wide
        if wide is not None and wide.is_untold(message.sid):
            return
        query = message.callback.partition("?")[2].partition("#")[0]
        fields = {
            "MessageSid": message.sid,
            "MessageStatus": status,
            "AccountSid": ACCOUNT_SID,
            "From": message.from_ or "",
            "To": message.to,
        }
        if code is not None:
            fields["ErrorCode"] = str(code)
        request = self.request(DELIVERY_STATUS_PATH, query, fields)
        if wide is not None and wide.kind is Kind.RECEIPTS_OF_OTHERS:
            self._tell_of_others(message, query, fields)
        receipt = Receipt(0.0, message.post.message_id, message.post.attempt, status, message.sid)
        delay = 0.02 + (1.0 - fleet.dice.draw()) * 0.5
        if faults.strikes(Fault.CALLBACK_LATE, 0.05):
            delay += fleet.dice.between(2.0, 400.0)
        callback = _Callback(self, receipt, request)
        fleet.kernel.after(delay, callback.try_now)
        if faults.strikes(Fault.CALLBACK_DOUBLED, 0.06):
            fleet.kernel.after(delay + fleet.dice.between(0.0, 20.0), callback.try_now)

    def _tell_of_others(self, message: Message, query: str, fields: dict[str, str]) -> None:
        """A signed receipt to an address of this text's, which is about another text."""
        fleet = self.fleet
        assert fleet.twilio.wide is not None
        status = fleet.dice.pick(("delivered", "undelivered", "sent"))
        other = {**fields, "MessageStatus": status}
        if status == "undelivered":
            other["ErrorCode"] = "30006"
        if fleet.twilio.wide.odd == "another id":
            other["MessageSid"] = f"SM{0xFFF00 + len(fleet.twilio.messages):032x}"
        elif fleet.twilio.wide.odd == "another tier":
            query = query.replace("tier=", "tier=9")
        else:
            other["To"] = "+15550009999"
        request = self.request(DELIVERY_STATUS_PATH, query, other)
        receipt = Receipt(0.0, message.post.message_id, message.post.attempt, status, other["MessageSid"])
        fleet.kernel.after(fleet.dice.between(0.0, 9.0), _Callback(self, receipt, request, is_true=False).try_now)


class _Call:
    """One request as one process handles it.

    `was_left`: it was answered and did nothing, because the relay had ended in a way that only the next revision knows;
    or had ended more than 90 days ago, by a clock that is months ahead, and is asked about once that is right. So it
    tells the record nothing, and a judge may not ask for what it said.
    """

    def __init__(self, body: Callable[[SendingWorld, Intake], Response], message_id: str, fleet: Fleet) -> None:
        self._body = body
        self._message_id = message_id
        self._fleet = fleet
        self.was_left = False

    def handle(self, world: SendingWorld, intake: Intake) -> Response:
        began = self._fleet.kernel.now
        response = self._body(world, intake)
        stored = self._fleet.store.relays.get(self._message_id)
        if stored is not None and self._fleet.store.has_expired(stored.relay, world.clock.now()):
            self.was_left = True
            return response
        document = self._fleet.store.documents.get(self._message_id)
        if document is not None and has_ended_elsewhere(document) and _is_of_this_revision(world):
            writes = self._fleet.history.written[self._message_id]
            self.was_left = not any(write.by == "this" and write.at >= began for write in writes)
        return response


def _is_of_this_revision(world: SendingWorld) -> bool:
    return isinstance(world.store, ProcessStore) and isinstance(world.store.revision, ThisRevision)


class _Webhook:
    """One delivery of a webhook with its retries."""

    def __init__(self, calls: TwilioCalls, message_id: str, request: Request) -> None:
        self._calls = calls
        self._message_id = message_id
        self._request = request
        self._tries = 0
        self._first_at = calls.fleet.kernel.now
        self._is_over = False

    def try_now(self, _: object) -> None:
        fleet = self._calls.fleet
        if self._is_over or self._tries >= _TRIES_MAX or fleet.kernel.now - self._first_at >= _ALL_TRIES:
            return
        self._tries += 1
        fleet.history.tries.setdefault(self._message_id, []).append(fleet.kernel.now)
        fleet.kernel.after(_READ_TIMEOUT, self._give_up_waiting, self._tries)
        call = _Call(self._handle, self._message_id, fleet)
        fleet.run(f"webhook …{self._message_id[-3:]} try {self._tries}", call.handle, partial(self._answered, call))

    def _handle(self, world: SendingWorld, intake: Intake) -> Response:
        return handle_inbound_webhook(world, self._calls.fleet.account, intake, self._request)

    def _give_up_waiting(self, number: int) -> None:
        if number == self._tries:
            self.try_now(None)

    def _answered(self, call: _Call, task: Task) -> None:
        fleet = self._calls.fleet
        if task.error is not None:
            fleet.history.violated("S1", f"the webhook raised {task.error!r}")
        status = task.result.status if task.result is not None else 502
        if status == 200:
            fleet.history.webhooks.setdefault(self._message_id, fleet.kernel.now)
            if not call.was_left:
                fleet.history.recorded.append(self._handle)
            if self._message_id not in fleet.store.relays:
                fleet.history.violated("S1", f"200 for {self._message_id[-3:]}, which is not stored")
            if not fleet.twilio.faults.strikes(Fault.WEBHOOK_ANSWER_LOST, 0.05):
                self._is_over = True
                return
        elif status not in (502, 503):
            fleet.history.violated("S1", f"a well-formed webhook was answered {status}")
        fleet.kernel.after(0.05, self.try_now)


class _Callback:
    """One status callback with its retries."""

    def __init__(self, calls: TwilioCalls, receipt: Receipt, request: Request, is_true: bool = True) -> None:
        self._calls = calls
        self._is_true = is_true
        self._receipt = receipt
        self._request = request
        self._tries = 0

    def try_now(self, _: object) -> None:
        self._tries += 1
        receipt = self._receipt
        name = f"callback …{receipt.message_id[-3:]}/{receipt.attempt} {receipt.status}"
        call = _Call(self._handle, receipt.message_id, self._calls.fleet)
        self._calls.fleet.run(name, call.handle, partial(self._answered, call))

    def _handle(self, world: SendingWorld, intake: Intake) -> Response:
        return handle_delivery_status(world, self._calls.fleet.account, self._request)

    def _answered(self, call: _Call, task: Task) -> None:
        fleet = self._calls.fleet
        if task.error is not None:
            fleet.history.violated("S7", f"a receipt raised {task.error!r}")
        status = task.result.status if task.result is not None else 502
        if (call.was_left or not self._is_true) and status not in (502, 503):
            fleet.history.callbacks.append(self._handle)
        elif status == 204:
            receipt = self._receipt
            told = Receipt(fleet.kernel.now, receipt.message_id, receipt.attempt, receipt.status, receipt.sid)
            fleet.history.receipts.append(told)
            fleet.history.recorded.append(self._handle)
            fleet.history.callbacks.append(self._handle)
        elif status not in (502, 503):
            fleet.history.violated("S7", f"a well-formed receipt was answered {status}")
        elif self._tries < _TRIES_MAX:
            fleet.kernel.after(0.2, self.try_now)
