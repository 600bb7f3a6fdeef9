"""What carriers and tiers do not take, and links that open nothing: the words go on without the files."""

from __future__ import annotations

from relay.core.model import FinalStatus, Purpose

from scripts.fake_twilio import picture
from scripts.fake_twilio.behaviour import refuse, undelivered
from tests.stories.answering.desk import Desk
from tests.stories.photos.links import asked, files_on, has_link, link_in
from tests.stories.town import code_of

COUCH, BOXES = picture("A couch"), picture("Boxes")
FILTERED = 30007


def test_where_a_filter_stops_the_link_the_same_tier_gets_the_words_without_it(desk: Desk) -> None:
    desk.dana.carrier.undelivered(FILTERED, times=1)
    desk.texts(desk.customer(), "the couch is blue", files=[COUCH])
    read = desk.reads(desk.dana, "the couch is blue")
    assert read.body.endswith("[1 photo: in Twilio's log]")
    first, second = [post.body for post in desk.posts_to(desk.dana)]
    assert "/m/" in first
    assert second == read.body
    desk.reads_how_to_answer(desk.dana)

    desk.dana.carrier.undelivered(FILTERED, times=2)
    desk.texts(desk.customer(), "the couch is red", files=[COUCH])
    assert "A carrier did not let the words through" in desk.reads(desk.sam).body
    assert ["/m/" in post.body for post in desk.posts_to(desk.dana)[-2:]] == [True, False]
    desk.reads_how_to_answer(desk.sam)
    desk.reads_nothing_more(desk.dana, desk.sam)


def test_a_tier_without_links_gets_the_count_alone(desk: Desk) -> None:
    desk.dana.carrier.refuse(21614)
    desk.sam.carrier.refuse(21614)
    desk.texts(desk.customer(), "boxes", files=[BOXES])
    assert desk.reads(desk.front, "boxes").body.endswith("boxes\n[1 photo: in Twilio's log]")
    assert all("/m/" in phone.posts[0].body for phone in (desk.dana, desk.sam))


def test_an_old_link_is_answered_as_one_that_never_was(desk: Desk) -> None:
    desk.texts(desk.customer(), "the old couch", files=[COUCH])
    link = link_in(desk.reads(desk.dana, "old couch"))
    (place,) = files_on(link)
    desk.clock.move(90 * 86400.0)
    wrong = asked(f"{link[:-22]}{'x' * 22}")
    assert (wrong.status, wrong.words) == (404, "This link is over; ask the office.")
    assert asked(link) == asked(place) == wrong


def test_a_handlers_photo_reaches_the_customers_phone_with_the_answer(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "which van is it")
    code = code_of(desk.reads(desk.dana, "which van"))
    desk.reads_how_to_answer(desk.dana)
    desk.texts(desk.dana, f"{code} This one", files=[BOXES])
    read = desk.reads(customer, "This one")
    assert not has_link(read)
    assert [desk.fake.file(each.file) for each in read.files] == [BOXES]
    # Of an MMS no more may ever be heard than that a carrier took it.
    assert desk.fake.state.messages[read.sid].status == "sent"
    assert [answer.final_status for answer in desk.all_relays(Purpose.ANSWER)] == [FinalStatus.DELIVERED]
    assert desk.claimed_by(text) == "Dana"
    desk.reads_nothing_more(customer, *desk.handlers)


def test_an_answer_that_is_refused_with_its_photo_goes_in_words_alone_and_the_handler_is_told(desk: Desk) -> None:
    customer = desk.customer()
    desk.texts(customer, "where do you park")
    code = code_of(desk.reads(desk.dana, "where do you park"))
    desk.reads_how_to_answer(desk.dana)
    for does, words in ((undelivered(30019), "Behind the"), (refuse(21620), "Beside the")):
        customer.carrier.does_with_mms(does)
        desk.texts(desk.dana, f"{code} {words} house", files=[BOXES])
        assert desk.reads(customer, words).files == ()
        told = desk.reads(desk.dana, "did not get your photos").body
        assert "Your words go alone." in told
    desk.reads_nothing_more(customer, *desk.handlers)
