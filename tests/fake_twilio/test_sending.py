"""POST Messages.json: what is refused, with which code, and what is accepted."""

import pytest

from tests.fake_twilio.support import CUSTOMER, HANDLER, OURS, Account


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": None}, 21604),
        ({"To": "5550002001"}, 21211),
        ({"To": "+0550002001"}, 21211),
        ({"To": "+1555000200x"}, 21211),
        ({"To": HANDLER + "\n"}, 21211),
        ({"From": None}, 21603),
        ({"From": "Plumber"}, 21212),
        ({"From": "+15559999999"}, 21606),
        ({"To": OURS}, 21266),
        ({"MessagingServiceSid": "MG" + "0" * 32}, 21705),
        ({"Body": None}, 21602),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"MediaUrl": "not a url"}, 21620),
        ({"MediaUrl": [f"https://example.com/{n}" for n in range(11)]}, 21623),
        ({"StatusCallback": "/sms/delivery-status"}, 21609),
        ({"StatusCallback": "https://my_relay.example.com/x"}, 21609),
        ({"StatusCallback": "https://relay.example.com:port/x"}, 21609),
        ({"StatusCallback": "https://example.com/" + "x" * 4000}, 21609),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "1.5"}, 21624),
        ({"Boddy": "hello"}, 20001),
    ],
)
def test_a_mistake_is_refused_with_twilios_code(account: Account, form: dict[str, object], code: int) -> None:
    response = account.post(**form)
    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == code
    assert response.json["status"] == 400
    assert response.json["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert account.fake.messages == ()
    assert account.fake.posts[0].error_code == code


@pytest.mark.parametrize(
    "form",
    [
        {"Body": "x" * 1600},
        {"Body": None, "MediaUrl": "https://example.com/a.jpg"},
        {"StatusCallback": None},
        {"StatusCallback": "http://127.0.0.1:8080/x#rc=2"},
        {"ValidityPeriod": "1"},
        {"ValidityPeriod": "36000"},
    ],
)
def test_the_limits_themselves_are_accepted(account: Account, form: dict[str, object]) -> None:
    assert account.post(**form).status_code == 201


def test_an_accepted_message_is_queued_and_has_no_price_nor_sent_date(account: Account) -> None:
    message = account.post().json
    assert message is not None
    assert message["status"] == "queued"
    assert message["date_created"] == "Thu, 01 Jan 2026 00:00:00 +0000"
    assert message["date_sent"] is None
    assert message["price"] is None
    assert message["error_code"] is None
    assert message["uri"] == f"{account.root}/Messages/{message['sid']}.json"
    assert message["subresource_uris"] == {"media": f"{account.root}/Messages/{message['sid']}/Media.json"}


def test_a_message_with_media_has_an_mm_sid(account: Account) -> None:
    message = account.post(MediaUrl=["https://example.com/a.jpg", "https://example.com/b.jpg"]).json
    assert message is not None
    assert message["sid"].startswith("MM")
    assert message["num_media"] == "2"


def test_smart_encoding_replaces_typographic_characters(account: Account) -> None:
    body = "“It\N{RIGHT SINGLE QUOTATION MARK}s” leaking…" + "x" * 60
    plain, smart = account.post(Body=body).json, account.post(Body=body, SmartEncoded="true").json
    assert plain is not None
    assert smart is not None
    assert plain["body"] == body
    assert plain["num_segments"] == "2"
    assert smart["body"] == '"It\'s" leaking...' + "x" * 60
    assert smart["num_segments"] == "1"


@pytest.mark.parametrize("user", ["account", "key"])
def test_both_kinds_of_credentials_are_accepted(account: Account, user: str) -> None:
    if user == "key":
        settings = account.fake.settings
        account.auth = (settings.api_key_sid, settings.api_key_secret)
    assert account.post().status_code == 201


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("AC" + "0" * 32, "wrong"),
        ("AC" + "0" * 32, ""),
        ("SK" + "0" * 32, "made-up-auth-token"),
        ("AC" + "1" * 32, "made-up-auth-token"),
        ("", ""),
    ],
)
def test_wrong_credentials_are_401_with_code_20003(account: Account, username: str, password: str) -> None:
    account.auth = (username, password)
    for response in (account.post(), account.get("/Messages.json"), account.get("/IncomingPhoneNumbers.json")):
        assert response.status_code == 401
        assert response.json == {
            "code": 20003,
            "message": "Authenticate",
            "more_info": "https://www.twilio.com/docs/errors/20003",
            "status": 401,
        }
    assert account.fake.posts[0].http_status == 401


def test_a_request_without_credentials_or_for_another_account_is_401(account: Account) -> None:
    path = f"{account.root}/Messages.json"
    assert account.http.get(path).status_code == 401
    assert account.http.get(path, headers={"Authorization": "Bearer x"}).status_code == 401
    other = path.replace("AC0", "AC1")
    assert account.http.get(other, auth=account.auth).status_code == 401


def test_after_a_rotation_only_the_new_token_is_accepted(account: Account) -> None:
    account.fake.rotate_auth_token("new")
    assert account.post().status_code == 401
    account.auth = (account.auth[0], "new")
    assert account.post().status_code == 201


@pytest.mark.parametrize("path", ["/Messages/SM" + "0" * 32 + ".json", "/IncomingPhoneNumbers/PN0.json", "/Calls.json"])
def test_an_unknown_resource_is_404_with_code_20404(account: Account, path: str) -> None:
    response = account.get(path)
    assert response.status_code == 404
    assert response.json is not None
    assert response.json["code"] == 20404


def test_a_method_that_a_resource_does_not_have_is_405(account: Account) -> None:
    response = account.http.delete(f"{account.root}/Messages.json", auth=account.auth)
    assert (response.status_code, response.json and response.json["code"]) == (405, 20004)


def test_every_post_is_on_record_with_its_answer(account: Account) -> None:
    account.post(Body="one")
    account.clock.advance(5)
    account.post(Body=None)
    first, second = account.fake.posts
    assert (first.to, first.from_, first.body, first.http_status) == (HANDLER, OURS, "one", 201)
    assert first.message_sid == account.fake.messages[0].sid
    assert (second.accepted, second.http_status, second.error_code) == (False, 400, 21602)
    assert second.arrived_at - first.arrived_at == 5


def test_who_texts_stop_is_refused_until_start_in_any_case_of_letters(account: Account) -> None:
    for word, accepted in [("Stop ", False), ("please START", False), ("yes", True), ("END", False), ("start", True)]:
        account.handler.texts(word, waits=False)
        response = account.post()
        assert (response.status_code == 201) is accepted, word
        if not accepted:
            assert response.json is not None
            assert response.json["code"] == 21610
        assert account.handler.is_opted_out is not accepted
    account.customer.texts("STOP", waits=False)
    assert account.post().status_code == 201, "another phone's STOP is not this phone's"
    assert account.post(To=CUSTOMER).status_code == 400
