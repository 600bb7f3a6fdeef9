"""The ports: what the flow needs from the world, as small protocols.

Each port has an adapter per home (embedded, google), a double for fast tests and, where relays depend on it, one in the
simulator; one contract suite runs over all of them (tests/contract). Alarms and Journal, by which people are told, are
in telling.py.
`timeout_seconds` bounds a call in total, connection and retries included.

store       RelayStore: relays, and the one commit
threads     ThreadStore, a part of it: what is kept of threads, and which relays a person may claim
timers      Timers and Clock
messenger   Messenger: the provider of texts
media       Media: the files that came with them
operator_records  OperatorRecords: what is kept of operators
"""

from __future__ import annotations

from relay.ports.media import Media as Media
from relay.ports.media import OpenedFile as OpenedFile
from relay.ports.messenger import Accepted as Accepted
from relay.ports.messenger import Ambiguous as Ambiguous
from relay.ports.messenger import Messenger as Messenger
from relay.ports.messenger import OutgoingText as OutgoingText
from relay.ports.messenger import ReceivedMessage as ReceivedMessage
from relay.ports.messenger import ReceivedPage as ReceivedPage
from relay.ports.messenger import Refused as Refused
from relay.ports.messenger import SendOutcome as SendOutcome
from relay.ports.messenger import SentMessage as SentMessage
from relay.ports.operator_records import OperatorKind as OperatorKind
from relay.ports.operator_records import OperatorRecord as OperatorRecord
from relay.ports.operator_records import OperatorRecords as OperatorRecords
from relay.ports.operator_records import time_in as time_in
from relay.ports.store import Page as Page
from relay.ports.store import RelayStore as RelayStore
from relay.ports.store import Search as Search
from relay.ports.store import Stored as Stored
from relay.ports.store import UnreadableRelay as UnreadableRelay
from relay.ports.store import Write as Write
from relay.ports.threads import Kept as Kept
from relay.ports.threads import ThreadPage as ThreadPage
from relay.ports.threads import ThreadStore as ThreadStore
from relay.ports.timers import Clock as Clock
from relay.ports.timers import Timers as Timers
from relay.telling import Alarms as Alarms
from relay.telling import Journal as Journal
