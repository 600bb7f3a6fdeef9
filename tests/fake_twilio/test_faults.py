"""Faults at the POST: what the caller sees, and what truly happened."""

import threading

import pytest
import requests
from relay.twilio import codes

from scripts.fake_twilio import Behaviour, FakeTwilio, Mixture, Server, behaviour
from scripts.fake_twilio.errors import is_told_by_an_answer, message_of
from tests.fake_twilio.support import HANDLER, OURS, Account, HttpApp


@pytest.mark.parametrize(
    ("does", "http_status", "code", "is_accepted"),
    [
        (behaviour.refuse(21610), 400, 21610, False),
        (behaviour.refuse(30006), 400, 30006, False),
        (behaviour.refuse(99999), 400, 99999, False),
        (behaviour.throttled(), 429, 20429, False),
        (behaviour.api_down(), 503, 20503, False),
        (behaviour.api_down(500), 500, 20500, False),
        (behaviour.api_down(502), 502, None, False),
        (behaviour.reply_lost(500), 500, 20500, True),
        (behaviour.reply_lost(504), 504, None, True),
    ],
)
def test_an_error_answer_with_and_without_acceptance(
    account: Account, does: Behaviour, http_status: int, code: int | None, is_accepted: bool
) -> None:
    account.handler.carrier.does(does)
    response = account.post()
    assert response.status_code == http_status
    if code is None:
        assert response.mimetype == "text/html"
    else:
        assert response.json is not None
        assert (response.json["code"], response.json["status"]) == (code, http_status)
    account.clock.advance(60)
    assert len(account.handler.inbox) == is_accepted
    (post,) = account.fake.posts
    assert (post.http_status, post.error_code, post.accepted) == (http_status, code, is_accepted)
    assert post.behaviour == does.name


@pytest.mark.parametrize(
    ("code", "is_refusal"), [(21614, True), (70051, True), (30006, False), (63018, False), (12300, False)]
)
def test_some_codes_are_refusals_and_the_others_are_told_later(code: int, is_refusal: bool) -> None:
    assert is_told_by_an_answer(code) is is_refusal


def test_every_code_that_the_relay_knows_has_words_of_its_own_here() -> None:
    assert [code for code in codes.TABLE if message_of(code).startswith("Error ")] == []


def send(server: Server, timeout: float = 20, **form: str) -> requests.Response:
    settings = server.fake.settings
    return requests.post(
        f"{server.base_url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        data={"To": HANDLER, "From": OURS, "Body": "hello", **form},
        auth=(settings.account_sid, settings.auth_token),
        timeout=timeout,
    )


@pytest.mark.parametrize(("does", "is_accepted"), [(behaviour.reset(), False), (behaviour.reply_lost(), True)])
def test_a_reset_looks_the_same_whether_the_message_left_or_not(
    server: Server, does: Behaviour, is_accepted: bool
) -> None:
    handler = server.fake.phone(HANDLER)
    handler.carrier.does(does, times=1)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        send(server)
    post = handler.expect_post()
    assert (post.http_status, post.accepted) == (None, is_accepted)
    if is_accepted:
        handler.expect_text()
    assert send(server).status_code == 201, "only the next message was to be reset"


@pytest.mark.parametrize("is_accepted", [True, False])
def test_a_hanging_answer_is_given_up_by_the_caller(server: Server, is_accepted: bool) -> None:
    handler = server.fake.phone(HANDLER)
    handler.carrier.hang(1000, accepted=is_accepted)
    with pytest.raises(requests.ReadTimeout):
        send(server, timeout=0.2)
    assert handler.expect_post().accepted is is_accepted
    if is_accepted:
        handler.expect_text()
    else:
        assert server.fake.messages == ()


def test_a_short_hang_ends_with_the_answer(server: Server) -> None:
    server.fake.phone(HANDLER).carrier.hang(1)
    assert send(server).status_code == 201


def test_a_closed_fake_lets_hanging_requests_go() -> None:
    with Server(FakeTwilio()) as server:
        server.fake.phone(HANDLER).carrier.hang(1e6)
        answered: list[int] = []
        thread = threading.Thread(target=lambda: answered.append(send(server).status_code))
        thread.start()
        server.fake.phone(HANDLER).expect_post()
    thread.join(120)
    assert answered == [201]


