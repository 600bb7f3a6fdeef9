"""Who may sign in: read once, checked whole, and no mistake shows a number or an address."""

from __future__ import annotations

import json

import pytest
from relay.core.operators import Operator, Role
from relay.errors import ConfigurationError
from relay.settings.settings import Settings, load_settings
from relay.settings.variables import ENTRY_POINTS, Need

from tests.settings.environments import EMBEDDED, GOOGLE

ANA, BO = "+15550100011", "+15550100012"


def _load(changes: dict[str, str], *entry_points: str) -> Settings:
    return load_settings({**EMBEDDED, **changes}, entry_points or tuple(ENTRY_POINTS))


def _named(*people: object) -> dict[str, str]:
    return {"RELAY_OPERATORS": json.dumps(people)}


def _mistakes(changes: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        _load(changes)
    return caught.value.mistakes


def test_there_are_none_until_they_are_named() -> None:
    settings = _load({})
    assert (settings.operators.people, settings.trusted_proxies) == ((), 0)
    assert settings.console_base_url == settings.public_base_url == "https://relay.example.com"


def test_an_operator_has_a_name_and_a_way_to_be_reached_and_acts_unless_said() -> None:
    named = _named(
        {"name": " Ana ", "phone": ANA, "email": " Ana@Example.com "},
        {"name": "Bo", "phone": BO, "role": "look"},
        {"name": "Çağla 3", "email": "c+relay@mail.example.com", "phone": None, "role": "act"},
    )
    assert _load(named).operators.people == (
        Operator("Ana", ANA, "ana@example.com", Role.ACT),
        Operator("Bo", BO, "", Role.LOOK),
        Operator("Çağla 3", "", "c+relay@mail.example.com", Role.ACT),
    )


CASES: dict[str, tuple[object, str]] = {
    "no list": ({"name": "Ana"}, 'is not a list of operators like {"name": "…", "phone": "+1…"}.'),
    "a brace missing between two": (
        f'[{{"name": "Ana", "phone": "{ANA}", "name": "Bo"}}]',
        "operator 1 has `name` more than once (is a brace missing between two operators?).",
    ),
    "no objects": (["Ana"], "is not a list of operators"),
    "too many": ([{"name": f"{n}", "email": f"n{n}@example.com"} for n in range(101)], "has 101 operators; there may"),
    "no name": ([{"phone": ANA}], "operator 1: name is not a text of 1 to 40 characters on one line."),
    "a blank name": ([{"name": "  ", "phone": ANA}], "operator 1: name is not a text"),
    "a long name": ([{"name": "x" * 41, "phone": ANA}], "operator 1: name is not a text"),
    "a name of two lines": ([{"name": "A\nB", "phone": ANA}], "operator 1: name is not a text"),
    "a name that is a number": ([{"name": 5, "phone": ANA}], "operator 1: name is not a text"),
    "a number in other digits": (
        [{"name": "Bo \uff15\uff15\uff15 010\u20110011", "phone": ANA}],
        "name has a phone number",
    ),
    "a number as a name": ([{"name": "555-010-0011", "phone": ANA}], "name has a phone number in it"),
    "no way": ([{"name": "Ana"}], "operator 1 has neither a phone nor an email, by which a code could come."),
    "a national number": ([{"name": "Ana", "phone": "555 010 0011"}], "operator 1: phone is not E.164"),
    "a number without quotes": ([{"name": "Ana", "phone": 15550100011}], "operator 1: phone is not E.164"),
    "no address": ([{"name": "Ana", "email": "ana at example"}], "operator 1: email is not an e-mail address"),
    "two addresses": ([{"name": "Ana", "email": "a@example.com, b@example.com"}], "email is not an e-mail address"),
    "an address and a name": ([{"name": "Ana", "email": "Ana <a@example.com>"}], "email is not an e-mail address"),
    "another role": ([{"name": "Ana", "phone": ANA, "role": "admin"}], "role is neither `look` nor `act`."),
    "another key": ([{"name": "Ana", "phone": ANA, "mail": "x"}], "has an unknown key `mail`; an operator has name"),
    "two of a name": ([{"name": "Ana", "phone": ANA}, {"name": "ANA", "phone": BO}], "have the same name."),
    "two of a number": (
        [{"name": "Ana", "phone": ANA}, {"name": "Bo", "phone": ANA}],
        "Ana and Bo have the same phone.",
    ),
    "two spellings of it": (
        [{"name": "Ana", "phone": "+5215512345678"}, {"name": "Bo", "phone": "+525512345678"}],
        "Ana and Bo have the same phone.",
    ),
    "two of an address": (
        [{"name": "Ana", "email": "a@example.com"}, {"name": "Bo", "email": "A@example.com"}],
        "Ana and Bo have the same email.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_said_in_words(case: str) -> None:
    value, words = CASES[case]
    (mistake,) = _mistakes({"RELAY_OPERATORS": value if isinstance(value, str) else json.dumps(value)})
    assert mistake.startswith("RELAY_OPERATORS")
    assert words in mistake
    for secret in ("5550100011", "0100011", "example.com,", "12345678"):
        assert secret not in mistake


def test_what_is_no_json_is_said() -> None:
    assert _mistakes({"RELAY_OPERATORS": "[{"}) == ("RELAY_OPERATORS is not JSON (is a quote or a comma missing?).",)


def test_several_mistakes_are_told_together() -> None:
    assert len(_mistakes(_named({"name": "", "phone": "1", "role": "x"}, {"name": "Bo"}))) == 4


# Where the console is.


@pytest.mark.parametrize("url", ["https://ops.example.com", "https://10.1.2.3:8443", "http://127.0.0.1:8080"])
def test_the_console_may_be_where_twilio_cannot_call(url: str) -> None:
    assert _load({"CONSOLE_BASE_URL": f"{url}/"}).console_base_url == url


@pytest.mark.parametrize("url", ["http://ops.example.com", "ops.example.com", "https://", "https://ops.example.com/#x"])
def test_a_console_that_others_could_read_is_refused(url: str) -> None:
    (mistake,) = _mistakes({"CONSOLE_BASE_URL": url})
    assert mistake.startswith("CONSOLE_BASE_URL")


@pytest.mark.parametrize(("said", "count"), [("0", 0), ("1", 1), ("5", 5)])
def test_proxies_are_counted(said: str, count: int) -> None:
    assert _load({"RELAY_TRUSTED_PROXIES": said}).trusted_proxies == count


@pytest.mark.parametrize("said", ["6", "-1", "1.5", "yes", "\uff11"])
def test_no_other_count_is_believed(said: str) -> None:
    assert _mistakes({"RELAY_TRUSTED_PROXIES": said}) == (
        "RELAY_TRUSTED_PROXIES is not a number of proxies from 0 to 5.",
    )


def test_who_asks_operators_or_takes_texts_in_is_told_who_they_are_and_no_other() -> None:
    told = {name for name, needs in ENTRY_POINTS.items() if needs & {Need.OPERATORS, Need.TIERS}}
    assert told == {"console", "sms_relay_state", "sms_redrive", "sms_inbound", "reconcile"}
    named = {**GOOGLE, **_named({"name": "Ana", "phone": ANA})}
    for name in ENTRY_POINTS:
        assert bool(load_settings(named, [name]).operators.people) == (name in told), name


def test_no_mistake_about_operators_keeps_a_text_from_being_taken_in() -> None:
    named = {**GOOGLE, **_named({"name": "Ana", "phone": ANA}, {"name": "Bo", "phone": "0155"})}
    assert load_settings(named, ["sms_inbound"]).operators.people == (Operator("Ana", ANA),)
    with pytest.raises(ConfigurationError):
        load_settings(named, ["console"])
    with pytest.raises(ConfigurationError):
        load_settings({**EMBEDDED, **_named({"name": "Bo", "phone": "0155"})}, list(ENTRY_POINTS))


def test_a_number_of_our_own_in_any_spelling_is_no_operators() -> None:
    ours = {"BUSINESS_PHONE_NUMBER": "+15551234567,+5215512345678"}
    for phone in ("+15551234567", "+525512345678"):
        assert _mistakes({**ours, **_named({"name": "Bo", "phone": phone}, {"name": "Ana", "phone": ANA})}) == (
            "RELAY_OPERATORS: Bo's phone is our own number; the relay would text itself.",
        )
