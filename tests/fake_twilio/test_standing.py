"""How the account stands and what is registered of its numbers, in the shapes of Twilio's own interfaces."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.fake_twilio import Service, Standing, behaviour
from tests.fake_twilio.support import OURS, Account

TOLL_FREE = "+18335550100"


@pytest.fixture
def account() -> Account:
    return Account(numbers=(OURS, TOLL_FREE))


def listed(account: Account, path: str, key: str, **query: str) -> list[dict[str, Any]]:
    answer = account.http.get(f"/v1/{path}", query_string=query, auth=account.auth)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json  # type: ignore[assignment]
    assert told["meta"]["key"] == key
    rows: list[dict[str, Any]] = told[key]
    return rows


def test_the_account_tells_its_state_to_its_token_and_not_to_a_key(account: Account) -> None:
    account.fake.stand(Standing(status="suspended", type="Trial"))
    told = account.http.get(f"{account.root}.json", auth=account.auth).json
    assert told is not None
    assert (told["sid"], told["status"], told["type"]) == (account.fake.settings.account_sid, "suspended", "Trial")
    key = (account.fake.settings.api_key_sid, account.fake.settings.api_key_secret)
    assert account.http.get(f"{account.root}.json", auth=key).status_code == 401
    assert account.http.get(f"{account.root}.json").status_code == 401


def test_nothing_is_registered_of_a_new_account(account: Account) -> None:
    assert listed(account, "Services", "services") == []
    assert listed(account, "Tollfree/Verifications", "verifications") == []


def test_a_service_has_its_numbers_and_its_campaign(account: Account) -> None:
    account.fake.stand(Standing(services=(Service("Relay", (OURS,), "FAILED"), Service("Empty"))))
    services = listed(account, "Services", "services")
    assert [service["friendly_name"] for service in services] == ["Relay", "Empty"]
    (number,) = listed(account, f"Services/{services[0]['sid']}/PhoneNumbers", "phone_numbers")
    assert (number["phone_number"], number["service_sid"]) == (OURS, services[0]["sid"])
    (campaign,) = listed(account, f"Services/{services[0]['sid']}/Compliance/Usa2p", "compliance")
    assert (campaign["campaign_status"], campaign["errors"][0]["error_code"]) == ("FAILED", 30897)
    assert listed(account, f"Services/{services[1]['sid']}/Compliance/Usa2p", "compliance") == []
    assert account.http.get(f"/v1/Services/MG{'f' * 32}/PhoneNumbers", auth=account.auth).status_code == 404


def test_lists_have_pages(account: Account) -> None:
    account.fake.stand(Standing(services=tuple(Service(f"Service {number}") for number in range(3))))
    first = account.http.get("/v1/Services?PageSize=2", auth=account.auth).json
    assert first is not None
    assert len(first["services"]) == 2
    second = account.http.get(first["meta"]["next_page_url"], auth=account.auth).json
    assert second is not None
    assert ([one["friendly_name"] for one in second["services"]], second["meta"]["next_page_url"]) == (
        ["Service 2"],
        None,
    )


def test_a_toll_free_number_has_its_verification(account: Account) -> None:
    account.fake.stand(Standing(verifications={TOLL_FREE: "TWILIO_REJECTED"}))
    page = account.get("/IncomingPhoneNumbers.json", PhoneNumber=TOLL_FREE).json
    assert page is not None
    sid = page["incoming_phone_numbers"][0]["sid"]
    (found,) = listed(account, "Tollfree/Verifications", "verifications", TollfreePhoneNumberSid=sid)
    assert (found["status"], found["tollfree_phone_number_sid"]) == ("TWILIO_REJECTED", sid)
    other = listed(account, "Tollfree/Verifications", "verifications", TollfreePhoneNumberSid=f"PN{'0' * 32}")
    assert other == []


def test_these_are_read_only_and_have_the_outages_of_numbers(account: Account) -> None:
    assert account.http.post("/v1/Services", auth=account.auth).status_code == 405
    assert account.http.get("/v1/Services").status_code == 401
    assert account.http.get("/v1/Elsewhere", auth=account.auth).status_code == 404
    account.fake.restrict_key(["send"])
    key = (account.fake.settings.api_key_sid, account.fake.settings.api_key_secret)
    assert account.http.get("/v1/Services", auth=key).status_code == 403
    account.fake.begin_outage(behaviour.api_down(), endpoints=["numbers"])
    assert account.http.get("/v1/Services", auth=account.auth).status_code == 503
    assert account.http.get(f"{account.root}.json", auth=account.auth).status_code == 503


def test_it_is_switched_by_the_control_api(account: Account) -> None:
    body = {
        "type": "Trial",
        "services": [{"name": "Relay", "numbers": [OURS], "campaign_status": "VERIFIED"}],
        "verifications": {TOLL_FREE: "IN_REVIEW"},
    }
    assert account.http.post("/fake/standing", json=body).status_code == 200
    assert account.fake.state.standing == Standing(
        type="Trial",
        services=(Service("Relay", (OURS,), "VERIFIED"),),
        verifications={TOLL_FREE: "IN_REVIEW"},
    )
    wrongs: list[dict[str, Any]] = [
        {"services": [{"campaign_status": "GOOD"}]},
        {"verifications": {TOLL_FREE: "GOOD"}},
        {"services": {}},
        {"other": 1},
    ]
    for wrong in wrongs:
        assert account.http.post("/fake/standing", json=wrong).status_code == 400
