"""The desk where operators sign in: `ask_for_code`, `enter_code`, `enter_link`; what is known of strangers stays here.

Whether an address is an operator's is told to no browser that did not sign in before: what it is answered is made of
what it brought along (cookies.Mark), and takes the same time. An address of no operator costs no write.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import BoundedSemaphore

from relay.core.operators import Operator, Operators
from relay.errors import BadRequest, VersionConflict
from relay.log.throttle import Throttle
from relay.operators.alerting.messages import ChannelKind, Message, Outbox
from relay.operators.allowances import STORE_SECONDS, AddressCounts, Allowances, What, seconds_of
from relay.operators.signing_in import codes, wording
from relay.operators.signing_in.browsers import Browser, Browsers
from relay.operators.signing_in.codes import Code
from relay.operators.signing_in.cookies import Mark, new_mark
from relay.operators.signing_in.links import Links
from relay.operators.signing_in.pending import PendingCodes
from relay.operators.signing_in.sessions import Session, Sessions
from relay.operators.signing_in.tokens import key_of
from relay.ports import Clock, Journal

# How long an answer takes at least that could tell an operator's address from another by its time.
_AT_LEAST_SECONDS = 0.5
# How many such answers are under way at a time; the threads are the webhooks' too.
_UNDER_WAY_MAX = 16
_WRITES_MAX = 5


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser that is not signed in. `address` is on the network, where a trusted proxy tells it, else ""."""

    mark: Mark | None
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and what the browser is to keep from now on."""

    token: str
    session: Session
    mark: Mark


@dataclass(frozen=True, slots=True)
class Refused:
    """A guess that was wrong, a code that is over, or an allowance that is used up.

    Attributes:
        wait: in how many seconds more is allowed; 0 when it is allowed now.
    """

    because: str
    mark: Mark | None = None
    tries_left: int = 0
    wait: int = 0


class Desk:
    """Signs operators in. Thread-safe; one for a process, since it also counts strangers."""

    def __init__(
        self,
        operators: Operators,
        browsers: Browsers,
        allowances: Allowances,
        sessions: Sessions,
        links: Links,
        pending: PendingCodes,
        outbox: Callable[[], Outbox],
        clock: Clock,
        journal: Journal,
        business_name: str,
        pause: Callable[[float], None],
    ) -> None:
        """Make one. `outbox` is asked for when a code is to leave; `pause` waits for so many seconds."""
        self._operators = operators
        self._browsers = browsers
        self._allowances = allowances
        self._sessions = sessions
        self._links = links
        self._pending = pending
        self._outbox = outbox
        self._clock = clock
        self._journal = journal
        self._business_name = business_name
        self._pause = pause
        self._addresses = AddressCounts()
        self._throttle = Throttle()
        self._under_way = BoundedSemaphore(_UNDER_WAY_MAX)

    def ask_for_code(self, visitor: Visitor, to: object) -> Mark | Refused:
        """Send a code, if this is an operator's address. Returns the browser's new mark either way, or a refusal.

        Raises BadRequest 400 for what is no address, and StoreUnavailable.
        """
        address, channel = wording.address_in(to)
        mark, now = visitor.mark or new_mark(), seconds_of(self._clock.now())
        operator = self._operators.at(address)
        browser = self._browsers.get(mark.token) if visitor.mark is not None else Browser()
        if operator is not None and browser.knows(operator.name):
            if wait := self._allowances.take(_browsers_key(mark), What.CODES):
                return Refused(wording.too_many_codes(wait), wait=wait)
            self._send(operator, channel, mark, browser)
            return mark.after_asking(now)
        with self._in_equal_time():
            wait = mark.wait(What.CODES, now) or self._addresses.take(visitor.address, What.CODES, now)
            if wait:
                return Refused(wording.too_many_codes(wait), wait=wait)
            if operator is not None:
                if self._allowances.take(_address_key(operator, channel), What.CODES):
                    self._note("no more codes for an operator for now", operator)
                else:
                    self._send(operator, channel, mark, browser)
            return mark.after_asking(now)

    def enter_code(self, visitor: Visitor, typed: object) -> SignedIn | Refused:
        """Sign this browser in, if the code is right. Raises BadRequest 400 for what is no code, StoreUnavailable."""
        digits = codes.digits_in(typed)
        if digits is None:
            raise BadRequest(400, "That is no code: it has six digits.")
        mark, now = visitor.mark, seconds_of(self._clock.now())
        if mark is None:
            return Refused(wording.NOT_ASKED)
        browser = self._browsers.get(mark.token)
        if browser.code is not None and browser.knows(browser.code.name):
            return self._guess(mark, digits)
        with self._in_equal_time():
            wait = mark.wait(What.GUESSES, now) or self._addresses.take(visitor.address, What.GUESSES, now)
            if wait:
                return Refused(wording.too_many_guesses(wait), wait=wait)
            if not mark.tries_left:
                return Refused(wording.WRONG if mark.asked else wording.NOT_ASKED)
            guessed = self._guess(mark, digits)
            if isinstance(guessed, SignedIn):
                return guessed
            told = mark.after_guessing(now)
            return Refused(wording.WRONG, told, told.tries_left)

    def enter_link(self, visitor: Visitor, token: str) -> SignedIn | None:
        """Spend a link and sign this browser in; None when it is no good. Raises StoreUnavailable."""
        operator = self._links.spend(token)
        if operator is None:
            return None
        browser = self._browsers.get(visitor.mark.token) if visitor.mark is not None else Browser()
        return self._signed_in(operator, visitor.mark, browser, by="link")

    def _send(self, operator: Operator, channel: ChannelKind, mark: Mark, browser: Browser) -> None:
        """Remember the digest of a new code with the browser, and put the code where it leaves by itself."""
        digits, until = codes.new_digits(), self._clock.now() + codes.GOOD_FOR
        code = Code(operator.name, channel, codes.digest_of(digits, mark.token), until)
        try:
            self._browsers.put(mark.token, replace(browser, code=code))
        except VersionConflict:
            # Asked twice at once: the other one's code is on its way. Said as for an address of no operator.
            return
        to = operator.email
        if channel is ChannelKind.TEXT:
            to = operator.phone
            self._pending.note(to, until)
        subject, words = wording.code_words(digits, self._business_name)
        key = f"code.{secrets.token_hex(16)}"
        message = Message(key, channel, to, subject, words, "", until)
        self._outbox().put(message, timeout_seconds=STORE_SECONDS)
        self._journal.note("NOTICE", "a code was sent to an operator", operator=operator.name, channel=channel.value)

    def _guess(self, mark: Mark, digits: str) -> SignedIn | Refused:
        """Count a guess, then look at it. Raises StoreUnavailable.

        It is counted first with the code and then with whom it is for, so that guesses in parallel are no more. One
        that others keep from being counted is wrong.
        """
        for _ in range(_WRITES_MAX):
            browser = self._browsers.get(mark.token)
            code = browser.code
            operator = self._operators.named(code.name) if code is not None else None
            if code is None or operator is None or code.is_over(self._clock.now()):
                return Refused(wording.WRONG)
            try:
                counted = self._browsers.put(mark.token, replace(browser, code=code.guessed()))
            except VersionConflict:
                continue
            return self._look(mark, digits, counted, code.guessed(), operator)
        return Refused(wording.WRONG)

    def _look(self, mark: Mark, digits: str, browser: Browser, code: Code, operator: Operator) -> SignedIn | Refused:
        is_known = browser.knows(operator.name)
        key = _browsers_key(mark) if is_known else _address_key(operator, code.channel)
        if wait := self._allowances.take(key, What.GUESSES):
            self._note("no more guesses for an operator for now", operator)
            return Refused(wording.too_many_guesses(wait), wait=wait)
        if not code.is_(digits, mark.token):
            self._journal.note("NOTICE", "a wrong code was entered", operator=operator.name)
            return Refused(wording.WRONG, tries_left=codes.GUESSES_MAX - code.guesses)
        spent = self._spend(mark, browser, code)
        if spent is None:
            return Refused(wording.WRONG)
        self._allowances.give_back(key, What.GUESSES)
        return self._signed_in(operator, mark, spent, by=code.channel.value)

    def _spend(self, mark: Mark, browser: Browser, code: Code) -> Browser | None:
        """Take the code off the browser. Returns the browser; None when another right guess did so first."""
        for _ in range(_WRITES_MAX):
            with suppress(VersionConflict):
                return self._browsers.put(mark.token, replace(browser, code=None))
            # A wrong guess in parallel was counted meanwhile, or the code was spent or replaced.
            browser = self._browsers.get(mark.token)
            if browser.code is None or browser.code.digest != code.digest:
                return None
        return None

    def _signed_in(self, operator: Operator, before: Mark | None, browser: Browser, by: str) -> SignedIn:
        """Open a session. The browser gets a new mark: one that was planted there is worth nothing afterwards."""
        mark = replace(before, token=new_mark().token, guessed=()) if before is not None else new_mark()
        self._browsers.put(mark.token, replace(browser.with_operator(operator.name), version=None))
        token, session = self._sessions.open(operator)
        if before is not None:
            self._browsers.forget(before.token)
        self._journal.note("NOTICE", "an operator signed in", operator=operator.name, by=by)
        return SignedIn(token, session, mark)

    def _note(self, message: str, operator: Operator) -> None:
        """Log what strangers can bring about, once a minute."""
        untold = self._throttle.held_back(f"{message} {operator.name}", self._clock.monotonic())
        if untold is not None:
            self._journal.note("WARNING", message, operator=operator.name, untold=untold or "")

    @contextmanager
    def _in_equal_time(self) -> Iterator[None]:
        """Have what happens inside take _AT_LEAST_SECONDS. Raises BadRequest 503 while too many are under way."""
        if not self._under_way.acquire(blocking=False):
            raise BadRequest(503, "Try again in a moment.", {"Retry-After": "1"})
        begun = self._clock.monotonic()
        try:
            yield
        finally:
            self._pause(max(0.0, _AT_LEAST_SECONDS - (self._clock.monotonic() - begun)))
            self._under_way.release()


def _address_key(operator: Operator, channel: ChannelKind) -> str:
    """Returns the key of what browsers may that never signed in: one for each address of an operator."""
    return f"address.{key_of(f'{operator.name.casefold()} {channel}')}"


def _browsers_key(mark: Mark) -> str:
    return f"browser.{key_of(mark.token)}"
