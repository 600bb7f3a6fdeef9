"""Inbound messages: a phone texts a number of the account, and the application's webhook is called."""

import base64
from collections.abc import Callable, Sequence
from typing import Literal
from xml.etree import ElementTree

from scripts.fake_twilio.callbacks import with_changes
from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.faults.lists import RowFaults
from scripts.fake_twilio.faults.texts import InboundFaults
from scripts.fake_twilio.inbound_form import OWN_ANSWERS, bytes_as_text, opt_out_type, parameters_of
from scripts.fake_twilio.media import MAX_FILES, File, media_of
from scripts.fake_twilio.message import Message, Status
from scripts.fake_twilio.seeds import Seeds
from scripts.fake_twilio.send_request import is_address
from scripts.fake_twilio.settings import Settings
from scripts.fake_twilio.state import Exchange, PhoneNumber, State
from scripts.fake_twilio.text import segment_count
from scripts.fake_twilio.webhooks import Dispatcher, Webhook

# Twilio's codes for a webhook that failed: no TwiML could be fetched; what came was no TwiML.
_RETRIEVAL_FAILURE, _PARSE_FAILURE = 11200, 12100

Outcome = Literal["pending", "answered", "failed", "dropped"]


class InboundText:
    """One text on its way into the application."""

    def __init__(self, state: State, message: Message, copies: int) -> None:
        self.message = message
        self._state = state
        self._open = copies
        self._codes: list[int | None] = []
        self.held: list[Callable[[], None]] = []

    @property
    def sid(self) -> str:
        return self.message.sid

    @property
    def exchanges(self) -> list[Exchange]:
        """Every try of its webhooks so far, those of the fallback URL included."""
        with self._state.lock:
            return [exchange for exchange in self._state.exchanges if exchange.message_sid == self.sid]

    @property
    def outcome(self) -> Outcome:
        """`answered`: each copy got valid TwiML (or an empty 2xx), perhaps from the fallback URL."""
        with self._state.lock:
            if self._open:
                return "pending"
            if not self._codes:
                return "dropped"
            return "failed" if any(self._codes) else "answered"

    @property
    def http_status(self) -> int | None:
        """HTTP status of the application's last answer; None if none came."""
        exchanges = self.exchanges
        return exchanges[-1].http_status if exchanges else None

    def let_come(self) -> None:
        """Send its webhooks that are held."""
        while self.held:
            self.held.pop()()

    def wait(self, within_seconds: float = 180.0) -> "InboundText":
        """Until Twilio is done with it (two webhook budgets of 15 s at most, on a machine that keeps up).

        Raises TimeoutError.
        """
        if not self._state.wait_for(lambda: not self._open, within_seconds):
            raise TimeoutError(f"the webhook of {self.sid} is still under way after {within_seconds} s")
        return self

    def close_one(self, error_code: int | None) -> None:
        """One copy is through; `error_code`: why Twilio gave up on it."""
        with self._state.lock:
            self._open -= 1
            self._codes.append(error_code)
            self._state.changed()


