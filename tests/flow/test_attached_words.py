"""Words that come as a file: part of the text, fetched once it is durable, and waited for by nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.model import FinalStatus
from relay.errors import MediaUnavailable
from relay.flow.attached_words import BYTES_MAX, words_in
from relay.flow.budget import WEBHOOK_SECONDS
from relay.ports import OpenedFile

from tests.fakes.world import MEDIA_URL
from tests.flow.attaching import LONG, PLAIN, WORDS, bodies, comes_in
from tests.office import ANA, CARLA, Office
from tests.relays import BODY, CUSTOMER, MESSAGE_ID
from tests.worlds import Doubles, Observed, inbound_request, media_id, with_files

# With them.


def test_its_words_are_the_texts_and_no_file_is_counted() -> None:
    doubles = Doubles()
    comes_in(doubles, Body="")
    assert bodies(doubles) == [f"{CUSTOMER}: {WORDS}"]
    assert (doubles.relay().message_body, doubles.relay().files_to_see) == (WORDS, 0)


def test_they_stand_below_the_texts_own_words_and_photos_beside_them_are_counted() -> None:
    doubles = Doubles()
    comes_in(doubles, **with_files(types=(PLAIN, "image/jpeg")))
    link = f"{MEDIA_URL}/m/{doubles.relay().media_token}"
    assert bodies(doubles) == [f"{CUSTOMER}: {BODY}\n{WORDS}\n[1 photo] {link}"]


def test_the_text_is_durable_and_its_timer_armed_before_they_are_asked_for() -> None:
    doubles = Observed()
    comes_in(doubles)
    fetched, sent = ("open", "get", "update"), ("arm deadline 1", "cancel attempt 1", "send", "update")
    assert doubles.calls == ["create", "arm attempt 1", *fetched, *sent]


def test_a_text_of_files_that_hold_no_words_asks_for_none_and_waits_for_nothing() -> None:
    doubles = Observed()
    doubles.inbound(inbound_request(**with_files()))
    assert doubles.calls == ["create", "arm deadline 1", "send", "update"]


def test_the_same_webhook_again_adds_nothing_and_sends_nothing() -> None:
    doubles = Doubles()
    comes_in(doubles)
    before = doubles.relay()
    for _ in range(2):
        assert doubles.inbound(inbound_request(**LONG)).status == 200
    assert doubles.relay() == before
    doubles.wait(30)
    assert len(bodies(doubles)) == 1


def test_a_text_that_is_held_back_has_its_words_on_record() -> None:
    doubles = Doubles()
    for number in range(21):
        message_id = f"SM{number:032x}"
        doubles.media.put(message_id, media_id(0), PLAIN, WORDS.encode())
        doubles.inbound(inbound_request(**with_files(message_id, types=(PLAIN,), Body="")))
    held = doubles.relay(f"SM{20:032x}")
    assert (held.final_status, held.message_body) == (FinalStatus.HELD, WORDS)


def test_in_a_thread_they_are_the_texts_too() -> None:
    office = Office()
    message_id = "SM" + "a" * 32
    office.media.put(message_id, media_id(0), PLAIN, WORDS.encode())
    office.text(CARLA, "Hi", message_id=message_id, files=(PLAIN,))
    code = office.thread_of(message_id).code
    assert office.to(ANA)[0] == f"{code} {CARLA}: Hi\n{WORDS}"
    office.text(ANA, f"{code} On my way")
    assert "On my way" in office.to(CARLA)[0]


# Without them.


def _is_down(doubles: Doubles) -> None:
    doubles.media.is_down = True


def _is_slow(doubles: Doubles) -> None:
    doubles.media.before = lambda: doubles.clock.advance(1.5)


def _is_empty(doubles: Doubles) -> None:
    doubles.media.put(MESSAGE_ID, media_id(0), PLAIN, b" \n")


def _is_not_there_yet(_doubles: Doubles) -> None: ...


@pytest.mark.parametrize("why", [_is_down, _is_slow, _is_empty, _is_not_there_yet])
def test_where_they_cannot_be_had_the_text_leaves_at_once_with_the_link(why: Callable[[Doubles], None]) -> None:
    doubles = Doubles()
    why(doubles)
    comes_in(doubles, None)
    link = f"{MEDIA_URL}/m/{doubles.relay().media_token}"
    assert bodies(doubles) == [f"{CUSTOMER}: {BODY}\n[1 file] {link}"]
    doubles.wait(59)
    assert len(bodies(doubles)) == 1


def test_files_that_come_too_slowly_are_left_where_they_are() -> None:
    doubles = Doubles()
    closed = []

    def trickling() -> Generator[bytes, None, None]:
        try:
            while True:
                doubles.clock.advance(0.4)
                yield b"slow "
        finally:
            closed.append(True)

    doubles.media.open = lambda *_, **__: OpenedFile(PLAIN, None, "", trickling())  # type: ignore[method-assign]
    comes_in(doubles, None)
    assert "slow" not in bodies(doubles)[0]
    assert closed == [True]
    assert doubles.clock.now() - doubles.relay().timestamp < timedelta(seconds=2)


def test_a_webhook_whose_time_is_short_asks_for_none() -> None:
    doubles = Observed()
    doubles.after["create"] = lambda: doubles.clock.advance(2.2)
    comes_in(doubles)
    assert "open" not in doubles.calls
    assert len(bodies(doubles)) == 1


def test_however_many_files_of_words_there_are_the_webhook_keeps_its_time() -> None:
    doubles = Doubles()
    doubles.media.before = lambda: doubles.clock.advance(0.5)
    doubles.media.is_down = True
    began = doubles.clock.monotonic()
    comes_in(doubles, None, **with_files(types=(PLAIN,) * 10))
    assert doubles.clock.monotonic() - began < WEBHOOK_SECONDS - 2.5
    assert len(bodies(doubles)) == 1


def test_one_of_two_files_is_enough_and_the_other_stays_a_file() -> None:
    doubles = Doubles()
    comes_in(doubles, **with_files(types=(PLAIN, PLAIN)))
    assert bodies(doubles)[0].startswith(f"{CUSTOMER}: {BODY}\n{WORDS}\n[1 file] ")


def test_why_they_were_not_had_is_noted_without_a_word_of_them() -> None:
    doubles = Doubles()
    comes_in(doubles, None)
    note = ("INFO", "words of a file were not had", {"relay": MESSAGE_ID, "reason": "there is no such file"})
    assert note in doubles.journal.notes


def test_where_there_are_no_links_they_are_not_asked_for() -> None:
    doubles = Observed()
    doubles.world = replace(doubles.world, files=None)
    comes_in(doubles)
    assert doubles.calls == ["create", "arm deadline 1", "send", "update"]


def test_media_that_break_off_are_told_as_what_they_are() -> None:
    doubles = Doubles()

    def breaking() -> Generator[bytes, None, None]:
        yield b"the beginning"
        raise MediaUnavailable("it broke off")

    doubles.media.open = lambda *_, **__: OpenedFile(PLAIN, None, "", breaking())  # type: ignore[method-assign]
    comes_in(doubles, None)
    assert "the beginning" not in bodies(doubles)[0]


# What a file holds.


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("naïve 🔥".encode(), "naïve 🔥"),
        ("naïve".encode("utf-8-sig"), "naïve"),
        ("naïve \u2013 ok".encode("cp1252"), "naïve \u2013 ok"),
        ("naïve 東京 🔥".encode("utf-16"), "naïve 東京 🔥"),
        (b"\xfe\xff" + "naïve 東京".encode("utf-16-be"), "naïve 東京"),
        ("naïve".encode("utf-16-le"), "naïve"),
        ("naïve".encode("utf-16-be"), "naïve"),
        (b"\x81", "\N{REPLACEMENT CHARACTER}"),
        (b"", ""),
        (b"a" * BYTES_MAX, "a" * BYTES_MAX),
        (b"a" * (BYTES_MAX + 1), "a" * BYTES_MAX + "... [cut]"),
        # Cut within a character.
        (b"a" + "é".encode() * BYTES_MAX, "a" + "é" * ((BYTES_MAX - 1) // 2) + "... [cut]"),
    ],
)
def test_words_are_read_as_unicode_and_else_as_windows_wrote_them(content: bytes, words: str) -> None:
    assert words_in(content) == words


@pytest.mark.parametrize(
    ("content", "charset", "words"),
    [
        ("東京".encode("shift_jis"), "shift_jis", "東京"),
        ("Größe 5€".encode("iso-8859-15"), "iso-8859-15", "Größe 5€"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("東京".encode("utf-16-be"), "utf-16-be", "東京"),
        # What was told is wrong.
        ("Größe".encode(), "iso-8859-1", "Größe"),
        ("Größe".encode("cp1252"), "shift_jis", "Größe"),
        ("Größe".encode("cp1252"), "no-such", "Größe"),
    ],
)
def test_what_is_not_unicode_is_read_as_the_provider_tells(content: bytes, charset: str, words: str) -> None:
    assert words_in(content, charset) == words


def test_a_handler_reads_words_in_the_alphabet_that_the_provider_tells() -> None:
    doubles = Doubles()
    content = "Größe 2 m, Привет".encode("iso-8859-5", "replace")
    told = OpenedFile(PLAIN, len(content), "", (part for part in [content]), "iso-8859-5")
    doubles.media.open = lambda *_, **__: told  # type: ignore[method-assign]
    comes_in(doubles, None)
    assert "Привет" in bodies(doubles)[0]


def test_no_more_of_a_file_is_read_than_is_kept() -> None:
    doubles = Doubles()
    read = []

    def endless() -> Generator[bytes, None, None]:
        while True:
            read.append(1024)
            yield b"a" * 1024

    doubles.media.open = lambda *_, **__: OpenedFile(PLAIN, None, "", endless())  # type: ignore[method-assign]
    comes_in(doubles, None)
    assert sum(read) == BYTES_MAX + 1024
    assert len(doubles.relay().message_body) < BYTES_MAX + 100


def test_words_that_no_text_has_room_for_are_on_record_and_their_file_stays_to_be_seen() -> None:
    doubles = Doubles()
    comes_in(doubles, b"couch " * 400)
    link = f"{MEDIA_URL}/m/{doubles.relay().media_token}"
    assert bodies(doubles)[0].endswith(f"... [cut]\n[1 file] {link}")
    assert doubles.relay().message_body.count("couch") == 400


def test_what_is_no_character_is_replaced_as_in_every_text() -> None:
    doubles = Doubles()
    comes_in(doubles, b"nul \0 here")
    assert doubles.relay().message_body.endswith("nul \N{REPLACEMENT CHARACTER} here")
