"""What the local stack decides: which Twilio, which file, and what is made up when nothing is configured."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from relay.errors import ConfigurationError
from relay.settings.settings import load_settings

from scripts.local_stack import ROOT, places
from scripts.local_stack.environment import Plan, make_folder_of, make_plan
from scripts.local_stack.places import Twilio, with_env_file

HOST, PORT = "127.0.0.1", 8080
REAL = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "5ec2e7" + "0" * 26,
    "PUBLIC_BASE_URL": "https://relay.example.com",
    "BUSINESS_PHONE_NUMBER": "+12025550100",
    "PRIMARY_HANDLER_PHONE": "+12025550111",
}


def plan(environ: dict[str, str] | None = None, backend: str = "embedded") -> Plan:
    return make_plan(environ or {}, backend, HOST, PORT)


def test_without_any_setting_everything_is_made_up_around_a_fake_twilio() -> None:
    made = plan()
    settings = made.settings()
    assert made.twilio is Twilio.FAKE
    assert settings.policy is not None
    assert [tier.receipt_timeout_seconds for tier in settings.policy.tiers] == [6, 6, 6]
    assert settings.public_base_url == made.address == "http://127.0.0.1:8080"


def test_with_the_fake_twilio_replies_are_on_unless_something_else_is_said() -> None:
    made = plan().settings()
    assert (made.replies, made.business_name) == (True, "Harbor Heating")
    said = plan({"RELAY_REPLIES": "off", "RELAY_BUSINESS_NAME": "Ours"}).settings()
    assert (said.replies, said.business_name) == (False, "Ours")
    assert not plan(REAL).settings().replies


def test_with_the_fake_twilio_an_operator_is_made_up_unless_some_are_given() -> None:
    assert [(one.name, bool(one.phone)) for one in plan().settings().operators.people] == [("Olivia", True)]
    given = plan({"RELAY_OPERATORS": '[{"name": "Ben", "email": "ben@example.com"}]'}).settings().operators
    assert [one.name for one in given.people] == ["Ben"]
    assert plan(REAL).settings().operators.people == ()


def test_with_credentials_the_real_twilio_is_used_and_nothing_is_made_up() -> None:
    made = plan(REAL)
    assert made.twilio is Twilio.REAL
    assert "RELAY_TIERS" not in made.environ
    assert made.settings().api_base_url == ""


def test_an_address_where_the_real_twilio_cannot_call_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigurationError, match="PUBLIC_BASE_URL names this machine"):
        plan({**REAL, "PUBLIC_BASE_URL": "http://localhost:8080"})


@pytest.mark.parametrize("name", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_half_the_credentials_are_a_mistake_and_never_the_fake_twilio(name: str) -> None:
    other = ({"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"} - {name}).pop()
    with pytest.raises(ConfigurationError, match=f"{other} is missing"):
        plan({name: REAL[name]})


def test_another_twilio_compatible_server_needs_no_public_address() -> None:
    environ = {name: value for name, value in REAL.items() if name != "PUBLIC_BASE_URL"}
    made = plan({**environ, "TWILIO_API_BASE_URL": "http://127.0.0.1:8090"})
    assert (made.twilio, made.settings().public_base_url) == (Twilio.OTHER, made.address)


@pytest.mark.parametrize("address", ["https://api.twilio.com", "https://api.dublin.ie1.twilio.com/"])
def test_an_address_of_twilios_own_is_the_real_one(address: str) -> None:
    assert plan({**REAL, "TWILIO_API_BASE_URL": address}).twilio is Twilio.REAL
    with pytest.raises(ConfigurationError, match="PUBLIC_BASE_URL is missing"):
        plan({**REAL, "TWILIO_API_BASE_URL": address, "PUBLIC_BASE_URL": ""})
    with pytest.raises(ConfigurationError, match="TWILIO_AUTH_TOKEN is missing"):
        plan({"TWILIO_API_BASE_URL": address})


@pytest.mark.parametrize("address", ["", "https://api.dublin.ie1.twilio.com"])
def test_the_emulators_which_forget_everything_are_refused_with_the_real_twilio(address: str) -> None:
    with pytest.raises(ConfigurationError, match="forget everything"):
        plan({**REAL, "TWILIO_API_BASE_URL": address}, "google")


def test_the_emulated_google_home_needs_no_setting_either() -> None:
    settings = plan(backend="google").settings()
    assert settings.backend == "google"
    assert settings.escalation_url_template == "http://127.0.0.1:8080/tasks/escalate/{tier}"
    assert settings.escalation_tier is None


@pytest.mark.parametrize("told", [{}, {"MEDIA_BASE_URL": "http://127.0.0.1:9"}], ids=["by default", "when said"])
def test_on_the_emulated_google_home_relay_state_is_told_what_links_begin_with(told: dict[str, str]) -> None:
    environ = plan(told, "google").environ
    wanted = told.get("MEDIA_BASE_URL", environ["PUBLIC_BASE_URL"])
    assert load_settings(environ, ["sms_relay_state"]).media_base_url == wanted
    assert load_settings(environ, ["console"]).console_base_url == environ["PUBLIC_BASE_URL"]


def test_texts_of_the_fake_and_of_the_real_twilio_are_kept_in_different_files() -> None:
    assert plan().environ["RELAY_DATABASE"] != plan(REAL).environ["RELAY_DATABASE"]
    assert plan({"RELAY_DATABASE": "mine.db"}).environ["RELAY_DATABASE"] == str(Path("mine.db").absolute())


@pytest.mark.parametrize("given", [".local/fake-twilio.db", "./.local/../.local/fake-twilio.db"])
def test_a_real_twilios_texts_are_not_kept_where_make_clean_removes_made_up_ones(given: str) -> None:
    with pytest.raises(ConfigurationError, match="`make clean` removes it"):
        plan(REAL | {"RELAY_DATABASE": str(ROOT / given)})


def test_handlers_that_are_given_are_not_mixed_with_made_up_ones() -> None:
    settings = plan({"PRIMARY_HANDLER_PHONE": "+13035550001"}).settings()
    assert settings.policy is not None
    assert [tier.reach.address for tier in settings.policy.tiers] == ["+13035550001"]


def test_no_two_runs_of_the_fake_twilio_give_out_the_same_ids() -> None:
    assert plan().environ["RELAY_LOCAL_SEED"] != plan().environ["RELAY_LOCAL_SEED"]


def test_bound_to_all_interfaces_it_is_reached_on_the_loopback() -> None:
    assert make_plan({}, "embedded", "0.0.0.0", PORT).address == "http://127.0.0.1:8080"


def test_only_with_a_real_twilio_it_may_be_bound_to_one_interface() -> None:
    """Parts of a stack with a fake one speak http with each other, tokens included."""
    assert make_plan(REAL, "embedded", "192.168.1.5", PORT).host == "192.168.1.5"
    with pytest.raises(ConfigurationError, match=r"RELAY_LOCAL_HOST: .* or 0\.0\.0\.0 for all"):
        make_plan({}, "embedded", "192.168.1.5", PORT)


def test_the_environment_wins_over_the_env_file_and_the_file_over_what_is_made_up(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("BUSINESS_PHONE_NUMBER=+12025550101\nRELAY_STATE_AUDIENCE=from-the-file\n", "utf-8")
    environ = {"RELAY_LOCAL_ENV_FILE": str(file), "RELAY_STATE_AUDIENCE": "from-the-environment"}
    settings = plan(with_env_file(environ)).settings()
    assert settings.business_phones == ("+12025550101",)
    assert settings.audience == "from-the-environment"


def test_all_mistakes_are_reported_together() -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan({**REAL, "BUSINESS_PHONE_NUMBER": "12", "PUBLIC_BASE_URL": "ftp://x", "RELAY_COLOUR": "blue"})
    assert len(raised.value.mistakes) == 3


def test_settings_that_are_named_and_not_there_are_no_reason_to_run_with_a_fake_twilio(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"relay\.env is not there"):
        with_env_file({"RELAY_LOCAL_ENV_FILE": str(tmp_path / "relay.env")})


def test_neither_is_a_link_to_settings_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where they lie on a disk that is not mounted."""
    monkeypatch.setattr(places, "ROOT", tmp_path)
    assert with_env_file({}) == {}
    (tmp_path / ".env").symlink_to(tmp_path / "disk/relay.env")
    with pytest.raises(ConfigurationError, match=r"\.env is a link to what is not there"):
        with_env_file({})


def test_no_folder_is_made_for_a_misspelt_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_folder_of(".local/relay.db")
    assert stat.S_IMODE((tmp_path / ".local").stat().st_mode) == 0o700
    with pytest.raises(ConfigurationError, match=f"the folder {tmp_path}/dsik is not there; make it, or correct"):
        make_folder_of("dsik/relay.db")
    assert not (tmp_path / "dsik").exists()
