"""The control API: what the page of phones reads and does."""

import threading
from typing import Any

import pytest

from scripts.fake_twilio import catalogue, picture
from scripts.fake_twilio.catalogue import behaviour_named
from tests.fake_twilio.support import CUSTOMER, HANDLER, OURS, Account


def state(account: Account, **query: str) -> dict[str, Any]:
    response = account.http.get("/fake/state", query_string=query)
    assert response.status_code == 200
    return dict(response.json or {})


def do(account: Account, what: str, **body: object) -> tuple[int, dict[str, Any]]:
    response = account.http.post(f"/fake/{what}", json=body)
    return response.status_code, response.json or {}


def phone(account: Account, number: str) -> dict[str, Any]:
    (found,) = [phone for phone in state(account)["phones"] if phone["phone"] == number]
    return dict(found)


def test_a_customers_text_calls_the_webhook_and_stands_in_the_state(account: Account) -> None:
    code, answer = do(account, "customer-texts", **{"from": CUSTOMER, "to": OURS, "body": "help"})
    account.clock.advance(1)
    assert code == 202
    assert account.app.requests[0].form["MessageSid"] == answer["sid"]
    (sent,) = phone(account, CUSTOMER)["sent"]
    assert (sent["sid"], sent["body"], sent["status"]) == (answer["sid"], "help", "received")


def test_to_may_be_left_out_and_a_picture_attached(account: Account) -> None:
    drawn = state(account)["pictures"][0]["file"]
    code, answer = do(account, "customer-texts", **{"from": CUSTOMER, "body": "", "files": [drawn]})
    assert (code, answer["sid"][:2]) == (202, "MM")
    (shown,) = state(account)["messages"][0]["media"]
    assert (shown["file"], shown["content_type"]) == (drawn, "image/png")
    assert account.http.get(f"/fake/files/{drawn}").data == picture("A couch").content


def test_the_inbox_shows_what_the_handset_has_shown(account: Account) -> None:
    do(account, "phones", phone=HANDLER, name="tier 1")
    account.post(Body="fwd: help")
    assert phone(account, HANDLER)["inbox"] == []
    account.clock.advance(60)
    shown = phone(account, HANDLER)
    assert (shown["name"], shown["inbox"][0]["body"]) == ("tier 1", "fwd: help")
    assert [entry["status"] for entry in shown["inbox"][0]["history"]] == ["queued", "sending", "sent", "delivered"]


def test_a_behaviour_can_be_for_the_next_text_with_some_words(account: Account) -> None:
    do(account, "carrier", phone=HANDLER, behaviour="refuse", error_code=21614, times=1, containing="boiler")
    for words, status in (("how to answer", 201), ("the boiler leaks", 400), ("the boiler leaks", 201)):
        assert account.post(Body=words).status_code == status
    assert do(account, "carrier", phone=HANDLER, behaviour="silent", containing="boiler")[0] == 400


def test_a_carriers_behaviour_is_set_and_shown(account: Account) -> None:
    assert do(account, "carrier", phone=HANDLER, behaviour="refuse", error_code=30006)[0] == 200
    shown = phone(account, HANDLER)
    assert (shown["behaviour"], shown["error_code"], shown["delay_seconds"]) == ("refuse", 30006, None)
    assert account.post().status_code == 400
    do(account, "carrier", phone=HANDLER, behaviour="late", delay_seconds=5)
    assert phone(account, HANDLER)["delay_seconds"] == 5
    do(account, "carrier", phone=HANDLER, behaviour="api_down", times=2)
    assert phone(account, HANDLER)["arranged"] == ["api_down", "api_down"]
    assert account.post().status_code == 503


def test_every_behaviour_in_the_state_can_be_chosen_by_its_name(account: Account) -> None:
    for choice in state(account)["behaviours"]:
        values = {"error_code": 30007} if choice["takes_error_code"] else {}
        values |= {"delay_seconds": 3} if choice["takes_delay_seconds"] else {}
        assert do(account, "carrier", phone=HANDLER, behaviour=choice["name"], **values)[0] == 200
        shown = phone(account, HANDLER)
        assert shown["behaviour"] == choice["name"]
        assert shown["error_code"] == values.get("error_code", shown["error_code"])
        assert shown["delay_seconds"] == values.get("delay_seconds")


def test_a_behaviours_name_is_the_one_it_is_chosen_by() -> None:
    assert [behaviour_named(choice.name).name for choice in catalogue.CHOICES] == [
        choice.name for choice in catalogue.CHOICES
    ]


def test_an_opted_out_phone_is_shown_as_such(account: Account) -> None:
    do(account, "customer-texts", **{"from": HANDLER, "body": "STOP"})
    assert phone(account, HANDLER)["opted_out"] is True


