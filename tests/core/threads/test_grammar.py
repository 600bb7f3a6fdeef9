"""What words ask for, what a reaction is, and what phones say by themselves."""

# ruff: noqa: RUF001 - phones write quotation marks of their own

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.model import Consent
from relay.core.threads.auto_replies import BEGINNINGS, WHOLE, is_auto_reply
from relay.core.threads.grammar import (
    CLAIM_WORDS,
    COMMANDS,
    RESERVED,
    Wish,
    begins_with_pass,
    is_claim,
    is_providers,
    wish_of,
    words_of_a_test,
)
from relay.core.threads.tapbacks import Tapback, tapback_of
from relay.core.threads.verdict import Asked


@pytest.mark.parametrize(
    "words",
    [
        "ok",
        "OK",
        "Ok!",
        "ok.",
        "okay",
        "O.K.",
        "got it",
        "Got it!!",
        "on it",
        "On-it",
        "👍",
        "👍🏽",
        "👍👍",
        "ok 👍",
        "ok got it",
        "¡OK!",
        "\u200eok",
        "\u2068ok\u2069",
        "\u200f👍",
        "\bok",
        "\x81Got it!",
    ],
)
def test_claim_words_are_read_however_they_are_written(words: str) -> None:
    assert wish_of(words, is_coded=True) == wish_of(words, is_coded=False) == Wish(Asked.CLAIM, words)


@pytest.mark.parametrize(
    "words",
    ["ok?", "ok, on my way", "okay then", "not ok", "I got it wrong", "on its way", "👍 see you", "yes", "no", "..."],
)
def test_other_words_are_an_answer(words: str) -> None:
    assert wish_of(words, is_coded=True) == Wish(Asked.ANSWER, words)


@pytest.mark.parametrize(("word", "asked"), [(word, asked) for word, (asked, _) in COMMANDS.items()])
def test_commands_are_read_alone(word: str, asked: Asked) -> None:
    assert wish_of(f" {word.upper()} ", is_coded=False) == wish_of(word, is_coded=True) == Wish(asked)
    if word != "?":
        assert wish_of(f"{word}!", is_coded=True) == Wish(asked)
        assert wish_of(f"{word} the door", is_coded=False) == Wish(Asked.ANSWER, f"{word} the door")


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("mine on my way", Wish(Asked.TAKEOVER, "on my way")),
        ("Mine: on my way", Wish(Asked.TAKEOVER, "on my way")),
        ("mine ok", Wish(Asked.TAKEOVER)),
        ("mine 👍", Wish(Asked.TAKEOVER)),
        ("mine say ok", Wish(Asked.TAKEOVER, "ok", is_said=True)),
        # A command behind it does nothing: the takeover's acknowledgement says that nothing was sent.
        ("mine done", Wish(Asked.TAKEOVER)),
        ("mine stop", Wish(Asked.TAKEOVER)),
        ("mine's the white van", Wish(Asked.ANSWER, "mine's the white van")),
        ("mine’s the white van", Wish(Asked.ANSWER, "mine’s the white van")),
        ("mine?", Wish(Asked.ANSWER, "mine?")),
        ("mineral water", Wish(Asked.ANSWER, "mineral water")),
    ],
)
def test_a_takeover_takes_the_words_behind_it_along(words: str, wish: Wish) -> None:
    assert wish_of(words, is_coded=True) == wish


def test_without_a_code_mine_with_words_is_a_sentence() -> None:
    assert wish_of("mine is the white van", is_coded=False) == Wish(Asked.ANSWER, "mine is the white van")


@pytest.mark.parametrize(
    ("words", "said"),
    [("say ok", "ok"), ("Say: done", "done"), ("SAY, stop", "stop"), ("say say ok", "say ok"), ("say\npass", "pass")],
)
def test_say_sends_any_words(words: str, said: str) -> None:
    assert wish_of(words, is_coded=True) == Wish(Asked.ANSWER, said, is_said=True)


def test_say_stands_alone_and_in_front() -> None:
    assert wish_of("say", is_coded=True) == Wish(Asked.ANSWER, "", is_said=True)
    assert not wish_of("saying ok", is_coded=True).is_said
    assert not wish_of("I say ok", is_coded=True).is_said


@pytest.mark.parametrize("word", RESERVED)
def test_words_of_the_provider_are_reserved_and_no_command(word: str) -> None:
    assert wish_of(word.lower(), is_coded=True).asked is Asked.RESERVED
    assert is_providers(f" {word} ", None)
    assert not is_providers(f"{word}.", None)
    assert wish_of(f"{word}.", is_coded=False).asked is Asked.RESERVED
    assert wish_of(f"please {word}", is_coded=False).asked is Asked.ANSWER


def test_what_the_provider_says_of_consent_counts_whatever_the_words_but_yes_is_an_answer() -> None:
    assert is_providers("basta", Consent.STOP)
    assert not is_providers("basta", None)
    assert not is_providers("Yes!", Consent.START)
    assert not is_providers("YES", None)


