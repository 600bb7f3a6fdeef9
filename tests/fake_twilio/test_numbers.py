"""IncomingPhoneNumbers: what a set-up script reads and writes."""

from typing import Any

import pytest

from tests.fake_twilio.support import OURS, Account

OTHER = "+15550001001"


@pytest.fixture
def two() -> Account:
    return Account(numbers=(OURS, OTHER), sms_url="")


def numbers(account: Account, **query: str) -> list[dict[str, Any]]:
    page = account.get("/IncomingPhoneNumbers.json", **query).json
    assert page is not None
    found: list[dict[str, Any]] = page["incoming_phone_numbers"]
    return found


def update(account: Account, sid: str, **form: str) -> tuple[int, dict[str, Any]]:
    response = account.http.post(f"{account.root}/IncomingPhoneNumbers/{sid}.json", data=form, auth=account.auth)
    return response.status_code, response.json or {}


def test_numbers_are_found_by_number_or_part_of_it(two: Account) -> None:
    assert [n["phone_number"] for n in numbers(two)] == [OURS, OTHER]
    assert [n["phone_number"] for n in numbers(two, PhoneNumber=OTHER)] == [OTHER]
    assert len(numbers(two, PhoneNumber="555000")) == 2
    assert numbers(two, PhoneNumber="+15559999999") == []
    assert len(numbers(two, FriendlyName=OURS)) == 1


def test_an_update_sets_what_it_names_and_leaves_the_rest(two: Account) -> None:
    sid = numbers(two, PhoneNumber=OURS)[0]["sid"]
    status, changed = update(
        two,
        sid,
        SmsUrl="https://relay.example.com/sms/inbound#rc=5&rp=all",
        SmsFallbackUrl="https://other.example.com/sms/inbound",
        SmsMethod="post",
        SmsFallbackMethod="GET",
        StatusCallback="https://relay.example.com/status",
    )
    assert status == 200
    assert changed["sms_url"] == "https://relay.example.com/sms/inbound#rc=5&rp=all"
    assert (changed["sms_method"], changed["sms_fallback_method"]) == ("POST", "GET")
    assert changed["status_callback"] == "https://relay.example.com/status"
    _, again = update(two, sid, SmsFallbackUrl="")
    assert (again["sms_url"], again["sms_fallback_url"]) == (changed["sms_url"], "")
    assert numbers(two, PhoneNumber=OTHER)[0]["sms_url"] == ""


def test_texts_go_where_the_number_points_after_an_update(two: Account) -> None:
    update(two, numbers(two, PhoneNumber=OTHER)[0]["sid"], SmsUrl="https://new.example.com/sms")
    two.text(to=OTHER)
    assert [request.url for request in two.app.requests] == ["https://new.example.com/sms"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"SmsUrl": "relay.example.com/sms"}, 21402),
        ({"SmsFallbackUrl": "ftp://example.com/"}, 21402),
        ({"SmsMethod": "PUT"}, 21403),
        ({"VoiceUrl": "https://example.com/"}, 20001),
    ],
)
def test_an_update_that_makes_no_sense_changes_nothing(two: Account, form: dict[str, str], code: int) -> None:
    before = numbers(two)
    status, answer = update(two, before[0]["sid"], **form)
    assert (status, answer["code"]) == (400, code)
    assert numbers(two) == before
