"""How many texts per second the embedded home makes durable, beside a bare loop of one insert and commit each."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from relay.core import moves
from relay.core.events import ArmTimer, Decision
from relay.core.model import InboundText, SenderClass
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.homes import SystemClock
from relay.record.documents import plain, to_document

from scripts.bench import settings, texts
from scripts.bench.baselines import sqlite_loop
from scripts.bench.rounds import Row, Samples, compare, in_turn, median

_CLIENTS = 8
# Several in each round: how long the disk takes changes from one second to the next.
_TURNS = 3
_POLICY = Policy(tuple(Tier("handler", sms(phone)) for phone in settings.HANDLER_PHONES))


class Durable:
    """Eight clients store relays and arm their timers; each waits until its own is on the disk, fsync on.

    The relays are decided before, as the bare loop's documents are made before. Making documents of them, the indexes
    and the timers are part of what is measured; the bare loop has none of that.
    """

    name = "durable"

    def __init__(self, requests: int = 1000) -> None:
        """`requests` in each of a round's turns."""
        self._texts_per_turn = requests
        self._series = itertools.count(1)

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp(prefix="relay-bench-")
        self._bare = sqlite_loop.open_file(str(Path(self._folder, "bare.db")))
        self._database = Database(Path(self._folder, "relay.db"))
        self._database.prepare()
        self._store = SqliteStore(self._database, SystemClock())
        return self

    def __exit__(self, *error: object) -> None:
        self._bare.close()
        self._database.close()
        shutil.rmtree(self._folder)

    def sample(self, round_number: int) -> Mapping[str, float]:
        turns = [in_turn(round_number + turn, self._bare_rate, self._our_rate) for turn in range(_TURNS)]
        return {"bare": median([bare for bare, _ in turns]), "relay": median([ours for _, ours in turns])}

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            compare(
                samples,
                f"embedded: durable texts with {_CLIENTS} clients, fsync on",
                "relay",
                "bare",
                lambda rate: f"{rate:.0f}/s",
                at_least=0.8,
                note="The full-text index, eleven others, the timers and a look whether the file is still there are "
                "what the bare loop does not do. The first, by which operators search for words, takes a quarter of "
                "the processor's time; how much the others weigh varies with the disk.",
            )
        ]

    def _bare_rate(self) -> float:
        series = next(self._series)
        documents = []
        for number in range(self._texts_per_turn):
            relay = _received(number, series).relay
            documents.append((relay.message_id, _json(to_document(relay))))
        return sqlite_loop.inserts_per_second(self._bare, documents)

    def _our_rate(self) -> float:
        series = next(self._series)
        decisions = [_received(number, series) for number in range(self._texts_per_turn)]

        def client(first: int) -> None:
            for decision in decisions[first::_CLIENTS]:
                timers = [effect.timer for effect in decision.effects if isinstance(effect, ArmTimer)]
                self._store.create(decision.relay, timers, timeout_seconds=30.0)

        threads = [threading.Thread(target=client, args=(first,)) for first in range(_CLIENTS)]
        started_at = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self._texts_per_turn / (time.perf_counter() - started_at)


def _received(number: int, series: int) -> Decision:
    fields = texts.form(texts.message_id(number, series))
    text = InboundText(fields["MessageSid"], fields["From"], fields["To"], fields["Body"])
    return moves.receive(text, SenderClass.CUSTOMER, Forward(_POLICY), datetime.now(UTC), "0123456789abcdef")


def _json(document: object) -> str:
    import json

    return json.dumps(document, default=plain, separators=(",", ":"))
