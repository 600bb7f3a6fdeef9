"""Secrets reach Secret Manager from a file that only its owner can read, and a rotation never loses a text."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay.errors import ConfigurationError

from scripts.deployment.manage_secrets import main
from scripts.deployment.tools import Problem
from tests.deployment.conftest import Gcloud

ACCOUNT = "AC" + "1" * 32
OLD, NEW = "01d" + "0" * 29, "2e3" + "1" * 29
ENTRIES = ("twilio-account-sid", "twilio-auth-token", "twilio-auth-token-secondary")
FUNCTIONS = ["sms-inbound", "sms-delivery-status", "sms-relay-state", "sweep", "escalate-tier-1", "console"]
WHERE = ("--project=demo-project", "--region=us-central1")


@pytest.fixture(autouse=True)
def deployed(gcloud: Gcloud, calls: Path) -> None:
    gcloud.set(secrets={entry: [] for entry in ENTRIES}, functions=FUNCTIONS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "repos.env"
    write(path)
    return path


def write(path: Path, token: str = OLD, secondary: str = "", more: str = "") -> None:
    lines = [f"TWILIO_ACCOUNT_SID={ACCOUNT}", f"TWILIO_AUTH_TOKEN='{token}'", "SOMETHING_ELSE=1"]
    if secondary:
        lines.append(f"TWILIO_AUTH_TOKEN_SECONDARY={secondary}")
    by_name = {line.partition("=")[0]: line for line in [*lines, *more.splitlines()]}
    path.write_text("\n".join(by_name.values()) + "\n")
    path.chmod(0o600)


def run(action: str, file: Path) -> int:
    return main([action, *WHERE, f"--file={file}"])


def accepted_and_sent_with(gcloud: Gcloud) -> tuple[set[str | None], str | None]:
    """The tokens whose signatures a new instance accepts, and the one it sends with."""
    first = gcloud.latest("twilio-auth-token")
    return {first, gcloud.latest("twilio-auth-token-secondary")}, first


def restarted(gcloud: Gcloud) -> list[str]:
    return [call[3] for call in gcloud.calls_to("run", "services", "update")]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_may_read_is_refused_and_the_chmod_named(gcloud: Gcloud, file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"has mode {mode:03o}: run `chmod 600 {file}`"):
        run("push", file)
    assert not gcloud.calls


def test_a_missing_file_is_told(gcloud: Gcloud, tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"cannot be found: `install -m 600 repos\.env\.example "):
        run("push", tmp_path / "nothing.env")


@pytest.mark.parametrize("name", ["PROJECT", "REGION"])
def test_a_missing_project_or_region_is_told(file: Path, name: str) -> None:
    given = [option for option in WHERE if not option.startswith(f"--{name.lower()}=")]
    with pytest.raises(Problem, match=f"{name} is missing: say {name}="):
        main(["push", *given, f"--file={file}"])


def test_a_missing_login_is_told(gcloud: Gcloud, file: Path) -> None:
    gcloud.set(logged_in=False)
    with pytest.raises(Problem, match="run `gcloud auth login`"):
        run("push", file)


def test_a_missing_gcloud_is_told(gcloud: Gcloud, programs: Path, file: Path) -> None:
    (programs / "gcloud").unlink()
    with pytest.raises(Problem, match="gcloud is not installed"):
        run("push", file)


def test_entries_that_do_not_exist_yet_are_told(gcloud: Gcloud, file: Path) -> None:
    gcloud.set(secrets={})
    with pytest.raises(Problem, match="no entry twilio-account-sid: run make deploy"):
        run("push", file)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("TWILIO_ACCOUNT_SID=AC123", "TWILIO_ACCOUNT_SID in the file is not AC followed by 32"),
        ("TWILIO_ACCOUNT_SID=", "TWILIO_ACCOUNT_SID is missing"),
        ("TWILIO_AUTH_TOKEN=", "TWILIO_AUTH_TOKEN is missing"),
        ("TWILIO_AUTH_TOKEN=t0ken", "TWILIO_AUTH_TOKEN in the file is not 32 hexadecimal digits"),
        ("TWILIO_AUTH_TOKEN_SECONDARY=t0ken", "TWILIO_AUTH_TOKEN_SECONDARY in the file is not 32 hexadecimal"),
        (f"TWILIO_API_KEY_SID=SK{'1' * 32}", "go together"),
        ("TWILIO_API_KEY_SID=SK1\nTWILIO_API_KEY_SECRET=x", "TWILIO_API_KEY_SID in the file is not SK followed by 32"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_before_anything_is_pushed(
    gcloud: Gcloud, file: Path, line: str, words: str
) -> None:
    write(file, more=line)
    with pytest.raises(Problem, match=words):
        run("push", file)
    assert not gcloud.calls


def test_a_push_fills_every_entry_and_the_second_token_equals_the_first(gcloud: Gcloud, file: Path) -> None:
    assert run("push", file) == 0
    assert gcloud.state["secrets"] == {
        "twilio-account-sid": [ACCOUNT],
        "twilio-auth-token": [OLD],
        "twilio-auth-token-secondary": [OLD],
    }


def test_a_push_restarts_the_functions_that_read_what_changed_and_no_other(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    assert restarted(gcloud) == ["sms-inbound", "sms-delivery-status", "sweep", "escalate-tier-1"]


def test_a_repeated_push_changes_nothing_and_restarts_nothing(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    before = gcloud.state["secrets"]
    restarts = restarted(gcloud)
    run("push", file)
    assert gcloud.state["secrets"] == before
    assert restarted(gcloud) == restarts


def test_a_push_before_there_are_functions_restarts_nothing(gcloud: Gcloud, file: Path) -> None:
    gcloud.set(functions=[])
    assert run("push", file) == 0
    assert restarted(gcloud) == []


@pytest.mark.parametrize(
    ("name", "asked_by"),
    [("SMTP_PASSWORD", "a user in smtp_url"), ("RELAY_ALARM_WEBHOOK_SECRET", "alarm_webhook_signed = true")],
)
def test_what_alarms_need_is_pushed_only_where_the_deployment_asks_for_it_and_missed_nowhere_else(
    gcloud: Gcloud, file: Path, capsys: pytest.CaptureFixture[str], name: str, asked_by: str
) -> None:
    entry = name.lower().replace("_", "-")
    write(file, more=f"{name}=4 hidden words of ours")
    run("push", file)
    assert entry not in gcloud.state["secrets"]
    said = capsys.readouterr().out
    assert f"{name}: left out, this deployment has no use for it without {asked_by}" in said
    gcloud.set(secrets={**gcloud.state["secrets"], entry: []})
    write(file)
    with pytest.raises(Problem, match=f"{name} is missing in the file: with {asked_by} functions cannot start"):
        run("push", file)
    write(file, more=f"{name}=4 hidden words of ours")
    run("push", file)
    assert gcloud.latest(entry) == "4 hidden words of ours"
    assert "hidden" not in said + capsys.readouterr().out
    write(file)
    assert run("push", file) == 0, "what is there already need not be in the file"


def test_an_api_key_is_pushed_only_where_the_deployment_uses_one(gcloud: Gcloud, file: Path) -> None:
    write(file, more=f"TWILIO_API_KEY_SID=SK{'2' * 32}\nTWILIO_API_KEY_SECRET=key-secret")
    run("push", file)
    assert "twilio-api-key-sid" not in gcloud.state["secrets"]
    gcloud.set(secrets={**gcloud.state["secrets"], "twilio-api-key-sid": [], "twilio-api-key-secret": []})
    run("push", file)
    assert gcloud.latest("twilio-api-key-sid") == f"SK{'2' * 32}"
    assert gcloud.latest("twilio-api-key-secret") == "key-secret"


def test_no_value_ever_appears_in_arguments_or_output(
    gcloud: Gcloud, file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(file, secondary=NEW)
    for action in ("push", "add", "promote"):
        run(action, file)
    write(file, token=NEW)
    run("retire", file)
    said = "".join(capfd.readouterr())
    arguments = " ".join(word for call in gcloud.calls for word in call)
    for value in (OLD, NEW, ACCOUNT):
        assert value not in said
        assert value not in arguments
    assert {call["piped"] for call in gcloud.state["calls"]} >= {OLD, NEW, ACCOUNT}


def test_a_rotation_accepts_both_tokens_until_twilio_signs_with_the_new_one(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    assert accepted_and_sent_with(gcloud) == ({OLD}, OLD)
    write(file, secondary=NEW)
    run("add", file)
    assert accepted_and_sent_with(gcloud) == ({OLD, NEW}, OLD)
    run("promote", file)
    assert accepted_and_sent_with(gcloud) == ({OLD, NEW}, NEW)
    write(file, token=NEW)
    run("retire", file)
    assert accepted_and_sent_with(gcloud) == ({NEW}, NEW)


def test_every_step_of_a_rotation_can_be_repeated(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    write(file, secondary=NEW)
    for action, expected in (("add", ({OLD, NEW}, OLD)), ("promote", ({OLD, NEW}, NEW))):
        run(action, file)
        versions = gcloud.state["secrets"]
        run(action, file)
        assert gcloud.state["secrets"] == versions
        assert accepted_and_sent_with(gcloud) == expected
    write(file, token=NEW)
    run("retire", file)
    run("retire", file)
    assert accepted_and_sent_with(gcloud) == ({NEW}, NEW)


def test_a_promotion_that_was_interrupted_can_be_finished_and_never_left_the_old_token_unaccepted(
    gcloud: Gcloud, file: Path
) -> None:
    run("push", file)
    write(file, secondary=NEW)
    run("add", file)
    # What stands after the first of its two steps.
    secrets = gcloud.state["secrets"]
    gcloud.set(secrets={**secrets, "twilio-auth-token-secondary": [*secrets["twilio-auth-token-secondary"], OLD]})
    assert OLD in accepted_and_sent_with(gcloud)[0]
    run("promote", file)
    assert accepted_and_sent_with(gcloud) == ({OLD, NEW}, NEW)


def test_a_promotion_writes_the_old_token_beside_before_the_new_one_leads(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    write(file, secondary=NEW)
    run("add", file)
    gcloud.set(calls=[])
    run("promote", file)
    added = [call[3] for call in gcloud.calls_to("secrets", "versions", "add")]
    assert added == ["twilio-auth-token-secondary", "twilio-auth-token"]


@pytest.mark.parametrize("action", ["add", "promote"])
def test_a_rotation_needs_the_new_token_in_the_file(gcloud: Gcloud, file: Path, action: str) -> None:
    run("push", file)
    with pytest.raises(Problem, match="TWILIO_AUTH_TOKEN_SECONDARY is missing"):
        run(action, file)


def test_promoting_what_is_not_accepted_yet_is_refused(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    gcloud.set(secrets={**gcloud.state["secrets"], "twilio-auth-token-secondary": ["another-token"]})
    write(file, secondary=NEW)
    with pytest.raises(Problem, match="not accepted yet: run ROTATE=add first"):
        run("promote", file)


def test_retiring_before_the_promotion_is_refused(gcloud: Gcloud, file: Path) -> None:
    write(file, secondary=NEW)
    run("push", file)
    write(file, token=NEW)
    with pytest.raises(Problem, match="run ROTATE=promote first"):
        run("retire", file)
    assert accepted_and_sent_with(gcloud) == ({OLD, NEW}, OLD)


def test_retiring_destroys_every_older_version(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    write(file, secondary=NEW)
    run("add", file)
    run("promote", file)
    write(file, token=NEW)
    run("retire", file)
    kept = {entry: [value for value in values if value] for entry, values in gcloud.state["secrets"].items()}
    assert kept["twilio-auth-token"] == kept["twilio-auth-token-secondary"] == [NEW]


def test_a_rotation_restarts_only_who_reads_the_token_that_changed(gcloud: Gcloud, file: Path) -> None:
    run("push", file)
    gcloud.set(calls=[])
    write(file, secondary=NEW)
    run("add", file)
    assert restarted(gcloud) == ["sms-inbound", "sms-delivery-status"]
