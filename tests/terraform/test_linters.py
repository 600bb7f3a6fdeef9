"""Security linters on the configuration and on the gateway's document. Every exception has its reason beside it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts.deployment import ROOT
from tests.terraform.deployment import Deployment
from tests.terraform.environments import environment
from tests.terraform.test_gateway import document_text

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


def checkov(python: Path, *arguments: str) -> dict[str, list[dict[str, str]]]:
    """checkov's results: passed, failed and skipped checks. It works without any network."""
    # Not its script, which names the folder that this checkout had when it was installed.
    command = [str(python), "-m", "checkov.main", "--output", "json", "--skip-download", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip(), done.stderr
    results = json.loads(done.stdout)["results"]
    assert not results["parsing_errors"], results["parsing_errors"]
    return {name: checks for name, checks in results.items() if name.endswith("_checks")}


def found(checks: list[dict[str, str]]) -> list[str]:
    return [f"{check['check_id']} {check['check_name']}: {check['resource']}" for check in checks]


@pytest.fixture(scope="module")
def of_configuration(python: Path, configuration: Path) -> dict[str, list[dict[str, str]]]:
    return checkov(python, "--directory", str(configuration), "--framework", "terraform")


def test_checkov_finds_nothing_in_the_configuration(of_configuration: dict[str, list[dict[str, str]]]) -> None:
    assert not found(of_configuration["failed_checks"])
    assert len(of_configuration["passed_checks"]) > 20


def test_every_exception_is_needed_and_says_why(
    of_configuration: dict[str, list[dict[str, str]]], configuration: Path
) -> None:
    written = [
        (path.name, match["check"], (match["reason"] or "").strip())
        for path in sorted(configuration.glob("*.tf"))
        for match in _SKIP.finditer(path.read_text())
    ]
    assert written
    for name, check, reason in written:
        assert len(reason) > 20, f"{name}: {check} gives no reason"
    assert {check["check_id"] for check in of_configuration["skipped_checks"]} == {check for _, check, _ in written}


def test_checkov_finds_nothing_in_the_gateways_document(python: Path, deployment: Deployment, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(document_text(deployment))
    skipped = ",".join(NOT_FOR_THE_DOCUMENT)
    results = checkov(python, "--file", str(document), "--framework", "openapi", "--skip-check", skipped)
    assert not found(results["failed_checks"])


def test_the_gateways_document_is_valid_openapi_2(python: Path, deployment: Deployment) -> None:
    check = "import json, sys, openapi_spec_validator as o; o.OpenAPIV2SpecValidator(json.load(sys.stdin)).validate()"
    # A path of several segments is an extension of API Gateway, with the parameter's name before the equals sign.
    document = document_text(deployment).replace("=**}", "}")
    done = subprocess.run([python, "-c", check], input=document, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
