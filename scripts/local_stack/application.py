"""Everything that answers at the stack's address, as one WSGI application that looks a request's path up.

PATH_INFO is left as it came: a mount that rewrites it breaks signatures. Beside the public routes, of which the console
is one, there are the private ones, which Cloud Tasks and Cloud Scheduler call in the cloud, the page, and with a fake
Twilio its phones and a token issuer. With any other Twilio this address may be public, so there nothing but the public
routes is answered to a stranger; nor is being at this machine an identity.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from functions_framework import create_app
from relay import wiring
from relay.core.model import Timer, TimerKind
from relay.embedded.feed import SqliteFeed
from relay.errors import StoreUnavailable
from relay.flow.world import SendingWorld
from relay.settings.settings import Settings
from relay.twilio.forms import CONNECTION_OVERRIDES
from relay.web import INBOUND_PATH
from werkzeug.wrappers import Response

from scripts.fake_twilio import FakeTwilio, Server, control, make_app
from scripts.fake_twilio import Settings as FakeSettings
from scripts.local_google.issuer import IssuerApp, TokenIssuer
from scripts.local_stack import ROOT
from scripts.local_stack.environment import (
    CUSTOMER_PHONE,
    EVENTS_ROUTE,
    PREFIXES,
    PRIVATE_ROUTES,
    PUBLIC_ROUTES,
    Plan,
)
from scripts.local_stack.feed_app import FeedApp
from scripts.local_stack.page_app import PageApp
from scripts.local_stack.places import Twilio
from scripts.local_stack.schedule import Schedule

_WARM_UP_SECONDS = 60.0
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")
# What proxies and tunnels add. A request with any of these did not begin on this machine.
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_CF_CONNECTING_IP")


class Stack:
    """The stack of one process. To be made in the process that serves, after it was forked.

    `environ` is os.environ: the entry points read their settings there, and with a fake Twilio they are pointed at it.
    """

    def __init__(self, plan: Plan, environ: dict[str, str] | Mapping[str, str]) -> None:
        self._plan = plan
        self._fake: Server | None = None
        if plan.twilio is Twilio.FAKE:
            self._fake = _start_fake(plan)
            environ["TWILIO_API_BASE_URL"] = self._fake.base_url  # type: ignore[index]
        settings = plan.settings()
        if self._fake is not None:
            _name_phones(self._fake.fake, settings)
        self._issuer = IssuerApp(TokenIssuer()) if plan.twilio is Twilio.FAKE else None
        self._routes = _entry_points(plan)
        self._controls = make_app(self._fake.fake) if self._fake else None
        self._schedule = Schedule(plan.address) if plan.backend == "google" else None
        runtime = wiring.runtime("sms_inbound")
        database = runtime.home.database
        self._page = PageApp(plan, settings, lambda: database.trouble if database else None, self._is_signed_in)
        self._feed = FeedApp(SqliteFeed(database, runtime.alarms)) if database else None

    def start(self) -> None:
        """Begin with what happens by itself: timers, sweep and reconcile."""
        if self._schedule is not None:
            _warm_up(wiring.runtime("sms_inbound").sending_world)
            self._schedule.start()
        else:
            wiring.start_background()

    def stop(self) -> None:
        """End it, and let go of everybody who waits for news. What is unfinished is stored."""
        if self._fake is not None:
            self._fake.fake.close()
            self._fake.fake.state.changed()
        if self._feed is not None:
            self._feed.stop()
        if self._schedule is not None:
            self._schedule.stop()
        wiring.stop_background()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._app_for(environ)(environ, start_response)

    def _app_for(self, environ: WSGIEnvironment) -> WSGIApplication:
        path = environ.get("PATH_INFO", "")
        if path in PUBLIC_ROUTES:
            return self._routes[path]
        for prefix in PREFIXES:
            if f"{path}/".startswith(prefix):
                return self._routes[prefix]
        if path.startswith("/sms/") and environ.get("REQUEST_METHOD") == "OPTIONS":
            return self._routes[INBOUND_PATH]  # which answers it without CORS headers
        if self._plan.twilio is not Twilio.FAKE and not is_from_this_machine(environ):
            return self._nowhere(environ)
        for pattern, app in self._routes.items():
            if re.fullmatch(pattern.replace("{tier}", "[0-9]+"), path):
                return app
        if self._controls is not None and path.startswith(control.PREFIX):
            return self._controls
        if self._issuer is not None and self._issuer.serves(path):
            return self._issuer
        if self._feed is not None and self._feed.serves(path):
            return self._feed
        return self._page if self._page.serves(path) and not _is_webhook(environ) else self._nowhere(environ)

    def _is_signed_in(self, environ: WSGIEnvironment) -> bool:
        """Whether an operator is signed in at this address, in person: asked of the console's own sign-in."""
        if "HTTP_COOKIE" not in environ:
            return False
        body = b"{}"
        asked = {
            **environ,
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/console/session",
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_ORIGIN": f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}",
            "wsgi.input": io.BytesIO(body),
        }
        answer = Response.from_app(self._app_for(asked), asked)
        if answer.status_code != 200:
            return False
        told = json.loads(answer.get_data())
        return bool(told["operator"]["kind"] == "person")

    def _nowhere(self, environ: WSGIEnvironment) -> WSGIApplication:
        """A text whose number has another path than ours: the webhook's function refuses it, and tells why."""
        return self._routes[INBOUND_PATH] if _is_webhook(environ) else _not_found


