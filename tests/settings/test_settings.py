"""The configuration: every mistake reported together, in words, and none of them gives anything away."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from relay.core.policy import DEFAULT_RETRY_DELAYS_SECONDS, Success
from relay.errors import ConfigurationError
from relay.settings.settings import Settings, load_settings
from relay.settings.variables import ENTRY_POINTS, VARIABLES, variables_of

from tests.settings.environments import (
    API_SECRET,
    BUSINESS,
    EMBEDDED,
    FIRST,
    GOOGLE,
    OTHER_TOKEN,
    SECOND,
    THIRD,
    TOKEN,
    Watched,
)

EVERYTHING = tuple(ENTRY_POINTS)


def _load(environ: Mapping[str, str], *entry_points: str, **changes: str) -> Settings:
    return load_settings({**environ, **changes}, entry_points or EVERYTHING)


def _tiers(*tiers: object) -> dict[str, str]:
    rest = {name: value for name, value in EMBEDDED.items() if not name.endswith("_HANDLER_PHONE")}
    return {**rest, "RELAY_TIERS": json.dumps(tiers)}


# Only then may a tier wait for a claim.
_WITH_REPLIES = {"RELAY_REPLIES": "on", "RELAY_BUSINESS_NAME": "Acme Hauling"}

# What a complete configuration amounts to.


def test_three_phones_are_three_tiers_with_the_usual_schedule() -> None:
    policy = _load(EMBEDDED).policy
    assert policy is not None
    assert [(tier.name, tier.reach.address) for tier in policy.tiers] == [
        ("primary", FIRST),
        ("secondary", SECOND),
        ("backup", THIRD),
    ]
    assert {tier.retry_delays_seconds for tier in policy.tiers} == {(2.0, 4.0, 8.0)}
    assert {(tier.receipt_timeout_seconds, tier.success) for tier in policy.tiers} == {(60.0, Success.DELIVERED)}


@pytest.mark.parametrize("count", [1, 2, 7])
def test_relay_tiers_may_be_any_number(count: int) -> None:
    policy = _load(_tiers(*({"phone": f"+155501000{number:02d}"} for number in range(count)))).policy
    assert policy is not None
    assert policy.last_tier == count


def test_a_tier_may_say_everything_about_itself() -> None:
    tier = {
        "name": "On call",
        "phone": FIRST,
        "retry_delays_seconds": [1, 2.5],
        "receipt_timeout_seconds": 30,
        "success": "sent",
        "claim_timeout_seconds": 900,
    }
    policy = _load(_tiers(tier), **_WITH_REPLIES).policy
    assert policy is not None
    (read,) = policy.tiers
    assert (read.name, read.reach.address, read.success) == ("On call", FIRST, Success.SENT)
    assert (read.retry_delays_seconds, read.receipt_timeout_seconds) == ((1.0, 2.5), 30.0)
    assert (read.claim_timeout_seconds, read.asks_for_a_claim) == (900.0, True)


def test_a_tier_may_go_to_every_limit() -> None:
    least = {"phone": FIRST, "retry_delays_seconds": [], "receipt_timeout_seconds": 1}
    most = {
        "name": "x" * 100,
        "phone": SECOND,
        "retry_delays_seconds": [0, *([3600] * 9)],
        "receipt_timeout_seconds": 36000,
        "claim_timeout_seconds": 86400,
    }
    policy = _load(_tiers(least, most), **_WITH_REPLIES).policy
    assert policy is not None
    assert policy.last_tier == 2


@pytest.mark.parametrize("seconds", [-1, 86401, [900], True, None])
def test_how_long_a_claim_is_waited_for_is_up_to_a_day(seconds: object) -> None:
    with pytest.raises(ConfigurationError) as mistakes:
        _load(_tiers({"phone": FIRST, "claim_timeout_seconds": seconds}))
    assert "tier 1: claim_timeout_seconds is not between 0 (asks for no claim) and 86400" in str(mistakes.value)


def test_a_tier_needs_nothing_but_a_phone() -> None:
    policy = _load(_tiers({"phone": FIRST})).policy
    assert policy is not None
    assert policy.tiers[0].retry_delays_seconds == DEFAULT_RETRY_DELAYS_SECONDS
    assert policy.tiers[0].name == "tier 1"
    assert not policy.tiers[0].asks_for_a_claim


def test_defaults() -> None:
    settings = _load(EMBEDDED)
    assert settings.backend == "embedded"
    assert settings.database_path == ".local/relay.db"
    assert settings.collection == "message-relay-state"
    assert settings.firestore_database == "(default)"
    assert settings.tasks_queue_template == "escalate-tier-{tier}"
    assert settings.certs_url == "https://www.googleapis.com/oauth2/v1/certs"
    assert settings.callback_base_url == settings.public_base_url == "https://relay.example.com"
    assert (settings.api_base_url, settings.escalation_tier) == ("", None)


def test_a_project_makes_google_the_home_unless_told_otherwise() -> None:
    assert _load(GOOGLE).backend == "google"
    assert _load(GOOGLE, RELAY_BACKEND="embedded").backend == "embedded"
    assert _load(EMBEDDED).backend == "embedded"


def test_during_a_rotation_there_are_two_tokens_the_sending_one_first() -> None:
    assert _load(EMBEDDED).auth_tokens == (TOKEN,)
    assert _load(EMBEDDED, TWILIO_AUTH_TOKEN_SECONDARY=OTHER_TOKEN).auth_tokens == (TOKEN, OTHER_TOKEN)


def test_blanks_around_a_value_and_a_slash_at_an_addresss_end_do_not_matter() -> None:
    settings = _load(EMBEDDED, TWILIO_AUTH_TOKEN=f" {TOKEN}\n", PUBLIC_BASE_URL="https://relay.example.com/ ")
    assert settings.auth_tokens == (TOKEN,)
    assert settings.public_base_url == "https://relay.example.com"


def test_several_own_numbers_are_separated_by_commas() -> None:
    numbers = f"{BUSINESS}, +15550100101,"
    assert _load(EMBEDDED, BUSINESS_PHONE_NUMBER=numbers).business_phones == (BUSINESS, "+15550100101")


@pytest.mark.parametrize("name", ["TWILIO_REGION", "TWILIO_API_KEY", "PUBLIC_URL", "BACKUP_FOLDER", "RELAY_LOCAL_HOST"])
def test_what_others_read_is_none_of_our_business(name: str) -> None:
    load_settings({**GOOGLE, name: "x"}, ENTRY_POINTS)


def test_allowed_emails_are_compared_in_lower_case() -> None:
    emails = "Operator@Example.com, second@example.com"
    assert _load(GOOGLE, RELAY_STATE_ALLOWED_EMAILS=emails).allowed_emails == {
        "operator@example.com",
        "second@example.com",
    }


@pytest.mark.parametrize(("value", "tier"), [("1", 1), ("12", 12), ("any", None)])
def test_a_function_is_told_its_tier(value: str, tier: int | None) -> None:
    assert _load(GOOGLE, ESCALATION_TIER=value).escalation_tier == tier


def test_settings_show_no_secret_and_no_number_when_they_are_printed() -> None:
    text = repr(_load(GOOGLE, TWILIO_API_KEY_SID="SK" + "1" * 32, TWILIO_API_KEY_SECRET=API_SECRET))
    for hidden in (TOKEN, API_SECRET, BUSINESS, FIRST):
        assert hidden not in text


# The real Twilio and others.


@pytest.mark.parametrize(
    "address", ["http://localhost:8080", "http://192.168.1.5/relay", "https://relay.example.com/x"]
)
@pytest.mark.parametrize("api", ["http://127.0.0.1:8090", "https://twilio.example.com", "https://nottwilio.com"])
def test_with_a_server_that_stands_in_for_twilio_every_address_and_token_will_do(address: str, api: str) -> None:
    given = {"PUBLIC_BASE_URL": address, "TWILIO_AUTH_TOKEN": "made-up", "TWILIO_API_BASE_URL": api}
    assert _load(EMBEDDED, **given).public_base_url == address


@pytest.mark.parametrize("entry_point", ["sms_inbound", "sms_delivery_status", "escalate_tier", "sweep", "reconcile"])
def test_every_function_that_twilio_calls_or_that_tells_it_where_to_call_refuses_what_cannot_work(
    entry_point: str,
) -> None:
    with pytest.raises(ConfigurationError, match="PUBLIC_BASE_URL names this machine"):
        _load(GOOGLE, entry_point, PUBLIC_BASE_URL="http://localhost:8080")


@pytest.mark.parametrize("address", ["https://relay.example.com:8443", "https://8.8.8.8", "HTTPS://Relay.Example.Com"])
def test_an_address_that_twilio_can_call_is_taken_as_it_is(address: str) -> None:
    assert _load(EMBEDDED, PUBLIC_BASE_URL=address).public_base_url == address


# Who reads what.


@pytest.mark.parametrize("environ", [EMBEDDED, GOOGLE], ids=["embedded", "google"])
@pytest.mark.parametrize("entry_point", EVERYTHING)
def test_an_entry_point_reads_exactly_what_the_table_says(entry_point: str, environ: Mapping[str, str]) -> None:
    watched = Watched({**environ, **{variable.name: "" for variable in VARIABLES if variable.name not in environ}})
    load_settings(watched, [entry_point])
    assert watched.looked_at == {variable.name for variable in variables_of(entry_point)}


def test_the_environment_is_read_where_settings_are_made_and_nowhere_else() -> None:
    functions = Path(__file__).resolve().parents[2] / "functions"
    reading = {
        path.relative_to(functions / "relay").as_posix()
        for path in functions.rglob("*.py")
        if re.search(r"\bos\.(environb?|getenv)\b", path.read_text())
    }
    # The second finds a local stand-in for Cloud Tasks; Google's own clients find theirs by themselves.
    assert reading == {"wiring.py", "google/timers.py"}


@pytest.mark.parametrize("entry_point", EVERYTHING)
def test_an_entry_point_needs_nothing_beyond_its_own_variables(entry_point: str) -> None:
    own = {variable.name for variable in variables_of(entry_point)}
    load_settings({name: value for name, value in GOOGLE.items() if name in own}, [entry_point])


@pytest.mark.parametrize("entry_point", EVERYTHING)
def test_mistakes_in_other_entry_points_variables_are_none(entry_point: str) -> None:
    own = {variable.name for variable in variables_of(entry_point)}
    broken = {variable.name: "💥 ?#{" for variable in VARIABLES if variable.name not in own}
    load_settings({**GOOGLE, **broken}, [entry_point])


def test_secrets_go_only_to_those_who_check_signatures_or_send() -> None:
    secrets = {variable.name for variable in VARIABLES if variable.secret}
    told = {"RELAY_ALARM_WEBHOOK_SECRET", "SMTP_PASSWORD"}
    assert secrets == {"TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY", "TWILIO_API_KEY_SECRET"} | told
    for entry_point in ("sms_relay_state", "sms_redrive", "relay_events", "console"):
        assert not secrets & {variable.name for variable in variables_of(entry_point)}


@pytest.mark.parametrize(
    "name", [variable.name for variable in VARIABLES if variable.required == "always" and variable.name in EMBEDDED]
)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_is_always_required_is_missed_by_name(name: str, value: str | None) -> None:
    environ = {key: given for key, given in EMBEDDED.items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(ConfigurationError) as caught:
        _load(environ)
    assert any(mistake.startswith(f"{name} is missing: ") for mistake in caught.value.mistakes)


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES if variable.required == "google"])
def test_what_google_requires_is_missed_there_and_only_there(name: str) -> None:
    environ = {key: given for key, given in GOOGLE.items() if key != name}
    with pytest.raises(ConfigurationError, match=f"{name} is missing"):
        _load(environ, RELAY_BACKEND="google")
    _load(environ, RELAY_BACKEND="embedded")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("TWILIO_API_BASE_URL", "http://{}"),
        ("RELAY_STATE_CERTS_URL", "http://{}/certs"),
        ("CONSOLE_API_URL", "HTTP://{}"),
        ("HEARTBEAT_URL", "http://{}/ping?x=1"),
        ("ESCALATION_URL_TEMPLATE", "http://{}/escalate/{{tier}}"),
    ],
)
def test_tokens_and_the_keys_that_tell_them_go_over_https_or_stay_on_this_machine(name: str, address: str) -> None:
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        load_settings({**GOOGLE, name: address.format(host)}, tuple(ENTRY_POINTS))
    for host in ("relay.example.com", "192.168.1.5:8080", "localhost.example.com"):
        with pytest.raises(ConfigurationError, match=f"{name} begins with http://, so that all could read"):
            load_settings({**GOOGLE, name: address.format(host)}, tuple(ENTRY_POINTS))
    load_settings(
        {**GOOGLE, name: address.lower().replace("http:", "https:").format("relay.example.com")}, tuple(ENTRY_POINTS)
    )


def test_the_address_of_links_must_be_public_with_a_real_twilio_as_far_as_the_entry_point_is_told_which_it_is() -> None:
    here = GOOGLE | {"MEDIA_BASE_URL": "http://127.0.0.1:8080"}
    with pytest.raises(ConfigurationError, match="MEDIA_BASE_URL names this machine"):
        load_settings(here, ["sms_inbound"])
    fake = here | {"TWILIO_API_BASE_URL": "http://127.0.0.1:8081"}
    for entry_point in ("sms_inbound", "sms_relay_state"):
        assert load_settings(fake, [entry_point]).media_base_url == "http://127.0.0.1:8080"
