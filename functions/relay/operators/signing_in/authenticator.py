"""Authenticator says who calls an operators' route: by an identity token, this machine's credential, or a session.

A session counts only with our own page's Origin: the browser sends its cookie by itself, and the page that had it sent
must be ours. What has not the form of a session costs no look into the store.
"""

from __future__ import annotations

import re

from relay.errors import BadRequest
from relay.operators.identity import Caller, CallerKind, IdentityVerifier
from relay.operators.signing_in import cookies, machine
from relay.operators.signing_in.origins import is_plain, own_origin
from relay.operators.signing_in.sessions import Session, Sessions
from relay.operators.signing_in.tokens import TokenKind, kind_of
from relay.ports import Clock
from relay.web import Request

MACHINE = Caller("relayctl", kind=CallerKind.MACHINE)
_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_SIGN_IN = (
    "Sign in at the console, or send a Google identity token: Authorization: Bearer TOKEN. On the relay's own machine "
    "relayctl needs neither."
)
_SIGNED_OUT = "You are signed out: sign in at the console again."
_ANOTHER_SITE = "A session counts only at the console's own address (CONSOLE_BASE_URL)."
_NO_CREDENTIAL = (
    "This is not the credential of the machine that the relay runs on: it was made anew, or is another relay's. Run "
    "the command there, as the user who runs the relay."
)


class Authenticator:
    """Tells callers. Thread-safe."""

    def __init__(
        self,
        tokens: IdentityVerifier,
        sessions: Sessions,
        clock: Clock,
        console_base_url: str,
        database_path: str = "",
    ) -> None:
        """Make one. `database_path` is the embedded home's, beside which the machine's credential lies."""
        self._tokens = tokens
        self._sessions = sessions
        self._clock = clock
        self._console_base_url = console_base_url
        self._database_path = database_path

    def caller(self, request: Request) -> Caller:
        """Returns the caller. Raises BadRequest 401 or 403 with words that say what to do, or StoreUnavailable."""
        # A gateway puts its own token into Authorization, and the caller's, if any, here.
        passed_on = _bearer(request, "x-forwarded-authorization")
        bearer = passed_on or _bearer(request, "authorization")
        if kind_of(bearer) is TokenKind.MACHINE:
            if not machine.is_this_machines(self._database_path, bearer):
                raise BadRequest(401, _NO_CREDENTIAL, {"WWW-Authenticate": "Bearer"})
            return MACHINE
        if not passed_on and has_session(request):
            return self._by_session(request)
        if not bearer:
            raise BadRequest(401, _SIGN_IN, {"WWW-Authenticate": "Bearer"})
        try:
            return self._tokens.caller(request)
        except BadRequest as error:
            if passed_on or not own_origin(request, self._console_base_url):
                raise
            # Our own page sent no token: it is the gateway's own.
            raise BadRequest(401, _SIGN_IN) from error

    def session(self, request: Request) -> Session | None:
        """Returns the session of a request that our own page sent; None when it has none that is good.

        Raises BadRequest 403 for another page's, and StoreUnavailable.
        """
        origin = own_origin(request, self._console_base_url)
        if not origin:
            raise BadRequest(403, _ANOTHER_SITE)
        return self._sessions.find(cookies.session_in(request.headers, is_plain=is_plain(origin)))

    def _by_session(self, request: Request) -> Caller:
        session = self.session(request)
        plain = is_plain(request.headers.get("origin", ""))
        if session is None:
            raise BadRequest(401, _SIGNED_OUT, {"Set-Cookie": cookies.forget_session(is_plain=plain)})
        prolonged: tuple[str, ...] = ()
        if session.renewed:
            token = cookies.session_in(request.headers, is_plain=plain)
            prolonged = (session_cookie(token, session, self._clock, is_plain=plain),)
        return Caller(session.operator.name, session.operator.role, CallerKind(session.kind), cookies=prolonged)


def session_cookie(token: str, session: Session, clock: Clock, *, is_plain: bool) -> str:
    """Returns the header that has a browser keep this session until it is over."""
    return cookies.set_session(token, round((session.expires_at - clock.now()).total_seconds()), is_plain=is_plain)


def has_session(request: Request) -> bool:
    """Returns whether a request has something of the form of a session."""
    return any(cookies.session_in(request.headers, is_plain=plain) for plain in (False, True))


def _bearer(request: Request, name: str) -> str:
    found = _BEARER.fullmatch(request.headers.get(name, "").strip())
    return found[1] if found else ""
