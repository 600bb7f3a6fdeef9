"""Links that sign in: once, within ten minutes, spent by a POST alone; and links for walls, which are revoked by hand.

A link's token stands behind `#`, which browsers send to no server: no log has it, and what fetches links by itself
spends none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from relay.core.operators import Operator, Operators
from relay.errors import VersionConflict
from relay.operators.allowances import STORE_SECONDS
from relay.operators.signing_in.sessions import SessionKind, Sessions
from relay.operators.signing_in.tokens import TokenKind, key_of, kind_of, new_token
from relay.ports import Clock, OperatorKind, OperatorRecord, OperatorRecords, time_in

GOOD_FOR = timedelta(minutes=10)
_LISTED_MAX = 500


class LinkKind(StrEnum):
    """What a link is for."""

    SIGN_IN = "sign_in"
    WALL = "wall"


@dataclass(frozen=True, slots=True)
class Link:
    """One link, without its token."""

    key: str
    kind: LinkKind
    name: str
    made_by: str
    made_at: datetime
    expires_at: datetime


class Links:
    """Makes, spends, lists and revokes them."""

    def __init__(self, records: OperatorRecords, operators: Operators, sessions: Sessions, clock: Clock) -> None:
        self._records = records
        self._operators = operators
        self._sessions = sessions
        self._clock = clock

    def make(self, kind: LinkKind, operator: Operator, made_by: str) -> tuple[str, Link]:
        """Returns the token of a new link, which is kept by its digest alone, and the link."""
        if kind is LinkKind.WALL:
            token, session = self._sessions.open(operator, SessionKind.WALL, made_by)
            return token, Link(session.key, kind, operator.name, made_by, session.made_at, session.expires_at)
        token, now = new_token(TokenKind.LINK), self._clock.now()
        link = Link(key_of(token), kind, operator.name, made_by, now, now + GOOD_FOR)
        content = {"name": link.name, "made_by": made_by, "made_at": now.isoformat(), "is_spent": False}
        record = OperatorRecord(OperatorKind.LINK, link.key, content, link.expires_at)
        self._records.put(record, timeout_seconds=STORE_SECONDS)
        return token, link

    def whose(self, token: str) -> Operator | None:
        """Returns the operator whom this link would sign in, without spending it; None when it is no good."""
        return self._found(token)[1]

    def spend(self, token: str) -> Operator | None:
        """Returns the operator whom this link signs in, and who no second caller gets; None when it is no good."""
        record, operator = self._found(token)
        if record is None or operator is None:
            return None
        try:
            spent = replace(record, content={**record.content, "is_spent": True})
            self._records.put(spent, timeout_seconds=STORE_SECONDS)
        except VersionConflict:
            return None
        return operator

    def _found(self, token: str) -> tuple[OperatorRecord | None, Operator | None]:
        if kind_of(token) is not TokenKind.LINK:
            return None, None
        record = self._records.get(OperatorKind.LINK, key_of(token), timeout_seconds=STORE_SECONDS)
        link = _read(record) if record is not None else None
        if link is None or self._sessions.is_ended(link.name, link.made_at):
            return None, None
        return record, self._operators.named(link.name)

    def all(self) -> list[Link]:
        """Returns the links that are good now: first those of walls, then those that sign in."""
        walls = [
            Link(wall.key, LinkKind.WALL, wall.operator.name, made_by, wall.made_at, wall.expires_at)
            for wall, made_by in self._sessions.walls(_LISTED_MAX)
        ]
        records = self._records.lasting(OperatorKind.LINK, _LISTED_MAX, timeout_seconds=STORE_SECONDS)
        links = (_read(record) for record in records)
        return walls + [each for each in links if each is not None and self._is_good(each)]

    def revoke(self, key: str) -> bool:
        """End the link, or the wall, with this key. Returns whether there was one."""
        if self._sessions.is_wall(key):
            self._sessions.end(key)
            return True
        if self._records.get(OperatorKind.LINK, key, timeout_seconds=STORE_SECONDS) is None:
            return False
        self._records.delete(OperatorKind.LINK, key, timeout_seconds=STORE_SECONDS)
        return True

    def _is_good(self, link: Link) -> bool:
        is_listed = self._operators.named(link.name) is not None
        return is_listed and not self._sessions.is_ended(link.name, link.made_at)


def address_of_link(base_url: str, kind: LinkKind, token: str) -> str:
    """Returns the whole link."""
    return f"{base_url}/console/#{'wall' if kind is LinkKind.WALL else 'sign-in'}={token}"


def _read(record: OperatorRecord) -> Link | None:
    """Returns the link of a record; None for one that was spent, or that cannot be read."""
    content = record.content
    try:
        if content["is_spent"] is not False:
            return None
        name, made_by = str(content["name"]), str(content["made_by"])
    except KeyError:
        return None
    made_at = time_in(content, "made_at")
    if made_at is None:
        return None
    return Link(record.key, LinkKind.SIGN_IN, name, made_by, made_at, record.expires_at)
