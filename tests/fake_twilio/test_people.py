"""What people do with their phones beside writing: they opt out, tap back, and drive."""

import json

import pytest

from scripts.fake_twilio import TAPBACKS, Message, Reaction, picture
from scripts.fake_twilio.auto_replies import DRIVING
from scripts.fake_twilio.inbound_form import OWN_ANSWERS
from tests.fake_twilio.support import CUSTOMER, HANDLER, OURS, Account

STOP_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")


def shown(account: Account, **form: object) -> Message:
    """The text as the handler's phone has it, once it got there."""
    account.post(**form)
    account.clock.advance(60)
    return account.handler.inbox[-1]


def said(account: Account) -> list[str]:
    """The words of each webhook, in order."""
    return [request.form["Body"] for request in account.app.requests if "Body" in request.form]


def listed(account: Account) -> list[str]:
    page = account.get("/Messages.json").json
    assert page is not None
    return [message["body"] for message in page["messages"]]


@pytest.mark.parametrize("word", [*STOP_WORDS, "stop", " Stop\n"])
def test_a_word_of_stop_blocks_the_pair_is_answered_by_twilio_and_calls_the_webhook(
    account: Account, word: str
) -> None:
    account.text(word)
    (answer,) = account.customer.inbox
    assert (answer.direction, answer.from_, answer.body) == ("outbound-reply", OURS, OWN_ANSWERS["STOP"])
    assert said(account) == [word]
    refused = account.post(To=CUSTOMER)
    assert (refused.status_code, refused.json and refused.json["code"]) == (400, 21610)
    assert account.post(To=HANDLER).status_code == 201


@pytest.mark.parametrize("words", ["PLEASE CANCEL", "stop it", "STOP.", "K71 STOP"])
def test_more_than_the_word_blocks_nothing_and_is_not_answered(account: Account, words: str) -> None:
    account.text(words)
    assert account.customer.inbox == []
    assert account.post(To=CUSTOMER).status_code == 201


@pytest.mark.parametrize("word", ["START", "YES", "UNSTOP"])
def test_a_word_of_start_lifts_the_block_and_says_so_once(account: Account, word: str) -> None:
    account.text("STOP")
    for _ in range(2):
        account.text(word)
    assert [text.body for text in account.customer.inbox] == [OWN_ANSWERS["STOP"], OWN_ANSWERS["START"]]
    assert account.post(To=CUSTOMER).status_code == 201
    assert said(account) == ["STOP", word, word]


def test_a_yes_of_a_phone_that_never_opted_out_is_a_yes(account: Account) -> None:
    account.text("yes")
    assert (account.customer.inbox, said(account)) == ([], ["yes"])


def test_a_second_stop_is_not_answered_nor_is_a_call_for_help_afterwards(account: Account) -> None:
    for word in ("STOP", "END", "HELP"):
        account.text(word)
    assert [text.body for text in account.customer.inbox] == [OWN_ANSWERS["STOP"]]


@pytest.mark.parametrize("word", ["HELP", "info"])
def test_help_is_answered_and_blocks_nothing(account: Account, word: str) -> None:
    account.text(word)
    assert [text.body for text in account.customer.inbox] == [OWN_ANSWERS["HELP"]]
    assert account.post(To=CUSTOMER).status_code == 201


def test_a_block_is_of_one_of_our_numbers_alone() -> None:
    other = "+15550001001"
    account = Account(numbers=(OURS, other))
    account.text("STOP", to=other)
    assert account.post(To=CUSTOMER, From=OURS).status_code == 201
    assert account.post(To=CUSTOMER, From=other).status_code == 400
    assert account.customer.inbox[0].from_ == other


def test_a_name_is_not_answered(account: Account) -> None:
    account.fake.customer_texts("Taxi", OURS, "STOP")
    account.clock.advance(60)
    assert account.fake.phone("Taxi").inbox == []


