"""EmailChannel tells an operator by e-mail, through one server that takes ours.

Nothing is said to the server before the way to it is encrypted; where it offers no encryption, nothing is sent.
"""

from __future__ import annotations

import contextlib
import email.policy
import hashlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime

from relay.operators.alerting.channel import TAKEN, Outcome
from relay.operators.alerting.messages import Message
from relay.ports import Clock

_SUBJECT_MAX = 200
# Letters of any language as seven bits: not every server takes more.
_POLICY = email.policy.SMTP.clone(cte_type="7bit")
# The least that is waited for one answer of the server's.
_STEP_SECONDS_MIN = 0.05


class EmailChannel:
    """The port OperatorChannel over SMTP. Each message has a connection of its own."""

    def __init__(
        self,
        host: str,
        port: int,
        security: str,
        *,
        from_: str,
        clock: Clock,
        user: str = "",
        password: str = "",
        make_context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """
        Args:
            security: `tls` from the first byte on; `starttls`, asked for before anything else is said; or `none`.
            from_: the address that messages come from.
            make_context: whose certificates are believed; by default those of the machine's own authorities.
        """
        self._at = (host, port)
        self._security = security
        self._from = from_
        self._clock = clock
        self._user, self._password = user, password
        self._make_context = make_context

    def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
        def send(connection: smtplib.SMTP) -> None:
            connection.sendmail(self._from, [message.to], self._composed(message).as_bytes())

        return self._outcome_of(send, timeout_seconds)

    def check(self, *, timeout_seconds: float) -> Outcome:
        """Connect, encrypt and sign in as for a message, and send none. Returns how that went."""
        return self._outcome_of(lambda _: None, timeout_seconds)

    def _outcome_of(self, act: Callable[[smtplib.SMTP], object], timeout_seconds: float) -> Outcome:
        try:
            self._with_the_server(act, time.monotonic() + timeout_seconds)
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            return Outcome(f"the mail server does not take the address ({codes[0] if codes else 'no code'})")
        except smtplib.SMTPNotSupportedError:
            return Outcome("the mail server offers no encryption, or no way to sign in: nothing was sent")
        except smtplib.SMTPAuthenticationError as error:
            return Outcome(f"the mail server does not let us sign in ({error.smtp_code})")
        except smtplib.SMTPResponseException as error:
            return Outcome(f"the mail server answers {error.smtp_code}")
        except ssl.SSLCertVerificationError:
            return Outcome("the mail server's certificate is not good: nothing was sent")
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return Outcome(f"the mail server does not answer as one ({type(error).__name__})")
        return TAKEN

    def _with_the_server(self, act: Callable[[smtplib.SMTP], object], ends_at: float) -> None:
        connection = self._connected(ends_at)
        try:
            if self._security == "starttls":
                connection.starttls(context=self._make_context())
                _hurry(connection, ends_at)
            if self._user:
                connection.login(self._user, self._password)
                _hurry(connection, ends_at)
            act(connection)
            # It has the message: how it takes its leave does not matter.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                _hurry(connection, ends_at)
                connection.quit()
        finally:
            connection.close()

    def _connected(self, ends_at: float) -> smtplib.SMTP:
        # Our own name said outright: else the library asks for it, which may take long.
        me, seconds = self._from.rpartition("@")[2], _left(ends_at)
        if self._security == "tls":
            return smtplib.SMTP_SSL(*self._at, local_hostname=me, timeout=seconds, context=self._make_context())
        return smtplib.SMTP(*self._at, local_hostname=me, timeout=seconds)

    def _composed(self, message: Message) -> EmailMessage:
        composed = EmailMessage(_POLICY)
        # A line break in any of them would be another header; the library refuses it with ValueError.
        composed["From"] = self._from
        composed["To"] = message.to
        composed["Subject"] = " ".join(message.subject.split())[:_SUBJECT_MAX]
        composed["Date"] = format_datetime(self._clock.now())
        # The same at every try, so that a doubled message is shown once where that is done.
        digest = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        composed["Message-ID"] = f"<{digest}@{self._from.rpartition('@')[2]}>"
        composed["Auto-Submitted"] = "auto-generated"
        composed.set_content("\n\n".join(filter(None, (message.words, message.link))) + "\n")
        return composed


def _left(ends_at: float) -> float:
    return max(_STEP_SECONDS_MIN, ends_at - time.monotonic())


def _hurry(connection: smtplib.SMTP, ends_at: float) -> None:
    """Let the next answer take no longer than what is left, however slowly the server said the ones before."""
    if isinstance(connection.sock, socket.socket):
        connection.sock.settimeout(_left(ends_at))
