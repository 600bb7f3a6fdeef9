"""On the relay's machine its credential is found and shown to it alone."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scripts.local_stack.places import CREDENTIAL_SUFFIX, FAKE_DATABASE
from scripts.relayctl import ROOT
from scripts.relayctl.credential import SERVICES_DATABASE, Credential, databases, on_this_machine
from scripts.relayctl.tokens import NoToken, Tokens
from tests.relayctl.conftest import Ctl
from tests.stack_fixtures import RunningStack

_HERE = "http://127.0.0.1:9"
_SECRET, _OTHER = "rc_" + "a" * 43, "rc_" + "b" * 43


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


def _settings(folder: Path, **values: str) -> dict[str, str]:
    """An environment whose `.env` has these settings."""
    file = folder / "settings"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()), "utf-8")
    file.chmod(0o600)
    return {"RELAY_LOCAL_ENV_FILE": str(file)}


def _tokens(*found: Credential, url: str = _HERE, environ: Mapping[str, str] | None = None) -> Tokens:
    return Tokens(url, environ=environ or {}, found=lambda _environ: iter(found))


def test_the_database_that_is_named_is_the_only_one(tmp_path: Path) -> None:
    assert databases({"RELAY_DATABASE": "x.db"} | _settings(tmp_path)) == [Path("x.db").absolute()]
    assert databases(_settings(tmp_path, RELAY_DATABASE="/data/relay.db")) == [Path("/data/relay.db")]


def test_where_none_is_named_the_likeliest_comes_first(tmp_path: Path) -> None:
    made_up, real = ROOT / FAKE_DATABASE, ROOT / ".local/relay.db"
    assert databases(_settings(tmp_path)) == [made_up, real, SERVICES_DATABASE]
    assert databases(_settings(tmp_path, TWILIO_ACCOUNT_SID="AC1")) == [real, made_up, SERVICES_DATABASE]


def test_settings_that_cannot_be_read_leave_the_usual_places(tmp_path: Path) -> None:
    assert SERVICES_DATABASE in databases({"RELAY_LOCAL_ENV_FILE": str(tmp_path / "none")})


def test_a_credential_is_read_and_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    environ = {"RELAY_DATABASE": str(tmp_path / "relay.db")}
    assert list(on_this_machine(environ)) == []
    path = tmp_path / f"relay.db{CREDENTIAL_SUFFIX}"
    path.write_text(f"{_SECRET}\n")
    assert list(on_this_machine(environ)) == [Credential(path, _SECRET)]
    path.unlink()
    path.mkdir()
    (found,) = on_this_machine(environ)
    assert (found.secret, found.problem) == ("", "Is a directory")


def test_it_is_shown_on_this_machine_and_another_after_it_was_refused() -> None:
    tokens = _tokens(Credential(Path("a"), _SECRET), Credential(Path("b"), _OTHER))
    assert tokens.token() == _SECRET
    assert tokens.renew(_SECRET)
    assert tokens.token() == _OTHER


def test_it_never_leaves_the_machine() -> None:
    with pytest.raises(NoToken, match="No identity token is given"):
        _tokens(Credential(Path("a"), _SECRET), url="https://relay.example.com").token()


def test_a_relay_that_accepts_none_says_where_they_were_looked_for(scripted_stack: str) -> None:
    environ = {"RELAY_DATABASE": "/data/relay.db"}
    tokens = _tokens(Credential(Path("a"), _SECRET), url=scripted_stack, environ=environ)
    assert tokens.renew(tokens.token())
    with pytest.raises(NoToken, match=r"accepts no credential that lies beside its database \(/data/relay\.db\)"):
        tokens.token()


def test_one_that_only_another_user_may_read_says_whose_command_this_is(scripted_stack: str) -> None:
    tokens = _tokens(Credential(Path("/data/relay.db.credential"), problem="Permission denied"), url=scripted_stack)
    with pytest.raises(
        NoToken, match=r"/data/relay\.db\.credential cannot be read \(Permission denied\): run relayctl"
    ):
        tokens.token()


def test_where_there_is_none_the_places_are_named(scripted_stack: str) -> None:
    tokens = _tokens(url=scripted_stack, environ={"RELAY_DATABASE": "/data/relay.db"})
    with pytest.raises(NoToken, match=r"has no credential that is found beside its database \(/data/relay\.db\)"):
        tokens.token()


@pytest.fixture
def scripted_stack() -> Iterator[str]:
    """The address of a stack with the real Twilio: it has no issuer of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"twilio": "real"}).encode())

        def log_message(self, *_arguments: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_on_the_relays_machine_nothing_has_to_be_given(
    ctl: Ctl, stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = stack.environ["RELAY_DATABASE"]
    monkeypatch.setenv("RELAY_DATABASE", database)
    (found,) = on_this_machine({"RELAY_DATABASE": database})
    assert Tokens(stack.address).token() == found.secret
    assert found.path.stat().st_mode & 0o777 == 0o600
    ran = ctl("list", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert found.secret not in ran.out


def test_without_a_token_it_is_said_that_the_project_is_enough() -> None:
    with pytest.raises(NoToken, match=r"No identity token is given\. .* its project \(--project, RELAYCTL_PROJECT\)"):
        Tokens("https://relay.example.com").token()
