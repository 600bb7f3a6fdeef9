"""A state of an earlier revision, which had one for all projects: taken over by its own project, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment.tools import Problem
from tests.deployment.conftest import Gcloud, commands, last
from tests.deployment.held import COMMANDS, changed, queue, service

pytestmark = pytest.mark.usefixtures("configuration", "deployed")


@pytest.mark.parametrize("workspaces", ["default", "default prod"], ids=["no workspace", "one that was just made"])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_projects_earlier_state_is_moved_to_where_it_belongs_and_said_so(
    run: Callable[..., int],
    hold: Callable[..., None],
    calls: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: str,
    workspaces: str,
) -> None:
    hold(service("prod"), queue("prod", "us-central1"), workspaces=workspaces)
    monkeypatch.setenv("TERRAFORM_SHOW_IN", "default")
    assert run(command, "prod") == 0
    moved = [
        (call["words"][1], call["workspace"]) for call in json.loads(calls.read_text()) if call["words"][0] == "state"
    ]
    assert moved == [("pull", "default"), ("push", "prod"), ("push", "default")], (
        "what is left there would be made anew"
    )
    assert "an earlier revision left here is prod's: it was moved to its workspace, prod." in capfd.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_projects_earlier_state_in_another_region_is_refused(
    run: Callable[..., int], hold: Callable[..., None], calls: Path, gcloud: Gcloud, command: str
) -> None:
    hold(service("prod"), queue("prod", "europe-west1"), workspaces="default")
    with pytest.raises(Problem, match="holds the relay in prod, europe-west1, not in prod, us-central1: say PROJECT="):
        run(command, "prod")
    assert not changed(calls, gcloud)


def test_another_projects_earlier_state_is_left_where_it_is(
    run: Callable[..., int], hold: Callable[..., None], calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(service("prod"), queue("prod", "europe-west1"), workspaces="default")
    monkeypatch.setenv("TERRAFORM_SHOW_IN", "default")
    assert run("deploy", "staging") == 0
    assert ["state", "push"] not in [call[:2] for call in commands(calls)]
    assert last(calls, "apply")["workspace"] == "staging"


def test_an_earlier_state_that_cannot_be_moved_stops_the_command(
    run: Callable[..., int], hold: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(service("prod"), workspaces="default")
    monkeypatch.setenv("TERRAFORM_FAILS", "state")
    with pytest.raises(Problem, match="could not be taken over"):
        run("deploy", "prod")


def test_each_command_works_on_the_state_of_its_project(run: Callable[..., int], calls: Path) -> None:
    for project in ("prod", "staging"):
        run("deploy", project)
        assert last(calls, "plan")["workspace"] == last(calls, "apply")["workspace"] == project
        # The workspace may not be there yet, which `init` would refuse.
        assert last(calls, "init")["workspace"] == ""
