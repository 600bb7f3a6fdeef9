"""The two homes, put together: what is kept of operators lives where the relays do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from relay import homes, wiring
from relay.core.model import FinalStatus
from relay.google.operator_records import FirestoreOperatorRecords
from relay.google.store import FirestoreStore
from relay.homes import SystemClock
from relay.operators.signing_in.pending import PendingCodes
from relay.ports import OperatorKind, OperatorRecord
from relay.settings.settings import load_settings

from tests.fakes import MemoryJournal
from tests.relays import exhausted
from tests.settings.environments import EMBEDDED, GOOGLE
from tests.strategies import a_relay

LIMIT: dict[str, Any] = {"timeout_seconds": 30.0}


def test_the_embedded_home_keeps_operators_sessions_in_the_relays_file(tmp_path: Path) -> None:
    environ = {**EMBEDDED, "RELAY_BACKEND": "embedded", "RELAY_DATABASE": str(tmp_path / "relay.db")}
    runtime = wiring.Runtime(load_settings(environ, ["sms_inbound"]), homes.embedded_home)
    relay, until = a_relay(), SystemClock().now() + timedelta(hours=1)
    runtime.store.create(relay, [], **LIMIT)
    stored = runtime.operator_records.put(OperatorRecord(OperatorKind.SESSION, "a", {}, until), **LIMIT)
    again = wiring.Runtime(runtime.settings, homes.embedded_home)
    assert again.operator_records.get(OperatorKind.SESSION, "a", **LIMIT) == stored
    assert {path.name for path in tmp_path.iterdir()} <= {"relay.db", "relay.db-wal", "relay.db-shm"}
    for each in (runtime, again):
        assert each.home.database is not None
        each.home.database.close()


def test_a_way_in_for_texts_knows_operators_and_the_codes_that_were_sent_to_them(tmp_path: Path) -> None:
    """Wired through the relays' own file, with which the console notes a code and what tells reads a relay."""
    ana, reads = "+15550100011", "+15550100012"
    told = {"RELAY_OPERATORS": json.dumps([{"name": "Ana", "phone": ana}]), "RELAY_ALARM_PHONES": reads}
    environ = {**EMBEDDED, **told, "RELAY_BACKEND": "embedded", "RELAY_DATABASE": str(tmp_path / "relay.db")}
    runtime = wiring.Runtime(load_settings(environ, ["sms_inbound"]), homes.embedded_home)
    intake = runtime.intake
    assert [intake.is_operator(number) for number in (ana, reads, "+15550100013")] == [True, True, False]
    assert not intake.is_sign_in_code(ana, "204871", 30.0)
    PendingCodes(runtime.operator_records).note(ana, SystemClock().now() + timedelta(minutes=10))
    assert [intake.is_sign_in_code(ana, words, 30.0) for words in ("204871", "on my way")] == [True, False]
    lost = replace(exhausted(), expires_at=SystemClock().now() + timedelta(hours=1))
    arrived = replace(lost, message_id="SM" + "d" * 32, final_status=FinalStatus.DELIVERED)
    for relay in (lost, arrived):
        runtime.store.create(relay, [], **LIMIT)
    ids = (lost.message_id, arrived.message_id, "SM" + "0" * 32, "")
    assert [runtime.tellers.folding.waits(relay_id) for relay_id in ids] == [True, False, True, True]
    assert runtime.home.database is not None
    runtime.home.database.close()


def test_the_google_home_connects_to_firestore_once_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings({**GOOGLE, "RELAY_BACKEND": "google"}, ["sms_inbound"])
    home = homes.google_home(settings, MemoryJournal(), MemoryJournal())
    assert isinstance(home.store, FirestoreStore)
    assert isinstance(home.operator_records, FirestoreOperatorRecords)
    made: list[str] = []

    class Client:
        def __init__(self, *, project: str, database: str) -> None:
            made.append(f"{project} {database}")

        def collection(self, name: str) -> Client:
            made.append(name)
            return self

        def document(self, name: str) -> Client:
            return self

        def get(self, **_options: object) -> Any:
            return type("Snapshot", (), {"exists": False})

    monkeypatch.setattr("google.cloud.firestore.Client", Client)
    assert home.store.get("a", **LIMIT) is None
    assert home.operator_records.get(OperatorKind.LINK, "a", **LIMIT) is None
    where = settings.collection
    assert made == [f"my-project {settings.firestore_database}", where, f"{where}-operators"]
