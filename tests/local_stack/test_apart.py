"""A fake Twilio never goes on with a real one's relays, as a start without the settings would have it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scripts.local_stack import ROOT
from scripts.local_stack.apart import keep_apart
from scripts.local_stack.places import Twilio
from scripts.local_stack.running import StackError
from scripts.local_stack.serve import serve
from scripts.local_stack.supervisor import Supervisor
from tests.ports import free_port
from tests.stories.relay_process import clean_environment


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "relay.db")


def test_what_a_real_twilio_was_used_with_is_refused_to_a_fake_one(database: str) -> None:
    keep_apart(database, Twilio.FAKE)
    for _ in range(2):
        keep_apart(database, Twilio.REAL)
        keep_apart(database, Twilio.OTHER)
        with pytest.raises(StackError, match="holds the relays of the real Twilio"):
            keep_apart(database, Twilio.FAKE)


def test_what_only_other_servers_were_used_with_is_anyones(database: str) -> None:
    for twilio in (Twilio.OTHER, Twilio.FAKE, Twilio.FAKE, Twilio.OTHER):
        keep_apart(database, twilio)


def test_nothing_is_started_on_it_without_credentials(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_apart(database, Twilio.REAL)
    environ = clean_environment() | {"RELAY_DATABASE": database}
    with pytest.raises(StackError, match="are no credentials"), Supervisor(environ, "embedded", 0):
        pass
    monkeypatch.setattr("os.environ", environ)
    with pytest.raises(StackError, match="are no credentials"):
        serve("sms_inbound", free_port())


def test_a_copy_can_be_looked_at_as_operations_say(database: str) -> None:
    keep_apart(database, Twilio.REAL)
    said = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (statement,) = re.findall(r'sqlite3 look\.db "(.*)"$', said, re.MULTILINE)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)
    keep_apart(database, Twilio.FAKE)