def test_callbacks_can_come_before_the_post_returns(server: Server) -> None:
    does = behaviour.deliver().with_callbacks(before_reply=True)
    server.fake.phone(HANDLER).carrier.does(does)
    with HttpApp() as app:
        response = send(server, StatusCallback=f"{app.base_url}/status")
        told = [request.form["MessageStatus"] for request in app.requests]
    assert response.json()["status"] == "queued"
    assert told == ["sending", "sent", "delivered"]


def test_callbacks_that_are_all_lost_do_not_hold_the_answer_back(server: Server) -> None:
    does = behaviour.deliver().with_callbacks(before_reply=True, lost=("all",))
    server.fake.phone(HANDLER).carrier.does(does)
    assert send(server, StatusCallback="http://127.0.0.1:9/status").status_code == 201
    assert server.fake.messages[0].status == "delivered"


def test_a_script_is_followed_and_then_the_usual_behaviour_again(account: Account) -> None:
    account.handler.carrier.refuse(21614)
    account.handler.carrier.follows(behaviour.api_down(), behaviour.deliver())
    account.handler.carrier.throttle(times=2)
    assert [account.post().status_code for _ in range(6)] == [503, 201, 429, 429, 400, 400]


def test_a_new_usual_behaviour_forgets_the_script(account: Account) -> None:
    account.handler.carrier.api_down(times=3)
    account.handler.carrier.deliver()
    assert account.post().status_code == 201


def test_one_phones_carrier_leaves_the_others_alone(account: Account) -> None:
    account.handler.carrier.api_down()
    assert account.post(To="+15550002002").status_code == 201


@pytest.mark.parametrize(
    ("does", "expected"),
    [
        (behaviour.api_down(), (503, 503)),
        (behaviour.api_down(500), (500, 500)),
        (behaviour.throttled(), (429, 429)),
        (behaviour.reply_lost(500), (500, 500)),
    ],
)
def test_an_outage_concerns_sends_and_reads_until_it_is_lifted(
    account: Account, does: Behaviour, expected: tuple[int, int]
) -> None:
    account.fake.begin_outage(does)
    assert (account.post().status_code, account.get("/Messages.json").status_code) == expected
    assert len(account.fake.messages) == does.at_post.accepted
    account.fake.end_outage()
    assert (account.post().status_code, account.get("/Messages.json").status_code) == (201, 200)


def test_an_outage_ends_by_itself_after_its_time(account: Account) -> None:
    account.fake.begin_outage(behaviour.api_down(), for_seconds=30)
    account.clock.advance(29)
    assert account.post().status_code == 503
    account.clock.advance(1)
    assert account.post().status_code == 201


def test_an_outage_does_not_use_up_a_carriers_script(account: Account) -> None:
    account.handler.carrier.refuse(21614, times=1)
    account.fake.begin_outage(behaviour.api_down(), for_seconds=30)
    account.post()
    account.clock.advance(30)
    assert account.post().status_code == 400


def fates(seed: int) -> list[str]:
    account = Account(seed=seed)
    account.handler.carrier.does(
        Mixture([(0.6, behaviour.deliver()), (0.2, behaviour.api_down()), (0.2, behaviour.silent())])
    )
    for _ in range(40):
        account.post()
    return [post.behaviour for post in account.fake.posts]


def test_a_mixture_draws_by_weight_and_by_seed() -> None:
    assert fates(7) == fates(7)
    assert fates(7) != fates(8)
    assert set(fates(7)) == {"deliver", "api_down", "silent"}


def sids_of_concurrent_sends(seed: int) -> dict[str, list[str]]:
    account = Account(seed=seed)
    phones = [f"+1555000{n:04}" for n in range(4)]

    def send_all(to: str) -> None:
        for _ in range(10):
            account.post(To=to)

    threads = [threading.Thread(target=send_all, args=(to,)) for to in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {to: [m.sid for m in account.fake.messages if m.to == to] for to in phones}


def test_sids_follow_from_the_seed_also_when_phones_are_sent_to_at_the_same_time() -> None:
    first, second = sids_of_concurrent_sends(1), sids_of_concurrent_sends(1)
    assert first == second
    assert first != sids_of_concurrent_sends(2)
    assert len({sid for sids in first.values() for sid in sids}) == 40


def test_inbound_sids_and_tokens_follow_from_the_seed() -> None:
    texts = []
    for _ in range(2):
        account = Account(seed="story")
        account.text()
        account.text()
        texts.append([(r.form["MessageSid"], r.headers["I-Twilio-Idempotency-Token"]) for r in account.app.requests])
    assert texts[0] == texts[1]
    assert len(set(texts[0])) == 2
