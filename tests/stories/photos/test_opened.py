"""A customer's files, opened from the text on the handler's phone: the very bytes that the customer's phone sent."""

from __future__ import annotations

from scripts.fake_twilio import PICTURES, File, MediaFaults, picture
from tests.stories.answering.desk import Desk
from tests.stories.photos.links import asked, files_on, has_link, link_in

CARD = File("text/vcard", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Carla\r\nEND:VCARD\r\n")
VIDEO = File("video/mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 400)
LONG = "The couch is in the cellar, the fridge in the yard. " * 12 + "Ring twice."


def test_a_photo_without_words_is_opened_from_the_handlers_phone(desk: Desk) -> None:
    customer, photo = desk.customer(), picture("A couch")
    desk.texts(customer, "", files=[photo])
    read = desk.reads(desk.dana, "[1 photo]")
    assert customer.number in read.body
    (place,) = files_on(link_in(read))
    shown = asked(place)
    assert (shown.status, shown.body) == (200, photo.content)
    assert (shown.headers["content-type"], shown.headers["x-content-type-options"]) == ("image/png", "nosniff")
    assert shown.headers["cache-control"] == "no-store"
    head = asked(place, "HEAD")
    assert (head.status, head.body, head.headers["content-type"]) == (200, b"", "image/png")
    assert len(desk.fake.media_arrivals) == 2  # the judge of credentials has seen something


def test_ten_photos_are_ten_pictures_behind_one_link(desk: Desk) -> None:
    photos = [picture(name) for name in PICTURES]
    photos += [File("image/jpeg", b"\xff\xd8\xff" + bytes([number]) * 50_000) for number in range(10 - len(photos))]
    desk.texts(desk.customer(), "all of this", files=photos)
    places = files_on(link_in(desk.reads(desk.dana, "[10 photos]")))
    assert [asked(place).body for place in places] == [photo.content for photo in photos]


def test_a_video_is_played_in_parts_and_a_contact_card_is_a_download(desk: Desk) -> None:
    desk.texts(desk.customer(), "look and call her", files=[VIDEO, CARD])
    video, card = files_on(link_in(desk.reads(desk.dana, "[1 video, 1 contact card]")))
    part = asked(video, part="bytes=1000-1999")
    assert (part.status, part.body) == (206, VIDEO.content[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(VIDEO.content)}"
    assert part.headers["content-type"] == "video/mp4"
    assert asked(video).body == VIDEO.content
    assert asked(video, part="bytes=999999-").status == 416
    saved = asked(card)
    assert (saved.body, saved.headers["content-type"]) == (CARD.content, "text/vcard")
    assert saved.headers["content-disposition"].startswith("attachment; ")


def test_a_long_text_that_came_as_a_file_is_words_and_no_link(desk: Desk) -> None:
    customer = desk.customer()
    text = desk.texts(customer, "", files=[File("text/plain", LONG.encode())])
    read = desk.reads(desk.dana, LONG)
    assert not has_link(read)
    assert "file" not in read.body.replace(LONG, "")
    assert desk.relay(text).message_body == LONG

    desk.texts(customer, "", files=[File("text/plain", b"and the old oven"), picture("Boxes")])
    both = desk.reads(desk.dana, "and the old oven\n[1 photo] ")
    assert [asked(place).body for place in files_on(link_in(both))] == [picture("Boxes").content]


def test_words_that_twilio_does_not_have_yet_go_by_the_link_and_nothing_waits_for_them(desk: Desk) -> None:
    desk.fake.serve_media(MediaFaults(missing_seconds=20.0))
    desk.texts(desk.customer(), "", files=[File("text/plain", LONG.encode())])
    link = link_in(desk.reads(desk.dana, "[1 file] "))
    desk.move(20.0)
    (place,) = files_on(link)
    saved = asked(place)
    assert (saved.status, saved.body.decode()) == (200, LONG)
    assert saved.headers["content-disposition"].startswith("attachment; ")
    desk.reads_how_to_answer(desk.dana)
    desk.reads_nothing_more(desk.dana)
