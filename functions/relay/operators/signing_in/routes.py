"""`POST /console/…`: the routes by which a browser signs in and out, and by which links are made and taken back.

All take and give JSON. Those of a browser are answered to our own page alone, told by its Origin; those about links
also to this machine's credential and to identity tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from relay.core.operators import Operator, Role
from relay.errors import BadRequest
from relay.fields import Fields, choice
from relay.operators.alerting.messages import ChannelKind
from relay.operators.guard import answered, known_fields_of
from relay.operators.identity import Caller, CallerKind
from relay.operators.signing_in import cookies
from relay.operators.signing_in.authenticator import session_cookie
from relay.operators.signing_in.desk import Refused, SignedIn, Visitor
from relay.operators.signing_in.links import Link, LinkKind, address_of_link
from relay.operators.signing_in.origins import address_of, is_plain, own_origin
from relay.operators.signing_in.paths import route_in
from relay.operators.signing_in.room import Room
from relay.operators.signing_in.sessions import Session, SessionKind
from relay.operators.signing_in.tokens import TokenKind, kind_of
from relay.operators.signing_in.wording import address_in
from relay.record.documents import plain
from relay.web import Request, Response, json_response

_ANOTHER_SITE = (
    "This is answered to the console's own page alone: open it at its own address, which CONSOLE_BASE_URL names."
)
_NO_LINK = "This link was used, is over, or was taken back. Ask for another one: relayctl link."
_NO_WAY = "No operator has a number or an e-mail address that a code could go to: sign in by a link (relayctl link)."
_NO_EMAIL = "No code can go by e-mail from here: give a number, or sign in by a link (relayctl link)."
_SIGN_IN = "Sign in."
_CODE_SECONDS = 600


def handle_signing_in(room: Room, request: Request) -> Response:
    """Answer a POST to one of the routes. A refusal is JSON with `error`, in words for who reads it."""
    handle, fields = _HANDLERS[route_in(request.path)]
    return answered(lambda: handle(room, request, known_fields_of(request, fields)))


def _ask(room: Room, request: Request, fields: Fields) -> Response:
    origin = _own(room, request)
    if not room.said.sends_email and address_in(fields.get("to"))[1] is ChannelKind.EMAIL:
        raise BadRequest(400, _NO_EMAIL)  # to all alike, whosever the address is
    mark = room.desk.ask_for_code(_visitor(room, request, origin), fields.get("to"))
    if isinstance(mark, Refused):
        return _refusal(mark, origin)
    answer = json_response(200, {"sent": True, "expires_in": _CODE_SECONDS})
    return replace(answer, cookies=(cookies.set_mark(mark, is_plain=is_plain(origin)),))


def _enter_code(room: Room, request: Request, fields: Fields) -> Response:
    origin = _own(room, request)
    done = room.desk.enter_code(_visitor(room, request, origin), fields.get("code"))
    return _refusal(done, origin) if isinstance(done, Refused) else _signed_in(room, request, origin, done)


def _enter_link(room: Room, request: Request, fields: Fields) -> Response:
    origin, token, peek = _own(room, request), fields.get("token"), fields.get("peek", False)
    if not isinstance(peek, bool):
        raise BadRequest(400, "peek is neither true nor false.")
    if not isinstance(token, str) or kind_of(token) not in (TokenKind.LINK, TokenKind.WALL):
        raise BadRequest(400, "token is not one of a link: copy the whole link.")
    if kind_of(token) is TokenKind.WALL:
        wall = room.sessions.find(token)
        if wall is None or wall.kind is not SessionKind.WALL:
            raise BadRequest(403, _NO_LINK)
        cookie = session_cookie(token, wall, room.clock, is_plain=is_plain(origin))
        return replace(_told(wall), cookies=(cookie,))
    if peek:
        return _peeked(room, token)
    done = room.desk.enter_link(_visitor(room, request, origin), token)
    if done is None:
        raise BadRequest(403, _NO_LINK)
    return _signed_in(room, request, origin, done)


def _peeked(room: Room, token: str) -> Response:
    """Returns whom a link would sign in, for the button that spends it. Raises BadRequest 403."""
    operator = room.links.whose(token)
    if operator is None:
        raise BadRequest(403, _NO_LINK)
    return json_response(200, {"operator": _who(operator.name, operator.role, CallerKind.PERSON), "expires_at": None})


def _session(room: Room, request: Request, _fields: Fields) -> Response:
    if not request.headers.get("origin"):
        # No page: a command, which wants to know whether its credential or token is good.
        caller = room.authenticator.caller(request)
        return json_response(200, {"operator": _who(caller.name, caller.role, caller.kind), "expires_at": None})
    origin = _own(room, request)
    is_http, session = is_plain(origin), room.authenticator.session(request)
    token = cookies.session_in(request.headers, is_plain=is_http)
    if session is None:
        return replace(_no_session(room), cookies=(cookies.forget_session(is_plain=is_http),) if token else ())
    renewed = (session_cookie(token, session, room.clock, is_plain=is_http),) if session.renewed else ()
    return replace(_told(session), cookies=renewed)


def _sign_out(room: Room, request: Request, fields: Fields) -> Response:
    if "for" in fields:
        return _sign_another_out(room, request, fields)
    origin, everywhere = _own(room, request), fields.get("everywhere", False)
    if not isinstance(everywhere, bool):
        raise BadRequest(400, "everywhere is neither true nor false.")
    session = room.authenticator.session(request)
    if session is not None and session.kind is SessionKind.PERSON:
        if everywhere:
            room.sessions.end_all(session.operator.name)
        room.sessions.end(session.key)
        room.journal.note("NOTICE", "an operator signed out", operator=session.operator.name, everywhere=everywhere)
    elif everywhere:
        raise BadRequest(403, "Only an operator who is signed in can sign out everywhere.")
    answer = json_response(200, {"signed_out": True})
    return replace(answer, cookies=(cookies.forget_session(is_plain=is_plain(origin)),))


def _sign_another_out(room: Room, request: Request, fields: Fields) -> Response:
    """End all that is open in an operator's name, by a command: that operator may have no browser left to do it by."""
    caller = _maker(room, request)
    if caller.kind is CallerKind.PERSON:
        raise BadRequest(403, "Another operator is signed out on the relay's machine: relayctl signout.")
    operator = _named(room, fields.get("for"))
    room.sessions.end_all(operator.name)
    note = room.journal.note
    note("NOTICE", "an operator was signed out everywhere", operator=operator.name, caller=caller.name)
    return json_response(200, {"signed_out": operator.name})


