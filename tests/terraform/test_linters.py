"""Security linters on the configuration and on the gateway's document. Every exception has its reason beside it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.deployment import ROOT
from tests.terraform.deployment import Deployment
from tests.terraform.environments import environment
from tests.terraform.test_gateway import document_text

Checks = dict[str, list[dict[str, str]]]

_REQUIREMENTS = Path(__file__).with_name("requirements-checkov.txt")
_SKIP = re.compile(r"#\s*checkov:skip=(?P<check>\w+)(:(?P<reason>.*))?")

# Checks of the gateway's document that do not fit, and why.
NOT_FOR_THE_DOCUMENT = {
    "CKV_OPENAPI_1": "the functions check: Twilio's signature, a session's cookie or an identity token, a link",
    "CKV_OPENAPI_4": "the same",
    "CKV_OPENAPI_5": "the same",
    "CKV_OPENAPI_6": "the same",
}


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python of the linters' own environment: their pins clash with everybody else's."""
    return environment(ROOT / ".venv-checkov", _REQUIREMENTS) / "python"


@pytest.fixture(scope="module")
def checked(
    python: Path, configuration: Path, deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Checks]:
    """What checkov says of the configuration ("terraform") and of the gateway's document ("openapi"): passed, failed
    and skipped checks. It works without any network, and starts once, which takes it longer than to check.
    """
    folder = tmp_path_factory.mktemp("checkov") / "terraform"
    shutil.copytree(configuration, folder)
    (folder / "openapi.json").write_text(document_text(deployment))
    # Not its script, which names the folder that this checkout had when it was installed.
    command = [str(python), "-m", "checkov.main", "--output", "json", "--skip-download", "--directory", str(folder)]
    only = ["--framework", "terraform", "openapi", "--skip-check", ",".join(NOT_FOR_THE_DOCUMENT)]
    done = subprocess.run([*command, *only], capture_output=True, text=True)
    assert done.stdout.strip(), done.stderr
    told = {each["check_type"]: each["results"] for each in json.loads(done.stdout)}
    assert not [each["parsing_errors"] for each in told.values() if each["parsing_errors"]]
    return told


def found(checks: list[dict[str, str]]) -> list[str]:
    return [f"{check['check_id']} {check['check_name']}: {check['resource']}" for check in checks]


def test_checkov_finds_nothing_in_the_configuration(checked: dict[str, Checks]) -> None:
    assert not found(checked["terraform"]["failed_checks"])
    assert len(checked["terraform"]["passed_checks"]) > 20


def test_every_exception_is_needed_and_says_why(checked: dict[str, Checks], configuration: Path) -> None:
    written = [
        (path.name, match["check"], (match["reason"] or "").strip())
        for path in sorted(configuration.glob("*.tf"))
        for match in _SKIP.finditer(path.read_text())
    ]
    assert written
    for name, check, reason in written:
        assert len(reason) > 20, f"{name}: {check} gives no reason"
    assert {check["check_id"] for check in checked["terraform"]["skipped_checks"]} == {check for _, check, _ in written}


def test_checkov_finds_nothing_in_the_gateways_document(checked: dict[str, Checks]) -> None:
    assert not found(checked["openapi"]["failed_checks"])
    assert checked["openapi"]["passed_checks"]


def test_the_gateways_document_is_valid_openapi_2(python: Path, deployment: Deployment) -> None:
    check = "import json, sys, openapi_spec_validator as o; o.OpenAPIV2SpecValidator(json.load(sys.stdin)).validate()"
    # A path of several segments is an extension of API Gateway, with the parameter's name before the equals sign.
    document = document_text(deployment).replace("=**}", "}")
    done = subprocess.run([python, "-c", check], input=document, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
