"""What handlers read of us: true, in one segment, and with no number of a handler's."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.threads.codes import code_in_front
from relay.core.threads.verdict import Notice, Said
from relay.flow.notices import words_of
from relay.flow.phrases import customer
from relay.flow.segments import is_gsm, segments

from scripts.make_handlers_doc import EXAMPLES
from tests.core.threads.making import ANA, BEN, NOW, OURS, a_thread, ago, owned

K71, M24 = a_thread("K71"), a_thread("M24", customer_phone="+15550109913")
NAMES = {ANA: "Ana", BEN: "Ben"}

_ABOUT_NO_CUSTOMER = {Said.REACTION, Said.REPLIES_OFF, Said.NO_PHOTOS, Said.RESERVED, Said.SIGN_IN_CODE, Said.UNREAD}

_names = st.one_of(st.just("Ben"), st.text(max_size=60))
_words = st.one_of(st.just("on my way"), st.text(max_size=200), st.text("€[]|^~", max_size=200))
_customers = st.sampled_from(["+15550104567", "72404", "ACME Bank", "ßß", "+4915112345678", ""])


@pytest.mark.parametrize("said", Said)
@given(_names, _words, _customers, st.sampled_from(["", "K71"]), st.integers(0, 30), st.integers(-5, 10**7))
def test_every_notice_is_one_segment_of_gsm(
    said: Said, name: str, words: str, phone: str, code: str, count: int, seconds: int
) -> None:
    threads = tuple(a_thread(code, customer_phone=phone, thread_id=f"thread {number}") for number in range(count))
    notice = Notice(ANA, said, threads, BEN, NOW - timedelta(seconds=seconds), words, NOW)
    for each in (notice, replace(notice, other="", since=None, words=""), replace(notice, threads=threads[:1])):
        text = words_of(each, {BEN: name})
        assert text
        assert is_gsm(text)
        assert "\n" not in text
        assert segments(text) == 1


@pytest.mark.parametrize("said", Said)
def test_no_notice_holds_a_whole_number(said: Said) -> None:
    for threads in ((), (K71,), (K71, M24), (owned(BEN),)):
        text = words_of(Notice(ANA, said, threads, BEN, ago(minutes=3), "on my way", NOW), NAMES)
        assert K71.customer_phone.lstrip("+") not in text
        assert OURS.lstrip("+") not in text
        assert not re.search(r"[0-9]{5}", text)


@pytest.mark.parametrize("said", [said for said in Said if said not in _ABOUT_NO_CUSTOMER])
def test_a_notice_about_one_customer_says_which(said: Said) -> None:
    text = words_of(Notice(ANA, said, (K71,), words="K71"), NAMES)
    assert "K71" in text
    if said is not Said.NOTHING_TO_SEND:
        assert "...4567" in text


@pytest.mark.parametrize(
    ("notice", "text"),
    [
        (Notice(ANA, Said.SENT_TO, (K71,)), "To K71 (...4567)."),
        (
            Notice(ANA, Said.NOT_YOURS, (K71,), BEN, ago(minutes=12), at=NOW),
            "Nothing was sent: Ben took K71 (...4567) 12 min ago. To take it over: K71 mine",
        ),
        (
            Notice(ANA, Said.NOT_SENT_WORD, (K71,), words="ok"),
            "K71 (...4567) is yours already. Not sent to the customer. To send it: K71 say ok",
        ),
        (
            Notice(ANA, Said.WHICH, (K71, M24)),
            "Nothing was done. Which one? Send it again beginning K71 (...4567), M24 (...9913)",
        ),
        (Notice(ANA, Said.TAKEN_OVER, (K71,), BEN), "Ben took over K71 (...4567) from you."),
        (Notice(ANA, Said.LIST, (owned(ANA), M24)), "Yours: K71 (...4567). Without an owner: M24 (...9913)"),
        (Notice(ANA, Said.LIST, (owned(ANA),)), "Yours: K71 (...4567)"),
        (Notice(ANA, Said.OPENED, (K71,)), "K71 (...4567) is open. Nothing was sent to the customer."),
        (Notice(ANA, Said.OPENED, (owned(ANA),)), "K71 (...4567) is open and yours. Nothing was sent to the customer."),
        (Notice(BEN, Said.DONE, (K71,), ANA), "Ana closed K71 (...4567). To open it again: K71 open"),
    ],
)
def test_the_words_of_some(notice: Notice, text: str) -> None:
    assert words_of(notice, NAMES) == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=119), "119 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(hours=48), "2 days ago"),
    ],
)
def test_since_when_is_told_as_how_long_ago(time: timedelta, text: str) -> None:
    """The relay does not know by which clock its reader lives."""
    assert f" {text}." in words_of(Notice(ANA, Said.NOT_YOURS, (K71,), BEN, NOW - time, at=NOW), NAMES)


def test_a_person_without_a_name_is_another_one() -> None:
    text = words_of(Notice(ANA, Said.TAKEN_OVER, (K71,), "+15550100001"), {})
    assert text == "Another person took over K71 (...4567) from you."


@pytest.mark.parametrize(
    ("name", "shown"), [("María José", "Maria José"), ("Zoë\nSmith", "Zoe Smith"), ("李", "Another person")]
)
def test_a_name_is_written_in_the_letters_of_one_segment(name: str, shown: str) -> None:
    assert words_of(Notice(ANA, Said.TAKEN_OVER, (K71,), BEN), {BEN: name}).startswith(f"{shown} took over")


@pytest.mark.parametrize(
    ("phone", "code", "shown"),
    [
        ("+15550104567", "K71", "K71 (...4567)"),
        ("+15550104567", "", "(...4567)"),
        ("72404", "", "(...2404)"),
        ("ACME Bank", "", "(ACME Bank)"),
    ],
)
def test_what_a_customer_is_called(phone: str, code: str, shown: str) -> None:
    assert customer(a_thread(code, customer_phone=phone)) == shown


def test_a_list_that_is_too_long_says_how_many_more() -> None:
    threads = tuple(a_thread(f"K{number}", customer_phone=f"+1555010{number:04d}") for number in range(10, 30))
    text = words_of(Notice(ANA, Said.WHICH, threads), NAMES)
    shown = text.count("(...")
    assert 4 < shown < 20
    assert text.endswith(f" and {20 - shown} more")


def test_long_words_are_cut_and_say_so() -> None:
    text = words_of(Notice(ANA, Said.AGAIN, (K71,), words="a" * 500), NAMES)
    assert text.endswith("K71 say " + "a" * 60 + "...")


@pytest.mark.parametrize("said", Said)
def test_what_a_notice_tells_to_text_can_be_copied(said: Said) -> None:
    """What stands behind its last colon begins with a code that is read as one."""
    _, notice = EXAMPLES[said]
    text = words_of(notice, NAMES)
    told = re.search(r"(?:: |beginning )(K71 [^.]*)$|(K71 \(\.\.\.4567\))$", text)
    if told is not None:
        front = code_in_front(f"{told[0].split(': ')[-1].removeprefix('beginning ')} on my way")
        assert front is not None
        assert front[0] == "K71"
        assert "4567" not in front[1]
