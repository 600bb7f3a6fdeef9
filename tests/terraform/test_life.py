"""A deployment as the documentation has it: made in one go, left alone, changed by new code, taken down."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment import deploy
from scripts.deployment import terraform as programs
from scripts.deployment.terraform import Terraform
from tests.deployment import fake_gcloud
from tests.deployment.conftest import install
from tests.terraform.conftest import to_deploy

WHERE = ("--project=demo-project", "--region=us-central1", "--yes")
ACCOUNT, TOKEN = "AC" + "5" * 32, "6" * 32


@pytest.fixture
def folder(terraform: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean clone with its variables filled in, beside a Google Cloud that knows nothing yet."""
    folder = to_deploy(terraform, tmp_path / "checkout")
    (tmp_path / "gcloud.json").write_text(json.dumps(fake_gcloud.EMPTY))
    install(tmp_path, "gcloud", Path(fake_gcloud.__file__))
    monkeypatch.setenv("GCLOUD_STATE", str(tmp_path / "gcloud.json"))
    for name, value in {**terraform.environ, "RELAY_TERRAFORM": terraform.program}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(programs, "CONFIGURATION", folder)
    return folder


@pytest.fixture
def repos_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "repos.env"
    file.write_text(f"TWILIO_ACCOUNT_SID={ACCOUNT}\nTWILIO_AUTH_TOKEN={TOKEN}\n")
    file.chmod(0o600)
    monkeypatch.setattr(deploy, "REPOS_ENV", str(file))
    return file


def test_make_deploy_makes_all_in_one_go_then_changes_nothing_then_only_what_code_needs_and_make_destroy_takes_it_down(
    terraform: Terraform,
    folder: Path,
    repos_env: Path,
    working_folder: Callable[[Path], Path],
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert deploy.main(["deploy", *WHERE]) == 0, capfd.readouterr().err
    said = capfd.readouterr().out
    assert said.count("Apply complete!") == 1
    assert "0 changed, 0 destroyed" in said
    told = json.loads(terraform.of("demo-project").run(folder, "output", "-json").stdout)
    assert told["inbound_url"]["value"] == f"{told['webhook_base_url']['value']}/sms/inbound"
    assert told["business_phone_numbers"]["value"] == ["+15550100000"]
    state = working_folder(folder) / "terraform.tfstate.d" / "demo-project" / "terraform.tfstate"
    assert not [value for value in (ACCOUNT, TOKEN) if value in state.read_text()]

    repos_env.unlink()  # from here on no value is at hand
    assert deploy.main(["deploy", *WHERE]) == 0
    assert "There is nothing to do: demo-project is as it should be." in capfd.readouterr().out

    changed = planned_after_a_change_of_code(terraform, folder)
    assert changed.pop("google_storage_bucket_object.source") == ["delete", "create"]
    functions = {address: actions for address, actions in changed.items() if "cloudfunctions2_function." in address}
    assert len(functions) == 13
    assert changed == functions
    assert set(map(tuple, functions.values())) == {("update",)}

    assert deploy.main(["destroy", *WHERE]) == 0
    said = capfd.readouterr().out
    assert "0 added, 0 changed" in said
    destroyed = [line for line in said.splitlines() if "Destruction complete" in line]
    assert "terraform_data.place[0]:" in destroyed[-1], "what stops another project must be the last to go"
    assert deploy.main(["destroy", *WHERE]) == 0
    assert "There is nothing to destroy" in capfd.readouterr().out


def planned_after_a_change_of_code(terraform: Terraform, folder: Path) -> dict[str, list[str]]:
    """What a plan would do to each resource after a line was added to the functions' code."""
    code = folder.parent / "functions" / "main.py"
    code.write_text(code.read_text() + "\n# changed\n")
    program = terraform.of("demo-project")
    file = str(folder.parent / "plan")
    where = ("-var=project_id=demo-project", "-var=region=us-central1")
    done = program.run(folder, "plan", "-input=false", f"-out={file}", *where)
    assert done.returncode == 0, done.stderr
    changes = json.loads(program.run(folder, "show", "-json", file).stdout)["resource_changes"]
    return {
        each["address"]: each["change"]["actions"]
        for each in changes
        if each["change"]["actions"] not in (["no-op"], ["read"])
    }