def test_webhooks_tell_what_a_word_means_with_advanced_opt_out_alone(account: Account) -> None:
    def told(word: str) -> str | None:
        account.text(word)
        return account.app.requests[-1].form.get("OptOutType")

    assert told("STOP") is None
    answer = account.http.post("/fake/opt-out", json={"words": "usual"})
    assert answer.status_code == 200
    assert [told(word) for word in ("STOP", "HELP", "yes", "thanks")] == ["STOP", "HELP", "START", None]


def test_twilios_own_answers_stand_in_lists_only_where_that_is_asked_for(account: Account) -> None:
    account.text("STOP")
    assert listed(account) == ["STOP"]
    assert account.http.post("/fake/opt-out", json={"words": {}, "lists_own_answers": True}).status_code == 200
    account.text("START")
    assert sorted(listed(account)) == sorted(["STOP", "START", OWN_ANSWERS["START"]])


def test_nothing_is_called_about_twilios_own_answers(account: Account) -> None:
    account.text("HELP")
    assert [request.form.get("MessageStatus") for request in account.app.requests] == [None]
    assert account.fake.posts == ()


def test_each_tapback_is_a_text_in_apples_words(account: Account) -> None:
    message = shown(account, Body="the boiler is leaking")
    for tapback in TAPBACKS:
        account.handler.taps_back(tapback.name, waits=False)
    account.clock.advance(60)
    assert said(account) == [
        "Liked “the boiler is leaking”",
        "Loved “the boiler is leaking”",
        "Laughed at “the boiler is leaking”",
        "Emphasized “the boiler is leaking”",
        "Questioned “the boiler is leaking”",
        "Disliked “the boiler is leaking”",
    ]
    assert {request.form["From"] for request in account.app.requests if "Body" in request.form} == {HANDLER}
    assert message.body == "the boiler is leaking"


@pytest.mark.parametrize(
    ("reaction", "words"),
    [
        (Reaction("like", "google"), "\u200b👍\u200b to “one two three”"),
        (Reaction("love", "google", on_photo=True), "\u200b❤️\u200b to an image"),
        (Reaction("like", on_photo=True), "Liked an image"),
        (Reaction("laugh", on_photo=True), "Laughed at an image"),
        (Reaction("love", takes_back=True), "Removed a heart from “one two three”"),
        (Reaction("emphasise", takes_back=True, on_photo=True), "Removed an exclamation from an image"),
        (Reaction("dislike", quoted_characters=8), "Disliked “one two…”"),
        (Reaction("dislike", quoted_characters=13), "Disliked “one two three”"),
    ],
)
def test_a_reaction_has_the_words_of_its_phone(reaction: Reaction, words: str) -> None:
    assert reaction.words("one two three") == words


def test_a_tapback_goes_to_the_number_that_its_text_came_from() -> None:
    other = "+15550001001"
    account = Account(numbers=(OURS, other))
    for number in (OURS, other):
        account.post(From=number, Body=f"from {number}")
    account.clock.advance(60)
    account.handler.taps_back(on=next(text for text in account.handler.inbox if text.from_ == other), waits=False)
    account.clock.advance(60)
    assert account.app.requests[-1].form["To"] == other


def test_a_phone_taps_back_through_the_control_api(account: Account) -> None:
    url = "https://relay.example.com/m/1"
    account.app.serve(url, "image/png", picture("A couch").content)
    message = shown(account, Body="", MediaUrl=url)
    told = {"phone": HANDLER, "sid": message.sid, "tapback": "love", "on_photo": True}
    answer = account.http.post("/fake/tapbacks", json=told)
    account.clock.advance(60)
    assert (answer.status_code, said(account)) == (202, ["Loved an image"])
    assert answer.json is not None
    assert answer.json["sid"] == account.app.requests[-1].form["MessageSid"]


