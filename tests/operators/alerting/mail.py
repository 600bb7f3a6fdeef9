"""A real mail server for tests, with a certificate of its own and faults to order."""

from __future__ import annotations

import contextlib
import datetime as dt
import email
import email.policy
import ipaddress
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from relay.operators.alerting.email_channel import EmailChannel
from relay.ports import Clock

from tests.ports import held_port

USER, PASSWORD = "relay", "made up for tests"
FROM = "relay@example.com"
# Until it listens and has greeted once.
_READY_SECONDS = 120.0


class Mailbox:
    """What the server took, and how it answers: `rcpt` and `data` replace its answers while they are not ""."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], EmailMessage]] = []
        self.rcpt = self.data = ""
        self.were_encrypted: list[bool] = []
        self.users: list[str] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data:
            return self.data
        raw = cast(bytes, envelope.content)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.taken.append((envelope.mail_from or "", list(envelope.rcpt_tos), message))
        self.were_encrypted.append(server.transport.get_extra_info("ssl_object") is not None)  # type: ignore[union-attr]
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        is_good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.users.append(data.login.decode())
        return AuthResult(success=is_good, handled=False)


class MailRig:
    """A running mail server, and a channel to it."""

    def __init__(self, mailbox: Mailbox, port: int, authority: Path, clock: Clock, security: str, *, signs_in: bool):
        self.mailbox = mailbox
        self.port = port
        self._authority = authority
        self._clock = clock
        self.security = security
        self._signs_in = signs_in

    def channel(self, *, password: str = PASSWORD, port: int = 0, trusts: bool = True) -> EmailChannel:
        def context() -> ssl.SSLContext:
            return ssl.create_default_context(cafile=str(self._authority) if trusts else None)

        return EmailChannel(
            "127.0.0.1",
            port or self.port,
            self.security,
            from_=FROM,
            clock=self._clock,
            user=USER if self._signs_in else "",
            password=password if self._signs_in else "",
            make_context=context,
        )


@contextlib.contextmanager
def mail_server(
    folder: Path,
    clock: Clock,
    security: str = "starttls",
    *,
    offers_tls: bool = True,
    signs_in: bool = True,
    port: int = 0,
) -> Iterator[MailRig]:
    """A mail server on this machine. `offers_tls`: as `security` wants it; else it speaks in the clear alone."""
    certificate, key = certificate_in(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    mailbox = Mailbox()
    encrypts: dict[str, dict[str, Any]] = {
        "tls": {"ssl_context": context},
        "starttls": {"tls_context": context, "require_starttls": True},
    }
    options = encrypts.get(security, {}) if offers_tls else {}
    if signs_in:
        options |= {"authenticator": mailbox.authenticate, "auth_required": True, "auth_require_tls": offers_tls}
    if security == "tls":
        options["auth_require_tls"] = False  # all of the connection is encrypted, which the package does not see
    given: contextlib.AbstractContextManager[int] = contextlib.nullcontext(port) if port else held_port()
    with given as at:
        controller = Controller(mailbox, hostname="127.0.0.1", port=at, ready_timeout=_READY_SECONDS, **options)
        controller.start()
        try:
            yield MailRig(mailbox, at, certificate, clock, security, signs_in=signs_in)
        finally:
            controller.stop()


def certificate_in(folder: Path) -> tuple[Path, Path]:
    """Returns a certificate for this machine that vouches for itself, and its key."""
    certificate, secret = folder / "server.pem", folder / "server.key"
    if certificate.exists():
        return certificate, secret
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    return certificate, secret
