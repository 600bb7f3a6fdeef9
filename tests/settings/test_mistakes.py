"""Every mistake that a configuration can have, one labelled case each, and all of them at once."""

from __future__ import annotations

import json

import pytest
from relay.errors import ConfigurationError
from relay.settings.settings import load_settings
from relay.settings.variables import ENTRY_POINTS

from tests.settings.environments import API_SECRET, BUSINESS, EMBEDDED, FIRST, GOOGLE, OTHER_TOKEN, SECOND, THIRD, TOKEN


def _mistakes(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ, tuple(ENTRY_POINTS))
    assert str(caught.value).count("\n  - ") == len(caught.value.mistakes)
    return caught.value.mistakes


# Label: what is changed, and the words of the one mistake it makes.
VARIABLE_CASES: dict[str, tuple[dict[str, str], str]] = {
    "an unknown home": ({"RELAY_BACKEND": "aws"}, "RELAY_BACKEND is neither `embedded` nor `google`"),
    "an unknown setting": ({"RELAY_TIRES": "[]"}, "RELAY_TIRES is not a setting of this relay"),
    "a misspelt setting": (
        {"TWILIO_AUTH_TOKEN_SECONDRY": "x"},
        "TWILIO_AUTH_TOKEN_SECONDRY is not a setting of this relay; TWILIO_AUTH_TOKEN_SECONDARY seems to be meant",
    ),
    "an account's SID too short": ({"TWILIO_ACCOUNT_SID": "AC123"}, "TWILIO_ACCOUNT_SID is not AC followed by 32"),
    "an API key as account": ({"TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, "TWILIO_ACCOUNT_SID is not AC followed by 32"),
    "an API key without its secret": ({"TWILIO_API_KEY_SID": "SK" + "0" * 32}, "go together: give both or neither"),
    "an API key's secret alone": ({"TWILIO_API_KEY_SECRET": API_SECRET}, "go together: give both or neither"),
    "an API key that is none": (
        {"TWILIO_API_KEY_SID": "AC" + "0" * 32, "TWILIO_API_KEY_SECRET": API_SECRET},
        "TWILIO_API_KEY_SID is not SK followed by 32",
    ),
    "an address without a scheme": ({"PUBLIC_BASE_URL": "relay.example.com"}, "PUBLIC_BASE_URL is not a web address"),
    "an address of another scheme": ({"PUBLIC_BASE_URL": "ftp://relay.example.com"}, "PUBLIC_BASE_URL is not a web"),
    "an address without a host": ({"PUBLIC_BASE_URL": "https://"}, "PUBLIC_BASE_URL is not a web address"),
    "an address with a path and no host": ({"PUBLIC_BASE_URL": "https:///x"}, "PUBLIC_BASE_URL is not a web address"),
    "an address with a query": ({"PUBLIC_BASE_URL": "https://a.example?x=1"}, "PUBLIC_BASE_URL is not a web address"),
    "an address with an empty query": ({"PUBLIC_BASE_URL": "https://a.example/?"}, "PUBLIC_BASE_URL is not a web"),
    "an address with a fragment": ({"PUBLIC_BASE_URL": "https://a.example#rc=5"}, "PUBLIC_BASE_URL is not a web"),
    "an address with a blank": ({"PUBLIC_BASE_URL": "https://a example"}, "PUBLIC_BASE_URL is not a web address"),
    "an address with a port in words": ({"PUBLIC_BASE_URL": "https://a.example:http"}, "PUBLIC_BASE_URL is not a web"),
    "an address with a port beyond all": ({"PUBLIC_BASE_URL": "https://a.example:99999"}, "PUBLIC_BASE_URL is not a"),
    "an address with half a bracket": ({"PUBLIC_BASE_URL": "https://[::1"}, "PUBLIC_BASE_URL is not a web address"),
    "an underscore Twilio refuses": ({"PUBLIC_BASE_URL": "https://my_relay.example"}, "underscore in its host name"),
    "the same for callbacks": (
        {"CALLBACK_BASE_URL": "https://my_relay.example"},
        "CALLBACK_BASE_URL has an underscore",
    ),
    "this machine, with the real Twilio": (
        {"PUBLIC_BASE_URL": "https://localhost:8080"},
        "PUBLIC_BASE_URL names this machine, a private network or no host at all, where Twilio cannot call",
    ),
    "this machine in the clear": ({"PUBLIC_BASE_URL": "http://localhost:8080"}, "PUBLIC_BASE_URL names this machine"),
    "a private network": ({"PUBLIC_BASE_URL": "https://192.168.1.5"}, "PUBLIC_BASE_URL names this machine, a private"),
    "a private network in IPv6": ({"PUBLIC_BASE_URL": "https://[fd00::1]:8443"}, "PUBLIC_BASE_URL names this machine"),
    "a private network in one number": ({"PUBLIC_BASE_URL": "https://3232235781"}, "PUBLIC_BASE_URL names this"),
    "a host of the office": ({"PUBLIC_BASE_URL": "https://relay"}, "PUBLIC_BASE_URL names this machine, a private"),
    "a public address in the clear": (
        {"PUBLIC_BASE_URL": "http://relay.example.com"},
        "PUBLIC_BASE_URL begins with http://, so that all could read the texts on their way: use https://",
    ),
    "the webhook's own address": (
        {"PUBLIC_BASE_URL": "https://relay.example.com/sms/inbound"},
        "PUBLIC_BASE_URL has a path: leave it away",
    ),
    "an address with a user": (
        {"PUBLIC_BASE_URL": "https://me:secret@relay.example.com"},
        "PUBLIC_BASE_URL holds a user name: leave it away",
    ),
    "callbacks to a private network": (
        {"CALLBACK_BASE_URL": "https://10.0.0.1"},
        "CALLBACK_BASE_URL names this machine, a private network",
    ),
    "an address for callbacks with a path": (
        {"CALLBACK_BASE_URL": "https://relay.example.com/sms"},
        "CALLBACK_BASE_URL has a path",
    ),
    "the same with an address of Twilio's own for the API": (
        {"TWILIO_API_BASE_URL": "https://api.ashburn.us1.twilio.com", "PUBLIC_BASE_URL": "https://localhost"},
        "PUBLIC_BASE_URL names this machine",
    ),
    "a token too short": (
        {"TWILIO_AUTH_TOKEN": "short"},
        "TWILIO_AUTH_TOKEN is not 32 hexadecimal digits: copy it again from the Twilio console.",
    ),
    "a token with a letter too many": ({"TWILIO_AUTH_TOKEN": TOKEN + "a"}, "TWILIO_AUTH_TOKEN is not 32"),
    "a token of other letters": ({"TWILIO_AUTH_TOKEN": "g" * 32}, "TWILIO_AUTH_TOKEN is not 32 hexadecimal digits"),
    "a token with a blank that does not show": (
        {"TWILIO_AUTH_TOKEN": TOKEN[:16] + "\u200b" + TOKEN[17:]},
        "TWILIO_AUTH_TOKEN is not 32 hexadecimal digits",
    ),
    "an API key's SID as token": ({"TWILIO_AUTH_TOKEN": "SK" + "0" * 32}, "TWILIO_AUTH_TOKEN is not 32 hexadecimal"),
    "a second token that is none": ({"TWILIO_AUTH_TOKEN_SECONDARY": "new"}, "TWILIO_AUTH_TOKEN_SECONDARY is not 32"),
    "quotes that nothing took off": (
        {"TWILIO_AUTH_TOKEN": f'"{TOKEN}"'},
        "TWILIO_AUTH_TOKEN is in quotes that have become part of it: write it without them.",
    ),
    "a tier's number in quotes": ({"ESCALATION_TIER": "'2'"}, "ESCALATION_TIER is in quotes that have become part of"),
    "quotes of a word processor": ({"BUSINESS_PHONE_NUMBER": f"“{BUSINESS}”"}, "BUSINESS_PHONE_NUMBER is in quotes"),
    "another Twilio in the clear": (
        {"TWILIO_API_BASE_URL": "http://twilio.example.com"},
        "TWILIO_API_BASE_URL begins with http://, so that all could read what is sent there, and change the answer",
    ),
    "another Twilio that is no address": (
        {"TWILIO_API_BASE_URL": "twilio"},
        "TWILIO_API_BASE_URL is not a web address",
    ),
    "a path of Twilio's": ({"TWILIO_API_BASE_URL": "https://api.twilio.com/v1"}, "TWILIO_API_BASE_URL has a path"),
    "an address with a colon and no port": ({"PUBLIC_BASE_URL": "https://a.example.com:"}, "PUBLIC_BASE_URL is not a"),
    "a database at ~": ({"RELAY_DATABASE": "~/relay.db"}, "RELAY_DATABASE is not a path without ~/ and $"),
    "the same, made absolute": ({"RELAY_DATABASE": "/srv/relay/~/relay.db"}, "RELAY_DATABASE is not a path without"),
    "another variable's folder": ({"RELAY_DATABASE": "$HOME/relay.db"}, "RELAY_DATABASE is not a path without ~/ and"),
    "keys at no address": ({"RELAY_STATE_CERTS_URL": "google"}, "RELAY_STATE_CERTS_URL is not a web address"),
    "the console's interface at no address": ({"CONSOLE_API_URL": "x"}, "CONSOLE_API_URL is not a web address"),
    "our number not E.164": ({"BUSINESS_PHONE_NUMBER": "555 1234"}, "BUSINESS_PHONE_NUMBER: …34 is not E.164"),
    "our number with a zero first": ({"BUSINESS_PHONE_NUMBER": "+0555123456"}, "BUSINESS_PHONE_NUMBER: …56 is not"),
    "our number with letters": ({"BUSINESS_PHONE_NUMBER": "+1555CALLME"}, "BUSINESS_PHONE_NUMBER: …ME is not E.164"),
    "our number too long": ({"BUSINESS_PHONE_NUMBER": "+1234567890123456"}, "BUSINESS_PHONE_NUMBER: …56 is not"),
    "our number of other digits": (
        {"BUSINESS_PHONE_NUMBER": "+1555" + "\u0662" * 7},
        "BUSINESS_PHONE_NUMBER: …\u0662\u0662 is not",
    ),
    "nothing but commas for our number": ({"BUSINESS_PHONE_NUMBER": " , ,"}, "BUSINESS_PHONE_NUMBER is missing"),
    "one of our numbers not E.164": ({"BUSINESS_PHONE_NUMBER": f"{BUSINESS},15551234568"}, "…68 is not E.164"),
    "a handler not E.164": ({"SECONDARY_HANDLER_PHONE": "15550100002"}, "SECONDARY_HANDLER_PHONE: …02 is not E.164"),
    "a handler of a few characters": ({"BACKUP_HANDLER_PHONE": "911"}, "(a few characters) is not E.164"),
    "a gap among the handlers": ({"SECONDARY_HANDLER_PHONE": ""}, "The handlers have a gap"),
    "no first handler": ({"PRIMARY_HANDLER_PHONE": ""}, "The handlers have a gap"),
    "no handlers at all": (
        {"PRIMARY_HANDLER_PHONE": "", "SECONDARY_HANDLER_PHONE": "", "BACKUP_HANDLER_PHONE": ""},
        "No handlers are given",
    ),
    "two handlers with one number": ({"BACKUP_HANDLER_PHONE": FIRST}, "tiers 1 and 3 have the same phone number"),
    "two handlers with one number in two spellings": (
        {"PRIMARY_HANDLER_PHONE": "+525512345678", "BACKUP_HANDLER_PHONE": "+5215512345678"},
        "tiers 1 and 3 have the same phone number",
    ),
    "a handler that is our own number in another spelling": (
        {"BUSINESS_PHONE_NUMBER": "+525512345678", "BACKUP_HANDLER_PHONE": "+5215512345678"},
        "tier 3 is our own number",
    ),
    "a handler that is our own number": ({"BACKUP_HANDLER_PHONE": BUSINESS}, "tier 3 is our own number"),
    "a tier's number in words": ({"ESCALATION_TIER": "two"}, "ESCALATION_TIER is not a tier's number"),
    "tier 0": ({"ESCALATION_TIER": "0"}, "ESCALATION_TIER is not a tier's number"),
    "a negative tier": ({"ESCALATION_TIER": "-1"}, "ESCALATION_TIER is not a tier's number"),
    "one queue for every tier": ({"TASKS_QUEUE_TEMPLATE": "escalate"}, "TASKS_QUEUE_TEMPLATE does not contain {tier}"),
    "one URL for every tier": ({"ESCALATION_URL_TEMPLATE": "https://a.example"}, "ESCALATION_URL_TEMPLATE does not"),
    "a queue with another place": (
        {"TASKS_QUEUE_TEMPLATE": "tier-{tier}-{region}"},
        "TASKS_QUEUE_TEMPLATE has a brace",
    ),
    "a queue with half a brace": ({"TASKS_QUEUE_TEMPLATE": "tier-{tier}-{"}, "TASKS_QUEUE_TEMPLATE has a brace"),
    "a URL with a brace too many": (
        {"ESCALATION_URL_TEMPLATE": "https://a.example/{tier}}"},
        "ESCALATION_URL_TEMPLATE has a brace that does not belong to {tier}",
    ),
    "a URL that is no web address": (
        {"ESCALATION_URL_TEMPLATE": "escalate-{tier}"},
        "ESCALATION_URL_TEMPLATE is not a",
    ),
    "a collection with a path": ({"RELAY_COLLECTION": "a/b"}, "RELAY_COLLECTION is not a collection's name"),
    "a collection of Firestore's own": ({"RELAY_COLLECTION": "__all__"}, "RELAY_COLLECTION is not a collection's name"),
    "an origin with a path": ({"RELAY_STATE_ALLOWED_ORIGINS": "https://a.example/x"}, "not an origin like https://a.b"),
    "every origin": ({"RELAY_STATE_ALLOWED_ORIGINS": "*"}, "not an origin like https://a.b"),
    "an origin with a pattern": (
        {"RELAY_STATE_ALLOWED_ORIGINS": "https://*.example"},
        "not an origin like https://a.b",
    ),
    "an origin in capitals": ({"RELAY_STATE_ALLOWED_ORIGINS": "https://A.example"}, "not an origin like https://a.b"),
    "nobody who may look": ({"RELAY_STATE_ALLOWED_EMAILS": ","}, "RELAY_STATE_ALLOWED_EMAILS is missing"),
}


@pytest.mark.parametrize(("changes", "words"), VARIABLE_CASES.values(), ids=VARIABLE_CASES)
def test_a_wrong_variable_is_one_mistake_in_words(changes: dict[str, str], words: str) -> None:
    (mistake,) = _mistakes({**GOOGLE, **changes})
    assert words in mistake
    assert mistake.endswith((".", "knows."))


_GOOD = {"phone": FIRST}

TIERS_CASES: dict[str, tuple[object, str]] = {
    "not JSON": ("[{'phone': '+15550100001'}]", "RELAY_TIERS is not JSON"),
    "a quote missing": ('[{"phone: "+15550100001"}]', "RELAY_TIERS is not JSON"),
    "nested beyond all": ("[" * 100_000, "RELAY_TIERS is not JSON"),
    "an object": ({"1": _GOOD}, "RELAY_TIERS is not a list of at least one tier"),
    "an empty list": ([], "RELAY_TIERS is not a list of at least one tier"),
    "a list of phones": ([FIRST], "RELAY_TIERS is not a list of at least one tier"),
    "a number": (3, "RELAY_TIERS is not a list of at least one tier"),
    "null": (None, "RELAY_TIERS is not a list of at least one tier"),
    "an unknown key": ([{**_GOOD, "retries": 3}], "tier 1 has an unknown key `retries`"),
    "a key that may be a number": ([{**_GOOD, "+15550100009": 3}], "tier 1 has an unknown key; a tier has"),
    "a brace missing between two tiers": (
        f'[{{"phone": "{FIRST}", "success": "sent", "phone": "{SECOND}"}}]',
        "tier 1 has `phone` more than once",
    ),
    "no phone": ([{"name": "x"}], "tier 1: phone (nothing) is not E.164"),
    "a phone as a number": ([{"phone": 15550100001}], "tier 1: phone …01 is not E.164"),
    "a phone not E.164": ([_GOOD, {"phone": "0049151"}], "tier 2: phone …51 is not E.164"),
    "an empty name": ([{**_GOOD, "name": " "}], "tier 1: name is not a text of 1 to 100 characters"),
    "a name that is no text": ([{**_GOOD, "name": 1}], "tier 1: name is not a text of 1 to 100 characters"),
    "a name too long": ([{**_GOOD, "name": "x" * 101}], "tier 1: name is not a text of 1 to 100 characters"),
    "delays that are no list": ([{**_GOOD, "retry_delays_seconds": 2}], "tier 1: retry_delays_seconds is not a list"),
    "a negative delay": ([{**_GOOD, "retry_delays_seconds": [-1]}], "tier 1: retry_delays_seconds is not a list"),
    "a delay that is no number": ([{**_GOOD, "retry_delays_seconds": [None]}], "tier 1: retry_delays_seconds is not"),
    "a delay in quotes": (
        [{**_GOOD, "retry_delays_seconds": [1, "2"]}],
        "tier 1: retry_delays_seconds has a number in quotes; write it without them.",
    ),
    "a delay that is true": ([{**_GOOD, "retry_delays_seconds": [True]}], "tier 1: retry_delays_seconds is not a list"),
    "a delay without end": ([{**_GOOD, "retry_delays_seconds": [float("inf")]}], "retry_delays_seconds"),
    "a delay that is not a number": (
        [{**_GOOD, "retry_delays_seconds": [float("nan")]}],
        "retry_delays_seconds",
    ),
    "a delay of more than an hour": ([{**_GOOD, "retry_delays_seconds": [3601]}], "waits of 0 to 3600 seconds"),
    "too many tiers": (
        [{**_GOOD, "phone": f"+1555010{1000 + number}"} for number in range(21)],
        "RELAY_TIERS has 21 tiers; there may be 20",
    ),
    "too many delays": ([{**_GOOD, "retry_delays_seconds": [1] * 11}], "tier 1: retry_delays_seconds is not a list"),
    "no time for a receipt": ([{**_GOOD, "receipt_timeout_seconds": 0}], "tier 1: receipt_timeout_seconds is not"),
    "more time than Twilio gives": ([{**_GOOD, "receipt_timeout_seconds": 36001}], "between 1 and 36000 seconds"),
    "a timeout in quotes": (
        [{**_GOOD, "receipt_timeout_seconds": "60"}],
        "tier 1: receipt_timeout_seconds is in quotes; write the number without them.",
    ),
    "a timeout that is a list": ([{**_GOOD, "receipt_timeout_seconds": [60]}], "receipt_timeout_seconds is not"),
    "an unknown success": ([{**_GOOD, "success": "read"}], "tier 1: success is neither `delivered` nor `sent`"),
    "a success that is a list": ([{**_GOOD, "success": ["sent"]}], "tier 1: success is neither"),
    "a success that is null": ([{**_GOOD, "success": None}], "tier 1: success is neither"),
    "two tiers with one number": ([_GOOD, {"phone": SECOND}, _GOOD], "tiers 1 and 3 have the same phone number"),
    "our own number": ([_GOOD, {"phone": BUSINESS}], "tier 2 is our own number"),
}


def _with_tiers(tiers: object) -> dict[str, str]:
    rest = {name: value for name, value in EMBEDDED.items() if not name.endswith("_HANDLER_PHONE")}
    return {**rest, "RELAY_TIERS": tiers if isinstance(tiers, str) else json.dumps(tiers)}


@pytest.mark.parametrize(("tiers", "words"), TIERS_CASES.values(), ids=TIERS_CASES)
def test_a_wrong_tier_is_one_mistake_in_words(tiers: object, words: str) -> None:
    (mistake,) = _mistakes(_with_tiers(tiers))
    assert mistake.startswith("RELAY_TIERS")
    assert words in mistake


def test_two_ways_to_name_the_handlers_are_one_too_many() -> None:
    mistakes = _mistakes({**EMBEDDED, "RELAY_TIERS": json.dumps([_GOOD])})
    assert len(mistakes) == 3
    assert all("use one way to name the handlers" in mistake for mistake in mistakes)


def test_a_tier_with_two_mistakes_reports_both_and_keeps_the_others_numbers() -> None:
    """A tier left out for one mistake would hide a second, and the tiers after it would get the wrong numbers."""
    broken = {"phone": SECOND, "success": "maybe"}
    mistakes = _mistakes(_with_tiers([broken, {"phone": SECOND}, {"phone": BUSINESS}]))
    assert mistakes == (
        "RELAY_TIERS: tier 1: success is neither `delivered` nor `sent`.",
        "RELAY_TIERS: tiers 1 and 2 have the same phone number.",
        "RELAY_TIERS: tier 3 is our own number; the relay would text itself.",
    )


def test_all_mistakes_are_reported_together() -> None:
    changes: dict[str, str] = {}
    for label in ("an unknown setting", "an account's SID too short", "an address without a scheme", "tier 0"):
        changes |= VARIABLE_CASES[label][0]
    changes |= {"TWILIO_AUTH_TOKEN": "", "BUSINESS_PHONE_NUMBER": "1", "BACKUP_HANDLER_PHONE": FIRST}
    assert len(_mistakes({**GOOGLE, **changes})) == 7


@pytest.mark.parametrize("name", ["RELAY_LOCAL_PORT", "RELAY_FORBID_SKIPS", "RELAY_TERRAFORM"])
def test_what_belongs_to_the_local_stack_and_the_tests_is_no_mistake(name: str) -> None:
    load_settings({**EMBEDDED, name: "1"}, tuple(ENTRY_POINTS))


def test_no_mistake_shows_a_secret_or_a_full_number() -> None:
    """Everything in the wrong place, secrets and numbers wherever a value can be wrong."""
    secrets = (TOKEN, OTHER_TOKEN, API_SECRET)
    numbers = (BUSINESS, FIRST, SECOND, THIRD, "+15550109999")
    for value in (*secrets, *numbers):
        tiers = [
            {value: value, "phone": value, "name": [value], "success": value},
            {"phone": [value], "retry_delays_seconds": value, "receipt_timeout_seconds": value},
        ]
        wrong = dict.fromkeys(
            (*GOOGLE, "TASKS_QUEUE_TEMPLATE", "TWILIO_API_KEY_SID", "RELAY_STATE_ALLOWED_ORIGINS"), value
        )
        for handlers in ({}, {"RELAY_TIERS": json.dumps(tiers)}, {"RELAY_TIERS": value}):
            text = "\n".join(_mistakes({**wrong, **handlers, "RELAY_BACKEND": value}))
            assert value not in text
            assert value.removeprefix("+1") not in text