def test_a_phone_that_answers_by_itself_answers_each_text_after_its_seconds(account: Account) -> None:
    set_to = {"phone": HANDLER, "words": DRIVING, "after_seconds": 5}
    assert account.http.post("/fake/auto-reply", json=set_to).status_code == 200
    for words in ("one", "two"):
        account.post(Body=words)
        account.clock.advance(60)
    arrived = [text.reached_phone_at for text in account.handler.inbox]
    replies = [request for request in account.app.requests if "Body" in request.form]
    assert [(reply.form["From"], reply.form["To"], reply.form["Body"]) for reply in replies] == [
        (HANDLER, OURS, DRIVING)
    ] * 2
    assert [reply.at - at for reply, at in zip(replies, arrived, strict=True) if at] == [pytest.approx(5)] * 2


def test_a_text_that_never_arrives_is_not_answered_by_itself(account: Account) -> None:
    account.handler.replies_by_itself("I am away")
    account.handler.carrier.undelivered()
    account.post()
    account.clock.advance(60)
    assert said(account) == []


def test_a_phone_whose_owner_has_arrived_answers_no_more_not_even_what_came_before(account: Account) -> None:
    account.handler.replies_by_itself("I am away", after_seconds=30)
    shown(account, Body="one")
    account.post(Body="two")
    account.clock.advance(2)
    account.handler.replies_no_more()
    account.clock.advance(60)
    assert [text.body for text in account.handler.inbox] == ["one", "two"]
    assert said(account) == ["I am away"]


def test_an_auto_reply_is_shown_and_switched_off(account: Account) -> None:
    def told() -> object:
        state = account.http.get("/fake/state").json
        assert state is not None
        assert state["driving"] == DRIVING
        return next(phone["auto_reply"] for phone in state["phones"] if phone["phone"] == HANDLER)

    shown(account)
    assert told() is None
    account.http.post("/fake/auto-reply", json={"phone": HANDLER, "words": "away"})
    assert told() == {"words": "away", "after_seconds": 2.0}
    account.http.post("/fake/auto-reply", json={"phone": HANDLER, "words": None})
    assert told() is None


def test_an_answer_to_a_customer_is_accepted_delivered_and_shown_with_its_receipts(account: Account) -> None:
    assert account.post(To=CUSTOMER, Body="we are on our way").status_code == 201
    account.clock.advance(60)
    assert [(text.body, text.status) for text in account.customer.inbox] == [("we are on our way", "delivered")]
    assert account.app.statuses == ["sending", "sent", "delivered"]


def test_the_state_says_which_of_our_numbers_may_not_text_a_phone(account: Account) -> None:
    account.text("STOP")
    state = account.http.get("/fake/state").json
    assert state is not None
    assert [phone["opted_out_of"] for phone in state["phones"] if phone["phone"] == CUSTOMER] == [[OURS]]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("tapbacks", {"phone": HANDLER, "sid": "SM0"}),
        ("tapbacks", {"phone": HANDLER, "sid": "TEXT", "tapback": "cheer"}),
        ("tapbacks", {"phone": HANDLER, "sid": "TEXT", "form": "nokia"}),
        ("tapbacks", {"phone": HANDLER, "sid": "TEXT", "on_photo": True}),
        ("tapbacks", {"phone": HANDLER, "sid": "TEXT", "form": "google", "takes_back": True}),
        ("tapbacks", {"phone": HANDLER, "sid": "TEXT", "on_foto": True}),
        ("tapbacks", {"phone": CUSTOMER, "sid": "TEXT"}),
        ("auto-reply", {"phone": HANDLER}),
        ("auto-reply", {"phone": HANDLER, "words": ""}),
        ("auto-reply", {"phone": HANDLER, "words": "away", "after_seconds": -1}),
        ("auto-reply", {"phone": "me", "words": "away"}),
        ("opt-out", {"words": "others"}),
        ("opt-out", {"words": {}, "lists_own_answers": "yes"}),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(account: Account, what: str, body: dict[str, object]) -> None:
    sid = shown(account).sid
    before = account.http.get("/fake/state").json
    answer = account.http.post(f"/fake/{what}", json=json.loads(json.dumps(body).replace("TEXT", sid)))
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]
    assert account.http.get("/fake/state").json == before
