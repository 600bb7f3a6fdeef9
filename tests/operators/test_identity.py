"""Who may call: right and wrong tokens."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.errors import BadRequest
from relay.operators.identity import IdentityVerifier, bearer_token
from relay.web import Request

from tests.operators.issued import AUDIENCE, EMAIL, ISSUER, STRANGER, Keys, asking, mint


@pytest.fixture
def keys() -> Keys:
    return Keys()


def _status(verifier: IdentityVerifier, request: Request) -> int:
    try:
        verifier.caller(request)
    except BadRequest as error:
        return error.status
    return 200


def test_a_right_token_tells_who_is_calling(keys: Keys) -> None:
    token = ISSUER.mint(audience=AUDIENCE, email="Operator@Example.com")
    assert keys.verifier().caller(asking(token)).email == EMAIL


def test_behind_a_gateway_the_callers_own_token_counts(keys: Keys) -> None:
    request = Request(
        "POST",
        "/",
        headers={
            "authorization": f"Bearer {STRANGER.mint(audience=AUDIENCE, email='gateway@example.com')}",
            "x-forwarded-authorization": f"Bearer {ISSUER.mint(audience=AUDIENCE, email=EMAIL)}",
        },
    )
    assert keys.verifier().caller(request).email == EMAIL


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "Bearer two words"},
        {"authorization": "token abc.def.ghi"},
    ],
)
def test_without_a_token_the_answer_is_401(headers: dict[str, str]) -> None:
    with pytest.raises(BadRequest) as refused:
        bearer_token(headers)
    assert refused.value.status == 401
    assert refused.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(scheme: str) -> None:
    assert bearer_token({"authorization": f"{scheme} a.b.c"}) == "a.b.c"


WRONG: dict[str, Callable[[], str]] = {
    "expired": lambda: mint(issued_at=time.time() - 7200),
    "not valid yet": lambda: mint(issued_at=time.time() + 7200),
    "another audience": lambda: mint(audience="https://somebody.else.example.com"),
    "no audience": lambda: mint(extra_claims={"aud": None}),
    "another issuer": lambda: mint(extra_claims={"iss": "https://accounts.example.com"}),
    "no issuer": lambda: mint(extra_claims={"iss": None}),
    "no expiry": lambda: mint(extra_claims={"exp": None}),
    "an unknown key": lambda: STRANGER.mint(audience=AUDIENCE, email=EMAIL),
    "a forged signature": lambda: mint(signed_by=STRANGER),
    "an e-mail that was not verified": lambda: mint(email_verified=False),
    "verified in words only": lambda: mint(extra_claims={"email_verified": "true"}),
    "not allow-listed": lambda: mint(email="stranger@example.com"),
    "no e-mail": lambda: mint(extra_claims={"email": None}),
    "an e-mail that is no text": lambda: mint(extra_claims={"email": [EMAIL]}),
    "no signature": lambda: jwt.encode({"aud": AUDIENCE, "email": EMAIL}, "", algorithm="none"),
    "signed with the public key as a secret": lambda: _signed_with_public_key(),
    "a changed claim": lambda: _with_changed_claim(),
    "not a token": lambda: "abc",
    "three empty parts": lambda: "..",
    "too many parts": lambda: "a.b.c.d",
    "a header that is no object": lambda: _raw([], {}),
    "claims that are no object": lambda: _raw({"alg": "RS256", "kid": ISSUER.key_id}, []),
    "an algorithm that is no text": lambda: _raw({"alg": {}, "kid": ISSUER.key_id}, {}),
    "a key id that is no text": lambda: _raw({"alg": "RS256", "kid": {}}, {}),
    "another kind of key": lambda: _raw({"alg": "ES256", "kid": ISSUER.key_id}, {}),
    "nested too deep": lambda: _part("[" * 5000) + "." + _part("{}") + ".AA",
}


def _part(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _raw(header: object, claims: object) -> str:
    return f"{_part(json.dumps(header))}.{_part(json.dumps(claims))}.AAAA"


def _signed_with_public_key() -> str:
    (certificate,) = ISSUER.x509_certificates().values()
    header = {"alg": "HS256", "kid": ISSUER.key_id}
    claims = {"aud": AUDIENCE, "email": EMAIL, "iss": "accounts.google.com"}
    signing = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    text = f"{_part(json.dumps(header))}.{_part(json.dumps(claims))}"
    signature = signing.sign(text.encode(), certificate.encode())
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _with_changed_claim() -> str:
    header, claims, signature = mint(email="stranger@example.com").split(".")
    text = base64.urlsafe_b64decode(claims + "==").decode().replace("stranger@example.com", EMAIL)
    return f"{header}.{_part(text)}.{signature}"


@pytest.mark.parametrize("what", WRONG)
def test_a_token_that_is_wrong_in_any_way_is_refused_without_saying_why(what: str, keys: Keys) -> None:
    with pytest.raises(BadRequest) as refused:
        keys.verifier().caller(asking(WRONG[what]()))
    assert (refused.value.status, str(refused.value)) == (403, "Forbidden.")


def test_without_an_audience_of_its_own_nobody_is_accepted(keys: Keys) -> None:
    assert _status(keys.verifier(audience=""), asking(mint(audience=""))) == 403
    assert _status(keys.verifier(audience=""), asking(mint())) == 403


def test_without_an_allow_list_nobody_is_accepted(keys: Keys) -> None:
    assert _status(keys.verifier(emails=frozenset()), asking(mint())) == 403
    assert _status(keys.verifier(emails=frozenset()), asking(mint(extra_claims={"email": None}))) == 403


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]) | st.sampled_from("._~+/=-"), min_size=1))
def test_no_made_up_token_is_an_error_of_ours(token: str) -> None:
    assert _status(Keys().verifier(), asking(token)) == 403


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)),
    st.dictionaries(st.sampled_from(["aud", "exp", "iat", "iss", "email"]), st.none() | st.integers() | st.text()),
)
def test_no_odd_header_or_claim_is_an_error_of_ours(odd: object, claims: dict[str, object]) -> None:
    for header in ({"alg": odd, "kid": ISSUER.key_id}, {"alg": "RS256", "kid": odd}, odd):
        assert _status(Keys().verifier(), asking(_raw(header, claims))) == 403