class Receiver:
    """Takes texts from phones and calls the application."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        dispatcher: Dispatcher,
        seeds: Seeds,
        settings: Settings,
        answer: Callable[[str, str, str], None],
    ) -> None:
        """`answer(from_, to, body)` sends a text of Twilio's own."""
        self._state = state
        self._clock = clock
        self._dispatcher = dispatcher
        self._seeds = seeds
        self._settings = settings
        self._answer = answer

    def receive(self, from_: str, to: str, body: str, files: Sequence[File], faults: InboundFaults) -> InboundText:
        """A text arrives at Twilio.

        Raises ValueError if `to` is no number of the account and not on a channel, and for more files than phones send.
        """
        number = self._number_of(to)
        if len(files) > MAX_FILES:
            raise ValueError(f"a phone sends {MAX_FILES} files at most")
        if faults.base64_body:
            body = base64.b64encode(body.encode()).decode()
        message = self._message(from_, to, body, files, faults)
        with self._state.lock:
            self._state.handset(from_)
            own_answer = self._note_opt_out(message)
            self._note_row(message.sid, faults)
            self._state.save(message)
            if own_answer and is_address(from_):
                self._answer(to, from_, own_answer)
        is_called = not faults.dropped and faults.error_code is None and bool(number.sms_url)
        text = InboundText(self._state, message, faults.copies if is_called else 0)
        if is_called:
            for _ in range(faults.copies):
                self._call(text, number, faults)
        return text

    def _number_of(self, to: str) -> PhoneNumber:
        """Returns the number whose webhook gets a text to this address; on a channel any sender is one of ours."""
        channel, _, address = to.rpartition(":")
        number = self._state.number_called(address)
        if number is None and channel:
            number = next(iter(self._state.numbers.values()), None)
        if number is None:
            raise ValueError("a text can only be sent to a number of the account")
        return number

    def _message(self, from_: str, to: str, body: str, files: Sequence[File], faults: InboundFaults) -> Message:
        now = self._clock.now()
        created_at = now - faults.age_seconds
        status: Status = "received" if faults.error_code is None else "failed"
        sid = self._seeds.sid("MM" if files or faults.as_mms else "SM", "inbound", from_, to)
        names = [self._state.files.put(file) for file in files]
        return Message(
            sid=sid,
            direction="inbound",
            from_=from_,
            to=to,
            body=body,
            status=status,
            created_at=created_at,
            updated_at=now,
            sent_at=created_at,
            error_code=faults.error_code,
            num_segments=segment_count(body),
            files=media_of(sid, names, self._state.files, now),
            history=((created_at, status),),
        )

    def _note_row(self, sid: str, faults: InboundFaults) -> None:
        listed, whole = (self._at(faults.listed_after_seconds), self._at(faults.receiving_seconds))
        if listed is not None or whole is not None:
            self._state.rows[sid] = RowFaults(listed_at=listed, whole_at=whole)

    def _at(self, after_seconds: float | None) -> float | None:
        return None if after_seconds is None else self._clock.now() + after_seconds * self._settings.time_scale

    def _note_opt_out(self, message: Message) -> str:
        """Block or let through what we send to this phone; returns what Twilio answers it, or "".

        Chosen here, where Twilio says nothing: a word that changes nothing is not answered, so that a customer's "yes"
        to a question is no more than that; nor is a call for help by a phone that takes no texts.
        """
        pair = (message.from_, message.to)
        kind, was_opted_out = opt_out_type(message.body, self._state.opt_out_words), pair in self._state.opted_out
        if kind == "STOP":
            self._state.opted_out.add(pair)
        if kind == "START":
            self._state.opted_out.discard(pair)
        return OWN_ANSWERS[kind] if kind and was_opted_out == (kind == "START") else ""

    def _call(self, text: InboundText, number: PhoneNumber, faults: InboundFaults) -> None:
        parameters = parameters_of(text.message, self._settings.account_sid, self._state.opt_out_words)
        parameters = with_changes(
            parameters, {**faults.says, **{name: bytes_as_text(value) for name, value in faults.raw.items()}}
        )
        token = self._seeds.token_for(text.sid)

        def on_fallback_done(exchange: Exchange) -> None:
            text.close_one(_error_code(exchange))

        def on_done(exchange: Exchange) -> None:
            error_code = _error_code(exchange)
            if error_code is None or not number.sms_fallback_url:
                text.close_one(error_code)
                return
            with_error = {**parameters, "ErrorCode": str(error_code), "ErrorUrl": exchange.url}
            self._dispatcher.send(
                Webhook(
                    "fallback",
                    text.sid,
                    number.sms_fallback_url,
                    with_error,
                    token,
                    number.sms_fallback_method,
                ),
                on_fallback_done,
            )

        webhook = Webhook(
            "inbound", text.sid, number.sms_url, parameters, token, number.sms_method, faults.lost_answers
        )
        delay_seconds = faults.delay_seconds * self._settings.time_scale

        def send() -> None:
            self._dispatcher.send(webhook, on_done, delay_seconds)

        if faults.held:
            text.held.append(send)
        else:
            send()


def _error_code(exchange: Exchange) -> int | None:
    """Why the answer is no use to Twilio; None: it is TwiML, or an empty 2xx. The verbs are not carried out."""
    if not exchange.succeeded:
        return _RETRIEVAL_FAILURE
    if not exchange.body.strip():
        return None
    media_type = exchange.content_type.partition(";")[0].strip().lower()
    if media_type == "text/plain":
        return None
    try:
        # The application under test is the only one who writes this.
        root = ElementTree.fromstring(exchange.body)  # noqa: S314
    except ElementTree.ParseError:
        return _PARSE_FAILURE
    return None if root.tag == "Response" else _PARSE_FAILURE
