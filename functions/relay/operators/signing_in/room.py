"""`room_of` puts together what the routes of signing in work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.core.operators import Operators
from relay.operators.alerting.messages import Outbox
from relay.operators.allowances import Allowances
from relay.operators.identity import IdentityVerifier
from relay.operators.signing_in.authenticator import Authenticator
from relay.operators.signing_in.browsers import Browsers
from relay.operators.signing_in.desk import Desk
from relay.operators.signing_in.links import Links
from relay.operators.signing_in.pending import PendingCodes
from relay.operators.signing_in.sessions import Sessions
from relay.ports import Clock, Journal, OperatorRecords

if TYPE_CHECKING:
    from relay.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Said:
    """What the settings say of signing in.

    Attributes:
        database_path: "" where there is no file of this machine's.
        sends_email: a code can go to an e-mail address.
    """

    operators: Operators
    console_base_url: str
    trusted_proxies: int
    business_name: str
    database_path: str
    sends_email: bool = True


def said_by(own: Settings, whole: Settings) -> Said:
    """Returns what the settings of the console say, and those of all that its process does."""
    is_google = own.backend == "google"
    # There only `tell` knows the mail server, and Terraform takes operators' e-mail addresses only with one.
    sends_email = is_google or whole.alerting.mail_server is not None
    database_path = "" if is_google else own.database_path
    who = (own.operators, own.console_base_url, own.trusted_proxies, own.business_name)
    return Said(*who, database_path, sends_email)


@dataclass(frozen=True, slots=True)
class Room:
    """What the routes work with. One for a process: it counts strangers, and knows who signed out everywhere."""

    said: Said
    desk: Desk
    sessions: Sessions
    links: Links
    authenticator: Authenticator
    clock: Clock
    journal: Journal


def room_of(
    said: Said,
    records: OperatorRecords,
    tokens: IdentityVerifier,
    outbox: Callable[[], Outbox],
    clock: Clock,
    journal: Journal,
    pause: Callable[[float], None] = time.sleep,
) -> Room:
    """Returns it. `outbox` is asked for when a code is to leave; `pause` waits for so many seconds."""
    sessions = Sessions(records, said.operators, clock)
    links = Links(records, said.operators, sessions, clock)
    kept = (Browsers(records, clock), Allowances(records, clock), sessions, links, PendingCodes(records))
    desk = Desk(said.operators, *kept, outbox, clock, journal, said.business_name, pause)
    authenticator = Authenticator(tokens, sessions, clock, said.console_base_url, said.database_path)
    return Room(said, desk, sessions, links, authenticator, clock, journal)
