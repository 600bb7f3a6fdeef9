"""Rows of Twilio's list that are not whole: null fields, redacted words and numbers, a trial account's prefix."""

from __future__ import annotations

from typing import Any

import pytest
from relay.ports import ReceivedMessage, SentMessage

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
        received = messenger_at(server.base_url).received_page(OURS, "", timeout_seconds=PATIENT).messages
    assert {f"SM{3:032x}", f"SM{1:032x}"} <= {one.text.message_id for one in received if not one.unusable_because}


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"from": None}, "it has no sender"),
        ({"from": " "}, "it has no sender"),
        ({"sid": None, "date_created": None}, "it has no id, no time"),
        ({"sid": "SMsoon"}, "it has no id"),
        ({"date_created": "yesterday"}, "it has no time"),
        ({"date_created": "Thu, 01 Jan 1970 00:00:00 +0000"}, "it has no time"),
        ({"date_created": "Mon, 01 Jan 0001 00:00:00 +0000"}, "it has no time"),
        ({"to": None}, "it has no number of ours"),
        ({"status": "failed", "error_code": 30039}, "Twilio stopped it (failed, error 30039)"),
        ({"status": "received", "error_code": 30039}, "Twilio stopped it (received, error 30039)"),
    ],
)
def test_a_row_that_came_in_says_why_it_cannot_be_relayed(changes: dict[str, Any], because: str) -> None:
    (found,) = _received(listed(1, NOW, **{"direction": "inbound", "to": OURS, "from": HANDLER, **changes}))
    assert found.unusable_because == because


@pytest.mark.parametrize(
    "changes",
    [
        {"num_media": None},
        {"num_media": "many"},
        {"num_media": "-1"},
        {"direction": None},
        {"direction": "soon"},
        {"error_code": 11200},
        {"date_sent": None},
    ],
)
def test_a_row_that_came_in_is_a_text_whatever_else_is_missing(changes: dict[str, Any]) -> None:
    given = {"direction": "inbound", "to": OURS, "from": HANDLER, "status": "received", **changes}
    (found,) = _received(listed(1, NOW, **given))
    assert (found.unusable_because, found.is_arriving, found.received_at) == ("", False, NOW)
    assert found.text.media_count == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "receiving", "body": ""},
        {"status": "receiving", "body": "a te"},
        {"status": "queued"},
        {"status": "still to be heard of"},
        {"status": None},
        {"body": None},
        {"status": None, "body": None},
    ],
)
def test_a_row_that_may_get_its_words_yet_says_so(changes: dict[str, Any]) -> None:
    given = {"direction": "inbound", "to": OURS, "from": HANDLER, "status": "received", **changes}
    (found,) = _received(listed(1, NOW, **given))
    assert (found.unusable_because, found.is_arriving) == ("", True)
    assert found.text.body == (given.get("body", "a text") or "")


def test_a_text_of_ours_is_none_that_came_in() -> None:
    assert _received(listed(1, NOW, to=OURS)) == ()


def test_a_row_of_nothing_but_nulls_hides_no_other_row() -> None:
    nothing = dict.fromkeys(listed(2, ago(2)))
    with RawServer(pages([listed(3, ago(1)), nothing, listed(1, ago(3))])) as server:
        found = messenger_at(server.base_url).sent_to(HANDLER, OURS, ago(10), timeout_seconds=PATIENT)
    assert [(text.sent_id, text.to, text.body, text.created_at) for text in found][1] == ("", "", "", None)
    assert len(found) == 3


@pytest.mark.parametrize("odd", [None, "a row", 7, [], {}, *({name: 7} for name in NULLABLE)], ids=str)
def test_a_row_of_another_shape_or_with_a_number_for_words_hides_no_other_row(odd: object) -> None:
    whole: dict[str, Any] = {"direction": "inbound", "to": OURS, "from": HANDLER, "status": "received"}
    row: Any = {**listed(2, ago(2), **whole), **odd} if isinstance(odd, dict) and odd else odd
    with RawServer(pages([listed(3, ago(1), **whole), row, listed(1, ago(3), **whole)])) as server:
        received = messenger_at(server.base_url).received_page(OURS, "", timeout_seconds=PATIENT).messages
    assert [one.text.message_id for one in received][::2] == [f"SM{3:032x}", f"SM{1:032x}"]
    assert all(isinstance(words, str) for words in (received[1].text.body, received[1].text.sender_phone))
    assert received[1].unusable_because or isinstance(odd, dict)
    with RawServer(pages([listed(3, ago(1)), row, listed(1, ago(3))])) as server:
        found = messenger_at(server.base_url).sent_to(HANDLER, OURS, ago(10), timeout_seconds=PATIENT)
    assert {f"SM{3:032x}", f"SM{1:032x}"} <= {text.sent_id for text in found}


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


def _received(*rows: dict[str, object]) -> tuple[ReceivedMessage, ...]:
    with RawServer(pages(list(rows))) as server:
        return messenger_at(server.base_url).received_page(OURS, "", timeout_seconds=PATIENT).messages
