"""The zip: exactly the functions' code, the same bytes every time, and named by its content."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.deployment import ROOT
from scripts.deployment.terraform import Terraform, initialise
from tests.terraform.conftest import zip_alone
from tests.terraform.deployment import Deployment

# What lies about in a checkout and must never be deployed.
STRAY = (
    "functions/.env",
    "functions/repos.env",
    "functions/relay.db",
    "functions/notes.txt",
    "functions/test_main.py",
    "functions/tests/test_relay.py",
    "functions/main.py.orig",
    "functions/relay/.env",
    "functions/relay/local.db",
    "functions/relay/__pycache__/inbound.cpython-311.pyc",
    "functions/.mypy_cache/3.11/cache.json",
    "tests/test_something.py",
    ".local/relay.db",
)


@pytest.fixture
def checkout(terraform: Terraform, tmp_path: Path) -> Path:
    """A checkout of its own, to be changed: a few of the functions, and what builds the zip."""
    configuration = zip_alone(tmp_path / "checkout")
    initialise(terraform, configuration)
    return configuration.parent


@pytest.fixture
def source_hash(terraform: Terraform, checkout: Path) -> Callable[[], str]:
    """Tells what the code of `checkout` would be called in the bucket."""
    return lambda: terraform.console(checkout / "terraform", "local.source_hash")


@pytest.fixture
def build(checkout: Path, built: Callable[[Path], Path]) -> Callable[[], bytes]:
    """Builds the zip of `checkout`."""
    return lambda: built(checkout / "terraform").read_bytes()


def plant(checkout: Path) -> None:
    for name in STRAY:
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not to be deployed")


def names_in(archive: bytes) -> set[str]:
    return set(zipfile.ZipFile(io.BytesIO(archive)).namelist())


def test_the_zip_holds_every_tracked_file_of_the_functions_and_no_other(functions_zip: Path) -> None:
    git = shutil.which("git")
    listed = subprocess.run([git, "ls-files", "functions"], cwd=ROOT, capture_output=True, text=True) if git else None
    if listed is None or listed.returncode:
        pytest.skip("optional: this is not a git checkout, so nobody can say which files are tracked")
    tracked = {name.removeprefix("functions/") for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    tracked.remove("requirements.in")  # what the pins are made from; the functions are installed from the pins
    deployed = set(zipfile.ZipFile(functions_zip).namelist())
    assert tracked <= deployed
    assert {"main.py", "requirements.txt"} <= deployed
    assert all(name in tracked or name.startswith("relay/") for name in deployed)


def test_nothing_that_lies_about_is_deployed_or_makes_a_deployment(
    checkout: Path, build: Callable[[], bytes], source_hash: Callable[[], str]
) -> None:
    clean_hash, clean = source_hash(), build()
    plant(checkout)
    littered = build()
    assert names_in(littered) == names_in(clean)
    assert littered == clean
    assert source_hash() == clean_hash


def test_the_same_code_gives_the_same_bytes_whenever_and_by_whomever_it_is_built(
    checkout: Path, build: Callable[[], bytes]
) -> None:
    first = build()
    for number, path in enumerate(sorted((checkout / "functions").rglob("*.py"))):
        os.utime(path, (10**9 + number, 10**9 + number))
        path.chmod(0o755 if number % 2 else 0o600)
    assert build() == first


def test_a_changed_added_or_renamed_file_is_a_deployment(checkout: Path, source_hash: Callable[[], str]) -> None:
    room = checkout / "functions" / "relay" / "core"
    seen = [source_hash()]
    (room / "policy.py").write_text((room / "policy.py").read_text() + "\n# changed\n")
    seen.append(source_hash())
    (room / "another.py").write_text("")
    seen.append(source_hash())
    (room / "another.py").rename(room / "renamed.py")
    seen.append(source_hash())
    assert len(set(seen)) == len(seen)


def test_all_functions_are_deployed_from_the_object_that_is_named_by_the_content(deployment: Deployment) -> None:
    source = deployment.one("google_storage_bucket_object.source")
    assert re.fullmatch(r"functions-[0-9a-f]{64}\.zip", source["name"])
    for function in deployment.functions.values():
        (storage,) = function.values["build_config"][0]["source"][0]["storage_source"]
        assert (storage["bucket"], storage["object"]) == (source["bucket"], source["name"])


def test_the_bucket_is_private(deployment: Deployment) -> None:
    bucket = deployment.one("google_storage_bucket.source")
    assert bucket["public_access_prevention"] == "enforced"
    assert bucket["uniform_bucket_level_access"] is True
