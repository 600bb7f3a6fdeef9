"""Who has a customer: claims, windows that pass, what is passed on, what is closed, and who is texted next time."""

from __future__ import annotations

from relay.core.model import FinalStatus

from scripts.fake_twilio.behaviour import silent
from tests.stories.answering.desk import CLAIM_SECONDS, Desk
from tests.stories.town import code_of


def test_a_claim_ends_the_cascade_without_a_word_to_the_customer(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "the pipe burst")
    code = code_of(desk.reads(desk.dana, "pipe"))
    desk.reads_how_to_answer(desk.dana)
    desk.texts(desk.dana, "ok")
    desk.reads(desk.dana, f"{code} (...{customer.number[-4:]}) is yours. Nothing was sent to the customer.")
    assert desk.claimed_by(text) == "Dana"
    desk.move(2 * CLAIM_SECONDS[0])
    desk.reads_nothing_more(customer, *desk.handlers)


def test_a_like_of_the_forwarded_text_claims_it_too(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "the fence fell over")
    forwarded = desk.reads(desk.dana, "fence")
    desk.reads_how_to_answer(desk.dana)
    desk.dana.taps_back("like", on=forwarded)
    desk.come_to_rest()
    desk.reads(desk.dana, "is yours")
    assert desk.claimed_by(text) == "Dana"
    desk.reads_nothing_more(customer, *desk.handlers)


def test_a_handler_who_stays_silent_is_followed_by_the_next_and_answering_late_is_told_who_has_it(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "my key broke")
    code = code_of(desk.reads(desk.dana, "key"))
    desk.reads_how_to_answer(desk.dana)
    desk.move(CLAIM_SECONDS[0] - 10.0)
    desk.reads_nothing_more(desk.sam)
    desk.move(10.0)
    assert code_of(desk.reads(desk.sam, "key")) == code
    desk.reads_how_to_answer(desk.sam)

    desk.texts(desk.sam, f"{code} I will be there at six")
    desk.reads(customer, "at six")
    desk.texts(desk.dana, f"{code} Can you come on Monday?")
    desk.reads(desk.dana, "Sam took")
    assert desk.claimed_by(text) == "Sam"
    desk.reads_nothing_more(customer, *desk.handlers)

    desk.takes_time_to_read()
    desk.texts(desk.dana, f"{code} mine I am nearer, there at five")
    desk.reads(customer, "there at five")
    desk.reads(desk.sam, "Dana took over")
    desk.reads(desk.dana, f"To {code}")
    desk.reads_nothing_more(customer, *desk.handlers)


def test_where_no_person_takes_it_the_last_tier_has_it_and_the_first_may_still_take_it(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "who can move a piano")
    code = code_of(desk.reads(desk.dana, "piano"))
    desk.move(sum(CLAIM_SECONDS) + 15.0)
    for phone in (desk.sam, desk.front):
        assert code_of(desk.reads(phone, "piano")) == code
    assert desk.relay(text).final_status is FinalStatus.DELIVERED
    desk.texts(desk.dana, f"{code} I can")
    desk.reads(customer, "I can")
    assert desk.claimed_by(text) == "Dana"


def test_what_a_handler_passes_goes_to_the_next_at_once(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "there is a wasp nest")
    code = code_of(desk.reads(desk.dana, "wasp"))
    desk.reads_how_to_answer(desk.dana)
    desk.texts(desk.dana, f"{code} pass")
    desk.reads(desk.dana, f"You passed {code}")
    assert code_of(desk.reads(desk.sam, "wasp")) == code
    desk.reads_how_to_answer(desk.sam)
    desk.texts(desk.sam, f"{code} Bringing the ladder")
    desk.reads(customer, "ladder")

    desk.texts(desk.sam, f"{code} pass")
    desk.reads(desk.sam, f"You passed {code}")
    desk.reads(desk.front, "wasp")
    desk.reads_how_to_answer(desk.front)
    assert desk.relay(text).final_status is FinalStatus.DELIVERED
    desk.reads_nothing_more(customer, *desk.handlers)


def test_what_is_done_is_closed_and_a_further_text_opens_it_under_the_same_code(desk: Desk) -> None:
    customer = desk.customer()
    first = desk.texts(customer, "can you deliver today")
    code = code_of(desk.reads(desk.dana, "deliver"))
    desk.reads_how_to_answer(desk.dana)
    desk.texts(desk.dana, f"{code} Delivered, it is at the back door")
    desk.reads(customer, "back door")
    desk.texts(desk.dana, f"{code} done")
    desk.reads(desk.dana, f"{code} (...{customer.number[-4:]}) is closed")
    desk.texts(desk.dana, f"{code} One more thing")
    desk.reads(desk.dana, f"To open it again: {code} open")
    desk.reads_nothing_more(customer)

    second = desk.texts(customer, "thanks, but it is the wrong one")
    assert code_of(desk.reads(desk.dana, "wrong one")) == code
    assert [desk.claimed_by(text) for text in (first, second)] == ["Dana", "Dana"]
    desk.reads_nothing_more(customer, *desk.handlers)


def test_the_next_text_goes_to_whoever_has_the_customer_and_while_active_that_is_enough(desk: Desk) -> None:
    customer = desk.customer()
    desk.texts(customer, "a mattress please")
    desk.reads(desk.dana, "mattress")
    code = desk.relay(desk.texts(customer, "king size")).code
    desk.reads(desk.dana, "king size")
    desk.move(CLAIM_SECONDS[0] + 10.0)
    desk.reads(desk.sam, "mattress")
    desk.reads(desk.sam, "king size")
    desk.texts(desk.sam, f"{code} We have one")
    desk.reads(customer, "We have one")

    text = desk.texts(customer, "great, hold it for me")
    desk.reads(desk.sam, "hold it")
    assert desk.claimed_by(text) == "Sam"
    desk.move(2 * CLAIM_SECONDS[0])
    assert not [post for post in desk.posts_to(desk.dana) if "hold it" in post.body]


def test_an_owner_whose_phone_is_off_is_passed_and_has_the_customer_no_more(desk: Desk) -> None:
    customer = desk.customer()
    desk.texts(customer, "the tree fell")
    code = code_of(desk.reads(desk.dana, "tree"))
    desk.texts(desk.dana, f"{code} Noted")
    desk.reads(customer, "Noted")
    desk.takes_time_to_read()
    desk.dana.carrier.does(silent())
    text = desk.texts(customer, "and now the other one")
    desk.move(90.0)
    assert code_of(desk.reads(desk.sam, "other one")) == code
    desk.texts(desk.sam, f"{code} I am next door")
    desk.reads(customer, "next door")
    assert desk.claimed_by(text) == "Sam"


def test_words_that_come_by_themselves_from_an_active_owner_reach_no_customer(desk: Desk) -> None:
    customer = desk.customer()
    desk.texts(customer, "the heating is cold")
    code = code_of(desk.reads(desk.dana, "heating"))
    desk.texts(desk.dana, f"{code} On my way")
    desk.reads(customer, "On my way")
    desk.dana.replies_by_itself("In the car, later", after_seconds=0.05)  # words that no list of ours has
    text = desk.texts(customer, "how long will it be")
    desk.reads(desk.dana, "how long")
    assert desk.claimed_by(text) == "Dana"
    desk.reads_nothing_more(customer)