def _warm_up(world: SendingWorld) -> None:
    """Call once what a webhook calls: clients and emulators that have just started take seconds for their first call.

    Else the first text finds no store in the time that its webhook has, and is answered 503.
    """
    nothing = Timer("SM" + "0" * 32, 1, TimerKind.DEADLINE, world.clock.now(), 1)
    with contextlib.suppress(StoreUnavailable):
        world.store.get(nothing.message_id, timeout_seconds=_WARM_UP_SECONDS)
        world.store.set_watermark("warm-up", world.clock.now(), timeout_seconds=_WARM_UP_SECONDS)
    world.timers.cancel(nothing, timeout_seconds=_WARM_UP_SECONDS)


def _entry_points(plan: Plan) -> dict[str, Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]]:
    wanted = dict(PUBLIC_ROUTES)
    # The embedded home calls these itself, within the process; then no clock outside needs to.
    if plan.backend == "google" or plan.twilio is Twilio.FAKE:
        wanted |= PRIVATE_ROUTES
    source = str(ROOT / "functions" / "main.py")
    # Said outright: otherwise the framework takes what it left in the environment for the app before.
    apps = {
        path: create_app(name, source, "http").wsgi_app  # type: ignore[no-untyped-call]
        for path, name in wanted.items()
    }
    if plan.backend == "google":
        events = create_app("relay_events", source, "cloudevent")  # type: ignore[no-untyped-call]
        apps[EVENTS_ROUTE] = events.wsgi_app
    return apps


def _start_fake(plan: Plan) -> Server:
    """On a port of its own, as the real one has its own machines: its callers and ours never wait for each other."""
    settings = plan.settings()
    fake = FakeTwilio(
        FakeSettings(
            account_sid=settings.account_sid,
            auth_token=settings.auth_tokens[0],
            numbers=settings.business_phones,
            sms_url=f"{settings.public_base_url}/sms/inbound{CONNECTION_OVERRIDES}",
            seed=plan.environ["RELAY_LOCAL_SEED"],
            routes=dict.fromkeys((settings.public_base_url, settings.media_base_url), plan.address),
        )
    )
    return Server(fake).start()


def _name_phones(fake: FakeTwilio, settings: Settings) -> None:
    fake.phone(CUSTOMER_PHONE, "Customer")
    for tier in settings.policy.tiers if settings.policy else ():
        fake.phone(tier.reach.address, tier.name)
    for operator in settings.operators.people:
        if operator.phone:
            fake.phone(operator.phone, operator.name)


def is_from_this_machine(environ: WSGIEnvironment) -> bool:
    """Returns whether the request comes from this machine itself, and not through a proxy or a tunnel."""
    # A stranger may claim any name. Where the stack listens on every interface, the address gives him away.
    if environ.get("REMOTE_ADDR", "") not in _LOOPBACK_ADDRESSES:
        return False
    host = environ.get("HTTP_HOST", "").rpartition(":")
    name = host[0] if host[1] and host[2].isdecimal() else environ.get("HTTP_HOST", "")
    return name in _LOOPBACK_NAMES and not any(header in environ for header in _FORWARDED)


def _is_webhook(environ: WSGIEnvironment) -> bool:
    """Whether a request looks like Twilio's."""
    return environ.get("REQUEST_METHOD") == "POST" and "HTTP_X_TWILIO_SIGNATURE" in environ


def _not_found(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return Response("Not found.\n", 404, content_type="text/plain; charset=utf-8")(environ, start_response)
