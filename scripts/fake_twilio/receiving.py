"""Inbound messages: a phone texts a number of the account, and the application's webhook is called."""

import dataclasses
from collections.abc import Sequence
from typing import Literal
from xml.etree import ElementTree

from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.message import API_VERSION, Message
from scripts.fake_twilio.seeds import Seeds
from scripts.fake_twilio.settings import Settings
from scripts.fake_twilio.state import Exchange, PhoneNumber, State
from scripts.fake_twilio.text import segment_count
from scripts.fake_twilio.webhooks import Dispatcher, Webhook

# A text that is one of these words and nothing else; https://help.twilio.com, "SMS STOP filtering".
OPT_OUT_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
OPT_IN_WORDS = frozenset({"START", "YES", "UNSTOP"})

# Twilio's codes for a webhook that failed: no TwiML could be fetched; what came was no TwiML.
_RETRIEVAL_FAILURE, _PARSE_FAILURE = 11200, 12100

Outcome = Literal["pending", "answered", "failed", "dropped"]


@dataclasses.dataclass(frozen=True)
class InboundFaults:
    """What goes wrong with one inbound webhook.

    dropped: it is never sent; the message only stands in Twilio's list.
    copies: it is sent this many times at the same moment.
    lost_answers: so many of our answers never arrive at Twilio, which tries again if the URL allows any retry.
    delay_seconds: it is sent this much later.
    """

    dropped: bool = False
    copies: int = 1
    lost_answers: int = 0
    delay_seconds: float = 0.0


class InboundText:
    """One text on its way into the application."""

    def __init__(self, state: State, message: Message, copies: int) -> None:
        self.message = message
        self._state = state
        self._open = copies
        self._codes: list[int | None] = []

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

    def wait(self, within_seconds: float = 40.0) -> "InboundText":
        """Until Twilio is done with it (two webhook budgets of 15 s at most). Raises TimeoutError."""
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

    def __init__(self, state: State, clock: Clock, dispatcher: Dispatcher, seeds: Seeds, settings: Settings) -> None:
        self._state = state
        self._clock = clock
        self._dispatcher = dispatcher
        self._seeds = seeds
        self._settings = settings

    def receive(self, from_: str, to: str, body: str, media_urls: Sequence[str], faults: InboundFaults) -> InboundText:
        """A text arrives at Twilio. Raises ValueError if `to` is no number of the account."""
        number = self._state.number_called(to)
        if number is None:
            raise ValueError("a text can only be sent to a number of the account")
        now = self._clock.now()
        message = Message(
            sid=self._seeds.sid("MM" if media_urls else "SM", "inbound", from_, to),
            direction="inbound",
            from_=from_,
            to=to,
            body=body,
            status="received",
            created_at=now,
            updated_at=now,
            sent_at=now,
            num_segments=segment_count(body),
            media_urls=tuple(media_urls),
            history=((now, "received"),),
        )
        with self._state.lock:
            self._state.handset(from_)
            self._note_opt_out(message)
            self._state.save(message)
        is_called = not faults.dropped and bool(number.sms_url)
        text = InboundText(self._state, message, faults.copies if is_called else 0)
        if is_called:
            for _ in range(faults.copies):
                self._call(text, number, faults)
        return text

    def _note_opt_out(self, message: Message) -> None:
        word = message.body.strip().upper()
        if word in OPT_OUT_WORDS:
            self._state.opted_out.add((message.from_, message.to))
        elif word in OPT_IN_WORDS:
            self._state.opted_out.discard((message.from_, message.to))

    def _call(self, text: InboundText, number: PhoneNumber, faults: InboundFaults) -> None:
        parameters = parameters_of(text.message, self._settings.account_sid)
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

        self._dispatcher.send(
            Webhook(
                "inbound",
                text.sid,
                number.sms_url,
                parameters,
                token,
                number.sms_method,
                faults.lost_answers,
            ),
            on_done,
            faults.delay_seconds * self._settings.time_scale,
        )


def parameters_of(message: Message, account_sid: str) -> dict[str, str]:
    """The form of an inbound webhook; the places are blank, as they are when Twilio does not know them.

    Source: https://www.twilio.com/docs/messaging/guides/webhook-request.
    """
    parameters = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.from_,
        "FromCity": "",
        "FromCountry": _country(message.from_),
        "FromState": "",
        "FromZip": "",
        "MessageSid": message.sid,
        "NumMedia": str(len(message.media_urls)),
        "NumSegments": str(message.num_segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
        "ToCity": "",
        "ToCountry": _country(message.to),
        "ToState": "",
        "ToZip": "",
    }
    for index, (url, content_type) in enumerate(message.media(account_sid)):
        parameters[f"MediaContentType{index}"] = content_type
        parameters[f"MediaUrl{index}"] = url
    return parameters


def _country(number: str) -> str:
    return "US" if number.startswith("+1") else ""


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
