"""Files that Twilio does not tell of, does not have yet, or has no more: the link goes out, and says how things are."""

from __future__ import annotations

from scripts.fake_twilio import MediaFaults, picture
from tests.stories.answering.desk import Desk
from tests.stories.photos.links import asked, files_on, link_in

PHOTOS = (picture("A fridge"), picture("Branches"))
CONTENTS = [photo.content for photo in PHOTOS]


def test_a_text_whose_webhook_never_came_is_recovered_with_its_photos(desk: Desk) -> None:
    desk.compares()
    desk.texts(desk.customer(), "the fridge", desk.lost(), PHOTOS)
    desk.compares()
    places = files_on(link_in(desk.reads(desk.dana, "the fridge\n[2 photos] ")))
    assert [asked(place).body for place in places] == CONTENTS


def test_photos_of_a_recovered_text_that_are_not_listed_yet_are_asked_for_when_the_link_is_opened(desk: Desk) -> None:
    desk.compares()
    desk.fake.serve_media(MediaFaults(unlisted_seconds=90.0))
    desk.texts(desk.customer(), "the branches", desk.lost(), PHOTOS)
    desk.compares()
    link = link_in(desk.reads(desk.dana, "the branches\n[2 attachments] "))
    early = asked(link)
    assert (early.status, files_on(link)) == (200, [])
    assert early.words == "The photos are still on their way. Open the link again in a moment."
    desk.move(30.0)
    assert [asked(place).body for place in files_on(link)] == CONTENTS


def test_a_photo_that_twilio_has_some_seconds_later_is_said_to_be_on_its_way_and_then_shown(desk: Desk) -> None:
    desk.fake.serve_media(MediaFaults(missing_seconds=20.0))
    desk.texts(desk.customer(), "from the garage", files=PHOTOS[:1])
    (place,) = files_on(link_in(desk.reads(desk.dana, "[1 photo] ")))
    early = asked(place)
    assert (early.status, early.headers["retry-after"]) == (503, "3")
    assert "on its way" in early.words
    desk.move(20.0)
    assert asked(place).body == CONTENTS[0]


def test_photos_that_were_deleted_at_twilio_are_said_to_be_gone(desk: Desk) -> None:
    desk.compares()
    desk.texts(desk.customer(), "known photos", files=PHOTOS)
    links = [link_in(desk.reads(desk.dana, "known photos"))]
    places = files_on(links[0])
    desk.fake.serve_media(MediaFaults(is_gone=True))
    desk.texts(desk.customer(), "unknown photos", desk.lost(), PHOTOS)
    desk.compares()
    links += [link_in(desk.reads(desk.dana, "unknown photos"))]
    desk.clock.move(601.0)
    desk.come_to_rest()
    assert [(asked(place).status, asked(place).words) for place in places] == [
        (404, "This cannot be shown: Twilio has no such file.")
    ] * 2
    gone = asked(links[1])
    assert (gone.status, gone.words) == (404, "The photos are not to be had any more; ask the office.")
