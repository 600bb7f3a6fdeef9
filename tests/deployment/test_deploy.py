"""Plan, deploy and destroy say what they will do, stop early in one sentence, and go in an order that works."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.deployment import ROOT, deploy
from scripts.deployment.tools import Problem
from tests.deployment.conftest import Gcloud, commands, last

WHERE = ("--project=demo-project", "--region=us-central1")


pytestmark = pytest.mark.usefixtures("configuration", "gcloud", "repos_env")


@pytest.mark.parametrize("action", ["plan", "deploy", "destroy"])
@pytest.mark.parametrize(("missing", "words"), [(0, "PROJECT is missing: say PROJECT="), (1, "REGION is missing")])
def test_a_missing_project_or_region_is_told(calls: Path, action: str, missing: int, words: str) -> None:
    with pytest.raises(Problem, match=words):
        deploy.main([action, WHERE[1 - missing]])
    assert commands(calls) == []


@pytest.mark.parametrize("action", ["plan", "deploy", "destroy"])
def test_a_missing_terraform_is_told(gcloud: Gcloud, action: str) -> None:
    with pytest.raises(Problem, match="terraform is not installed: get it from"):
        deploy.main([action, *WHERE])


def test_a_terraform_that_was_named_and_does_not_exist_is_told(
    calls: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELAY_TERRAFORM", str(tmp_path / "nothing"))
    with pytest.raises(Problem, match=r"RELAY_TERRAFORM names .*, which is no program"):
        deploy.main(["plan", *WHERE])


def test_a_missing_gcloud_is_told(calls: Path, programs: Path) -> None:
    (programs / "gcloud").unlink()
    with pytest.raises(Problem, match="gcloud is not installed"):
        deploy.main(["plan", *WHERE])


def test_missing_variables_are_told(calls: Path, configuration: Path) -> None:
    (configuration / "terraform.tfvars").unlink()
    with pytest.raises(Problem, match=r"copy terraform/terraform\.tfvars\.example"):
        deploy.main(["plan", *WHERE])


def test_variables_may_come_from_the_environment(
    calls: Path, configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configuration / "terraform.tfvars").unlink()
    monkeypatch.setenv("TF_VAR_tiers", "[]")
    monkeypatch.setenv("TF_VAR_business_phone_numbers", "[]")
    assert deploy.main(["plan", *WHERE]) == 0


@pytest.mark.parametrize(
    ("login", "words"),
    [("logged_in", "run `gcloud auth login`"), ("application_login", "run `gcloud auth application-default login`")],
)
def test_a_missing_login_is_told(calls: Path, gcloud: Gcloud, login: str, words: str) -> None:
    gcloud.set(**{login: False})
    with pytest.raises(Problem, match=words):
        deploy.main(["deploy", *WHERE])
    assert commands(calls) == []


def test_a_plan_changes_nothing_and_says_so(calls: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["plan", *WHERE]) == 0
    assert [call[0] for call in commands(calls)] == ["init", "show", "plan"]
    assert not any(word.startswith("-out") for word in commands(calls)[-1])
    assert "Nothing is changed." in capfd.readouterr().out


def test_project_and_region_reach_terraform_and_override_no_other_input(calls: Path) -> None:
    deploy.main(["plan", *WHERE])
    assert commands(calls)[-1][2:] == ["-var=project_id=demo-project", "-var=region=us-central1"]


def test_a_project_may_have_a_file_of_its_own_for_what_differs(calls: Path, configuration: Path) -> None:
    (configuration / "terraform.tfvars").unlink()
    own = configuration / "demo-project.tfvars"
    own.write_text("")
    (configuration / "other-project.tfvars").write_text("")
    deploy.main(["plan", *WHERE])
    named = [word for word in commands(calls)[-1] if word.startswith("-var-file=")]
    assert named == [f"-var-file={own}"]


def test_a_deployment_is_one_plan_which_is_asked_about_once_and_applied_as_it_was_shown(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert deploy.main(["deploy", *WHERE]) == 0
    init, show, plan, shown, apply, select = commands(calls)
    assert (init[0], show[0]) == ("init", "show")
    assert plan[0] == "plan"
    assert not any(word.startswith("-target") for word in plan)
    (out,) = [word.removeprefix("-out=") for word in plan if word.startswith("-out=")]
    assert shown == ["show", "-json", "-no-color", out]
    assert apply == ["apply", "-input=false", out]
    assert select == ["workspace", "select", "demo-project"], "plain terraform is to go on there"
    said = capfd.readouterr().out
    assert said.count("?") == 1
    assert "Do exactly this in demo-project, 1 resources?" in said
    assert "make configure-number" in said


@pytest.mark.parametrize("answer", ["", "y\n", "no\n", "YES\n"])
def test_any_other_answer_than_yes_changes_nothing(calls: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    with pytest.raises(Problem, match="Nothing was changed"):
        deploy.main(["deploy", *WHERE])
    assert "apply" not in [call[0] for call in commands(calls)]


def test_nothing_to_change_is_said_and_not_asked_about(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERRAFORM_UNCHANGED", "1")
    assert deploy.main(["deploy", *WHERE]) == 0
    assert "apply" not in [call[0] for call in commands(calls)]
    assert "There is nothing to do: demo-project is as it should be." in capfd.readouterr().out


@pytest.mark.parametrize("unchanged", ["", "1"])
def test_a_function_that_stayed_behind_is_told_also_where_terraform_sees_nothing_to_do(
    calls: Path, gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch, unchanged: str
) -> None:
    """A failed update is in Terraform's state as done, so the next deployment has nothing to do about it."""
    monkeypatch.setenv("TERRAFORM_UNCHANGED", unchanged)
    gcloud.set(inactive=["tell", "sweep"])
    with pytest.raises(Problem, match=r"^Google says that the last deployment of sweep, tell failed, so earlier code"):
        deploy.main(["deploy", *WHERE, "--yes"])
    gcloud.set(inactive=None)
    assert deploy.main(["deploy", *WHERE, "--yes"]) == 0, "what cannot be asked stops nothing"


def test_a_destroy_says_beforehand_what_stays(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made = {"address": "x.y", "type": "x", "mode": "managed", "values": {"project": "demo-project"}}
    monkeypatch.setenv("TERRAFORM_SHOW", json.dumps({"values": {"root_module": {"resources": [made]}}}))
    monkeypatch.setenv("TERRAFORM_WORKSPACES", "demo-project")
    assert deploy.main(["destroy", *WHERE, "--yes"]) == 0
    said = capfd.readouterr().out
    for kept in ("Firestore database", "enabled services", "gcf-v2-sources", "tasks_queue_prefix", "Twilio number"):
        assert kept in said
    assert [call[0] for call in commands(calls)] == ["init", "show", "plan", "show", "apply"]
    assert "-destroy" in last(calls, "plan")["words"]
    assert last(calls, "plan")["variables"] == {}, "what is taken down needs no secret"


def test_a_command_ends_with_one_sentence_and_no_traceback(programs: Path) -> None:
    command = [sys.executable, "-m", "scripts.deployment.deploy", "plan"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "PROJECT is missing: say PROJECT=my-project.\n"
    assert done.stdout == ""


def test_make_has_a_target_for_each_command_and_help_names_it() -> None:
    make = (ROOT / "Makefile").read_text().splitlines()
    for target in ("plan", "deploy", "destroy", "secrets", "configure-number", "smoke"):
        assert [line for line in make if line.startswith(f"{target}: ") and " ## " in line], target
