"""A customer who was answered, and a handler's photos: what the tests of them share."""

from __future__ import annotations

from relay.core.events import Meaning, Receipt
from relay.flow import receipts
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.twilio.codes import failure_of

from tests.office import ANA, CARLA, Office

PHOTO = "image/jpeg"


def office_of_carla() -> Office:
    """Carla has written to Ana, who had answered her once."""
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    office.text(ANA, "Hello")
    office.settle(60)
    office.messenger.sends.clear()
    return office


def to_carla(office: Office) -> list[tuple[str, int]]:
    """What went to the customer: the words, and how many files."""
    return [(one.body, len(one.media_urls)) for one in office.messenger.sends if one.to == CARLA]


def receipt(office: Office, answer: str, attempt: int, code: int) -> None:
    """The carrier tells that this attempt failed."""
    sent_id = office.relay(answer).attempts[attempt - 1].sent_id or ""
    failed = Receipt(sent_id, Meaning.FAILED, "undelivered", failure_of(code))
    receipts.take_in(office.world, answer, attempt, failed, Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS))