def _make_link(room: Room, request: Request, fields: Fields) -> Response:
    caller, kind = _maker(room, request), choice(fields, "kind", LinkKind)
    operator = _for_whom(room, caller, kind, fields.get("for"))
    token, link = room.links.make(kind, operator, caller.name)
    room.journal.note("NOTICE", "a link was made", kind=kind.value, operator=operator.name, caller=caller.name)
    # The link goes to who asked and is not kept: only its digest is.
    told = {"link": address_of_link(room.said.console_base_url, kind, token), **_link_json(link)}
    return replace(json_response(200, told), cookies=caller.cookies)


def _list_links(room: Room, request: Request, _fields: Fields) -> Response:
    caller = _maker(room, request)
    answer = json_response(200, {"links": [_link_json(link) for link in room.links.all()]})
    return replace(answer, cookies=caller.cookies)


def _revoke_link(room: Room, request: Request, fields: Fields) -> Response:
    caller, key = _maker(room, request), fields.get("key")
    if not isinstance(key, str) or not key.isalnum() or len(key) != 64:
        raise BadRequest(400, "key is not a link's key: the list of links has them.")
    if not room.links.revoke(key):
        raise BadRequest(404, "There is no such link: it was used, is over, or was taken back before.")
    room.journal.note("NOTICE", "a link was revoked", caller=caller.name)
    return replace(json_response(200, {"revoked": True}), cookies=caller.cookies)


def _maker(room: Room, request: Request) -> Caller:
    """Returns who may make, list and revoke links, and sign others out. Raises BadRequest 401 or 403."""
    caller = room.authenticator.caller(request)
    if caller.role is not Role.ACT:
        raise BadRequest(403, "Only an operator with the role `act` may do this.")
    return caller


