"""The zip starts under functions-framework with nothing but its own requirements, for every function, as deployed.

The requests go as far as they can without Google: what must be refused is refused, what needs the store says so.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from relay.core.model import TimerKind
from relay.google import task
from relay.twilio.signature import signature

from tests import relays
from tests.terraform.conftest import LOCAL
from tests.terraform.deployment import Deployment, Function
from tests.terraform.environments import environment
from tests.terraform.test_functions import SECRET_VALUES

_START_SECONDS = 300
_FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="session")
def package(functions_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, unpacked."""
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(functions_zip) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def framework(package: Path) -> Path:
    """functions-framework in an environment with the zip's own requirements and nothing else. Kept for next time."""
    return environment(LOCAL / "package", package / "requirements.txt") / "functions-framework"


@dataclass(frozen=True)
class Running:
    """A function that answers at this address."""

    url: str

    def ask(self, method: str, path: str = "/", body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data=body, headers=named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=180) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def environment_of(function: Function) -> dict[str, str]:
    """What Cloud Functions sets: the deployment's variables and secrets, and nothing of this machine but its path."""
    plain = dict(function.service["environment_variables"])
    secrets = {name: SECRET_VALUES[name] for name in function.secrets}
    return {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        # There is no metadata server here, and looking for one takes seconds.
        "NO_GCE_CHECK": "true",
        **plain,
        **secrets,
    }


@contextmanager
def running(framework: Path, package: Path, function: Function, tmp_path: Path) -> Iterator[Running]:
    signature_type = "cloudevent" if function.values["event_trigger"] else "http"
    options = ["--target", function.entry_point, "--signature-type", signature_type]
    with socket.socket() as kept, (tmp_path / f"{function.name}.log").open("w+") as log:
        # Bound and not listening it keeps the port from all others, but not from the server, which asks for it by name.
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        port = kept.getsockname()[1]
        process = subprocess.Popen(
            [framework, "--source", package / "main.py", "--host", "127.0.0.1", "--port", str(port), *options],
            cwd=package,
            env=environment_of(function),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            assert answers(port, process), f"{function.name} did not start:\n{Path(log.name).read_text()}"
            yield Running(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait()


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether something answers at the port before the process ends."""
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def signed(function: Function, path: str, form: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    url = function.environment["PUBLIC_BASE_URL"] + path.split("?")[0]
    url += f"?{path.split('?')[1]}" if "?" in path else ""
    token = SECRET_VALUES["TWILIO_AUTH_TOKEN"]
    given = signature(token, url, {name: [value] for name, value in form.items()})
    return urllib.parse.urlencode(form).encode(), {"Content_Type": _FORM, "X_Twilio_Signature": given}


def check_inbound(at: Running, function: Function) -> None:
    form = {"MessageSid": relays.MESSAGE_ID, "AccountSid": SECRET_VALUES["TWILIO_ACCOUNT_SID"], "Body": "hello"}
    form |= {"From": relays.CUSTOMER, "To": function.environment["BUSINESS_PHONE_NUMBER"], "NumMedia": "0"}
    body, headers = signed(function, "/sms/inbound", form)
    assert at.ask("GET", "/sms/inbound")[0] == 405
    assert at.ask("POST", "/sms/inbound", body, Content_Type=_FORM, X_Twilio_Signature="forged")[0] == 403
    # Firestore's client is loaded and asked; without a login it cannot answer, so Twilio is to try again.
    assert at.ask("POST", "/sms/inbound", body, **headers)[0] == 503


def check_delivery_status(at: Running, function: Function) -> None:
    path = f"/sms/delivery-status?relay={relays.MESSAGE_ID}&tier=1&attempt=1"
    form = {"MessageSid": relays.sid(1), "AccountSid": SECRET_VALUES["TWILIO_ACCOUNT_SID"], "MessageStatus": "sent"}
    body, headers = signed(function, path, form)
    assert at.ask("POST", path, body, Content_Type=_FORM, X_Twilio_Signature="forged")[0] == 403
    assert at.ask("POST", path, body, **headers)[0] == 503


def check_operator_route(at: Running, function: Function) -> None:
    path = f"/{function.name.replace('-', '/', 1)}"
    assert at.ask("POST", path, b"{}", Content_Type="application/json")[0] == 401
    assert at.ask("OPTIONS", path, Origin="http://localhost:8080")[0] == 204


def check_escalation(at: Running, function: Function) -> None:
    from relay.core.model import Timer

    timer = Timer(relays.MESSAGE_ID, 1, TimerKind.DEADLINE, relays.at(60), 1)
    assert at.ask("GET")[0] == 405
    assert at.ask("POST", "/", task.encode(timer), Content_Type="application/json")[0] == 503


def check_periodic(at: Running, function: Function) -> None:
    assert at.ask("GET")[0] == 405
    assert at.ask("POST", "/", b"")[0] == 503


def check_events(at: Running, function: Function) -> None:
    from google.events.cloud.firestore_v1 import Document, DocumentEventData

    # A relay that expired: nothing to publish, but everything that reads such an event is loaded.
    name = f"projects/demo-project/databases/(default)/documents/relays/{relays.MESSAGE_ID}"
    deleted = DocumentEventData.serialize(DocumentEventData(old_value=Document(name=name)))
    status, body = at.ask(
        "POST",
        "/",
        deleted,
        Content_Type="application/protobuf",
        ce_id="1",
        ce_source="//firestore.googleapis.com/projects/demo-project/databases/(default)",
        ce_specversion="1.0",
        ce_type="google.cloud.firestore.document.v1.written",
    )
    assert status in (200, 204), body


def check_console(at: Running, function: Function) -> None:
    status, body = at.ask("GET")
    assert status == 200
    assert b"<html" in body
    session, sent = "/console/session", {"Content_Type": "application/json"}
    assert at.ask("POST", session, b"{}", Origin="https://other.example.com", **sent)[0] == 403
    # No cookie: nothing is asked of Firestore.
    assert at.ask("POST", session, b"{}", Origin=function.environment["CONSOLE_BASE_URL"], **sent)[0] == 401


def check_media(at: Running, function: Function) -> None:
    assert at.ask("POST", "/m/a-secret-of-22-letters", b"")[0] == 405
    assert at.ask("GET", "/m/short")[0] == 404
    # Firestore's client is loaded and asked, as above.
    assert at.ask("GET", "/m/a-secret-of-22-letters")[0] == 503


CHECKS = {
    "sms_inbound": check_inbound,
    "sms_delivery_status": check_delivery_status,
    "sms_relay_state": check_operator_route,
    "sms_redrive": check_operator_route,
    "escalate_tier": check_escalation,
    "sweep": check_periodic,
    "reconcile": check_periodic,
    "tell": check_periodic,
    "relay_events": check_events,
    "media": check_media,
    "console": check_console,
}


@pytest.mark.parametrize("entry_point", CHECKS)
def test_the_zip_starts_and_answers_for_every_entry_point(
    entry_point: str, deployment: Deployment, framework: Path, package: Path, tmp_path: Path
) -> None:
    function = next(each for each in deployment.functions.values() if each.entry_point == entry_point)
    with running(framework, package, function, tmp_path) as at:
        CHECKS[entry_point](at, function)


def test_every_entry_point_is_checked(deployment: Deployment) -> None:
    assert set(CHECKS) == {function.entry_point for function in deployment.functions.values()}
