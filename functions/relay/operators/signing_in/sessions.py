"""Sessions: signed-in browsers for thirty days, renewed by use, and walls, which may look for a year.

A session is worth what today's list of operators says: who is taken off it is signed out at once, and a role holds from
the next request on.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

from relay.core.operators import Operator, Operators, Role
from relay.errors import StoreUnavailable, VersionConflict
from relay.operators.allowances import STORE_SECONDS
from relay.operators.signing_in.tokens import TokenKind, key_of, kind_of, new_token
from relay.ports import Clock, OperatorKind, OperatorRecord, OperatorRecords, time_in

GOOD_FOR, WALL_FOR = timedelta(days=30), timedelta(days=365)
_RENEWED_EVERY = timedelta(days=1)
# How long a process goes by what it read of an operator's signing out everywhere: each request would read it else.
_REMEMBERED_SECONDS = 10.0


class SessionKind(StrEnum):
    """Who holds a session. The word is stored."""

    PERSON = "person"
    WALL = "wall"


@dataclass(frozen=True, slots=True)
class Session:
    """One that is good now.

    Attributes:
        operator: as the list says today; a wall's only looks.
        renewed: whether it was prolonged just now, so that the browser's cookie is to be as well.
    """

    key: str
    kind: SessionKind
    operator: Operator
    made_at: datetime
    expires_at: datetime
    renewed: bool = False


class Sessions:
    """Opens, finds and ends them. Thread-safe."""

    def __init__(self, records: OperatorRecords, operators: Operators, clock: Clock) -> None:
        self._records = records
        self._operators = operators
        self._clock = clock
        self._lock = Lock()
        # Name → when they signed out everywhere, and when that was read here.
        self._ended: dict[str, tuple[datetime | None, float]] = {}

    def open(
        self, operator: Operator, kind: SessionKind = SessionKind.PERSON, made_by: str = ""
    ) -> tuple[str, Session]:
        """Returns the token of a new session, which is kept by its digest alone, and the session."""
        is_person = kind is SessionKind.PERSON
        token = new_token(TokenKind.SESSION if is_person else TokenKind.WALL)
        now = self._clock.now()
        expires_at = now + (GOOD_FOR if is_person else WALL_FOR)
        content = {
            "kind": kind.value,
            "name": operator.name,
            "made_by": made_by,
            "made_at": now.isoformat(),
            "renewed_at": now.isoformat(),
        }
        record = OperatorRecord(OperatorKind.SESSION, key_of(token), content, expires_at)
        self._records.put(record, timeout_seconds=STORE_SECONDS)
        return token, Session(record.key, kind, _as_it_may(operator, kind), now, expires_at)

    def find(self, token: str) -> Session | None:
        """Returns the session with this token; None when there is none, or it is over. Raises StoreUnavailable."""
        if kind_of(token) not in (TokenKind.SESSION, TokenKind.WALL):
            return None
        record = self._records.get(OperatorKind.SESSION, key_of(token), timeout_seconds=STORE_SECONDS)
        session = self._read(record) if record is not None else None
        if record is None or session is None or self.is_ended(session.operator.name, session.made_at):
            return None
        return self._renewed(record, session) if session.kind is SessionKind.PERSON else session

    def walls(self, limit: int) -> list[tuple[Session, str]]:
        """Returns the walls that are open, and by whom each link was made; those that last longest first."""
        records = self._records.lasting(OperatorKind.SESSION, limit, timeout_seconds=STORE_SECONDS)
        read = ((self._read(record), record.content) for record in records)
        return [
            (session, str(content.get("made_by", "")))
            for session, content in read
            if session is not None
            and session.kind is SessionKind.WALL
            and not self.is_ended(session.operator.name, session.made_at)
        ]

    def is_wall(self, key: str) -> bool:
        """Returns whether there is a wall under this key, whether or not it is still good."""
        record = self._records.get(OperatorKind.SESSION, key, timeout_seconds=STORE_SECONDS)
        return record is not None and record.content.get("kind") == SessionKind.WALL

    def end(self, key: str) -> None:
        """Remove it. Nothing happens when there is none."""
        self._records.delete(OperatorKind.SESSION, key, timeout_seconds=STORE_SECONDS)

    def end_token(self, token: str) -> None:
        """Remove the session with this token. Nothing happens when there is none."""
        self.end(key_of(token))

    def end_all(self, name: str) -> None:
        """End everything that was opened in this operator's name until now: sessions, walls and links.

        Here at once, in other processes within _REMEMBERED_SECONDS.
        """
        key, now = _operators_key(name), self._clock.now()
        found = self._records.get(OperatorKind.OPERATOR, key, timeout_seconds=STORE_SECONDS)
        record = OperatorRecord(
            OperatorKind.OPERATOR,
            key,
            {"signed_out_at": now.isoformat()},
            # What lasts longest of what it ends.
            now + WALL_FOR,
            version=found.version if found is not None else None,
        )
        # In a race the other one signed out just now, which is as good.
        with contextlib.suppress(VersionConflict):
            self._records.put(record, timeout_seconds=STORE_SECONDS)
        with self._lock:
            self._ended[name] = (now, self._clock.monotonic())

    def is_ended(self, name: str, made_at: datetime) -> bool:
        """Returns whether what was made then, in this operator's name, was ended since by signing out everywhere."""
        with self._lock:
            ended_at, read_at = self._ended.get(name, (None, float("-inf")))
        if self._clock.monotonic() - read_at > _REMEMBERED_SECONDS:
            record = self._records.get(OperatorKind.OPERATOR, _operators_key(name), timeout_seconds=STORE_SECONDS)
            ended_at = time_in(record.content, "signed_out_at") if record is not None else None
            with self._lock:
                self._ended[name] = (ended_at, self._clock.monotonic())
        return ended_at is not None and made_at <= ended_at

    def _read(self, record: OperatorRecord) -> Session | None:
        made_at, name, kind = time_in(record.content, "made_at"), record.content.get("name"), record.content.get("kind")
        operator = self._operators.named(name) if isinstance(name, str) else None
        if operator is None or made_at is None or kind not in set(SessionKind):
            return None
        kind = SessionKind(kind)
        return Session(record.key, kind, _as_it_may(operator, kind), made_at, record.expires_at)

    def _renewed(self, record: OperatorRecord, session: Session) -> Session:
        now = self._clock.now()
        renewed_at = time_in(record.content, "renewed_at")
        if renewed_at is not None and now - renewed_at < _RENEWED_EVERY:
            return session
        content = {**record.content, "renewed_at": now.isoformat()}
        try:
            put = replace(record, content=content, expires_at=now + GOOD_FOR)
            self._records.put(put, timeout_seconds=STORE_SECONDS)
        except (VersionConflict, StoreUnavailable):
            # Another request of this browser did it, or the next one will.
            return session
        return replace(session, expires_at=now + GOOD_FOR, renewed=True)


def _as_it_may(operator: Operator, kind: SessionKind) -> Operator:
    return operator if kind is SessionKind.PERSON else replace(operator, role=Role.LOOK)


def _operators_key(name: str) -> str:
    return key_of(name.casefold())
