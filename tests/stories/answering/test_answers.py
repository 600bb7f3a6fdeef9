"""A handler's words reach the customer, and nobody else; what cannot be sent is said to the handler."""

from __future__ import annotations

from relay.core.model import FinalStatus

from scripts.fake_twilio.auto_replies import DRIVING
from tests.stories.answering.desk import NAME, Desk
from tests.stories.town import code_of


def test_an_answer_reaches_the_customer_and_ends_the_cascade(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "the boiler is leaking")
    forwarded = desk.reads(desk.dana, "boiler")
    code = code_of(forwarded)
    assert desk.reads_how_to_answer(desk.dana, f"begin with {code}")
    assert customer.number in forwarded.body
    assert desk.relay(text).final_status is FinalStatus.IN_PROGRESS

    desk.texts(desk.dana, f"{code} On my way")
    first = desk.reads(customer, "On my way").body
    assert first.startswith(f"{NAME}: On my way")
    assert "STOP" in first
    assert code not in first
    assert desk.claimed_by(text) == "Dana"
    desk.move(130.0)
    desk.reads_nothing_more(customer, *desk.handlers)

    desk.texts(desk.dana, f"{code.lower()}: There in five minutes")
    assert desk.reads(customer, "five").body == "There in five minutes"
    desk.reads_nothing_more(customer, *desk.handlers)


def test_without_a_code_an_answer_goes_to_the_only_customer_it_can_be_for(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "the gate is stuck")
    code = code_of(desk.reads(desk.dana, "gate"))
    desk.reads_how_to_answer(desk.dana)
    desk.takes_time_to_read()
    desk.texts(desk.dana, "Coming at nine")
    desk.reads(customer, "Coming at nine")
    assert desk.reads(desk.dana).body == f"To {code} (...{customer.number[-4:]})."
    assert desk.claimed_by(text) == "Dana"
    desk.reads_nothing_more(customer, *desk.handlers)


def test_with_two_customers_words_without_a_code_are_asked_about_and_go_nowhere(desk: Desk) -> None:
    carla, omar = desk.customer(), desk.customer()
    texts = [desk.texts(carla, "a couch to collect"), desk.texts(omar, "a fridge to collect")]
    codes = [code_of(desk.reads(desk.dana, words)) for words in ("couch", "fridge")]
    desk.reads_how_to_answer(desk.dana)
    desk.takes_time_to_read()

    desk.texts(desk.dana, "It will be 40 dollars")
    asked = desk.reads(desk.dana, "Which one?").body
    assert all(f"{code} (...{phone.number[-4:]})" in asked for code, phone in zip(codes, (carla, omar), strict=True))
    assert [desk.claimed_by(text) for text in texts] == ["", ""]

    desk.texts(desk.dana, f"{codes[1]} It will be 40 dollars")
    desk.reads(omar, "40 dollars")
    assert [desk.claimed_by(text) for text in texts] == ["", "Dana"]
    desk.texts(desk.dana, f"{codes[0]} ok")
    desk.reads(desk.dana, f"{codes[0]} (...{carla.number[-4:]}) is yours")
    desk.reads_nothing_more(carla, omar, *desk.handlers)


def test_a_customer_who_texts_stop_is_forwarded_and_gets_nothing_until_start(desk: Desk) -> None:
    customer = desk.customer()
    desk.texts(customer, "stop by tomorrow?")
    code = code_of(desk.reads(desk.dana, "tomorrow"))
    desk.reads_how_to_answer(desk.dana)
    desk.texts(desk.dana, f"{code} At ten")
    desk.reads(customer, "At ten")

    text = desk.texts(customer, "STOP")
    desk.reads(customer, "unsubscribed")  # which Twilio says by itself
    stop = desk.reads(desk.dana, "STOP").body
    assert stop.startswith(code)
    assert "No texts from us reach this customer now. Call." in stop

    sent = len(desk.posts_to(customer))
    desk.texts(desk.dana, f"{code} Sorry to hear that")
    desk.reads(desk.dana, f"{code} (...{customer.number[-4:]}) is blocked")
    assert len(desk.posts_to(customer)) == sent
    assert desk.claimed_by(text) in ("", "Dana")

    desk.texts(customer, "START")
    desk.reads(customer, "re-subscribed")
    desk.reads(desk.dana, "START")
    desk.texts(desk.dana, f"{code} Welcome back")
    desk.reads(customer, "Welcome back")
    desk.reads_nothing_more(customer, *desk.handlers)


def test_an_answer_whose_webhook_is_lost_is_found_and_not_sent_but_asked_about(desk: Desk) -> None:
    customer = desk.customer()
    desk.compares()
    desk.texts(customer, "is anybody there")
    code = code_of(desk.reads(desk.dana, "anybody"))
    desk.reads_how_to_answer(desk.dana)
    desk.move(15.0)
    desk.texts(desk.dana, f"{code} Ten minutes", desk.lost(age_seconds=0.0))
    desk.reads_nothing_more(customer)
    desk.move(35.0)
    assert desk.compares().recovered in (0, 1)  # the embedded home may have compared by itself
    asked = desk.reads(desk.dana, "Too late").body
    assert '"Ten minutes"' in asked
    assert f"{code} (...{customer.number[-4:]})" in asked
    desk.reads_nothing_more(customer)

    desk.texts(desk.dana, f"{code} Still ten minutes")
    desk.reads(customer, "Still ten minutes")
    desk.reads_nothing_more(customer, *desk.handlers)


def test_a_phone_that_answers_while_its_owner_drives_claims_nothing(desk: Desk) -> None:
    desk.texts(desk.customer(), "the door is open")
    desk.reads(desk.dana, "door")
    desk.reads_how_to_answer(desk.dana)
    desk.texts(desk.dana, "ok")
    desk.reads(desk.dana, "is yours")

    desk.dana.replies_by_itself(after_seconds=0.05)
    customer = desk.customer()
    text = desk.texts(customer, "the lights went out")
    desk.reads(desk.dana, "lights")
    assert any(message.body == DRIVING for message in desk.fake.messages)
    desk.reads(desk.dana, "it looked automatic")  # once: it answers this by itself too
    desk.move(70.0)
    code = code_of(desk.reads(desk.sam, "lights"))
    desk.reads_how_to_answer(desk.sam)
    assert desk.claimed_by(text) == ""
    desk.texts(desk.sam, f"{code} Check the fuse box")
    desk.reads(customer, "fuse box")
    assert desk.claimed_by(text) == "Sam"
    desk.reads_nothing_more(customer, *desk.handlers)
