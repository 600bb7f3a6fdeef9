"""A local issuer of Google-style identity tokens (OpenID Connect, RS256), for stacks and tests on one machine.

Owns one signing key and everything signed with it. Google publishes its keys in two forms, and google.auth's
`id_token.verify_token(certs_url=…)` accepts both: a JWK set (/oauth2/v3/certs) and a map of key id to X.509
certificate in PEM (/oauth2/v1/certs). So does this issuer.

`TokenIssuer` is the object; `IssuerApp` serves it as a WSGI application that can sit beside others. Each
client of IssuerApp gets a token for any identity: loopback only, never deployed.

    python -m scripts.local_google.issuer --stack http://127.0.0.1:8080 --audience URL --email NAME@…
prints a token from a running stack.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler
from wsgiref.types import StartResponse, WSGIEnvironment

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from relay.outgoing import open_url

GOOGLE_ISSUER = "https://accounts.google.com"
# What Google's metadata server and Cloud Tasks give out.
DEFAULT_LIFETIME_SECONDS = 3600
_CERTIFICATE_VALIDITY = timedelta(days=30)
_JSON = "application/json; charset=utf-8"


class TokenIssuer:
    """Signs identity tokens with one RSA key. Thread-safe: nothing changes after construction.

    `private_key_pem` lets several processes share a key; by default a new one is made. `now` gives seconds since
    the epoch.
    """

    def __init__(
        self,
        *,
        issuer: str = GOOGLE_ISSUER,
        private_key_pem: bytes | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self._now = now
        self._key = _load_key(private_key_pem) if private_key_pem else _new_key()
        self._certificate = _self_signed(self._key)
        self.key_id = _fingerprint(self._key)

    @property
    def private_key_pem(self) -> bytes:
        """The signing key (PKCS#8, unencrypted), to hand to another process of the same local stack."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def mint(
        self,
        *,
        audience: str,
        email: str,
        email_verified: bool = True,
        lifetime_seconds: float = DEFAULT_LIFETIME_SECONDS,
        issued_at: float | None = None,
        extra_claims: Mapping[str, Any] | None = None,
        signed_by: TokenIssuer | None = None,
    ) -> str:
        """A signed token; `issued_at` is in seconds since the epoch, default now.

        Wrong tokens, for tests, are made with the same arguments. Expired: `issued_at` in the past. Not yet valid:
        in the future. Another issuer or a missing claim: `extra_claims` adds or replaces claims, None removes
        one. Forged: `signed_by` another issuer's key while the header names ours. A token of an unknown key is
        one that a second TokenIssuer minted.
        """
        start = int(self._now() if issued_at is None else issued_at)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": audience,
            "azp": _subject(email),
            "sub": _subject(email),
            "email": email,
            "email_verified": email_verified,
            "iat": start,
            "exp": start + int(lifetime_seconds),
            **(extra_claims or {}),
        }
        present = {name: value for name, value in claims.items() if value is not None}
        key = (signed_by or self)._key
        return jwt.encode(present, key, algorithm="RS256", headers={"kid": self.key_id})

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWK set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id,
            "n": _base64url_integer(numbers.n),
            "e": _base64url_integer(numbers.e),
        }
        return {"keys": [key]}

    def x509_certificates(self) -> dict[str, str]:
        """The public key as Google's older form: key id → certificate in PEM."""
        return {self.key_id: self._certificate.public_bytes(serialization.Encoding.PEM).decode()}


class IssuerApp:
    """The issuer over HTTP, as a WSGI application below one path prefix.

    GET PREFIX/certs: JWK set. GET PREFIX/certs/x509: certificates. GET PREFIX/token?audience=…&email=…
    [&lifetime_seconds=…]: a token as text/plain; 400 with a reason when a parameter is missing or wrong.
    A stack asks `serves(path)` and calls the app with PATH_INFO as it came.
    """

    def __init__(self, issuer: TokenIssuer, prefix: str = "/local") -> None:
        self.issuer = issuer
        self.prefix = prefix.rstrip("/")

    @property
    def certs_path(self) -> str:
        return f"{self.prefix}/certs"

    @property
    def x509_path(self) -> str:
        return f"{self.prefix}/certs/x509"

    @property
    def token_path(self) -> str:
        return f"{self.prefix}/token"

    def serves(self, path: str) -> bool:
        return path in (self.certs_path, self.x509_path, self.token_path)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, kind, text = self._answer(environ)
        body = text.encode()
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        if status.startswith("405"):
            headers.append(("Allow", "GET"))
        start_response(status, headers)
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[str, str, str]:
        path = environ.get("PATH_INFO", "")
        if not self.serves(path):
            return "404 Not Found", "text/plain", "no such page\n"
        if environ.get("REQUEST_METHOD") != "GET":
            return "405 Method Not Allowed", "text/plain", "GET only\n"
        if path == self.certs_path:
            return "200 OK", _JSON, json.dumps(self.issuer.jwks())
        if path == self.x509_path:
            return "200 OK", _JSON, json.dumps(self.issuer.x509_certificates())
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
        try:
            lifetime = float(query.get("lifetime_seconds", DEFAULT_LIFETIME_SECONDS))
            token = self.issuer.mint(audience=query["audience"], email=query["email"], lifetime_seconds=lifetime)
        except (KeyError, ValueError, OverflowError):
            return "400 Bad Request", "text/plain", "give audience, email and, if you like, lifetime_seconds\n"
        return "200 OK", "text/plain", token + "\n"


class QuietHandler(WSGIRequestHandler):
    """For wsgiref's server: no line for each request, whose query carries an e-mail address."""

    def log_message(self, *_arguments: object) -> None:
        return


def main(arguments: list[str] | None = None) -> int:
    """Print a token of a running local stack; 1 with a reason on stderr when it cannot be had."""
    parser = argparse.ArgumentParser(description="Print an identity token from a running local stack.")
    parser.add_argument("--stack", default="http://127.0.0.1:8080", help="the stack's address")
    parser.add_argument("--prefix", default="/local", help="where the stack serves its issuer")
    parser.add_argument("--audience", required=True)
    parser.add_argument("--email", required=True)
    options = parser.parse_args(arguments)
    query = urllib.parse.urlencode({"audience": options.audience, "email": options.email})
    url = f"{options.stack.rstrip('/')}{options.prefix.rstrip('/')}/token?{query}"
    try:
        with open_url(url, 10) as answer:
            print(answer.read().decode().strip())
    except (OSError, ValueError) as failure:
        print(f"no token from {options.stack}: {failure}", file=sys.stderr)
        return 1
    return 0


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _load_key(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("the issuer's key must be an RSA key")
    return key


def _fingerprint(key: rsa.RSAPrivateKey) -> str:
    """40 hex digits that name the key, the form of Google's key ids."""
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()[:40]


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local identity token issuer")])
    start = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _CERTIFICATE_VALIDITY)
        .sign(key, hashes.SHA256())
    )


def _base64url_integer(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _subject(email: str) -> str:
    """A stable 21-digit account number, the form Google gives its own."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{email}").int % 10**20 + 10**20)


if __name__ == "__main__":
    sys.exit(main())
