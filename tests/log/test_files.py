"""What is reported of files that came with a text: how many and of which types, and nothing that opens one."""

from __future__ import annotations

import io
import json
from typing import Any

from relay.core.events import Event, EventKind
from relay.core.model import Attachment, InboundText, Relay, SenderClass
from relay.core.moves import receive
from relay.core.routes import Forward
from relay.log import JsonJournal

from tests.relays import CUSTOMER, OUR_NUMBER, T0, after, delivered, policy

_MEDIA_ID, _TOKEN = "ME" + "12345678" * 4, "a-secret-of-22-letters"


def _steps(relay: Relay) -> list[dict[str, Any]]:
    stream = io.StringIO()
    JsonJournal(stream).steps(relay, relay.error_log)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_files_are_told_by_number_and_types_where_they_came_in_and_never_by_id_or_link() -> None:
    files = (Attachment(_MEDIA_ID, "image/jpeg"), Attachment(_MEDIA_ID[::-1], "image/jpeg"), Attachment("ME9"))
    text = InboundText("SM" + "3" * 32, CUSTOMER, OUR_NUMBER, "Look", 3, files, media_token=_TOKEN)
    relay = receive(text, SenderClass.CUSTOMER, Forward(policy()), T0, "webhook").relay
    assert relay.media_token == _TOKEN
    relay = after(relay, delivered(1), Event(EventKind.LINK_REVOKED, by="operator"))
    came, *others = _steps(relay)
    assert (came["event"], came["files"], came["file_types"]) == ("received", 3, "image/jpeg")
    assert others[-1]["event"] == "link_revoked"
    assert not any("files" in line or "file_types" in line for line in others)
    told = json.dumps([came, *others])
    assert [secret for secret in (_MEDIA_ID, _MEDIA_ID[::-1], _TOKEN) if secret in told] == []
