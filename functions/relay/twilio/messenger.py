"""Twilio's REST interface: sends a text once, and looks up what became of it.

Owns how an answer, or the lack of one, becomes a SendOutcome; what an error code means for a cascade is codes.TABLE.
Reasons and log lines hold no body, no number, no secret, and so no text of an error of Twilio's.
"""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime
from typing import Any, TypeVar

from relay.core.comparing import comparable, is_masked
from relay.core.failures import UNREACHABLE, FailureClass
from relay.core.numbers import same
from relay.errors import MayNotRead, MessengerUnavailable
from relay.ports import Accepted, Ambiguous, Journal, OutgoingText, ReceivedPage, Refused, SendOutcome, SentMessage
from relay.twilio import client_library, codes
from relay.twilio.exchange import Connections, Exchange, signed_in
from relay.twilio.forms import status_callback_url
from relay.twilio.in_time import Ended, in_time
from relay.twilio.pages import OddList, messages, page_at
from relay.twilio.rows import is_received, is_sent, number_of, received_message, sent_message, words_of
from relay.twilio.texts import MESSAGE_SID, canonical

T = TypeVar("T")


class AboutAnother(Exception):
    """The answer is about another text than the one that was sent or asked about: it says nothing of that one."""


_TWILIO_URL = "https://api.twilio.com"
# Twilio's codes have five digits; where an answer has none, twilio.rest gives its HTTP status instead.
_LEAST_CODE = 10000
_REQUEST_TIMEOUT = 408
# An API key may be allowed to send and not to read: then sends work, and no look-up and no list ever does.
MAY_NOT = {401: "Twilio refused our credentials", 403: "our Twilio credentials may not read texts"}
_TOLD_FOR_SECONDS = 3600.0
# A look-up reads pages of the first size, because its text is nearly always among the newest; reconcile, which needs
# the whole list, reads the largest that Twilio allows.
_NEWEST_PAGE_SIZE = 200
_WHOLE_PAGE_SIZE = 1000