def _for_whom(room: Room, caller: Caller, kind: LinkKind, name: object) -> Operator:
    """Returns in whose name a link is made. Raises BadRequest 400, 403 or 404."""
    if caller.kind is CallerKind.PERSON:
        if kind is not LinkKind.WALL:
            raise BadRequest(403, "A link that signs in is made on the relay's machine: relayctl link.")
        # It ends with who made it: an operator who leaves leaves no wall behind.
        name = caller.name if name is None else name
        if not isinstance(name, str) or name.casefold() != caller.name.casefold():
            raise BadRequest(403, "You make links for walls in your own name: leave `for` away.")
    return _named(room, name)


def _named(room: Room, name: object) -> Operator:
    """Returns the operator of this name, or the only one where none is given. Raises BadRequest 400 or 404."""
    if not room.said.operators.people:
        raise BadRequest(404, "There are no operators: RELAY_OPERATORS names them.")
    if name is None and len(room.said.operators.people) == 1:
        return room.said.operators.people[0]
    found = room.said.operators.named(name) if isinstance(name, str) else None
    if found is None:
        names = ", ".join(person.name for person in room.said.operators.people)
        raise BadRequest(404 if isinstance(name, str) else 400, f"for is none of the operators: {names}.")
    return found


def _signed_in(room: Room, request: Request, origin: str, done: SignedIn) -> Response:
    """Returns the answer with a fresh session; one that the browser had before is over."""
    is_http = is_plain(origin)
    before = cookies.session_in(request.headers, is_plain=is_http)
    if kind_of(before) is TokenKind.SESSION:
        room.sessions.end_token(before)
    kept = session_cookie(done.token, done.session, room.clock, is_plain=is_http)
    return replace(_told(done.session), cookies=(kept, cookies.set_mark(done.mark, is_plain=is_http)))


def _refusal(refused: Refused, origin: str) -> Response:
    kept = (cookies.set_mark(refused.mark, is_plain=is_plain(origin)),) if refused.mark is not None else ()
    if refused.wait:
        answer = {"error": refused.because, "retry_after": refused.wait}
        return replace(json_response(429, answer, {"Retry-After": str(refused.wait)}), cookies=kept)
    return replace(json_response(403, {"error": refused.because, "tries_left": refused.tries_left}), cookies=kept)


def _told(session: Session) -> Response:
    who = _who(session.operator.name, session.operator.role, CallerKind(session.kind))
    return json_response(200, {"operator": who, "expires_at": plain(session.expires_at)})


def _no_session(room: Room) -> Response:
    people = room.said.operators.people
    by_text = any(each.phone for each in people)
    by_email = room.said.sends_email and any(each.email for each in people)
    ways = [way for way, is_there in ((ChannelKind.TEXT, by_text), (ChannelKind.EMAIL, by_email)) if is_there]
    return json_response(401, {"error": _SIGN_IN if ways else _NO_WAY, "ways": ways})


def _who(name: str, role: Role, kind: CallerKind) -> dict[str, Any]:
    return {"name": name, "role": role.value, "kind": kind.value}


def _link_json(link: Link) -> dict[str, Any]:
    return {
        "key": link.key,
        "kind": link.kind.value,
        "for": link.name,
        "made_by": link.made_by,
        "made_at": plain(link.made_at),
        "expires_at": plain(link.expires_at),
    }


def _own(room: Room, request: Request) -> str:
    """Returns the request's Origin, which is our own page's. Raises BadRequest 403."""
    origin = own_origin(request, room.said.console_base_url)
    if not origin:
        raise BadRequest(403, _ANOTHER_SITE)
    return origin


def _visitor(room: Room, request: Request, origin: str) -> Visitor:
    mark = cookies.mark_in(request.headers, is_plain=is_plain(origin))
    return Visitor(mark, address_of(request, room.said.trusted_proxies))


_Handle = Callable[[Room, Request, Fields], Response]
# By the names in ROUTES.
_HANDLERS: dict[str, tuple[_Handle, Collection[str]]] = {
    "sign-in": (_ask, ("to",)),
    "sign-in/code": (_enter_code, ("code",)),
    "sign-in/link": (_enter_link, ("token", "peek")),
    "session": (_session, ()),
    "sign-out": (_sign_out, ("everywhere", "for")),
    "links": (_make_link, ("kind", "for")),
    "links/list": (_list_links, ()),
    "links/revoke": (_revoke_link, ("key",)),
}