def test_no_word_is_in_two_tables() -> None:
    words = [*CLAIM_WORDS, *COMMANDS, *(word.lower() for word in RESERVED), "say", "test", "yes"]
    assert len(set(words)) == len(words)


def test_pass_with_more_words_is_told_from_words_that_only_begin_alike() -> None:
    assert begins_with_pass("Pass, I am ill")
    assert not begins_with_pass("passing by at five")


def test_test_lets_a_text_through_as_a_customers() -> None:
    assert words_of_a_test("Test is anybody there") == "is anybody there"
    assert words_of_a_test("test") == ""
    assert words_of_a_test("testing") is None


@given(st.text(max_size=60), st.booleans())
def test_any_words_ask_for_something_and_no_answer_is_a_claim_word(words: str, is_coded: bool) -> None:
    wish = wish_of(words, is_coded)
    if wish.asked in (Asked.ANSWER, Asked.TAKEOVER) and not wish.is_said:
        assert not is_claim(wish.words)


# Reactions.


@pytest.mark.parametrize(
    "body",
    [
        "Liked “K71 hello”",
        'Liked "K71 hello"',
        "Loved “K71 hello”",
        "Emphasized “K71 hello”",
        "Emphasised “K71 hello”",
        "Reacted 👍 to “K71 hello”",
        "Reacted with ❤️ to “K71 hello”",
        "Reacted ‼️ to “K71 hello”",
        "Le gustó “K71 hello”",
        "Le encantó “K71 hello”",
        "Reaccionó con 👍 a “K71 hello”",
        "👍 to “ K71 hello ”",
        "\u200b👍\u200b to “\u200bK71 hello\u200b”",
        "👍🏽 to “\u200aK71 hello\u200a”",
        # Cut on the way.
        "Liked “K71 hello",
    ],
)
def test_reactions_that_take_a_text_are_read_with_their_quote(body: str) -> None:
    assert tapback_of(body) == Tapback(True, "K71 hello")


@pytest.mark.parametrize(
    "body",
    [
        "Disliked “K71 hello”",
        "Laughed at “K71 hello”",
        "Questioned “K71 hello”",
        "Removed a like from “K71 hello”",
        "Removed an exclamation from “K71 hello”",
        "Reacted 🔥 to “K71 hello”",
        "😂 to “K71 hello”",
        "Le dio risa “K71 hello”",
    ],
)
def test_other_reactions_take_nothing(body: str) -> None:
    assert tapback_of(body) == Tapback(False, "K71 hello")


@pytest.mark.parametrize("body", ["Liked an image", "Loved a video", "Reacted 👍 to an image", "Le encantó una imagen"])
def test_a_reaction_to_a_picture_quotes_nothing(body: str) -> None:
    assert tapback_of(body) == Tapback(False, "")


@pytest.mark.parametrize(
    "body",
    [
        "Liked the blue one",
        'Liked "the blue one" better',
        "Loved it!",
        "He said “hello”",
        "“hello”",
        "👍",
        "I liked an image",
        "",
    ],
)
def test_what_people_write_is_no_reaction(body: str) -> None:
    assert tapback_of(body) is None


@pytest.mark.parametrize(
    ("quote", "is_about"),
    [
        ("K71 +15550104567: It's broken", True),
        ("K71 +15550104567: It’s bro…", True),
        ("K71 +15550104567", True),
        ("M24 +15550104567: It's broken", False),
        ("It's broken", False),
        ("", False),
        ("…", False),
    ],
)
def test_a_quote_is_the_beginning_of_what_was_forwarded(quote: str, is_about: bool) -> None:
    assert Tapback(True, quote).is_about("K71 +15550104567: It's broken. Come soon!") is is_about


# What phones say by themselves.


@pytest.mark.parametrize(
    "body",
    [
        "I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I get where I’m going.",
        "I'm driving with Focus turned on. I'll see your message when I get where I'm going.",
        "(I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification through.)",
        "Sorry, I can't talk right now.",
        "Can't talk now. Call me later?",
        "[Auto-Reply] I'm driving",
        "Driving mode: I will text you later",
        "Estoy conduciendo con No molestar activado. Veré tu mensaje cuando llegue.",
        "Ahora no puedo hablar.",
        "Respuesta automática: vuelvo el lunes",
    ],
)
def test_known_automatic_replies_are_recognised(body: str) -> None:
    assert is_auto_reply(body)


@pytest.mark.parametrize(
    "body",
    [
        "I'm driving",
        "I'm driving, there in 10",
        "I'm driving and will be there in 10",
        "I can't talk right now, but the part is here",
        "Driving mode is broken on that car",
        "Estoy conduciendo, llego en 10 minutos",
        "On my way",
        "",
    ],
)
def test_what_a_person_answers_is_none(body: str) -> None:
    assert not is_auto_reply(body)


def test_the_data_is_written_as_it_is_compared() -> None:
    assert [words for words in (*BEGINNINGS, *WHOLE) if words != words.casefold().strip() or "’" in words] == []
    assert all(map(is_auto_reply, (*BEGINNINGS, *WHOLE)))
    assert not any(map(is_claim, (*BEGINNINGS, *WHOLE)))
