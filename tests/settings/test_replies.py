"""Replies: off until they are set, and what they need is asked for at start."""

from __future__ import annotations

import json

import pytest
from relay.core.people import handlers_of
from relay.core.policy import Policy
from relay.errors import ConfigurationError
from relay.settings.settings import Settings, load_settings
from relay.settings.variables import ENTRY_POINTS, Need, variables_of

from tests.settings.environments import EMBEDDED, FIRST, GOOGLE, SECOND, THIRD

ON = {"RELAY_REPLIES": "on", "RELAY_BUSINESS_NAME": "Harbor Heating"}
ANOTHER_TWILIO = {"TWILIO_API_BASE_URL": "http://127.0.0.1:8090"}


def _load(changes: dict[str, str], *entry_points: str) -> Settings:
    return load_settings({**EMBEDDED, **changes}, entry_points or tuple(ENTRY_POINTS))


def _mistakes(changes: dict[str, str], *entry_points: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        _load(changes, *entry_points)
    return caught.value.mistakes


def _tiers(*tiers: object) -> dict[str, str]:
    return {**dict.fromkeys((name for name in EMBEDDED if "HANDLER" in name), ""), "RELAY_TIERS": json.dumps(tiers)}


def _policy(settings: Settings) -> Policy:
    assert settings.policy is not None
    return settings.policy


# Off until they are set.


def test_replies_are_off_and_an_owner_is_believed_for_two_hours_until_something_else_is_said() -> None:
    settings = _load({})
    assert (settings.replies, settings.business_name, settings.owner_active_seconds) == (False, "", 7200.0)


def test_what_is_said_of_replies_is_read() -> None:
    settings = _load({**ON, "RELAY_OWNER_ACTIVE_SECONDS": "90.5"})
    assert (settings.replies, settings.business_name, settings.owner_active_seconds) == (True, "Harbor Heating", 90.5)
    assert not _load({**ON, "RELAY_REPLIES": "off"}).replies


@pytest.mark.parametrize("value", ["0", "86400", "0.25"])
def test_the_time_for_which_an_owner_is_believed_may_go_to_its_limits(value: str) -> None:
    assert _load({"RELAY_OWNER_ACTIVE_SECONDS": value}).owner_active_seconds == float(value)


@pytest.mark.parametrize("name", ["H", "x" * 40, "Ümläut & Söhne No. 7", "山田水道"])
def test_a_business_is_called_by_any_name_of_one_line(name: str) -> None:
    assert _load({**ON, "RELAY_BUSINESS_NAME": name}).business_name == name


def test_who_arms_or_sends_a_text_is_told_whether_there_are_replies_and_who_sends_one_the_business_name() -> None:
    told = {name for name in ENTRY_POINTS if "RELAY_REPLIES" in {variable.name for variable in variables_of(name)}}
    # `tell` sends to operators alone; the console says whether a handler's phone can try the number out.
    texting = {name: needs for name, needs in ENTRY_POINTS.items() if name != "tell"}
    arming = {name for name, needs in texting.items() if needs & {Need.TIMERS, Need.SENDING}}
    assert told == arming | {"sms_relay_state"}
    named = {name for name in ENTRY_POINTS if "RELAY_BUSINESS_NAME" in {each.name for each in variables_of(name)}}
    # The console's is for operators, in the text with their code.
    assert named == {name for name, needs in ENTRY_POINTS.items() if needs & {Need.SENDING, Need.CONSOLE}}


def test_an_entry_point_that_needs_none_of_it_gets_none_of_it() -> None:
    settings = load_settings({**GOOGLE, **ON, "RELAY_OWNER_ACTIVE_SECONDS": "60"}, ["media"])
    assert (settings.replies, settings.business_name, settings.owner_active_seconds) == (False, "", 0.0)


# Mistakes.

CASES: dict[str, tuple[dict[str, str], str]] = {
    "replies in another word": ({**ON, "RELAY_REPLIES": "yes"}, "RELAY_REPLIES is neither `on` nor `off`."),
    "replies in capitals": ({**ON, "RELAY_REPLIES": "ON"}, "RELAY_REPLIES is neither `on` nor `off`."),
    "replies without a business": (
        {**ON, "RELAY_BUSINESS_NAME": " "},
        "RELAY_BUSINESS_NAME is missing: with RELAY_REPLIES=on the first answer tells a customer who writes.",
    ),
    "a name too long": (
        {**ON, "RELAY_BUSINESS_NAME": "x" * 41},
        "RELAY_BUSINESS_NAME is not a name of 1 to 40 characters on one line.",
    ),
    "the same, while replies are off": ({"RELAY_BUSINESS_NAME": "x" * 41}, "RELAY_BUSINESS_NAME is not a name of 1 to"),
    "a name of two lines": ({**ON, "RELAY_BUSINESS_NAME": "Harbor\nHeating"}, "RELAY_BUSINESS_NAME is not a name"),
    "a name that does not show": ({**ON, "RELAY_BUSINESS_NAME": "Harbor\u202eHeating"}, "RELAY_BUSINESS_NAME is not a"),
    "a name of signs alone": ({**ON, "RELAY_BUSINESS_NAME": "--"}, "RELAY_BUSINESS_NAME is not a name"),
    "an owner believed for more than a day": (
        {"RELAY_OWNER_ACTIVE_SECONDS": "86401"},
        "RELAY_OWNER_ACTIVE_SECONDS is not a number of seconds from 0 to 86400.",
    ),
    "an owner believed in words": ({"RELAY_OWNER_ACTIVE_SECONDS": "2h"}, "RELAY_OWNER_ACTIVE_SECONDS is not a number"),
    "an owner believed for less than nothing": ({"RELAY_OWNER_ACTIVE_SECONDS": "-1"}, "RELAY_OWNER_ACTIVE_SECONDS is"),
    "an owner believed for no number": ({"RELAY_OWNER_ACTIVE_SECONDS": "nan"}, "RELAY_OWNER_ACTIVE_SECONDS is not a"),
    "an owner believed in other digits": ({"RELAY_OWNER_ACTIVE_SECONDS": "\u0662"}, "RELAY_OWNER_ACTIVE_SECONDS is"),
    "a name for no handler": (
        {"BACKUP_HANDLER_PHONE": "", "BACKUP_HANDLER_NAME": "Sam"},
        "BACKUP_HANDLER_NAME is given without BACKUP_HANDLER_PHONE.",
    ),
    "a handler's name too long": ({"PRIMARY_HANDLER_NAME": "x" * 101}, "PRIMARY_HANDLER_NAME has more than 100"),
    "a handler's name of two lines": ({"PRIMARY_HANDLER_NAME": "a\nb"}, "PRIMARY_HANDLER_NAME has a character that"),
    "a number for a handler's name": (
        {"PRIMARY_HANDLER_NAME": "Dana (555) 010-0001"},
        "PRIMARY_HANDLER_NAME has a phone number in it, which other people would be shown.",
    ),
    "a name beside RELAY_TIERS": (
        {**_tiers({"phone": FIRST}), "PRIMARY_HANDLER_NAME": "Dana"},
        "PRIMARY_HANDLER_NAME is given beside RELAY_TIERS",
    ),
    "a number for a tier's name": (
        {**ON, **_tiers({"phone": FIRST, "name": FIRST})},
        "RELAY_TIERS: tier 1: name has a phone number in it, which other people would be shown.",
    ),
    "the same while replies are off": ({**_tiers({"phone": FIRST, "name": FIRST})}, "name has a phone number in it"),
    "a tier's name of two lines": (
        {**ON, **_tiers({"phone": FIRST, "name": "a\nb"})},
        "RELAY_TIERS: tier 1: name has a character that does not show, or is not one line.",
    ),
    "a tier's name that is too long": (
        {**ON, **_tiers({"phone": FIRST, "name": "1" * 101})},
        "RELAY_TIERS: tier 1: name is not a text of 1 to 100 characters.",
    ),
    "replies in small letters": (
        {"relay_replies": "on"},
        "relay_replies is not a setting of this relay; RELAY_REPLIES seems to be meant.",
    ),
    "a wait for a claim in quotes": (
        {**ON, **_tiers({"phone": FIRST, "claim_timeout_seconds": "60"})},
        "RELAY_TIERS: tier 1: claim_timeout_seconds is in quotes; write the number without them.",
    ),
    "one number under two names": (
        {**ON, "PRIMARY_HANDLER_NAME": "Dana", "BACKUP_HANDLER_PHONE": FIRST, "BACKUP_HANDLER_NAME": "Sam"},
        "tiers 1 and 3 have the same phone number",
    ),
    "one number without names": ({**ON, "BACKUP_HANDLER_PHONE": FIRST}, "tiers 1 and 3 have the same phone number"),
    "one person at two tiers while replies are off": (
        {"PRIMARY_HANDLER_NAME": "Dana", "BACKUP_HANDLER_PHONE": FIRST, "BACKUP_HANDLER_NAME": "Dana"},
        "tiers 1 and 3 have the same phone number",
    ),
}


@pytest.mark.parametrize(("changes", "words"), CASES.values(), ids=CASES)
def test_a_mistake_is_one_sentence(changes: dict[str, str], words: str) -> None:
    (mistake,) = _mistakes(changes)
    assert words in mistake
    assert mistake.endswith(".")


def test_where_another_server_stands_in_for_twilio_no_customer_reads_who_writes() -> None:
    assert _load({"RELAY_REPLIES": "on", **ANOTHER_TWILIO}).business_name == ""


def test_a_function_that_sends_nothing_is_not_asked_for_the_business_name() -> None:
    assert load_settings({**GOOGLE, "RELAY_REPLIES": "on"}, ["sms_redrive"]).replies


def test_a_tier_that_waits_for_claims_is_refused_where_no_claim_can_come() -> None:
    waiting = _tiers({"phone": FIRST}, {"phone": SECOND, "claim_timeout_seconds": 300})
    words = (
        "RELAY_TIERS: tier 2 waits for a claim (claim_timeout_seconds), which a handler can only send with "
        "RELAY_REPLIES=on."
    )
    for replies in ({}, {"RELAY_REPLIES": "off"}):
        assert words in _mistakes({**waiting, **replies}, "sms_inbound")


def test_no_mistake_shows_a_number() -> None:
    names = ("RELAY_REPLIES", "RELAY_BUSINESS_NAME", "RELAY_OWNER_ACTIVE_SECONDS")
    handlers = ("PRIMARY_HANDLER_NAME", "SECONDARY_HANDLER_NAME", "BACKUP_HANDLER_NAME")
    wrong = dict.fromkeys((*names, *handlers), f"\t{FIRST * 4}\u200b{FIRST * 6}")
    for changes in (wrong, {**wrong, **ON}, {**wrong, **ON, **_tiers({"phone": FIRST, "name": FIRST * 8})}):
        assert FIRST.removeprefix("+1") not in "\n".join(_mistakes(changes))


# Who the handlers are.


def test_names_make_people_and_a_place_stays_one_without() -> None:
    policy = _policy(_load({"PRIMARY_HANDLER_NAME": "Dana", "BACKUP_HANDLER_NAME": " Sam "}))
    assert [tier.name for tier in policy.tiers] == ["Dana", "secondary", "Sam"]
    assert [(person.id, person.spoken) for person in handlers_of(policy).handlers] == [
        ("Dana", "Dana"),
        ("secondary", "…0002"),
        ("Sam", "Sam"),
    ]


def test_with_replies_who_was_given_no_name_is_another_person_with_another_number() -> None:
    variables = {"PRIMARY_HANDLER_NAME": "Dana"}
    policy = _policy(_load({**ON, **variables}))
    assert [tier.name for tier in policy.tiers] == ["Dana", "secondary …0002", "backup …0003"]
    assert [person.spoken for person in handlers_of(policy).handlers] == ["Dana", "…0002", "…0003"]
    listed = _policy(_load({**ON, **_tiers({"phone": FIRST}, {"phone": SECOND, "name": "Sam"})}))
    assert [tier.name for tier in listed.tiers] == ["tier 1 …0001", "Sam"]


def test_with_replies_a_person_may_stand_at_several_tiers() -> None:
    variables = {"PRIMARY_HANDLER_NAME": "Dana", "BACKUP_HANDLER_PHONE": FIRST, "BACKUP_HANDLER_NAME": "Dana"}
    listed = _tiers({"phone": FIRST, "name": "Dana"}, {"phone": SECOND}, {"phone": FIRST, "name": " Dana"})
    for given in (variables, listed):
        policy = _policy(_load({**ON, **given}))
        assert [tier.reach.address for tier in policy.tiers] == [FIRST, SECOND, FIRST]
        assert [person.id for person in handlers_of(policy).handlers][0::2] == ["Dana"]


def test_a_person_may_have_several_phones() -> None:
    policy = _policy(_load({**ON, "PRIMARY_HANDLER_NAME": "Dana", "BACKUP_HANDLER_NAME": "Dana"}))
    (dana, _) = handlers_of(policy).handlers
    assert set(dana.numbers) == {FIRST, THIRD}
