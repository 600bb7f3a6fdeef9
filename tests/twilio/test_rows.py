"""Rows of Twilio's list that are not whole: null fields, redacted words and numbers, a trial account's prefix."""

from __future__ import annotations

from typing import Any

import pytest
from relay.ports import SentMessage

from tests.twilio.lists import NOW, ago, listed, pages
from tests.twilio.raw_server import RawServer
from tests.twilio.support import HANDLER, OURS, PATIENT, messenger_at

NULLABLE = ["sid", "status", "to", "from", "body", "date_created", "date_sent", "direction", "error_code", "num_media"]


@pytest.mark.parametrize("name", NULLABLE)
@pytest.mark.parametrize("value", [None, "", "soon"])
def test_a_row_that_lacks_a_field_hides_no_other_row(name: str, value: object) -> None:
    changes: dict[str, Any] = {name: value}
    content = [listed(3, ago(1)), listed(2, ago(2), **changes), listed(1, ago(3))]
    with RawServer(pages(content)) as server:
        found = messenger_at(server.base_url).sent_to(HANDLER, OURS, ago(10), timeout_seconds=PATIENT)
    sids = [text.sent_id for text in found]
    assert {f"SM{3:032x}", f"SM{1:032x}"} <= set(sids)
    assert len(sids) == (2 if name == "direction" and value is not None else 3)
    for row in content:
        row.update(to=OURS, direction="inbound" if row["direction"] == "outbound-api" else row["direction"])
    with RawServer(pages(content)) as server:
        received = messenger_at(server.base_url).received_at(OURS, ago(10), timeout_seconds=PATIENT)
    assert {f"SM{3:032x}", f"SM{1:032x}"} <= {one.text.message_id for one in received if not one.lacks}


def test_a_row_of_nothing_but_nulls_hides_no_other_row() -> None:
    nothing = dict.fromkeys(listed(2, ago(2)))
    with RawServer(pages([listed(3, ago(1)), nothing, listed(1, ago(3))])) as server:
        found = messenger_at(server.base_url).sent_to(HANDLER, OURS, ago(10), timeout_seconds=PATIENT)
    assert [(text.sent_id, text.to, text.body, text.created_at) for text in found][1] == ("", "", "", None)
    assert len(found) == 3


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "****",
        "XXXX",
        "[REDACTED]",
        "(redacted)",
        "\u2588\u2588\u2588",
        "Sent from your Twilio trial account - ",
    ],
)
def test_redacted_words_are_shown_as_none(body: str) -> None:
    (found,) = _rows(listed(1, NOW, body=body))
    assert found.body == ""


@pytest.mark.parametrize("number", ["+1555000XXXX", "+1555000****", "XXXXXXXXXXX", None, ""])
def test_a_redacted_number_is_shown_as_none(number: str | None) -> None:
    (found,) = _rows(listed(1, NOW, to=number))
    assert found.to == ""


def test_what_a_trial_account_puts_before_the_words_is_not_part_of_them() -> None:
    (found,) = _rows(listed(1, NOW, body="Sent from your Twilio trial account - +15550003001: hello"))
    assert found.body == "+15550003001: hello"


def _rows(*rows: dict[str, object]) -> list[SentMessage]:
    with RawServer(pages(list(rows))) as server:
        return messenger_at(server.base_url).sent_to(HANDLER, OURS, NOW, timeout_seconds=PATIENT)
