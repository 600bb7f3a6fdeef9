"""What goes wrong with one inbound text and its webhook."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class InboundFaults:
    """One inbound text; with no field set it is listed at once, and its webhook comes once and whole.

    dropped: the webhook is never sent; the message only stands in Twilio's list.
    copies: it is sent this many times at the same moment.
    lost_answers: so many of our answers never arrive at Twilio, which tries again if the URL allows any retry.
    delay_seconds: it is sent this much later.
    held: it is not sent before the text's `let_come`, so that a test waits for no time.
    age_seconds: the text came to Twilio this long ago, and its dates say so.
    listed_after_seconds: when lists show it, from now; None: when the account's lists do.
    receiving_seconds: how long, from now, its row is not whole; None: as long as the account's are.
    error_code: Twilio has failed it, for instance as a loop (30039): `failed`, and no webhook.
    says: parameters of the webhook in the place of the true ones, or beside them; None leaves one out.
      A legacy webhook: {"MessageSid": None, "SmsMessageSid": None}. A shared location, with an empty body:
      {"Latitude": "48.85", "Longitude": "2.29", "Label": "Shop", "Address": "1 Main St"}.
    raw: such parameters percent-encoded, of any bytes: {"Body": "caf%E9"}. Signed over these bytes.
    as_mms: a long text that travels as MMS: an `MM…` sid without media.
    base64_body: its words come in base64, as has been seen of such texts (rapidpro#1187).
    """

    dropped: bool = False
    copies: int = 1
    lost_answers: int = 0
    delay_seconds: float = 0.0
    held: bool = False
    age_seconds: float = 0.0
    listed_after_seconds: float | None = None
    receiving_seconds: float | None = None
    error_code: int | None = None
    says: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    raw: Mapping[str, str] = dataclasses.field(default_factory=dict)
    as_mms: bool = False
    base64_body: bool = False