def test_an_outage_begins_and_ends(account: Account) -> None:
    do(account, "outage", behaviour="api_down")
    assert state(account)["account"]["outages"]["send"] == "api_down"
    assert account.post().status_code == 503
    do(account, "outage", behaviour=None)
    assert state(account)["account"]["outages"] == {}
    do(account, "outage", behaviour="throttled", seconds=10)
    account.clock.advance(10)
    assert account.post().status_code == 201


def test_an_outage_of_some_endpoints_for_some_requests(account: Account) -> None:
    answer = {"status": 403, "error_code": 70051}
    do(account, "outage", behaviour="api_down", answer=answer, endpoints=["list", "fetch"], requests=1)
    assert state(account)["account"]["outages"] == {"list": "api_down", "fetch": "api_down"}
    refused = account.get("/Messages.json")
    assert (refused.status_code, refused.json and refused.json["code"]) == (403, 70051)
    assert account.get("/Messages.json").status_code == 200


def test_any_field_of_a_behaviours_three_parts_can_be_given(account: Account) -> None:
    answer = {"status": 502, "body_status": 400, "retry_after": "5"}
    callbacks = {"copies": 2, "says": {"To": "+15550009999", "Extra": "x"}, "query": {"tier": "2"}, "lost": ["sending"]}
    fate = {"ends": "sent", "turns_to": "undelivered", "turn_error_code": 30006, "turn_seconds": 5}
    given = {"answer": answer, "fate": fate, "callbacks": callbacks}
    assert do(account, "carrier", phone=HANDLER, behaviour="deliver", **given)[0] == 200
    refused = account.post()
    assert (refused.status_code, refused.json and refused.json["status"]) == (502, 400)
    assert refused.headers["Retry-After"] == "5"
    account.clock.advance(60)
    assert account.app.statuses == ["sent", "sent", "undelivered", "undelivered"]
    last = account.app.requests[-1]
    assert (last.form["To"], last.form["Extra"], last.form["ErrorCode"]) == ("+15550009999", "x", "30006")
    assert "tier=2" in last.url


def test_faults_of_lists_rows_and_texts_are_switched_on_and_off(account: Account) -> None:
    assert do(account, "lists", inbound_lag_seconds=60, bodies=["redacted"], numbers={OURS: "+1000"})[0] == 200
    assert state(account)["account"]["lists"] == {
        "inbound_lag_seconds": 60,
        "bodies": ["redacted"],
        "numbers": {OURS: "+1000"},
    }
    do(account, "lists")
    assert state(account)["account"]["lists"] == {}
    row = {"direction": "inbound", "from": CUSTOMER, "to": OURS, "status": "received", "age_seconds": 1200}
    code, added = do(account, "rows", row=row, fields={"from": None})
    shown = (account.get("/Messages.json").json or {})["messages"]
    assert (code, [(one["sid"], one["from"]) for one in shown]) == (202, [(added["sid"], None)])
    assert do(account, "rows", sid=added["sid"], fields={"from": CUSTOMER, "status": "receiving"})[0] == 202
    assert (account.get("/Messages.json").json or {})["messages"][0]["status"] == "receiving"
    faults = {"says": {"MessageSid": None}, "raw": {"Body": "%FF"}, "age_seconds": 5}
    assert do(account, "customer-texts", **{"from": "Café Öl", "body": "", "faults": faults})[0] == 202
    account.clock.advance(1)
    assert b"Body=%FF" in account.app.requests[0].body


def test_a_queue_is_limited_and_shown(account: Account) -> None:
    assert do(account, "queue", segments_per_second=1, hours=0)[0] == 200
    assert state(account)["account"]["queue"] == {"segments_per_second": 1, "hours": 0}
    assert [account.post().status_code for _ in range(2)] == [201, 429]
    do(account, "queue")
    assert account.post().status_code == 201


def test_a_key_is_restricted_and_opt_out_words_are_set(account: Account) -> None:
    assert do(account, "key", may=["send"])[0] == 200
    assert state(account)["account"]["key_may"] == ["send"]
    assert do(account, "opt-out", words={"baja": "STOP"})[0] == 200
    do(account, "customer-texts", **{"from": HANDLER, "body": "BAJA"})
    assert phone(account, HANDLER)["opted_out"] is True


def test_the_end_of_an_outage_is_news(account: Account) -> None:
    do(account, "outage", behaviour="throttled", seconds=10)
    seen = state(account)["version"]
    account.clock.advance(10)
    assert state(account, since=str(seen), wait_seconds="60")["account"]["outages"] == {}


def test_the_record_holds_posts_and_exchanges(account: Account) -> None:
    account.text("help")
    account.post(Body=None)
    record = account.http.get("/fake/record").json
    assert record is not None
    assert [(post["http_status"], post["accepted"]) for post in record["posts"]] == [(400, False)]
    assert [(e["kind"], e["http_status"], e["succeeded"]) for e in record["exchanges"]] == [("inbound", 200, True)]


