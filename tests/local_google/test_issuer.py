"""Tokens of the local issuer, verified by google.auth for real, over HTTP, with both forms of public keys."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from wsgiref.simple_server import make_server

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from jwt import PyJWTError

from scripts.local_google import issuer as issuer_module
from scripts.local_google.issuer import IssuerApp, QuietHandler, TokenIssuer

AUDIENCE = "https://relay.example/sms/relay-state"
EMAIL = "operator@example.com"


@dataclass(frozen=True)
class Served:
    issuer: TokenIssuer
    app: IssuerApp
    url: str


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    issuer = TokenIssuer()
    app = IssuerApp(issuer)
    server = make_server("127.0.0.1", 0, app, handler_class=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Served(issuer, app, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["certs", "certs/x509"])
def certs_url(request: pytest.FixtureRequest, served: Served) -> str:
    return f"{served.url}/local/{request.param}"


def verify(token: str, certs_url: str, audience: str = AUDIENCE) -> dict[str, object]:
    return dict(id_token.verify_token(token, Request(), audience=audience, certs_url=certs_url))


def assert_refused(token: str, certs_url: str) -> None:
    # google.auth lets the errors of two libraries through: its own, and PyJWT's when the keys come as a JWK set.
    with pytest.raises((ValueError, GoogleAuthError, PyJWTError)):
        verify(token, certs_url)


def test_a_token_is_accepted_and_carries_what_google_would_say(served: Served, certs_url: str) -> None:
    claims = verify(served.issuer.mint(audience=AUDIENCE, email=EMAIL), certs_url)
    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["aud"], claims["email"], claims["email_verified"]) == (AUDIENCE, EMAIL, True)
    assert str(claims["sub"]).isdigit()


def test_an_expired_token_is_refused(served: Served, certs_url: str) -> None:
    assert_refused(served.issuer.mint(audience=AUDIENCE, email=EMAIL, issued_at=time.time() - 7200), certs_url)


def test_a_token_from_the_future_is_refused(served: Served, certs_url: str) -> None:
    assert_refused(served.issuer.mint(audience=AUDIENCE, email=EMAIL, issued_at=time.time() + 7200), certs_url)


def test_a_token_for_another_audience_is_refused(served: Served, certs_url: str) -> None:
    assert_refused(served.issuer.mint(audience="https://other.example", email=EMAIL), certs_url)


def test_a_token_without_audience_is_refused(served: Served, certs_url: str) -> None:
    assert_refused(served.issuer.mint(audience=AUDIENCE, email=EMAIL, extra_claims={"aud": None}), certs_url)


def test_a_token_of_an_unknown_key_is_refused(certs_url: str) -> None:
    assert_refused(TokenIssuer().mint(audience=AUDIENCE, email=EMAIL), certs_url)


def test_a_token_that_names_our_key_but_was_signed_with_another_is_refused(served: Served, certs_url: str) -> None:
    forged = served.issuer.mint(audience=AUDIENCE, email=EMAIL, signed_by=TokenIssuer())
    assert_refused(forged, certs_url)


def test_a_changed_token_is_refused(served: Served, certs_url: str) -> None:
    head, body, signature = served.issuer.mint(audience=AUDIENCE, email=EMAIL).split(".")
    other = served.issuer.mint(audience=AUDIENCE, email="intruder@example.com").split(".")[1]
    assert_refused(f"{head}.{other}.{signature}", certs_url)
    assert_refused(f"{head}.{body}.", certs_url)


def test_claims_a_verifier_must_check_itself_can_be_made_wrong(served: Served, certs_url: str) -> None:
    """google.auth's verify_token looks at neither issuer nor e-mail: its caller has to."""
    token = served.issuer.mint(
        audience=AUDIENCE, email=EMAIL, email_verified=False, extra_claims={"iss": "https://issuer.example"}
    )
    claims = verify(token, certs_url)
    assert (claims["iss"], claims["email_verified"]) == ("https://issuer.example", False)


def test_a_key_can_be_shared_with_another_process(served: Served, certs_url: str) -> None:
    twin = TokenIssuer(private_key_pem=served.issuer.private_key_pem)
    # The certificate differs, the key does not: its id must not either.
    assert twin.key_id == served.issuer.key_id
    verify(twin.mint(audience=AUDIENCE, email=EMAIL), certs_url)


def test_a_key_of_another_kind_is_refused() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="RSA"):
        TokenIssuer(private_key_pem=elliptic)


def test_a_running_stack_hands_out_tokens(served: Served, certs_url: str) -> None:
    answer = requests.get(
        f"{served.url}/local/token", params={"audience": AUDIENCE, "email": EMAIL, "lifetime_seconds": "60"}, timeout=30
    )
    claims = verify(answer.text.strip(), certs_url)
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 60


@pytest.mark.parametrize("query", ["", "audience=x", "email=x", "audience=x&email=y&lifetime_seconds=soon"])
def test_a_token_request_that_lacks_something_is_a_bad_request(served: Served, query: str) -> None:
    assert requests.get(f"{served.url}/local/token?{query}", timeout=30).status_code == 400


def test_the_app_serves_its_own_paths_only(served: Served) -> None:
    assert requests.get(f"{served.url}/local/other", timeout=30).status_code == 404
    refused = requests.post(f"{served.url}/local/certs", timeout=30)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")
    assert served.app.serves("/local/token")
    assert not served.app.serves("/sms/inbound")


def test_the_command_prints_a_token_of_a_running_stack(
    served: Served, certs_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = issuer_module.main(["--stack", served.url, "--audience", AUDIENCE, "--email", EMAIL])
    assert code == 0
    assert verify(capsys.readouterr().out.strip(), certs_url)["email"] == EMAIL


def test_the_command_says_when_no_stack_answers(capsys: pytest.CaptureFixture[str]) -> None:
    code = issuer_module.main(["--stack", "http://127.0.0.1:9", "--audience", AUDIENCE, "--email", EMAIL])
    assert code == 1
    assert "http://127.0.0.1:9" in capsys.readouterr().err
