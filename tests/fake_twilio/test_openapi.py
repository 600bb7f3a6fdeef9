"""Every kind of answer against Twilio's own OpenAPI description, which the repository does not contain."""

import json
import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.test import TestResponse

from scripts.fake_twilio import Behaviour, InboundFaults, ListFaults, Row, behaviour, picture, send_request
from tests.fake_twilio.support import HANDLER, OURS, Account

DESCRIPTION = Path(__file__).parents[3] / "shared" / "data" / "twilio-messages.openapi.json"

ROOT = "/2010-04-01/Accounts/{AccountSid}"


def _is_rfc2822(value: object) -> bool:
    return not isinstance(value, str) or (
        parsedate_to_datetime(value).utcoffset() is not None and value.endswith(" +0000")
    )


def _is_phone_number(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\+[1-9][0-9]+", value) is not None


def _is_currency(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[A-Z]{3}", value) is not None


FORMATS = FormatChecker(formats=())
FORMATS.checks("date-time-rfc-2822", raises=ValueError)(_is_rfc2822)
FORMATS.checks("phone-number")(_is_phone_number)
FORMATS.checks("currency")(_is_currency)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    if not DESCRIPTION.exists():
        pytest.skip("optional: Twilio's OpenAPI description is not beside this repository (shared/data)")
    loaded: dict[str, Any] = _as_json_schema(json.loads(DESCRIPTION.read_text()))
    return loaded


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema says `type: [..., "null"]`; and here no property is left out."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _as_json_schema(value) for key, value in node.items()}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        if "enum" in node:
            node["enum"] = [*node["enum"], None]
    if node.get("type") in ("object", ["object", "null"]) and isinstance(node.get("properties"), dict):
        node["required"] = sorted(node["properties"])
        node["additionalProperties"] = False
    return node


def check(description: dict[str, Any], response: TestResponse, path: str, method: str, status: int) -> Any:
    """The answer has the described status, media type and schema, with all fields and no other; its JSON."""
    assert response.status_code == status
    content = description["paths"][path][method]["responses"][str(status)]["content"]
    assert response.mimetype in content
    schema = {**content[response.mimetype]["schema"], "components": description["components"]}
    errors = list(Draft202012Validator(schema, format_checker=FORMATS).iter_errors(response.json))
    assert errors == []
    return response.json


def test_the_check_itself_notices_what_is_wrong(description: dict[str, Any]) -> None:
    account = Account()
    good = account.post()
    for field, value in [("status", "lost"), ("sid", "XX1"), ("price", 0), ("date_created", "2026-01-01")]:
        wrong = TestResponse(
            [json.dumps({**(good.json or {}), field: value}).encode()],
            "201 CREATED",
            good.headers,
            good.request,
        )
        with pytest.raises(AssertionError):
            check(description, wrong, f"{ROOT}/Messages.json", "post", 201)


@pytest.mark.parametrize(
    "does",
    [
        behaviour.deliver(),
        behaviour.undelivered(30003),
        behaviour.failed(30001),
        behaviour.silent(),
        behaviour.silent(waiting_as="sending"),
        behaviour.silent(waiting_as="queued"),
    ],
)
def test_a_message_in_every_status_is_as_described(description: dict[str, Any], does: Behaviour) -> None:
    account = Account()
    account.handler.carrier.does(does)
    created = check(description, account.post(), f"{ROOT}/Messages.json", "post", 201)
    account.clock.advance(60)
    fetched = account.get(f"/Messages/{created['sid']}.json")
    check(description, fetched, f"{ROOT}/Messages/{{Sid}}.json", "get", 200)


def test_messages_with_media_both_ways_are_as_described(description: dict[str, Any]) -> None:
    account = Account()
    check(
        description,
        account.post(Body=None, MediaUrl="https://example.com/a.jpg"),
        f"{ROOT}/Messages.json",
        "post",
        201,
    )
    text = account.text("look", files=[picture("A couch")], faults=InboundFaults(dropped=True))
    fetched = account.get(f"/Messages/{text.sid}.json")
    check(description, fetched, f"{ROOT}/Messages/{{Sid}}.json", "get", 200)
    place = f"/Messages/{text.sid}/Media"
    path = f"{ROOT}/Messages/{{MessageSid}}/Media"
    listed = check(description, account.get(f"{place}.json"), f"{path}.json", "get", 200)
    file = account.get(f"{place}/{listed['media_list'][0]['sid']}.json")
    check(description, file, f"{path}/{{Sid}}.json", "get", 200)


def test_rows_that_are_not_whole_not_ours_failed_or_full_of_nulls_are_as_described(
    description: dict[str, Any],
) -> None:
    account = Account()
    account.text("soon", faults=InboundFaults(receiving_seconds=90))
    account.text("a loop", faults=InboundFaults(error_code=30039))
    account.fake.add_row(Row("outbound-reply", "+15550001999", HANDLER, "another program's", "partially_delivered"))
    nulls = {"from", "to", "sid", "date_created", "date_sent", "date_updated", "body", "num_media", "num_segments"}
    account.fake.show(account.text("nothing").sid, dict.fromkeys(nulls))
    account.fake.show_lists(ListFaults(bodies=("redacted",), numbers={HANDLER: "+525512345678"}))
    page = check(description, account.get("/Messages.json"), f"{ROOT}/Messages.json", "get", 200)
    assert len(page["messages"]) == 4


def test_lists_with_and_without_pages_and_items_are_as_described(description: dict[str, Any]) -> None:
    account = Account()
    for query in ({}, {"To": HANDLER}, {"PageSize": "2"}, {"From": "+15559999999"}):
        for _ in range(3):
            account.post()
        page = check(description, account.get("/Messages.json", **query), f"{ROOT}/Messages.json", "get", 200)
        assert bool(page["messages"]) is (query.get("From") is None)
    after = account.http.get(page["first_page_uri"], auth=account.auth)
    check(description, after, f"{ROOT}/Messages.json", "get", 200)


def test_phone_numbers_are_as_described(description: dict[str, Any]) -> None:
    account = Account()
    path = f"{ROOT}/IncomingPhoneNumbers.json"
    listed = check(description, account.get("/IncomingPhoneNumbers.json", PhoneNumber=OURS), path, "get", 200)
    one = f"{ROOT}/IncomingPhoneNumbers/{{Sid}}.json"
    sid = listed["incoming_phone_numbers"][0]["sid"]
    check(description, account.get(f"/IncomingPhoneNumbers/{sid}.json"), one, "get", 200)
    changed = account.http.post(
        f"{account.root}/IncomingPhoneNumbers/{sid}.json",
        data={"SmsUrl": "https://example.com/sms"},
        auth=account.auth,
    )
    check(description, changed, one, "post", 200)


def test_the_parameters_of_a_send_are_those_of_the_description(description: dict[str, Any]) -> None:
    form = description["paths"][f"{ROOT}/Messages.json"]["post"]["requestBody"]["content"]
    described = form["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert set(described) == send_request.KNOWN