def test_every_change_raises_the_version(account: Account) -> None:
    versions = [state(account)["version"]]
    for change in (
        lambda: do(account, "phones", phone=HANDLER, name="tier 1"),
        lambda: do(account, "carrier", phone=HANDLER, behaviour="silent"),
        lambda: do(account, "customer-texts", **{"from": CUSTOMER, "body": "help"}),
        lambda: account.clock.advance(1),
        account.post,
        lambda: account.clock.advance(60),
        lambda: do(account, "outage", behaviour="reset"),
    ):
        change()
        versions.append(state(account)["version"])
    assert versions == sorted(set(versions))


def test_a_state_newer_than_the_one_seen_is_answered_at_once(account: Account) -> None:
    seen = state(account)["version"]
    account.post()
    assert state(account, since=str(seen), wait_seconds="60")["version"] > seen


def test_a_long_poll_ends_with_the_next_change() -> None:
    account = Account()
    seen = state(account)["version"]
    timer = threading.Timer(0.05, account.post)
    timer.start()
    newer = state(account, since=str(seen), wait_seconds="60")
    timer.join()
    assert newer["messages"][0]["status"] == "queued"


def test_a_long_poll_without_a_change_ends_with_its_time(account: Account) -> None:
    seen = state(account)["version"]
    assert state(account, since=str(seen), wait_seconds="0.01")["version"] == seen


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("customer-texts", {"from": "", "body": "help"}),
        ("customer-texts", {"from": "sms:me", "body": "help"}),
        ("customer-texts", {"from": CUSTOMER, "body": "help", "faults": {"copies": "2"}}),
        ("customer-texts", {"from": CUSTOMER}),
        ("customer-texts", {"from": CUSTOMER, "to": "+15559999999", "body": "help"}),
        ("customer-texts", {"from": CUSTOMER, "body": "help", "media": "https://example.com"}),
        ("carrier", {"phone": HANDLER, "behaviour": "explode"}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "error_code": 30006}),
        ("carrier", {"phone": HANDLER, "behaviour": "refuse", "error_code": "30006"}),
        ("carrier", {"phone": HANDLER, "behaviour": "late", "delay_seconds": -1}),
        ("carrier", {"phone": HANDLER, "behaviour": "silent", "delay_seconds": 1}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "answr": {}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "answer": []}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "answer": {"statsu": 500}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "answer": {"status": "500"}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "answer": {"status": 200}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "answer": {"interim": 103}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "fate": {"ends": "lost"}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "fate": {"wait_seconds": -1}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "callbacks": {"says": ["To"]}}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "callbacks": {"query": {"tier": 2}}}),
        ("carrier", {"phone": HANDLER, "behaviour": "refused_connection"}),
        ("outage", {"behaviour": "api_down", "seconds": True}),
        ("outage", {"behaviour": "api_down", "endpoints": ["sned"]}),
        ("outage", {"behaviour": "api_down", "endpoints": []}),
        ("outage", {"behaviour": "api_down", "requests": 1.5}),
        ("outage", {"behaviour": "refused_connection"}),
        ("outage", {"behaviour": "refused_connection", "seconds": 5}),
        ("phones", {"phone": HANDLER}),
        ("lists", {"lag": 5}),
        ("lists", {"bodies": ["lost"]}),
        ("lists", {"page_skips": -1}),
        ("rows", {"sid": "SM0", "fields": {"body": None}}),
        ("rows", {"row": {"status": "lost"}}),
        ("rows", {"row": {"from": 5}}),
        ("rows", {"fields": {"body": None}}),
        ("rows", {"row": {}, "fields": {"boddy": None}}),
        ("rows", {"row": {}, "fields": {"body": 5}}),
        ("queue", {"segments_per_second": 0}),
        ("queue", {"hours": "ten"}),
        ("key", {"may": ["read"]}),
        ("key", {"may": []}),
        ("opt-out", {"words": {"BAJA": "GO"}}),
        ("opt-out", {}),
    ],
)
def test_a_mistake_is_400_with_a_sentence_and_changes_nothing(
    account: Account, what: str, body: dict[str, object]
) -> None:
    before = state(account)
    code, answer = do(account, what, **body)
    assert code == 400
    assert answer["error"]
    assert state(account) == before


def test_what_is_no_json_or_no_page_or_no_method_is_refused(account: Account) -> None:
    assert account.http.post("/fake/carrier", data={"phone": HANDLER}).status_code == 415
    assert account.http.post("/fake/carrier", data="{", content_type="application/json").status_code == 400
    assert account.http.post("/fake/carrier", json=["x"]).status_code == 400
    assert account.http.get("/fake/state?since=x").status_code == 400
    assert account.http.get("/fake/nothing").status_code == 404
    assert account.http.get("/fake/carrier").status_code == 405
    assert account.http.get("/").status_code == 404
