"""What Twilio, or a machine on the way to it, answers to one request of the API."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ApiAnswer:
    """The answer to one request; with no field set, the right one.

    accepted: the request is carried out, whatever is answered; for a send: a message comes into being.
    status: HTTP status of an error answer; None: no error.
    error_code: Twilio's code in that answer, any number; None answers like a gateway, without JSON.
    body_status: the "status" in the JSON, where it contradicts HTTP's.
    retry_after: the answer's Retry-After header, seconds or a date.
    interim: HTTP statuses (1xx) that are answered at once, before the answer.
    resets: the connection is reset instead of any answer.
    refuses_connection: there is nothing to connect to. Only of the whole API, as an outage.
    hold_seconds: how long the answer (or the reset) is held back.
    """

    accepted: bool = True
    status: int | None = None
    error_code: int | None = None
    body_status: int | None = None
    retry_after: str | None = None
    interim: tuple[int, ...] = ()
    resets: bool = False
    refuses_connection: bool = False
    hold_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError("status must be an HTTP status of an error, 400 to 599")
        if not all(100 <= status <= 199 for status in self.interim):
            raise ValueError("interim must be HTTP statuses from 100 to 199")
        if not self.accepted and self.status is None and not (self.resets or self.refuses_connection):
            raise ValueError("what is not accepted needs a status, or a reset")

    @property
    def is_error(self) -> bool:
        return self.resets or self.status is not None
