"""The fuzzer looks where it should: on code that is wrong in one place it finds an input that shows it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from relay.core.threads import audience, grammar
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Facts, HandlerText
from relay.twilio import forms, signature
from relay.twilio.cuts import Doubt, doubt_of
from relay.twilio.signature import Bytes, Form

from tests.endurance.fuzz.inputs import SHARES, Fuzzer
from tests.endurance.fuzz.world import World

_parsed = signature._parsed


def _a_form_that_is_not_utf8_is_none(body: bytes) -> Bytes | None:
    form = _parsed(body)
    try:
        _strictly(form or {})
    except UnicodeDecodeError:
        return None
    return form


def _strictly(form: Bytes) -> Form:
    return {name.decode(): [value.decode() for value in values] for name, values in form.items()}


_MUTANTS: dict[str, tuple[object, str, Callable[..., object], str]] = {
    "every signed form is taken at its word": (forms, "doubt_of", lambda _form: Doubt.NONE, "another text"),
    "a form that may be another text is taken where Twilio has none": (
        forms,
        "doubt_of",
        lambda form: min(doubt_of(form), Doubt.CUT),
        "another text",
    ),
    "bytes that are no UTF-8 are a forgery": (signature, "_parsed", _a_form_that_is_not_utf8_is_none, "answered 403"),
    "bytes that are no UTF-8 are an error of ours": (signature, "_decoded", _strictly, "answered 500"),
}


def _first(_text: HandlerText, facts: Facts) -> tuple[Thread, ...]:
    return facts.threads[:1]


_MUTANTS_OF_HANDLERS: dict[str, tuple[object, str, object, str]] = {
    "of several customers one is meant": (audience, "candidates", _first, "did not name"),
    "a claim word is an answer": (grammar, "is_claim", lambda _words: False, "a claim word"),
    "a word of the provider's is an answer": (grammar, "RESERVED", (), "a claim word, or a command"),
}


@pytest.mark.parametrize(("place", "name", "mutant", "words"), _MUTANTS.values(), ids=_MUTANTS)
def test_a_mutant_is_found_within_the_inputs_of_one_round(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    name: str,
    mutant: Callable[..., object],
    words: str,
) -> None:
    monkeypatch.setattr(place, name, mutant)
    _is_found(Fuzzer(world, "sms_inbound"), SHARES["sms_inbound"], words)


@pytest.mark.parametrize(("place", "name", "mutant", "words"), _MUTANTS_OF_HANDLERS.values(), ids=_MUTANTS_OF_HANDLERS)
def test_a_mutant_that_sends_handlers_words_elsewhere_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, place: object, name: str, mutant: object, words: str
) -> None:
    monkeypatch.setattr(place, name, mutant)
    _is_found(Fuzzer(world, "handlers_texts"), SHARES["handlers_texts"], words)


def _is_found(fuzzer: Fuzzer, inputs: int, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        _try_a_round(fuzzer, inputs)
    print(f"found after {fuzzer.inputs} inputs")


def _try_a_round(fuzzer: Fuzzer, inputs: int) -> None:
    draw = random.Random(1)
    for _ in range(inputs):
        fuzzer.try_tape(draw.randbytes(draw.randint(20, 200)))