class TwilioMessenger:
    """Implements ports.Messenger. Safe to share between threads; connections are kept open between calls.

    Each call runs in a thread of its own: a server can drag out any answer past any timeout of a single read, and a
    name server can take its time, but the caller gets its outcome when `timeout_seconds` are over. The time to load the
    client library, once, is not part of it; `warm_up` does that earlier.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        api_key_sid: str = "",
        api_key_secret: str = "",
        base_url: str = "",
        callback_base_url: str,
        journal: Journal | None = None,
    ) -> None:
        """Signs in with the API key when one is given, else with the auth token. `base_url` "" is Twilio itself.

        Twilio reports what becomes of a text below `callback_base_url`.
        """
        self._account_sid = account_sid
        self._sign_in = signed_in(account_sid, auth_token, api_key_sid, api_key_secret)
        self._base_url = base_url
        self._list_url = f"{(base_url or _TWILIO_URL).rstrip('/')}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._callback_base_url = callback_base_url
        self._journal = journal
        self._lock = threading.Lock()
        self._connections: Connections | None = None
        self._told_at: float | None = None

    def warm_up(self) -> None:
        """Load the client library now. Sends nothing."""
        client_library.rest()
        with self._lock:
            self._connections = self._connections or Connections(self._base_url or _TWILIO_URL)

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        exchange, client = self._client(timeout_seconds)

        def post() -> str:
            message = client.messages.create(
                to=text.to,
                from_=text.from_,
                **_content(text),
                status_callback=status_callback_url(self._callback_base_url, text.message_id, text.tier, text.attempt),
                validity_period=text.validity_seconds,
                smart_encoded=True,
            )
            if not isinstance(message.sid, str) or not MESSAGE_SID.fullmatch(message.sid):
                raise ValueError("not a message's id")
            if not is_about(message, text):
                raise AboutAnother
            return canonical(message.sid)

        ended = in_time(post, timeout_seconds)
        if ended.value is not None:
            return Accepted(ended.value)
        if exchange.last_status is not None and _is_refusal(ended.error):
            code = exchange.last_code
            return outcome_of_error(exchange.last_status, code, exchange.retry_after_seconds)
        if exchange.withdraw():
            self._note("Twilio could not be reached; nothing was sent", ended)
            return Refused(UNREACHABLE)
        self._note("Twilio's answer to a POST was lost", ended)
        return Ambiguous(_why(ended))

    def fetch(self, sent_id: str, *, timeout_seconds: float) -> SentMessage | None:
        exchange, client = self._client(timeout_seconds)

        def ask() -> SentMessage:
            found = sent_message(client.messages(sent_id).fetch())
            if found.sent_id != canonical(sent_id):
                raise AboutAnother
            return found

        ended = in_time(ask, timeout_seconds)
        # Without Twilio's own code it may be any web server's "not found", which says nothing about the text.
        code = exchange.last_code
        if _is_refusal(ended.error) and exchange.last_status == 404 and _known(code) == codes.NOT_FOUND:
            return None
        return self._answer(ended, exchange)

    def sent_to(self, to: str, from_: str, since: datetime, *, timeout_seconds: float) -> list[SentMessage]:
        exchange, client = self._client(timeout_seconds)

        def ask() -> list[SentMessage]:
            found = messages(client, self._list_url, since, _NEWEST_PAGE_SIZE, to=to, from_=from_)
            return [sent_message(message) for message in found if is_sent(message)]

        return self._answer(in_time(ask, timeout_seconds), exchange)

    def received_page(self, our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        exchange, client = self._client(timeout_seconds)

        def ask() -> ReceivedPage:
            rows, next_place = page_at(client, self._list_url, place, _WHOLE_PAGE_SIZE, to=our_phone)
            return ReceivedPage(tuple(received_message(row) for row in rows if is_received(row)), next_place)

        return self._answer(in_time(ask, timeout_seconds), exchange)

    def _answer(self, ended: Ended[T], exchange: Exchange) -> T:
        """Returns what was asked for. Raises MessengerUnavailable, without Twilio's own words: they may hold a number.

        Raises MayNotRead where Twilio answers that our credentials may not read it.
        """
        if ended.value is not None:
            return ended.value
        status = exchange.last_status
        if ended.error is None or status is None or status < 300:
            raise MessengerUnavailable(_why(ended))
        if status in MAY_NOT:
            self._tell_of_credentials(status)
            # Where our whole account is refused, a text to the next tier would be too: that is an outage.
            code = _known(exchange.last_code)
            is_account = status == 401 if code is None else codes.failure_of(code).is_outage
            is_outage = is_account and code != codes.NOT_PERMITTED
            raise (MessengerUnavailable if is_outage else MayNotRead)(f"{MAY_NOT[status]} (HTTP status {status})")
        raise MessengerUnavailable(f"Twilio answered with HTTP status {status}")

    def _tell_of_credentials(self, status: int) -> None:
        """Log once an hour that look-ups are refused: every deadline and every round of reconcile meets it."""
        now = time.monotonic()
        with self._lock:
            is_told = self._told_at is not None and now - self._told_at < _TOLD_FOR_SECONDS
            self._told_at = self._told_at if is_told else now
        if not is_told and self._journal is not None:
            self._journal.note("ERROR", "our Twilio credentials may not read texts", status=status)

    def _note(self, message: str, ended: Ended[Any]) -> None:
        if self._journal is not None:
            self._journal.note("WARNING", message, error=_names(ended.error))

    def _client(self, timeout_seconds: float) -> tuple[Exchange, Any]:
        """Returns a client for one call. It is cheap; what is expensive, the connections, is shared."""
        self.warm_up()
        assert self._connections is not None  # noqa: S101 - warm_up made them
        exchange = Exchange(self._connections, timeout_seconds)
        client = client_library.rest().Client(
            *self._sign_in,
            self._account_sid,
            http_client=exchange,
            # Not empty, or the client would read the process's environment and obey variables that are no settings of
            # the relay.
            environment={"TWILIO_ACCOUNT_SID": self._account_sid},
        )
        if self._base_url:
            client.api.base_url = self._base_url
        return exchange, client


def _content(text: OutgoingText) -> dict[str, Any]:
    """Returns what is sent: words, files that Twilio fetches, or both. An empty field is left out."""
    words = {"body": text.body} if text.body or not text.media_urls else {}
    return {**words, "media_url": list(text.media_urls)} if text.media_urls else words


def is_about(message: Any, text: OutgoingText) -> bool:
    """Whether an answer is about this text: by its number and its words, or where it shows none by its number."""
    words = words_of(message.body)
    is_hidden = not words or is_masked(words)
    return same(number_of(message.to), text.to) and (is_hidden or comparable(words) == comparable(text.body))


def outcome_of_error(status: int, code: object, retry_after_seconds: float | None = None) -> SendOutcome:
    """Returns what an error answer to a POST means, by its HTTP status and Twilio's code if there is one.

    The status decides: a 4xx was certainly not processed, unless its code says that it may have been; anything else may
    have been processed, whatever its body claims.
    """
    known = _known(code)
    if not 400 <= status < 500 or (known is None and status == _REQUEST_TIMEOUT):
        return Ambiguous(f"Twilio answered with HTTP status {status}")
    failure = codes.refusal_of(status, known)
    if failure.failure_class is FailureClass.AMBIGUOUS:
        return Ambiguous(f"Twilio answered with HTTP status {status}")
    return Refused(failure, retry_after_seconds)


def _known(code: object) -> int | None:
    """Returns Twilio's code as a number; None where an answer has none, for which its client gives the HTTP status."""
    if isinstance(code, str) and re.fullmatch(r"[0-9]{5,9}", code):
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) and code >= _LEAST_CODE else None


def _is_refusal(error: Exception | None) -> bool:
    """Whether twilio.rest took the answer for an error. Which one, the exchange knows: the client believes the body."""
    return hasattr(error, "status")


def _why(ended: Ended[Any]) -> str:
    if ended.value is None and ended.error is None:
        return "Twilio did not answer in time"
    if isinstance(ended.error, OSError):  # all of the HTTP client's errors, and timeouts
        return "the connection to Twilio broke before its answer was complete"
    if isinstance(ended.error, OddList):
        return str(ended.error)
    if isinstance(ended.error, AboutAnother):
        return "Twilio's answer was about another text"
    return "Twilio's answer was not understood"


def _names(error: BaseException | None) -> str:
    """Returns an error and its causes by their types alone: their words hold URLs, and those hold numbers."""
    names: list[str] = []
    while error is not None and len(names) < 5:
        names.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return " from ".join(names) or "no answer in time"
